#include <psrp/transport/errors.hpp>
#include <psrp/transport/ssh_arguments.hpp>

#include <catch2/catch.hpp>

using namespace psrp;

using Arguments = std::vector<std::string>;

TEST_CASE("the command line of ssh has exactly the reference's order")
{
    struct Row {
        SshTarget target;
        Arguments expected;
    };
    const Row rows[] = {
        {{.host = "h"}, {"ssh", "-s", "h", "powershell"}},
        {{.host = "h", .user = "u"}, {"ssh", "-l", "u", "-s", "h", "powershell"}},
        {{.host = "h", .user = "DOMAIN\\u"}, {"ssh", "-l", "u@DOMAIN", "-s", "h", "powershell"}},
        {{.host = "h", .user = "a\\b\\c"}, {"ssh", "-l", "a\\b\\c", "-s", "h", "powershell"}},
        {{.host = "h", .user = "u@d"}, {"ssh", "-l", "u@d", "-s", "h", "powershell"}},
        {{.host = "h", .port = 1}, {"ssh", "-p", "1", "-s", "h", "powershell"}},
        {{.host = "h", .port = 65535}, {"ssh", "-p", "65535", "-s", "h", "powershell"}},
        {{.host = "h", .key_file = "/k y"}, {"ssh", "-i", "/k y", "-s", "h", "powershell"}},
        {{.host = "[::1]"}, {"ssh", "-s", "::1", "powershell"}},
        {{.host = "::1"}, {"ssh", "-s", "::1", "powershell"}},
        {{.host = "u@h"}, {"ssh", "-s", "u@h", "powershell"}},
        {{.host = "u@[fe80::1]"}, {"ssh", "-s", "u@fe80::1", "powershell"}},
        {{.host = "u@h", .user = "v"}, {"ssh", "-l", "v", "-s", "h", "powershell"}},
        {{.host = "h", .subsystem = "other"}, {"ssh", "-s", "h", "other"}},
        {{.host = "h", .options = {{"Key", "va lue"}, {"B", "2"}}},
         {"ssh", "-o", "Key=va lue", "-o", "B=2", "-s", "h", "powershell"}},
        {{.host = "h", .user = "u", .port = 99, .key_file = "k", .options = {{"A", "1"}}},
         {"ssh", "-i", "k", "-l", "u", "-p", "99", "-o", "A=1", "-s", "h", "powershell"}},
    };
    for (const Row& row : rows) {
        const auto arguments = ssh_arguments(row.target);
        REQUIRE(arguments);
        CHECK(*arguments == row.expected);
    }
}

TEST_CASE("what ssh would misunderstand is refused before it is started")
{
    struct Row {
        SshTarget target;
        TransportErrc code;
    };
    const Row rows[] = {
        {{.host = ""}, TransportErrc::InvalidHost},
        {{.host = "[]"}, TransportErrc::InvalidHost},
        {{.host = "u@"}, TransportErrc::InvalidHost},
        {{.host = "-oProxyCommand=x"}, TransportErrc::InvalidHost},
        {{.host = "[-oProxyCommand=x]"}, TransportErrc::InvalidHost},
        {{.host = "u@-x", .user = "v"}, TransportErrc::InvalidHost},
        {{.host = "h", .subsystem = ""}, TransportErrc::InvalidHost},
        {{.host = "h", .subsystem = "-v"}, TransportErrc::InvalidHost},
        {{.host = "h", .port = 0}, TransportErrc::InvalidPort},
        {{.host = "h", .port = -1}, TransportErrc::InvalidPort},
        {{.host = "h", .port = 65536}, TransportErrc::InvalidPort},
        {{.host = "h", .port = 70000}, TransportErrc::InvalidPort},
    };
    for (const Row& row : rows) {
        INFO(row.target.host << " " << row.target.subsystem);
        const auto arguments = ssh_arguments(row.target);
        REQUIRE_FALSE(arguments);
        CHECK(arguments.error() == make_error_code(row.code));
    }
}
