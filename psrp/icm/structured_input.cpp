#include <clixml/object.hpp>
#include <clixml/reader.hpp>
#include <clixml/utf.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/structured_input.hpp>

namespace icm {

namespace {

using clixml::Arena;
using clixml::Value;
using Values = tl::expected<std::vector<Value>, std::string>;

constexpr std::string_view blanks = " \t\r";

// Calls `take` for each line without its end; stops where it gives false.
template <typename Take>
void for_each_line(std::string_view text, Take take)
{
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!take(line) || end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

Values read_lines(std::string_view text, Arena& arena)
{
    std::vector<Value> values;
    for_each_line(text, [&](std::string_view line) {
        values.push_back(Value::string(arena, line));
        return true;
    });
    return values;
}

Values read_json(std::string_view text, Arena& arena)
{
    auto value = read_json_line(text, arena);
    if (!value) return tl::unexpected(value.error());
    const clixml::Object* object = value->object();
    if (object == nullptr || object->container() == clixml::ContainerKind::None)
        return std::vector{*value};
    return std::vector<Value>(object->items().begin(), object->items().end());
}

Values read_json_lines(std::string_view text, Arena& arena)
{
    std::vector<Value> values;
    std::string problem;
    std::size_t number = 0;
    for_each_line(text, [&](std::string_view line) {
        ++number;
        if (line.find_first_not_of(blanks) == std::string_view::npos) return true;
        const auto value = read_json_line(line, arena);
        if (!value) problem = "line " + std::to_string(number) + ": " + value.error();
        if (value) values.push_back(*value);
        return value.has_value();
    });
    if (!problem.empty()) return tl::unexpected(problem);
    return values;
}

// As ConvertFrom-Csv: the first row names the properties, those without a name are H1, H2 and so
// on; fields that are missing are null, fields too many are dropped.
Values read_csv_objects(std::string_view text, Arena& arena)
{
    if (text.starts_with("#TYPE")) {
        const std::size_t end = text.find('\n');
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    auto rows = read_csv(text);
    if (!rows) return tl::unexpected(rows.error());
    std::vector<Value> values;
    for (std::size_t row = 1; row < rows->size(); ++row) {
        const auto& names = rows->front();
        const auto& fields = (*rows)[row];
        clixml::Object* object = clixml::make_custom_object(arena);
        std::size_t unnamed = 0;
        for (std::size_t column = 0; column < names.size(); ++column) {
            const std::string name =
                names[column].empty() ? "H" + std::to_string(++unnamed) : names[column];
            const bool is_there = column < fields.size();
            object->set_note(
                arena, arena.copy(name), is_there ? Value::string(arena, fields[column]) : Value()
            );
        }
        values.push_back(Value::object(object));
    }
    return values;
}

Values read_clixml(std::string_view text, Arena& arena)
{
    const auto read = clixml::read_values(arena.copy(text), arena, clixml::ReadOptions());
    if (!read) return tl::unexpected("no CLIXML: " + read.error().text());
    std::vector<Value> values;
    for (const clixml::TopLevelValue& value : *read)
        values.push_back(value.value);
    return values;
}

} // namespace

tl::expected<Value, std::string> read_json_line(std::string_view line, Arena& arena)
{
    const auto value = typed_value("json:" + std::string(line), arena);
    if (!value) return tl::unexpected<std::string>("broken JSON");
    return *value;
}

tl::expected<std::vector<std::vector<std::string>>, std::string> read_csv(std::string_view text)
{
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> row;
    std::string field;
    bool is_quoted = false; // the field has been, so that it counts where it is empty
    const auto end_row = [&] {
        if (!row.empty() || !field.empty() || is_quoted) {
            row.push_back(std::move(field));
            rows.push_back(std::move(row));
        }
        row.clear();
        field.clear();
        is_quoted = false;
    };
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at++];
        if (c == '"' && field.empty() && !is_quoted) {
            is_quoted = true;
            while (true) {
                const std::size_t quote = text.find('"', at);
                if (quote == std::string_view::npos) {
                    return tl::unexpected(
                        "row " + std::to_string(rows.size() + 1) + ": a quote is not closed"
                    );
                }
                field += text.substr(at, quote - at);
                at = quote + 1;
                if (at >= text.size() || text[at] != '"') break;
                field += text[at++];
            }
        } else if (c == ',') {
            row.push_back(std::move(field));
            field.clear();
            is_quoted = false;
        } else if (c == '\n') {
            end_row();
        } else if (c != '\r' || at >= text.size() || text[at] != '\n') {
            field += c;
        }
    }
    end_row();
    return rows;
}

Values read_input_values(std::string_view text, InputForm form, Arena& arena)
{
    // CLIXML may be UTF-16 and says so itself.
    if (form == InputForm::Clixml) return read_clixml(text, arena);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (clixml::first_invalid_utf8(text)) return tl::unexpected<std::string>("no UTF-8 text");
    switch (form) {
    case InputForm::Json:
        return read_json(text, arena);
    case InputForm::JsonLines:
        return read_json_lines(text, arena);
    case InputForm::Csv:
        return read_csv_objects(text, arena);
    case InputForm::Lines:
    case InputForm::Clixml:
        break;
    }
    return read_lines(text, arena);
}

} // namespace icm
