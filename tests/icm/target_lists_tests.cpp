#include <psrp/icm/options.hpp>
#include <psrp/icm/target_lists.hpp>
#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <variant>

namespace {

using Strings = std::vector<std::string>;

icm::Options read(const Strings& arguments)
{
    auto options = icm::read_options(arguments);
    INFO((options ? std::string() : options.error().text));
    REQUIRE(options.has_value());
    return *options;
}

Strings hosts(const icm::Options& options)
{
    Strings names;
    for (const icm::Place& place : options.targets) {
        const auto& target = std::get<psrp::SshTarget>(place);
        std::string name = target.host;
        if (!target.user.empty()) name.insert(0, target.user + "@");
        if (target.port) name += ":" + std::to_string(*target.port);
        names.push_back(name);
    }
    return names;
}

std::string error_of(const Strings& arguments)
{
    const auto options = icm::read_options(arguments);
    REQUIRE_FALSE(options.has_value());
    return options.error().text;
}

} // namespace

TEST_CASE("a file of names is one a line, without comments and empty lines")
{
    struct Row {
        std::string text;
        Strings names;
    };
    const std::vector<Row> rows = {
        {"a\nb\n", {"a", "b"}},
        {"\xEF\xBB\xBF"
         "a\r\n\r\n  b  \r\n",
         {"a", "b"}},
        {"# all\na # first\n;b\n\tc\t; last", {"a", "c"}},
        {"a#b\n", {"a#b"}},
        {"", {}},
        {"a\na\n", {"a", "a"}},
    };
    for (const Row& row : rows)
        CHECK(icm::names_of_lines(row.text) == row.names);
}

TEST_CASE("a hosts file has groups that refer to each other")
{
    const auto file = icm::HostsFile::read(
        "gate\n[web]\nw1\nme@w2:22 ; second\n[all-web]\n@web\nw3\n[empty]\n[web]\n[::1]:22\n"
    );
    REQUIRE(file);
    CHECK(file->names("web") == Strings{"w1", "me@w2:22", "[::1]:22"});
    CHECK(file->names("all-web") == Strings{"w1", "me@w2:22", "[::1]:22", "w3"});
    CHECK(file->names("empty").empty());
    CHECK(file->names("all") == Strings{"gate", "w1", "me@w2:22", "[::1]:22", "w3"});
    CHECK_FALSE(file->has("gate"));
    CHECK_FALSE(file->has(""));

    struct Row {
        std::string text;
        std::string problem;
    };
    const std::vector<Row> rows = {
        {"[a]\n@b\n", "there is no group b"},
        {"[a]\n@b\n[b]\n@a\n", "circle"},
        {"[a]\n@a\n", "circle"},
        {"x\n[]\n", "line 2: no name"},
        {"[all]\n", "line 1: no name"},
    };
    for (const Row& row : rows) {
        const auto broken = icm::HostsFile::read(row.text);
        REQUIRE_FALSE(broken);
        CHECK_THAT(broken.error(), Catch::Contains(row.problem));
    }
}

TEST_CASE("lists, files and groups of targets keep their order and what is named twice")
{
    const tests::TemporaryFolder folder;
    const std::string file = folder.write("names", "a\n# no\nu@b:23\n[::1]:24\na\n");
    const std::string inventory = folder.write("hosts", "[web]\nw1\nw2\n[db]\nd1\n");
    const Strings with = {"--hosts-file", inventory};
    struct Row {
        Strings arguments;
        Strings names;
    };
    const std::vector<Row> rows = {
        {{"-HostName", "a,b,a", "x"}, {"a", "b", "a"}},
        {{"-HostName", "a", "-HostName", "a", "x"}, {"a", "a"}},
        {{"-HostName", "@" + file, "x"}, {"a", "u@b:23", "::1:24", "a"}},
        {{"-HostName", "first,@" + file + ",last", "x"},
         {"first", "a", "u@b:23", "::1:24", "a", "last"}},
        {{"--hosts-file", inventory, "-HostName", "@db,@web", "x"}, {"d1", "w1", "w2"}},
        {{"--hosts-file", inventory, "--group", "web,db", "-HostName", "z", "x"},
         {"z", "w1", "w2", "d1"}},
        {{"--hosts-file", inventory, "-HostName", "@all", "x"}, {"w1", "w2", "d1"}},
    };
    for (const Row& row : rows)
        CHECK(hosts(read(row.arguments)) == row.names);
    CHECK_THAT(error_of({"-HostName", "@/no/such", "x"}), Catch::Contains("/no/such"));
    CHECK_THAT(error_of({"--hosts-file", "/no/such", "x"}), Catch::Contains("--hosts-file"));
    CHECK_THAT(error_of({"--group", "web", "x"}), Catch::Contains("no group"));
    const std::string empty = folder.write("empty", "# none\n");
    CHECK_THAT(error_of({"-HostName", "@" + empty, "x"}), Catch::Contains("no name"));
}

