#include <clixml/detail/xml_scanner.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <cstring>
#include <optional>

namespace clixml::detail {
namespace {

bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

constexpr std::array<bool, 256> make_name_characters()
{
    std::array<bool, 256> allowed{};
    for (std::size_t c = 0x80; c < 256; ++c)
        allowed[c] = true;
    for (char c = 'a'; c <= 'z'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c = '0'; c <= '9'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c : {'_', '-', '.', ':'})
        allowed[static_cast<std::uint8_t>(c)] = true;
    return allowed;
}
constexpr std::array<bool, 256> name_characters = make_name_characters();

bool is_name_start(char c)
{
    return name_characters[static_cast<std::uint8_t>(c)] && !(c >= '0' && c <= '9') && c != '-' &&
           c != '.';
}

// First byte that XML does not allow unescaped: C0 controls other than tab, LF, CR, and U+FFFE,
// U+FFFF.
std::optional<std::size_t> first_forbidden(std::string_view text)
{
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    std::size_t at = 0;
    while (at < text.size()) {
        std::uint64_t word = 0;
        if (at + 8 <= text.size()) {
            std::memcpy(&word, text.data() + at, 8);
            std::uint64_t below_space = (word - ones * 0x20) & ~word & (ones * 0x80);
            std::uint64_t with_ef = word ^ (ones * 0xEF);
            std::uint64_t has_ef = (with_ef - ones) & ~with_ef & (ones * 0x80);
            if ((below_space | has_ef) == 0) {
                at += 8;
                continue;
            }
        }
        std::size_t stop = std::min(at + 8, text.size());
        for (; at < stop; ++at) {
            auto byte = static_cast<std::uint8_t>(text[at]);
            if (byte < 0x20 && !is_white(text[at])) return at;
            if (byte == 0xEF && text.substr(at, 2) == "\xEF\xBF" && at + 2 < text.size() &&
                static_cast<std::uint8_t>(text[at + 2]) >= 0xBE) {
                return at;
            }
        }
    }
    return std::nullopt;
}

} // namespace

XmlScanner::XmlScanner(std::string_view text, const ReadLimits& limits)
    : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), limits_(limits)
{
    if (auto invalid = first_invalid_utf8(text)) {
        end_ = begin_ + *invalid;
        hidden_code_ = Errc::InvalidUtf8;
    }
    if (auto forbidden = first_forbidden({begin_, static_cast<std::size_t>(end_ - begin_)})) {
        end_ = begin_ + *forbidden;
        hidden_code_ = Errc::InvalidCharacter;
    }
}

bool XmlScanner::fail(Errc code, const char* at, const char* detail)
{
    error_ = Error{make_error_code(code), offset_of(at), detail};
    return false;
}

// The text ends here, or a byte that may not be there does as if it did.
bool XmlScanner::unexpected_end(const char* detail)
{
    if (hidden_code_ != Errc{}) return fail(hidden_code_, end_, "");
    return fail(Errc::UnexpectedEnd, end_, detail);
}

bool XmlScanner::finish()
{
    if (hidden_code_ != Errc{}) return fail(hidden_code_, end_, "");
    return true;
}

bool XmlScanner::at_white_space() const
{
    return at_ != end_ && is_white(*at_);
}

bool XmlScanner::at_declaration() const
{
    return end_ - at_ >= 6 && std::memcmp(at_, "<?xml", 5) == 0 && is_white(at_[5]);
}

bool XmlScanner::read_declaration(std::string_view& declaration)
{
    if (!at_declaration()) return true;
    const char* start = at_;
    if (!skip_processing_instruction()) return false;
    declaration = {start, static_cast<std::size_t>(at_ - start)};
    if (declaration.find("version") == std::string_view::npos) {
        return fail(Errc::MalformedXml, start, "a version in the XML declaration expected");
    }
    return true;
}

bool XmlScanner::skip_comment()
{
    std::string_view rest(at_ + 4, static_cast<std::size_t>(end_ - at_ - 4));
    std::size_t dashes = rest.find("--");
    if (dashes == std::string_view::npos || dashes + 2 >= rest.size())
        return unexpected_end("the end of a comment expected");
    if (rest[dashes + 2] != '>')
        return fail(Errc::MalformedXml, rest.data() + dashes, "no -- inside a comment expected");
    at_ = rest.data() + dashes + 3;
    return true;
}

bool XmlScanner::skip_processing_instruction()
{
    const char* start = at_;
    at_ += 2;
    std::string_view target;
    if (!read_name(target)) return false;
    bool is_xml = target.size() == 3 && (target[0] | 32) == 'x' && (target[1] | 32) == 'm' &&
                  (target[2] | 32) == 'l';
    if (is_xml && start != begin_)
        return fail(Errc::MalformedXml, start, "an XML declaration only at the start expected");
    std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    std::size_t close = rest.find("?>");
    if (close == std::string_view::npos)
        return unexpected_end("the end of a processing instruction expected");
    if (close != 0 && !is_white(rest[0]))
        return fail(Errc::MalformedXml, at_, "white space expected");
    at_ += close + 2;
    return true;
}

