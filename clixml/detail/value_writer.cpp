#include <clixml/base64.hpp>
#include <clixml/detail/value_writer.hpp>
#include <clixml/lexical.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/utf.hpp>

#include <algorithm>

namespace clixml::detail {
namespace {

// Values inside values that PowerShell's serializer writes (clixml 4.1).
constexpr int serialized_levels_max = 49;
constexpr std::string_view too_deep_text = "Serialized XML is nested too deeply.";
// A bound for verbatim writing, far above what the reader lets through by default.
constexpr int verbatim_levels_max = 2000;

std::string_view container_tag(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::List:
        return "LST";
    case ContainerKind::Stack:
        return "STK";
    case ContainerKind::Queue:
        return "QUE";
    case ContainerKind::Enumerable:
        return "IE";
    case ContainerKind::Dictionary:
        return "DCT";
    case ContainerKind::None:
        break;
    }
    return "";
}

// Depths that PowerShell's code and type table set for types, whatever depth was asked for
// (clixml 4.2, 4.5).
struct DepthRow {
    std::string_view type;
    int depth;
};
// clang-format off
constexpr DepthRow depth_table[] = {
    {"Microsoft.Management.Infrastructure.CimInstance", 1},
    {"System.Management.Automation.Remoting.PSSenderInfo", 4},
    {"System.Exception", 1},
    {"System.Net.IPAddress", 1},
    {"System.Net.Mail.MailAddress", 1},
    {"System.Globalization.CultureInfo", 1},
    {"System.Security.Cryptography.X509Certificates.X509Certificate2", 1},
    {"System.Security.Cryptography.X509Certificates.X500DistinguishedName", 1},
    {"System.Security.AccessControl.RegistrySecurity", 1},
    {"System.Security.AccessControl.FileSystemSecurity", 1},
    {"System.Management.ManagementEventArgs", 2},
    {"Deserialized.System.Management.ManagementEventArgs", 2},
    {"System.Management.Automation.PSCredential", 1},
    {"System.Management.Automation.SwitchParameter", 1},
    {"System.Management.Automation.PSPrimitiveDictionary", 1},
    {"System.Management.Automation.PSListModifier", 2},
    {"System.Management.Automation.Signature", 2},
    {"System.Management.Automation.Job", 2},
    {"System.Management.Automation.JobStateInfo", 1},
    {"System.Management.Automation.JobStateEventArgs", 2},
    {"HelpInfo", 1},
    {"System.Management.Automation.ExtendedTypeDefinition", 1},
    {"System.Management.Automation.ListControlEntry", 1},
    {"System.Management.Automation.FormatViewDefinition", 1},
    {"System.Management.Automation.PSControl", 1},
    {"System.Management.Automation.EntrySelectedBy", 1},
    {"System.Management.Automation.DisplayEntry", 1},
    {"System.Management.Automation.TableControlColumnHeader", 1},
    {"System.Management.Automation.TableControlRow", 1},
    {"System.Management.Automation.TableControlColumn", 1},
    {"System.Management.Automation.ListControlEntryItem", 1},
    {"System.Management.Automation.WideControlEntryItem", 1},
    {"System.Management.Automation.CustomControlEntry", 1},
    {"System.Management.Automation.CustomItemBase", 1},
    {"System.Management.Automation.PSControlGroupBy", 2},
    {"Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData", 1},
    {"Deserialized.Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData", 1},
    {"System.Management.Automation.CompletionResult", 1},
    {"System.Management.Automation.CommandCompletion", 1},
    {"Microsoft.PowerShell.Commands.ModuleSpecification", 1},
    {"System.Management.Automation.Remoting.PSSessionOption", 1},
    {"System.Management.Automation.Breakpoint", 1},
    {"System.Management.Automation.DebuggerCommand", 1},
    {"System.Management.Automation.DebuggerCommandResults", 1},
    {"System.Management.Automation.BreakpointUpdatedEventArgs", 2},
    {"System.Management.Automation.DebuggerStopEventArgs", 2},
    {"Microsoft.Management.Infrastructure.CimCmdlets.CimIndicationEventInstanceEventArgs", 1},
};
// clang-format on

int depth_of_types(std::span<const std::string_view> names)
{
    for (std::string_view name : names) {
        for (const DepthRow& row : depth_table) {
            if (name.size() == row.type.size() && equal_ignoring_case(name, row.type))
                return row.depth;
        }
    }
    return 0;
}

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

void ValueWriter::write(const Value& value, std::string_view stream)
{
    write_value(value, {nullptr, stream}, options_.depth);
    text_.flush_if_large();
}

int ValueWriter::effective_depth(const Object& object, int depth)
{
    std::span<const std::string_view> names = object.type_names();
    auto [place, is_new] = depth_by_names_.try_emplace(names.data(), 0);
    if (is_new) place->second = depth_of_types(names);
    if (place->second > 0) return place->second;
    return object.is_deserialized() && depth <= 0 ? 1 : depth;
}

void ValueWriter::write_value(const Value& value, const Label& label, int depth)
{
    if (value.is_nil()) {
        write_nil(label);
        return;
    }
    ++nesting_;
    if (nesting_ > (verbatim() ? verbatim_levels_max : serialized_levels_max)) {
        too_deep_ = too_deep_ || verbatim();
        write_string(too_deep_text, label);
    } else if (Object* object = value.object()) {
        write_object(*object, label, verbatim() ? depth : effective_depth(*object, depth));
    } else if (value.kind() == Kind::ProgressRecord) {
        write_progress(value, label, depth);
    } else {
        write_primitive(value, label);
    }
    --nesting_;
}

void ValueWriter::write_nil(const Label& label)
{
    text_.begin("Nil");
    if (!label.stream.empty()) text_.attribute_plain("S", label.stream);
    if (label.name != nullptr) text_.attribute_encoded("N", *label.name);
    text_.end_empty();
}

void ValueWriter::write_string(std::string_view text, const Label& label)
{
    write_primitive(Value::string(text), label);
}

void ValueWriter::write_primitive(const Value& value, const Label& label)
{
    const Primitive& row = primitive_of(value.kind());
    text_.begin(row.tag);
    if (label.name != nullptr) text_.attribute_encoded("N", *label.name);
    if (!label.stream.empty()) text_.attribute_plain("S", label.stream);
    if (verbatim() && value.lexical() != nullptr) {
        text_.begin_text();
        text_.text_plain(*value.lexical());
    } else if (row.kind == Kind::ByteArray) {
        BytesView bytes = bytes_of(value.text());
        if (bytes.empty()) {
            text_.end_empty();
            return;
        }
        text_.begin_text();
        write_base64(bytes, text_.text_room(base64_size(bytes.size())));
    } else if (row.escaped) {
        text_.begin_text();
        text_.text_encoded(value.text());
    } else {
        text_.begin_text();
        scratch_.clear();
        append_lexical(value, scratch_);
        if (row.kind == Kind::SecureString)
            text_.text_plain(scratch_);
        else
            text_.text_raw(scratch_);
    }
    text_.end_text(row.tag);
}

void ValueWriter::write_progress(const Value& value, const Label& label, int depth)
{
    const ProgressRecord& record = value.progress_value();
    auto text = [&](std::string_view tag, std::string_view contents) {
        text_.begin(tag);
        if (contents.empty()) {
            text_.end_empty();
            return;
        }
        text_.begin_text();
        text_.text_encoded(contents);
        text_.end_text(tag);
    };
    auto number = [&](std::string_view tag, std::int32_t contents) {
        text(tag, std::to_string(contents));
    };
    text_.begin("PR");
    if (label.name != nullptr) text_.attribute_encoded("N", *label.name);
    if (!label.stream.empty()) text_.attribute_plain("S", label.stream);
    text("AV", record.activity);
    number("AI", record.activity_id);
    write_value(record.current_operation, {}, depth);
    number("PI", record.parent_activity_id);
    number("PC", record.percent_complete);
    text("T", record.completed ? "Completed" : "Processing");
    number("SR", record.seconds_remaining);
    text("SD", record.status_description);
    text_.end("PR");
}

bool ValueWriter::write_reference(const Object& object, const Label& label)
{
    auto found = objects_.find(&object);
    if (found == objects_.end()) return false;
    text_.begin("Ref");
    if (!label.stream.empty()) text_.attribute_plain("S", label.stream);
    if (label.name != nullptr) text_.attribute_encoded("N", *label.name);
    const Object::WrittenIds* ids = object.written_ids();
    if (verbatim() && ids != nullptr && ids->has_ref_id && ids->ref_id.data() != nullptr)
        text_.attribute_plain("RefId", ids->ref_id);
    else
        text_.attribute_number("RefId", found->second);
    text_.end_empty();
    return true;
}

void ValueWriter::begin_object(const Object& object, const Label& label)
{
    std::uint64_t number = object_count_++;
    objects_.emplace(&object, number);
    text_.begin("Obj");
    if (!label.stream.empty()) text_.attribute_plain("S", label.stream);
    if (label.name != nullptr) text_.attribute_encoded("N", *label.name);
    const Object::WrittenIds* ids = object.written_ids();
    if (!verbatim() || ids == nullptr || !ids->has_ref_id)
        text_.attribute_number("RefId", number);
    else if (ids->ref_id.data() != nullptr)
        text_.attribute_plain("RefId", ids->ref_id);
}

void ValueWriter::write_object(Object& object, const Label& label, int depth)
{
    if (write_reference(object, label)) return;
    if (verbatim()) {
        write_verbatim(object, label);
    } else if (is_wrapped_primitive(object)) {
        write_wrapped_primitive(object, label, depth);
    } else if (object.container() != ContainerKind::None) {
        write_container(object, label, depth);
    } else if (depth <= 0) {
        write_as_string(object, label, depth);
    } else {
        write_complex(object, label, depth);
    }
}

// clixml 3.4
void ValueWriter::write_wrapped_primitive(const Object& object, const Label& label, int depth)
{
    bool modified_types = has_modified_types(object);
    auto stored = object.stored_text();
    // One that was read with properties stays an object, though they are lost.
    if (object.extended().empty() && !modified_types && !stored && !object.is_deserialized()) {
        if (object.base().kind() == Kind::ProgressRecord)
            write_progress(object.base(), label, depth);
        else
            write_primitive(object.base(), label);
        return;
    }
    begin_object(object, label);
    if (modified_types) write_type_names(object.type_names());
    if (stored) write_text_element(*stored);
    Label base{nullptr, label.stream};
    if (object.base().kind() == Kind::ProgressRecord)
        write_progress(object.base(), base, depth);
    else
        write_primitive(object.base(), base);
    write_members("MS", object.extended(), depth);
    text_.end("Obj");
}

// clixml 3.5
void ValueWriter::write_container(const Object& object, const Label& label, int depth)
{
    begin_object(object, label);
    write_type_names(object.type_names());
    write_items(object, depth);
    if (depth > 0) {
        bool full = object.container() == ContainerKind::Enumerable || object.is_deserialized();
        if (full) write_adapted(object, depth);
        write_members("MS", object.extended(), depth);
    }
    text_.end("Obj");
}

void ValueWriter::write_items(const Object& object, int depth)
{
    static constexpr std::string_view key_name = "Key";
    static constexpr std::string_view value_name = "Value";
    std::string_view tag = container_tag(object.container());
    std::span<const Value> items = object.items();
    text_.begin(tag);
    if (object.container() == ContainerKind::Dictionary) {
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            if (items[i].is_nil()) break;
            text_.begin("En");
            write_value(items[i], {&key_name}, depth);
            write_value(items[i + 1], {&value_name}, depth);
            text_.end("En");
            text_.flush_if_large();
        }
    } else {
        for (const Value& item : items) {
            write_value(item, {}, depth);
            text_.flush_if_large();
        }
    }
    text_.end(tag);
}

