// ObjectFormatter: a stream of objects to lines, as PowerShell's default formatting prints it.
//
// The first object that is no scalar decides the view; objects that do not fit a known view are
// printed as lists in between. A table whose widths depend on its content waits for rows: see
// FormatOptions::table_rows_max and flush().
#pragma once

#include <clixml/value.hpp>
#include <psrp/format/packets.hpp>
#include <psrp/format/shown_object.hpp>
#include <psrp/format/table.hpp>
#include <psrp/format/views.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

struct FormatOptions {
    // Columns of a line: the terminal's, or PowerShell's 120 where there is none.
    std::size_t width = 120;
    // Table or List: for objects whose own view has another shape or that have none, by all of
    // their properties, as Format-Table and Format-List do. Nothing: PowerShell's choice.
    std::optional<ViewShape> shape = std::nullopt;
    // Whether terminal escape sequences inside values are left out, as PowerShell does where
    // NO_COLOR is set or the output is no terminal.
    bool is_plain = true;
    // Rows that are held back at most before the widths of a table are settled.
    std::size_t table_rows_max = 1000;
};

// Not thread-safe. No I/O: lines go to a function, time is the caller's.
class ObjectFormatter {
public:
    // `take_line` gets each finished line without its line feed, borrowed for the call.
    ObjectFormatter(const FormatOptions& options, std::function<void(std::string_view)> take_line);

    // The next object. Nothing of `value` is kept.
    void write(clixml::Value value);
    // Whether rows are held back. PowerShell lets them wait 300 ms; so should the caller.
    [[nodiscard]] bool has_waiting_rows() const
    {
        return !waiting_.empty() || packets_.has_waiting_rows();
    }
    // Settles the widths by the rows that wait and prints them. Rows that follow keep the widths.
    void flush();
    // Prints what waits and the end of a table or list. Writing again starts anew.
    void finish();

private:
    enum class State { Nothing, Table, List, Text };

    // A row of a table, or a line printed between rows, that waits for the widths.
    struct WaitingLine {
        bool is_row = false; // else `text` is printed
        std::string text;
        std::vector<std::string> cells;
    };

    void write_item(clixml::Value item);
    void write_packet(const clixml::Object& packet);
    void write_entries(const clixml::Object& dictionary);
    void write_object(const ShownObject& object);
    void write_beside(const ShownObject& object);
    [[nodiscard]] const KnownView* view_of(const ShownObject& object) const;
    [[nodiscard]] static bool is_printed_as_text(const ShownObject& object);
    void start(const ShownObject& object);
    void start_table(const ShownObject& object);
    void start_group(const ShownObject& object);
    void end_group();
    void end_layout();
    void write_row(const ShownObject& object);
    void print_row(const std::vector<std::string>& cells);
    void write_list(const ShownObject& object);
    [[nodiscard]] std::vector<std::string> cells_of(const ShownObject& object) const;
    void settle_columns();
    void flush_rows();
    void line(std::string_view text);
    void line_between(std::string_view text);
    void blank_line() { line({}); }

    FormatOptions options_;
    std::function<void(std::string_view)> take_line_;
    State state_ = State::Nothing;
    const KnownView* view_ = nullptr; // of the running table, list or texts; null: by properties
    bool has_computer_column_ = false;
    std::vector<std::string> default_names_; // what objects of the first one's type are shown by
    std::vector<std::string> column_names_;  // properties of a table without a known view
    std::vector<TableColumn> columns_;
    bool are_columns_settled_ = false;
    std::string group_;
    bool has_groups_ = false;
    std::vector<WaitingLine> waiting_;
    PacketFormatter packets_;
};

// `value` as lines joined by line feeds, each ended by one.
std::string format_objects(const std::vector<clixml::Value>& values, const FormatOptions& options);

} // namespace psrp
