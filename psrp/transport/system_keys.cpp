#include <psrp/protocol/errors.hpp>
#include <psrp/transport/system_keys.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>

namespace psrp {

namespace {

constexpr unsigned rsa_bits = 2048;

clixml::Result<void> failed(const char* what)
{
    return clixml::failure(Errc::KeyGenerationFailed, clixml::no_offset, what);
}

} // namespace

clixml::Result<void> SystemKeys::fill_random(std::span<std::uint8_t> bytes)
{
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        return failed("random bytes");
    return {};
}

clixml::Result<RsaPrivateKey> SystemKeys::make_rsa_key()
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_RSA_gen(rsa_bits), EVP_PKEY_free
    );
    unsigned char* der = nullptr;
    const int size = key ? i2d_PrivateKey(key.get(), &der) : -1;
    if (size <= 0) return tl::unexpected<clixml::Error>(failed("an RSA key").error());
    auto read = RsaPrivateKey::read_der({der, static_cast<std::size_t>(size)});
    OPENSSL_clear_free(der, static_cast<std::size_t>(size));
    return read;
}

KeySource& system_keys()
{
    static SystemKeys keys;
    return keys;
}

} // namespace psrp
