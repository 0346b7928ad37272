#include <psrp/transport/child_process.hpp>
#include <tests/http/realm.hpp>
#include <tests/icm/processes.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/icm/winrm_server.hpp>
#include <tests/support/skip.hpp>
#include <tests/winrm/served_programs.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cctype>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

// The 22 examples of Invoke-Command's reference (fact sheet invoke-command) as icm has them, on our
// own endpoint in each place it can be: here, behind sshd, behind the WinRM listener.
//
//   1, 2, 5, 9, 11-13   run_examples(), a row each, in all places
//   7, 10               run_examples(), behind its rows
//   3, 4                held_sessions_tests.cpp, check_session(), in all places
//   6                   "this computer is one among several", and behind the WinRM listener
//   8                   jobs_tests.cpp, "a job runs in two sessions"
//   14                  "the examples run behind the WinRM listener"
//   15                  "over HTTPS a certificate counts unless its checks are skipped"
//   16                  "a connection is redirected where that is allowed, ..."
//   17                  "with CredSSP the password goes to the server, for its second hop"
//   18                  held_sessions_tests.cpp, "scripts are left to the WinRM listener ..."
//   19-22               "the examples run behind sshd"
namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::TemporaryFolder;
using tests::WinRmServer;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

// Answers every request over HTTP with the fault by which a WinRM server says: not here, there.
class RedirectingServer {
public:
    explicit RedirectingServer(std::string place)
        : place_(std::move(place)), port_(tests::free_port())
    {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int yes = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~RedirectingServer()
    {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    RedirectingServer(const RedirectingServer&) = delete;
    RedirectingServer& operator=(const RedirectingServer&) = delete;

    [[nodiscard]] std::string url() const
    {
        return "http://127.0.0.1:" + std::to_string(port_) + "/wsman";
    }
    [[nodiscard]] int requests() const { return requests_.load(); }

private:
    void serve()
    {
        for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
            while (answer(client)) {
            }
            ::close(client);
        }
    }

    bool answer(int client)
    {
        std::string request;
        char c = 0;
        while (!request.ends_with("\r\n\r\n")) {
            if (::read(client, &c, 1) != 1) return false;
            request += c;
        }
        std::transform(request.begin(), request.end(), request.begin(), [](unsigned char one) {
            return static_cast<char>(std::tolower(one));
        });
        const std::size_t at = request.find("content-length: ");
        for (int left = at == std::string::npos ? 0 : std::stoi(request.substr(at + 16)); left > 0;
             --left)
            if (::read(client, &c, 1) != 1) return false;
        ++requests_;
        const std::string body =
            R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" )"
            R"(xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" )"
            R"(xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>)"
            R"(<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action></s:Header>)"
            R"(<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:Other)"
            R"(</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">elsewhere</s:Text>)"
            R"(</s:Reason><s:Detail><f:WSManFault )"
            R"(xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150859161" )"
            R"(Machine="here"><f:Message>Use ')" +
            place_ +
            R"(' instead.</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>)";
        const std::string whole = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: "
                                  "application/soap+xml;charset=UTF-8\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body;
        return ::write(client, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
    }

    std::string place_;
    int port_;
    int listener_ = -1;
    std::atomic<int> requests_{0};
    std::thread thread_;
};

// A way to a computer, which is named once or, for several, twice.
struct Way {
    std::string name;
    std::string parameter;
    std::string target;
    Strings access;

