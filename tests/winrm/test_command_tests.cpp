// psrp test: broken set-ups, and the step and the remedy that it names (fact sheet transports B,
// C).
#include <psrp/http/errors.hpp>
#include <psrp/icm/remedies.hpp>
#include <psrp/wsman/errors.hpp>
#include <tests/http/realm.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/support/skip.hpp>
#include <tests/winrm/fixed_answer.hpp>
#include <tests/winrm/served_programs.hpp>

#include <catch2/catch.hpp>

#include <crypt.h>
#include <sstream>

namespace {

using Words = std::vector<std::string>;
using tests::FixedAnswer;
using tests::ServedWinRm;

const std::string password(tests::realm_password);

tests::ProgramResult run_test(const Words& words)
{
    Words all{tests::program_path("psrp"), "test"};
    all.insert(all.end(), words.begin(), words.end());
    return tests::run_program(all);
}

struct Row {
    const char* name;
    Words words;
    std::string step;
    std::string remedy; // a part of it
};

void check(const Row& row)
{
    const auto result = run_test(row.words);
    INFO(row.name << "\n" << result.output << result.errors);
    CHECK(result.exit_code == 3);
    std::istringstream lines(result.output);
    std::string failed;
    std::string remedy;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string step;
        std::string state;
        words >> step >> state;
        if (state == "FAILED") failed = step;
        if (step == "to") remedy = line;
        if (failed.empty() && step != "localhost:")
            CHECK((state == "ok" || state == "-" || state.starts_with("http")));
    }
    CHECK(failed == row.step);
    CHECK(remedy.find(row.remedy) != std::string::npos);
    CHECK((result.output + result.errors).find(password) == std::string::npos);
}

// Listeners with every kind of login that needs no KDC, with and without TLS.
struct SetUp {
    SetUp()
    {
        crypt_data room{};
        users = folder.write(
            "users", "alice:" + std::string(crypt_r(password.c_str(), "$6$salt", &room)) + "\n"
        );
        good = tests::credential_file(folder, "good", "alice", password);
        wrong = tests::credential_file(folder, "wrong", "alice", "not-the-secret");
        REQUIRE(tests::make_certificate(folder, "localhost", certificate));
        tls = std::make_unique<ServedWinRm>(
            folder,
            Words{"--tls", certificate.certificate_file, certificate.key_file, "--users", users}
        );
        plain = std::make_unique<ServedWinRm>(
            folder, Words{"--users", users, "--allow-basic-over-http"}
        );
    }