bool XmlScanner::skip_miscellaneous(bool& skipped)
{
    skipped = true;
    std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (rest.starts_with("<!--")) return skip_comment();
    if (rest.starts_with("<?")) return skip_processing_instruction();
    if (rest.starts_with("<!DOCTYPE")) return fail(Errc::DtdProhibited, at_, "");
    skipped = false;
    return true;
}

Next XmlScanner::next()
{
    while (true) {
        while (at_ != end_ && is_white(*at_))
            ++at_;
        if (at_ == end_) return Next::EndOfText;
        if (*at_ != '<') {
            // A reference to white space is text as well.
            fail(Errc::UnexpectedNode, at_, "an element expected, not text");
            return Next::Failed;
        }
        if (end_ - at_ < 2) return Next::EndOfText;
        if (at_[1] == '/') return Next::EndTag;
        if (at_[1] != '!' && at_[1] != '?') return Next::StartTag;
        bool skipped = false;
        if (!skip_miscellaneous(skipped)) return Next::Failed;
        if (!skipped) {
            std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
            if (rest.starts_with("<![CDATA["))
                fail(Errc::UnexpectedNode, at_, "an element expected, not CDATA");
            else if (std::string_view("<![CDATA[").starts_with(rest) || std::string_view("<!--").starts_with(rest))
                return Next::EndOfText;
            else
                fail(Errc::MalformedXml, at_, "markup expected");
            return Next::Failed;
        }
    }
}

Next XmlScanner::next_outside_root()
{
    Next found = next();
    if (found == Next::Failed && error_ == make_error_code(Errc::UnexpectedNode)) {
        error_.code = make_error_code(Errc::MalformedXml);
        error_.detail = "no text outside the root element expected";
    }
    return found;
}

bool XmlScanner::read_name(std::string_view& name)
{
    const char* start = at_;
    if (at_ == end_) return unexpected_end("a name expected");
    if (!is_name_start(*at_)) return fail(Errc::MalformedXml, at_, "a name expected");
    while (at_ != end_ && name_characters[static_cast<std::uint8_t>(*at_)])
        ++at_;
    name = {start, static_cast<std::size_t>(at_ - start)};
    return true;
}

bool XmlScanner::read_attribute()
{
    Attribute attribute;
    const char* start = at_;
    if (!read_name(attribute.name)) return false;
    while (at_ != end_ && is_white(*at_))
        ++at_;
    if (at_ == end_) return unexpected_end("= expected");
    if (*at_ != '=') return fail(Errc::MalformedXml, at_, "= expected");
    ++at_;
    while (at_ != end_ && is_white(*at_))
        ++at_;
    if (at_ == end_) return unexpected_end("a quoted value expected");
    char quote = *at_;
    if (quote != '"' && quote != '\'')
        return fail(Errc::MalformedXml, at_, "a quoted value expected");
    ++at_;
    const auto* close =
        static_cast<const char*>(std::memchr(at_, quote, static_cast<std::size_t>(end_ - at_)));
    if (close == nullptr) return unexpected_end("the closing quote expected");
    attribute.value = {at_, static_cast<std::size_t>(close - at_)};
    if (attribute.value.size() > limits_.text_bytes_max) return fail(Errc::TextTooLarge, at_, "");
    std::size_t less = attribute.value.find('<');
    if (less != std::string_view::npos)
        return fail(Errc::MalformedXml, at_ + less, "no < in an attribute expected");
    at_ = close + 1;
    for (const Attribute& earlier : attributes_) {
        if (earlier.name == attribute.name) return fail(Errc::DuplicateAttribute, start, "");
    }
    if (attributes_.size() == limits_.attributes_max)
        return fail(Errc::TooManyAttributes, start, "");
    attributes_.push_back(attribute);
    if (attribute.name == "xmlns")
        bindings_.push_back({{}, attribute.value, nullptr});
    else if (attribute.name.starts_with("xmlns:"))
        bindings_.push_back({attribute.name.substr(6), attribute.value, nullptr});
    return true;
}

