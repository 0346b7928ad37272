#include <clixml/utf.hpp>
#include <psrp/wsman/detail/xml_tree.hpp>
#include <psrp/wsman/errors.hpp>
#include <psrp/wsman/names.hpp>

#include <cstring>
#include <sstream>

namespace psrp::wsman::detail {

using clixml::failure;
using clixml::Result;

namespace {

std::string_view local_of(std::string_view name)
{
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view prefix_of(std::string_view name)
{
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

// The namespace that `prefix` stands for at `node`; nothing where nobody has declared it.
std::optional<std::string_view> resolve(pugi::xml_node node, std::string_view prefix)
{
    if (prefix == "xml") return xml_namespace;
    for (; node.type() == pugi::node_element; node = node.parent()) {
        for (const auto attribute : node.attributes()) {
            const std::string_view name = attribute.name();
            if (!name.starts_with("xmlns")) continue;
            const bool is_it = prefix.empty()
                                   ? name.size() == 5
                                   : name.size() > 6 && name[5] == ':' && name.substr(6) == prefix;
            if (is_it) return attribute.value();
        }
    }
    if (prefix.empty()) return std::string_view();
    return std::nullopt;
}

bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// One pass over the text before a tree is made of it: what pugixml does not judge.
class Scanner {
public:
    Scanner(std::string_view text, const EnvelopeLimits& limits) : text_(text), limits_(limits) {}

    Result<void> scan()
    {
        while (at_ < text_.size()) {
            const auto next = text_.find('<', at_);
            const auto end = next == std::string_view::npos ? text_.size() : next;
            PSRP_CHECK(check_text(at_, end));
            at_ = end;
            if (at_ == text_.size()) break;
            PSRP_CHECK(markup());
        }
        if (depth_ != 0 || !has_root_) return bad(text_.size(), "expected the end of the document");
        return {};
    }

private:
    static tl::unexpected<clixml::Error> bad(std::size_t offset, const char* detail)
    {
        return failure(Errc::MalformedXml, offset, detail);
    }

    Result<void> check_text(std::size_t from, std::size_t to)
    {
        if (depth_ == 0) {
            for (std::size_t i = from; i < to; ++i) {
                if (!is_space(text_[i])) return bad(i, "expected an element");
            }
        }
        return check_references(from, to);
    }

    // Character references and the five entities that XML itself defines.
    [[nodiscard]] Result<void> check_references(std::size_t from, std::size_t to) const
    {
        for (auto at = text_.find('&', from); at < to; at = text_.find('&', at + 1)) {
            const auto semicolon = text_.find(';', at);
            if (semicolon == std::string_view::npos || semicolon >= to || semicolon - at > 10)
                return failure(Errc::UnknownEntity, at, "expected one of XML's own");
            const auto name = text_.substr(at + 1, semicolon - at - 1);
            if (!name.starts_with('#') && name != "lt" && name != "gt" && name != "amp" &&
                name != "quot" && name != "apos")
                return failure(Errc::UnknownEntity, at, "expected one of XML's own");
        }
        return {};
    }

    Result<void> markup()
    {
        const auto rest = text_.substr(at_);
        if (rest.starts_with("<!--")) return skip_to("-->", 4);
        if (rest.starts_with("<![CDATA[")) {
            if (depth_ == 0) return bad(at_, "expected an element");
            return skip_to("]]>", 9);
        }
        if (rest.starts_with("<!"))
            return failure(Errc::DtdRefused, at_, "expected no document type");
        if (rest.starts_with("<?")) return skip_to("?>", 2);
        if (rest.starts_with("</")) return close_tag();
        return open_tag();
    }

    Result<void> skip_to(std::string_view end, std::size_t start_bytes)
    {
        const auto found = text_.find(end, at_ + start_bytes);
        if (found == std::string_view::npos) return bad(at_, "expected its end");
        at_ = found + end.size();
        return {};
    }

    Result<void> close_tag()
    {
        if (depth_ == 0) return bad(at_, "expected a start tag");
        --depth_;
        return skip_to(">", 2);
    }

    Result<void> open_tag()
    {
        if (depth_ == 0 && has_root_) return bad(at_, "expected one root element");
        has_root_ = true;
        PSRP_CHECK(count_node());
        std::size_t attributes = 0;
        std::size_t i = at_ + 1;
        for (; i < text_.size() && text_[i] != '>'; ++i) {
            const char c = text_[i];
            if (c == '<') return bad(i, "expected the end of the tag");
            if (c != '"' && c != '\'') continue;
            PSRP_CHECK(count_node());
            if (++attributes > limits_.attributes_max) return failure(Errc::TooManyElements, i);
            const auto end = text_.find(c, i + 1);
            if (end == std::string_view::npos) return bad(i, "expected the end of the value");
            PSRP_CHECK(check_references(i + 1, end));
            if (const auto less = text_.find('<', i + 1); less < end)
                return bad(less, "expected a value without it");
            i = end;
        }
        if (i == text_.size()) return bad(at_, "expected the end of the tag");
        if (text_[i - 1] != '/' && ++depth_ > limits_.depth_max)
            return failure(Errc::NestingTooDeep, at_);
        at_ = i + 1;
        return {};
    }

    Result<void> count_node()
    {
        if (++nodes_ > limits_.nodes_max) return failure(Errc::TooManyElements, at_);
        return {};
    }

    std::string_view text_;
    const EnvelopeLimits& limits_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t nodes_ = 0;
    bool has_root_ = false;
};

// Names whose prefixes are declared, attributes that stand there once.
Result<void> check_names(pugi::xml_node node)
{
    const auto offset = [&] { return static_cast<std::uint64_t>(node.offset_debug()); };
    if (!resolve(node, prefix_of(node.name())))
        return failure(Errc::UnknownPrefix, offset(), "expected a declared prefix");
    for (const auto attribute : node.attributes()) {
        const std::string_view name = attribute.name();
        for (auto other = attribute.next_attribute(); other; other = other.next_attribute()) {
            if (name == other.name())
                return failure(Errc::MalformedXml, offset(), "expected an attribute once");
        }
        const auto prefix = prefix_of(name);
        if (!prefix.empty() && prefix != "xmlns" && !resolve(node, prefix))
            return failure(Errc::UnknownPrefix, offset(), "expected a declared prefix");
    }
    return {};
}

// Every element of the tree, without recursion.
Result<void> check_all_names(pugi::xml_node root)
{
    auto node = root;
    while (node) {
        if (node.type() == pugi::node_element) PSRP_CHECK(check_names(node));
        if (node.first_child()) {
            node = node.first_child();
            continue;
        }
        while (node && node != root && !node.next_sibling())
            node = node.parent();
        if (!node || node == root) break;
        node = node.next_sibling();
    }
    return {};
}

// By its mark, or by its first character (XML 1.0, appendix F).
bool is_utf16(std::string_view text)
{
    return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
           text.starts_with(std::string_view("<\0", 2)) ||
           text.starts_with(std::string_view("\0<", 2));
}

Result<std::string> to_utf8(std::string_view text)
{
    if (text.starts_with("\xFF\xFE")) return clixml::utf8_from_utf16(text.substr(2), false);
    if (text.starts_with("\xFE\xFF")) return clixml::utf8_from_utf16(text.substr(2), true);
    if (is_utf16(text)) return clixml::utf8_from_utf16(text, text.starts_with('\0'));
    return std::string(text);
}

} // namespace

std::string_view XmlElement::local_name() const
{
    return local_of(node_.name());
}

std::string_view XmlElement::namespace_uri() const
{
    return resolve(node_, prefix_of(node_.name())).value_or(std::string_view());
}

std::string_view XmlElement::namespace_of_prefix(std::string_view prefix) const
{
    return resolve(node_, prefix).value_or(std::string_view());
}

bool XmlElement::is(std::string_view uri, std::string_view local) const
{
    return local_name() == local && namespace_uri() == uri;
}

XmlElement XmlElement::first_child() const
{
    for (auto node = node_.first_child(); node; node = node.next_sibling()) {
        if (node.type() == pugi::node_element) return XmlElement(node);
    }
    return {};
}

XmlElement XmlElement::next() const
{
    for (auto node = node_.next_sibling(); node; node = node.next_sibling()) {
        if (node.type() == pugi::node_element) return XmlElement(node);
    }
    return {};
}

XmlElement XmlElement::child(std::string_view uri, std::string_view local) const
{
    for (auto element = first_child(); element; element = element.next()) {
        if (element.is(uri, local)) return element;
    }
    return {};
}

std::optional<std::string_view>
XmlElement::attribute(std::string_view local, std::string_view uri) const
{
    for (const auto attribute : node_.attributes()) {
        const std::string_view name = attribute.name();
        if (local_of(name) != local) continue;
        const auto prefix = prefix_of(name);
        if (prefix == "xmlns") continue;
        const auto own = prefix.empty() ? std::string_view() : resolve(node_, prefix).value_or("");
        if (own == uri) return attribute.value();
    }
    return std::nullopt;
}

std::string_view XmlElement::text(std::string& scratch) const
{
    std::string_view only;
    std::size_t count = 0;
    scratch.clear();
    for (auto node = node_.first_child(); node; node = node.next_sibling()) {
        if (node.type() != pugi::node_pcdata && node.type() != pugi::node_cdata) continue;
        if (++count == 2) scratch = only;
        if (count >= 2) scratch.append(node.value());
        only = node.value();
    }
    return count >= 2 ? std::string_view(scratch) : only;
}

std::string XmlElement::text() const
{
    std::string scratch;
    return std::string(text(scratch));
}

std::string XmlElement::trimmed_text() const
{
    std::string whole = text();
    std::size_t from = 0;
    std::size_t to = whole.size();
    while (from < to && is_space(whole[from]))
        ++from;
    while (to > from && is_space(whole[to - 1]))
        --to;
    return whole.substr(from, to - from);
}

std::uint64_t XmlElement::offset() const
{
    const auto offset = node_.offset_debug();
    return offset < 0 ? clixml::no_offset : static_cast<std::uint64_t>(offset);
}

std::string XmlElement::xml() const
{
    std::ostringstream out;
    node_.print(out, "", pugi::format_raw, pugi::encoding_utf8);
    return out.str();
}

Result<XmlTree> XmlTree::read(std::string_view text, const EnvelopeLimits& limits)
{
    if (text.size() > limits.envelope_bytes_max)
        return failure(Errc::EnvelopeTooBig, limits.envelope_bytes_max);
    while (text.ends_with('\0') && !is_utf16(text))
        text.remove_suffix(1);
    XmlTree tree;
    PSRP_TRY(std::string utf8, to_utf8(text));
    tree.text_ = std::make_unique<std::string>(std::move(utf8));
    std::string_view content = *tree.text_;
    std::size_t skipped = 0;
    if (content.starts_with("\xEF\xBB\xBF")) skipped = 3;
    content.remove_prefix(skipped);
    if (const auto bad = clixml::first_invalid_utf8(content))
        return failure(Errc::UnsupportedEncoding, *bad + skipped, "expected UTF-8");
    if (const auto zero = content.find('\0'); zero != std::string_view::npos)
        return failure(Errc::MalformedXml, zero + skipped, "expected no NUL");
    PSRP_CHECK(Scanner(content, limits).scan());
    tree.document_ = std::make_unique<pugi::xml_document>();
    constexpr unsigned options = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                 pugi::parse_wconv_attribute | pugi::parse_ws_pcdata_single;
    const auto parsed = tree.document_->load_buffer_inplace(
        tree.text_->data() + skipped, content.size(), options, pugi::encoding_utf8
    );
    if (!parsed)
        return failure(
            Errc::MalformedXml, static_cast<std::uint64_t>(parsed.offset), "expected XML"
        );
    PSRP_CHECK(check_all_names(tree.document_->document_element()));
    return tree;
}

XmlElement XmlTree::root() const
{
    return XmlElement(document_->document_element());
}

} // namespace psrp::wsman::detail
