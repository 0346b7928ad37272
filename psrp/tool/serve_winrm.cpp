#include <psrp/client/interrupts.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/server/hosted_transport.hpp>
#include <psrp/tool/serve_winrm.hpp>
#include <psrp/winrm/listener.hpp>

#include <charconv>
#include <cstdio>
#include <utility>

namespace psrp::tool {

namespace {

constexpr int failure_exit_code = 1;
constexpr int usage_exit_code = 2;

int usage_error(const std::string& text)
{
    std::fprintf(stderr, "psrp serve: %s\n", text.c_str());
    return usage_exit_code;
}

int failure(const HttpFailure& problem)
{
    std::fprintf(stderr, "psrp serve: %s\n", problem.text.c_str());
    return failure_exit_code;
}

// [ADDRESS:]PORT; an IPv6 address in brackets.
bool read_place(std::string_view text, HttpServerOptions& options)
{
    const std::size_t colon = text.rfind(':');
    std::string_view port = text;
    if (colon != std::string_view::npos) {
        std::string_view address = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (address.starts_with('[') && address.ends_with(']')) {
            address = address.substr(1, address.size() - 2);
        }
        if (!address.empty()) options.address = address;
    }
    const auto read = std::from_chars(port.data(), port.data() + port.size(), options.port);
    return read.ec == std::errc() && read.ptr == port.data() + port.size();
}

bool is_loopback(std::string_view address)
{
    return address == "localhost" || address.starts_with("127.") || address == "::1";
}

// What the command line says of logins.
HttpResult<void> settle_logins(const WinRmServeOptions& winrm, HttpServerOptions& options)
{
    if (!winrm.users_file.empty()) {
        auto users = UserFile::read(winrm.users_file);
        if (!users) return tl::unexpected(users.error());
        options.users = std::move(*users);
    } else if (!winrm.pam_service.empty()) {
        options.users = std::make_unique<PamUsers>(winrm.pam_service);
    }
    if (!winrm.keytab.empty() || !winrm.ntlm_users.empty()) {
        auto credential = GssCredential::serve(winrm.keytab, winrm.ntlm_users);
        if (!credential) return tl::unexpected(credential.error());
        options.credential = std::move(*credential);
    }
    if (winrm.has_credssp) {
        auto identity = TlsIdentity::make(options.address);
        if (!identity) return tl::unexpected(identity.error());
        options.credssp_identity = std::move(*identity);
    }
    if (!winrm.certificate_map.empty()) {
        auto users = read_certificate_map(winrm.certificate_map);
        if (!users) return tl::unexpected(users.error());
        options.certificate_users = std::move(*users);
    }
    const auto permission = [](bool is_given) {
        return is_given ? Permission::Yes : Permission::No;
    };
    options.client_authority_file = winrm.client_authority;
    options.basic_in_clear = permission(winrm.allows_basic_over_http);
    options.unencrypted = permission(winrm.allows_unencrypted);
    options.without_channel_binding = permission(!winrm.needs_channel_binding);
    return {};
}

void write_log(
    const server::Log& log, std::string_view event, std::string_view user, std::string_view detail
)
{
    const bool is_warning = event.ends_with("failed");
    std::vector<server::LogField> fields;
    if (!user.empty()) fields.push_back({"user", user});
    if (!detail.empty()) fields.push_back({"detail", detail});
    log.write(
        is_warning ? server::LogLevel::Warning : server::LogLevel::Information, event, fields
    );
}

int serve_until_signal(EventLoop& loop, WinRmListener& listener, const server::Log& log)
{
    const InterruptCatcher interrupts(loop);
    int obeyed = 0;
    while (!listener.is_finished()) {
        if (const auto turned = loop.run_once(); !turned) {
            std::fprintf(stderr, "psrp serve: %s\n", turned.error().text().c_str());
            return failure_exit_code;
        }
        const int count = interrupts.count();
        if (count > 1) break;
        if (count > std::exchange(obeyed, count)) listener.close();
        listener.pump();
    }
    log.write(server::LogLevel::Information, "stopped", {});
    return 0;
}

} // namespace

int serve_winrm(
    const ServeOptions& options,
    EventLoop& loop,
    const ConnectionMaker& connect,
    const server::Log& log
)
{
    const WinRmServeOptions& winrm = options.winrm;
    RandomIds ids;
    WinRmListenerOptions what;
    if (!read_place(winrm.place, what.http)) return usage_error("--winrm takes [ADDRESS:]PORT");
    if (!winrm.tls.empty()) {
        what.http.certificate_file = winrm.tls[0];
        what.http.key_file = winrm.tls[1];
    }
    const bool has_logins = !winrm.users_file.empty() || !winrm.pam_service.empty() ||
                            !winrm.keytab.empty() || !winrm.ntlm_users.empty() ||
                            !winrm.certificate_map.empty();
    if (!has_logins) {
        return usage_error("--winrm needs to know who may come: --users, --pam, --keytab, "
                           "--ntlm-users or --certificate-map");
    }
    const bool has_basic_only = winrm.keytab.empty() && winrm.ntlm_users.empty();
    if (winrm.tls.empty() && has_basic_only && !winrm.allows_basic_over_http) {
        return usage_error("--users over plain HTTP would show passwords to everybody on the way; "
                           "--tls CERTIFICATE KEY mends that, --allow-basic-over-http accepts it");
    }
    if (winrm.has_credssp && has_basic_only) {
        return usage_error("--credssp needs --keytab or --ntlm-users for the login inside");
    }
    if (const auto settled = settle_logins(winrm, what.http); !settled) {
        return failure(settled.error());
    }
    const std::string address = what.http.address;
    if (!is_loopback(address) && winrm.allows_unencrypted) {
        log.write(server::LogLevel::Warning, "unencrypted", {{"address", address}});
    }
    what.exchange.allows_command_shell = winrm.has_command_shell;
    if (winrm.envelope_kib > 0) {
        what.exchange.limits.envelope_bytes_max = winrm.envelope_kib * 1024U;
    }
    what.ids = &ids;
    what.start_shell = [&, number = std::uint64_t{0}](const wsman::ShellRequested&) mutable
        -> Result<std::unique_ptr<Transport>> {
        ++number;
        return server::HostedTransport::start(loop, [&](server::ClientStream stream) {
            return connect(std::move(stream), number);
        });
    };
    what.on_log = [&log](std::string_view event, std::string_view user, std::string_view detail) {
        write_log(log, event, user, detail);
    };
    auto listener = WinRmListener::start(loop, std::move(what));
    if (!listener) return failure(listener.error());
    const std::string port = std::to_string((*listener)->port());
    log.write(server::LogLevel::Information, "listening", {{"address", address}, {"port", port}});
    return serve_until_signal(loop, **listener, log);
}

} // namespace psrp::tool
