#include <clixml/errors.hpp>
#include <clixml/secret.hpp>

namespace clixml {
namespace {

class HexadecimalSecrets final : public SecretCipher {
public:
    [[nodiscard]] Result<std::string> encrypt(std::string_view utf16le) const override
    {
        static constexpr char digits[] = "0123456789abcdef";
        std::string text;
        text.reserve(utf16le.size() * 2);
        for (char c : utf16le) {
            text += digits[static_cast<std::uint8_t>(c) >> 4];
            text += digits[static_cast<std::uint8_t>(c) & 15];
        }
        return text;
    }

    [[nodiscard]] Result<std::string> decrypt(std::string_view text) const override
    {
        if (text.empty() || text.size() % 4 != 0) {
            return failure(
                Errc::InvalidSecret, text.size(), "four hexadecimal digits a character expected"
            );
        }
        std::string bytes(text.size() / 2, '\0');
        for (std::size_t i = 0; i < text.size(); ++i) {
            char c = text[i];
            int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
            if (digit < 0) {
                wipe(bytes);
                return failure(Errc::InvalidSecret, i, "a hexadecimal digit expected");
            }
            bytes[i / 2] = static_cast<char>(static_cast<std::uint8_t>(bytes[i / 2]) << 4 | digit);
        }
        return bytes;
    }
};

} // namespace

const SecretCipher& hexadecimal_secrets()
{
    static const HexadecimalSecrets cipher;
    return cipher;
}

void wipe(std::string& text)
{
    volatile char* at = text.data();
    for (std::size_t i = 0; i < text.size(); ++i)
        at[i] = '\0';
    text.clear();
}

} // namespace clixml
