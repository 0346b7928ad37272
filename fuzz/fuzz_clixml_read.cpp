// Whatever the bytes, both readings of both forms end in values or in an error whose offset is not
// behind the end. What is read losslessly and written verbatim reads again and is written as the
// same bytes. A comment before it, which only the general reader takes, changes nothing. An ASCII
// text without a DTD that is read losslessly is well-formed XML for pugixml too (a deserializing
// reader stops before it has seen the whole text).
#include <clixml/reader.hpp>
#include <clixml/writer.hpp>
#include <fuzz/fuzz_input.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace {

// Texts are read with small limits, so that those limits are met too.
clixml::ReadOptions options_for(clixml::Reading reading, clixml::Form form)
{
    clixml::ReadOptions options;
    options.reading = reading;
    options.form = form;
    options.limits.attributes_max = 8;
    options.limits.member_set_depth_max = 4;
    return options;
}

std::string
write_verbatim(const std::vector<clixml::TopLevelValue>& values, const clixml::TextForm& form)
{
    clixml::TextForm plain = form;
    plain.encoding = clixml::TextEncoding::Utf8;
    plain.byte_order_mark = false;
    plain.declaration = {};
    std::string text;
    fuzz::require(
        clixml::write_copy(values, plain, text).has_value(), "what was read can be written"
    );
    return text;
}

void check_error(const clixml::Error& error, std::string_view text)
{
    fuzz::require(error.offset <= text.size(), "the offset of an error lies in the text");
    fuzz::require(static_cast<bool>(error.code), "an error has a code");
}

// The same text behind a comment, so that the reader for PowerShell's own forms declines it.
void check_general_reader(
    std::string_view text,
    const clixml::ReadOptions& options,
    const clixml::Result<std::vector<clixml::TopLevelValue>>& values,
    const std::string& written
)
{
    constexpr std::string_view comment = "<!---->";
    const bool plain_start = text.size() > 2 && text[0] == '<' && text[1] != '?' && text[1] != '\0';
    if (!plain_start) return;
    clixml::Arena arena;
    clixml::TextForm form;
    const std::string commented = std::string(comment).append(text);
    const auto general = clixml::read_values(commented, arena, options, &form);
    fuzz::require(general.has_value() == values.has_value(), "both readers accept or refuse");
    if (general) {
        fuzz::require(write_verbatim(*general, form) == written, "both readers read the same");
        return;
    }
    fuzz::require(general.error().code == values.error().code, "both readers see the same error");
    fuzz::require(
        general.error().offset == values.error().offset + comment.size(), "at the same place"
    );
}

// Agrees with pugixml that a text that was read is XML.
void check_well_formed(std::string_view text)
{
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x80 && c != '\0';
    });
    if (!plain) return;
    pugi::xml_document tree;
    fuzz::require(
        static_cast<bool>(tree.load_buffer(text.data(), text.size())),
        "pugixml agrees that it is XML"
    );
}

void check_lossless(std::string_view text, clixml::Form form_wanted)
{
    const auto options = options_for(clixml::Reading::Lossless, form_wanted);
    clixml::Arena arena;
    clixml::TextForm form;
    const auto values = clixml::read_values(text, arena, options, &form);
    if (!values) {
        check_general_reader(text, options, values, {});
        return check_error(values.error(), text);
    }
    check_well_formed(text);
    const std::string written = write_verbatim(*values, form);
    check_general_reader(text, options, values, written);
    clixml::Arena arena_again;
    const auto again = clixml::read_values(written, arena_again, options, &form);
    fuzz::require(again.has_value(), "what was written verbatim is read");
    fuzz::require(write_verbatim(*again, form) == written, "verbatim text is a fixed point");
}

void check_deserialized(std::string_view text, clixml::Form form_wanted)
{
    const auto options = options_for(clixml::Reading::Deserialized, form_wanted);
    clixml::Arena arena;
    clixml::TextForm form;
    const auto values = clixml::read_values(text, arena, options, &form);
    check_general_reader(text, options, values, values ? write_verbatim(*values, form) : "");
    if (!values) check_error(values.error(), text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto form : {clixml::Form::Document, clixml::Form::Bare}) {
        check_lossless(text, form);
        check_deserialized(text, form);
    }
    return 0;
}