// clixml 4.3
void ValueWriter::write_as_string(const Object& object, const Label& label, int depth)
{
    // Only a bag has a text that was stored by reading; that of a live object is its ToString.
    bool live = object.nature() != Nature::Bag;
    auto stored = live ? std::nullopt : object.stored_text();
    bool modified_types = has_modified_types(object);
    bool has_text = !live || object.stored_text().has_value();
    std::string text = live ? std::string(object.stored_text().value_or(""))
                            : to_display_text(Value::object(const_cast<Object*>(&object)));
    if (object.extended().empty() && !modified_types && !stored) {
        if (has_text)
            write_string(text, label);
        else
            write_nil(label);
        return;
    }
    begin_object(object, label);
    if (modified_types) write_type_names(object.type_names());
    if (stored) write_text_element(*stored);
    write_string(text, {nullptr, label.stream});
    write_members("MS", object.extended(), depth);
    text_.end("Obj");
}

void ValueWriter::write_complex(const Object& object, const Label& label, int depth)
{
    begin_object(object, label);
    write_type_names(object.type_names());
    if (object.base().is_object()) {
        write_object_in_object(object, label, depth);
        text_.end("Obj");
        return;
    }
    if (auto text = object.stored_text()) write_text_element(*text);
    if (!object.base().is_nil()) write_value(object.base(), {nullptr, label.stream}, depth);
    if (object.nature() != Nature::Record && object.nature() != Nature::Enum)
        write_adapted(object, depth);
    write_members("MS", object.extended(), depth);
    text_.end("Obj");
}

