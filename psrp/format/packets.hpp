// What Format-Table, Format-List, Format-Wide and Format-Custom wrote on the server: a layout in
// packets, which the client fits into its own width. Recorded in vectors/format/packets.jsonl.
#pragma once

#include <clixml/object.hpp>
#include <psrp/format/table.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp {

// Whether `object` is such a packet, or a part of one.
bool is_format_packet(const clixml::Object& object);

// Whether a layout begins with it.
bool starts_layout(const clixml::Object& packet);

// Prints packets, each server's by themselves where several write at once. What is not as
// PowerShell makes it is left out. No I/O: lines go to the function given, borrowed for the call.
class PacketFormatter {
public:
    using TakeLine = std::function<void(std::string_view)>;

    // `width` columns a line; a table whose widths depend on its content waits for `rows_max` rows
    // at most.
    PacketFormatter(std::size_t width, std::size_t rows_max) : width_(width), rows_max_(rows_max) {}

    // The next packet. Nothing of it is kept.
    void write(const clixml::Object& packet, const TakeLine& take_line);
    // Whether there are rows that flush() would print.
    [[nodiscard]] bool has_waiting_rows() const;
    // Settles the widths by the rows that wait and prints them; rows of -AutoSize go on waiting for
    // theirs all.
    void flush(const TakeLine& take_line);
    // Prints what waits of layouts whose end never came.
    void finish(const TakeLine& take_line);

private:
    enum class Shape { Table, List, Wide, Custom };

    // An entry that waits, or the lines that were printed between two.
    struct Entry {
        bool is_between = false;
        std::vector<std::string> texts; // of cells, or lines
        std::vector<std::size_t> alignments;
        bool wraps = false;
    };

    // What one server has begun and not ended.
    struct Layout {
        Shape shape = Shape::Custom;
        std::vector<TableColumn> columns; // as the server gave them
        bool hides_header = false;
        bool fits_content = false; // widths, or items a row, come from the entries
        bool waits_for_all = false;
        std::size_t items_in_row = 0; // of Format-Wide; 0: as many as fit
        // Of the group that has begun.
        std::vector<TableColumn> settled;
        bool is_settled = false;
        std::vector<Entry> waiting;
        std::vector<std::string> row; // items of Format-Wide that are not printed yet
    };

    void start(const clixml::Object& packet, Layout& layout, const TakeLine& take_line);
    void start_group(const clixml::Object& packet, Layout& layout, const TakeLine& take_line) const;
    void take_entry(const clixml::Object& packet, Layout& layout, const TakeLine& take_line) const;
    void take_between(const clixml::Object& entry, Layout* layout, const TakeLine& take_line) const;
    void settle(Layout& layout, const TakeLine& take_line) const;
    void print(const Entry& entry, Layout& layout, const TakeLine& take_line) const;
    void print_row(const Entry& entry, const Layout& layout, const TakeLine& take_line) const;
    void print_items(Layout& layout, const TakeLine& take_line) const;
    void end_group(Layout& layout, const TakeLine& take_line) const;

    std::size_t width_;
    std::size_t rows_max_;
    std::map<std::string, Layout> layouts_; // by the runspace that writes
};

// The lines of a list of texts, fields, line ends and indented parts, as Format-Custom makes it.
std::vector<std::string> free_form_lines(const clixml::Object& entry, std::size_t width);

} // namespace psrp
