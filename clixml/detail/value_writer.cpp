#include <clixml/detail/type_depths.hpp>
#include <clixml/detail/value_writer.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>

#include <algorithm>

namespace clixml::detail {
namespace {

// Values inside values that PowerShell's serializer writes (clixml 4.1).
constexpr int serialized_levels_max = 49;
constexpr std::string_view too_deep_text = "Serialized XML is nested too deeply.";
// A bound for verbatim writing, far above what the reader lets through by default.
constexpr int verbatim_levels_max = 2000;

constexpr Tag object_tag("Obj");
constexpr Tag adapted_tag("Props");
constexpr Tag text_tag("ToString");
constexpr Tag extended_tag("MS");
constexpr Tag dictionary_tag("DCT");
constexpr Tag progress_tag("PR");
constexpr Tag entry_tag("En");
constexpr Tag type_names_tag("TN");
constexpr Tag type_name_tag("T");
constexpr Tag list_tag("LST");
constexpr Tag stack_tag("STK");
constexpr Tag queue_tag("QUE");
constexpr Tag enumerable_tag("IE");

const Tag& container_tag(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::Stack:
        return stack_tag;
    case ContainerKind::Queue:
        return queue_tag;
    case ContainerKind::Enumerable:
        return enumerable_tag;
    case ContainerKind::Dictionary:
        return dictionary_tag;
    case ContainerKind::List:
    case ContainerKind::None:
        break;
    }
    return list_tag;
}

// Names of dictionary entries, laid out as an arena does: the text behind the name.
struct EntryName {
    Name name;
    char text[Arena::readable_bytes_behind];
};
constexpr EntryName key_name = {{3, 1, 0}, "Key"};
constexpr EntryName value_name = {{5, 1, 0}, "Value"};

bool same_names_ignoring_case(
    std::span<const std::string_view> left, std::span<const std::string_view> right
)
{
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal_ignoring_case);
}

// Whether the list of type names is another than the one the object has by itself.
bool has_modified_types(const Object& object)
{
    if (object.written_type_names() == nullptr || object.nature() != Nature::Bag) return false;
    Object plain;
    plain.set_base(object.base());
    return !same_names_ignoring_case(object.type_names(), plain.type_names());
}

// A primitive wrapped in an object, as opposed to an enum's number.
bool is_wrapped_primitive(const Object& object)
{
    return object.nature() == Nature::Bag && object.container() == ContainerKind::None &&
           object.base().is_primitive();
}

} // namespace

char* ValueWriter::write(char* to, const Value& value, std::string_view stream)
{
    return write_value(to, value, {nullptr, stream.empty() ? nullptr : &stream}, options_.depth);
}

int ValueWriter::effective_depth(const Object& object, int depth)
{
    std::span<const std::string_view> names = object.type_names();
    if (!names.empty()) {
        WrittenTypes::List& list = types_.at(names);
        if (list.depth < 0) list.depth = depth_of_types(names);
        if (list.depth > 0) return list.depth;
    }
    return object.is_deserialized() && depth <= 0 ? 1 : depth;
}

char* ValueWriter::write_value(char* to, const Value& value, Label label, int depth)
{
    if (value.is_nil()) return write_nil(to, label);
    int levels_max = verbatim_ ? verbatim_levels_max : serialized_levels_max;
    if (nesting_ >= levels_max) {
        too_deep_ = too_deep_ || verbatim_;
        return write_string(to, too_deep_text, label);
    }
    if (value.is_primitive() && value.kind() != Kind::ProgressRecord)
        return write_primitive(to, value, label);
    ++nesting_;
    if (const Object* object = value.object())
        to = write_object(to, *object, label, verbatim_ ? depth : effective_depth(*object, depth));
    else
        to = write_progress(to, value, label, depth);
    --nesting_;
    return to;
}

char* ValueWriter::write_stream_and_name(char* to, Label label)
{
    if (label.stream != nullptr) to = text_.attribute(to, "S", *label.stream, Codec::None);
    if (label.name == nullptr) return to;
    to = text_.name(TextWriter::put(to, " N=\""), *label.name);
    *to = '"';
    return to + 1;
}

char* ValueWriter::write_nil(char* to, Label label)
{
    to = write_stream_and_name(TextWriter::put(text_.start_line(to), "<Nil"), label);
    return TextWriter::put(to, " />");
}

