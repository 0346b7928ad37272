#include <psrp/format/display_width.hpp>
#include <psrp/format/table.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>
#include <string_view>

namespace psrp {

namespace {

constexpr std::size_t column_width_min = 1;

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
    if (display_width(text) > width) {
        const std::size_t room = width > 1 ? width - 1 : width;
        const char* mark = width > 1 ? ellipsis : "";
        if (alignment == Alignment::Right) {
            text = mark + text.substr(tail_offset(text, room));
        } else {
            text = text.substr(0, head_bytes(text, room)) + mark;
        }
    }
    const std::size_t blanks = width - std::min(width, display_width(text));
    if (alignment == Alignment::Right) return std::string(blanks, ' ') + text;
    return pads_end ? text + std::string(blanks, ' ') : text;
}

std::string
join_cells(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells)
{
    std::size_t last = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].is_hidden) last = i;
    }
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].is_hidden) continue;
        if (!line.empty() || i > 0) line += ' ';
        line += cell(cells[i], columns[i].width, columns[i].alignment, i != last);
    }
    return line;
}

// `text` in pieces of at most `width` columns; at least one piece, never an endless row of them.
std::vector<std::string> pieces_of(std::string_view text, std::size_t width)
{
    std::vector<std::string> pieces;
    do {
        std::size_t bytes = head_bytes(text, width);
        if (bytes == 0) bytes = text.size();
        pieces.emplace_back(text.substr(0, bytes));
        text.remove_prefix(bytes);
    } while (!text.empty());
    return pieces;
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
        std::size_t width = std::max(column_width_min, display_width(columns[i].header));
        for (const auto& row : rows) {
            width = std::max(width, display_width(cut_at_line_break(row[i])));
        }
        columns[i].width = width;
    }
}

std::vector<std::string> header_lines(const std::vector<TableColumn>& columns)
{
    std::vector<std::vector<std::string>> labels;
    std::vector<std::string> dashes;
    std::size_t line_count = 1;
    for (const TableColumn& column : columns) {
        if (column.is_hidden) {
            labels.emplace_back();
            dashes.emplace_back();
            continue;
        }
        labels.push_back(pieces_of(column.header, column.width));
        line_count = std::max(line_count, labels.back().size());
        dashes.emplace_back(std::min(column.width, display_width(column.header)), '-');
    }
    std::vector<std::string> lines;
    for (std::size_t number = 0; number < line_count; ++number) {
        std::vector<std::string> cells;
        for (const auto& label : labels) {
            cells.push_back(number < label.size() ? label[number] : std::string());
        }
        lines.push_back(join_cells(columns, cells));
    }
    lines.push_back(join_cells(columns, dashes));
    return lines;
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
