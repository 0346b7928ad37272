#include <clixml/secret.hpp>
#include <psrp/http/credssp.hpp>
#include <psrp/http/detail/wipe.hpp>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace psrp {

namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::uint32_t status_logon_failure = 0xc000006d;
// The label's terminating zero is hashed, too.
constexpr std::string_view client_label("CredSSP Client-To-Server Binding Hash\0", 38);
constexpr std::string_view server_label("CredSSP Server-To-Client Binding Hash\0", 38);

// errorCode exists in these versions only.
bool has_error_codes(std::uint32_t version)
{
    return version == 3 || version == 4 || version >= 6;
}

bool is_same(BytesView left, BytesView right)
{
    return left.size() == right.size() && !left.empty() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string hexadecimal(std::uint32_t number)
{
    std::array<char, 11> text{};
    std::snprintf(text.data(), text.size(), "0x%08X", number);
    return text.data();
}

tl::unexpected<HttpFailure> malformed(const std::string& expected)
{
    return http_failure(HttpErrc::MalformedCredSsp, expected);
}

TsPassword password_of(const Login& login)
{
    const std::size_t mark = login.user().find('\\');
    if (mark == std::string::npos) return {{}, login.user(), login.password()};
    return {login.user().substr(0, mark), login.user().substr(mark + 1), login.password()};
}

} // namespace

Bytes credssp_binding(CredSspRole role, BytesView nonce, BytesView server_key)
{
    Bytes text;
    const BytesView label =
        clixml::bytes_of(role == CredSspRole::Client ? client_label : server_label);
    for (const BytesView part : {label, nonce, server_key})
        text.insert(text.end(), part.begin(), part.end());
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    digest.resize(size);
    return digest;
}

struct CredSspContext::Impl {
    enum class State : std::uint8_t {
        Handshake,
        Finishing,  // a client of TLS 1.3 has said the last word; the server answers with anything
        Login,      // tokens
        Binding,    // a client waits for the server's proof
        Delegation, // a server waits for the credentials
        Complete,
    };

    Impl(TlsPipe given_pipe, GssContext given_login)
        : pipe(std::move(given_pipe)), login(std::move(given_login))
    {
    }

    HttpResult<std::optional<Bytes>> step_handshake();
    HttpResult<std::optional<Bytes>> step_client();
    HttpResult<std::optional<Bytes>> step_server();
    HttpResult<std::optional<Bytes>> step_request();
    HttpResult<std::optional<Bytes>> say_login(std::optional<Bytes> token);
    HttpResult<std::optional<Bytes>> delegate(const TsRequest& request);
    HttpResult<std::optional<Bytes>> answer_binding(const TsRequest& request, TsRequest answer);
    HttpResult<void> take_credentials(const TsRequest& request);
    HttpResult<TsRequest> read_request();
    HttpResult<void> check_version(std::uint32_t given);
    HttpResult<Bytes> binding(CredSspRole role) const;
    HttpResult<void> check_binding(const Bytes& token, CredSspRole role);
    HttpResult<Bytes> wrap(BytesView plain);
    HttpResult<std::optional<Bytes>> write_request(const TsRequest& request);
    [[nodiscard]] std::uint32_t version() const
    {
        return peer_version ? std::min(*peer_version, versions.max) : versions.max;
    }

    TlsPipe pipe;
    GssContext login;
    CredSspVersions versions;
    TsRequestLimits limits;
    CredSspRole role = CredSspRole::Client;
    const Login* own = nullptr; // a client's
    std::optional<Login> given; // to a server
    State state = State::Handshake;
    std::optional<std::uint32_t> peer_version;
    Bytes nonce;
    bool has_login_failed = false;
};

CredSspContext::CredSspContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CredSspContext::~CredSspContext() = default;

