// Any text of UTF-16 code units survives escaping: unescaped(escaped(x)) == x, and what is escaped
// holds nothing left to escape. Any bytes at all can be unescaped or escaped without a crash.
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>
#include <fuzz/fuzz_input.hpp>

#include <string>
#include <string_view>

namespace {

void check_codec(std::string_view text)
{
    const std::string once = clixml::escaped(text);
    fuzz::require(clixml::unescaped(once) == text, "unescaping undoes escaping");
    fuzz::require(
        clixml::has_escape(once) == (once != text), "an escaped text has escapes iff it changed"
    );
    const std::size_t first = clixml::first_to_escape(text);
    fuzz::require(
        (first == text.size()) == (once == text) && text.substr(0, first) == once.substr(0, first),
        "first_to_escape is where the texts part"
    );
    const std::string decoded = clixml::unescaped(text);
    fuzz::require(clixml::is_valid_wtf8(decoded), "unescaping gives text again");
    fuzz::require(
        clixml::has_escape(text) || decoded == text, "a text without groups is not changed"
    );
    fuzz::require(
        clixml::utf8_from_utf16(clixml::utf16le_from_utf8(decoded), false) == decoded,
        "every code unit survives UTF-16"
    );
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input(data, size);
    const auto decision = input.take_decision();
    const std::string_view bytes = input.rest_text();
    (void)clixml::escaped(bytes);   // bytes that are no text: only that nothing breaks
    (void)clixml::unescaped(bytes); // likewise
    const std::string units = clixml::utf8_from_utf16(bytes, (decision & 1) != 0);
    fuzz::require(clixml::is_valid_wtf8(units), "any code units are text");
    check_codec(units);
    if (clixml::is_valid_wtf8(bytes)) {
        // Only texts in which no pair of surrogates stands as two sequences come from UTF-16.
        const std::string canonical =
            clixml::utf8_from_utf16(clixml::utf16le_from_utf8(bytes), false);
        check_codec(canonical);
    }
    return 0;
}
