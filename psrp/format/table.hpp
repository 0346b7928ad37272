// A table as PowerShell lays it out: widths, alignment, cutting, header and underline.
#pragma once

#include <psrp/format/views.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace psrp {

// A column that has been given its place. Width 0: not yet known (shares the room that is left);
// hidden columns did not fit.
struct TableColumn {
    std::string header;
    std::size_t width = 0;
    Alignment alignment = Alignment::Left;
    bool is_hidden = false;
};

// Gives every column of width 0 an equal share of what the others leave of `table_width` (the first
// ones get the odd columns), then cuts and hides columns from the last on until all fits.
void fit_columns(std::vector<TableColumn>& columns, std::size_t table_width);

// Makes every column of width 0 as wide as its header and its cells.
void widen_to_content(
    std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows
);

// The header, on as many lines as its longest label needs, and the underline.
std::vector<std::string> header_lines(const std::vector<TableColumn>& columns);

// One row that takes as many lines as its cells need; none has a line break left or is cut.
std::vector<std::string>
wrapped_lines(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells);

// One row: every cell on one line, cut with an ellipsis where it is too long or has a line break.
std::string
row_line(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells);

} // namespace psrp
