// SecretCipher: how the text of an SS element becomes a secret and back. No cryptography lives in
// this component.
#pragma once

#include <clixml/object.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>

#include <string>
#include <string_view>

namespace clixml {

// Turns clear text into the contents of an SS element and back (fact sheet clixml 2.8, psrp 11).
// The clear text is UTF-16LE bytes. Implementations: the hexadecimal form of files below, base64
// and AES in psrp/protocol/session_key.hpp.
class SecretCipher {
public:
    virtual ~SecretCipher() = default;
    // Contents of the element for these UTF-16LE bytes.
    [[nodiscard]] virtual Result<std::string> encrypt(std::string_view utf16le) const = 0;
    // UTF-16LE bytes of the secret; the caller wipes them. Errc::InvalidSecret where `text` has not
    // this form.
    [[nodiscard]] virtual Result<std::string> decrypt(std::string_view text) const = 0;
};

// What PowerShell uses in files off Windows: lower-case hexadecimal digits, no encryption at all.
const SecretCipher& hexadecimal_secrets();

// `text` (UTF-8) as a SecureString made by `cipher`.
Result<Value> make_secure_string(Arena& arena, std::string_view text, const SecretCipher& cipher);
// The text of a SecureString in UTF-8; the caller wipes it. Errc::NotConvertible for other values.
Result<std::string> read_secure_string(const Value& value, const SecretCipher& cipher);

// A System.Management.Automation.PSCredential (fact sheet clixml 6.7).
struct Credential {
    std::string user_name; // empty in PSCredential.Empty
    std::string password;  // the caller wipes it
};
Result<Object*>
make_credential(Arena& arena, const Credential& credential, const SecretCipher& cipher);
// Errc::NotConvertible for objects of other types and those without a user name and a password.
Result<Credential> read_credential(const Value& value, const SecretCipher& cipher);

// Overwrites `text` with zeros in a way the compiler keeps, then empties it.
void wipe(std::string& text);

} // namespace clixml
