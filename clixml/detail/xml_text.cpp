// The part of XmlScanner that reads text: references, CDATA, whole contents (fact sheet
// clixml 1.6).
#include <clixml/detail/xml_characters.hpp>
#include <clixml/detail/xml_scanner.hpp>
#include <clixml/utf.hpp>

#include <cstring>

namespace clixml::detail {

// `at` stands behind "&#". Any number up to 10FFFF is taken, also what XML does not allow
// (clixml 1.6).
bool XmlScanner::read_character_reference(const char*& at, std::string& out)
{
    const char* start = at;
    unsigned base = 10;
    if (at != end_ && *at == 'x') {
        base = 16;
        ++at;
    }
    std::uint32_t value = 0;
    bool any = false;
    for (; at != end_ && *at != ';'; ++at, any = true) {
        char c = *at;
        unsigned digit = c >= '0' && c <= '9'                 ? static_cast<unsigned>(c - '0')
                         : base == 16 && c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                         : base == 16 && c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                              : 99;
        if (digit == 99) return fail(Errc::InvalidCharacterReference, at, "a digit expected");
        value = value * base + digit;
        if (value > 0x10FFFF)
            return fail(Errc::InvalidCharacterReference, start, "a code point expected");
    }
    if (at == end_) return unexpected_end("; expected");
    if (!any) return fail(Errc::InvalidCharacterReference, start, "a digit expected");
    ++at;
    append_code_unit(value, out);
    return true;
}

// `at` stands at an ampersand; the reference ends before `end`.
bool XmlScanner::append_reference(const char*& at, const char* end, std::string& out)
{
    static constexpr struct {
        std::string_view name;
        char character;
    } entities[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};
    const char* start = at++;
    if (at != end && *at == '#') {
        ++at;
        return read_character_reference(at, out);
    }
    std::string_view rest(at, static_cast<std::size_t>(end - at));
    for (const auto& entity : entities) {
        if (rest.starts_with(entity.name)) {
            out += entity.character;
            at += entity.name.size();
            return true;
        }
    }
    const char* name_end = at;
    while (name_end != end && name_characters[static_cast<std::uint8_t>(*name_end)])
        ++name_end;
    if (name_end == end_) return unexpected_end("; expected");
    if (name_end == at || *name_end != ';')
        return fail(Errc::MalformedXml, start, "a reference expected behind &");
    if (entities_declared_) {
        at = name_end + 1;
        return true;
    }
    return fail(Errc::UndeclaredEntity, start, "");
}

bool XmlScanner::attribute_value(
    const Attribute& attribute, std::string& scratch, std::string_view& value
)
{
    value = attribute.value;
    if (value.find_first_of("&\t\n\r") == std::string_view::npos) return true;
    scratch.clear();
    const char* at = value.data();
    const char* end = at + value.size();
    while (at != end) {
        if (*at == '&') {
            if (!append_reference(at, end, scratch)) return false;
            continue;
        }
        if (*at == '\r' && at + 1 != end && at[1] == '\n') ++at;
        scratch += is_white(*at) ? ' ' : *at;
        ++at;
    }
    value = scratch;
    return true;
}

bool XmlScanner::read_text(const Tag& tag, std::string& scratch, std::string_view& value)
{
    value = {};
    if (tag.self_closed) {
        leave(tag);
        return true;
    }
    const char* start = at_;
    const auto* less =
        static_cast<const char*>(std::memchr(at_, '<', static_cast<std::size_t>(end_ - at_)));
    const char* stop = less != nullptr ? less : end_;
    if (static_cast<std::size_t>(stop - start) > limits_.text_bytes_max)
        return fail(Errc::TextTooLarge, start, "");
    std::string_view run(start, static_cast<std::size_t>(stop - start));
    bool simple = less != nullptr && end_ - less >= 2 && less[1] == '/' &&
                  run.find_first_of("&\r") == std::string_view::npos &&
                  run.find("]]>") == std::string_view::npos;
    if (!simple) return read_mixed_text(tag, start, scratch, value);
    value = run;
    at_ = less;
    return read_end_tag(tag);
}

bool XmlScanner::read_cdata(std::string& scratch)
{
    at_ += 9;
    std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    std::size_t close = rest.find("]]>");
    if (close == std::string_view::npos) return unexpected_end("]]> expected");
    for (const char* at = at_; at != at_ + close; ++at) {
        if (*at == '\r') {
            scratch += '\n';
            if (at + 1 != at_ + close && at[1] == '\n') ++at;
        } else {
            scratch += *at;
        }
    }
    at_ += close + 3;
    return true;
}

bool XmlScanner::read_mixed_text(
    const Tag& tag, const char* start, std::string& scratch, std::string_view& value
)
{
    scratch.clear();
    at_ = start;
    while (true) {
        if (at_ == end_) return unexpected_end("an end tag expected");
        if (scratch.size() > limits_.text_bytes_max) return fail(Errc::TextTooLarge, start, "");
        if (*at_ == '&') {
            if (!append_reference(at_, end_, scratch)) return false;
        } else if (*at_ == '\r') {
            scratch += '\n';
            ++at_;
            if (at_ != end_ && *at_ == '\n') ++at_;
        } else if (*at_ != '<') {
            const char* run = at_;
            while (at_ != end_ && *at_ != '<' && *at_ != '&' && *at_ != '\r') {
                if (*at_ == ']' && end_ - at_ >= 3 && at_[1] == ']' && at_[2] == '>') {
                    return fail(Errc::MalformedXml, at_, "no ]]> in text expected");
                }
                ++at_;
            }
            scratch.append(run, at_);
        } else {
            std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
            if (rest.starts_with("</")) {
                value = scratch;
                return read_end_tag(tag);
            }
            if (rest.starts_with("<![CDATA[")) {
                if (!read_cdata(scratch)) return false;
                continue;
            }
            bool skipped = false;
            if (!skip_miscellaneous(skipped)) return false;
            if (skipped) continue;
            if (rest.size() < 2 || std::string_view("<![CDATA[").starts_with(rest))
                return unexpected_end("an end tag expected");
            if (rest[1] == '!') return fail(Errc::MalformedXml, at_, "markup expected");
            return fail(Errc::UnexpectedNode, at_, "text expected, not an element");
        }
    }
}

bool XmlScanner::skip_content(const Tag& tag)
{
    if (tag.self_closed) {
        leave(tag);
        return true;
    }
    std::vector<Tag> open{tag};
    std::string scratch;
    while (!open.empty()) {
        // Text is only checked for well-formed references; it may be of any kind.
        while (at_ != end_ && *at_ != '<') {
            if (*at_ == '&') {
                scratch.clear();
                if (!append_reference(at_, end_, scratch)) return false;
            } else {
                if (*at_ == ']' && end_ - at_ >= 3 && at_[1] == ']' && at_[2] == '>')
                    return fail(Errc::MalformedXml, at_, "no ]]> in text expected");
                ++at_;
            }
        }
        if (end_ - at_ < 2) return unexpected_end("an end tag expected");
        std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
        if (rest.starts_with("</")) {
            if (!read_end_tag(open.back())) return false;
            open.pop_back();
            continue;
        }
        if (rest.starts_with("<![CDATA[")) {
            scratch.clear();
            if (!read_cdata(scratch)) return false;
            continue;
        }
        bool skipped = false;
        if (!skip_miscellaneous(skipped)) return false;
        if (skipped) continue;
        if (rest[1] == '!') return unexpected_end("markup expected");
        Tag child;
        if (!read_start_tag(child)) return false;
        std::string_view uri;
        if (!resolve_namespace(child, uri)) return false;
        if (child.self_closed)
            leave(child);
        else if (open.size() >= limits_.depth_max * 8ULL)
            return fail(Errc::NestedTooDeeply, child.at, "");
        else
            open.push_back(child);
    }
    return true;
}

bool is_well_formed(std::string_view text, const ReadLimits& limits)
{
    XmlScanner scanner(text, limits);
    std::string_view declaration;
    if (!scanner.read_declaration(declaration)) return false;
    scanner.set_dtd_allowed(true);
    bool seen_root = false;
    while (true) {
        Next found = scanner.next_outside_root();
        // Without a root there may be nothing that makes it a document.
        if (found == Next::EndOfText)
            return scanner.offset_of(scanner.position()) == text.size() &&
                   (seen_root || (declaration.empty() && !scanner.has_dtd()));
        if (found != Next::StartTag || seen_root) return false;
        Tag root;
        scanner.set_dtd_allowed(false);
        std::string_view uri;
        if (!scanner.read_start_tag(root) || !scanner.resolve_namespace(root, uri) ||
            !scanner.skip_content(root))
            return false;
        seen_root = true;
    }
}

} // namespace clixml::detail
