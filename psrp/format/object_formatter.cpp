#include <clixml/utf.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>
#include <psrp/format/object_formatter.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Value;

// PowerShell's limit: more properties make a list.
constexpr std::size_t table_properties_max = 4;
constexpr std::string_view computer_column = "PSComputerName";

// Scalars but texts stand on the right.
Alignment alignment_of(const Value& value)
{
    const Kind kind = value.unwrapped().kind();
    if (kind == Kind::Nil || kind == Kind::String || kind == Kind::ScriptBlock) {
        return Alignment::Left;
    }
    return ShownObject(value).is_scalar() ? Alignment::Right : Alignment::Left;
}

// Those of the properties that its type is shown by which the object has.
std::vector<std::string> names_shown_of(const ShownObject& object)
{
    std::vector<std::string> names;
    for (const std::string_view name : default_properties(object)) {
        if (object.has(name)) names.emplace_back(name);
    }
    return names;
}

std::vector<std::pair<std::string, std::string>>
list_entry(const ShownObject& object, const KnownView* view)
{
    std::vector<std::pair<std::string, std::string>> entry;
    if (view != nullptr) {
        for (const ViewField& field : view->fields) {
            entry.emplace_back(std::string(field.label), field.text(object));
        }
        if (object.shows_computer_name()) {
            entry.emplace_back(std::string(computer_column), object.computer_name());
        }
        return entry;
    }
    for (const std::string& name : names_shown_of(object))
        entry.emplace_back(name, cell_text(object.get(name)));
    if (!entry.empty()) {
        if (object.shows_computer_name()) {
            entry.emplace_back(std::string(computer_column), object.computer_name());
        }
        return entry;
    }
    for (const ShownProperty& property : object.visible_properties()) {
        entry.emplace_back(std::string(property.name), cell_text(property.value));
    }
    return entry;
}

} // namespace

ObjectFormatter::ObjectFormatter(
    const FormatOptions& options, std::function<void(std::string_view)> take_line
)
    : options_(options), take_line_(std::move(take_line)),
      packets_(options.width, options.table_rows_max)
{
}

void ObjectFormatter::write(Value value)
{
    if (value.is_nil()) return;
    const Object* object = value.object();
    if (object != nullptr && is_format_packet(*object)) return write_packet(*object);
    packets_.flush([this](std::string_view text) { line(text); });
    if (object != nullptr && object->container() != ContainerKind::None) {
        if (object->container() == ContainerKind::Dictionary) return write_entries(*object);
        for (const Value& item : object->items())
            write_item(item);
        return;
    }
    const Value plain = value.unwrapped();
    if (plain.kind() == Kind::ByteArray) {
        for (const std::uint8_t byte : clixml::bytes_of(plain.text())) {
            line_between(std::to_string(byte));
        }
        return;
    }
    write_object(ShownObject(value));
}

// An item of a collection: PowerShell opens one level alone, and what is a collection in there is
// an object with the properties of its class. An item that is null is an empty line.
void ObjectFormatter::write_item(Value item)
{
    if (item.is_nil()) return line_between({});
    write_object(ShownObject(item));
}

// What a server has laid out ends what is laid out here; texts of it come between.
void ObjectFormatter::write_packet(const Object& packet)
{
    if (starts_layout(packet)) end_layout();
    packets_.write(packet, [this](std::string_view text) { line_between(text); });
}

void ObjectFormatter::write_entries(const Object& dictionary)
{
    // PowerShell enumerates a dictionary: each entry becomes an object of its own.
    clixml::Arena arena;
    const auto items = dictionary.items();
    for (std::size_t i = 0; i < dictionary.entry_count(); ++i) {
        Object* entry = clixml::make_live(arena, {"System.Collections.DictionaryEntry"}, "");
        entry->add_adapted(arena, "Key", items[2 * i]);
        entry->add_adapted(arena, "Value", items[2 * i + 1]);
        entry->add_adapted(arena, "Name", items[2 * i]);
        write_object(ShownObject(Value::object(entry)));
    }
}

const KnownView* ObjectFormatter::view_of(const ShownObject& object) const
{
    const KnownView* view = find_view(object);
    const bool is_wanted = view == nullptr || !options_.shape || view->shape == *options_.shape;
    return is_wanted ? view : nullptr;
}

bool ObjectFormatter::is_printed_as_text(const ShownObject& object)
{
    return object.is_scalar() || object.has_no_own_properties();
}

void ObjectFormatter::write_object(const ShownObject& object)
{
    if (is_printed_as_text(object)) return line_between(value_text(object.value()));
    if (object.is_type("System.Management.Automation.ErrorRecord")) {
        return line_between(error_object_text(object.value()));
    }
    if (const auto record = record_line(object)) return line_between(*record);
    if (state_ == State::Nothing) {
        start(object);
    } else if (view_ != nullptr && view_of(object) != view_) {
        return write_beside(object);
    }
    if (view_ != nullptr && view_->group != nullptr && view_->group(object) != group_) {
        end_group();
        start_group(object);
    }
    switch (state_) {
    case State::Table:
        return write_row(object);
    case State::List:
        return write_list(object);
    case State::Text:
        for (const auto& text : broken_text(view_->fields[0].text(object), options_.width))
            line(text);
        return;
    case State::Nothing:
        return;
    }
}

// An object of another kind than the running view's: a list of its own in between.
void ObjectFormatter::write_beside(const ShownObject& object)
{
    line_between({});
    for (const std::string& text : list_lines(list_entry(object, nullptr), options_.width)) {
        line_between(text);
    }
    line_between({});
}