char* ValueWriter::write_string(char* to, std::string_view text, Label label)
{
    return write_primitive(to, Value::string(text), label);
}

char* ValueWriter::write_progress(char* to, const Value& value, Label label, int depth)
{
    const ProgressRecord& record = value.progress_value();
    auto number = [&](std::string_view tag, std::int32_t contents) {
        to = text_.text_element(to, Tag(tag), std::to_string(contents));
    };
    to = write_start(to, progress_tag, label);
    to = text_.begin_inside(to - 1);
    to = text_.text_element(to, Tag("AV"), record.activity);
    number("AI", record.activity_id);
    to = write_value(to, record.current_operation, {}, depth);
    number("PI", record.parent_activity_id);
    number("PC", record.percent_complete);
    to = text_.text_element(to, Tag("T"), record.completed ? "Completed" : "Processing");
    number("SR", record.seconds_remaining);
    to = text_.text_element(to, Tag("SD"), record.status_description);
    return text_.end(to, progress_tag);
}

char* ValueWriter::write_reference(
    char* to, const Object& object, std::uint32_t number, Label label
)
{
    to = write_stream_and_name(TextWriter::put(text_.start_line(to), "<Ref"), label);
    const Object::WrittenIds* ids = object.written_ids();
    if (verbatim_ && ids != nullptr && ids->has_ref_id && ids->ref_id.data() != nullptr)
        to = text_.attribute(to, "RefId", ids->ref_id, Codec::None);
    else
        to = TextWriter::ref_id(to, number);
    return TextWriter::put(to, " />");
}

char* ValueWriter::begin_object(char* to, const Object& object, Label label, std::uint64_t& inside)
{
    std::uint32_t number = objects_.add(&object);
    to = write_stream_and_name(TextWriter::put(text_.start_line(to), "<Obj"), label);
    const Object::WrittenIds* ids = object.written_ids();
    if (!verbatim_ || ids == nullptr || !ids->has_ref_id)
        to = TextWriter::ref_id(to, number);
    else if (ids->ref_id.data() != nullptr)
        to = text_.attribute(to, "RefId", ids->ref_id, Codec::None);
    to = text_.begin_inside(to);
    inside = text_.buffer().offset_of(to);
    return to;
}

char* ValueWriter::end_object(char* to, std::uint64_t inside)
{
    if (text_.buffer().offset_of(to) == inside) return text_.end_empty(to);
    return text_.end(to, object_tag);
}

char* ValueWriter::write_object(char* to, const Object& object, Label label, int depth)
{
    std::uint32_t number = objects_.find(&object);
    if (number != AddressTable::none) return write_reference(to, object, number, label);
    if (verbatim_) return write_verbatim(to, object, label);
    if (is_wrapped_primitive(object)) return write_wrapped_primitive(to, object, label, depth);
    if (object.container() != ContainerKind::None) return write_container(to, object, label, depth);
    if (depth <= 0) return write_as_string(to, object, label, depth);
    return write_complex(to, object, label, depth);
}

// clixml 3.4
char* ValueWriter::write_wrapped_primitive(char* to, const Object& object, Label label, int depth)
{
    auto write_base = [&](char* at, Label its_label) {
        if (object.base().kind() == Kind::ProgressRecord)
            return write_progress(at, object.base(), its_label, depth);
        return write_primitive(at, object.base(), its_label);
    };
    bool modified_types = has_modified_types(object);
    auto stored = object.stored_text();
    // The method that Props brings counts as a member, though nothing of it is written.
    bool has_members = !object.extended().empty() || object.is_deserialized();
    if (!has_members && !modified_types && !stored) return write_base(to, label);
    std::uint64_t inside = 0;
    to = begin_object(to, object, label, inside);
    if (modified_types) to = write_type_names(to, object.type_names());
    if (stored) to = text_.text_element(to, text_tag, *stored);
    to = write_base(to, {nullptr, label.stream});
    to = write_members(to, extended_tag, object.extended(), depth);
    return end_object(to, inside);
}

