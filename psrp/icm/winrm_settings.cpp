#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/icm/winrm_settings.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace icm {

namespace {

using nlohmann::json;
using psrp::AuthenticationScheme;

constexpr int http_port = 5985;
constexpr int https_port = 5986;

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

// Milliseconds, as New-PSSessionOption takes them; 0 and below stand for none.
std::optional<std::chrono::milliseconds> milliseconds_of(const json& value)
{
    const auto count = value.get<std::int64_t>();
    if (count <= 0) return std::nullopt;
    return std::chrono::milliseconds(count);
}

std::optional<psrp::wsman::BufferMode> buffer_mode_of(const json& value)
{
    const std::string name = lower_case(value.get<std::string>());
    if (name == "drop") return psrp::wsman::BufferMode::Drop;
    if (name == "block") return psrp::wsman::BufferMode::Block;
    if (name == "none") return std::nullopt;
    throw std::invalid_argument("None, Drop or Block");
}

bool uses_proxy(const json& value)
{
    const std::string name = lower_case(value.get<std::string>());
    if (name == "none" || name == "noproxyserver") return false;
    if (name == "ieconfig" || name == "winhttpconfig" || name == "autodetect") return true;
    throw std::invalid_argument("None, NoProxyServer, AutoDetect, IEConfig or WinHttpConfig");
}

psrp::ProxyScheme proxy_scheme_of(const json& value)
{
    const std::string name = lower_case(value.get<std::string>());
    if (name == "negotiate") return psrp::ProxyScheme::Negotiate;
    if (name == "basic") return psrp::ProxyScheme::Basic;
    if (name == "digest") return psrp::ProxyScheme::Digest;
    throw std::invalid_argument("Negotiate, Basic or Digest");
}

// No secret is on the command line, so that it names a file.
std::shared_ptr<const psrp::Login> proxy_login_of(const json& value)
{
    auto login = read_credential_file(value.get<std::string>(), {}, "ProxyCredential");
    if (!login) throw std::invalid_argument(login.error());
    return std::make_shared<const psrp::Login>(std::move(*login));
}

struct OptionRow {
    const char* name; // in lower case
    void (*set)(SessionOption&, const json&);
};

// clang-format off
constexpr std::array<OptionRow, 24> option_rows = {{
    {"maximumredirection", [](SessionOption& o, const json& v) { o.redirections_max = v.get<int>(); }},
    {"nocompression", [](SessionOption& o, const json& v) { o.no_compression = v.get<bool>(); }},
    {"credsspversionmin", [](SessionOption& o, const json& v) { o.credssp_version_min = v.get<std::uint32_t>(); }},
    {"nomachineprofile", [](SessionOption& o, const json& v) { o.no_machine_profile = v.get<bool>(); }},
    {"culture", [](SessionOption& o, const json& v) { o.culture = v.get<std::string>(); }},
    {"uiculture", [](SessionOption& o, const json& v) { o.ui_culture = v.get<std::string>(); }},
    {"maximumreceivedobjectsize", [](SessionOption& o, const json& v) { o.object_bytes_max = v.get<std::uint64_t>(); }},
    {"outputbufferingmode", [](SessionOption& o, const json& v) { o.buffer_mode = buffer_mode_of(v); }},
    {"maxconnectionretrycount", [](SessionOption& o, const json& v) { o.create_retries_max = v.get<int>(); }},
    {"opentimeout", [](SessionOption& o, const json& v) { o.open_timeout = milliseconds_of(v); }},
    {"canceltimeout", [](SessionOption& o, const json& v) { o.cancel_timeout = milliseconds_of(v); }},
    {"idletimeout", [](SessionOption& o, const json& v) { o.idle_timeout = milliseconds_of(v); }},
    {"idletimeoutmsec", [](SessionOption& o, const json& v) { o.idle_timeout = milliseconds_of(v); }},
    {"operationtimeout", [](SessionOption& o, const json& v) { o.operation_timeout = milliseconds_of(v); }},
    {"proxyaccesstype", [](SessionOption& o, const json& v) { o.uses_proxy = uses_proxy(v); }},
    {"proxyauthentication", [](SessionOption& o, const json& v) { o.proxy_scheme = proxy_scheme_of(v); }},
    {"proxycredential", [](SessionOption& o, const json& v) { o.proxy_login = proxy_login_of(v); }},
    {"skipcacheck", [](SessionOption& o, const json& v) { o.skips_authority_check = v.get<bool>(); }},
    {"skipcncheck", [](SessionOption& o, const json& v) { o.skips_name_check = v.get<bool>(); }},
    {"skiprevocationcheck", [](SessionOption& o, const json& v) { o.skips_revocation_check = v.get<bool>(); }},
    {"noencryption", [](SessionOption& o, const json& v) { o.no_encryption = v.get<bool>(); }},
    {"useutf16", [](SessionOption& o, const json& v) { o.uses_utf16 = v.get<bool>(); }},
    {"includeportinspn", [](SessionOption& o, const json& v) { o.includes_port_in_spn = v.get<bool>(); }},
    {"maxenvelopesizekb", [](SessionOption& o, const json& v) { o.envelope_kib = v.get<std::uint32_t>(); }},
}};
// clang-format on

// Known to New-PSSessionOption, and not here.
constexpr std::array<std::string_view, 2> options_not_taken = {
    "applicationarguments",
    "maximumreceiveddatasizepercommand",
};

// Takes the echo of a terminal away for as long as it lives.
class HiddenTyping {
public:
    explicit HiddenTyping(int terminal) : terminal_(terminal)
    {
        is_hidden_ = ::tcgetattr(terminal_, &before_) == 0;
        if (!is_hidden_) return;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_hidden_ = ::tcsetattr(terminal_, TCSAFLUSH, &hidden) == 0;
    }
    ~HiddenTyping()
    {
        if (is_hidden_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;
    [[nodiscard]] bool is_hidden() const { return is_hidden_; }

private:
    int terminal_;
    termios before_{};
    bool is_hidden_ = false;
};

// The first line of what can be read, without its end.
std::optional<std::string> read_line(int descriptor)
{
    std::string line;
    constexpr std::size_t line_bytes_max = 4096;
    line.reserve(line_bytes_max); // never moved, so that nothing is left behind
    char c = 0;
    bool is_any = false;
    while (line.size() < line_bytes_max) {
        const auto count = ::read(descriptor, &c, 1);
        if (count <= 0) break;
        is_any = true;
        if (c == '\n') break;
        line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    return is_any ? std::optional<std::string>(std::move(line)) : std::nullopt;
}

std::optional<std::string> prompt_password(const std::string& user)
{
    const psrp::Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal.is_open()) return std::nullopt;
    const auto say = [&](const std::string& text) {
        (void)!::write(terminal.number(), text.data(), text.size());
    };
    const HiddenTyping hidden(terminal.number());
    if (!hidden.is_hidden()) return std::nullopt; // nobody types a secret in the open
    say("Password for user " + user + ": ");
    auto line = read_line(terminal.number());
    say("\n");
    return line;
}

bool needs_login(AuthenticationScheme scheme)
{
    return scheme == AuthenticationScheme::Basic || scheme == AuthenticationScheme::Digest;
}

std::string environment_proxy(bool is_https)
{
    for (const char* name : {is_https ? "https_proxy" : "http_proxy", "all_proxy"}) {
        if (const char* value = std::getenv(name)) return value;
    }
    return {};
}

} // namespace

tl::expected<psrp::Login, std::string>
read_credential_file(const std::string& path, const std::string& user, const std::string& option)
{
    struct stat status {};
    const psrp::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open() || ::fstat(file.number(), &status) != 0) {
        return tl::unexpected<std::string>(option + ": " + path + " cannot be read");
    }
    if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
        return tl::unexpected<std::string>(
            option + ": " + path + " can be read by others (chmod 600 mends that)"
        );
    }
    auto first = read_line(file.number());
    auto second = read_line(file.number());
    if (!first) return tl::unexpected<std::string>(option + ": " + path + " is empty");
    if (second) return psrp::Login(std::move(*first), std::move(*second));
    if (user.empty()) {
        clixml::wipe(*first);
        return tl::unexpected<std::string>(option + ": " + path + " names no user");
    }
    return psrp::Login(user, std::move(*first));
}