bool XmlScanner::read_attributes(Tag& tag)
{
    std::size_t bindings_before = bindings_.size();
    while (true) {
        const char* before_space = at_;
        while (at_ != end_ && is_white(*at_))
            ++at_;
        if (at_ == end_) return unexpected_end("the end of a start tag expected");
        if (*at_ == '>') {
            ++at_;
            break;
        }
        if (*at_ == '/') {
            if (end_ - at_ < 2) return unexpected_end("/> expected");
            if (at_[1] != '>') return fail(Errc::MalformedXml, at_, "/> expected");
            at_ += 2;
            tag.self_closed = true;
            break;
        }
        if (before_space == at_)
            return fail(Errc::MalformedXml, at_, "white space before an attribute expected");
        if (!read_attribute()) return false;
    }
    for (std::size_t i = bindings_before; i < bindings_.size(); ++i)
        bindings_[i].declared_at = tag.at;
    std::string scratch;
    std::string_view value;
    for (const Attribute& attribute : attributes_) {
        if (attribute.value.find('&') != std::string_view::npos &&
            !attribute_value(attribute, scratch, value))
            return false;
        std::size_t colon = attribute.name.find(':');
        if (colon == std::string_view::npos || attribute.name.starts_with("xmlns:") ||
            attribute.name.starts_with("xml:"))
            continue;
        Tag as_element{
            attribute.name, attribute.name.substr(colon + 1), attribute.name.data(), false, true};
        if (!resolve_namespace(as_element, scratch, value)) return false;
    }
    return true;
}

bool XmlScanner::read_start_tag(Tag& tag)
{
    tag.at = at_;
    tag.self_closed = false;
    ++at_;
    attributes_.clear();
    if (++elements_ > limits_.elements_max) return fail(Errc::TooManyElements, tag.at, "");
    if (!read_name(tag.qualified_name)) return false;
    std::size_t colon = tag.qualified_name.find(':');
    tag.has_prefix = colon != std::string_view::npos;
    tag.local_name = tag.has_prefix ? tag.qualified_name.substr(colon + 1) : tag.qualified_name;
    if (tag.has_prefix && (colon == 0 || tag.local_name.empty() ||
                           tag.local_name.find(':') != std::string_view::npos)) {
        return fail(Errc::MalformedXml, tag.at, "one colon inside a name expected");
    }
    if (at_ != end_ && *at_ == '>') {
        ++at_;
        return true;
    }
    return read_attributes(tag);
}

bool XmlScanner::read_end_tag(const Tag& tag)
{
    const char* start = at_;
    std::size_t size = tag.qualified_name.size();
    if (static_cast<std::size_t>(end_ - at_) >= size + 3 &&
        std::memcmp(at_ + 2, tag.qualified_name.data(), size) == 0) {
        at_ += size + 2;
        while (at_ != end_ && is_white(*at_))
            ++at_;
        if (at_ == end_) return unexpected_end("the end of an end tag expected");
        if (*at_ == '>') {
            ++at_;
            leave(tag);
            return true;
        }
        if (name_characters[static_cast<std::uint8_t>(*at_)] && at_ == start + size + 2)
            return fail(Errc::MismatchedEndTag, start, "");
        return fail(Errc::MalformedXml, at_, "the end of an end tag expected");
    }
    at_ += 2;
    std::string_view name;
    if (!read_name(name)) return false;
    if (at_ == end_) return unexpected_end("the end of an end tag expected");
    return fail(Errc::MismatchedEndTag, start, "");
}

const Attribute* XmlScanner::find_attribute(std::string_view name) const
{
    for (const Attribute& attribute : attributes_) {
        if (attribute.name == name) return &attribute;
    }
    return nullptr;
}

void XmlScanner::leave(const Tag& tag)
{
    while (!bindings_.empty() && bindings_.back().declared_at == tag.at)
        bindings_.pop_back();
}

bool XmlScanner::resolve_namespace(const Tag& tag, std::string& scratch, std::string_view& uri)
{
    std::string_view prefix;
    if (tag.has_prefix)
        prefix =
            tag.qualified_name.substr(0, tag.qualified_name.size() - tag.local_name.size() - 1);
    for (std::size_t i = bindings_.size(); i-- > 0;) {
        if (bindings_[i].prefix == prefix)
            return attribute_value({prefix, bindings_[i].raw_uri}, scratch, uri);
    }
    uri = {};
    if (prefix == "xml") {
        uri = "http://www.w3.org/XML/1998/namespace";
        return true;
    }
    if (tag.has_prefix)
        return fail(Errc::MalformedXml, tag.at, "a declared namespace prefix expected");
    return true;
}

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
        if (!resolve_namespace(child, scratch, uri)) return false;
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
    bool seen_root = false;
    while (true) {
        Next found = scanner.next_outside_root();
        if (found == Next::EndOfText)
            return scanner.offset_of(scanner.position()) == text.size() &&
                   (seen_root || text.empty());
        if (found != Next::StartTag || seen_root) return false;
        Tag root;
        std::string scratch;
        std::string_view uri;
        if (!scanner.read_start_tag(root) || !scanner.resolve_namespace(root, scratch, uri) ||
            !scanner.skip_content(root))
            return false;
        seen_root = true;
    }
}

} // namespace clixml::detail