// clixml 3.5
char* ValueWriter::write_container(char* to, const Object& object, Label label, int depth)
{
    std::uint64_t inside = 0;
    to = begin_object(to, object, label, inside);
    to = write_type_names(to, object.type_names());
    to = write_items(to, object, depth);
    if (depth > 0) {
        bool full = object.container() == ContainerKind::Enumerable || object.is_deserialized();
        if (full) to = write_adapted(to, object, depth);
        to = write_members(to, extended_tag, object.extended(), depth);
    }
    return end_object(to, inside);
}

char* ValueWriter::write_items(char* to, const Object& object, int depth)
{
    const Tag& tag = container_tag(object.container());
    std::span<const Value> items = object.items();
    if (object.container() == ContainerKind::Dictionary) {
        if (items.size() < 2 || items[0].is_nil()) return text_.empty(to, tag);
        return write_entries(to, items, depth);
    }
    if (items.empty()) return text_.empty(to, tag);
    to = text_.begin(to, tag);
    for (const Value& item : items)
        to = write_value(to, item, {}, depth);
    return text_.end(to, tag);
}

char* ValueWriter::write_entries(char* to, std::span<const Value> items, int depth)
{
    to = text_.begin(to, dictionary_tag);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        if (items[i].is_nil()) break;
        to = text_.begin(to, entry_tag);
        to = write_value(to, items[i], {&key_name.name}, depth);
        to = write_value(to, items[i + 1], {&value_name.name}, depth);
        to = text_.end(to, entry_tag);
    }
    return text_.end(to, dictionary_tag);
}

// clixml 4.3
char* ValueWriter::write_as_string(char* to, const Object& object, Label label, int depth)
{
    // Only a bag has a text that was stored by reading; that of a live object is its ToString.
    bool live = object.nature() != Nature::Bag;
    auto stored = live ? std::nullopt : object.stored_text();
    bool modified_types = has_modified_types(object);
    bool has_text = !live || object.stored_text().has_value();
    std::string text = live ? std::string(object.stored_text().value_or(""))
                            : to_display_text(Value::object(const_cast<Object*>(&object)));
    if (object.extended().empty() && !modified_types && !stored)
        return has_text ? write_string(to, text, label) : write_nil(to, label);
    std::uint64_t inside = 0;
    to = begin_object(to, object, label, inside);
    if (modified_types) to = write_type_names(to, object.type_names());
    if (stored) to = text_.text_element(to, text_tag, *stored);
    to = write_string(to, text, {nullptr, label.stream});
    to = write_members(to, extended_tag, object.extended(), depth);
    return end_object(to, inside);
}

char* ValueWriter::write_complex(char* to, const Object& object, Label label, int depth)
{
    std::uint64_t inside = 0;
    to = begin_object(to, object, label, inside);
    to = write_type_names(to, object.type_names());
    if (object.base().is_object()) {
        to = write_object_in_object(to, object, label, depth);
        return end_object(to, inside);
    }
    if (auto text = object.stored_text()) to = text_.text_element(to, text_tag, *text);
    if (!object.base().is_nil())
        to = write_value(to, object.base(), {nullptr, label.stream}, depth);
    if (object.nature() != Nature::Record && object.nature() != Nature::Enum)
        to = write_adapted(to, object, depth);
    to = write_members(to, extended_tag, object.extended(), depth);
    return end_object(to, inside);
}

// The outer object always has a text, loses its properties, and without notes of its own shows
// those of the inner one (clixml 3.1, 3.7).
char* ValueWriter::write_object_in_object(char* to, const Object& object, Label label, int depth)
{
    if (auto text = object.stored_text())
        to = text_.text_element(to, text_tag, *text);
    else
        to = text_.text_element(to, text_tag, to_display_text(object.base()));
    to = write_value(to, object.base(), {nullptr, label.stream}, depth);
    const Object* noted = &object;
    for (int level = 0; level < serialized_levels_max && noted->extended().empty(); ++level) {
        const Object* inner = noted->base().object();
        if (inner == nullptr) break;
        noted = inner;
    }
    return write_members(to, extended_tag, noted->extended(), depth);
}

