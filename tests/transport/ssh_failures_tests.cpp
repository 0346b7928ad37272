#include <psrp/transport/ssh_failures.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;

TEST_CASE("ssh's last words name the step that failed")
{
    using enum TransportErrc;
    struct Row {
        std::vector<std::string> lines;
        TransportErrc code;
        std::size_t line; // the one that says so
    };
    const Row rows[] = {
        {{"No ED25519 host key is known for [127.0.0.1]:1 and you have requested strict checking.",
          "Host key verification failed."},
         SshHostKeyRefused,
         1},
        {{"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
          "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!",
          "Host key for [127.0.0.1]:1 has changed and you have requested strict checking.",
          "Host key verification failed."},
         SshHostKeyRefused,
         3},
        {{"u@h: Permission denied (publickey,password)."}, SshLoginRefused, 0},
        {{"Received disconnect from ::1 port 22:2: Too many authentication failures",
          "Disconnected from ::1 port 22"},
         SshLoginRefused,
         0},
        {{"Permission denied, please try again.",
          "u@h: Permission denied (password).",
          "Connection closed by h port 22"},
         SshLoginRefused,
         1},
        {{"banner", "subsystem request failed on channel 0"}, SshSubsystemMissing, 1},
        {{"ssh: Could not resolve hostname h: Name or service not known"}, SshHostUnreachable, 0},
        {{"ssh: connect to host h port 22: Connection refused"}, SshHostUnreachable, 0},
        {{"ssh: connect to host h port 22: No route to host"}, SshHostUnreachable, 0},
        {{"ssh: connect to host h port 22: Connection timed out"}, SshHostUnreachable, 0},
        {{"kex_exchange_identification: Connection closed by remote host",
          "Connection closed by 127.0.0.1 port 1"},
         SshHostUnreachable,
         1},
        {{"kex_exchange_identification: banner line contains invalid characters"},
         SshHostUnreachable,
         0},
        {{"Unable to negotiate with ::1 port 22: no matching host key type found."},
         SshHostUnreachable,
         0},
        {{"command-line: line 0: Bad configuration option: nosuch"}, SshOptionRefused, 0},
        {{"command-line line 0: unsupported option \"maybe\"."}, SshOptionRefused, 0},
    };
    for (const Row& row : rows) {
        INFO(row.lines.back());
        const SshFailure failure = explain_ssh_end(row.lines, false);
        CHECK(failure.code == row.code);
        CHECK(failure.line == row.lines[row.line]);
        CHECK_FALSE(failure.advice.empty());
        // The same words from a script that runs are no reason for the end.
        CHECK(explain_ssh_end(row.lines, true).code == SshTerminated);
    }
}

TEST_CASE("where ssh says nothing known its end is abrupt")
{
    for (const auto& lines :
         {std::vector<std::string>{}, std::vector<std::string>{"a banner", "and more"}}) {
        const SshFailure failure = explain_ssh_end(lines, false);
        CHECK(failure.code == TransportErrc::SshTerminated);
        CHECK(failure.line.empty());
        CHECK(failure.advice.empty());
    }
}