HttpResult<std::unique_ptr<CredSspContext>>
CredSspContext::initiate(const CredSspClientOptions& options)
{
    auto pipe = TlsPipe::client(options.tls, options.login.host);
    if (!pipe) return tl::unexpected(pipe.error());
    auto login = GssContext::initiate(options.login);
    if (!login) return tl::unexpected(login.error());
    auto impl = std::make_unique<Impl>(std::move(*pipe), std::move(*login));
    impl->versions = options.versions;
    impl->limits = options.limits;
    impl->own = options.delegated;
    impl->nonce.resize(nonce_bytes);
    if (RAND_bytes(impl->nonce.data(), static_cast<int>(impl->nonce.size())) != 1)
        return http_failure(HttpErrc::SecurityFailed, "there are no random numbers");
    return std::unique_ptr<CredSspContext>(new CredSspContext(std::move(impl)));
}

HttpResult<std::unique_ptr<CredSspContext>>
CredSspContext::accept(const CredSspServerOptions& options)
{
    auto pipe = TlsPipe::server(options.tls, *options.identity);
    if (!pipe) return tl::unexpected(pipe.error());
    auto impl = std::make_unique<Impl>(std::move(*pipe), GssContext::accept(options.login));
    impl->role = CredSspRole::Server;
    impl->versions = options.versions;
    impl->limits = options.limits;
    return std::unique_ptr<CredSspContext>(new CredSspContext(std::move(impl)));
}

