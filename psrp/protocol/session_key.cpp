#include <clixml/base64.hpp>
#include <clixml/bytes.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace psrp {

using clixml::failure;

namespace {

constexpr std::size_t block_bytes = 16;
constexpr std::array<std::uint8_t, block_bytes> zero_iv{};

void cleanse(clixml::Bytes& bytes)
{
    if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

enum class Direction : int { Decrypt = 0, Encrypt = 1 };

// AES-256-CBC over the whole of `input`; nothing where the padding is wrong.
std::optional<clixml::Bytes>
run_cipher(const SessionKey& key, clixml::BytesView input, Direction direction)
{
    clixml::Bytes output(input.size() + block_bytes);
    const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int written = 0;
    int rest = 0;
    const bool is_done =
        context != nullptr &&
        input.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) - block_bytes &&
        EVP_CipherInit_ex(
            context.get(),
            EVP_aes_256_cbc(),
            nullptr,
            key.bytes().data(),
            zero_iv.data(),
            static_cast<int>(direction)
        ) == 1 &&
        EVP_CipherUpdate(
            context.get(), output.data(), &written, input.data(), static_cast<int>(input.size())
        ) == 1 &&
        EVP_CipherFinal_ex(context.get(), output.data() + written, &rest) == 1;
    if (!is_done) {
        cleanse(output);
        return std::nullopt;
    }
    output.resize(static_cast<std::size_t>(written + rest));
    return output;
}

} // namespace

clixml::Result<std::string> ClearBase64Secrets::encrypt(std::string_view utf16le) const
{
    if (utf16le.size() % 2 != 0) return failure(Errc::InvalidArgument);
    std::string text;
    clixml::append_base64(clixml::bytes_of(utf16le), text);
    return text;
}

clixml::Result<std::string> ClearBase64Secrets::decrypt(std::string_view text) const
{
    auto bytes = clixml::read_base64(text);
    if (!bytes) return failure(Errc::InvalidSecret, bytes.error().offset, "base64");
    std::string utf16le(clixml::text_of(*bytes));
    cleanse(*bytes);
    if (utf16le.size() % 2 != 0) {
        clixml::wipe(utf16le);
        return failure(Errc::InvalidSecret, text.size(), "an even number of bytes");
    }
    return utf16le;
}

SessionKey::SessionKey(std::span<const std::uint8_t, session_key_bytes> bytes)
{
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

SessionKey::SessionKey(SessionKey&& other) noexcept : bytes_(other.bytes_)
{
    OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

SessionKey& SessionKey::operator=(SessionKey&& other) noexcept
{
    if (this != &other) {
        bytes_ = other.bytes_;
        OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
    }
    return *this;
}

SessionKey::~SessionKey()
{
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

clixml::Result<std::string> SessionKeySecrets::encrypt(std::string_view utf16le) const
{
    if (utf16le.size() % 2 != 0) return failure(Errc::InvalidArgument);
    const auto bytes = run_cipher(key_, clixml::bytes_of(utf16le), Direction::Encrypt);
    if (!bytes) return failure(Errc::KeyGenerationFailed, clixml::no_offset, "AES-256");
    std::string text;
    clixml::append_base64(*bytes, text);
    return text;
}

clixml::Result<std::string> SessionKeySecrets::decrypt(std::string_view text) const
{
    auto encrypted = clixml::read_base64(text);
    if (!encrypted) return failure(Errc::InvalidSecret, encrypted.error().offset, "base64");
    if (encrypted->empty() || encrypted->size() % block_bytes != 0)
        return failure(Errc::InvalidSecret, text.size(), "whole blocks of 16 bytes");
    auto bytes = run_cipher(key_, *encrypted, Direction::Decrypt);
    if (!bytes) return failure(Errc::InvalidSecret, text.size(), "text under the session key");
    std::string utf16le(clixml::text_of(*bytes));
    cleanse(*bytes);
    if (utf16le.size() % 2 != 0) {
        clixml::wipe(utf16le);
        return failure(Errc::InvalidSecret, text.size(), "an even number of bytes");
    }
    return utf16le;
}

} // namespace psrp