    [[nodiscard]] ProgramResult
    run(const std::string& targets, const Strings& more, const tests::ProgramInput& input = {}
    ) const
    {
        Strings arguments = {tests::program_path("icm"), parameter, targets};
        arguments.insert(arguments.end(), access.begin(), access.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return tests::run_program(arguments, input);
    }
};

// What the examples need of one way, each row an example's number, arguments and output.
void run_examples(const Way& way)
{
    const TemporaryFolder folder;
    const std::string script = folder.write("script.ps1", "param($a, $b)\n\"file $a $b\"\n");
    const std::string list =
        folder.write("machines", "# two\n" + way.target + "\n\n" + way.target + "\n");
    struct Row {
        int number;
        std::string targets;
        Strings arguments;
        std::string output;
    };
    const std::string one = way.target;
    const std::string two = one + "," + one;
    const std::vector<Row> rows = {
        {1, one, {"-FilePath", script}, "file  \n"},
        {2, one, {"6 * 7"}, "42\n"},
        {5, two, {"-ScriptBlock", "\"run\""}, "run\nrun\n"},
        {9,
         one,
         {"--using", "log=System Log", "--using", "n=2", "\"$using:log\" * $using:n"},
         "System LogSystem Log\n"},
        {11, one, {"-ArgumentList", "5,a b", "param($n, $name) \"$name $n\""}, "a b 5\n"},
        {12, one, {"-ArgumentList", "*.txt,*.pdf", "$args"}, "*.txt\n*.pdf\n"},
        {13, "@" + list, {"-FilePath", script, "-ArgumentList", "1,2"}, "file 1 2\nfile 1 2\n"},
    };
    for (const Row& row : rows) {
        INFO(way.name + ", example " + std::to_string(row.number));
        const auto result = way.run(row.targets, row.arguments);
        INFO(result.errors);
        CHECK(result.exit_code == 0);
        CHECK(result.output == row.output);
    }
    INFO(way.name);
    // 7: what comes from a list of computers, saved.
    const auto saved =
        way.run("@" + list, {"--output", "json", "$PSVersionTable | Select-Object PSVersion"});
    const auto objects = nlohmann::json::parse(saved.output, nullptr, false);
    REQUIRE(objects.is_array());
    CHECK(objects.size() == 2);
    CHECK(objects[0].contains("PSComputerName"));
    // 10: with and without the computer's name.
    const std::string object = "[pscustomobject]@{Name = 'x'}";
    CHECK(contains(way.run(one, {object}).output, "PSComputerName"));
    CHECK_FALSE(contains(way.run(one, {"-HideComputerName", object}).output, "PSComputerName"));
    // Input goes to every target.
    tests::ProgramInput input;
    input.has_input = true;
    input.input = "A,B\n1,x\n2,y\n";
    const auto rows_of = way.run(two, {"--input", "csv", "$input | ForEach-Object B"}, input);
    CHECK(rows_of.output.size() == std::string("x\ny\nx\ny\n").size());
    CHECK(contains(rows_of.output, "x\ny\n"));
}

} // namespace

TEST_CASE("the examples run on this computer")
{
    run_examples({"here", "-ComputerName", "localhost", {"--endpoint", "embedded"}});
}

TEST_CASE("the examples run behind sshd")
{
    std::string reason;
    const auto server = tests::SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    run_examples({"ssh", "-HostName", server->target(), server->access()});
    // 19, 20: user@host with a key are the way itself. 21: several tables of connections.
    const std::string table =
        R"({"HostName": "127.0.0.1", "Port": )" + std::to_string(server->port()) +
        R"(, "UserName": ")" + tests::SshServer::user() + R"(", "KeyFilePath": ")" +
        server->key_file() +
        R"(", "Options": {"UserKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "no", "LogLevel": "ERROR"}})";
    const auto tables = tests::run_program(
        {tests::program_path("icm"), "-SSHConnection", "[" + table + "," + table + "]", "'table'"}
    );
    INFO(tables.errors);
    CHECK(tables.output == "table\ntable\n");
    // 22: options of ssh say where the host is.
    Strings options = {
        tests::program_path("icm"),
        "-HostName",
        "nickname",
        "-Options",
        R"({"HostName": "127.0.0.1", "Port": )" + std::to_string(server->port()) +
            R"(, "User": ")" + tests::SshServer::user() + R"("})"};
    const Strings access = server->access();
    options.insert(options.end(), access.begin(), access.end());
    options.insert(options.end(), {"--output", "jsonl", "[pscustomobject]@{A = 1}"});
    const auto named = tests::run_program(options);
    INFO(named.errors);
    CHECK(contains(named.output, "\"PSComputerName\":\"nickname\""));
}

