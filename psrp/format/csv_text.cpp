#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/csv_text.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/shown_object.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>

namespace psrp {

namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Value;

struct CsvCell {
    std::string name;
    std::string text;
    bool is_null = false;
};

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : printable_utf8(text))
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

CsvCell cell_of(std::string_view name, const Value& value)
{
    const Value plain = value.unwrapped();
    std::string text = value_text(value);
    if (plain.kind() == Kind::Double) text = round_trip_text(plain.double_value());
    if (plain.kind() == Kind::Single) text = round_trip_text(plain.single_value());
    if (plain.kind() == Kind::ByteArray) text = "System.Byte[]";
    return {std::string(name), std::move(text), value.is_nil()};
}

// The properties of a live value whose text is the name of their class.
bool is_shown_by_class(const ShownObject& object, const ShownProperty& property)
{
    const bool is_segments = object.base().kind() == Kind::Uri && property.name == "Segments";
    return is_segments && !property.value.is_nil();
}

std::vector<CsvCell> cells_of(Value value)
{
    std::vector<CsvCell> cells;
    const Object* object = value.object();
    const bool is_dictionary =
        object != nullptr && object->container() == ContainerKind::Dictionary;
    if (is_dictionary) {
        const auto items = object->items();
        for (std::size_t i = 0; i < object->entry_count(); ++i) {
            cells.push_back(cell_of(value_text(items[2 * i]), items[2 * i + 1]));
        }
    }
    const ShownObject shown(value);
    std::size_t note_count = 0;
    for (const ShownProperty& property : shown.properties()) {
        const bool is_note = object != nullptr && object->find(property.name) != nullptr;
        if (is_dictionary && !is_note) continue;
        cells.push_back(cell_of(property.name, property.value));
        if (is_shown_by_class(shown, property)) cells.back().text = "System.String[]";
        const bool is_itself = object != nullptr && property.value.object() == object;
        if (is_itself) cells.back().text = container_class(object->container());
        note_count += is_note ? 1U : 0U;
    }
    // What PowerShell adds to the type stands between the notes and the type's own properties.
    const Kind kind = shown.base().kind();
    const std::string_view added = kind == Kind::DateTime ? "DateTime" : "Guid";
    if (kind == Kind::DateTime || kind == Kind::Guid) {
        const auto last = std::prev(cells.end());
        if (last->name == added) {
            const auto place = cells.begin() + static_cast<std::ptrdiff_t>(note_count);
            std::rotate(place, last, cells.end());
        }
    }
    if (kind == Kind::String) {
        std::size_t units = 0;
        const std::string_view text = shown.base().text();
        for (std::size_t at = 0; at < text.size();)
            units += clixml::next_code_point(text, at) > 0xFFFF ? 2U : 1U;
        cells.push_back({"Length", std::to_string(units), false});
    }
    return cells;
}

} // namespace

std::vector<std::string> CsvWriter::write(Value value)
{
    std::vector<std::string> lines;
    if (value.is_nil()) return lines;
    const std::vector<CsvCell> cells = cells_of(value);
    if (!has_columns_) {
        has_columns_ = true;
        std::string header;
        for (const CsvCell& cell : cells) {
            header += (columns_.empty() ? "" : ",") + quoted(cell.name);
            columns_.push_back(cell.name);
        }
        lines.push_back(std::move(header));
    }
    std::string row;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i != 0) row += ',';
        const auto found = std::find_if(cells.begin(), cells.end(), [&](const CsvCell& cell) {
            return clixml::equal_ignoring_case(cell.name, columns_[i]);
        });
        if (found != cells.end() && !found->is_null) row += quoted(found->text);
    }
    lines.push_back(std::move(row));
    return lines;
}

} // namespace psrp
