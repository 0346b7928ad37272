#include <clixml/detail/xml_characters.hpp>
#include <clixml/detail/xml_declaration.hpp>
#include <clixml/detail/xml_document.hpp>
#include <clixml/detail/xml_scanner.hpp>
#include <clixml/utf.hpp>

#include <charconv>
#include <map>

namespace clixml::detail {
namespace {

constexpr std::size_t entity_bytes_max = 1024;
constexpr int entity_depth_max = 32;
constexpr std::string_view xml_uri = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view xmlns_uri = "http://www.w3.org/2000/xmlns/";

// Where a run of characters stands, which decides what is escaped in it.
enum class Place : std::uint8_t { Text, Attribute };

void append_hex_reference(std::uint32_t c, std::string& out)
{
    char digits[8];
    char* end = std::to_chars(digits, digits + sizeof digits, c, 16).ptr;
    out += "&#x";
    for (char* at = digits; at != end; ++at)
        out += *at >= 'a' ? static_cast<char>(*at - 32) : *at;
    out += ';';
}

void append_escaped(std::string_view text, Place place, std::string& out)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        auto byte = static_cast<std::uint8_t>(c);
        bool is_attribute = place == Place::Attribute;
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"' && is_attribute)
            out += "&quot;";
        else if (byte < 0x20 && c != '\t' && (is_attribute || (c != '\n' && c != '\r')))
            append_hex_reference(byte, out);
        else if (text.substr(at, 2) == "\xEF\xBF" && at + 2 < text.size() && static_cast<std::uint8_t>(text[at + 2]) >= 0xBE) {
            append_hex_reference(0xFFC0U + (static_cast<std::uint8_t>(text[at + 2]) & 0x3FU), out);
            at += 2;
        } else
            out += c;
    }
}

// Line ends as XML has them.
void append_lines(std::string_view text, std::string& out)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\r') {
            out += text[at];
            continue;
        }
        out += '\n';
        if (at + 1 < text.size() && text[at + 1] == '\n') ++at;
    }
}

// Writes a text that is known to be well-formed but for its entities. Every function returns false
// where .NET refuses what only it looks at.
class OuterXml {
public:
    std::optional<std::string> write(std::string_view text)
    {
        if (text.starts_with("<?xml") && text.size() > 5 && (is_white(text[5]) || text[5] == '?')) {
            std::size_t close = text.find("?>");
            if (close == std::string_view::npos) return std::nullopt;
            auto declaration = read_xml_declaration(text.substr(5, close - 5));
            if (!declaration) return std::nullopt;
            out_ += "<?xml version=\"1.0\"";
            put_pair(" encoding", declaration->encoding);
            put_pair(" standalone", declaration->standalone);
            out_ += "?>";
            text.remove_prefix(close + 2);
        }
        if (!write_content(text, 0)) return std::nullopt;
        return std::move(out_);
    }

private:
    void put_pair(std::string_view name, std::string_view value)
    {
        if (!value.empty()) out_.append(name).append("=\"").append(value).append("\"");
    }

    // Elements, text and all else. What an entity stands for must be closed in itself.
    bool write_content(std::string_view text, int depth)
    {
        std::int64_t open = 0;
        while (!text.empty()) {
            if (text[0] == '<') {
                std::size_t size = write_markup(text, open);
                if (size == 0 || open < 0) return false;
                text.remove_prefix(size);
                continue;
            }
            std::size_t end = std::min(text.find('<'), text.size());
            if (!write_text(text.substr(0, end), depth)) return false;
            text.remove_prefix(end);
        }
        return open == 0;
    }

    // What stands between two tags.
    bool write_text(std::string_view text, int depth)
    {
        while (!text.empty()) {
            std::size_t end = std::min(text.find('&'), text.size());
            std::string lines;
            append_lines(text.substr(0, end), lines);
            append_escaped(lines, Place::Text, out_);
            text.remove_prefix(end);
            if (text.empty()) break;
            std::size_t close = text.find(';');
            if (close == std::string_view::npos) return false;
            std::string_view name = text.substr(1, close - 1);
            text.remove_prefix(close + 1);
            std::string plain;
            if (resolve_plain(name, plain)) {
                if (!is_valid_text(plain)) return false;
                append_escaped(plain, Place::Text, out_);
                continue;
            }
            auto entity = entities_.find(name);
            if (entity == entities_.end() || depth == entity_depth_max) return false;
            entity_bytes_ += entity->second.size();
            if (entity_bytes_ > entity_bytes_max) return false;
            if (!write_content(entity->second, depth + 1)) return false;
        }
        return true;
    }

    // A lone surrogate can be read, but not be kept in a document.
    static bool is_valid_text(std::string_view text) { return !first_invalid_utf8(text); }

