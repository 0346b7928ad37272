#include <clixml/errors.hpp>
#include <clixml/secret.hpp>
#include <clixml/utf.hpp>

namespace clixml {
namespace {

constexpr std::string_view credential_type = "System.Management.Automation.PSCredential";

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

Result<Value> make_secure_string(Arena& arena, std::string_view text, const SecretCipher& cipher)
{
    std::string clear = utf16le_from_utf8(text);
    auto secret = cipher.encrypt(clear);
    wipe(clear);
    if (!secret) return tl::unexpected<Error>(secret.error());
    return Value::secure_string(arena.copy(*secret));
}

Result<std::string> read_secure_string(const Value& value, const SecretCipher& cipher)
{
    Value secret = value.unwrapped();
    if (secret.kind() != Kind::SecureString)
        return failure(Errc::NotConvertible, no_offset, "a SecureString expected");
    PSRP_TRY(std::string clear, cipher.decrypt(secret.text()));
    std::string text = utf8_from_utf16(clear, false);
    wipe(clear);
    return text;
}

Result<Object*>
make_credential(Arena& arena, const Credential& credential, const SecretCipher& cipher)
{
    Object* object = make_live(arena, {credential_type, "System.Object"}, credential_type);
    if (credential.user_name.empty()) {
        object->set_adapted(arena, "UserName", Value());
        object->set_adapted(arena, "Password", Value());
        return object;
    }
    PSRP_TRY(Value password, make_secure_string(arena, credential.password, cipher));
    object->set_adapted(arena, "UserName", Value::string(arena, credential.user_name));
    object->set_adapted(arena, "Password", password);
    return object;
}

Result<Credential> read_credential(const Value& value, const SecretCipher& cipher)
{
    const Object* object = value.object();
    const char* expected = "a PSCredential expected";
    if (object == nullptr || !object->is_type(credential_type))
        return failure(Errc::NotConvertible, no_offset, expected);
    const Property* user_name = object->find("UserName");
    const Property* password = object->find("Password");
    if (user_name == nullptr || password == nullptr)
        return failure(Errc::NotConvertible, no_offset, expected);
    if (user_name->value.is_nil() && password->value.is_nil()) return Credential{};
    PSRP_TRY(std::string_view name, user_name->value.as<std::string_view>());
    PSRP_TRY(std::string secret, read_secure_string(password->value, cipher));
    return Credential{std::string(name), std::move(secret)};
}

void wipe(std::string& text)
{
    volatile char* at = text.data();
    for (std::size_t i = 0; i < text.size(); ++i)
        at[i] = '\0';
    text.clear();
}

} // namespace clixml
