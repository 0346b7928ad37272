#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/json_text.hpp>
#include <psrp/format/shown_object.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace psrp {

namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Value;

constexpr std::string_view hexadecimal = "0123456789abcdef";

void append_escape(unsigned code, std::string& out)
{
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += hexadecimal[(code >> shift) & 15];
}

std::string json_string(std::string_view text)
{
    std::string out = "\"";
    const std::string whole = printable_utf8(text);
    for (std::size_t at = 0; at < whole.size();) {
        const std::size_t start = at;
        const std::uint32_t code = clixml::next_code_point(whole, at);
        constexpr std::string_view short_escapes = "\b\f\n\r\t\"\\";
        constexpr std::string_view letters = "bfnrt\"\\";
        const std::size_t found =
            code < 0x80 ? short_escapes.find(static_cast<char>(code)) : std::string_view::npos;
        if (found != std::string_view::npos) {
            out += '\\';
            out += letters[found];
        } else if (code < 0x20 || code == 0x85 || code == 0x2028 || code == 0x2029) {
            append_escape(code, out);
        } else {
            out += std::string_view(whole).substr(start, at - start);
        }
    }
    return out + "\"";
}

// How often an object that is inside itself is written in there. PowerShell goes on to the depth.
constexpr std::ptrdiff_t cycles_max = 10;

// A member that is yet to be written.
struct Member {
    std::string name;
    Value value;
};

class JsonWriter {
public:
    explicit JsonWriter(const JsonOptions& options) : options_(options), level_(options.indent) {}

    void write(Value value, int depth)
    {
        const Object* object = value.object();
        if (object == nullptr) return write_primitive(value, depth);
        if (std::count(open_.begin(), open_.end(), object) > cycles_max) {
            out_ += json_string(object->stored_text().value_or(std::string_view()));
            return;
        }
        open_.push_back(object);
        write_object(*object, value, depth);
        open_.pop_back();
    }

    std::string take() { return std::move(out_); }

private:
    void write_primitive(const Value& value, int depth)
    {
        switch (value.kind()) {
        case Kind::Nil:
        case Kind::Object:
        case Kind::SecureString:
            out_ += "null";
            return;
        case Kind::Boolean:
            out_ += value.unsigned_bits() != 0 ? "true" : "false";
            return;
        case Kind::Single:
            out_ += json_number_text(value.single_value());
            return;
        case Kind::Double:
            out_ += json_number_text(value.double_value());
            return;
        case Kind::Decimal: {
            const std::string text = value.decimal_value().text();
            out_ += text.find('.') == std::string::npos ? text + ".0" : text;
            return;
        }
        case Kind::Byte:
        case Kind::UInt16:
        case Kind::UInt32:
        case Kind::UInt64:
        case Kind::SByte:
        case Kind::Int16:
        case Kind::Int32:
        case Kind::Int64:
            out_ += clixml::lexical_text(value);
            return;
        case Kind::DateTime:
            out_ += json_string(clixml::date_time_text(value.date_time_value()));
            return;
        case Kind::ByteArray:
            return write_bytes(clixml::bytes_of(value.text()));
        case Kind::TimeSpan:
        case Kind::Version:
            if (depth > options_.depth) break;
            return write_members(own_members(value), depth);
        case Kind::XmlDocument:
            out_ += json_string(value.text());
            return;
        case Kind::String:
        case Kind::Char:
        case Kind::Guid:
        case Kind::Uri:
        case Kind::ScriptBlock:
        case Kind::ProgressRecord:
            break;
        }
        out_ += json_string(value_text(value));
    }

    void write_bytes(clixml::BytesView bytes)
    {
        start_group('[');
        for (const std::uint8_t byte : bytes) {
            start_item();
            out_ += std::to_string(byte);
        }
        end_group(']');
    }

    void write_object(const Object& object, Value value, int depth)
    {
        const Value base = object.base();
        const Kind kind = base.kind();
        const bool is_plain = kind == Kind::String || kind == Kind::DateTime;
        if (is_plain) return write_primitive(base, depth);
        if (depth > options_.depth && base.is_nil()) {
            out_ += json_string(value_text(value));
            return;
        }
        std::vector<Member> notes;
        for (const auto& note : object.extended()) {
            if (!note.is_member_set()) notes.push_back({std::string(note.name_text()), note.value});
        }
        if (object.container() != ContainerKind::None) {
            return write_container(object, std::move(notes), depth);
        }
        if (!base.is_nil()) return write_based(object, value, std::move(notes), depth);
        if (!clixml::rehydrated_type(object).empty()) notes = live_members(object, value);
        for (const auto& property : object.adapted()) {
            if (property.is_member_set() || has(notes, property.name_text())) continue;
            notes.push_back({std::string(property.name_text()), property.value});
        }
        if (notes.empty() && !object.stored_text().value_or(std::string_view()).empty()) {
            out_ += json_string(*object.stored_text());
            return;
        }
        write_members(notes, depth);
    }

