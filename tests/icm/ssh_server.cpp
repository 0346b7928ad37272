#include <psrp/transport/child_process.hpp>
#include <tests/icm/ssh_server.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace tests {

namespace {

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

bool answers(int port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool is_connected =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    return is_connected;
}

std::string sshd_path()
{
    // Debian keeps it where a user's PATH does not reach.
    for (const char* path : {"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"}) {
        if (::access(path, X_OK) == 0) return path;
    }
    return psrp::find_program("sshd").value_or("");
}

std::string user_name()
{
    const passwd* entry = ::getpwuid(::getuid());
    return entry != nullptr ? entry->pw_name : "";
}

bool make_key(const std::filesystem::path& path)
{
    const auto keygen = psrp::find_program("ssh-keygen");
    if (!keygen) return false;
    const auto made = run_program({*keygen, "-q", "-t", "ed25519", "-N", "", "-f", path.string()});
    return made.exit_code == 0;
}

std::string pwsh_subsystem()
{
    const auto pwsh = psrp::find_program("pwsh");
    return pwsh ? "Subsystem pwsh " + *pwsh + " -sshs -NoLogo -NoProfile\n" : std::string();
}

std::string configuration(const std::filesystem::path& folder, int port)
{
    const std::string where = folder.string();
    return "Port " + std::to_string(port) +
           "\n"
           "ListenAddress 127.0.0.1\n"
           "HostKey " +
           where +
           "/host_key\n"
           "AuthorizedKeysFile " +
           where +
           "/user_key.pub\n"
           "PidFile none\n"
           "StrictModes no\n"
           "UsePAM no\n"
           "PermitRootLogin yes\n"
           "PasswordAuthentication no\n"
           "KbdInteractiveAuthentication no\n"
           "MaxStartups 1000\n"
           "Subsystem powershell " +
           where +
           "/psrp serve --stdio\n"
           "Subsystem noisy " +
           where + "/noisy\n" + pwsh_subsystem();
}

} // namespace

int free_port()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool is_bound =
        ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    return is_bound ? ntohs(address.sin_port) : 0;
}

std::unique_ptr<SshServer> SshServer::start(std::string& reason)
{
    const std::string sshd = sshd_path();
    if (sshd.empty() || !psrp::find_program("ssh")) {
        reason = "openssh-server and openssh-client are not installed";
        return nullptr;
    }
    // sshd insists on its folder for privilege separation.
    if (::getuid() == 0) ::mkdir("/run/sshd", 0755);
    std::unique_ptr<SshServer> server(new SshServer());
    const auto& folder = server->folder_.path();
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
    for (const char* key : {"host_key", "user_key", "wrong_key"}) {
        if (!make_key(folder / key)) {
            reason = "ssh-keygen made no key";
            return nullptr;
        }
    }
    std::filesystem::create_symlink(program_path("psrp"), folder / "psrp");
    const std::string noisy = server->folder_.write(
        "noisy",
        "#!/bin/sh\necho 'Welcome to this host!'\nexec " + program_path("psrp") + " serve --stdio\n"
    );
    std::filesystem::permissions(noisy, std::filesystem::perms(0755));
    server->port_ = free_port();
    const std::string config =
        server->folder_.write("sshd_config", configuration(folder, server->port_));
    server->program_ =
        std::make_unique<RunningProgram>(std::vector<std::string>{sshd, "-D", "-e", "-f", config});
    for (int tries = 0; tries < 1000; ++tries) {
        if (answers(server->port_)) return server;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    reason = "sshd does not answer: " + server->program_->errors();
    return nullptr;
}

std::string SshServer::user()
{
    return user_name();
}

std::string SshServer::target() const
{
    return user_name() + "@127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> SshServer::access() const
{
    return access_with("user_key");
}

std::vector<std::string> SshServer::access_with_wrong_key() const
{
    return access_with("wrong_key");
}

std::vector<std::string> SshServer::access_with(const std::string& key) const
{
    return {
        "-KeyFilePath",
        (folder_.path() / key).string(),
        "-Options",
        "UserKnownHostsFile=" + (folder_.path() / "known_hosts").string(),
        "-Options",
        "StrictHostKeyChecking=no",
        "-Options",
        "IdentitiesOnly=yes",
        "-Options",
        "BatchMode=yes",
        "-Options",
        "LogLevel=ERROR"};
}

} // namespace tests
