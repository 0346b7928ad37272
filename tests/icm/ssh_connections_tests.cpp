#include <psrp/icm/ssh_connections.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

// What a target comes to, in one line: what is not said is left out.
std::string line_of(const psrp::SshTarget& target)
{
    std::string line = target.host;
    if (!target.user.empty()) line += " user=" + target.user;
    if (target.port) line += " port=" + std::to_string(*target.port);
    if (!target.key_file.empty()) line += " key=" + target.key_file;
    if (target.subsystem != "powershell") line += " subsystem=" + target.subsystem;
    if (target.connecting_timeout)
        line += " wait=" + std::to_string(target.connecting_timeout->count());
    for (const auto& [name, value] : target.options)
        line += " " + name + "=" + value;
    return line;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("each table of -SSHConnection is a target")
{
    struct Row {
        std::string text;
        Lines expected;
    };
    const Row rows[] = {
        {R"({"HostName": "web1"})", {"web1"}},
        {R"({"ComputerName": "web1"})", {"web1"}},
        {R"(json:{"HOSTNAME": "web1"})", {"web1"}},
        {R"([{"HostName": "a"}, {"hostname": "b", "Port": 2222}])", {"a", "b port=2222"}},
        {R"({"HostName": "u@a:22"})", {"a user=u port=22"}},
        {R"({"HostName": "u@a:22", "UserName": "v", "Port": "23"})", {"a user=v port=23"}},
        {R"({"UserName": "v", "Port": 23, "HostName": "u@a:22"})", {"a user=v port=23"}},
        {R"({"HostName": "[fe80::1]"})", {"fe80::1"}},
        {R"({"HostName": "a", "UserName": "DOMAIN\\me"})", {"a user=DOMAIN\\me"}},
        {R"({"HostName": "a", "KeyFilePath": "/k y"})", {"a key=/k y"}},
        {R"({"HostName": "a", "identityfilepath": "k"})", {"a key=k"}},
        {R"({"HostName": "a", "Subsystem": "s"})", {"a subsystem=s"}},
        {R"({"HostName": "a", "ConnectingTimeout": 5000})", {"a wait=5000"}},
        {R"({"HostName": "a", "ConnectingTimeout": -1})", {"a wait=-1"}},
        {R"({"HostName": "a", "Options": {"Compression": "yes", "Port": 9}})",
         {"a Compression=yes Port=9"}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto targets = icm::read_ssh_connections(row.text, {});
        REQUIRE(targets.has_value());
        Lines lines;
        for (const auto& target : *targets)
            lines.push_back(line_of(target));
        CHECK(lines == row.expected);
    }
}

TEST_CASE("what a table does not say is as the other parameters say")
{
    psrp::SshTarget defaults;
    defaults.user = "me";
    defaults.port = 7;
    defaults.options = {{"A", "1"}};
    const auto targets = icm::read_ssh_connections(
        R"([{"HostName": "a"}, {"HostName": "b", "UserName": "you", "Options": {"B": "2"}}])",
        defaults
    );
    REQUIRE(targets.has_value());
    CHECK(line_of(targets->at(0)) == "a user=me port=7 A=1");
    CHECK(line_of(targets->at(1)) == "b user=you port=7 A=1 B=2");
}

TEST_CASE("a table that says nothing good is refused with its reason")
{
    struct Row {
        std::string text;
        std::string reason;
    };
    const Row rows[] = {
        {"", "takes JSON"},
        {"@{HostName='a'}", "takes JSON"},
        {"[]", "names no target"},
        {"5", "takes a table"},
        {"[{\"HostName\": \"a\"}, 5]", "takes a table"},
        {"{}", "needs HostName"},
        {R"({"Port": 22})", "needs HostName"},
        {R"({"HostName": "a", "Nothing": 1})", "knows no 'Nothing'"},
        {R"({"HostName": "a", "ComputerName": "b"})", "'ComputerName' twice"},
        {R"({"HostName": "a", "KeyFilePath": "k", "IdentityFilePath": "l"})", "twice"},
        {R"({"HostName": ""})", "'HostName'"},
        {R"({"HostName": 5})", "'HostName'"},
        {R"({"HostName": "-oProxyCommand=x"})", "'HostName'"},
        {R"({"HostName": "a", "Port": 0})", "'Port'"},
        {R"({"HostName": "a", "Port": 65536})", "'Port'"},
        {R"({"HostName": "a", "Port": "x"})", "'Port'"},
        {R"({"HostName": "a", "Port": 18446744073709551615})", "'Port'"},
        {R"({"HostName": "a", "Port": 2.5})", "'Port'"},
        {R"({"HostName": "a", "UserName": ""})", "'UserName'"},
        {R"({"HostName": "a", "ConnectingTimeout": 0})", "'ConnectingTimeout'"},
        {R"({"HostName": "a", "ConnectingTimeout": -2})", "'ConnectingTimeout'"},
        {R"({"HostName": "a", "Options": "A=1"})", "'Options'"},
        {R"({"HostName": "a", "Options": {"A": [1]}})", "'Options'"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto targets = icm::read_ssh_connections(row.text, {});
        REQUIRE_FALSE(targets.has_value());
        CHECK_THAT(targets.error(), Catch::Contains(row.reason));
    }
}