    // A predefined entity or a character reference, its name without & and ;.
    static bool resolve_plain(std::string_view name, std::string& out)
    {
        static constexpr struct {
            std::string_view name;
            char character;
        } predefined[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
        for (const auto& row : predefined) {
            if (row.name != name) continue;
            out += row.character;
            return true;
        }
        if (!name.starts_with('#')) return false;
        name.remove_prefix(1);
        int base = name.starts_with('x') ? 16 : 10;
        if (base == 16) name.remove_prefix(1);
        std::uint32_t value = 0;
        auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value, base);
        if (error != std::errc{} || end != name.data() + name.size() || value > 0x10FFFF)
            return false;
        append_code_unit(value, out);
        return true;
    }

    // `text` begins with "<". Returns the size of the markup, 0 where it is refused.
    std::size_t write_markup(std::string_view text, std::int64_t& open)
    {
        if (text.starts_with("<!--")) return write_until(text, "-->", 4);
        if (text.starts_with("<![CDATA[")) return write_until(text, "]]>", 9);
        if (text.starts_with("<!")) return write_dtd(text);
        if (text.starts_with("<?")) return write_instruction(text);
        std::size_t end = 1;
        for (char quote = 0; end < text.size() && (quote != 0 || text[end] != '>'); ++end) {
            if (quote != 0)
                quote = text[end] == quote ? '\0' : quote;
            else if (text[end] == '"' || text[end] == '\'')
                quote = text[end];
        }
        if (end == text.size()) return 0;
        std::string_view tag = text.substr(1, end - 1);
        if (tag.starts_with('/')) {
            --open;
            while (is_white(tag.back()))
                tag.remove_suffix(1);
            out_.append("<").append(tag).append(">");
            return end + 1;
        }
        bool self_closed = tag.ends_with('/');
        if (self_closed)
            tag.remove_suffix(1);
        else
            ++open;
        if (!write_start_tag(tag)) return 0;
        out_ += self_closed ? " />" : ">";
        return end + 1;
    }

    std::size_t write_until(std::string_view text, std::string_view close, std::size_t from)
    {
        std::size_t end = text.find(close, from);
        if (end == std::string_view::npos) return 0;
        append_lines(text.substr(0, end + close.size()), out_);
        return end + close.size();
    }

    std::size_t write_instruction(std::string_view text)
    {
        std::size_t end = text.find("?>");
        if (end == std::string_view::npos) return 0;
        std::string_view rest = text.substr(2, end - 2);
        std::string_view target = take_name(rest);
        if (target.empty() || target.find(':') != std::string_view::npos) return 0;
        skip_white(rest);
        out_.append("<?").append(target).append(" ");
        append_lines(rest, out_);
        out_ += "?>";
        return end + 2;
    }

    static void skip_white(std::string_view& text)
    {
        while (!text.empty() && is_white(text.front()))
            text.remove_prefix(1);
    }

    static std::string_view take_name(std::string_view& text)
    {
        std::size_t size = 0;
        while (size < text.size() && name_characters[static_cast<std::uint8_t>(text[size])])
            ++size;
        std::string_view name = text.substr(0, size);
        text.remove_prefix(size);
        return name;
    }

    bool write_start_tag(std::string_view tag)
    {
        std::string_view name = take_name(tag);
        if (name.empty()) return false;
        out_.append("<").append(name);
        while (true) {
            skip_white(tag);
            if (tag.empty()) return true;
            std::string_view attribute = take_name(tag);
            skip_white(tag);
            if (attribute.empty() || !tag.starts_with('=')) return false;
            tag.remove_prefix(1);
            skip_white(tag);
            if (tag.empty()) return false;
            std::size_t close = tag.find(tag.front(), 1);
            if (close == std::string_view::npos) return false;
            std::string value;
            if (!resolve_attribute(tag.substr(1, close - 1), value, 0)) return false;
            tag.remove_prefix(close + 1);
            if (!is_valid_attribute(attribute, value)) return false;
            out_.append(" ").append(attribute).append("=\"");
            append_escaped(value, Place::Attribute, out_);
            out_ += '"';
        }
    }

    // Rules of the reserved prefixes.
    static bool is_valid_attribute(std::string_view name, std::string_view value)
    {
        if (name == "xml:space") return value == "default" || value == "preserve";
        if (name == "xmlns") return value != xml_uri && value != xmlns_uri;
        if (!name.starts_with("xmlns:")) return true;
        return (name == "xmlns:xml") == (value == xml_uri) && value != xmlns_uri;
    }

    bool resolve_attribute(std::string_view text, std::string& value, int depth)
    {
        while (!text.empty()) {
            char c = text.front();
            if (c == '<') return false;
            if (c != '&') {
                text.remove_prefix(c == '\r' && text.size() > 1 && text[1] == '\n' ? 2 : 1);
                value += is_white(c) ? ' ' : c;
                continue;
            }
            std::size_t close = text.find(';');
            if (close == std::string_view::npos) return false;
            std::string_view name = text.substr(1, close - 1);
            text.remove_prefix(close + 1);
            std::string plain;
            if (resolve_plain(name, plain)) {
                if (!is_valid_text(plain)) return false;
                value += plain;
                continue;
            }
            auto entity = entities_.find(name);
            if (entity == entities_.end() || depth == entity_depth_max) return false;
            entity_bytes_ += entity->second.size();
            if (entity_bytes_ > entity_bytes_max) return false;
            if (!resolve_attribute(entity->second, value, depth + 1)) return false;
        }
        return true;
    }

