#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/processes.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

namespace tests {

namespace {

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more)
{
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

} // namespace

LastingPrograms::LastingPrograms()
{
    using std::filesystem::perms;
    std::filesystem::create_directories(folder_.path() / "run");
    std::filesystem::permissions(folder_.path() / "run", perms::owner_all);
    // The last part of a unique name: it has to fit into the columns of a table.
    const std::string whole = folder_.path().filename().string();
    mark_ = whole.substr(whole.find('-') + 1);
}

LastingPrograms::~LastingPrograms()
{
    for (const pid_t id : processes_with(mark_))
        ::kill(id, SIGKILL);
    wait_until_gone(mark_);
}

ProgramInput LastingPrograms::input() const
{
    ProgramInput input;
    input.environment = {
        {"XDG_RUNTIME_DIR", (folder_.path() / "run").string()},
        {"XDG_STATE_HOME", (folder_.path() / "state").string()}};
    return input;
}

ProgramResult LastingPrograms::icm(const std::vector<std::string>& arguments) const
{
    return run_program(with({program_path("icm")}, arguments), input());
}

ProgramResult LastingPrograms::session(const std::vector<std::string>& arguments) const
{
    return run_program(with({program_path("psrp"), "session"}, arguments), input());
}

ProgramResult LastingPrograms::job(const std::vector<std::string>& arguments) const
{
    return run_program(with({program_path("psrp"), "job"}, arguments), input());
}

void LastingPrograms::open(const std::vector<std::string>& target, const std::string& suffix) const
{
    const auto opened = session(with({"new", name(suffix)}, target));
    INFO(opened.errors);
    REQUIRE(opened.exit_code == 0);
    REQUIRE(opened.output.find("Opened") != std::string::npos);
}

pid_t LastingPrograms::holder(const std::string& suffix) const
{
    const auto found = processes_with("session new " + name(suffix) + " ");
    REQUIRE(found.size() == 1);
    return found.front();
}

} // namespace tests
