// How secure strings travel. Between peers of protocol 2.4 they are clear base64 and rely on the
// transport; older peers need the session key exchange, which is not carried out here: its messages
// end in Errc::KeyExchangeUnsupported (fact sheet psrp 11).
#pragma once

#include <clixml/result.hpp>
#include <clixml/secret.hpp>

#include <string>
#include <string_view>

namespace psrp {

// Contents of an SS element between peers of protocol 2.4: base64 of the UTF-16LE bytes, no
// terminator.
class ClearBase64Secrets final : public clixml::SecretCipher {
public:
    // Errc::InvalidArgument for an odd number of bytes.
    [[nodiscard]] clixml::Result<std::string> encrypt(std::string_view utf16le) const override;
    // Errc::InvalidSecret for what is not base64 or has an odd number of bytes.
    [[nodiscard]] clixml::Result<std::string> decrypt(std::string_view text) const override;
};

} // namespace psrp
