#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/challenge.hpp>
#include <psrp/http/channel_binding.hpp>
#include <psrp/http/client_channel.hpp>
#include <psrp/http/credssp.hpp>
#include <psrp/http/detail/curl_library.hpp>

namespace psrp {

namespace {

constexpr const char* utf8_type = "application/soap+xml;charset=UTF-8";
constexpr const char* utf16_type = "application/soap+xml;charset=UTF-16";
constexpr const char* certificate_authorization =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
constexpr int unauthorized = 401;

// Host and port of a URL.
struct UrlPlace {
    std::string host;
    int port = 0;
};

UrlPlace place_of(const std::string& url)
{
    UrlPlace place;
    if (detail::curl_library() == nullptr) return place;
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> read(
        detail::curl().url(), detail::curl().url_cleanup
    );
    if (detail::curl().url_set(read.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return place;
    char* text = nullptr;
    if (detail::curl().url_get(read.get(), CURLUPART_HOST, &text, 0) == CURLUE_OK) {
        place.host = text;
        detail::curl().free(text);
    }
    if (detail::curl().url_get(read.get(), CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) ==
        CURLUE_OK) {
        place.port = std::atoi(text);
        detail::curl().free(text);
    }
    if (place.host.starts_with('[') && place.host.ends_with(']')) {
        place.host = place.host.substr(1, place.host.size() - 2);
    }
    return place;
}

// Whether tokens are exchanged, and messages can be encrypted.
bool has_context(AuthenticationScheme scheme)
{
    return scheme == AuthenticationScheme::Negotiate || scheme == AuthenticationScheme::Kerberos ||
           scheme == AuthenticationScheme::Ntlm || scheme == AuthenticationScheme::CredSsp;
}

EncryptionProtocol protocol_of(AuthenticationScheme scheme)
{
    if (scheme == AuthenticationScheme::Kerberos) return EncryptionProtocol::Kerberos;
    if (scheme == AuthenticationScheme::CredSsp) return EncryptionProtocol::CredSsp;
    return EncryptionProtocol::Spnego;
}

GssMechanism mechanism_of(AuthenticationScheme scheme)
{
    if (scheme == AuthenticationScheme::Kerberos) return GssMechanism::Kerberos;
    if (scheme == AuthenticationScheme::Ntlm) return GssMechanism::Ntlm;
    return GssMechanism::Negotiate;
}

std::vector<Challenge> challenges_of(const HttpResponse& response)
{
    std::vector<Challenge> all;
    for (const auto& [name, value] : response.headers) {
        if (!clixml::equal_ignoring_case(name, "WWW-Authenticate")) continue;
        const auto some = read_challenges(value);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

// Why Kerberos cannot be used to reach a service; empty where it can.
std::string kerberos_obstacle(Identity& identity, GssInitiatorOptions initiator)
{
    initiator.mechanism = GssMechanism::Kerberos;
    auto credential = identity.credential(GssMechanism::Kerberos);
    if (!credential) return credential.error().text;
    initiator.credential = *credential;
    auto context = GssContext::initiate(initiator);
    if (!context) return context.error().text;
    const auto token = context->step({});
    return token ? std::string() : token.error().text;
}

// "Negotiate, Basic", each once.
std::string schemes_of(const HttpResponse& response)
{
    std::string text;
    for (const Challenge& challenge : challenges_of(response)) {
        const std::string name(challenge.scheme.substr(0, 40));
        if (text.find(name) != std::string::npos) continue;
        text += (text.empty() ? "" : ", ") + name;
    }
    return text.empty() ? "nothing" : text;
}

} // namespace

HttpResult<const GssCredential*> Identity::credential(GssMechanism mechanism)
{
    if (!login_) return nullptr;
    const auto found = credentials_.find(mechanism);
    if (found != credentials_.end()) return &found->second;
    auto made = GssCredential::log_in(mechanism, *login_);
    if (!made) return tl::unexpected(made.error());
    return &credentials_.emplace(mechanism, std::move(*made)).first->second;
}

struct HttpChannel::Impl {
    enum class Phase : std::uint8_t { Idle, Probe, Tokens, Message };

    explicit Impl(ChannelOptions given)
        : options(std::move(given)), connection(options.connection),
          place(place_of(options.connection.url))
    {
        scheme = options.scheme;
        if (scheme == AuthenticationScheme::Default) {
            scheme = options.connection.tls.certificate_file.empty()
                         ? AuthenticationScheme::Negotiate
                         : AuthenticationScheme::Certificate;
        }
        const bool is_wanted =
            options.encryption == MessageEncryption::Always ||
            (options.encryption == MessageEncryption::Automatic && !connection.is_secure());
        encrypts = has_context(scheme) && is_wanted;
    }

    HttpResult<void> check() const;
    void begin();
    void begin_tokens();
    HttpResult<void> make_context(GssInitiatorOptions initiator);
    void send_token(BytesView token);
    void send_message();
    void send(std::string body, const std::string& type, const std::string& authorization);
    void advance();
    void on_probe(HttpResponse response);
    void on_tokens(HttpResponse response);
    void on_message(HttpResponse response);
    void on_answer(HttpResponse response, bool is_protected);
    HttpResult<std::string> open(const HttpResponse& response);
    [[nodiscard]] std::optional<std::string> token_of(const HttpResponse& response) const;
    void refuse(HttpFailure failure);
    [[nodiscard]] GssInitiatorOptions initiator_options() const;
    void again(HttpFailure otherwise);
    void fail(HttpFailure failure);
    [[nodiscard]] const char* soap_type() const
    {
        return options.text == MessageText::Utf16 ? utf16_type : utf8_type;
    }
    [[nodiscard]] const char* scheme_word() const
    {
        if (scheme == AuthenticationScheme::CredSsp) return "CredSSP";
        return scheme == AuthenticationScheme::Kerberos ? "Kerberos" : "Negotiate";
    }

    ChannelOptions options;
    HttpConnection connection;
    UrlPlace place;
    AuthenticationScheme scheme;
    bool encrypts = false;
    Phase phase = Phase::Idle;
    std::string message;
    std::chrono::milliseconds timeout{};
    std::unique_ptr<SecurityContext> context;
    int rounds = 0;
    bool has_begun_again = false;
    bool needs_fresh_connection = false;
    bool was_encrypted = false;
    std::optional<HttpResult<HttpResponse>> result;
};

HttpResult<void> HttpChannel::Impl::check() const
{
    switch (scheme) {
    case AuthenticationScheme::Basic:
        if (options.identity->login() == nullptr) return http_failure(HttpErrc::CredentialMissing);
        if (!connection.is_secure() && !options.allows_basic_in_clear) {
            return http_failure(HttpErrc::BasicRefused);
        }
        return {};
    case AuthenticationScheme::Certificate:
        if (!connection.is_secure()) return http_failure(HttpErrc::CertificateNeedsTls);
        if (options.connection.tls.certificate_file.empty()) {
            return http_failure(HttpErrc::ClientCertificateUnusable, "none was given");
        }
        return {};
    case AuthenticationScheme::CredSsp:
        // A password is what it delegates.
        if (options.identity->login() == nullptr) return http_failure(HttpErrc::CredentialMissing);
        return {};
    case AuthenticationScheme::Digest:
        if (options.connection.user.empty()) return http_failure(HttpErrc::CredentialMissing);
        return {};
    case AuthenticationScheme::Default:
    case AuthenticationScheme::Negotiate:
    case AuthenticationScheme::Kerberos:
    case AuthenticationScheme::Ntlm:
    case AuthenticationScheme::Anonymous:
        return {};
    }
    return {};
}

void HttpChannel::Impl::begin()
{
    if (!has_context(scheme) || (context && context->is_complete())) return send_message();
    context.reset();
    rounds = 0;
    // The token is bound to the server's certificate, which has to be seen first; CredSSP brings
    // its own.
    if (!connection.is_secure() || scheme == AuthenticationScheme::CredSsp) return begin_tokens();
    phase = Phase::Probe;
    send({}, soap_type(), {});
}

void HttpChannel::Impl::begin_tokens()
{
    auto credential = options.identity->credential(mechanism_of(scheme));
    if (!credential) return refuse(credential.error());
    GssInitiatorOptions initiator = initiator_options();
    initiator.mechanism = mechanism_of(scheme);
    initiator.credential = *credential;
    if (auto made = make_context(std::move(initiator)); !made) return fail(made.error());
    auto token = context->step({});
    if (!token) return refuse(token.error());
    if (!*token) return fail(http_failure(HttpErrc::SecurityFailed).value());
    send_token(**token);
}

GssInitiatorOptions HttpChannel::Impl::initiator_options() const
{
    GssInitiatorOptions initiator;
    initiator.service = options.service;
    initiator.host = place.host;
    if (options.names_port) initiator.port = place.port;
    initiator.delegates = options.delegates;
    if (connection.is_secure() && !connection.server_certificate().empty()) {
        initiator.channel_binding = server_end_point(connection.server_certificate());
    }
    return initiator;
}

// A login came to nothing. Negotiate says nothing of why it left Kerberos out, so that is looked
// up.
void HttpChannel::Impl::refuse(HttpFailure failure)
{
    context.reset();
    if (scheme == AuthenticationScheme::Negotiate) {
        const auto obstacle = kerberos_obstacle(*options.identity, initiator_options());
        if (!obstacle.empty() && failure.text.find(obstacle) == std::string::npos)
            failure.text += "; Kerberos was not used: " + obstacle;
    }
    fail(std::move(failure));
}

HttpResult<void> HttpChannel::Impl::make_context(GssInitiatorOptions initiator)
{
    if (scheme != AuthenticationScheme::CredSsp) {
        auto made = GssContext::initiate(initiator);
        if (!made) return tl::unexpected(made.error());
        context = std::make_unique<GssContext>(std::move(*made));
        return {};
    }
    CredSspClientOptions credssp;
    credssp.login = std::move(initiator);
    credssp.login.delegates = false; // the password is what is given away
    credssp.delegated = options.identity->login();
    credssp.versions.min = options.credssp_version_min;
    auto made = CredSspContext::initiate(credssp);
    if (!made) return tl::unexpected(made.error());
    context = std::move(*made);
    return {};
}

void HttpChannel::Impl::send_token(BytesView token)
{
    phase = Phase::Tokens;
    // Nothing in the clear goes before encryption is there.
    send(encrypts ? std::string() : message, soap_type(), write_token(scheme_word(), token));
}

void HttpChannel::Impl::send_message()
{
    phase = Phase::Message;
    if (encrypts) {
        auto sealed = seal_body(*context, protocol_of(scheme), soap_type(), message);
        if (!sealed) return fail(sealed.error());
        return send(std::move(sealed->body), sealed->content_type, {});
    }
    if (scheme == AuthenticationScheme::Basic) {
        const Login& login = *options.identity->login();
        std::string authorization = write_basic(login.user(), login.password());
        send(message, soap_type(), authorization);
        return clixml::wipe(authorization);
    }
    send(
        message,
        soap_type(),
        scheme == AuthenticationScheme::Certificate ? certificate_authorization : ""
    );
}

void HttpChannel::Impl::send(
    std::string body, const std::string& type, const std::string& authorization
)
{
    HttpRequest request;
    request.headers.emplace_back("Content-Type", type);
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    request.body = std::move(body);
    request.timeout = timeout;
    request.needs_fresh_connection = std::exchange(needs_fresh_connection, false);
    auto started = connection.start(std::move(request));
    if (!started) fail(started.error());
}

void HttpChannel::Impl::advance()
{
    while (auto taken = connection.take_result()) {
        if (!*taken) {
            context.reset(); // it was of that connection
            return fail(taken->error());
        }
        switch (phase) {
        case Phase::Idle:
            return;
        case Phase::Probe:
            on_probe(std::move(**taken));
            break;
        case Phase::Tokens:
            on_tokens(std::move(**taken));
            break;
        case Phase::Message:
            on_message(std::move(**taken));
            break;
        }
    }
}

void HttpChannel::Impl::on_probe(HttpResponse response)
{
    if (response.status != unauthorized) {
        return fail(http_failure(
                        HttpErrc::UnexpectedStatus,
                        "HTTP status " + std::to_string(response.status) + " instead of 401"
        )
                        .value());
    }
    begin_tokens();
}

// The token behind our scheme, which is empty where the server only names it.
std::optional<std::string> HttpChannel::Impl::token_of(const HttpResponse& response) const
{
    std::optional<std::string> found;
    for (const Challenge& challenge : challenges_of(response)) {
        const bool is_ours = clixml::equal_ignoring_case(challenge.scheme, scheme_word()) ||
                             (scheme == AuthenticationScheme::Ntlm &&
                              clixml::equal_ignoring_case(challenge.scheme, "NTLM"));
        if (is_ours && (!found || found->empty())) found = std::string(challenge.rest);
    }
    return found;
}

void HttpChannel::Impl::on_tokens(HttpResponse response)
{
    const auto token = token_of(response);
    const bool is_refused = response.status == unauthorized;
    if (is_refused && !token) {
        const auto code = rounds == 0 ? HttpErrc::SchemeNotOffered : HttpErrc::LoginRefused;
        return refuse(http_failure(code, "the server offers " + schemes_of(response)).value());
    }
    const bool is_token = token && (!token->empty() || context->takes_empty_token());
    if (is_refused && (!is_token || context->is_complete())) {
        return refuse(http_failure(HttpErrc::LoginRefused).value());
    }
    constexpr int redirection = 300;
    if (!is_refused && response.status >= redirection && !context->is_complete() &&
        (!token || token->empty())) {
        // Somebody in front of the login: a wrong path, too much of everything.
        context.reset();
        return fail(http_failure(
                        HttpErrc::UnexpectedStatus, "HTTP status " + std::to_string(response.status)
        )
                        .value());
    }
    if (++rounds > options.rounds_max) {
        context.reset();
        return fail(http_failure(HttpErrc::TooManyRounds).value());
    }
    if (is_token && !context->is_complete()) {
        const auto bytes = read_token(*token);
        if (!bytes) return again(http_failure(bytes.error()).value());
        auto next = context->step(*bytes);
        if (!next) return refuse(next.error());
        if (is_refused && *next) return send_token(**next);
        if (is_refused) return refuse(http_failure(HttpErrc::LoginRefused).value());
    }
    if (!context->is_complete()) {
        context.reset();
        return fail(http_failure(HttpErrc::ServerNotAuthenticated).value());
    }
    if (!encrypts) return on_answer(std::move(response), false);
    constexpr int server_error = 500;
    const bool goes_on =
        response.status / 100 == 2 || response.status == 400 || response.status == server_error;
    if (!goes_on) {
        return fail(http_failure(
                        HttpErrc::UnexpectedStatus, "HTTP status " + std::to_string(response.status)
        )
                        .value());
    }
    send_message();
}

void HttpChannel::Impl::on_message(HttpResponse response)
{
    if (response.status != unauthorized) return on_answer(std::move(response), encrypts);
    if (has_context(scheme)) return again(http_failure(HttpErrc::TooManyRounds).value());
    const std::string offered = schemes_of(response);
    fail(http_failure(HttpErrc::LoginRefused, "the server offers " + offered).value());
}

void HttpChannel::Impl::on_answer(HttpResponse response, bool is_protected)
{
    const bool is_encrypted = is_encrypted_content_type(response.header("Content-Type"));
    was_encrypted = is_encrypted;
    const bool is_soap_status =
        response.status == 200 || response.status == 400 || response.status == 500;
    if (is_encrypted) {
        if (!context) return fail(http_failure(HttpErrc::UnexpectedEncryption).value());
        auto opened = open(response);
        if (!opened) {
            context.reset();
            return fail(opened.error());
        }
        response.body = std::move(*opened);
        // Of what was encrypted, as every part says.
        for (auto& [name, value] : response.headers) {
            if (clixml::equal_ignoring_case(name, "Content-Type")) value = utf8_type;
        }
    } else if (is_protected && is_soap_status && !response.body.empty()) {
        context.reset();
        return fail(http_failure(HttpErrc::PlainAnswer).value());
    }
    if (response.body.empty() || (!is_encrypted && is_protected)) {
        return fail(http_failure(
                        HttpErrc::UnexpectedStatus, "HTTP status " + std::to_string(response.status)
        )
                        .value());
    }
    phase = Phase::Idle;
    clixml::wipe(message);
    result = std::move(response);
}

HttpResult<std::string> HttpChannel::Impl::open(const HttpResponse& response)
{
    const auto type =
        read_encrypted_content_type(response.header("Content-Type"), options.multipart);
    if (!type) return http_failure(type.error());
    return open_encrypted_body(*context, response.body, *type, options.multipart);
}

// The connection had lost its authentication: once more from the beginning, and once only.
void HttpChannel::Impl::again(HttpFailure otherwise)
{
    context.reset();
    if (std::exchange(has_begun_again, true)) return fail(std::move(otherwise));
    needs_fresh_connection = true;
    begin();
}

void HttpChannel::Impl::fail(HttpFailure failure)
{
    phase = Phase::Idle;
    clixml::wipe(message);
    result = tl::unexpected(std::move(failure));
}

HttpChannel::HttpChannel(ChannelOptions options) : impl_(std::make_unique<Impl>(std::move(options)))
{
}

HttpChannel::~HttpChannel() = default;

HttpResult<void> HttpChannel::start(std::string message, std::chrono::milliseconds timeout)
{
    Impl& impl = *impl_;
    if (is_busy()) return http_failure(HttpErrc::Busy);
    if (auto checked = impl.check(); !checked) return checked;
    impl.message = impl.options.text == MessageText::Utf16
                       ? "\xFF\xFE" + clixml::utf16le_from_utf8(message)
                       : std::move(message);
    impl.timeout = timeout;
    impl.has_begun_again = false;
    impl.begin();
    return {};
}

std::optional<HttpResult<HttpResponse>> HttpChannel::take_result()
{
    return std::exchange(impl_->result, std::nullopt);
}

void HttpChannel::cut()
{
    impl_->connection.cut();
    impl_->context.reset();
    impl_->phase = Impl::Phase::Idle;
    impl_->needs_fresh_connection = true;
    impl_->result.reset();
    clixml::wipe(impl_->message);
}

bool HttpChannel::is_busy() const
{
    return impl_->phase != Impl::Phase::Idle || impl_->result.has_value();
}

bool HttpChannel::was_encrypted() const
{
    return impl_->was_encrypted;
}

void HttpChannel::append_poll_entries(std::vector<PollEntry>& entries) const
{
    impl_->connection.append_poll_entries(entries);
}

void HttpChannel::on_readable(int descriptor)
{
    impl_->connection.on_readable(descriptor);
    impl_->advance();
}

void HttpChannel::on_writable(int descriptor)
{
    impl_->connection.on_writable(descriptor);
    impl_->advance();
}

std::optional<Clock::time_point> HttpChannel::deadline() const
{
    return impl_->connection.deadline();
}

void HttpChannel::on_deadline(Clock::time_point now)
{
    impl_->connection.on_deadline(now);
    impl_->advance();
}

} // namespace psrp
