#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <unordered_map>

namespace clixml {
namespace {

constexpr std::string_view custom_object_names[] = {
    "System.Management.Automation.PSCustomObject", "System.Object"};
constexpr std::string_view array_list_names[] = {"System.Collections.ArrayList", "System.Object"};
constexpr std::string_view stack_names[] = {"System.Collections.Stack", "System.Object"};
constexpr std::string_view queue_names[] = {"System.Collections.Queue", "System.Object"};
constexpr std::string_view hashtable_names[] = {"System.Collections.Hashtable", "System.Object"};
constexpr std::string_view null_names[] = {"System.Object"};

std::span<const std::string_view> names_of(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::List:
    case ContainerKind::Enumerable:
        return array_list_names;
    case ContainerKind::Stack:
        return stack_names;
    case ContainerKind::Queue:
        return queue_names;
    case ContainerKind::Dictionary:
        return hashtable_names;
    case ContainerKind::None:
        break;
    }
    return custom_object_names;
}

Property* find_in(PropertyBag& bag, std::string_view name, const Name* interned)
{
    for (Property& property : bag.items()) {
        if (property.name == interned) return &property;
        if (property.name->folded_hash == interned->folded_hash &&
            equal_ignoring_case(property.name->text(), name))
            return &property;
    }
    return nullptr;
}

void set_in(PropertyBag& bag, Arena& arena, std::string_view name, Value value)
{
    const Name* interned = arena.intern(name);
    if (Property* found = find_in(bag, name, interned)) {
        *found = Property{interned, value, nullptr};
        return;
    }
    bag.push(arena, Property{interned, value, nullptr});
}

} // namespace

const Property* find_property(std::span<const Property> bag, std::string_view name)
{
    std::uint32_t hash = folded_hash(name);
    for (const Property& property : bag) {
        if (property.name->folded_hash == hash && equal_ignoring_case(property.name->text(), name))
            return &property;
    }
    return nullptr;
}

std::span<const std::string_view> type_names_of(Kind kind)
{
    if (kind == Kind::Nil || kind == Kind::Object) return null_names;
    return primitive_of(kind).type_names;
}

std::span<const std::string_view> Object::type_names() const
{
    if (type_names_ != nullptr) return type_names_->names;
    const Object* object = this;
    for (int i = 0; i < 64; ++i) {
        if (object->container_ != ContainerKind::None) return names_of(object->container_);
        if (object->base_.is_nil()) return custom_object_names;
        if (!object->base_.is_object()) return type_names_of(object->base_.kind());
        object = object->base_.object();
        if (object->type_names_ != nullptr) return object->type_names_->names;
    }
    return custom_object_names;
}

void Object::set_type_names(Arena& arena, std::span<const std::string_view> names)
{
    auto* copies = arena.allocate_array<std::string_view>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
        new (copies + i) std::string_view(arena.intern(names[i])->text());
    type_names_ = arena.make<TypeNames>(TypeNames{{copies, names.size()}});
}

void Object::set_type_names(Arena& arena, std::initializer_list<std::string_view> names)
{
    set_type_names(arena, std::span(names.begin(), names.size()));
}

bool Object::is_type(std::string_view name) const
{
    static constexpr std::string_view prefix = "Deserialized.";
    for (std::string_view own : type_names()) {
        if (equal_ignoring_case(own, name)) return true;
        if (own.size() == prefix.size() + name.size() &&
            equal_ignoring_case(own.substr(0, prefix.size()), prefix) &&
            equal_ignoring_case(own.substr(prefix.size()), name)) {
            return true;
        }
    }
    return false;
}

std::optional<std::string_view> Object::stored_text() const
{
    if (!has_text_) return std::nullopt;
    return std::string_view(text_, text_size_);
}

void Object::set_text(std::string_view borrowed)
{
    has_text_ = true;
    text_ = borrowed.data();
    text_size_ = static_cast<std::uint32_t>(borrowed.size());
}