    [[nodiscard]] static std::string port(const std::unique_ptr<ServedWinRm>& server)
    {
        return std::to_string(server->port());
    }
    // Over TLS with the right authority and the right password.
    [[nodiscard]] Words way_in(const Words& more) const
    {
        Words words{"localhost", "-Port", port(tls), "-UseSSL", "-Authentication", "Basic"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    tests::TemporaryFolder folder;
    tests::TestCertificate certificate;
    std::string users;
    std::string good;
    std::string wrong;
    std::unique_ptr<ServedWinRm> tls;
    std::unique_ptr<ServedWinRm> plain;
};

bool has_openssl()
{
    const tests::TemporaryFolder folder;
    tests::TestCertificate certificate;
    return tests::make_certificate(folder, "localhost", certificate);
}

} // namespace

TEST_CASE("psrp test names the step that fails, and the remedy, of set-ups that are broken")
{
    if (!has_openssl()) return tests::report_skip("openssl is not installed");
    const SetUp set;
    const FixedAnswer ssh("SSH-2.0-OpenSSH_9.2p1\r\n");
    const FixedAnswer web(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    );
    const FixedAnswer busy("HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nbusy\n");
    const FixedAnswer silent("");
    const std::string closed = std::to_string(tests::free_port());
    const std::string tls = SetUp::port(set.tls);
    const std::string plain = SetUp::port(set.plain);
    const std::string ca = set.certificate.certificate_file;
    const Words basic{"-Authentication", "Basic", "--credential-file", set.good};
    const auto basic_at = [&](const std::string& port, const Words& more = {}) {
        Words words{"localhost", "-Port", port};
        words.insert(words.end(), basic.begin(), basic.end());
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    for (const Row& row : {
             Row{"no such name", {"nosuch.invalid"}, "name", "DNS"},
             Row{"nobody listens", {"localhost", "-Port", closed}, "port", "Enable-PSRemoting"},
             Row{"an SSH server's port", basic_at(ssh.port()), "identify", "speaks no HTTP"},
             Row{"a web server's port", basic_at(web.port()), "identify", "not WinRM"},
             Row{"a server in trouble", basic_at(busy.port()), "identify", "in trouble"},
             Row{"nobody answers",
                 basic_at(silent.port(), {"-ConnectingTimeout", "1000"}),
                 "identify",
                 "does not answer"},
             Row{"nobody begins TLS",
                 basic_at(silent.port(), {"-UseSSL", "-ConnectingTimeout", "1000"}),
                 "TLS",
                 "does not begin TLS"},
             Row{"HTTP at the HTTPS port", basic_at(tls), "identify", "-UseSSL"},
             Row{"HTTPS at the HTTP port", basic_at(plain, {"-UseSSL"}), "TLS", "-UseSSL out"},
             Row{"a certificate that nobody signed",
                 set.way_in({"--credential-file", set.good}),
                 "TLS",
                 "SkipCACheck"},
             Row{"a certificate for another name",
                 {"127.0.0.1",
                  "-Port",
                  tls,
                  "-UseSSL",
                  "--certificate-authority",
                  ca,
                  "--credential-file",
                  set.good,
                  "-Authentication",
                  "Basic"},
                 "TLS",
                 "SkipCNCheck"},
             Row{"a file of authorities that is none",
                 set.way_in(
                     {"--credential-file", set.good, "--certificate-authority", "/nowhere/at/all"}
                 ),
                 "TLS",
                 "PEM"},
             Row{"another path",
                 set.way_in(
                     {"--credential-file",
                      set.good,
                      "--certificate-authority",
                      ca,
                      "-ApplicationName",
                      "other"}
                 ),
                 "identify",
                 "-ApplicationName"},
             Row{"a wrong password",
                 set.way_in({"--credential-file", set.wrong, "--certificate-authority", ca}),
                 "authentication",
                 "Check user and password"},
             Row{"Basic over HTTP", basic_at(plain), "authentication", "Use -UseSSL"},
             Row{"a certificate over HTTP",
                 {"localhost",
                  "-Port",
                  plain,
                  "-Authentication",
                  "Certificate",
                  "--credential-file",
                  set.good},
                 "authentication",
                 "needs -UseSSL"},
             Row{"a session configuration that is not there",
                 set.way_in(
                     {"--credential-file",
                      set.good,
                      "--certificate-authority",
                      ca,
                      "-ConfigurationName",
                      "Nope"}
                 ),
                 "shell",
                 "Get-PSSessionConfiguration"},
         })
        check(row);
    const auto whole =
        run_test(set.way_in({"--credential-file", set.good, "--certificate-authority", ca}));
    INFO(whole.output);
    CHECK(whole.exit_code == 0);
    CHECK(whole.output.find("1+1 is 2") != std::string::npos);
    CHECK(whole.output.find("FAILED") == std::string::npos);
    const tests::TemporaryFolder reports;
    tests::write_ntlm_users(reports); // so that what sanitizers find in gss-ntlmssp is passed over
    check(
        {"a way that is not offered",
         {"localhost",
          "-Port",
          tls,
          "-UseSSL",
          "--certificate-authority",
          ca,
          "-Authentication",
          "Credssp",
          "--credential-file",
          set.good},
         "authentication",
         "Enable-WSManCredSSP"}
    );
}

TEST_CASE("psrp test finds what is wrong behind the login")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    const Words ntlm{"--ntlm-users", tests::write_ntlm_users(folder), "--credssp"};
    const auto good = tests::credential_file(folder, "good", "PSRP\\alice", password);
    const auto wrong = tests::credential_file(folder, "wrong", "PSRP\\alice", "not-the-secret");
    const ServedWinRm server(folder, ntlm);
    Words dead = ntlm;
    dead.insert(dead.end(), {"--bridge", "false"});
    const ServedWinRm bridge(folder, dead);
    const auto at = [&](const ServedWinRm& one, const std::string& credentials, const Words& more) {
        Words words{
            "localhost", "-Port", std::to_string(one.port()), "--credential-file", credentials};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    for (const Row& row : {
             Row{"a wrong password",
                 at(server, wrong, {"-Authentication", "Ntlm"}),
                 "authentication",
                 "Check user and password"},
             Row{"a wrong password inside CredSSP",
                 at(server, wrong, {"-Authentication", "Credssp"}),
                 "authentication",
                 "Check user and password"},
             Row{"messages in the clear",
                 at(server, good, {"-SessionOption", "{\"NoEncryption\": true}"}),
                 "authentication",
                 "leave NoEncryption out"},
             Row{"a way that is not offered",
                 at(server, good, {"-Authentication", "Digest"}),
                 "authentication",
                 ""},
             Row{"an endpoint that cannot start", at(bridge, good, {}), "shell", "--bridge"},
         })
        check(row);
    for (const char* scheme : {"Ntlm", "Negotiate", "Credssp"}) {
        const auto whole = run_test(at(server, good, {"-Authentication", scheme}));
        INFO(whole.output);
        CHECK(whole.exit_code == 0);
    }
}

TEST_CASE("every mistake that users make has a remedy")
{
    using psrp::HttpErrc;
    for (int code = static_cast<int>(HttpErrc::HostUnknown);
         code <= static_cast<int>(HttpErrc::PasswordRefused);
         ++code) {
        const auto known = static_cast<HttpErrc>(code);
        // What a peer does wrong by itself has none.
        if (known == HttpErrc::ResponseTooLarge || known == HttpErrc::MalformedChallenge ||
            known == HttpErrc::SchemeNotSupported)
            continue;
        INFO(make_error_code(known).message());
        const clixml::Error error{known, clixml::no_offset, ""};
        CHECK_FALSE(icm::remedy_for(icm::TestStep::Authentication, error).empty());
    }
}
