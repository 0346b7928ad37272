#include <psrp/http/channel_binding.hpp>
#include <psrp/http/errors.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

namespace psrp {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate read_der(BytesView bytes)
{
    const unsigned char* at = bytes.data();
    return {d2i_X509(nullptr, &at, static_cast<long>(bytes.size())), &X509_free};
}

const EVP_MD* hash_of(const X509* certificate)
{
    int digest = NID_undef;
    const bool is_known =
        certificate != nullptr &&
        OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) == 1;
    if (!is_known || digest == NID_md5 || digest == NID_sha1) return EVP_sha256();
    const EVP_MD* found = EVP_get_digestbynid(digest);
    return found != nullptr ? found : EVP_sha256();
}

Bytes digest(BytesView bytes, const EVP_MD* hash)
{
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> value{};
    unsigned int size = 0;
    EVP_Digest(bytes.data(), bytes.size(), value.data(), &size, hash, nullptr);
    return {value.begin(), value.begin() + size};
}

} // namespace

Bytes server_end_point(BytesView certificate)
{
    const Certificate read = read_der(certificate);
    const Bytes hash = digest(certificate, hash_of(read.get()));
    const BytesView prefix = clixml::bytes_of("tls-server-end-point:");
    Bytes binding(prefix.size() + hash.size());
    std::copy(prefix.begin(), prefix.end(), binding.begin());
    std::copy(hash.begin(), hash.end(), binding.begin() + std::ptrdiff_t(prefix.size()));
    return binding;
}

Result<Bytes> read_pem_certificate(std::string_view pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free
    );
    const Certificate read(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
    unsigned char* bytes = nullptr;
    const int size = read ? i2d_X509(read.get(), &bytes) : -1;
    if (size < 0) {
        return clixml::failure(
            HttpErrc::ServerFileUnusable, clixml::no_offset, "expected a certificate in PEM"
        );
    }
    Bytes der(bytes, bytes + size);
    OPENSSL_free(bytes);
    return der;
}

std::string certificate_thumbprint(BytesView certificate)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const std::uint8_t byte : digest(certificate, EVP_sha1())) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

} // namespace psrp