void ObjectFormatter::start(const ShownObject& object)
{
    view_ = view_of(object);
    if (view_ == nullptr && options_.shape) {
        state_ = *options_.shape == ViewShape::Table ? State::Table : State::List;
    } else if (view_ == nullptr) {
        default_names_ = names_shown_of(object);
        const std::size_t count =
            default_names_.empty() ? object.properties().size() : default_names_.size();
        state_ = count <= table_properties_max ? State::Table : State::List;
    } else if (view_->shape == ViewShape::Table) {
        state_ = State::Table;
    } else {
        state_ = view_->shape == ViewShape::List ? State::List : State::Text;
    }
    start_group(object);
}

void ObjectFormatter::start_group(const ShownObject& object)
{
    if (view_ != nullptr && view_->group != nullptr) {
        // Between groups the end of the one before has printed the blank line.
        if (!has_groups_) blank_line();
        has_groups_ = true;
        group_ = view_->group(object);
        const std::string heading = std::string(view_->group_label) + ": " + group_;
        for (const std::string& text : broken_text(heading, options_.width))
            line(text);
    }
    if (state_ == State::Table) {
        start_table(object);
    } else {
        blank_line();
    }
}

void ObjectFormatter::end_group()
{
    flush_rows();
    // A list has ended its last entry with a blank line already.
    if (state_ != State::List) blank_line();
}

void ObjectFormatter::start_table(const ShownObject& object)
{
    columns_.clear();
    column_names_.clear();
    are_columns_settled_ = false;
    if (view_ == nullptr) {
        const auto add = [this](std::string_view name, const Value& value) {
            column_names_.emplace_back(name);
            columns_.push_back({std::string(name), 0, alignment_of(value), false});
        };
        for (const std::string& name : default_names_)
            add(name, object.get(name));
        if (!default_names_.empty()) {
            if (object.shows_computer_name()) add(computer_column, Value::string({}));
            return;
        }
        for (const ShownProperty& property : object.visible_properties())
            add(property.name, property.value);
        return; // the widths come from the rows
    }
    for (const ViewField& field : view_->fields) {
        columns_.push_back({std::string(field.label), field.width, field.alignment, false});
    }
    has_computer_column_ = object.shows_computer_name();
    if (has_computer_column_) {
        columns_.push_back({std::string(computer_column), 0, Alignment::Left, false});
    }
    // Where the first column of the view has no width, all of them are as wide as their content.
    const bool fits_content = view_->fields.front().width == 0;
    if (!fits_content) return settle_columns();
    for (TableColumn& column : columns_)
        column.width = 0;
}

void ObjectFormatter::settle_columns()
{
    fit_columns(columns_, options_.width);
    are_columns_settled_ = true;
    blank_line();
    for (const std::string& text : header_lines(columns_))
        line(text);
}

std::vector<std::string> ObjectFormatter::cells_of(const ShownObject& object) const
{
    std::vector<std::string> cells;
    if (view_ == nullptr) {
        for (const std::string& name : column_names_)
            cells.push_back(cell_text(object.get(name)));
        return cells;
    }
    for (const ViewField& field : view_->fields)
        cells.push_back(field.text(object));
    if (has_computer_column_) cells.push_back(object.computer_name());
    return cells;
}

void ObjectFormatter::write_row(const ShownObject& object)
{
    if (are_columns_settled_) return print_row(cells_of(object));
    waiting_.push_back({true, {}, cells_of(object)});
    if (waiting_.size() >= options_.table_rows_max) flush_rows();
}

void ObjectFormatter::print_row(const std::vector<std::string>& cells)
{
    if (view_ == nullptr || !view_->wraps_rows) return line(row_line(columns_, cells));
    for (const std::string& text : wrapped_lines(columns_, cells))
        line(text);
}

void ObjectFormatter::write_list(const ShownObject& object)
{
    for (const std::string& text : list_lines(list_entry(object, view_), options_.width)) {
        line(text);
    }
    blank_line();
}

void ObjectFormatter::flush()
{
    packets_.flush([this](std::string_view text) { line_between(text); });
    flush_rows();
}

void ObjectFormatter::flush_rows()
{
    if (waiting_.empty()) return;
    std::vector<std::vector<std::string>> rows;
    for (const WaitingLine& entry : waiting_) {
        if (entry.is_row) rows.push_back(entry.cells);
    }
    widen_to_content(columns_, rows);
    settle_columns();
    const std::vector<WaitingLine> waiting = std::exchange(waiting_, {});
    for (const WaitingLine& entry : waiting) {
        if (entry.is_row) {
            print_row(entry.cells);
        } else {
            line(entry.text);
        }
    }
}

void ObjectFormatter::finish()
{
    packets_.finish([this](std::string_view text) { line_between(text); });
    end_layout();
}

void ObjectFormatter::end_layout()
{
    if (state_ == State::Nothing) return;
    end_group();
    state_ = State::Nothing;
    view_ = nullptr;
    has_groups_ = false;
    group_.clear();
}

void ObjectFormatter::line(std::string_view text)
{
    take_line_(printable_utf8(options_.is_plain ? without_decorations(text) : std::string(text)));
}

// A line that must not overtake the rows that wait.
void ObjectFormatter::line_between(std::string_view text)
{
    if (waiting_.empty()) return line(text);
    waiting_.push_back({false, std::string(text), {}});
    if (waiting_.size() >= options_.table_rows_max) flush_rows();
}

std::string format_objects(const std::vector<Value>& values, const FormatOptions& options)
{
    std::string out;
    ObjectFormatter formatter(options, [&out](std::string_view text) {
        out += text;
        out += '\n';
    });
    for (const Value& value : values)
        formatter.write(value);
    formatter.finish();
    return out;
}

} // namespace psrp