    // An object that PowerShell makes a live one of again: its own properties come first, enums
    // among them as numbers.
    static std::vector<Member> live_members(const Object& object, const Value& value)
    {
        std::vector<Member> members;
        std::vector<Member> notes;
        const ShownObject shown(value);
        for (const ShownProperty& property : shown.properties()) {
            const auto extended = object.extended();
            const bool is_note =
                std::any_of(extended.begin(), extended.end(), [&](const clixml::Property& note) {
                    return note.name_text() == property.name;
                });
            (is_note ? notes : members).push_back({std::string(property.name), property.value});
        }
        if (object.is_type("System.Net.IPAddress")) {
            const auto family = std::find_if(members.begin(), members.end(), [](const Member& m) {
                return m.name == "AddressFamily";
            });
            if (family != members.end()) family->value = address_family(family->value);
        }
        members.insert(members.end(), notes.begin(), notes.end());
        return members;
    }

    // The number of System.Net.Sockets.AddressFamily.
    static Value address_family(const Value& name)
    {
        return Value::int32(value_text(name) == "InterNetworkV6" ? 23 : 2);
    }

    void write_container(const Object& object, std::vector<Member> notes, int depth)
    {
        if (object.container() == ContainerKind::Dictionary) {
            std::vector<Member> members;
            const auto items = object.items();
            for (std::size_t i = 0; i < object.entry_count(); ++i) {
                members.push_back({value_text(items[2 * i]), items[2 * i + 1]});
            }
            members.insert(members.end(), notes.begin(), notes.end());
            return write_members(members, depth);
        }
        if (notes.empty()) return write_items(object, depth);
        start_group('{');
        start_member("value");
        write_items(object, depth);
        write_rest(notes, depth);
    }

    // A primitive with notes, or an enum.
    void write_based(const Object& object, Value value, std::vector<Member> notes, int depth)
    {
        const Value base = object.base();
        if (base.kind() == Kind::TimeSpan || base.kind() == Kind::Version) {
            std::vector<Member> members = own_members(base);
            members.insert(members.end(), notes.begin(), notes.end());
            return write_members(members, depth);
        }
        std::string name;
        if (object.is_type("System.Enum") && !has(notes, "Value")) name = value_text(value);
        if (notes.empty() && name.empty()) return write(base, depth);
        start_group('{');
        start_member("value");
        write(base, depth);
        if (!name.empty()) notes.push_back({"Value", Value::string(name)});
        const std::string guid = base.kind() == Kind::Guid ? value_text(base) : std::string();
        if (!guid.empty()) notes.push_back({"Guid", Value::string(guid)});
        write_rest(notes, depth);
    }

    static std::vector<Member> own_members(const Value& value)
    {
        std::vector<Member> members;
        const ShownObject shown(value);
        for (const ShownProperty& property : shown.properties()) {
            members.push_back({std::string(property.name), property.value});
        }
        return members;
    }

    static bool has(const std::vector<Member>& members, std::string_view name)
    {
        return std::any_of(members.begin(), members.end(), [&](const Member& member) {
            return clixml::equal_ignoring_case(member.name, name);
        });
    }

    void write_items(const Object& object, int depth)
    {
        start_group('[');
        for (const Value& item : object.items()) {
            start_item();
            write(item, depth + 1);
        }
        end_group(']');
    }

    void write_members(const std::vector<Member>& members, int depth)
    {
        start_group('{');
        write_rest(members, depth);
    }

    // Members of a map that has been started, and its end.
    void write_rest(const std::vector<Member>& members, int depth)
    {
        for (const Member& member : members) {
            start_member(member.name);
            write(member.value, depth + 1);
        }
        end_group('}');
    }

    void start_group(char bracket)
    {
        out_ += bracket;
        ++level_;
        is_first_ = true;
    }

    void start_item()
    {
        if (!is_first_) out_ += ',';
        is_first_ = false;
        start_line();
    }

    void start_member(std::string_view name)
    {
        start_item();
        out_ += json_string(name) + (options_.is_compact ? ":" : ": ");
    }

    void end_group(char bracket)
    {
        --level_;
        if (!is_first_) start_line();
        out_ += bracket;
        is_first_ = false;
    }

    void start_line()
    {
        if (options_.is_compact) return;
        out_ += '\n';
        out_.append(2 * static_cast<std::size_t>(level_), ' ');
    }

    JsonOptions options_;
    int level_;
    bool is_first_ = true;
    std::string out_;
    std::vector<const Object*> open_; // objects being written, outermost first
};

} // namespace

std::string json_text(Value value, const JsonOptions& options)
{
    JsonWriter writer(options);
    writer.write(value, 0);
    return writer.take();
}

} // namespace psrp
