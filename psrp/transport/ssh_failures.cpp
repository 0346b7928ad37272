#include <psrp/transport/ssh_failures.hpp>

#include <array>

namespace psrp {
namespace {

struct Row {
    std::string_view text; // somewhere in the line
    TransportErrc code;
};

// The first row that a line holds counts.
// clang-format off
constexpr std::array<Row, 32> rows = {{
    {"Host key verification failed",             TransportErrc::SshHostKeyRefused},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED",   TransportErrc::SshHostKeyRefused},
    {"Host key for ",                            TransportErrc::SshHostKeyRefused},
    {"you have requested strict checking",       TransportErrc::SshHostKeyRefused},
    {"subsystem request failed",                 TransportErrc::SshSubsystemMissing},
    {"Permission denied",                        TransportErrc::SshLoginRefused},
    {"Too many authentication failures",         TransportErrc::SshLoginRefused},
    {"No more authentication methods",           TransportErrc::SshLoginRefused},
    {"no such identity",                         TransportErrc::SshLoginRefused},
    {"Authentication failed",                    TransportErrc::SshLoginRefused},
    {"Could not resolve hostname",               TransportErrc::SshHostUnreachable},
    {"Name or service not known",                TransportErrc::SshHostUnreachable},
    {"Connection refused",                       TransportErrc::SshHostUnreachable},
    {"No route to host",                         TransportErrc::SshHostUnreachable},
    {"Network is unreachable",                   TransportErrc::SshHostUnreachable},
    {"Connection timed out",                     TransportErrc::SshHostUnreachable},
    {"Operation timed out",                      TransportErrc::SshHostUnreachable},
    {"Connection reset by",                      TransportErrc::SshHostUnreachable},
    {"Connection closed by",                     TransportErrc::SshHostUnreachable},
    {"kex_exchange_identification",              TransportErrc::SshHostUnreachable},
    {"banner exchange",                          TransportErrc::SshHostUnreachable},
    {"stdio forwarding failed",                  TransportErrc::SshHostUnreachable},
    {"Unable to negotiate",                      TransportErrc::SshHostUnreachable},
    {"no matching ",                             TransportErrc::SshHostUnreachable},
    {"Bad configuration option",                 TransportErrc::SshOptionRefused},
    {"Unsupported option",                       TransportErrc::SshOptionRefused},
    {"keyword ",                                 TransportErrc::SshOptionRefused},
    {"unsupported option",                       TransportErrc::SshOptionRefused},
    {"missing argument",                         TransportErrc::SshOptionRefused},
    {"extra arguments at end of line",           TransportErrc::SshOptionRefused},
    {"Bad port",                                 TransportErrc::SshOptionRefused},
    {"usage: ssh",                               TransportErrc::SshOptionRefused},
}};
// clang-format on

const char* advice_for(TransportErrc code)
{
    if (code == TransportErrc::SshHostKeyRefused) {
        return "Find out whether the key is the host's, then put it into known_hosts (connect once "
               "with ssh), or name another file with -Options UserKnownHostsFile=FILE.";
    }
    if (code == TransportErrc::SshLoginRefused) {
        return "Check the user (-UserName) and the key (-KeyFilePath); ssh -v shows what was "
               "tried.";
    }
    if (code == TransportErrc::SshSubsystemMissing) {
        return "The host's sshd_config needs the line \"Subsystem powershell /usr/bin/pwsh -sshs\" "
               "(or another name, given with -Subsystem), and sshd has to read it again.";
    }
    if (code == TransportErrc::SshHostUnreachable) {
        return "Check the host's name, its port (-Port) and that sshd runs there.";
    }
    if (code == TransportErrc::SshOptionRefused) return "Check what -Options says.";
    return "";
}

} // namespace

SshFailure explain_ssh_end(std::span<const std::string> lines, bool had_answered)
{
    if (had_answered) return {};
    // What is said last may be no more than "Connection closed": the telling rows stand first.
    for (const Row& row : rows) {
        for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
            if (line->find(row.text) == std::string::npos) continue;
            return {row.code, advice_for(row.code), *line};
        }
    }
    return {};
}

} // namespace psrp
