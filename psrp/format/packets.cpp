#include <psrp/format/detail/packet_fields.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>
#include <psrp/format/packets.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>

namespace psrp {

namespace {

using clixml::Object;
using clixml::Value;
using detail::packet_class;
using detail::packet_flag;
using detail::packet_items;
using detail::packet_number;
using detail::packet_object;
using detail::packet_text;

// More items in a row, or columns, than any screen has.
constexpr std::size_t columns_max = 1000;
// Of Format-Wide where nothing says otherwise.
constexpr std::size_t items_in_row = 2;

// Numbers of PowerShell's TextAlignment.
constexpr std::size_t no_alignment = 0;

Alignment alignment_numbered(std::int64_t number)
{
    if (number == 2) return Alignment::Center;
    return number == 3 ? Alignment::Right : Alignment::Left;
}

// A label, or the property's name where there is none.
std::string label_of(const Object& object)
{
    std::string label = packet_text(object, "label");
    return label.empty() ? packet_text(object, "propertyName") : label;
}

std::vector<TableColumn> columns_of(const Object& header)
{
    std::vector<TableColumn> columns;
    for (const Value& value : packet_items(header, "tableColumnInfoList")) {
        const Object* column = value.object();
        if (column == nullptr || columns.size() == columns_max) break;
        const std::int64_t width = std::max<std::int64_t>(packet_number(*column, "width"), 0);
        columns.push_back(
            {label_of(*column),
             static_cast<std::size_t>(width),
             alignment_numbered(packet_number(*column, "alignment")),
             false}
        );
    }
    return columns;
}

std::vector<std::pair<std::string, std::string>> list_entry(const Object& entry)
{
    std::vector<std::pair<std::string, std::string>> fields;
    for (const Value& value : packet_items(entry, "listViewFieldList")) {
        const Object* field = value.object();
        if (field == nullptr) continue;
        const Object* property = packet_object(*field, "formatPropertyField");
        fields.emplace_back(
            label_of(*field), property == nullptr ? "" : packet_text(*property, "propertyValue")
        );
    }
    return fields;
}

// As many items as fit beside each other, a blank between them and a column left.
std::size_t fitting_items(std::size_t item_width, std::size_t width)
{
    if (item_width == 0) return 1;
    std::size_t count = 1;
    while (item_width * (count + 1) + count < width)
        ++count;
    return count;
}

} // namespace

bool is_format_packet(const Object& object)
{
    return !packet_class(object).empty();
}

bool starts_layout(const Object& packet)
{
    return packet_class(packet) == "FormatStartData";
}

void PacketFormatter::write(const Object& packet, const TakeLine& take_line)
{
    const std::string_view kind = packet_class(packet);
    const std::string source = cell_text(packet.get("RunspaceId"));
    const auto found = layouts_.find(source);
    Layout* layout = found == layouts_.end() ? nullptr : &found->second;
    if (kind == "FormatStartData") {
        // Out of turn it ends what was before.
        if (layout != nullptr) end_group(*layout, take_line);
        return start(packet, layouts_[source] = Layout{}, take_line);
    }
    if (kind == "FormatEntryData" && packet_flag(packet, "outOfBand")) {
        const Object* entry = packet_object(packet, "formatEntryInfo");
        if (entry != nullptr) take_between(*entry, layout, take_line);
        return;
    }
    if (layout == nullptr) return;
    if (kind == "GroupStartData") {
        start_group(packet, *layout, take_line);
    } else if (kind == "FormatEntryData") {
        take_entry(packet, *layout, take_line);
    } else if (kind == "GroupEndData") {
        end_group(*layout, take_line);
    } else if (kind == "FormatEndData") {
        end_group(*layout, take_line);
        // An entry of a list has its blank line behind it already.
        if (layout->shape != Shape::List) take_line({});
        layouts_.erase(source);
    }
}

void PacketFormatter::start(const Object& packet, Layout& layout, const TakeLine& take_line)
{
    const Object* header = packet_object(packet, "shapeInfo");
    const std::string_view kind = header == nullptr ? std::string_view{} : packet_class(*header);
    layout.waits_for_all = packet_object(packet, "autosizeInfo") != nullptr;
    layout.fits_content = layout.waits_for_all;
    if (kind == "TableHeaderInfo") {
        layout.shape = Shape::Table;
        layout.columns = columns_of(*header);
        layout.hides_header = packet_flag(*header, "hideHeader");
        // PowerShell looks at the first column alone.
        if (!layout.columns.empty() && layout.columns.front().width == 0)
            layout.fits_content = true;
    } else if (kind == "ListViewHeaderInfo") {
        layout.shape = Shape::List;
    } else if (kind == "WideViewHeaderInfo") {
        layout.shape = Shape::Wide;
        const std::int64_t count = std::max<std::int64_t>(packet_number(*header, "columns"), 0);
        layout.items_in_row = std::min(static_cast<std::size_t>(count), columns_max);
        layout.fits_content = layout.waits_for_all && count == 0;
    }
    take_line({});
}

void PacketFormatter::start_group(const Object& packet, Layout& layout, const TakeLine& take_line)
    const
{
    end_group(layout, take_line); // of one that was not ended
    if (const Object* heading = packet_object(packet, "groupingEntry")) {
        for (const std::string& text : free_form_lines(*heading, width_))
            take_line(text);
        take_line({});
    }
    layout.is_settled = false;
    if (!layout.fits_content) settle(layout, take_line);
}

void PacketFormatter::take_entry(const Object& packet, Layout& layout, const TakeLine& take_line)
    const
{
    const Object* info = packet_object(packet, "formatEntryInfo");
    if (info == nullptr) return;
    const std::string_view kind = packet_class(*info);
    Entry entry;
    if (layout.shape == Shape::Table && kind == "TableRowEntry") {
        for (const Value& value : packet_items(*info, "formatPropertyFieldList")) {
            const Object* field = value.object();
            if (field == nullptr || entry.texts.size() == columns_max) break;
            entry.texts.push_back(packet_text(*field, "propertyValue"));
            entry.alignments.push_back(static_cast<std::size_t>(
                std::max<std::int64_t>(packet_number(*field, "alignment"), 0)
            ));
        }
        entry.texts.resize(layout.columns.size());
        entry.alignments.resize(layout.columns.size(), no_alignment);
        entry.wraps = packet_flag(*info, "multiLine");
    } else if (layout.shape == Shape::Wide && kind == "WideViewEntry") {
        const Object* field = packet_object(*info, "formatPropertyField");
        entry.texts.push_back(field == nullptr ? "" : packet_text(*field, "propertyValue"));
    } else if (layout.shape == Shape::List && kind == "ListViewEntry") {
        entry.texts = list_lines(list_entry(*info), width_);
        entry.texts.emplace_back();
    } else if (layout.shape == Shape::Custom && kind == "ComplexViewEntry") {
        entry.texts = free_form_lines(*info, width_);
    } else {
        return;
    }
    if (layout.is_settled) return print(entry, layout, take_line);
    layout.waiting.push_back(std::move(entry));
    if (layout.waiting.size() >= rows_max_) settle(layout, take_line);
}

// What belongs to no layout: texts among the objects, blank lines between groups.
void PacketFormatter::take_between(const Object& info, Layout* layout, const TakeLine& take_line)
    const
{
    Entry entry;
    entry.is_between = true;
    const std::string_view kind = packet_class(info);
    if (kind == "RawTextFormatEntry") {
        entry.texts.push_back(packet_text(info, "text"));
    } else if (kind == "ComplexViewEntry") {
        entry.texts = free_form_lines(info, width_);
    } else if (kind == "ListViewEntry") {
        entry.texts = list_lines(list_entry(info), width_);
        entry.texts.emplace(entry.texts.begin());
        entry.texts.emplace_back();
    } else {
        return;
    }
    if (layout != nullptr && !layout->waiting.empty()) {
        layout->waiting.push_back(std::move(entry));
        if (layout->waiting.size() >= rows_max_) settle(*layout, take_line);
        return;
    }
    for (const std::string& text : entry.texts)
        take_line(text);
}

bool PacketFormatter::has_waiting_rows() const
{
    return std::any_of(layouts_.begin(), layouts_.end(), [](const auto& one) {
        return !one.second.waiting.empty() && !one.second.waits_for_all;
    });
}

void PacketFormatter::flush(const TakeLine& take_line)
{
    for (auto& [source, layout] : layouts_) {
        if (!layout.waiting.empty() && !layout.waits_for_all) settle(layout, take_line);
    }
}

void PacketFormatter::finish(const TakeLine& take_line)
{
    for (auto& [source, layout] : layouts_)
        end_group(layout, take_line);
    layouts_.clear();
}

// Gives the columns of a group their widths, by the rows that wait where they are to fit, and
// prints those.
void PacketFormatter::settle(Layout& layout, const TakeLine& take_line) const
{
    layout.is_settled = true;
    const std::vector<Entry> waiting = std::exchange(layout.waiting, {});
    if (layout.shape == Shape::Table) {
        layout.settled = layout.columns;
        if (layout.fits_content) {
            std::vector<std::vector<std::string>> rows;
            for (const Entry& entry : waiting)
                if (!entry.is_between) rows.push_back(entry.texts);
            for (TableColumn& column : layout.settled)
                column.width = 0;
            widen_to_content(layout.settled, rows);
        }
        fit_columns(layout.settled, width_);
        if (!layout.hides_header && !layout.settled.empty()) {
            for (const std::string& text : header_lines(layout.settled))
                take_line(text);
        }
    } else if (layout.shape == Shape::Wide) {
        std::size_t count = layout.items_in_row == 0 ? items_in_row : layout.items_in_row;
        if (layout.fits_content) {
            std::size_t widest = 0;
            for (const Entry& entry : waiting)
                if (!entry.is_between) widest = std::max(widest, cell_width(entry.texts.front()));
            count = fitting_items(widest, width_);
        }
        layout.settled.assign(count, {{}, 0, Alignment::Left, false});
        fit_columns(layout.settled, width_);
    }
    for (const Entry& entry : waiting)
        print(entry, layout, take_line);
}

void PacketFormatter::print(const Entry& entry, Layout& layout, const TakeLine& take_line) const
{
    if (layout.shape == Shape::Table && !entry.is_between)
        return print_row(entry, layout, take_line);
    if (layout.shape == Shape::Wide && !entry.is_between) {
        layout.row.push_back(entry.texts.front());
        if (layout.row.size() == layout.settled.size()) print_items(layout, take_line);
        return;
    }
    for (const std::string& text : entry.texts)
        take_line(text);
}

void PacketFormatter::print_row(const Entry& entry, const Layout& layout, const TakeLine& take_line)
    const
{
    if (layout.settled.empty()) return;
    std::vector<TableColumn> columns = layout.settled;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (entry.alignments[i] == no_alignment) continue;
        columns[i].alignment = alignment_numbered(static_cast<std::int64_t>(entry.alignments[i]));
    }
    if (!entry.wraps) return take_line(row_line(columns, entry.texts));
    for (const std::string& text : wrapped_lines(columns, entry.texts))
        take_line(text);
}

void PacketFormatter::print_items(Layout& layout, const TakeLine& take_line) const
{
    if (layout.row.empty()) return;
    layout.row.resize(layout.settled.size());
    take_line(row_line(layout.settled, layout.row));
    layout.row.clear();
}

void PacketFormatter::end_group(Layout& layout, const TakeLine& take_line) const
{
    if (!layout.waiting.empty()) settle(layout, take_line);
    print_items(layout, take_line);
}

} // namespace psrp