tl::expected<SessionOption, std::string> read_session_option(std::string_view text)
{
    SessionOption option;
    const json read = json::parse(text, nullptr, false);
    if (!read.is_object()) return tl::unexpected<std::string>("-SessionOption takes a JSON object");
    for (const auto& [name, value] : read.items()) {
        const std::string lower = lower_case(name);
        const auto row =
            std::find_if(option_rows.begin(), option_rows.end(), [&](const OptionRow& one) {
                return lower == one.name;
            });
        if (row == option_rows.end()) {
            const bool is_known =
                std::find(options_not_taken.begin(), options_not_taken.end(), lower) !=
                options_not_taken.end();
            return tl::unexpected<std::string>(
                "-SessionOption: " + name +
                (is_known ? " is not supported" : " is no option of New-PSSessionOption")
            );
        }
        try {
            row->set(option, value);
        } catch (const json::exception&) {
            return tl::unexpected<std::string>(
                "-SessionOption: " + name + " has no value that fits"
            );
        } catch (const std::invalid_argument& problem) {
            return tl::unexpected<std::string>(
                "-SessionOption: " + name + " has no value that fits: " + problem.what()
            );
        }
    }
    const bool has_proxy_words =
        option.proxy_login != nullptr || option.proxy_scheme != psrp::ProxyScheme::Any;
    if (has_proxy_words && !option.uses_proxy) {
        return tl::unexpected<std::string>(
            "-SessionOption: a proxy's login needs a ProxyAccessType other than None"
        );
    }
    if (option.redirections_max < 0 || option.create_retries_max < 0) {
        return tl::unexpected<std::string>("-SessionOption: counts are not negative");
    }
    return option;
}