// The outer object always has a text, loses its properties, and without notes of its own shows
// those of the inner one (clixml 3.1, 3.7).
void ValueWriter::write_object_in_object(const Object& object, const Label& label, int depth)
{
    if (auto text = object.stored_text())
        write_text_element(*text);
    else
        write_text_element(to_display_text(object.base()));
    write_value(object.base(), {nullptr, label.stream}, depth);
    const Object* noted = &object;
    for (int level = 0; level < serialized_levels_max && noted->extended().empty(); ++level) {
        const Object* inner = noted->base().object();
        if (inner == nullptr) break;
        noted = inner;
    }
    write_members("MS", noted->extended(), depth);
}

void ValueWriter::write_verbatim(const Object& object, const Label& label)
{
    begin_object(object, label);
    write_verbatim_type_names(object);
    if (auto text = object.stored_text()) write_text_element(*text);
    if (object.container() != ContainerKind::None)
        write_items(object, 0);
    else if (!object.base().is_nil())
        write_value(object.base(), {nullptr, label.stream}, 0);
    if (object.has_adapted()) {
        text_.begin("Props");
        for (const Property& member : object.adapted())
            write_member(member, 0);
        text_.end("Props");
    }
    if (object.has_extended()) {
        text_.begin("MS");
        for (const Property& member : object.extended())
            write_member(member, 0);
        text_.end("MS");
    }
    text_.end("Obj");
}

