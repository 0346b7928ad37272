// `psrp serve --winrm` on loopback with one user, who logs in with Basic.
#pragma once

#include <tests/icm/program_run.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tests {

class WinRmServer {
public:
    // With a certificate, the files of it and of its key, it speaks HTTPS.
    explicit WinRmServer(const std::vector<std::string>& certificate = {});
    WinRmServer(const WinRmServer&) = delete;
    WinRmServer& operator=(const WinRmServer&) = delete;

    // The password that the user has.
    static std::string password();
    // Parameters of icm that let in; those of access_by_name() go with -ComputerName.
    [[nodiscard]] std::vector<std::string> access() const;
    [[nodiscard]] std::vector<std::string> access_by_name() const;
    // For those who speak HTTPS.
    [[nodiscard]] std::vector<std::string> secure_access(const std::string& session_option) const;
    [[nodiscard]] int port() const { return port_; }
    void kill() { server_.reset(); }

private:
    TemporaryFolder folder_;
    int port_;
    std::string credential_;
    std::unique_ptr<RunningProgram> server_;
};

} // namespace tests
