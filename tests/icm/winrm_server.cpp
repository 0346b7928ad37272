#include <tests/icm/ssh_server.hpp>
#include <tests/icm/winrm_server.hpp>

#include <crypt.h>
#include <filesystem>
#include <stdexcept>

namespace tests {

namespace {

constexpr const char* only_password = "correct horse";

} // namespace

std::string WinRmServer::password()
{
    return only_password;
}

WinRmServer::WinRmServer(const std::vector<std::string>& certificate) : port_(free_port())
{
    crypt_data room{};
    const std::string users = folder_.write(
        "users", "alice:" + std::string(::crypt_r(only_password, "$6$salt", &room)) + "\n"
    );
    credential_ = folder_.write("credential", "alice\n" + password() + "\n");
    using std::filesystem::perms;
    std::filesystem::permissions(credential_, perms::owner_read | perms::owner_write);
    std::filesystem::permissions(users, perms::owner_read | perms::owner_write);
    std::vector<std::string> arguments = {
        program_path("psrp"), "serve", "--winrm", std::to_string(port_), "--users", users};
    if (certificate.empty()) {
        arguments.insert(arguments.end(), {"--allow-unencrypted", "--allow-basic-over-http"});
    } else {
        arguments.insert(arguments.end(), {"--tls", certificate.at(0), certificate.at(1)});
    }
    server_ = std::make_unique<RunningProgram>(arguments);
    if (!server_->wait_for_errors("event=listening")) throw std::runtime_error("no listener");
}

std::vector<std::string> WinRmServer::access() const
{
    return {
        "-Authentication",
        "Basic",
        "--credential-file",
        credential_,
        "--allow-basic-over-http",
        "-SessionOption",
        R"({"NoEncryption": true, "OutputBufferingMode": "Drop", "IdleTimeout": 43200000})"};
}

std::vector<std::string> WinRmServer::access_by_name() const
{
    std::vector<std::string> words = access();
    words.insert(words.end(), {"-Port", std::to_string(port_)});
    return words;
}

std::vector<std::string> WinRmServer::secure_access(const std::string& session_option) const
{
    return {
        "-Authentication",
        "Basic",
        "--credential-file",
        credential_,
        "-UseSSL",
        "-SessionOption",
        session_option};
}

} // namespace tests
