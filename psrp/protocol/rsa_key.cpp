// The RSA half of the session key exchange: CryptoAPI's key blobs around OpenSSL's arithmetic (fact
// sheet psrp 11.2; MS-PSRP 2.2.2.3, 2.2.2.4). Padding is done here, so that randomness comes from
// the caller.
#include <clixml/base64.hpp>
#include <clixml/bytes.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::failure;
using clixml::no_offset;
using clixml::Result;

namespace {

// PUBLICKEYBLOB: type, version, reserved, algorithm; "RSA1", bits, exponent, modulus
// (little-endian).
constexpr std::array<std::uint8_t, 12> public_header{
    0x06, 0x02, 0, 0, 0x00, 0xA4, 0, 0, 'R', 'S', 'A', '1'};
constexpr std::size_t bits_at = 12;
constexpr std::size_t exponent_at = 16;
constexpr std::size_t exponent_bytes = 3; // of the four: PowerShell reads no more
constexpr std::size_t modulus_at = 20;
// SIMPLEBLOB: type, version, reserved, CALG_AES_256, CALG_RSA_KEYX; ciphertext (little-endian).
constexpr std::array<std::uint8_t, 12> simple_header{
    0x01, 0x02, 0, 0, 0x10, 0x66, 0, 0, 0x00, 0xA4, 0, 0};

constexpr std::size_t modulus_bytes_min = 64;
constexpr std::size_t modulus_bytes_max = 1024;

template <auto Free>
struct Freer {
    template <typename T>
    void operator()(T* pointer) const
    {
        Free(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_clear_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;

// Bytes that are overwritten when they go.
class WipedBytes {
public:
    explicit WipedBytes(std::size_t size) : bytes_(size) {}
    ~WipedBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
    WipedBytes(const WipedBytes&) = delete;
    WipedBytes& operator=(const WipedBytes&) = delete;

    Bytes& operator*() { return bytes_; }
    Bytes* operator->() { return &bytes_; }

private:
    Bytes bytes_;
};

Key make_public_key(BytesView modulus_le, BytesView exponent_le)
{
    const auto number = [](BytesView bytes) {
        return Number(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    };
    const Number modulus = number(modulus_le);
    const Number exponent = number(exponent_le);
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!modulus || !exponent || !builder) return nullptr;
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return nullptr;
    return Key(key);
}

Result<Key> read_public_blob(std::string_view text)
{
    const auto refuse = [](const char* expected) {
        return failure(Errc::InvalidPublicKey, no_offset, expected);
    };
    const auto blob = clixml::read_base64(text);
    if (!blob) return refuse("base64");
    if (blob->size() < modulus_at) return refuse("a key blob");
    // Bytes 4 to 7 are the algorithm.
    const bool has_header =
        std::equal(blob->begin(), blob->begin() + 4, public_header.begin()) &&
        std::equal(blob->begin() + 8, blob->begin() + 12, public_header.begin() + 8);
    if (!has_header) return refuse("an RSA1 public key blob");
    const auto bits = clixml::load_le<std::uint32_t>(blob->data() + bits_at);
    const std::size_t bytes = bits / 8;
    if (bits % 8 != 0 || bytes < modulus_bytes_min || bytes > modulus_bytes_max)
        return refuse("a key of 512 to 8192 bits");
    if (blob->size() < modulus_at + bytes) return refuse("a whole modulus");
    const BytesView view(*blob);
    const BytesView modulus = view.subspan(modulus_at, bytes);
    if (modulus.back() == 0 || modulus.front() % 2 == 0) return refuse("an odd modulus");
    Key key = make_public_key(modulus, view.subspan(exponent_at, exponent_bytes));
    if (!key) return refuse("a usable key");
    return key;
}

std::size_t modulus_size(const Key& key)
{
    return static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
}

using Start = int (*)(EVP_PKEY_CTX*);
using Run = int (*)(EVP_PKEY_CTX*, unsigned char*, std::size_t*, const unsigned char*, std::size_t);

// The bare arithmetic in either direction; `output` has the size of the modulus.
bool run_rsa(const Key& key, Start start, Run run, BytesView input, Bytes& output)
{
    const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
    std::size_t size = output.size();
    return context && start(context.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
           run(context.get(), output.data(), &size, input.data(), input.size()) == 1 &&
           size == output.size();
}

// PKCS#1 v1.5, type 2: 00 02, bytes that are not zero, 00, the key. No byte of padding is zero, so
// those that fall so are drawn again; all of it again and again would be a broken source.
Result<void> pad(const SessionKey& key, KeySource& source, Bytes& block)
{
    constexpr int draws_max = 1000;
    const std::size_t key_at = block.size() - session_key_bytes;
    block[0] = 0;
    block[1] = 2;
    const std::span<std::uint8_t> padding(block.data() + 2, key_at - 3);
    PSRP_CHECK(source.fill_random(padding));
    int draws = 0;
    for (auto& byte : padding) {
        while (byte == 0) {
            if (++draws > draws_max)
                return failure(Errc::KeyGenerationFailed, no_offset, "random bytes");
            PSRP_CHECK(source.fill_random({&byte, 1}));
        }
    }
    block[key_at - 1] = 0;
    std::copy(key.bytes().begin(), key.bytes().end(), block.begin() + static_cast<long>(key_at));
    return {};
}

// Whether the block is padded around exactly one key; looks at all of it in any case.
bool is_padded(const Bytes& block)
{
    const std::size_t key_at = block.size() - session_key_bytes;
    unsigned wrong = block[0] | (block[1] ^ 2U) | block[key_at - 1];
    for (std::size_t i = 2; i < key_at - 1; ++i)
        wrong |= block[i] == 0 ? 1U : 0U;
    return wrong == 0;
}

} // namespace

struct RsaPrivateKey::Impl {
    Key key;
};

RsaPrivateKey::RsaPrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RsaPrivateKey::RsaPrivateKey(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey& RsaPrivateKey::operator=(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey::~RsaPrivateKey() = default;

Result<RsaPrivateKey> RsaPrivateKey::read_der(BytesView der)
{
    const unsigned char* at = der.data();
    Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return failure(Errc::InvalidArgument, no_offset, "an RSA key");
    const std::size_t bytes = modulus_size(key);
    if (bytes < modulus_bytes_min || bytes > modulus_bytes_max ||
        EVP_PKEY_get_bits(key.get()) != static_cast<int>(bytes * 8))
        return failure(Errc::InvalidArgument, no_offset, "an RSA key of 512 to 8192 bits");
    return RsaPrivateKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<std::string> RsaPrivateKey::public_blob() const
{
    const auto number = [&](const char* name) {
        BIGNUM* found = nullptr;
        (void)EVP_PKEY_get_bn_param(impl_->key.get(), name, &found); // null where it fails
        return Number(found);
    };
    const Number modulus = number(OSSL_PKEY_PARAM_RSA_N);
    const Number exponent = number(OSSL_PKEY_PARAM_RSA_E);
    const std::size_t bytes = modulus_size(impl_->key);
    Bytes blob(modulus_at + bytes);
    std::copy(public_header.begin(), public_header.end(), blob.begin());
    clixml::store_le(static_cast<std::uint32_t>(bytes * 8), blob.data() + bits_at);
    const bool fits =
        modulus && exponent &&
        BN_bn2lebinpad(exponent.get(), blob.data() + exponent_at, exponent_bytes) >= 0 &&
        BN_bn2lebinpad(modulus.get(), blob.data() + modulus_at, static_cast<int>(bytes)) >= 0;
    if (!fits) return failure(Errc::InvalidArgument, no_offset, "an exponent of three bytes");
    std::string text;
    clixml::append_base64(blob, text);
    return text;
}

Result<SessionKey> RsaPrivateKey::decrypt(std::string_view blob) const
{
    auto bytes = clixml::read_base64(blob);
    if (!bytes) return failure(Errc::InvalidSessionKey, no_offset, "base64");
    const std::size_t size = modulus_size(impl_->key);
    if (bytes->size() != simple_header.size() + size)
        return failure(Errc::InvalidSessionKey, no_offset, "a key blob as long as our modulus");
    std::reverse(bytes->begin() + simple_header.size(), bytes->end());
    WipedBytes block(size);
    const BytesView encrypted = BytesView(*bytes).subspan(simple_header.size());
    if (!run_rsa(impl_->key, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, encrypted, *block) ||
        !is_padded(*block))
        return failure(Errc::InvalidSessionKey, no_offset, "a key under our public key");
    const auto key = std::span(*block).last<session_key_bytes>();
    return SessionKey(key);
}

Result<std::string>
encrypt_session_key(const SessionKey& key, std::string_view public_blob, KeySource& source)
{
    PSRP_TRY(const Key rsa, read_public_blob(public_blob));
    WipedBytes block(modulus_size(rsa));
    PSRP_CHECK(pad(key, source, *block));
    Bytes encrypted(block->size());
    if (!run_rsa(rsa, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, *block, encrypted))
        return failure(Errc::InvalidPublicKey, no_offset, "a usable key");
    Bytes blob(simple_header.begin(), simple_header.end());
    blob.insert(blob.end(), encrypted.rbegin(), encrypted.rend());
    std::string text;
    clixml::append_base64(blob, text);
    return text;
}

} // namespace psrp
