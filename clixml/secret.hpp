// SecretCipher: how the text of an SS element becomes a secret and back. No cryptography lives in
// this component.
#pragma once

#include <clixml/result.hpp>

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

// Overwrites `text` with zeros in a way the compiler keeps, then empties it.
void wipe(std::string& text);

} // namespace clixml
