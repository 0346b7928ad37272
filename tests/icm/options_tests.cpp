#include <clixml/object.hpp>
#include <clixml/secret.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/protocol/session_key.hpp>
#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace {

using Strings = std::vector<std::string>;

icm::Options read(const Strings& arguments)
{
    auto options = icm::read_options(arguments);
    INFO((options ? std::string() : options.error().text));
    REQUIRE(options.has_value());
    return *options;
}

const psrp::SshTarget& ssh(const icm::Place& place)
{
    return std::get<psrp::SshTarget>(place);
}

std::string error_of(const Strings& arguments)
{
    const auto options = icm::read_options(arguments);
    REQUIRE_FALSE(options.has_value());
    CHECK(options.error().is_error);
    return options.error().text;
}

} // namespace

TEST_CASE("PowerShell's and POSIX's spellings mean the same")
{
    const std::vector<Strings> rows = {
        {"-HostName", "web", "x"},
        {"-hostname", "web", "x"},
        {"-HOSTNAME:web", "x"},
        {"-Ho", "web", "x"},
        {"--host-name=web", "x"},
        {"--host-name", "web", "x"},
        {"x", "-HostName", "web"},
        {"-HostName", "web", "--", "x"},
    };
    for (const Strings& row : rows) {
        INFO(row[0]);
        const icm::Options options = read(row);
        REQUIRE(options.targets.size() == 1);
        CHECK(ssh(options.targets[0]).host == "web");
        CHECK(options.scripts == Strings{"x"});
    }
}

TEST_CASE("values that look like options stay values")
{
    CHECK(read({"-c", "-join (1, 2)"}).scripts == Strings{"-join (1, 2)"});
    CHECK(read({"-ArgumentList", "-5", "x"}).arguments == Strings{"-5"});
    CHECK(read({"--", "-x"}).scripts == Strings{"-x"});
    CHECK(read({"-1 + 2"}).scripts == Strings{"-1 + 2"});
    CHECK(read({":x"}).scripts == Strings{":x"});
}

TEST_CASE("options fill in for targets that do not say it themselves")
{
    const icm::Options options = read(
        {"-HostName",
         "a,u@b:2222",
         "-HostName",
         "[::1]:23",
         "-UserName",
         "me",
         "-Port",
         "22",
         "-KeyFilePath",
         "key",
         "-Subsystem",
         "s",
         "-Options",
         "A=1",
         "-o",
         "B=2,3",
         "-ConnectingTimeout",
         "1500",
         "-ThrottleLimit",
         "0",
         "x"}
    );
    REQUIRE(options.targets.size() == 3);
    CHECK(ssh(options.targets[0]).host == "a");
    CHECK(ssh(options.targets[0]).user == "me");
    CHECK(ssh(options.targets[0]).port == 22);
    CHECK(ssh(options.targets[1]).host == "b");
    CHECK(ssh(options.targets[1]).user == "u");
    CHECK(ssh(options.targets[1]).port == 2222);
    CHECK(ssh(options.targets[2]).host == "::1");
    CHECK(ssh(options.targets[2]).port == 23);
    for (const auto& place : options.targets) {
        const psrp::SshTarget& target = ssh(place);
        CHECK(target.key_file == "key");
        CHECK(target.subsystem == "s");
        REQUIRE(target.options.size() == 2);
        CHECK(target.options[1].second == "2,3");
    }
    CHECK(options.connecting_timeout == std::chrono::milliseconds(1500));
    CHECK(options.throttle_limit == 32);
}

TEST_CASE("every way to a server can be asked for, several at once")
{
    const icm::Options options = read(
        {"-ContainerId",
         "web,db",
         "-ContainerEngine",
         "podman",
         "--socket",
         "/run/a b.sock",
         "-CustomPipeName",
         "mine",
         "-ProcessId",
         "42",
         "-ProcessName",
         "pwsh",
         "--server-command",
         "kubectl exec -i 'my pod' -- pwsh -s",
         "-ConnectingTimeout",
         "-1",
         "x"}
    );
    REQUIRE(options.targets.size() == 7);
    for (const auto& [index, id] : {std::pair(0U, "web"), std::pair(1U, "db")}) {
        const auto& container = std::get<psrp::ContainerTarget>(options.targets[index]);
        CHECK(container.id == id);
        CHECK(container.engine == "podman");
    }
    CHECK(std::get<icm::SocketPlace>(options.targets[2]).path == "/run/a b.sock");
    CHECK(std::get<icm::CustomPipePlace>(options.targets[3]).name == "mine");
    CHECK(std::get<icm::HostProcessPlace>(options.targets[4]).process_id == 42);
    CHECK(std::get<icm::HostProcessPlace>(options.targets[5]).name == "pwsh");
    CHECK(
        std::get<icm::CommandPlace>(options.targets[6]).arguments ==
        Strings{"kubectl", "exec", "-i", "my pod", "--", "pwsh", "-s"}
    );
    CHECK_FALSE(options.connecting_timeout.has_value());
}