TEST_CASE("the examples run behind the WinRM listener")
{
    const WinRmServer server;
    Strings access = server.access();
    access.insert(access.end(), {"-Port", std::to_string(server.port())});
    run_examples({"winrm", "-ComputerName", "127.0.0.1", access});
    // 14: by address.
    const Way by_uri{
        "uri",
        "-ConnectionUri",
        "http://127.0.0.1:" + std::to_string(server.port()) + "/wsman",
        server.access()};
    const auto uri = by_uri.run(by_uri.target, {"6 * 7"});
    INFO(uri.errors);
    CHECK(uri.output == "42\n");
    // 6: localhost among computers, all in the configuration that is named.
    Strings several = {tests::program_path("icm"), "-ComputerName", "127.0.0.1,localhost"};
    several.insert(several.end(), access.begin(), access.end());
    several.insert(several.end(), {"-ConfigurationName", "Microsoft.PowerShell"});
    several.insert(several.end(), {"--output", "jsonl", "[pscustomobject]@{A = 1}"});
    const auto among = tests::run_program(several);
    INFO(among.errors);
    CHECK(among.exit_code == 0);
    CHECK(contains(among.output, "\"PSComputerName\":\"127.0.0.1\""));
    CHECK(contains(among.output, "\"PSComputerName\":\"localhost\""));
}

TEST_CASE("with CredSSP the password goes to the server, for its second hop")
{
    // 17. What the server needs for the second hop it has: the login inside CredSSP is a whole one.
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!tests::has_ntlm() && realm == nullptr) return tests::report_skip("no NTLM; " + reason);
    const TemporaryFolder folder;
    Strings options = {"--credssp"};
    struct Row {
        std::string user;
        std::string password;
        bool is_let_in;
    };
    const std::string password(tests::realm_password);
    std::vector<Row> rows;
    if (tests::has_ntlm()) {
        options.insert(options.end(), {"--ntlm-users", tests::write_ntlm_users(folder)});
        rows.push_back({"PSRP\\alice", password, true});
        rows.push_back({"PSRP\\alice", "not the password", false});
    }
    if (realm != nullptr) {
        options.insert(options.end(), {"--keytab", realm->keytab()});
        rows.push_back({"alice@PSRP.TEST", password, true});
        rows.push_back({"alice@PSRP.TEST", "not the password", false});
    }
    const tests::ServedWinRm server(folder, options);
    for (const Row& row : rows) {
        const Way way{
            "credssp",
            "-ComputerName",
            "localhost",
            {"-Port",
             std::to_string(server.port()),
             "-Authentication",
             "Credssp",
             "--credential-file",
             tests::credential_file(folder, "credential", row.user, row.password)}};
        const auto result = way.run(way.target, {"Get-Item /etc/passwd | ForEach-Object Name"});
        INFO(row.user << ' ' << result.errors);
        CHECK(result.exit_code == (row.is_let_in ? 0 : 3));
        CHECK(result.output == (row.is_let_in ? "passwd\n" : ""));
        CHECK_FALSE(contains(server.log() + result.errors, row.password));
    }
    // It gives a password away, so there is to be one; a ticket would do.
    const auto second_hop = tests::run_program(
        {tests::program_path("icm"), "-Cn", "a", "-Authentication", "Credssp", "1"}
    );
    CHECK(second_hop.exit_code == 2);
    CHECK(contains(second_hop.errors, "--delegate"));
}

TEST_CASE("over HTTPS a certificate counts unless its checks are skipped")
{
    // 15: -UseSSL with the checks of a session option skipped.
    const TemporaryFolder folder;
    tests::TestCertificate certificate;
    if (!tests::make_certificate(folder, "elsewhere.example", certificate)) {
        return tests::report_skip("no openssl program");
    }
    const WinRmServer server({certificate.certificate_file, certificate.key_file});
    struct Row {
        std::string option;
        bool is_let_in;
    };
    const std::vector<Row> rows = {
        {R"({"SkipCACheck": true, "SkipCNCheck": true, "SkipRevocationCheck": true})", true},
        {R"({"SkipCACheck": true, "SkipCNCheck": true})", true},
        {R"({"SkipCACheck": true})", false},
        {R"({"SkipCNCheck": true})", false},
        {"{}", false},
    };
    for (const Row& row : rows) {
        Strings access = server.secure_access(row.option);
        access.insert(access.end(), {"-Port", std::to_string(server.port())});
        const Way way{"https", "-ComputerName", "127.0.0.1", access};
        const auto result = way.run(way.target, {"6 * 7"});
        INFO(row.option << ' ' << result.errors);
        CHECK(result.exit_code == (row.is_let_in ? 0 : 3));
        CHECK(result.output == (row.is_let_in ? "42\n" : ""));
        if (!row.is_let_in) CHECK(contains(result.errors, "certificate"));
    }
}

