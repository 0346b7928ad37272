// Any bytes decode to a typed message or to an error, never more; what decodes losslessly encodes,
// and what was encoded decodes again to the same type.
#include <fuzz/fuzz_input.hpp>
#include <psrp/protocol/any_message.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes)
{
    fuzz::Input input(bytes, size_bytes);
    const auto message = psrp::read_message(input.rest());
    if (!message) return 0;
    for (const auto reading : {clixml::Reading::Lossless, clixml::Reading::Deserialized}) {
        psrp::Arena arena;
        clixml::ReadOptions options;
        options.reading = reading;
        const auto decoded = psrp::decode_any(*message, arena, options);
        if (!decoded) {
            fuzz::require(decoded.error().code.value() != 0, "an error has a code");
            continue;
        }
        clixml::WriteOptions verbatim = clixml::message_options();
        if (reading == clixml::Reading::Lossless) verbatim.writing = clixml::Writing::Verbatim;
        const auto value = psrp::encode_any(*decoded, arena);
        const auto again = psrp::write_message(message->header, value, verbatim);
        // Text that XML cannot carry is refused, and serializing at depth 1 may lose what a message
        // needs.
        if (!again || reading != clixml::Reading::Lossless) continue;
        const auto reread = psrp::read_message(*again);
        fuzz::require(reread.has_value(), "what was written is a message");
        psrp::Arena second;
        const auto redecoded = psrp::decode_any(*reread, second, options);
        fuzz::require(redecoded.has_value(), "what was encoded decodes");
        fuzz::require(psrp::type_of(*redecoded) == psrp::type_of(*decoded), "the type stays");
    }
    return 0;
}