HttpResult<std::optional<Bytes>> CredSspContext::step(BytesView token)
{
    Impl& impl = *impl_;
    impl.pipe.feed(token);
    if (impl.state == Impl::State::Handshake) return impl.step_handshake();
    return impl.step_request();
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::step_handshake()
{
    if (auto shaken = pipe.shake_hands(); !shaken) return tl::unexpected(shaken.error());
    if (!pipe.is_established()) return std::optional<Bytes>(pipe.take_output());
    Bytes output = pipe.take_output();
    if (role == CredSspRole::Server) {
        state = State::Login;
        // A client may have put its first message behind its last word of the handshake.
        auto answer = step_request();
        if (!answer || !*answer) {
            if (answer && !output.empty()) return std::optional<Bytes>(std::move(output));
            return answer;
        }
        output.insert(output.end(), (*answer)->begin(), (*answer)->end());
        return std::optional<Bytes>(std::move(output));
    }
    state = State::Finishing;
    if (output.empty()) return step_request();
    return std::optional<Bytes>(std::move(output));
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::step_request()
{
    return role == CredSspRole::Client ? step_client() : step_server();
}

// The message that the peer's bytes are, which come whole. None: there was nothing but TLS's own.
HttpResult<TsRequest> CredSspContext::Impl::read_request()
{
    Bytes plain;
    const std::size_t bytes_max = limits.message_bytes_max + 16;
    if (auto read = pipe.read(plain, bytes_max); !read) return tl::unexpected(read.error());
    if (plain.empty()) return TsRequest{};
    auto request = read_ts_request(plain, limits);
    if (!request) return http_failure(request.error());
    if (auto checked = check_version(request->version); !checked)
        return tl::unexpected(checked.error());
    if (request->error)
        return http_failure(
            HttpErrc::LoginRefused, "the server's status is " + hexadecimal(*request->error)
        );
    return std::move(*request);
}

HttpResult<void> CredSspContext::Impl::check_version(std::uint32_t given_version)
{
    if (given_version < versions.min || given_version < 2)
        return http_failure(
            HttpErrc::CredSspTooOld,
            "version " + std::to_string(given_version) + ", expected " +
                std::to_string(versions.min)
        );
    if (peer_version && *peer_version != given_version)
        return http_failure(HttpErrc::CredSspVersionChanged);
    peer_version = given_version;
    return {};
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::step_client()
{
    auto request = read_request();
    if (!request) return tl::unexpected(request.error());
    switch (state) {
    case State::Finishing: {
        if (request->version != 0) return malformed("nothing yet");
        auto token = login.step({});
        if (!token) return tl::unexpected(token.error());
        state = State::Login;
        return say_login(std::move(*token));
    }
    case State::Login: {
        if (request->tokens.empty()) return malformed("a token");
        auto token = login.step(request->tokens.front());
        if (!token) return tl::unexpected(token.error());
        return say_login(std::move(*token));
    }
    case State::Binding:
        if (request->binding.empty()) return malformed("a proof of the key");
        return delegate(*request);
    case State::Handshake:
    case State::Delegation:
    case State::Complete:
        break;
    }
    return malformed("nothing more");
}

// The next token, and the proof once the login is complete.
HttpResult<std::optional<Bytes>> CredSspContext::Impl::say_login(std::optional<Bytes> token)
{
    TsRequest request;
    request.version = versions.max;
    if (token) request.tokens.push_back(std::move(*token));
    if (login.is_complete()) {
        auto value = binding(CredSspRole::Client);
        if (!value) return tl::unexpected(value.error());
        auto wrapped = wrap(*value);
        if (!wrapped) return tl::unexpected(wrapped.error());
        request.binding = std::move(*wrapped);
        if (version() >= credssp_version_safe) request.nonce = nonce;
        state = State::Binding;
    } else if (request.tokens.empty()) {
        return http_failure(HttpErrc::SecurityFailed, "the login has no token");
    }
    return write_request(request);
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::delegate(const TsRequest& request)
{
    if (auto checked = check_binding(request.binding, CredSspRole::Server); !checked)
        return tl::unexpected(checked.error());
    TsPassword password = password_of(*own);
    Bytes credentials = write_ts_credentials(password);
    clixml::wipe(password.password);
    auto wrapped = wrap(credentials);
    detail::wipe(credentials);
    if (!wrapped) return tl::unexpected(wrapped.error());
    TsRequest answer;
    answer.version = versions.max;
    answer.credentials = std::move(*wrapped);
    state = State::Complete;
    return write_request(answer);
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::step_server()
{
    auto request = read_request();
    if (!request) return tl::unexpected(request.error());
    const bool is_nothing = request->version == 0;
    if (state == State::Login && is_nothing && !peer_version) return std::optional<Bytes>();
    TsRequest answer;
    answer.version = versions.max;
    if (state == State::Delegation) {
        if (auto taken = take_credentials(*request); !taken) return tl::unexpected(taken.error());
        return std::optional<Bytes>();
    }
    if (state != State::Login) return malformed("nothing more");
    if (!request->credentials.empty()) return malformed("no credentials yet");
    if (!request->tokens.empty() && !login.is_complete()) {
        auto token = login.step(request->tokens.front());
        if (!token) {
            has_login_failed = true;
            return tl::unexpected(token.error());
        }
        if (*token) answer.tokens.push_back(std::move(**token));
    }
    if (!request->binding.empty()) return answer_binding(*request, std::move(answer));
    if (answer.tokens.empty()) return malformed("a token or a proof of the key");
    return write_request(answer);
}

HttpResult<std::optional<Bytes>>
CredSspContext::Impl::answer_binding(const TsRequest& request, TsRequest answer)
{
    if (!login.is_complete()) return malformed("a login before the proof of the key");
    if (version() >= credssp_version_safe) {
        if (request.nonce.size() != nonce_bytes) return malformed("a nonce of 32 bytes");
        nonce = request.nonce;
    }
    if (auto checked = check_binding(request.binding, CredSspRole::Client); !checked)
        return tl::unexpected(checked.error());
    auto value = binding(CredSspRole::Server);
    if (!value) return tl::unexpected(value.error());
    auto wrapped = wrap(*value);
    if (!wrapped) return tl::unexpected(wrapped.error());
    answer.binding = std::move(*wrapped);
    state = State::Delegation;
    return write_request(answer);
}

HttpResult<void> CredSspContext::Impl::take_credentials(const TsRequest& request)
{
    if (request.credentials.empty()) return malformed("credentials");
    auto plain = login.unwrap(clixml::text_of(request.credentials));
    if (!plain) return tl::unexpected(plain.error());
    auto password = read_ts_credentials(clixml::bytes_of(*plain));
    clixml::wipe(*plain);
    if (!password) return http_failure(password.error());
    std::string user =
        password->domain.empty() ? password->user : password->domain + "\\" + password->user;
    given.emplace(std::move(user), std::move(password->password));
    clixml::wipe(password->password);
    state = State::Complete;
    return {};
}

// What the side in this role proves: the key itself in old versions, the server's changed by one.
HttpResult<Bytes> CredSspContext::Impl::binding(CredSspRole of) const
{
    Bytes key = pipe.server_key();
    if (key.empty()) return http_failure(HttpErrc::TlsFailed, "the server has no key");
    if (version() >= credssp_version_safe) return credssp_binding(of, nonce, key);
    if (of == CredSspRole::Server) ++key.front();
    return key;
}

HttpResult<void> CredSspContext::Impl::check_binding(const Bytes& token, CredSspRole of)
{
    auto proven = login.unwrap(clixml::text_of(token));
    if (!proven) return tl::unexpected(proven.error());
    auto expected = binding(of);
    if (!expected) return tl::unexpected(expected.error());
    if (!is_same(clixml::bytes_of(*proven), *expected))
        return http_failure(HttpErrc::CredSspBindingMismatch);
    return {};
}

HttpResult<Bytes> CredSspContext::Impl::wrap(BytesView plain)
{
    auto sealed = login.seal(clixml::text_of(plain));
    if (!sealed) return tl::unexpected(sealed.error());
    Bytes token;
    for (const std::string* part : {&sealed->signature, &sealed->ciphertext}) {
        const BytesView bytes = clixml::bytes_of(*part);
        token.insert(token.end(), bytes.begin(), bytes.end());
    }
    return token;
}

HttpResult<std::optional<Bytes>> CredSspContext::Impl::write_request(const TsRequest& request)
{
    if (auto written = pipe.write(write_ts_request(request)); !written)
        return tl::unexpected(written.error());
    return std::optional<Bytes>(pipe.take_output());
}

bool CredSspContext::is_complete() const
{
    return impl_->state == Impl::State::Complete;
}

std::string CredSspContext::peer_name() const
{
    return impl_->login.peer_name();
}

bool CredSspContext::takes_empty_token() const
{
    return impl_->state == Impl::State::Finishing;
}

std::optional<Bytes> CredSspContext::farewell() const
{
    Impl& impl = *impl_;
    const bool may_say = impl.role == CredSspRole::Server && impl.has_login_failed &&
                         impl.peer_version && has_error_codes(*impl.peer_version);
    if (!may_say) return std::nullopt;
    TsRequest request;
    request.version = impl.versions.max;
    request.error = status_logon_failure;
    auto written = impl.write_request(request);
    return written ? *written : std::nullopt;
}

HttpResult<SealedMessage> CredSspContext::seal(std::string_view message)
{
    if (!is_complete()) return http_failure(HttpErrc::EncryptionUnavailable);
    if (auto written = impl_->pipe.write(clixml::bytes_of(message)); !written)
        return tl::unexpected(written.error());
    const Bytes record = impl_->pipe.take_output();
    const std::string_view text = clixml::text_of(record);
    const std::size_t trailer = impl_->pipe.trailer_bytes(record.size(), message.size());
    return SealedMessage{
        std::string(text.substr(0, trailer)), std::string(text.substr(trailer)), message.size()};
}

HttpResult<std::string> CredSspContext::open(
    std::string_view signature, std::string_view ciphertext, std::uint64_t original_bytes
)
{
    if (!is_complete()) return http_failure(HttpErrc::EncryptionUnavailable);
    // The cut is nominal: both are the stream of records.
    impl_->pipe.feed(clixml::bytes_of(signature));
    impl_->pipe.feed(clixml::bytes_of(ciphertext));
    Bytes plain;
    // Never more than what came in.
    const std::size_t bytes_max = signature.size() + ciphertext.size() + 1;
    const auto read = impl_->pipe.read(plain, bytes_max);
    if (!read || impl_->pipe.has_rest()) return http_failure(HttpErrc::MessageTampered);
    if (plain.size() != original_bytes) return http_failure(HttpErrc::LengthMismatch);
    return std::string(clixml::text_of(plain));
}

std::size_t CredSspContext::piece_bytes_max() const
{
    return TlsPipe::record_bytes_max;
}

std::uint32_t CredSspContext::version() const
{
    return impl_->peer_version ? impl_->version() : 0;
}

const Login* CredSspContext::delegated() const
{
    return impl_->given ? &*impl_->given : nullptr;
}

} // namespace psrp
