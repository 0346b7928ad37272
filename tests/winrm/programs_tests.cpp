// icm, psrp session, pywinrm and curl against `psrp serve --winrm`.
#include <psrp/transport/child_process.hpp>
#include <tests/support/skip.hpp>
#include <tests/winrm/served_programs.hpp>

#include <catch2/catch.hpp>

namespace {

using Words = std::vector<std::string>;
using tests::credential_file;
using tests::ProgramInput;
using tests::run_program;
using tests::ServedWinRm;

const std::string user(tests::realm_user);
const std::string password(tests::realm_password);

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

Words with(Words words, const Words& more)
{
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words target(const ServedWinRm& server)
{
    return {"-ComputerName", "localhost", "-Port", std::to_string(server.port())};
}

// A server with NTLM, and icm's way in.
struct NtlmServer {
    explicit NtlmServer(const Words& options = {})
        : server(folder, with({"--ntlm-users", tests::write_ntlm_users(folder)}, options)),
          credentials(credential_file(folder, "credentials", "PSRP\\" + user, password))
    {
    }

    [[nodiscard]] Words access() const
    {
        return with(target(server), {"--credential-file", credentials});
    }
    tests::ProgramResult icm(const Words& words, const ProgramInput& input = {}) const
    {
        return run_program(with(with({tests::program_path("icm")}, access()), words), input);
    }
    tests::ProgramResult session(const Words& words) const
    {
        return run_program(with(with({tests::program_path("psrp"), "session"}, words), access()));
    }

    tests::TemporaryFolder folder;
    ServedWinRm server;
    std::string credentials;
};

// Where Debian's Python keeps pywinrm; other Pythons on PATH need not know it.
std::string python_with_winrm()
{
    for (const std::string python : {"/usr/bin/python3", "python3"}) {
        const auto found = psrp::find_program(python);
        if (!found) continue;
        const auto tried = run_program({*found, "-c", "import winrm, requests_kerberos"});
        if (tried.exit_code == 0) return *found;
    }
    return {};
}

// pywinrm's NTLM wants MD4, which OpenSSL 3 keeps in its legacy provider.
ProgramInput with_legacy_hashes(const tests::TemporaryFolder& folder, const std::string& authority)
{
    ProgramInput input;
    input.environment.emplace_back("REQUESTS_CA_BUNDLE", authority);
    input.environment.emplace_back(
        "OPENSSL_CONF",
        folder.write(
            "openssl.cnf",
            "openssl_conf = init\n[init]\nproviders = both\n[both]\ndefault = on\nlegacy = on\n"
            "[on]\nactivate = 1\n"
        )
    );
    return input;
}

std::string pywinrm_script(const ServedWinRm& server, const std::string& session)
{
    return "import winrm\n"
           "s = winrm.Session('" +
           session.substr(0, session.find('|')) + "://localhost:" + std::to_string(server.port()) +
           "/wsman', " + session.substr(session.find('|') + 1) +
           ")\n"
           "r = s.run_cmd('echo', ['hello', 'two words'])\n"
           "print(r.status_code, r.std_out.decode().strip(), r.std_err)\n"
           "r = s.run_cmd('echo gone >&2; exit 3')\n"
           "print(r.status_code, r.std_out, r.std_err.decode().strip())\n"
           "r = s.run_cmd('head -c 300000 /dev/zero | tr \"\\\\\\\\0\" x')\n"
           "print(r.status_code, len(r.std_out))\n";
}

} // namespace

TEST_CASE("pywinrm runs commands in the command shell with Basic, NTLM and Kerberos")
{
    const std::string python = python_with_winrm();
    if (python.empty()) return tests::report_skip("python3-winrm is not installed");
    const tests::Ways ways;
    const tests::TemporaryFolder folder;
    Words options{"--cmd-shell", "--allow-basic-over-http", "--users", ways.users_file()};
    if (tests::has_ntlm())
        options = with(options, {"--ntlm-users", tests::write_ntlm_users(folder)});
    if (ways.realm() != nullptr) options = with(options, {"--keytab", ways.realm()->keytab()});
    const ServedWinRm plain(folder, options);
    const ServedWinRm secure(
        folder,
        with(options, {"--tls", ways.certificate().certificate_file, ways.certificate().key_file})
    );
    const ServedWinRm clear(folder, with(options, {"--allow-unencrypted"}));
    // Debian's python3-kerberos is without the calls that pywinrm's encryption needs.
    const bool encrypts_kerberos =
        run_program({python, "-c", "import kerberos; kerberos.authGSSWinRMEncryptMessage"})
            .exit_code == 0;
    struct Row {
        const ServedWinRm& server;
        std::string session; // scheme, arguments of winrm.Session
        bool is_possible;
    };
    const std::string login = "auth=('" + user + "', '" + password + "')";
    const std::string domain_login = "auth=('PSRP\\\\" + user + "', '" + password + "')";
    const std::string ticket = "auth=('" + user + "@PSRP.TEST', '')";
    const std::vector<Row> rows{
        {plain, "http|" + login + ", transport='plaintext'", true},
        {secure, "https|" + login + ", transport='ssl'", true},
        {plain,
         "http|" + domain_login + ", transport='ntlm', message_encryption='always'",
         tests::has_ntlm()},
        {plain,
         "http|" + ticket + ", transport='kerberos', message_encryption='always'",
         ways.realm() != nullptr && encrypts_kerberos},
        {clear,
         "http|" + ticket + ", transport='kerberos', message_encryption='never'",
         ways.realm() != nullptr},
    };
    std::string missing;
    for (const Row& row : rows) {
        INFO(row.session);
        if (!row.is_possible) {
            missing += row.session + "; ";
            continue;
        }
        const std::string script = folder.write("run.py", pywinrm_script(row.server, row.session));
        const auto result = run_program(
            {python, script}, with_legacy_hashes(folder, ways.certificate().certificate_file)
        );
        INFO(result.errors << row.server.log());
        CHECK(result.exit_code == 0);
        CHECK(result.output == "0 hello two words b''\n3 b'' gone\n0 300000\n");
    }
    if (!missing.empty()) tests::report_skip(missing + ways.missing());
}

TEST_CASE("curl asks what kind of service it is, without a login")
{
    const auto curl = psrp::find_program("curl");
    if (!curl) return tests::report_skip("curl is not installed");
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const NtlmServer server;
    const std::string identify =
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
        "xmlns:wsmid=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\">"
        "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>";
    const std::string url = "http://localhost:" + std::to_string(server.server.port());
    const auto post = [&](const std::string& path, const std::string& body) {
        return run_program(
            {*curl,
             "-s",
             "-w",
             " %{http_code}",
             "-H",
             "Content-Type: application/soap+xml",
             "-d",
             body,
             url + path}
        );
    };
    const auto known = post("/wsman", identify);
    CHECK(contains(known.output, "ProtocolVersion"));
    CHECK(contains(known.output, " 200"));
    CHECK(contains(post("/wsman-anon/identify", identify).output, " 200"));
    CHECK(post("/wsman", "<other/>").output == " 401");
    CHECK(contains(post("/elsewhere", identify).output, " 404"));
    const auto got = run_program({*curl, "-s", "-w", " %{http_code}", url + "/wsman"});
    CHECK(contains(got.output, " 405"));
}

TEST_CASE("icm runs scripts over WinRM and names what goes wrong")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const NtlmServer server;
    CHECK(server.icm({"-NoInput", "1 + 1"}).output == "2\n");
    CHECK(server.icm({"-NoInput", "-c", "$x = 5", "-c", "$x * 2"}).output == "10\n");
    ProgramInput input;
    input.has_input = true;
    input.input = "a\nb\n";
    CHECK(server.icm({"$input"}, input).output == "a\nb\n");
    const auto failed = server.icm({"-NoInput", "Write-Error oh; 'on'"});
    CHECK(failed.exit_code == 1);
    CHECK(failed.output == "on\n");