TEST_CASE("WinRM's parameters become addresses and settings")
{
    const icm::Options options = read(
        {"-ComputerName",
         "web1,::1,.",
         "-UseSSL",
         "-Auth",
         "kerberos",
         "-Credential",
         "me",
         "-ConfigurationName",
         "PowerShell.7",
         "-SessionOption",
         R"({"skipCACheck": true, "OutputBufferingMode": "Drop", "IdleTimeout": 60000})",
         "-Disconnected",
         "-SessionName",
         "nightly",
         "x"}
    );
    const Strings expected{
        "https://web1:5986/wsman", "https://[::1]:5986/wsman", "https://localhost:5986/wsman"};
    REQUIRE(options.targets.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(std::get<icm::WinRmPlace>(options.targets[i]).url == expected[i]);
    CHECK(std::get<icm::WinRmPlace>(options.targets[2]).name == "localhost");
    const icm::WinRmSettings& winrm = options.winrm;
    CHECK(winrm.authentication == psrp::AuthenticationScheme::Kerberos);
    CHECK(winrm.user == "me");
    CHECK(winrm.configuration == "PowerShell.7");
    CHECK(winrm.session_option.skips_authority_check);
    CHECK_FALSE(winrm.session_option.skips_name_check);
    CHECK(winrm.session_option.buffer_mode == psrp::wsman::BufferMode::Drop);
    CHECK(winrm.session_option.idle_timeout == std::chrono::milliseconds(60000));
    CHECK(options.leaves_sessions);
    CHECK(winrm.session_name == "nightly");
}

TEST_CASE("wrong command lines are named")
{
    struct Row {
        Strings arguments;
        std::string text;
    };
    const std::vector<Row> rows = {
        {{}, "a script is missing"},
        {{"a", "b"}, "one SCRIPT"},
        {{"-c", "a", "b"}, "exclude each other"},
        {{"-H", "a", "b"}, "ambiguous"},
        {{"-Nothing", "a"}, "unknown parameter -Nothing"},
        {{"--nothing", "a"}, "unknown option --nothing"},
        {{"-HostName"}, "needs a value"},
        {{"-HostName", "a:0", "x"}, "no [user@]host[:port]"},
        {{"-HostName", "a,,b", "x"}, "no [user@]host[:port]"},
        {{"-ComputerName", "a b", "x"}, "no name of a computer"},
        {{"-ComputerName", "a", "-Authentication", "Magic", "x"}, "-Authentication takes"},
        {{"-ComputerName", "a", "-Authentication", "Credssp", "x"}, "needs -Credential"},
        {{"-ComputerName", "a", "-SessionOption", "[]", "x"}, "a JSON object"},
        {{"-ComputerName", "a", "-SessionOption", "{\"Nope\":1}", "x"}, "no option of New-PS"},
        {{"-ComputerName", "a", "-SessionOption", "{\"ApplicationArguments\":{}}", "x"},
         "not supported"},
        {{"-ComputerName", "a", "-SessionOption", "{\"ProxyAuthentication\":\"Basic\"}", "x"},
         "ProxyAccessType"},
        {{"-ComputerName",
          "a",
          "-SessionOption",
          "{\"ProxyAccessType\":\"IEConfig\",\"ProxyAuthentication\":\"None\"}",
          "x"},
         "Negotiate, Basic or Digest"},
        {{"-ComputerName",
          "a",
          "-SessionOption",
          "{\"ProxyAccessType\":\"IEConfig\",\"ProxyCredential\":\"/no/such/file\"}",
          "x"},
         "ProxyCredential: /no/such/file cannot be read"},
        {{"-ComputerName", "a", "-SessionOption", "{\"SkipCACheck\":3}", "x"},
         "no value that fits"},
        {{"-InDisconnectedSession", "x"}, "goes with -ComputerName or -ConnectionUri"},
        {{"-Cn", "a", "-SessionName", "s", "x"}, "goes with -InDisconnectedSession"},
        {{"-HostName", "a", "-Options", "novalue", "x"}, "key=value"},
        {{"-ArgumentList", "json:{", "x"}, "broken JSON"},
        {{"-HostName", "a", "--endpoint", "pwsh", "x"}, "excludes -HostName"},
        {{"--output", "yaml", "x"}, "--output"},
        {{"-HostName", "a", "-Port", "70000", "x"}, "--port"},
        {{"-VMName", "v", "x"}, "only Windows has"},
        {{"-VMId", "0f0e", "x"}, "only Windows has"},
        {{"-ContainerId", "-v", "x"}, "no name or id of a container"},
        {{"-ContainerEngine", "podman", "x"}, "goes with -ContainerId"},
        {{"-ContainerId", "c", "--endpoint", "embedded", "x"}, "excludes"},
        {{"-ProcessId", "0", "x"}, "no id of a process"},
        {{"-ProcessId", "12x", "x"}, "no id of a process"},
        {{"-CustomPipeName", "a/b", "x"}, "no name of a pipe"},
        {{"--socket", "", "x"}, "--socket"},
        {{"--server-command", "'open", "x"}, "a command line"},
        {{"--server-command", "  ", "x"}, "a command line"},
        {{"-ConnectingTimeout", "0", "x"}, "-1 for no limit"},
        {{"-ConnectingTimeout", "-2", "x"}, "--connecting-timeout"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK_THAT(error_of(row.arguments), Catch::Contains(row.text));
    }
}

TEST_CASE("targets are read or refused")
{
    struct Row {
        std::string text;
        bool is_good;
        std::string user;
        std::string host;
        int port;
    };
    const std::vector<Row> rows = {
        {"h", true, "", "h", 0},
        {"u@h", true, "u", "h", 0},
        {"u@h:22", true, "u", "h", 22},
        {"a@b@h", true, "a@b", "h", 0},
        {"DOMAIN\\u@h", true, "DOMAIN\\u", "h", 0},
        {"::1", true, "", "::1", 0},
        {"[fe80::1]", true, "", "fe80::1", 0},
        {"u@[fe80::1]:65535", true, "u", "fe80::1", 65535},
        {"", false, "", "", 0},
        {"@h", false, "", "", 0},
        {"u@", false, "", "", 0},
        {"-oProxyCommand=x", false, "", "", 0},
        {"h:", false, "", "", 0},
        {"h:x", false, "", "", 0},
        {"h:65536", false, "", "", 0},
        {"[::1", false, "", "", 0},
        {"[::1]22", false, "", "", 0},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto target = icm::read_target(row.text);
        CHECK(target.has_value() == row.is_good);
        if (!target) continue;
        CHECK(target->user == row.user);
        CHECK(target->host == row.host);
        CHECK(target->port.value_or(0) == row.port);
    }
}

TEST_CASE("lists are split as PowerShell splits them")
{
    CHECK(icm::split_list("1,2") == Strings{"1", "2"});
    CHECK(icm::split_list("") == Strings{""});
    CHECK(icm::split_list("'a,b',c") == Strings{"'a,b'", "c"});
    CHECK(icm::split_list("it's,2") == Strings{"it's", "2"});
    CHECK(icm::split_list("1,json:[1,2]") == Strings{"1", "json:[1,2]"});
}

TEST_CASE("elements become typed values")
{
    using clixml::Kind;
    struct Row {
        std::string text;
        Kind kind;
        std::string shown;
    };
    const std::vector<Row> rows = {
        {"5", Kind::Int32, "5"},
        {"-5", Kind::Int32, "-5"},
        {"2147483648", Kind::Int64, "2147483648"},
        {"2.5", Kind::Double, "2.5"},
        {"1e3", Kind::Double, "1000"},
        {"$TRUE", Kind::Boolean, "True"},
        {"$null", Kind::Nil, ""},
        {"'5'", Kind::String, "5"},
        {"'it''s'", Kind::String, "it's"},
        {"5x", Kind::String, "5x"},
        {"-", Kind::String, "-"},
        {"1.2.3", Kind::String, "1.2.3"},
        {"", Kind::String, ""},
        {"json:\"x\"", Kind::String, "x"},
        {"json:[1]", Kind::Object, "1"},
        {"json:{\"a\":1}", Kind::Object, "@{a=1}"},
    };
    clixml::Arena arena;
    for (const Row& row : rows) {
        INFO(row.text);
        const auto value = icm::typed_value(row.text, arena);
        REQUIRE(value.has_value());
        CHECK(value->kind() == row.kind);
        CHECK(clixml::to_display_text(*value) == row.shown);
    }
    const tests::TemporaryFolder folder;
    const std::string text = folder.write("text", "two\nlines\n");
    const auto long_text = icm::typed_value("textfile:" + text, arena);
    REQUIRE(long_text.has_value());
    CHECK(clixml::to_display_text(*long_text) == "two\nlines\n");
    const std::string login = folder.write("login", "alice\ncorrect horse\n");
    std::filesystem::permissions(login, std::filesystem::perms(0600));
    const auto credential = icm::typed_value("credential:" + login, arena);
    REQUIRE(credential.has_value());
    REQUIRE(credential->object() != nullptr);
    CHECK(clixml::to_display_text(credential->object()->get("UserName")) == "alice");
    const auto secret = clixml::read_credential(*credential, psrp::ClearBase64Secrets());
    REQUIRE(secret.has_value());
    CHECK(secret->password == "correct horse");
    icm::wipe_password(*credential);
    CHECK(
        credential->object()->get("Password").text().find_first_not_of('\0') == std::string::npos
    );
    // Who else could read it is told so by an error.
    std::filesystem::permissions(login, std::filesystem::perms(0644));
    CHECK_FALSE(icm::typed_value("credential:" + login, arena).has_value());
    CHECK_FALSE(icm::typed_value("textfile:" + text + ".not", arena).has_value());
    CHECK_FALSE(icm::typed_value("json:{", arena).has_value());
    CHECK_FALSE(icm::typed_value("json:" + std::string(100, '['), arena).has_value());
    CHECK_FALSE(icm::typed_value("\xff", arena).has_value());
}
