#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/string_escape.hpp>
#include <psrp/tool/value_outline.hpp>

#include <algorithm>
#include <map>

namespace psrp::tool {
namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Property;
using clixml::Value;

constexpr std::size_t step = 2; // blanks a level

class Outline {
public:
    explicit Outline(const OutlineOptions& options) : options_(options) {}

    // `lead` stands before the value on its first line: a name, a dash, nothing.
    void add(Value value, std::size_t indent, const std::string& lead)
    {
        const Object* object = value.object();
        if (object == nullptr) {
            line(indent, lead + primitive(value));
            return;
        }
        const auto [place, is_new] = numbers_.try_emplace(object, numbers_.size() + 1);
        if (!is_new) {
            line(indent, lead + colored(options_.colors.type, "object " + number(place->second)));
            return;
        }
        if (depth_ == options_.depth_max) {
            line(indent, lead + title(*object) + " ...");
            return;
        }
        ++depth_;
        line(indent, lead + title(*object));
        const std::size_t inner = lead.empty() && title(*object).empty() ? indent : indent + step;
        members(*object, inner);
        --depth_;
    }

    std::string take() { return std::move(out_); }

private:
    static std::string number(std::size_t value) { return std::to_string(value); }

    [[nodiscard]] std::string colored(std::string_view color, std::string_view text) const
    {
        std::string out(color);
        out.append(text).append(options_.colors.off);
        return out;
    }

    // A line that would be empty is left out.
    void line(std::size_t indent, const std::string& text)
    {
        if (text.empty()) return;
        out_.append(indent, ' ').append(text);
        while (out_.ends_with(' '))
            out_.pop_back();
        out_ += '\n';
    }

    [[nodiscard]] std::string text_of(std::string_view text) const
    {
        std::size_t kept = std::min(text.size(), options_.text_bytes_max);
        while (kept < text.size() && kept > 0 &&
               (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U)
            --kept; // no half characters
        std::string out = clixml::escaped(text.substr(0, kept));
        if (kept < text.size()) out += "... (" + number(text.size()) + " bytes)";
        return out;
    }

    [[nodiscard]] std::string primitive(Value value) const
    {
        if (value.is_nil()) return colored(options_.colors.type, "null");
        const auto& row = clixml::primitive_of(value.kind());
        const std::string tag = value.kind() == Kind::String || value.kind() == Kind::Int32 ||
                                        value.kind() == Kind::Boolean
                                    ? std::string()
                                    : colored(options_.colors.type, row.tag) + " ";
        switch (value.kind()) {
        case Kind::String:
        case Kind::Uri:
        case Kind::XmlDocument:
        case Kind::ScriptBlock:
            return tag + colored(options_.colors.text, '"' + text_of(value.text()) + '"');
        case Kind::SecureString:
            return tag +
                   colored(
                       options_.colors.type, "(" + number(value.text().size()) + " characters)"
                   );
        case Kind::ByteArray:
            return tag + colored(options_.colors.number, number(value.text().size()) + " bytes");
        case Kind::ProgressRecord:
            return tag +
                   colored(
                       options_.colors.text, '"' + text_of(value.progress_value().activity) + '"'
                   );
        default:
            return tag + colored(options_.colors.number, clixml::lexical_text(value));
        }
    }

    static bool is_enum(const Object& object)
    {
        return object.is_type("System.Enum") && object.base().is_primitive() &&
               object.stored_text().has_value();
    }

    [[nodiscard]] std::string title(const Object& object) const
    {
        if (is_enum(object)) {
            return colored(options_.colors.text, text_of(*object.stored_text())) + " (" +
                   primitive(object.base()) + ")";
        }
        std::string out;
        const auto add = [&out](const std::string& part) {
            out += (out.empty() ? "" : " ") + part;
        };
        if (object.base().is_primitive()) add(primitive(object.base()));
        if (object.written_type_names() != nullptr && !object.type_names().empty())
            add(colored(options_.colors.type, "[" + text_of(object.type_names().front()) + "]"));
        if (object.container() != ContainerKind::None) add(count(object));
        if (const auto text = object.stored_text(); text && !text->empty())
            add(colored(options_.colors.text, '"' + text_of(*text) + '"'));
        return out;
    }

    static std::string count(const Object& object)
    {
        if (object.container() == ContainerKind::Dictionary)
            return "{" + number(object.entry_count()) + "}";
        return "(" + number(object.items().size()) + ")";
    }

    void members(const Object& object, std::size_t indent)
    {
        if (is_enum(object)) return;
        if (object.base().is_object()) add(object.base(), indent, "= ");
        properties(object.adapted(), indent);
        properties(object.extended(), indent);
        if (object.container() == ContainerKind::Dictionary)
            entries(object, indent);
        else
            items(object, indent);
    }

    void properties(std::span<const Property> bag, std::size_t indent)
    {
        for (const Property& property : bag) {
            const std::string lead =
                colored(options_.colors.name, text_of(property.name_text())) + ": ";
            if (!property.is_member_set()) {
                add(property.value, indent, lead);
                continue;
            }
            line(indent, lead + colored(options_.colors.type, "member set"));
            properties(property.members()->items(), indent + step);
        }
    }

    void items(const Object& object, std::size_t indent)
    {
        const auto items = object.items();
        for (const Value& item : items.first(std::min(items.size(), options_.items_max)))
            add(item, indent, "- ");
        more(items.size(), indent);
    }

    void entries(const Object& object, std::size_t indent)
    {
        const auto items = object.items();
        const std::size_t shown = std::min(object.entry_count(), options_.items_max);
        for (std::size_t i = 0; i < shown; ++i) {
            const std::string key = text_of(clixml::to_display_text(items[2 * i], 1000));
            add(items[2 * i + 1], indent, colored(options_.colors.name, key) + " = ");
        }
        more(object.entry_count(), indent);
    }

    void more(std::size_t count, std::size_t indent)
    {
        if (count > options_.items_max)
            line(indent, "... " + number(count - options_.items_max) + " more");
    }

    const OutlineOptions& options_;
    std::map<const Object*, std::size_t> numbers_;
    std::size_t depth_ = 0;
    std::string out_;
};

} // namespace

Colors plain_colors()
{
    return {};
}

Colors terminal_colors()
{
    Colors colors;
    colors.name = "\x1B[36m";
    colors.text = "\x1B[32m";
    colors.number = "\x1B[33m";
    colors.type = "\x1B[90m";
    colors.client = "\x1B[1;34m";
    colors.server = "\x1B[1;35m";
    colors.error = "\x1B[31m";
    colors.off = "\x1B[0m";
    return colors;
}

std::string value_outline(clixml::Value value, std::size_t indent, const OutlineOptions& options)
{
    Outline outline(options);
    outline.add(value, indent, "");
    return outline.take();
}

} // namespace psrp::tool