char* ValueWriter::write_verbatim(char* to, const Object& object, Label label)
{
    std::uint64_t inside = 0;
    to = begin_object(to, object, label, inside);
    to = write_verbatim_type_names(to, object);
    if (auto text = object.stored_text()) to = text_.text_element(to, text_tag, *text);
    if (object.container() != ContainerKind::None)
        to = write_items(to, object, 0);
    else if (!object.base().is_nil())
        to = write_value(to, object.base(), {nullptr, label.stream}, 0);
    auto write_bag = [&](const Tag& tag, std::span<const Property> members) {
        to = members.empty() ? text_.empty(to, tag) : write_members(to, tag, members, 0);
    };
    if (object.has_adapted()) write_bag(adapted_tag, object.adapted());
    if (object.has_extended()) write_bag(extended_tag, object.extended());
    return end_object(to, inside);
}

char* ValueWriter::write_verbatim_type_names(char* to, const Object& object)
{
    if (object.written_type_names() == nullptr) return to;
    std::span<const std::string_view> names = object.type_names();
    const Object::WrittenIds* ids = object.written_ids();
    if (ids == nullptr || !ids->has_type_names_id) return write_type_names(to, names);
    to = TextWriter::put(text_.start_line(to), "<TN");
    if (ids->type_names_id.data() != nullptr)
        to = text_.attribute(to, "RefId", ids->type_names_id, Codec::None);
    std::uint64_t number = type_names_count_++;
    if (names.empty()) return TextWriter::put(to, " />");
    WrittenTypes::List& list = types_.at(names);
    list.number = number;
    list.id = ids->type_names_id;
    list.is_written = true;
    return write_names(to, names);
}

char* ValueWriter::write_type_names(char* to, std::span<const std::string_view> names)
{
    if (names.empty()) return to;
    WrittenTypes::List& list = types_.at(names);
    if (!list.is_written && !verbatim_) {
        if (const WrittenTypes::List* same = types_.same_names(list)) {
            list.number = same->number;
            list.is_written = true;
        }
    }
    to = text_.start_line(to);
    if (list.is_written) {
        to = TextWriter::put(to, "<TNRef");
        if (list.id.data() != nullptr)
            to = text_.attribute(to, "RefId", list.id, Codec::None);
        else
            to = TextWriter::ref_id(to, list.number);
        return TextWriter::put(to, " />");
    }
    list.is_written = true;
    list.number = type_names_count_++;
    to = TextWriter::ref_id(TextWriter::put(to, "<TN"), list.number);
    return write_names(to, names);
}

// What stands inside a TN whose tag is still open, and its end.
char* ValueWriter::write_names(char* to, std::span<const std::string_view> names)
{
    to = text_.begin_inside(to);
    for (std::string_view name : names) {
        to = type_name_tag.put_open(text_.start_line(to));
        to = type_name_tag.put_close(text_.text(to, name, Codec::Escapes));
    }
    return text_.end(to, type_names_tag);
}

char* ValueWriter::write_adapted(char* to, const Object& object, int depth)
{
    if (!object.adapted().empty())
        return write_members(to, adapted_tag, object.adapted(), depth - 1);
    // Of an object of a class the element stays even if every property failed; that of a bag is
    // lost (clixml 5.5).
    bool stays = object.has_adapted() && object.nature() == Nature::Live;
    return stays ? text_.empty(to, adapted_tag) : to;
}

char* ValueWriter::write_members(
    char* to, const Tag& tag, std::span<const Property> members, int depth
)
{
    if (members.empty()) return to;
    to = text_.begin(to, tag);
    for (const Property& member : members) {
        if (member.is_member_set())
            to = write_member_set(to, member, depth);
        else
            to = write_value(to, member.value, {member.name}, depth);
    }
    return text_.end(to, tag);
}

char* ValueWriter::write_member_set(char* to, const Property& member, int depth, bool in_member_set)
{
    if (nesting_ >= verbatim_levels_max) {
        too_deep_ = true;
        return to;
    }
    to = text_.name(extended_tag.put_named(text_.start_line(to)), *member.name);
    std::span<const Property> inside = member.members()->items();
    // PowerShell 7.6 serializes a member set inside another one without its members.
    if (in_member_set && !verbatim_) inside = {};
    if (inside.empty()) return TextWriter::put(to, "\" />");
    *to++ = '"';
    to = text_.begin_inside(to);
    ++nesting_;
    for (const Property& inner : inside) {
        if (inner.is_member_set())
            to = write_member_set(to, inner, depth, true);
        else
            to = write_value(to, inner.value, {inner.name}, depth);
    }
    --nesting_;
    return text_.end(to, extended_tag);
}

} // namespace clixml::detail