std::optional<AuthenticationScheme> read_authentication(std::string_view name)
{
    struct Row {
        std::string_view name;
        AuthenticationScheme scheme;
    };
    constexpr std::array<Row, 9> rows = {{
        {"Default", AuthenticationScheme::Default},
        {"Basic", AuthenticationScheme::Basic},
        {"Negotiate", AuthenticationScheme::Negotiate},
        {"NegotiateWithImplicitCredential", AuthenticationScheme::Negotiate},
        {"Credssp", AuthenticationScheme::CredSsp},
        {"Digest", AuthenticationScheme::Digest},
        {"Kerberos", AuthenticationScheme::Kerberos},
        {"Ntlm", AuthenticationScheme::Ntlm},
        {"Certificate", AuthenticationScheme::Certificate},
    }};
    for (const Row& row : rows) {
        if (clixml::equal_ignoring_case(row.name, name)) return row.scheme;
    }
    return std::nullopt;
}

std::string winrm_url(const std::string& computer, const WinRmSettings& settings)
{
    std::string host = computer == "." ? "localhost" : computer;
    if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
    const int port =
        settings.port != 0 ? settings.port : (settings.uses_tls ? https_port : http_port);
    std::string path = settings.application.empty() ? "wsman" : settings.application;
    if (path.starts_with('/')) path.erase(0, 1);
    return std::string(settings.uses_tls ? "https" : "http") + "://" + host + ":" +
           std::to_string(port) + "/" + path;
}

tl::expected<std::shared_ptr<psrp::Identity>, std::string>
winrm_identity(const WinRmSettings& settings)
{
    const auto as = [](psrp::Login login) {
        return std::make_shared<psrp::Identity>(std::move(login));
    };
    if (!settings.credential_file.empty()) {
        auto login = read_credential_file(settings.credential_file, settings.user);
        if (!login) return tl::unexpected(login.error());
        return as(std::move(*login));
    }
    // With a client certificate a password is that of its key.
    const bool has_certificate = !settings.certificate_file.empty();
    const bool has_password =
        settings.password_descriptor >= 0 || !settings.password_variable.empty();
    if (settings.user.empty() && !(has_certificate && has_password)) {
        if (needs_login(settings.authentication)) {
            return tl::unexpected<std::string>("-Authentication of this kind needs -Credential");
        }
        return std::make_shared<psrp::Identity>();
    }
    if (settings.password_descriptor >= 0) {
        auto password = read_line(settings.password_descriptor);
        if (!password) return tl::unexpected<std::string>("--password-fd: nothing can be read");
        return as(psrp::Login(settings.user, std::move(*password)));
    }
    if (!settings.password_variable.empty()) {
        const char* value = std::getenv(settings.password_variable.c_str());
        if (value == nullptr) {
            return tl::unexpected<std::string>(
                "--password-env: there is no " + settings.password_variable
            );
        }
        auto identity = as(psrp::Login(settings.user, value));
        ::unsetenv(settings.password_variable.c_str()); // children need not know it
        return identity;
    }
    auto password = prompt_password(settings.user);
    if (!password) {
        return tl::unexpected<std::string>(
            "there is no terminal to ask for the password: give --credential-file, --password-env "
            "or --password-fd"
        );
    }
    return as(psrp::Login(settings.user, std::move(*password)));
}

