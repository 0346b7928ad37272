// The cases of vectors/psrp-bad/client.jsonl in which somebody runs a script, through the programs
// as users run them: icm, and a server in place of ssh.
#include <tests/icm/program_run.hpp>
#include <tests/peers/bad_server.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

constexpr int exit_success = 0;
constexpr int exit_errors = 1;
constexpr int exit_no_connection = 3;

// Ends that PowerShell passes over in silence; see vectors/README.md.
const std::vector<std::string> silent_ends{
    "capability-after-open", "framing-closeack-zero-unasked"};
// What icm does not do yet; see client_cases_tests.cpp.
bool contains(const std::vector<std::string>& names, const std::string& name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

using Channels = std::map<std::string, std::vector<std::string>>;

Channels heard_channels(const std::string& report)
{
    Channels channels;
    std::istringstream lines(report);
    for (std::string line; std::getline(lines, line);) {
        const json one = json::parse(line);
        const std::string kind = one.at("kind");
        channels[one.at("guid")].push_back(
            kind.starts_with("0x") ? one.at("summary").get<std::string>() : kind
        );
    }
    return channels;
}

Channels expected_channels(const json& fields)
{
    Channels channels;
    for (const json& one : fields.at("expect"))
        channels[one.at("guid")].push_back(
            one.contains("element") ? one.at("element") : one.at("summary")
        );
    return channels;
}

int expected_exit_code(const tests::VectorCase& one)
{
    if (contains(silent_ends, one.name)) return exit_no_connection;
    int code = exit_success;
    for (const json& printed : one.fields.at("printed")) {
        const std::string line = printed;
        if (line.find("PSSessionStateBroken") != std::string::npos) return exit_no_connection;
        if (line.starts_with("ERR ")) code = exit_errors;
    }
    return code;
}

void check(const tests::VectorCase& one)
{
    const tests::TemporaryFolder folder;
    std::filesystem::create_symlink(tests::program_path("fake_ssh"), folder.path() / "ssh");
    const auto heard = folder.path() / "heard";
    tests::ProgramInput input;
    const char* path = std::getenv("PATH");
    input.environment = {
        {"PATH", folder.path().string() + ":" + (path == nullptr ? "" : path)},
        {"PSRP_TEST_CASE", one.name},
        {"PSRP_TEST_HEARD", heard.string()}};
    const auto result =
        tests::run_program({tests::program_path("icm"), "-HostName", "srv", " 1 + 1 "}, input);
    INFO("output: " << result.output << "errors: " << result.errors);
    CHECK(result.exit_code == expected_exit_code(one));
    std::string output;
    bool has_other_words = result.exit_code != exit_success; // ours, the host's or ssh's
    for (const json& printed : one.fields.at("printed")) {
        const std::string line = printed;
        if (line.starts_with("OUT "))
            output += line.substr(4) + "\n";
        else if (line != "END")
            has_other_words = true;
    }
    CHECK(result.errors.empty() != has_other_words);
    CHECK(result.output == output);
    CHECK(heard_channels(tests::read_whole_file(heard)) == expected_channels(one.fields));
}

} // namespace

namespace {

// Every third invocation, from `first` on: each part stays well within a test's time.
void play_every_third(std::size_t first)
{
    std::size_t number = 0;
    for (const auto& one : tests::read_vector_file("psrp-bad/client.jsonl")) {
        const bool is_invocation = one.text("client").find("Invoke-Command") != std::string::npos;
        if (!is_invocation) continue;
        if (number++ % 3 != first) continue;
        INFO(one.where());
        check(one);
    }
    CHECK(number == 79);
}

} // namespace

TEST_CASE("icm says of misbehaving servers what PowerShell says, first part")
{
    play_every_third(0);
}

TEST_CASE("icm says of misbehaving servers what PowerShell says, second part")
{
    play_every_third(1);
}

TEST_CASE("icm says of misbehaving servers what PowerShell says, third part")
{
    play_every_third(2);
}
