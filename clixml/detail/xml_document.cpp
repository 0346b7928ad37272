#include <clixml/detail/xml_characters.hpp>
#include <clixml/detail/xml_document.hpp>
#include <clixml/detail/xml_scanner.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace clixml::detail {
namespace {

// What PowerShell lets all entities of a document together stand for, and how deep they may nest.
constexpr std::size_t entity_characters_max = 1024;
constexpr int entity_levels_max = 16;

std::string_view quoted(std::string_view text, std::size_t& at)
{
    at = std::min(text.find_first_of("\"'", at), text.size());
    if (at == text.size()) return {};
    std::size_t close = std::min(text.find(text[at], at + 1), text.size());
    std::string_view value = text.substr(at + 1, close - at - 1);
    at = std::min(close + 1, text.size());
    return value;
}

std::string_view name_at(std::string_view text, std::size_t at)
{
    std::size_t end = at;
    while (end < text.size() && name_characters[static_cast<std::uint8_t>(text[end])])
        ++end;
    return text.substr(at, end - at);
}

std::size_t behind_white(std::string_view text, std::size_t at)
{
    while (at < text.size() && is_white(text[at]))
        ++at;
    return at;
}

// Writes a text that is known to be well-formed anew.
class OuterXmlWriter {
public:
    bool write(std::string_view text) { return content(text, 0); }
    [[nodiscard]] std::string& out() { return out_; }

private:
    bool content(std::string_view text, int level)
    {
        for (std::size_t at = 0; at < text.size();) {
            std::string_view rest = text.substr(at);
            if (rest[0] == '&') {
                if (!reference(text, at, false, level)) return false;
            } else if (rest[0] != '<') {
                std::size_t size = std::min(rest.find_first_of("<&"), rest.size());
                characters(rest.substr(0, size), false);
                at += size;
            } else if (rest.starts_with("<!--")) {
                at += copy(rest, rest.find("-->", 4) + 3);
            } else if (rest.starts_with("<![CDATA[")) {
                at += copy(rest, rest.find("]]>") + 3);
            } else if (rest.starts_with("<!DOCTYPE")) {
                at += document_type(rest);
            } else if (rest.starts_with("<?")) {
                at += instruction(rest);
            } else if (rest.starts_with("</")) {
                std::string_view name = name_at(rest, 2);
                out_.append("</").append(name).append(">");
                at += rest.find('>') + 1;
            } else if (!start_tag(text, at, level)) {
                return false;
            }
        }
        return true;
    }

    // Comments and CDATA stay, but for line ends.
    std::size_t copy(std::string_view text, std::size_t size)
    {
        for (std::size_t i = 0; i < size; ++i) {
            bool crlf = text[i] == '\r' && i + 1 < size && text[i + 1] == '\n';
            if (!crlf) out_ += text[i] == '\r' ? '\n' : text[i];
        }
        return size;
    }

    std::size_t instruction(std::string_view text)
    {
        std::size_t size = text.find("?>") + 2;
        std::string_view name = name_at(text, 2);
        out_.append("<?").append(name).append(" ");
        std::size_t at = behind_white(text, 2 + name.size());
        if (name != "xml") {
            copy(text.substr(at), size - 2 - at);
        } else {
            const char* space = "";
            while (at < size - 2) {
                std::string_view part = name_at(text, at);
                std::size_t quote = at + part.size();
                out_.append(space).append(part).append("=\"");
                out_.append(quoted(text, quote)).append("\"");
                at = behind_white(text, quote);
                space = " ";
            }
        }
        out_ += "?>";
        return size;
    }

    std::size_t document_type(std::string_view text)
    {
        std::size_t at = behind_white(text, 9);
        std::string_view name = name_at(text, at);
        out_.append("<!DOCTYPE ").append(name);
        at = behind_white(text, at + name.size());
        std::string_view keyword = name_at(text, at);
        if (keyword == "PUBLIC" || keyword == "SYSTEM") {
            out_.append(" ").append(keyword);
            for (int ids = keyword == "PUBLIC" ? 2 : 1; ids > 0; --ids)
                out_.append(" \"").append(quoted(text, at)).append("\"");
            at = behind_white(text, at);
        }
        out_ += '[';
        if (at < text.size() && text[at] == '[') at = internal_subset(text, at + 1);
        out_ += "]>";
        return std::min(text.find('>', at), text.size() - 1) + 1;
    }

    // Returns the place behind the closing bracket.
    std::size_t internal_subset(std::string_view text, std::size_t start)
    {
        std::size_t at = start;
        while (at < text.size() && text[at] != ']') {
            std::string_view rest = text.substr(at);
            if (rest.starts_with("<!--")) {
                at = std::min(text.find("-->", at), text.size());
            } else if (rest.starts_with("<?")) {
                at = std::min(text.find("?>", at), text.size());
            } else if (rest.starts_with("<!ENTITY")) {
                at = behind_white(text, at + 8);
                at = entity_declaration(text, at);
            } else if (rest[0] == '"' || rest[0] == '\'') {
                quoted(text, at);
            } else {
                ++at;
            }
        }
        copy(text.substr(start), at - start);
        return std::min(at + 1, text.size());
    }

    std::size_t entity_declaration(std::string_view text, std::size_t at)
    {
        std::string_view name = name_at(text, at); // empty for %parameter entities
        at = behind_white(text, at + name.size());
        if (name.empty()) return at + 1;
        bool internal = at < text.size() && (text[at] == '"' || text[at] == '\'');
        std::string_view value = internal ? quoted(text, at) : std::string_view();
        std::string resolved;
        for (std::size_t i = 0; i < value.size();) {
            // References to characters count at once, those to entities where they are used.
            if (value.substr(i).starts_with("&#"))
                append_code_unit(character(value, i), resolved);
            else
                resolved += value[i++];
        }
        entities_.emplace(std::string(name), std::move(resolved)); // the first one holds
        return at;
    }

