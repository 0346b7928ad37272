#include <clixml/base64.hpp>
#include <clixml/bytes.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>

namespace psrp {

clixml::Result<std::string> ClearBase64Secrets::encrypt(std::string_view utf16le) const
{
    if (utf16le.size() % 2 != 0) return clixml::failure(Errc::InvalidArgument);
    std::string text;
    clixml::append_base64(clixml::bytes_of(utf16le), text);
    return text;
}

clixml::Result<std::string> ClearBase64Secrets::decrypt(std::string_view text) const
{
    auto bytes = clixml::read_base64(text);
    if (!bytes) return clixml::failure(Errc::InvalidSecret, bytes.error().offset, "base64");
    std::string utf16le(clixml::text_of(*bytes));
    volatile std::uint8_t* clear = bytes->data();
    for (std::size_t i = 0; i < bytes->size(); ++i)
        clear[i] = 0;
    if (utf16le.size() % 2 != 0) {
        clixml::wipe(utf16le);
        return clixml::failure(Errc::InvalidSecret, text.size(), "an even number of bytes");
    }
    return utf16le;
}

} // namespace psrp