void Object::set_base(Value base)
{
    base_ = base;
    container_ = ContainerKind::None;
    items_ = {};
}

void Object::set_container(ContainerKind kind)
{
    container_ = kind;
    base_ = Value();
    items_ = {};
}

void Object::add_entry(Arena& arena, Value key, Value value)
{
    items_.push(arena, key);
    items_.push(arena, value);
}

std::optional<Value> Object::entry(std::string_view key) const
{
    if (container_ != ContainerKind::Dictionary) return std::nullopt;
    std::span<const Value> all = items();
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
        Value own = all[i].unwrapped();
        if (own.kind() == Kind::String && equal_ignoring_case(own.text(), key)) return all[i + 1];
    }
    return std::nullopt;
}

void Object::set_adapted(Arena& arena, std::string_view name, Value value)
{
    has_adapted_ = true;
    set_in(adapted_, arena, name, value);
}

void Object::set_note(Arena& arena, std::string_view name, Value value)
{
    has_extended_ = true;
    set_in(extended_, arena, name, value);
}

void Object::add_adapted(Arena& arena, std::string_view name, Value value)
{
    has_adapted_ = true;
    adapted_.push(arena, Property{arena.intern(name), value, nullptr});
}

void Object::add_note(Arena& arena, std::string_view name, Value value)
{
    has_extended_ = true;
    extended_.push(arena, Property{arena.intern(name), value, nullptr});
}

const Property* Object::find(std::string_view name) const
{
    if (const Property* note = find_property(extended(), name)) return note;
    return find_property(adapted(), name);
}

Value Object::get(std::string_view name) const
{
    const Property* property = find(name);
    return property != nullptr ? property->value : Value();
}

Object* make_bag(Arena& arena)
{
    // Its list of type names is cleared, not merely unsaid: nothing of it is written.
    static constexpr TypeNames no_names{};
    auto* object = arena.make<Object>();
    object->set_type_names(&no_names);
    object->set_has_extended(true);
    return object;
}

Object* make_custom_object(Arena& arena)
{
    Object* object = make_bag(arena);
    object->set_type_names(arena, std::span(custom_object_names));
    return object;
}

Object*
make_live(Arena& arena, std::initializer_list<std::string_view> type_names, std::string_view text)
{
    auto* object = arena.make<Object>();
    object->set_nature(Nature::Live);
    object->set_type_names(arena, type_names);
    object->set_text(arena, text);
    return object;
}

Object* make_enum(Arena& arena, std::string_view type, std::string_view name, std::int32_t number)
{
    Object* object =
        make_live(arena, {type, "System.Enum", "System.ValueType", "System.Object"}, name);
    object->set_nature(Nature::Enum);
    object->set_base(Value::int32(number));
    return object;
}

Object*
make_container(Arena& arena, ContainerKind kind, std::initializer_list<std::string_view> type_names)
{
    auto* object = arena.make<Object>();
    object->set_container(kind);
    object->set_type_names(arena, type_names);
    return object;
}

Object* make_array(Arena& arena)
{
    return make_container(
        arena, ContainerKind::List, {"System.Object[]", "System.Array", "System.Object"}
    );
}

Object* make_array_list(Arena& arena)
{
    return make_container(
        arena, ContainerKind::List, {"System.Collections.ArrayList", "System.Object"}
    );
}

Object* make_hashtable(Arena& arena)
{
    return make_container(
        arena, ContainerKind::Dictionary, {"System.Collections.Hashtable", "System.Object"}
    );
}

Object* wrap(Arena& arena, Value value)
{
    if (value.is_nil()) return nullptr;
    if (value.is_object()) return value.object();
    auto* object = arena.make<Object>();
    object->set_base(value);
    return object;
}

namespace {

// Copies a graph of values. Objects are made first and filled from a list of work, so that depth
// costs no stack.
class Cloner {
public:
    explicit Cloner(Arena& arena) : arena_(arena) {}

