#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>
#include <psrp/format/table.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace psrp {

namespace {

constexpr std::size_t column_width_min = 1;
constexpr char escape = '\x1b';
constexpr std::string_view reset = "\x1b[0m";

std::size_t table_width_of(const std::vector<TableColumn>& columns)
{
    std::size_t width = 0;
    std::size_t visible = 0;
    for (const TableColumn& column : columns) {
        if (column.is_hidden) continue;
        width += column.width;
        ++visible;
    }
    return visible == 0 ? 0 : width + visible - 1;
}

void trim_to_fit(std::vector<TableColumn>& columns, std::size_t table_width)
{
    for (std::size_t i = columns.size(); i-- > 0;) {
        const std::size_t width = table_width_of(columns);
        if (width <= table_width) return;
        const std::size_t excess = width - table_width;
        if (columns[i].width >= excess + column_width_min) {
            columns[i].width -= excess;
            return;
        }
        columns[i].is_hidden = true;
    }
}

std::string cut_at_line_break(std::string_view text)
{
    const std::size_t at = text.find_first_of("\r\n");
    if (at == std::string_view::npos) return std::string(text);
    return std::string(text.substr(0, at)) + ellipsis;
}

// `text` in exactly `width` columns; without blanks behind it where `pads_end` is false.
std::string cell(std::string text, std::size_t width, Alignment alignment, bool pads_end)
{
    if (cell_width(text) > width) {
        const std::size_t room = width > 1 ? width - 1 : width;
        const char* mark = width > 1 ? ellipsis : "";
        if (alignment == Alignment::Right) {
            text = mark + text.substr(tail_offset(text, room));
        } else {
            text = text.substr(0, head_bytes(text, room)) + mark;
        }
    }
    // A colour that was cut off must not run on.
    if (text.find(escape) != std::string::npos && !text.ends_with(reset)) text += reset;
    const std::size_t blanks = width - std::min(width, cell_width(text));
    if (alignment == Alignment::Right) return std::string(blanks, ' ') + text;
    const std::size_t before = alignment == Alignment::Center ? blanks / 2 : 0;
    text.insert(0, before, ' ');
    if (pads_end) text.append(blanks - before, ' ');
    return text;
}

// The cells of one line. PowerShell leaves out the blanks behind the last column, but not behind
// the last one to be seen where the last one is hidden.
std::string
join_cells(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells)
{
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].is_hidden) continue;
        if (i > 0) line += ' ';
        line += cell(cells[i], columns[i].width, columns[i].alignment, i + 1 != columns.size());
    }
    return line;
}

// The lines of a row whose cells are broken. A line ends with the last column that has text in it.
std::vector<std::string>
broken_lines(const std::vector<TableColumn>& columns, const std::vector<std::string>& texts)
{
    std::vector<std::vector<std::string>> cells(columns.size());
    std::size_t line_count = 1;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].is_hidden) continue;
        cells[i] = broken_text(texts[i], columns[i].width);
        line_count = std::max(line_count, cells[i].size());
    }
    std::vector<std::string> lines;
    for (std::size_t number = 0; number < line_count; ++number) {
        std::size_t last_with_text = 0;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (number < cells[i].size()) last_with_text = i;
        }
        std::string line;
        for (std::size_t i = 0; i <= last_with_text; ++i) {
            if (columns[i].is_hidden) continue;
            if (i > 0) line += ' ';
            const std::string text = number < cells[i].size() ? cells[i][number] : std::string();
            line += cell(text, columns[i].width, columns[i].alignment, i != last_with_text);
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace

void fit_columns(std::vector<TableColumn>& columns, std::size_t table_width)
{
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].width != 0) continue;
        columns[i].width = column_width_min;
        open.push_back(i);
    }
    const std::size_t width = table_width_of(columns);
    if (!open.empty() && width < table_width) {
        const std::size_t room = table_width - width;
        for (std::size_t i = 0; i < open.size(); ++i) {
            columns[open[i]].width += room / open.size() + (i < room % open.size() ? 1 : 0);
        }
    }
    trim_to_fit(columns, table_width);
}

void widen_to_content(
    std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows
)
{
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].width != 0) continue;
        std::size_t width = std::max(column_width_min, cell_width(columns[i].header));
        for (const auto& row : rows)
            width = std::max(width, cell_width(row[i]));
        columns[i].width = width;
    }
}

std::vector<std::string> header_lines(const std::vector<TableColumn>& columns)
{
    std::vector<std::string> labels;
    std::vector<std::string> dashes;
    for (const TableColumn& column : columns) {
        labels.push_back(column.header);
        const std::size_t width = std::min(column.width, cell_width(column.header));
        dashes.emplace_back(column.is_hidden ? 0 : width, '-');
    }
    std::vector<std::string> lines = broken_lines(columns, labels);
    lines.push_back(join_cells(columns, dashes));
    return lines;
}

std::vector<std::string>
wrapped_lines(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells)
{
    return broken_lines(columns, cells);
}

std::string row_line(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells)
{
    std::vector<std::string> texts;
    texts.reserve(cells.size());
    for (const std::string& text : cells)
        texts.push_back(cut_at_line_break(text));
    return join_cells(columns, texts);
}

} // namespace psrp