    struct Row {
        Words words;
        int exit_code;
        std::string expected; // on standard error
    };
    const std::string wrong =
        credential_file(server.folder, "wrong", "PSRP\\" + user, "not-the-password");
    const std::string port = std::to_string(server.server.port());
    for (const Row& row : {
             Row{{"-ComputerName", "localhost", "-Port", port, "--credential-file", wrong},
                 3,
                 "refused the user name or password"},
             Row{{"-ComputerName", "localhost", "-Port", "1", "--credential-file", wrong},
                 3,
                 "cannot be reached"},
             Row{{"-ComputerName", "nosuch.invalid", "--credential-file", wrong},
                 3,
                 "name is not known"},
             Row{{"-ComputerName",
                  "localhost",
                  "-Port",
                  port,
                  "-Authentication",
                  "Basic",
                  "--credential-file",
                  wrong},
                 3,
                 "Basic over plain HTTP"},
             Row{{"-ComputerName",
                  "localhost",
                  "-Port",
                  port,
                  "-UseSSL",
                  "--credential-file",
                  wrong},
                 3,
                 "no TLS connection"},
             Row{with(server.access(), {"-ConfigurationName", "Nope"}), 3, "session configuration"},
             Row{with(server.access(), {"-ApplicationName", "elsewhere"}), 3, "404"},
             Row{with(server.access(), {"-Authentication", "Credssp"}), 3, "offers Negotiate"},
             Row{with(server.access(), {"-SessionOption", "{\"Nope\": 1}"}), 2, "Nope"},
         }) {
        const auto result =
            run_program(with(with({tests::program_path("icm")}, row.words), {"-NoInput", "1"}));
        INFO(result.errors);
        CHECK(result.exit_code == row.exit_code);
        CHECK(contains(result.errors, row.expected));
        CHECK_FALSE(contains(result.errors + server.server.log(), "not-the-password"));
        CHECK_FALSE(contains(result.errors + server.server.log(), password));
    }
}