    Value copy(Value value)
    {
        Value out = copy_one(value);
        while (!pending_.empty()) {
            auto [from, to] = pending_.back();
            pending_.pop_back();
            fill(*from, *to);
        }
        return out;
    }

private:
    Value copy_one(Value value)
    {
        if (const std::string_view* form = value.lexical())
            return Value::with_lexical(arena_, copy_plain(value), *form);
        return copy_plain(value);
    }

    Value copy_plain(Value value)
    {
        switch (value.kind()) {
        case Kind::String:
            return Value::string(arena_.copy(value.text()));
        case Kind::Uri:
            return Value::uri(arena_.copy(value.text()));
        case Kind::XmlDocument:
            return Value::xml_document(arena_.copy(value.text()));
        case Kind::ScriptBlock:
            return Value::script_block(arena_.copy(value.text()));
        case Kind::SecureString:
            return Value::secure_string(arena_.copy(value.text()));
        case Kind::ByteArray:
            return Value::bytes(bytes_of(arena_.copy(value.text())));
        case Kind::Decimal:
            return Value::decimal(arena_, value.decimal_value());
        case Kind::Guid:
            return Value::guid(arena_, value.guid_value());
        case Kind::Version:
            return Value::version(arena_, value.version_value());
        case Kind::ProgressRecord: {
            ProgressRecord record = value.progress_value();
            record.activity = arena_.copy(record.activity);
            record.status_description = arena_.copy(record.status_description);
            record.current_operation = copy_one(record.current_operation);
            return Value::progress(arena_, record);
        }
        case Kind::Object:
            return Value::object(object_for(value.object()));
        default:
            return value;
        }
    }

    Object* object_for(const Object* from)
    {
        auto [place, is_new] = objects_.try_emplace(from, nullptr);
        if (is_new) {
            place->second = arena_.make<Object>();
            pending_.emplace_back(from, place->second);
        }
        return place->second;
    }

    const TypeNames* names_for(const TypeNames* from)
    {
        auto [place, is_new] = names_.try_emplace(from, nullptr);
        if (is_new) {
            Object carrier;
            carrier.set_type_names(arena_, from->names);
            place->second = carrier.written_type_names();
        }
        return place->second;
    }

    void fill_bag(std::span<const Property> from, PropertyBag& to)
    {
        for (const Property& property : from) {
            Property copy{arena_.intern(property.name_text()), copy_one(property.value), nullptr};
            if (property.is_member_set()) {
                auto* members = arena_.make<PropertyBag>();
                fill_bag(property.members->items(), *members);
                copy.members = members;
            }
            to.push(arena_, copy);
        }
    }

    std::string_view copy_id(std::string_view id)
    {
        return id.data() != nullptr ? arena_.copy(id) : id;
    }

    void fill(const Object& from, Object& to)
    {
        if (from.written_type_names() != nullptr)
            to.set_type_names(names_for(from.written_type_names()));
        if (auto text = from.stored_text()) to.set_text(arena_, *text);
        if (from.container() != ContainerKind::None) {
            to.set_container(from.container());
            for (const Value& item : from.items())
                to.add_item(arena_, copy_one(item));
        } else {
            to.set_base(copy_one(from.base()));
        }
        fill_bag(from.adapted(), to.adapted_bag());
        fill_bag(from.extended(), to.extended_bag());
        to.set_has_adapted(from.has_adapted());
        to.set_has_extended(from.has_extended());
        to.set_nature(from.nature());
        to.set_deserialized(from.is_deserialized());
        if (const Object::WrittenIds* ids = from.written_ids()) {
            to.set_written_ids(arena_.make<Object::WrittenIds>(Object::WrittenIds{
                copy_id(ids->ref_id), copy_id(ids->type_names_id), ids->has_type_names_id}));
        }
    }

