#include <tests/icm/ssh_server.hpp>
#include <tests/winrm/served_programs.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>

namespace tests {

ServedWinRm::ServedWinRm(const TemporaryFolder&, std::vector<std::string> options, int port)
    : port_(port != 0 ? port : free_port())
{
    std::vector<std::string> arguments{
        program_path("psrp"), "serve", "--winrm", "localhost:" + std::to_string(port_)};
    arguments.insert(arguments.end(), options.begin(), options.end());
    program_ = std::make_unique<RunningProgram>(arguments);
    if (!program_->wait_for_errors("event=listening")) FAIL(program_->errors());
}

std::string credential_file(
    const TemporaryFolder& folder,
    const std::string& name,
    const std::string& user,
    const std::string& password
)
{
    const std::string path = folder.write(name, user + "\n" + password + "\n");
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
    return path;
}

} // namespace tests
