#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/challenge.hpp>
#include <psrp/http/credssp.hpp>
#include <psrp/http/server_login.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace psrp {

namespace {

constexpr std::string_view certificate_scheme =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

Bytes digest_of(std::string_view text)
{
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    digest.resize(size);
    return digest;
}

bool is_same(const Bytes& left, const Bytes& right)
{
    return left.size() == right.size() && !left.empty() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words)
{
    for (const std::string_view one : words) {
        if (clixml::equal_ignoring_case(word, one)) return true;
    }
    return false;
}

} // namespace

std::vector<std::string> ServerLogin::challenges() const
{
    std::vector<std::string> all;
    if (options_.credential != nullptr) {
        all.emplace_back("Negotiate");
        all.emplace_back("Kerberos");
        if (options_.credssp_identity != nullptr) all.emplace_back("CredSSP");
    }
    const bool offers_basic =
        options_.users != nullptr && (options_.is_secure || options_.allows_basic_in_clear);
    if (offers_basic) all.emplace_back("Basic realm=\"WSMAN\"");
    return all;
}

LoginVerdict ServerLogin::refused(HttpFailure failure, std::string_view scheme)
{
    context_.reset();
    is_accepted_ = false;
    rounds_ = 0;
    user_.clear();
    LoginVerdict verdict;
    verdict.challenges = challenges();
    verdict.failure = std::move(failure);
    verdict.scheme = scheme;
    return verdict;
}

LoginVerdict ServerLogin::judge(std::string_view authorization, std::string_view thumbprint)
{
    const auto given = read_challenges(authorization);
    if (given.empty()) {
        LoginVerdict verdict;
        if (context() != nullptr) {
            verdict.kind = LoginVerdict::Kind::Accepted;
        } else {
            // What was half done is given up.
            context_.reset();
            verdict.challenges = challenges();
        }
        return verdict;
    }
    const Challenge& first = given.front();
    if (is_one_of(first.scheme, {"Basic"})) return judge_basic(first.rest);
    if (is_one_of(first.scheme, {certificate_scheme})) return judge_certificate(thumbprint);
    if (is_one_of(first.scheme, {"Negotiate", "Kerberos", "NTLM", "CredSSP"})) {
        return judge_token(first.scheme, first.rest);
    }
    return refused(http_failure(HttpErrc::SchemeNotSupported).value(), "unknown");
}

bool ServerLogin::takes_long(std::string_view authorization) const
{
    const auto given = read_challenges(authorization);
    if (given.empty()) return false;
    if (is_one_of(given.front().scheme, {"Basic"}))
        return !is_same(digest_of(given.front().rest), basic_digest_);
    return is_one_of(given.front().scheme, {"Negotiate", "Kerberos", "NTLM"});
}

LoginVerdict ServerLogin::judge_basic(std::string_view token)
{
    const bool is_allowed =
        options_.users != nullptr && (options_.is_secure || options_.allows_basic_in_clear);
    if (!is_allowed) return refused(http_failure(HttpErrc::BasicRefused).value(), "Basic");
    LoginVerdict verdict;
    verdict.scheme = "Basic";
    Bytes digest = digest_of(token);
    if (!is_same(digest, basic_digest_)) {
        basic_digest_.clear();
        auto login = read_basic(token);
        if (!login) return refused(http_failure(login.error()).value(), "Basic");
        const bool accepts = options_.users->accepts(login->user, login->password);
        clixml::wipe(login->password);
        if (!accepts) return refused(http_failure(HttpErrc::LoginRefused).value(), "Basic");
        basic_digest_ = std::move(digest);
        user_ = login->user;
    }
    context_.reset();
    is_accepted_ = true;
    verdict.kind = LoginVerdict::Kind::Accepted;
    return verdict;
}

LoginVerdict ServerLogin::judge_certificate(std::string_view thumbprint)
{
    const auto found = options_.certificate_users.find(std::string(thumbprint));
    if (thumbprint.empty() || found == options_.certificate_users.end()) {
        return refused(http_failure(HttpErrc::LoginRefused).value(), "Certificate");
    }
    LoginVerdict verdict;
    verdict.scheme = "Certificate";
    verdict.kind = LoginVerdict::Kind::Accepted;
    context_.reset();
    is_accepted_ = true;
    user_ = found->second;
    return verdict;
}

HttpResult<void> ServerLogin::begin(std::string_view scheme)
{
    context_.reset();
    is_accepted_ = false;
    rounds_ = 0;
    GssAcceptorOptions acceptor;
    acceptor.credential = options_.credential;
    if (is_one_of(scheme, {"CredSSP"})) {
        if (options_.credssp_identity == nullptr) {
            return http_failure(HttpErrc::SchemeNotSupported);
        }
        CredSspServerOptions credssp;
        credssp.login = acceptor;
        credssp.identity = options_.credssp_identity;
        auto made = CredSspContext::accept(credssp);
        if (!made) return tl::unexpected(made.error());
        context_ = std::move(*made);
        return {};
    }
    acceptor.channel_binding = options_.channel_binding;
    acceptor.needs_channel_binding = options_.needs_channel_binding;
    context_ = std::make_unique<GssContext>(GssContext::accept(acceptor));
    return {};
}

LoginVerdict ServerLogin::judge_token(std::string_view scheme, std::string_view token)
{
    if (options_.credential == nullptr) {
        return refused(http_failure(HttpErrc::SchemeNotSupported).value(), scheme);
    }
    const auto bytes = read_token(token);
    if (!bytes) return refused(http_failure(bytes.error()).value(), scheme);
    // A token after a login that is complete begins another one.
    if (!context_ || context_->is_complete()) {
        if (auto begun = begin(scheme); !begun) return refused(begun.error(), scheme);
    }
    if (++rounds_ > options_.rounds_max) {
        return refused(http_failure(HttpErrc::TooManyRounds).value(), scheme);
    }
    auto next = context_->step(*bytes);
    if (!next) {
        const auto farewell = context_->farewell();
        LoginVerdict verdict = refused(next.error(), scheme);
        if (farewell)
            verdict.challenges.insert(verdict.challenges.begin(), write_token(scheme, *farewell));
        return verdict;
    }
    LoginVerdict verdict;
    verdict.scheme = scheme;
    if (*next) verdict.challenges.push_back(write_token(scheme, **next));
    if (!context_->is_complete()) {
        verdict.kind = LoginVerdict::Kind::Continue;
        if (verdict.challenges.empty()) verdict.challenges.emplace_back(scheme);
        return verdict;
    }
    is_accepted_ = true;
    user_ = context_->peer_name();
    verdict.kind = LoginVerdict::Kind::Accepted;
    return verdict;
}

} // namespace psrp