void ValueWriter::write_verbatim_type_names(const Object& object)
{
    if (object.written_type_names() == nullptr) return;
    std::span<const std::string_view> names = object.type_names();
    const Object::WrittenIds* ids = object.written_ids();
    bool has_id = ids != nullptr && ids->has_type_names_id;
    if (!has_id) {
        write_type_names(names);
        return;
    }
    text_.begin("TN");
    if (ids->type_names_id.data() != nullptr) text_.attribute_plain("RefId", ids->type_names_id);
    type_names_.insert_or_assign(
        names.data(), WrittenNames{type_names_count_++, ids->type_names_id}
    );
    for (std::string_view name : names) {
        text_.begin("T");
        text_.begin_text();
        text_.text_encoded(name);
        text_.end_text("T");
    }
    text_.end("TN");
}

void ValueWriter::write_type_names(std::span<const std::string_view> names)
{
    if (names.empty()) return;
    auto [place, is_new] =
        type_names_.try_emplace(names.data(), WrittenNames{type_names_count_, {}});
    WrittenNames& written = place->second;
    if (is_new && !verbatim()) {
        std::string joined;
        for (std::string_view name : names)
            joined.append(name).push_back('\0');
        auto [same, first_time] =
            type_names_by_text_.try_emplace(std::move(joined), type_names_count_);
        written.number = same->second;
        is_new = first_time;
    }
    if (!is_new) {
        text_.begin("TNRef");
        if (written.id.data() != nullptr)
            text_.attribute_plain("RefId", written.id);
        else
            text_.attribute_number("RefId", written.number);
        text_.end_empty();
        return;
    }
    ++type_names_count_;
    text_.begin("TN");
    text_.attribute_number("RefId", written.number);
    for (std::string_view name : names) {
        text_.begin("T");
        text_.begin_text();
        text_.text_encoded(name);
        text_.end_text("T");
    }
    text_.end("TN");
}

void ValueWriter::write_text_element(std::string_view text)
{
    text_.begin("ToString");
    if (text.empty()) {
        text_.end_empty();
        return;
    }
    text_.begin_text();
    text_.text_encoded(text);
    text_.end_text("ToString");
}

void ValueWriter::write_adapted(const Object& object, int depth)
{
    // Of an object of a class the element stays even if every property failed; that of a bag is
    // lost (clixml 5.5).
    if (object.adapted().empty() && !(object.has_adapted() && object.nature() == Nature::Live))
        return;
    text_.begin("Props");
    for (const Property& member : object.adapted())
        write_member(member, depth - 1);
    text_.end("Props");
}

void ValueWriter::write_members(std::string_view tag, std::span<const Property> members, int depth)
{
    if (members.empty()) return;
    text_.begin(tag);
    for (const Property& member : members)
        write_member(member, depth);
    text_.end(tag);
}

void ValueWriter::write_member(const Property& member, int depth, bool in_member_set)
{
    std::string_view name = member.name_text();
    if (!member.is_member_set()) {
        write_value(member.value, {&name}, depth);
        text_.flush_if_large();
        return;
    }
    if (++nesting_ > verbatim_levels_max) {
        too_deep_ = true;
    } else {
        text_.begin("MS");
        text_.attribute_encoded("N", name);
        // PowerShell 7.6 serializes a member set inside another one without its members.
        if (verbatim() || !in_member_set) {
            for (const Property& inner : member.members()->items())
                write_member(inner, depth, true);
        }
        text_.end("MS");
    }
    --nesting_;
}

} // namespace clixml::detail
