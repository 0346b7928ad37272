// `psrp serve --winrm` as a process, and what its clients need to get in.
#pragma once

#include <tests/icm/program_run.hpp>
#include <tests/winrm/ways.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tests {

// A listener on a free loopback port.
class ServedWinRm {
public:
    // `options` beside the port; it has NTLM where that is there.
    ServedWinRm(const TemporaryFolder& folder, std::vector<std::string> options, int port = 0);

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string log() const { return program_->errors(); }
    [[nodiscard]] RunningProgram& program() { return *program_; }
    void kill() { program_.reset(); }

private:
    int port_;
    std::unique_ptr<RunningProgram> program_;
};

// A file that only we can read, with a user and a password.
std::string credential_file(
    const TemporaryFolder& folder,
    const std::string& name,
    const std::string& user,
    const std::string& password
);

} // namespace tests