TEST_CASE("a password comes from a file, the environment or a descriptor, never the command line")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const NtlmServer server;
    ProgramInput input;
    input.environment.emplace_back("WINRM_SECRET", password);
    const Words who = with(target(server.server), {"-Credential", "PSRP\\" + user, "-NoInput"});
    const auto by_environment = run_program(
        with(with({tests::program_path("icm")}, who), {"--password-env", "WINRM_SECRET", "'in'"}),
        input
    );
    CHECK(by_environment.output == "in\n");
    ProgramInput typed;
    typed.has_input = true;
    typed.input = password + "\n";
    const auto by_descriptor = run_program(
        with(with({tests::program_path("icm")}, who), {"--password-fd", "0", "'in'"}), typed
    );
    CHECK(by_descriptor.output == "in\n");
    const std::string open = server.folder.write("open", "PSRP\\" + user + "\n" + password + "\n");
    std::filesystem::permissions(open, std::filesystem::perms(0644));
    const auto refused = run_program(with(
        with({tests::program_path("icm")}, target(server.server)),
        {"--credential-file", open, "'in'"}
    ));
    CHECK(refused.exit_code == 2);
    CHECK(contains(refused.errors, "can be read by others"));
}

TEST_CASE("large input and output cross envelopes of every size")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    for (const int kib : {8, 150, 500}) {
        INFO(kib);
        const NtlmServer server({"--envelope-kib", std::to_string(kib)});
        const std::string size = "{\"MaxEnvelopeSizeKb\": " + std::to_string(kib) + "}";
        const auto out = server.icm({"-NoInput", "-SessionOption", size, "'z' * 700000"});
        CHECK(out.output == std::string(700'000, 'z') + "\n");
        ProgramInput input;
        input.has_input = true;
        input.input = std::string(600'000, 'q') + "\n";
        const auto in =
            server.icm({"-SessionOption", size, "$input | ForEach-Object { $_.Length }"}, input);
        INFO(in.errors);
        CHECK(in.output == "600000\n");
    }
}

TEST_CASE("a session is left by one process and received by another")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const NtlmServer server;
    const auto left = server.icm(
        {"-NoInput",
         "-InDisconnectedSession",
         "-SessionName",
         "nightly",
         "--output",
         "jsonl",
         "Start-Sleep -Milliseconds 300; 'done'; 'z' * 100000"}
    );
    CHECK(left.exit_code == 0);
    CHECK(contains(left.output, "\"State\":\"Disconnected\""));
    CHECK_FALSE(contains(left.output, "done"));
    CHECK(contains(server.session({"list", "--output", "jsonl"}).output, "\"Name\":\"nightly\""));
    const auto received = server.session({"receive", "nightly"});
    CHECK(received.exit_code == 0);
    CHECK(received.output == "done\n" + std::string(100'000, 'z') + "\n");
    CHECK(server.session({"list"}).output.empty());

    CHECK(server.icm({"-NoInput", "-InDisconnectedSession", "$x = 5"}).exit_code == 0);
    const auto other = server.session({"connect", "Runspace1", "-c", "$x * 2"});
    CHECK(other.output == "10\n");
    CHECK(server.session({"connect", "Runspace1", "-c", "$x * 3"}).output == "15\n");
    CHECK(server.session({"remove", "Runspace1"}).exit_code == 0);
    const auto gone = server.session({"receive", "Runspace1"});
    CHECK(gone.exit_code == 1);
    CHECK(contains(gone.errors, "there is no session Runspace1"));
}

TEST_CASE("a session does not outlive its server, and that is said")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    NtlmServer server;
    CHECK(server.icm({"-NoInput", "-InDisconnectedSession", "1"}).exit_code == 0);
    const int port = server.server.port();
    server.server.kill();
    const auto dead = server.session({"list"});
    CHECK(dead.exit_code == 3);
    CHECK(contains(dead.errors, "cannot be reached"));
    const ServedWinRm again(
        server.folder, {"--ntlm-users", tests::write_ntlm_users(server.folder)}, port
    );
    const auto gone = server.session({"receive", "Runspace1"});
    CHECK(gone.exit_code == 1);
    CHECK(contains(gone.errors, "there is no session Runspace1"));
}
