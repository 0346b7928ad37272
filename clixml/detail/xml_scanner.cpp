#include <clixml/detail/xml_characters.hpp>
#include <clixml/detail/xml_declaration.hpp>
#include <clixml/detail/xml_scanner.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace clixml::detail {
namespace {

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

bool XmlScanner::at_white_space_before_markup() const
{
    const char* markup = std::find_if_not(at_, end_, is_white);
    return markup != at_ && markup != end_ && *markup == '<';
}

bool XmlScanner::at_declaration() const
{
    return end_ - at_ >= 6 && std::memcmp(at_, "<?xml", 5) == 0 && is_white(at_[5]);
}

bool XmlScanner::read_declaration(std::string_view& declaration)
{
    if (!at_declaration()) return true;
    const char* start = at_;
    std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    std::size_t close = rest.find("?>");
    if (close == std::string_view::npos)
        return unexpected_end("the end of the XML declaration expected");
    declaration = rest.substr(0, close + 2);
    at_ += declaration.size();
    if (read_xml_declaration(declaration.substr(5, close - 5))) return true;
    return fail(Errc::MalformedXml, start, "an XML declaration of version 1.0 expected");
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
    if (is_xml)
        return fail(Errc::MalformedXml, start, "an XML declaration only at the start expected");
    if (target.find(':') != std::string_view::npos)
        return fail(Errc::MalformedXml, start, "no colon in this name expected");
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
    if (rest.starts_with("<!DOCTYPE"))
        return dtd_allowed_ ? skip_dtd() : fail(Errc::DtdProhibited, at_, "");
    skipped = false;
    return true;
}

bool XmlScanner::skip_dtd()
{
    bool inside = false; // the internal subset
    entities_declared_ = true;
    while (at_ != end_) {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with("<!--")) {
            if (!skip_comment()) return false;
            continue;
        }
        char c = *at_++;
        if (c == '"' || c == '\'') {
            const void* close = std::memchr(at_, c, static_cast<std::size_t>(end_ - at_));
            if (close == nullptr) return unexpected_end("the closing quote expected");
            at_ = static_cast<const char*>(close) + 1;
        } else if (c == '[' || c == ']') {
            inside = c == '[';
        } else if (c == '>' && !inside) {
            return true;
        }
    }
    return unexpected_end("the end of a DTD expected");
}

Next XmlScanner::next()
{
    while (true) {
        while (at_ != end_ && is_white(*at_))
            ++at_;
        if (at_ == end_) return Next::EndOfText;
        if (*at_ == '&' && !outside_root_) {
            if (!skip_white_reference()) return Next::Failed;
            continue;
        }
        if (*at_ != '<') {
            fail(Errc::UnexpectedNode, at_, "an element expected, not text");
            return Next::Failed;
        }
        if (end_ - at_ < 2) {
            unexpected_end("markup expected");
            return Next::Failed;
        }
        if (at_[1] == '/') return Next::EndTag;
        if (at_[1] != '!' && at_[1] != '?') return Next::StartTag;
        bool skipped = false;
        if (!skip_miscellaneous(skipped)) return Next::Failed;
        if (!skipped) {
            std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
            if (rest.starts_with("<![CDATA["))
                fail(Errc::UnexpectedNode, at_, "an element expected, not CDATA");
            else if (std::string_view("<![CDATA[").starts_with(rest) || std::string_view("<!--").starts_with(rest))
                unexpected_end("markup expected");
            else
                fail(Errc::MalformedXml, at_, "markup expected");
            return Next::Failed;
        }
    }
}

// White space may be written as references, too.
bool XmlScanner::skip_white_reference()
{
    const char* start = at_;
    std::string text;
    if (!append_reference(at_, end_, text)) return false;
    if (text.size() == 1 && is_white(text[0])) return true;
    return fail(Errc::UnexpectedNode, start, "an element expected, not text");
}

Next XmlScanner::next_outside_root()
{
    outside_root_ = true;
    Next found = next();
    outside_root_ = false;
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
    return true;
}