    // The code point of the reference at `at`, which is moved behind it.
    static std::uint32_t character(std::string_view text, std::size_t& at)
    {
        std::size_t end = std::min(text.find(';', at), text.size());
        bool hexadecimal = text.substr(at).starts_with("&#x");
        const char* digits = text.data() + at + (hexadecimal ? 3 : 2);
        std::uint32_t value = 0;
        std::from_chars(digits, text.data() + end, value, hexadecimal ? 16 : 10);
        at = std::min(end + 1, text.size());
        return value;
    }

    bool reference(std::string_view text, std::size_t& at, bool attribute, int level)
    {
        static constexpr struct {
            std::string_view name;
            std::string_view character;
        } predefined[] = {{"lt", "<"}, {"gt", ">"}, {"amp", "&"}, {"quot", "\""}, {"apos", "'"}};
        if (text.substr(at).starts_with("&#")) {
            std::uint32_t point = character(text, at);
            if (point >= 0x80 && point < 0xFFFE) {
                append_code_unit(point, out_); // halves of a pair are joined
            } else {
                std::string unit;
                append_code_unit(point, unit);
                characters(unit, attribute, true);
            }
            return true;
        }
        std::string_view name = name_at(text, at + 1);
        at += name.size() + 2;
        for (const auto& entity : predefined) {
            if (entity.name != name) continue;
            characters(entity.character, attribute, true);
            return true;
        }
        auto found = entities_.find(name);
        if (found == entities_.end() || level == entity_levels_max) return false;
        entity_characters_ += found->second.size();
        if (entity_characters_ > entity_characters_max) return false;
        return attribute ? attribute_value(found->second, level + 1)
                         : is_markup(found->second) && content(found->second, level + 1);
    }

    // Whether the text of an entity can stand in contents: what it opens it closes.
    static bool is_markup(std::string_view text)
    {
        if (text.find('<') == std::string_view::npos) return true;
        std::string wrapped = "<!DOCTYPE a><a>";
        wrapped.append(text).append("</a>");
        return is_well_formed(wrapped, ReadLimits{});
    }

    bool start_tag(std::string_view text, std::size_t& at, int level)
    {
        std::string_view name = name_at(text, at + 1);
        out_.append("<").append(name);
        at = behind_white(text, at + 1 + name.size());
        while (at < text.size() && text[at] != '>' && text[at] != '/') {
            std::string_view attribute = name_at(text, at);
            at += attribute.size();
            out_.append(" ").append(attribute).append("=\"");
            if (!attribute_value(quoted(text, at), level)) return false;
            out_ += '"';
            at = behind_white(text, at);
        }
        bool empty = at < text.size() && text[at] == '/';
        out_ += empty ? " />" : ">";
        at += empty ? 2 : 1;
        return true;
    }

    bool attribute_value(std::string_view text, int level)
    {
        for (std::size_t at = 0; at < text.size();) {
            if (text[at] == '<') return false;
            if (text[at] == '&') {
                if (!reference(text, at, true, level)) return false;
                continue;
            }
            bool crlf = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
            if (is_white(text[at])) {
                if (!crlf) out_ += ' ';
            } else {
                characters(text.substr(at, 1), true);
            }
            ++at;
        }
        return true;
    }

    // Text as XmlTextWriter writes it. Line ends that were written as references are kept.
    void characters(std::string_view text, bool attribute, bool referred = false)
    {
        for (std::size_t i = 0; i < text.size(); ++i) {
            char c = text[i];
            if (c == '<') {
                out_ += "&lt;";
            } else if (c == '>') {
                out_ += "&gt;";
            } else if (c == '&') {
                out_ += "&amp;";
            } else if (c == '"' && attribute) {
                out_ += "&quot;";
            } else if (c == '\n' && attribute) {
                out_ += "&#xA;";
            } else if (c == '\r' && attribute) {
                out_ += "&#xD;";
            } else if (c == '\r' && !referred) {
                if (i + 1 == text.size() || text[i + 1] != '\n') out_ += '\n';
            } else if (std::string_view point = text.substr(i, 3);
                       point == "\xEF\xBF\xBE" || point == "\xEF\xBF\xBF") {
                out_ += point == "\xEF\xBF\xBE" ? "&#xFFFE;" : "&#xFFFF;";
                i += 2;
            } else if (static_cast<std::uint8_t>(c) < 0x20 && !is_white(c)) {
                constexpr std::string_view digits = "0123456789ABCDEF";
                const auto code = static_cast<std::uint8_t>(c);
                out_ += "&#x";
                if (code >= 16) out_ += digits[code / 16U];
                out_.append(1, digits[code % 16U]).append(1, ';');
            } else {
                out_ += c;
            }
        }
    }

    std::string out_;
    std::map<std::string, std::string, std::less<>> entities_;
    std::size_t entity_characters_ = 0;
};

} // namespace

std::optional<std::string> outer_xml(std::string_view text, const ReadLimits& limits)
{
    if (!is_well_formed(text, limits)) return std::nullopt;
    OuterXmlWriter writer;
    writer.out().reserve(text.size() + text.size() / 16);
    // .NET cannot write half of a surrogate pair.
    if (!writer.write(text) || first_invalid_utf8(writer.out())) return std::nullopt;
    return std::move(writer.out());
}

} // namespace clixml::detail