psrp::ChannelOptions channel_options(
    const std::string& url, const WinRmSettings& settings, std::shared_ptr<psrp::Identity> identity
)
{
    const auto check = [](bool skips) { return skips ? psrp::Check::Skip : psrp::Check::Yes; };
    const SessionOption& session = settings.session_option;
    psrp::ChannelOptions channel;
    channel.connection.url = url;
    channel.connection.tls.authority = check(session.skips_authority_check);
    channel.connection.tls.name = check(session.skips_name_check);
    channel.connection.tls.revocation = check(session.skips_revocation_check);
    channel.connection.tls.authority_file = settings.authority_file;
    channel.connection.tls.certificate_file = settings.certificate_file;
    channel.connection.tls.key_file = settings.certificate_key_file;
    if (!settings.certificate_file.empty() && identity->login() != nullptr)
        channel.connection.tls.key_password = identity->login()->password();
    if (session.open_timeout) channel.connection.connect_timeout = *session.open_timeout;
    if (session.uses_proxy) {
        channel.connection.proxy.url = environment_proxy(url.starts_with("https"));
        channel.connection.proxy.scheme = session.proxy_scheme;
        if (session.proxy_login) {
            channel.connection.proxy.user = session.proxy_login->user();
            channel.connection.proxy.password = session.proxy_login->password();
        }
    }
    channel.scheme = settings.authentication;
    if (channel.scheme == AuthenticationScheme::Digest && identity->login() != nullptr) {
        channel.connection.uses_digest = true;
        channel.connection.user = identity->login()->user();
        channel.connection.password = identity->login()->password();
    }
    channel.identity = std::move(identity);
    if (session.no_encryption) channel.encryption = psrp::MessageEncryption::Never;
    if (session.uses_utf16) channel.text = psrp::MessageText::Utf16;
    channel.allows_basic_in_clear = settings.allows_basic_in_clear;
    channel.names_port = session.includes_port_in_spn;
    channel.delegates = settings.delegates;
    channel.credssp_version_min = session.credssp_version_min;
    return channel;
}

psrp::WinRmOptions transport_options(
    const std::string& url,
    const WinRmSettings& settings,
    std::shared_ptr<psrp::Identity> identity,
    psrp::IdSource& ids
)
{
    const SessionOption& session = settings.session_option;
    psrp::WinRmOptions options;
    options.ids = &ids;
    options.compresses = !session.no_compression;
    options.requests.channel = channel_options(url, settings, std::move(identity));
    options.redirections_max = settings.allows_redirection ? session.redirections_max : 0;
    psrp::wsman::ClientExchangeOptions& exchange = options.exchange;
    exchange.url = url;
    if (!settings.configuration.empty()) exchange.configuration = settings.configuration;
    if (!settings.session_name.empty()) exchange.shell_name = settings.session_name;
    exchange.idle_timeout = session.idle_timeout;
    exchange.buffer_mode = session.buffer_mode;
    if (!session.culture.empty()) exchange.culture = session.culture;
    if (!session.ui_culture.empty()) exchange.ui_culture = session.ui_culture;
    exchange.uses_utf16 = session.uses_utf16;
    exchange.no_machine_profile = session.no_machine_profile;
    if (session.operation_timeout) exchange.operation_timeout = *session.operation_timeout;
    if (session.envelope_kib) exchange.envelope_bytes_max = *session.envelope_kib * 1024;
    exchange.create_retries_max = static_cast<std::uint32_t>(session.create_retries_max);
    return options;
}

} // namespace icm
