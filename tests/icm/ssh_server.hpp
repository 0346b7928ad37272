// A real sshd on a free loopback port, with keys of its own, `psrp serve --stdio` as its subsystem
// "powershell" and, where it is on PATH, `pwsh -sshs` as "pwsh". Gone, with everything it wrote,
// when the object is.
#pragma once

#include <tests/icm/program_run.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tests {

class SshServer {
public:
    // Starts it and waits until it answers. Null, with a reason, where no sshd is installed or it
    // cannot run here.
    static std::unique_ptr<SshServer> start(std::string& reason);

    [[nodiscard]] int port() const { return port_; }
    // user@127.0.0.1:port
    [[nodiscard]] std::string target() const;
    // Who it lets in: the user of this process.
    [[nodiscard]] static std::string user();
    // What icm needs to get in: key and options for throw-away known hosts.
    [[nodiscard]] std::vector<std::string> access() const;
    // The same with a key that the server does not know.
    [[nodiscard]] std::vector<std::string> access_with_wrong_key() const;
    // The sshd that listens.
    [[nodiscard]] pid_t id() const { return program_->id(); }
    // The key that the server knows, and a file of known hosts that does not know it.
    [[nodiscard]] std::string key_file() const { return (folder_.path() / "user_key").string(); }
    // A text in the command line of each endpoint that this server starts.
    [[nodiscard]] std::string endpoint_mark() const { return folder_.path().string() + "/psrp"; }

private:
    SshServer() = default;
    [[nodiscard]] std::vector<std::string> access_with(const std::string& key) const;

    TemporaryFolder folder_;
    int port_ = 0;
    std::unique_ptr<RunningProgram> program_;
};

// A loopback port that nothing listens on right now.
int free_port();

} // namespace tests