TEST_CASE("tables of connections over SSH are read from JSON")
{
    const auto options = read(
        {"-SSHConnection",
         R"([{"HostName": "a", "Port": 22, "KeyFilePath": "k", "Subsystem": "s",
              "Options": {"Compression": "yes", "Tries": 3}},
             {"computername": "u@b:23"}, {"ComputerName": "c", "username": "me", "IdentityFilePath": "i"}])",
         "-SSHConnection",
         R"({"HostName": "d"})",
         "x"}
    );
    CHECK(hosts(options) == Strings{"a:22", "u@b:23", "me@c", "d"});
    const auto& first = std::get<psrp::SshTarget>(options.targets[0]);
    CHECK(first.key_file == "k");
    CHECK(first.subsystem == "s");
    REQUIRE(first.options.size() == 2);
    CHECK(first.options[0] == std::pair<std::string, std::string>("Compression", "yes"));
    CHECK(first.options[1].second == "3");
    CHECK(std::get<psrp::SshTarget>(options.targets[2]).key_file == "i");
    CHECK(std::get<psrp::SshTarget>(options.targets[1]).subsystem == "powershell");

    CHECK_THAT(
        error_of({"-SSHConnection", "{", "x"}), Catch::Contains("-SSHConnection takes JSON")
    );
}

TEST_CASE("a configuration over SSH is the subsystem, options may be a table")
{
    const auto options = read(
        {"-HostName",
         "a",
         "-ConfigurationName",
         "s",
         "-Options",
         R"({"Port": 2, "User": "u"})",
         "x"}
    );
    const auto& target = std::get<psrp::SshTarget>(options.targets[0]);
    CHECK(target.subsystem == "s");
    CHECK(target.options.size() == 2);
    const auto both = read({"-HostName", "a", "-ConfigurationName", "s", "-Subsystem", "t", "x"});
    CHECK(std::get<psrp::SshTarget>(both.targets[0]).subsystem == "t");
}

TEST_CASE("localhost and . are this computer until WinRM is spoken of")
{
    struct Row {
        Strings arguments;
        bool is_here;
    };
    const std::vector<Row> rows = {
        {{"-Cn", "localhost", "x"}, true},
        {{"-Cn", ".", "x"}, true},
        {{"-Cn", "LocalHost", "-EnableNetworkAccess", "x"}, true},
        {{"-Cn", "127.0.0.1", "x"}, false},
        {{"-Cn", "localhost", "-Credential", "me", "x"}, false},
        {{"-Cn", "localhost", "-Port", "5985", "x"}, false},
        {{"-Cn", "localhost", "-UseSSL", "x"}, false},
        {{"-Cn", "localhost", "-Authentication", "Kerberos", "x"}, false},
        {{"-Cn", "localhost", "-ConfigurationName", "c", "x"}, false},
    };
    for (const Row& row : rows) {
        INFO(row.arguments[1] + " " + row.arguments[2]);
        CHECK(
            std::holds_alternative<icm::HerePlace>(read(row.arguments).targets[0]) == row.is_here
        );
    }
    const auto sessions = icm::read_session_command({"list", "-Cn", "localhost"});
    REQUIRE(sessions);
    CHECK(std::holds_alternative<icm::WinRmPlace>(sessions->options.targets[0]));
}