TEST_CASE("a connection is redirected where that is allowed, as often as is allowed")
{
    // 16: -AllowRedirection, and MaximumRedirection of a session option.
    const WinRmServer server;
    const RedirectingServer second("http://127.0.0.1:" + std::to_string(server.port()) + "/wsman");
    const RedirectingServer first(second.url());
    struct Row {
        std::string url;
        Strings more;
        std::string maximum;
        bool arrives;
    };
    const std::vector<Row> rows = {
        {second.url(), {}, "5", false},
        {second.url(), {"-AllowRedirection"}, "5", true},
        {second.url(), {"-AllowRedirection"}, "1", true},
        {second.url(), {"-AllowRedirection"}, "0", false},
        {first.url(), {"-AllowRedirection"}, "1", false},
        {first.url(), {"-AllowRedirection"}, "2", true},
    };
    for (const Row& row : rows) {
        Strings access = server.access();
        access.back() = R"({"NoEncryption": true, "MaximumRedirection": )" + row.maximum + "}";
        const Way way{"uri", "-ConnectionUri", row.url, access};
        Strings more = row.more;
        more.emplace_back("6 * 7");
        const auto result = way.run(way.target, more);
        INFO(row.url << ' ' << row.maximum << ' ' << result.errors);
        CHECK(result.exit_code == (row.arrives ? 0 : 3));
        CHECK(result.output == (row.arrives ? "42\n" : ""));
    }
    CHECK(first.requests() == 2);
    CHECK(second.requests() == 6);
}

TEST_CASE("a credential of systemd's is read where the service finds it")
{
    const WinRmServer server;
    const TemporaryFolder folder; // as $CREDENTIALS_DIRECTORY
    const std::string path = folder.write("login", "alice\ncorrect horse\n");
    std::filesystem::permissions(path, std::filesystem::perms(0400));
    folder.write("wrong", "alice\nno such password\n");
    std::filesystem::permissions(folder.path() / "wrong", std::filesystem::perms(0400));
    struct Row {
        std::string name;
        bool has_folder;
        int exit_code;
    };
    const std::vector<Row> rows = {
        {"login", true, 0},
        {"wrong", true, 3},
        {"missing", true, 2},
        {"../login", true, 2},
        {"login", false, 2},
    };
    for (const Row& row : rows) {
        tests::ProgramInput input;
        if (row.has_folder) input.environment = {{"CREDENTIALS_DIRECTORY", folder.path().string()}};
        Strings arguments = {
            tests::program_path("icm"),
            "-ComputerName",
            "127.0.0.1",
            "-Port",
            std::to_string(server.port()),
            "-Authentication",
            "Basic",
            "--allow-basic-over-http",
            "-SessionOption",
            R"({"NoEncryption": true})",
            "--systemd-credential",
            row.name,
            "6 * 7"};
        const auto result = tests::run_program(arguments, input);
        INFO(row.name << ' ' << result.errors);
        CHECK(result.exit_code == row.exit_code);
        CHECK(result.output == (row.exit_code == 0 ? "42\n" : ""));
    }
}

TEST_CASE("this computer is one among several")
{
    // 6: several computers, localhost and the like among them.
    const auto result = tests::run_program(
        {tests::program_path("icm"),
         "-ComputerName",
         "localhost,.,LOCALHOST",
         "--endpoint",
         "embedded",
         "--output",
         "jsonl",
         "[pscustomobject]@{A = 1}"}
    );
    CHECK(result.exit_code == 0);
    CHECK(contains(result.output, "\"PSComputerName\":\"localhost\""));
    CHECK(contains(result.output, "\"PSComputerName\":\"LOCALHOST\""));
}
