#include <psrp/http/errors.hpp>
#include <psrp/icm/remedies.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/wsman/errors.hpp>
#include <psrp/wsman/fault.hpp>

#include <algorithm>
#include <iterator>
#include <optional>

namespace icm {

namespace {

using psrp::HttpErrc;
namespace wsman = psrp::wsman;

struct Row {
    std::error_code error;
    std::optional<TestStep> step; // none: any
    std::string_view remedy;
};

// clang-format off
const Row rows[] = {
    {HttpErrc::HostUnknown, {}, "Check the spelling and the DNS server; an address works as well, with NTLM instead of Kerberos."},
    {HttpErrc::ConnectFailed, {}, "Check that WinRM runs there (Enable-PSRemoting; winrm enumerate winrm/config/listener; psrp serve --winrm), that it is this port (5985 HTTP, 5986 HTTPS), and the firewall."},
    {HttpErrc::ConnectTimedOut, TestStep::Tls, "Somebody listens and does not begin TLS: check that it is WinRM's HTTPS listener that has this port (5986), and that large packets pass."},
    {HttpErrc::ConnectTimedOut, {}, "A firewall drops the connection, or the computer is off: allow TCP 5985 (HTTP) or 5986 (HTTPS) to it."},
    {HttpErrc::OperationTimedOut, {}, "Somebody listens and does not answer: check that it is WinRM that has this port, and how busy the computer is."},
    {HttpErrc::ConnectionCut, TestStep::Identify, "This may be the HTTPS port: add -UseSSL, or take the HTTP port (5985)."},
    {HttpErrc::ConnectionCut, {}, "The server hung up: its event log or journal says why."},
    {HttpErrc::MalformedHttp, {}, "What listens on this port speaks no HTTP: give WinRM's port with -Port."},
    {HttpErrc::TlsFailed, TestStep::Tls, "No TLS on this port: leave -UseSSL out, take the HTTPS port (5986), or make an HTTPS listener with a certificate."},
    {HttpErrc::TlsFailed, {}, "The TLS inside CredSSP failed: something on the way changes the headers of HTTP."},
    {HttpErrc::CertificateUntrusted, {}, "Give the authority that signed the server's certificate with --certificate-authority; where you know the server otherwise, -SessionOption '{\"SkipCACheck\": true}'. An expired certificate has to be renewed."},
    {HttpErrc::CertificateNameMismatch, {}, "Use the name that is in the certificate; -SessionOption '{\"SkipCNCheck\": true}' does without."},
    {HttpErrc::AuthorityFileUnusable, {}, "The file with authorities must be readable and PEM."},
    {HttpErrc::ClientCertificateUnusable, {}, "The client's certificate and key must be readable PEM files that belong together."},
    {HttpErrc::ProxyFailed, {}, "Check the proxy, or leave ProxyAccessType out."},
    {HttpErrc::InvalidUrl, {}, "A -ConnectionUri begins with http:// or https://."},
    {HttpErrc::LoginRefused, {}, "Check user and password, their form (DOMAIN\\user, COMPUTER\\user for a local one, user@REALM), that the account is neither locked nor expired, and that it may log on over the network."},
    {HttpErrc::SchemeNotOffered, {}, "Choose one of the offered ways with -Authentication, or switch this one on at the server: winrm set winrm/config/service/auth; psrp serve --users, --keytab, --ntlm-users, --credssp; Enable-WSManCredSSP."},
    {HttpErrc::TooManyRounds, {}, "Something between ends connections that a login belongs to: a proxy must keep them."},
    {HttpErrc::ServerNotAuthenticated, {}, "What answers cannot prove to be this server: check the name, and who answers under it."},
    {HttpErrc::BasicRefused, {}, "Use -UseSSL, or another -Authentication: Basic over HTTP shows the password to everybody on the way."},
    {HttpErrc::CredentialMissing, {}, "Give -Credential or --credential-file."},
    {HttpErrc::CertificateNeedsTls, {}, "A client's certificate needs -UseSSL."},
    {HttpErrc::TicketMissing, {}, "Get a ticket with kinit, or give -Credential."},
    {HttpErrc::TicketExpired, {}, "Get a new ticket with kinit."},
    {HttpErrc::ClockSkew, {}, "Set the clocks: Kerberos allows five minutes of difference."},
    {HttpErrc::RealmUnreachable, {}, "Check realm, KDC and DNS in krb5.conf; -Authentication Ntlm does without Kerberos."},
    {HttpErrc::PrincipalUnknown, {}, "The realm has no such user: check name and realm (user@REALM, the realm in capitals)."},
    {HttpErrc::ServiceUnknown, {}, "The realm has no HTTP/HOST for this name: use the computer's full name, or set its SPN (setspn -S HTTP/HOST COMPUTER)."},
    {HttpErrc::PasswordRefused, {}, "The password is wrong, or has expired."},
    {HttpErrc::SecurityFailed, {}, "Without a Kerberos realm, -Authentication Ntlm needs the package gss-ntlmssp and DOMAIN\\user or COMPUTER\\user."},
    {HttpErrc::CredSspTooOld, {}, "Update the server: CredSSP before version 5 can be impersonated. -SessionOption '{\"CredSspVersionMin\": 2}' accepts it."},
    {HttpErrc::CredSspBindingMismatch, {}, "Somebody ends TLS on the way: do not log in there before you know who."},
    {wsman::Errc::AccessDenied, {}, "The account must be in Remote Management Users or Administrators there; local administrators other than Administrator need LocalAccountTokenFilterPolicy = 1."},
    {wsman::Errc::InvalidResourceUri, {}, "There is no such session configuration: Get-PSSessionConfiguration lists them; Enable-PSRemoting makes the usual ones."},
    {wsman::Errc::NotSoap, {}, "What answers is a web server, not WinRM: check port and -ApplicationName (wsman)."},
    {wsman::Errc::TooManyShells, {}, "Sessions were left there: psrp session list, then remove; or raise MaxShellsPerUser."},
    {wsman::Errc::PluginFailed, {}, "The server could not start what runs scripts: its log says why; psrp serve --bridge must name a program that is there."},
};
// clang-format on

} // namespace

std::string_view name_of(TestStep step)
{
    switch (step) {
    case TestStep::Name:
        return "name";
    case TestStep::Port:
        return "port";
    case TestStep::Tls:
        return "TLS";
    case TestStep::Identify:
        return "identify";
    case TestStep::Authentication:
        return "authentication";
    case TestStep::Shell:
        return "shell";
    case TestStep::Command:
        return "command";
    }
    return "";
}

std::string_view remedy_for(TestStep step, const clixml::Error& error)
{
    const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) {
        return error == one.error && (!one.step || *one.step == step);
    });
    if (row != std::end(rows)) return row->remedy;
    if (error.code.category() == wsman::error_category()) {
        for (const auto& fault : wsman::fault_rows()) {
            if (error == fault.error && !fault.advice.empty()) return fault.advice;
        }
    }
    if (step == TestStep::Shell) {
        return "The session ended before it was open: the server's log says why; psrp serve "
               "--bridge must name a program that speaks PSRP.";
    }
    return "";
}

std::string_view remedy_for_status(TestStep step, int status)
{
    constexpr int forbidden = 403;
    constexpr int not_found = 404;
    if (status == not_found) {
        return "There is nothing at this path: -ApplicationName is wsman unless somebody changed "
               "it, and a -ConnectionUri ends with it.";
    }
    if (status == forbidden && step != TestStep::Identify) {
        return "The server wants messages encrypted: leave NoEncryption out, use -UseSSL, or set "
               "AllowUnencrypted there.";
    }
    if (status / 100 == 5) return "The server, or a proxy before it, is in trouble: see its log.";
    return "What answers is perhaps a proxy or another web server: check port and path.";
}

} // namespace icm