    // <!DOCTYPE name SYSTEM "..." [...]>
    std::size_t write_dtd(std::string_view text)
    {
        std::string_view rest = text;
        if (has_dtd_ || !rest.starts_with("<!DOCTYPE")) return 0;
        has_dtd_ = true;
        rest.remove_prefix(9);
        if (rest.empty() || !is_white(rest.front())) return 0;
        skip_white(rest);
        std::string_view name = take_name(rest);
        if (name.empty()) return 0;
        out_.append("<!DOCTYPE ").append(name);
        skip_white(rest);
        bool is_public = rest.starts_with("PUBLIC");
        if (is_public || rest.starts_with("SYSTEM")) {
            rest.remove_prefix(6);
            out_ += is_public ? " PUBLIC" : " SYSTEM";
            for (int i = is_public ? 0 : 1; i < 2; ++i) {
                std::string_view literal;
                if (!take_literal(rest, literal)) return 0;
                out_.append(" \"").append(literal).append("\"");
            }
            skip_white(rest);
        }
        out_ += '[';
        if (rest.starts_with('[')) {
            rest.remove_prefix(1);
            std::string_view subset = rest;
            if (!read_subset(rest)) return 0;
            append_lines(subset.substr(0, subset.size() - rest.size() - 1), out_);
            skip_white(rest);
        }
        out_ += "]>";
        if (!rest.starts_with('>')) return 0;
        return text.size() - rest.size() + 1;
    }

    static bool take_literal(std::string_view& text, std::string_view& literal)
    {
        if (text.empty() || !is_white(text.front())) return false;
        skip_white(text);
        if (text.empty() || (text.front() != '"' && text.front() != '\'')) return false;
        std::size_t close = text.find(text.front(), 1);
        if (close == std::string_view::npos) return false;
        literal = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
        return true;
    }

    // Declarations up to and including the closing bracket.
    bool read_subset(std::string_view& text)
    {
        while (true) {
            skip_white(text);
            if (text.empty()) return false;
            if (text.front() == ']') {
                text.remove_prefix(1);
                return true;
            }
            std::size_t size = std::string_view::npos;
            if (text.starts_with("<!--"))
                size = end_of(text, "-->", 4);
            else if (text.starts_with("<?"))
                size = end_of(text, "?>", 2);
            else if (text.starts_with("<!"))
                size = end_of_declaration(text);
            if (size == std::string_view::npos) return false;
            if (text.starts_with("<!ENTITY")) {
                if (!read_entity(text.substr(8, size - 9))) return false;
            }
            text.remove_prefix(size);
        }
    }

    static std::size_t end_of(std::string_view text, std::string_view close, std::size_t from)
    {
        std::size_t at = text.find(close, from);
        return at == std::string_view::npos ? at : at + close.size();
    }

    static std::size_t end_of_declaration(std::string_view text)
    {
        char quote = 0;
        for (std::size_t at = 2; at < text.size(); ++at) {
            if (quote != 0)
                quote = text[at] == quote ? '\0' : quote;
            else if (text[at] == '"' || text[at] == '\'')
                quote = text[at];
            else if (text[at] == '>')
                return at + 1;
        }
        return std::string_view::npos;
    }

    // name "value"; the first declaration of a name counts. One that is outside stands for nothing.
    bool read_entity(std::string_view text)
    {
        if (text.empty() || !is_white(text.front())) return false;
        skip_white(text);
        if (text.starts_with('%')) return true;
        std::string_view name = take_name(text);
        std::string_view literal;
        std::string_view behind = text;
        if (name.empty()) return false;
        if (!take_literal(behind, literal)) {
            entities_.try_emplace(name, std::string());
            return true;
        }
        // Character references are resolved here, the others where the entity is used.
        std::string value;
        while (!literal.empty()) {
            std::size_t at = std::min(literal.find("&#"), literal.size());
            append_lines(literal.substr(0, at), value);
            literal.remove_prefix(at);
            if (literal.empty()) break;
            std::size_t close = literal.find(';');
            if (close == std::string_view::npos) return false;
            if (!resolve_plain(literal.substr(1, close - 1), value)) return false;
            literal.remove_prefix(close + 1);
        }
        entities_.try_emplace(name, std::move(value));
        return true;
    }

    std::string out_;
    bool has_dtd_ = false;
    std::size_t entity_bytes_ = 0;
    std::map<std::string_view, std::string> entities_;
};

} // namespace

std::optional<std::string> outer_xml(std::string_view text, const ReadLimits& limits)
{
    if (!is_well_formed(text, limits)) return std::nullopt;
    return OuterXml().write(text);
}

} // namespace clixml::detail
