// Whatever the text, each kind of primitive refuses it or reads it; what was read is written as a
// text that reads back to the same text. Offsets of errors lie in the text. Only addresses may
// change again, as in .NET: a relative one loses its escapes one level at a time.
#include <clixml/errors.hpp>
#include <clixml/lexical.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/utf.hpp>
#include <fuzz/fuzz_input.hpp>

#include <string>
#include <string_view>

namespace {

class Zone final : public clixml::LocalZone {
public:
    [[nodiscard]] std::int16_t offset_minutes_at(std::int64_t) const override { return -570; }
    [[nodiscard]] std::int16_t offset_minutes_of_local(std::int64_t) const override { return -570; }
};

void check(clixml::Kind kind, std::string_view text, const clixml::LocalZone* zone)
{
    clixml::Arena arena;
    const auto value = clixml::read_lexical(kind, text, arena, zone);
    if (!value) {
        fuzz::require(
            value.error().offset <= text.size(), "the offset of an error lies in the text"
        );
        return;
    }
    fuzz::require(value->kind() == kind, "a value has the kind that was asked for");
    const std::string written = clixml::lexical_text(*value);
    if (kind == clixml::Kind::Uri) return;
    const auto again = clixml::read_lexical(kind, written, arena, zone);
    fuzz::require(again.has_value(), "what was written is read");
    fuzz::require(clixml::lexical_text(*again) == written, "the written text is stable");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Zone zone;
    for (const clixml::Primitive& row : clixml::primitive_table()) {
        if (row.kind == clixml::Kind::ProgressRecord) continue;
        check(row.kind, text, nullptr);
        check(row.kind, text, &zone);
    }
    return 0;
}