bool XmlScanner::declare_namespaces(const Tag& tag)
{
    for (const Attribute& attribute : attributes_) {
        if (!attribute.name.starts_with("xmlns")) continue;
        std::string_view rest = attribute.name.substr(5);
        if (!rest.empty() && rest[0] != ':') continue;
        Binding binding;
        binding.prefix = rest.empty() ? rest : rest.substr(1);
        binding.raw_uri = attribute.value;
        binding.declared_at = tag.at;
        std::string_view uri;
        if (!attribute_value(attribute, binding.decoded_uri, uri)) return false;
        binding.is_decoded = uri.data() != attribute.value.data();
        if (!rest.empty() && (uri.empty() || binding.prefix.empty() || binding.prefix == "xmlns"))
            return fail(
                Errc::MalformedXml, attribute.name.data(), "a prefix and its namespace expected"
            );
        std::size_t& newest =
            rest.empty() ? default_binding_
                         : prefixed_bindings_.try_emplace(binding.prefix, no_binding).first->second;
        binding.shadowed = newest;
        newest = bindings_.size();
        bindings_.push_back(std::move(binding));
    }
    return true;
}

bool XmlScanner::read_attributes(Tag& tag)
{
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
    if (!declare_namespaces(tag)) return false;
    std::string scratch;
    std::string_view value;
    // Local names and namespaces, which must not come twice under several prefixes.
    std::vector<std::pair<std::string_view, std::string_view>> expanded;
    for (const Attribute& attribute : attributes_) {
        if (attribute.value.find('&') != std::string_view::npos &&
            !attribute_value(attribute, scratch, value))
            return false;
        std::size_t colon = attribute.name.find(':');
        if (attribute.name == "xml:space") {
            if (!attribute_value(attribute, scratch, value)) return false;
            if (without_white_space_around(value) != "preserve" &&
                without_white_space_around(value) != "default")
                return fail(
                    Errc::MalformedXml, attribute.name.data(), "preserve or default expected"
                );
        }
        if (colon == std::string_view::npos || attribute.name.starts_with("xmlns:") ||
            attribute.name.starts_with("xml:"))
            continue;
        Tag as_element{
            attribute.name, attribute.name.substr(colon + 1), attribute.name.data(), false, true};
        if (!resolve_namespace(as_element, value)) return false;
        std::pair<std::string_view, std::string_view> name{as_element.local_name, value};
        if (std::find(expanded.begin(), expanded.end(), name) != expanded.end())
            return fail(Errc::DuplicateAttribute, attribute.name.data(), "");
        expanded.push_back(name);
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
    while (!bindings_.empty() && bindings_.back().declared_at == tag.at) {
        const Binding& binding = bindings_.back();
        if (binding.prefix.empty())
            default_binding_ = binding.shadowed;
        else if (binding.shadowed == no_binding)
            prefixed_bindings_.erase(binding.prefix);
        else
            prefixed_bindings_[binding.prefix] = binding.shadowed;
        bindings_.pop_back();
    }
}

std::size_t XmlScanner::newest_binding(std::string_view prefix) const
{
    if (prefix.empty()) return default_binding_;
    auto found = prefixed_bindings_.find(prefix);
    return found != prefixed_bindings_.end() ? found->second : no_binding;
}

bool XmlScanner::resolve_namespace(const Tag& tag, std::string_view& uri)
{
    std::string_view prefix;
    if (tag.has_prefix)
        prefix =
            tag.qualified_name.substr(0, tag.qualified_name.size() - tag.local_name.size() - 1);
    std::size_t binding = newest_binding(prefix);
    uri = binding != no_binding ? bindings_[binding].uri() : std::string_view();
    if (binding != no_binding) return true;
    if (prefix == "xml") {
        uri = "http://www.w3.org/XML/1998/namespace";
        return true;
    }
    if (tag.has_prefix)
        return fail(Errc::MalformedXml, tag.at, "a declared namespace prefix expected");
    return true;
}

} // namespace clixml::detail