    Arena& arena_;
    std::unordered_map<const Object*, Object*> objects_;
    std::unordered_map<const TypeNames*, const TypeNames*> names_;
    std::vector<std::pair<const Object*, Object*>> pending_;
};

// Number with at most `precision` significant digits, as .NET's "G15" and "G7".
std::string general_text(double value, int precision)
{
    char text[64];
    if (value != value) return "NaN";
    if (value - value != 0) return value < 0 ? "-Infinity" : "Infinity";
    if (value == 0) return "0";
    std::snprintf(text, sizeof text, "%.*e", precision - 1, value);
    std::string_view scientific = text;
    std::size_t e = scientific.find('e');
    int exponent = std::atoi(text + e + 1);
    std::string digits;
    for (char c : scientific.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    while (digits.size() > 1 && digits.back() == '0')
        digits.pop_back();
    std::string out = value < 0 ? "-" : "";
    if (exponent <= -5 || exponent >= precision) {
        out += digits[0];
        if (digits.size() > 1) out.append(".").append(digits, 1);
        std::snprintf(
            text,
            sizeof text,
            "E%c%02d",
            exponent < 0 ? '-' : '+',
            exponent < 0 ? -exponent : exponent
        );
        return out + text;
    }
    if (exponent < 0)
        return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0');
    return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string date_time_display_text(const DateTime& value)
{
    DateTimeParts p = parts_of(value);
    char text[80];
    std::snprintf(
        text,
        sizeof text,
        "%02d/%02d/%04d %02d:%02d:%02d",
        p.month,
        p.day,
        p.year,
        p.hour,
        p.minute,
        p.second
    );
    return text;
}

std::string primitive_display_text(const Value& value)
{
    switch (value.kind()) {
    case Kind::Boolean:
        return value.unsigned_bits() != 0 ? "True" : "False";
    case Kind::Char: {
        std::string out;
        append_code_unit(static_cast<std::uint32_t>(value.unsigned_bits()), out);
        return out;
    }
    case Kind::Double:
        return general_text(value.double_value(), 15);
    case Kind::Single:
        return general_text(static_cast<double>(value.single_value()), 7);
    case Kind::DateTime:
        return date_time_display_text(value.date_time_value());
    case Kind::TimeSpan:
        return time_span_display_text({value.signed_bits()});
    case Kind::SecureString:
        return "System.Security.SecureString";
    case Kind::XmlDocument:
        return "#document";
    case Kind::ByteArray: {
        std::string out;
        for (std::uint8_t byte : bytes_of(value.text()))
            out.append(out.empty() ? "" : " ").append(std::to_string(byte));
        return out;
    }
    case Kind::ProgressRecord: {
        const ProgressRecord& p = value.progress_value();
        return "parent = " + std::to_string(p.parent_activity_id) +
               " id = " + std::to_string(p.activity_id) + " act = " + std::string(p.activity) +
               " stat = " + std::string(p.status_description) +
               " cur = " + std::string(p.current_operation.text()) +
               " pct = " + std::to_string(p.percent_complete) +
               " sec = " + std::to_string(p.seconds_remaining) +
               " type = " + (p.completed ? "Completed" : "Processing");
    }
    default:
        return lexical_text(value);
    }
}

std::string type_display_name(const Object& object)
{
    static constexpr std::string_view prefix = "Deserialized.";
    std::span<const std::string_view> names = object.type_names();
    if (names.empty()) return "System.Object";
    std::string_view name = names.front();
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return std::string(name);
}

// Text of a value inside @{...}: containers by their type's name, bags as nothing.
std::string nested_display_text(const Value& value)
{
    const Object* object = value.object();
    if (object == nullptr) return value.is_nil() ? "" : primitive_display_text(value);
    if (auto text = object->stored_text()) return std::string(*text);
    if (object->container() != ContainerKind::None) return type_display_name(*object);
    if (!object->base().is_nil()) return primitive_display_text(object->base());
    return "";
}

} // namespace

Value clone(Arena& arena, Value value)
{
    return Cloner(arena).copy(value);
}

std::string to_display_text(Value value)
{
    value = value.lexical() != nullptr ? value.unwrapped() : value;
    const Object* object = value.object();
    if (object == nullptr) return value.is_nil() ? "" : primitive_display_text(value);
    if (auto text = object->stored_text()) return std::string(*text);
    if (object->container() == ContainerKind::Dictionary) return type_display_name(*object);
    if (object->container() != ContainerKind::None) {
        std::string out;
        bool first = true;
        for (const Value& item : object->items()) {
            if (!first) out += ' ';
            first = false;
            out += nested_display_text(item);
        }
        return out;
    }
    if (!object->base().is_nil()) {
        Value inner = value.unwrapped();
        return inner.is_object() ? to_display_text(inner) : primitive_display_text(inner);
    }
    std::string out;
    for (std::span<const Property> bag : {object->adapted(), object->extended()}) {
        for (const Property& property : bag) {
            if (property.is_member_set()) continue;
            out.append(out.empty() ? "@{" : "; ").append(property.name_text()).append("=");
            out += nested_display_text(property.value);
        }
    }
    if (!out.empty()) out += '}';
    return out;
}

std::string_view rehydrated_type(const Object& object)
{
    // clang-format off
    static constexpr std::string_view types[] = {
        "System.Net.IPAddress", "System.Net.Mail.MailAddress", "System.Globalization.CultureInfo",
        "System.Security.Cryptography.X509Certificates.X509Certificate2",
        "System.Security.Cryptography.X509Certificates.X500DistinguishedName",
        "System.Security.AccessControl.RegistrySecurity", "System.Security.AccessControl.FileSystemSecurity",
        "System.Management.Automation.PSCredential", "System.Management.Automation.PSPrimitiveDictionary",
        "System.Management.Automation.SwitchParameter", "System.Management.Automation.PSListModifier",
        "System.Management.Automation.JobStateInfo", "System.Management.Automation.JobStateEventArgs",
        "System.Management.Automation.ParameterSetMetadata", "System.Management.Automation.ExtendedTypeDefinition",
        "System.Management.Automation.FormatViewDefinition", "System.Management.Automation.PSControl",
        "System.Management.Automation.PSControlGroupBy", "System.Management.Automation.EntrySelectedBy",
        "System.Management.Automation.DisplayEntry", "System.Management.Automation.TableControlColumnHeader",
        "System.Management.Automation.TableControlRow", "System.Management.Automation.TableControlColumn",
        "System.Management.Automation.ListControlEntry", "System.Management.Automation.ListControlEntryItem",
        "System.Management.Automation.WideControlEntryItem", "System.Management.Automation.CustomControlEntry",
        "System.Management.Automation.CustomItemBase", "System.Management.Automation.CompletionResult",
        "System.Management.Automation.CommandCompletion", "Microsoft.PowerShell.Commands.ModuleSpecification",
        "System.Management.Automation.Remoting.PSSessionOption", "System.Management.Automation.Breakpoint",
        "System.Management.Automation.BreakpointUpdatedEventArgs", "System.Management.Automation.DebuggerCommand",
        "System.Management.Automation.DebuggerCommandResults", "System.Management.Automation.DebuggerStopEventArgs",
    };
    // clang-format on
    static constexpr std::string_view prefix = "Deserialized.";
    if (object.written_type_names() == nullptr) return {};
    for (std::string_view name : object.written_type_names()->names) {
        if (name.size() <= prefix.size() ||
            !equal_ignoring_case(name.substr(0, prefix.size()), prefix))
            continue;
        for (std::string_view type : types) {
            if (equal_ignoring_case(name.substr(prefix.size()), type)) return type;
        }
    }
    return {};
}

} // namespace clixml
