// Whatever the payload, as each of the catalogue's messages it decodes to that message's typed form
// or to an error, and what was decoded encodes to what decodes again to the same type.
#include <fuzz/fuzz_input.hpp>
#include <psrp/protocol/any_message.hpp>

#include <algorithm>
#include <string_view>

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t payload_bytes_max = 4096;

// The text of a seed that is a message; others are texts as they are.
std::string_view payload_of(std::string_view input)
{
    if (input.empty() || input.front() == '<') return input;
    input.remove_prefix(std::min(input.size(), psrp::message_header_bytes));
    if (input.starts_with(byte_order_mark)) input.remove_prefix(byte_order_mark.size());
    return input;
}

void check(const psrp::MessageTypeRow& row, std::string_view payload)
{
    psrp::Arena arena;
    clixml::ReadOptions options;
    options.reading = clixml::Reading::Lossless;
    psrp::Message message;
    message.header.type = static_cast<std::uint32_t>(row.type);
    message.text = payload;
    const auto decoded = psrp::decode_any(message, arena, options);
    if (!decoded) return fuzz::require(decoded.error().code.value() != 0, "an error has a code");
    fuzz::require(psrp::type_of(*decoded) == row.type, "the type is the header's");
    clixml::WriteOptions verbatim = clixml::message_options();
    verbatim.writing = clixml::Writing::Verbatim;
    const auto again =
        psrp::write_message(message.header, psrp::encode_any(*decoded, arena), verbatim);
    if (!again) return; // text that XML cannot carry
    psrp::Arena second;
    const auto reread = psrp::read_message(*again);
    fuzz::require(reread.has_value(), "what was written is a message");
    const auto redecoded = psrp::decode_any(*reread, second, options);
    fuzz::require(redecoded.has_value(), "what was encoded decodes");
    fuzz::require(psrp::type_of(*redecoded) == row.type, "the type stays");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes)
{
    fuzz::Input input(bytes, size_bytes);
    const std::string_view payload = payload_of(input.rest_text());
    // Each is read as every type: long ones cost that many times more and find no more.
    if (payload.size() > payload_bytes_max) return 0;
    for (const psrp::MessageTypeRow& row : psrp::message_types())
        check(row, payload);
    return 0;
}
