// Whatever the text, the script parser reads it or refuses it with a place in the text; it never
// recurses without end.
#include <fuzz/fuzz_input.hpp>
#include <psrp/server/script/parser.hpp>

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto script = psrp::server::read_script(text, {});
    if (script) {
        fuzz::require(*script != nullptr, "a script that was read has a tree");
        return 0;
    }
    fuzz::require(script.error().offset <= size, "the offset of an error lies in the text");
    const auto place = psrp::server::position_in(text, script.error().offset);
    fuzz::require(place.line >= 1 && place.column >= 1, "places count from one");
    (void)psrp::server::line_at(text, script.error().offset); // must not read outside the text
    return 0;
}
