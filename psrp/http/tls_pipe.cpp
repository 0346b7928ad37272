#include <psrp/http/tls_pipe.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string>

namespace psrp {

namespace {

template <auto function>
struct Free {
    template <typename T>
    void operator()(T* object) const
    {
        function(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

// What OpenSSL says went wrong, without its file and line.
tl::unexpected<HttpFailure> tls_failure()
{
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* words = ERR_reason_error_string(code);
    return http_failure(HttpErrc::TlsFailed, words == nullptr ? "" : words);
}

int number_of(TlsVersion version)
{
    return version == TlsVersion::Tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

constexpr std::size_t record_head_bytes = 5;
constexpr std::size_t explicit_nonce_bytes = 8; // of GCM and CCM in TLS 1.2
constexpr std::size_t block_bytes = 16;         // of the others: the initial vector

} // namespace

struct TlsIdentity::Impl {
    Key key;
    Certificate certificate;
};

TlsIdentity::TlsIdentity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsIdentity::TlsIdentity(TlsIdentity&&) noexcept = default;
TlsIdentity& TlsIdentity::operator=(TlsIdentity&&) noexcept = default;
TlsIdentity::~TlsIdentity() = default;

HttpResult<TlsIdentity> TlsIdentity::make(const std::string& name)
{
    constexpr unsigned key_bits = 2048;
    constexpr long valid_seconds = 10L * 365 * 24 * 3600;
    auto impl = std::make_unique<Impl>();
    impl->key.reset(EVP_RSA_gen(key_bits));
    impl->certificate.reset(X509_new());
    X509* certificate = impl->certificate.get();
    std::uint32_t serial = 0;
    if (impl->key == nullptr || certificate == nullptr ||
        RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
        return http_failure(HttpErrc::SecurityFailed, "no key could be made");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
    X509_NAME* subject = X509_get_subject_name(certificate);
    const bool is_made = X509_NAME_add_entry_by_txt(
                             subject,
                             "CN",
                             MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(std::min<std::size_t>(name.size(), 64)),
                             -1,
                             0
                         ) == 1 &&
                         X509_set_issuer_name(certificate, subject) == 1 &&
                         X509_set_pubkey(certificate, impl->key.get()) == 1 &&
                         X509_sign(certificate, impl->key.get(), EVP_sha256()) != 0;
    if (!is_made) return http_failure(HttpErrc::SecurityFailed, "no certificate could be made");
    return TlsIdentity(std::move(impl));
}

struct TlsPipe::Impl {
    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context;
    std::unique_ptr<SSL, Free<SSL_free>> ssl;
    BIO* input = nullptr;  // the session's
    BIO* output = nullptr; // the session's
    bool is_server = false;

    HttpResult<void> begin(const TlsPipeOptions& options);
};

HttpResult<void> TlsPipe::Impl::begin(const TlsPipeOptions& options)
{
    SSL_CTX_set_min_proto_version(context.get(), number_of(options.version_min));
    SSL_CTX_set_max_proto_version(context.get(), number_of(options.version_max));
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_num_tickets(context.get(), options.tickets);
    ssl.reset(SSL_new(context.get()));
    input = BIO_new(BIO_s_mem());
    output = BIO_new(BIO_s_mem());
    if (ssl == nullptr || input == nullptr || output == nullptr) return tls_failure();
    SSL_set_bio(ssl.get(), input, output);
    return {};
}

TlsPipe::TlsPipe(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsPipe::TlsPipe(TlsPipe&&) noexcept = default;
TlsPipe& TlsPipe::operator=(TlsPipe&&) noexcept = default;
TlsPipe::~TlsPipe() = default;

HttpResult<TlsPipe> TlsPipe::client(const TlsPipeOptions& options, const std::string& host)
{
    auto impl = std::make_unique<Impl>();
    impl->context.reset(SSL_CTX_new(TLS_client_method()));
    if (impl->context == nullptr) return tls_failure();
    if (auto begun = impl->begin(options); !begun) return tl::unexpected(begun.error());
    SSL_set_connect_state(impl->ssl.get());
    const bool is_name = host.find_first_not_of("0123456789.:") != std::string::npos;
    if (is_name) SSL_set_tlsext_host_name(impl->ssl.get(), host.c_str());
    return TlsPipe(std::move(impl));
}

HttpResult<TlsPipe> TlsPipe::server(const TlsPipeOptions& options, const TlsIdentity& identity)
{
    auto impl = std::make_unique<Impl>();
    impl->is_server = true;
    impl->context.reset(SSL_CTX_new(TLS_server_method()));
    const bool has_key =
        impl->context != nullptr &&
        SSL_CTX_use_certificate(impl->context.get(), identity.impl_->certificate.get()) == 1 &&
        SSL_CTX_use_PrivateKey(impl->context.get(), identity.impl_->key.get()) == 1;
    if (!has_key) return tls_failure();
    if (auto begun = impl->begin(options); !begun) return tl::unexpected(begun.error());
    SSL_set_accept_state(impl->ssl.get());
    return TlsPipe(std::move(impl));
}

void TlsPipe::feed(BytesView bytes)
{
    if (!bytes.empty()) BIO_write(impl_->input, bytes.data(), static_cast<int>(bytes.size()));
}

Bytes TlsPipe::take_output()
{
    Bytes bytes(BIO_ctrl_pending(impl_->output));
    if (!bytes.empty()) BIO_read(impl_->output, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
}

HttpResult<void> TlsPipe::shake_hands()
{
    ERR_clear_error();
    const int result = SSL_do_handshake(impl_->ssl.get());
    if (result == 1) return {};
    const int why = SSL_get_error(impl_->ssl.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
    return tls_failure();
}

bool TlsPipe::is_established() const
{
    return SSL_is_init_finished(impl_->ssl.get()) == 1;
}

HttpResult<void> TlsPipe::read(Bytes& to, std::size_t bytes_max)
{
    std::array<std::uint8_t, record_bytes_max> piece;
    HttpResult<void> result;
    while (to.size() < bytes_max) {
        ERR_clear_error();
        const auto room = std::min(piece.size(), bytes_max - to.size());
        const int count = SSL_read(impl_->ssl.get(), piece.data(), static_cast<int>(room));
        if (count > 0) {
            to.insert(to.end(), piece.begin(), piece.begin() + count);
            continue;
        }
        if (SSL_get_error(impl_->ssl.get(), count) != SSL_ERROR_WANT_READ) result = tls_failure();
        break;
    }
    OPENSSL_cleanse(piece.data(), piece.size());
    return result;
}

bool TlsPipe::has_rest() const
{
    return SSL_has_pending(impl_->ssl.get()) == 1 || BIO_ctrl_pending(impl_->input) != 0;
}

HttpResult<void> TlsPipe::write(BytesView plain)
{
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(impl_->ssl.get(), plain.data(), plain.size(), &written) != 1 ||
        written != plain.size())
        return tls_failure();
    return {};
}

Bytes TlsPipe::server_key() const
{
    const X509* certificate = impl_->is_server ? SSL_get_certificate(impl_->ssl.get())
                                               : SSL_get0_peer_certificate(impl_->ssl.get());
    if (certificate == nullptr) return {};
    const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(certificate);
    const unsigned char* bytes = ASN1_STRING_get0_data(bits);
    return {bytes, bytes + ASN1_STRING_length(bits)};
}

std::size_t TlsPipe::trailer_bytes(std::size_t record_bytes, std::size_t plain_bytes) const
{
    std::size_t front = record_head_bytes;
    if (SSL_version(impl_->ssl.get()) == TLS1_2_VERSION) {
        const SSL_CIPHER* cipher = SSL_get_current_cipher(impl_->ssl.get());
        if (SSL_CIPHER_is_aead(cipher) == 0)
            front += block_bytes;
        else if (SSL_CIPHER_get_cipher_nid(cipher) != NID_chacha20_poly1305)
            front += explicit_nonce_bytes;
    }
    return record_bytes - std::min(record_bytes, front + plain_bytes);
}

} // namespace psrp
