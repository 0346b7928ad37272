#include <clixml/base64.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_framing.hpp>

#include <algorithm>
#include <charconv>

namespace psrp {
namespace {

constexpr std::string_view guid_attribute = " PSGuid='";
constexpr std::size_t guid_characters = 36;
constexpr std::string_view data_opening = "<Data Stream='";
constexpr std::string_view data_closing = "</Data>";
constexpr std::string_view default_stream = "Default";
constexpr std::string_view prompt_response_stream = "PromptResponse";
constexpr std::string_view cdata_opening = "<![CDATA[";

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_all_blank(std::string_view text)
{
    return std::ranges::all_of(text, is_blank);
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_without_case(std::string_view left, std::string_view right)
{
    return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

const ElementRow& row_of(ElementKind kind)
{
    return element_table[static_cast<std::size_t>(kind)];
}

const ElementRow* row_named(std::string_view name)
{
    const auto row = std::ranges::find(element_table, name, &ElementRow::name);
    return row == element_table.end() ? nullptr : &*row;
}

void append_guid(const Guid& guid, std::string& out)
{
    const std::size_t at = out.size();
    out.resize(at + guid_characters);
    guid.write_text(out.data() + at);
}

void append_utf8(std::uint32_t code_point, std::string& out)
{
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    const auto tail = [&](unsigned shift) { put(0x80 | ((code_point >> shift) & 0x3F)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | (code_point >> 6));
        tail(0);
    } else if (code_point < 0x10000) {
        put(0xE0 | (code_point >> 12));
        tail(6);
        tail(0);
    } else {
        put(0xF0 | (code_point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

// Appends what the reference between '&' and ';' stands for.
bool append_reference(std::string_view name, std::string& out)
{
    struct Entity {
        std::string_view name;
        char character;
    };
    constexpr Entity entities[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (const Entity& entity : entities) {
        if (entity.name == name) {
            out.push_back(entity.character);
            return true;
        }
    }
    if (!name.starts_with('#')) return false;
    const bool hexadecimal = name.starts_with("#x");
    const std::string_view digits = name.substr(hexadecimal ? 2 : 1);
    std::uint32_t code_point = 0;
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, code_point, hexadecimal ? 16 : 10);
    if (digits.empty() || read.ec != std::errc{} || read.ptr != end) return false;
    if (code_point == 0 || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        return false;
    append_utf8(code_point, out);
    return true;
}

// `text` with its references resolved into `storage`; `text` itself where it has none.
std::optional<std::string_view> resolved(std::string_view text, std::string& storage)
{
    if (text.find('&') == std::string_view::npos) return text;
    while (!text.empty()) {
        const std::size_t ampersand = std::min(text.find('&'), text.size());
        storage.append(text.substr(0, ampersand));
        text.remove_prefix(ampersand);
        if (text.empty()) break;
        const std::size_t end = text.find(';');
        if (end == std::string_view::npos || !append_reference(text.substr(1, end - 1), storage))
            return std::nullopt;
        text.remove_prefix(end + 1);
    }
    return storage;
}

} // namespace

void append_data(const Guid& channel, Stream stream, BytesView bytes, std::string& out)
{
    const std::size_t needed = out.size() + clixml::base64_size(bytes.size()) + 96;
    if (needed > out.capacity()) out.reserve(std::max(needed, out.capacity() * 2));
    out += data_opening;
    out += stream == Stream::PromptResponse ? prompt_response_stream : default_stream;
    out += '\'';
    out += guid_attribute;
    append_guid(channel, out);
    out += "'>";
    clixml::append_base64(bytes, out);
    out += data_closing;
    out += '\n';
}

void append_element(ElementKind kind, const Guid& channel, std::string& out)
{
    out += '<';
    out += row_of(kind).name;
    out += guid_attribute;
    append_guid(channel, out);
    out += "' />\n";
}

void append_element(const Element& element, std::string& out)
{
    if (element.kind == ElementKind::Data) {
        append_data(element.channel, element.stream, element.bytes, out);
    } else {
        append_element(element.kind, element.channel, out);
    }
}

void append_error_line(std::string_view text, std::string& out)
{
    out += error_line_prefix;
    for (const char c : text)
        out += c == '\n' || c == '\r' ? ' ' : c;
    out += '\n';
}

std::optional<std::string_view> read_error_line(std::string_view line)
{
    if (!equal_without_case(line.substr(0, error_line_prefix.size()), error_line_prefix))
        return std::nullopt;
    return line.substr(error_line_prefix.size());
}

std::optional<Element> read_plain_data(std::string_view line)
{
    Element element;
    const auto skip = [&](std::string_view text) {
        if (!line.starts_with(text)) return false;
        line.remove_prefix(text.size());
        return true;
    };
    if (!skip(data_opening)) return std::nullopt;
    if (skip(prompt_response_stream))
        element.stream = Stream::PromptResponse;
    else if (!skip(default_stream))
        return std::nullopt;
    if (!skip("\'") || !skip(guid_attribute)) return std::nullopt;
    const auto channel = Guid::read(line.substr(0, guid_characters));
    if (!channel) return std::nullopt;
    element.channel = *channel;
    line.remove_prefix(guid_characters);
    if (!skip("\'>") || !line.ends_with(data_closing)) return std::nullopt;
    line.remove_suffix(data_closing.size());
    auto bytes = clixml::read_base64(line);
    if (!bytes || bytes->empty()) return std::nullopt;
    element.bytes = *std::move(bytes);
    return element;
}

// A start tag as it stands in the line. The views are borrowed from the line; values are not yet
// resolved.
struct ElementReader::Tag {
    struct Attribute {
        std::string_view name;
        std::string_view value;
    };

    std::size_t offset = 0;
    std::string_view name; // with its prefix
    std::array<Attribute, 3> attributes{};
    std::size_t attribute_count = 0; // may be more than are kept
    bool is_empty = false;

    [[nodiscard]] std::string_view local_name() const { return name.substr(name.find(':') + 1); }

    [[nodiscard]] const Attribute* find(std::string_view wanted) const
    {
        const auto end = attributes.begin() +
                         static_cast<std::ptrdiff_t>(std::min(attribute_count, attributes.size()));
        const auto found = std::ranges::find(attributes.begin(), end, wanted, &Attribute::name);
        return found == end ? nullptr : &*found;
    }
};

ElementReader::ElementReader(std::string_view line, ElementSender sender, LineLimits limits)
    : line_(line), sender_(sender), limits_(limits)
{
}

Result<std::optional<Element>> ElementReader::next()
{
    while (at_ < line_.size()) {
        if (line_[at_] != '<') {
            PSRP_CHECK(on_text());
        } else if (starts_with("<!--")) {
            PSRP_CHECK(skip_comment());
        } else if (starts_with("<?")) {
            PSRP_CHECK(skip_instruction());
        } else if (starts_with("</")) {
            PSRP_CHECK(on_end_tag());
        } else if (starts_with(cdata_opening)) {
            return clixml::failure(TransportErrc::UnknownNodeType, at_, "expected an element");
        } else {
            return on_start_tag();
        }
    }
    if (!open_.empty()) {
        return clixml::failure(
            TransportErrc::MalformedXml, at_, "expected the end tag of every element"
        );
    }
    return std::nullopt;
}

Result<void> ElementReader::on_text() const
{
    const std::size_t end = std::min(line_.find('<', at_), line_.size());
    const bool blank = is_all_blank(line_.substr(at_, end - at_));
    // Text inside an element or blanks anywhere are nodes of the wrong kind; text beside elements
    // makes the line stray.
    if (blank || !open_.empty()) {
        return clixml::failure(TransportErrc::UnknownNodeType, at_, "expected an element");
    }
    return clixml::failure(TransportErrc::StrayText, at_, "expected an element");
}

Result<void> ElementReader::skip_comment()
{
    const std::size_t end = line_.find("--", at_ + 4);
    if (end == std::string_view::npos || !line_.substr(end).starts_with("-->")) {
        return clixml::failure(TransportErrc::MalformedXml, at_, "expected the end of the comment");
    }
    at_ = end + 3;
    return {};
}

Result<void> ElementReader::skip_instruction()
{
    const std::size_t start = at_;
    at_ += 2;
    const std::string_view target = read_name();
    const std::size_t end = line_.find("?>", at_);
    if (target.empty() || end == std::string_view::npos) {
        return clixml::failure(
            TransportErrc::MalformedXml, start, "expected a processing instruction"
        );
    }
    if (equal_without_case(target, "xml")) {
        return clixml::failure(
            TransportErrc::UnknownNodeType, start, "expected an element, not a declaration"
        );
    }
    at_ = end + 2;
    return {};
}

Result<void> ElementReader::on_end_tag()
{
    const std::size_t start = at_;
    at_ += 2;
    const std::string_view name = read_name();
    skip_blanks();
    if (open_.empty() || open_.back() != name || !starts_with(">")) {
        return clixml::failure(TransportErrc::MalformedXml, start, "expected the matching end tag");
    }
    ++at_;
    open_.pop_back();
    return {};
}

Result<std::optional<Element>> ElementReader::on_start_tag()
{
    PSRP_TRY(const Tag tag, read_tag());
    if (!tag.is_empty) {
        if (open_.size() == limits_.depth_max) {
            return clixml::failure(
                TransportErrc::NestingTooDeep, tag.offset, "elements do not nest"
            );
        }
        open_.push_back(tag.name);
    }
    PSRP_TRY(Element element, make_element(tag));
    return std::optional<Element>(std::move(element));
}

Result<ElementReader::Tag> ElementReader::read_tag()
{
    Tag tag;
    tag.offset = at_++;
    tag.name = read_name();
    if (tag.name.empty())
        return clixml::failure(TransportErrc::MalformedXml, tag.offset, "expected a name");
    while (true) {
        const std::size_t before = at_;
        skip_blanks();
        tag.is_empty = starts_with("/>");
        if (tag.is_empty || starts_with(">")) {
            at_ += tag.is_empty ? 2 : 1;
            return tag;
        }
        const std::string_view name = read_name();
        if (name.empty() || at_ == before + name.size() || tag.find(name) != nullptr) {
            return clixml::failure(
                TransportErrc::MalformedXml, before, "expected an attribute or the end of the tag"
            );
        }
        PSRP_TRY(const std::string_view value, read_attribute_value());
        if (tag.attribute_count < tag.attributes.size())
            tag.attributes[tag.attribute_count] = {name, value};
        ++tag.attribute_count;
    }
}

Result<std::string_view> ElementReader::read_attribute_value()
{
    skip_blanks();
    if (!starts_with("=")) return clixml::failure(TransportErrc::MalformedXml, at_, "expected '='");
    ++at_;
    skip_blanks();
    if (!starts_with("'") && !starts_with("\"")) {
        return clixml::failure(TransportErrc::MalformedXml, at_, "expected a quote");
    }
    const std::size_t start = at_ + 1;
    const std::size_t end = line_.find(line_[at_], start);
    if (end == std::string_view::npos ||
        line_.substr(start, end - start).find('<') != std::string_view::npos) {
        return clixml::failure(TransportErrc::MalformedXml, at_, "expected the closing quote");
    }
    at_ = end + 1;
    return line_.substr(start, end - start);
}

Result<Element> ElementReader::make_element(const Tag& tag)
{
    const ElementRow* row = row_named(tag.local_name());
    if (row == nullptr ||
        !(sender_ == ElementSender::Client ? row->client_sends : row->server_sends)) {
        return clixml::failure(
            TransportErrc::UnknownElement, tag.offset, "expected an element of the peer's side"
        );
    }
    const bool is_data = row->kind == ElementKind::Data;
    if (tag.attribute_count != (is_data ? 2U : 1U)) {
        const auto code =
            is_data ? TransportErrc::WrongDataAttributeCount : TransportErrc::WrongAttributeCount;
        return clixml::failure(code, tag.offset, "expected PSGuid, and Stream in Data only");
    }
    if (tag.name.size() != tag.local_name().size()) {
        return clixml::failure(
            TransportErrc::MalformedXml, tag.offset, "expected no undeclared prefix"
        );
    }
    const Tag::Attribute* guid = tag.find("PSGuid");
    const Tag::Attribute* stream = tag.find("Stream");
    if (guid == nullptr || (is_data && stream == nullptr)) {
        return clixml::failure(
            TransportErrc::MissingAttribute, tag.offset, "expected PSGuid, and Stream in Data"
        );
    }
    std::string storage;
    const auto guid_text = resolved(guid->value, storage);
    const auto channel = guid_text ? Guid::read(*guid_text) : std::nullopt;
    if (!channel)
        return clixml::failure(TransportErrc::InvalidGuid, tag.offset, "expected a GUID in PSGuid");
    Element element{row->kind, *channel, Stream::Default, {}};
    if (!is_data) return element;
    // Any other name means Default, as PowerShell reads it.
    if (equal_without_case(stream->value, "PromptResponse"))
        element.stream = Stream::PromptResponse;
    PSRP_TRY(element.bytes, read_data_text(tag));
    return element;
}

Result<Bytes> ElementReader::read_data_text(const Tag& tag)
{
    if (tag.is_empty) {
        return clixml::failure(
            TransportErrc::InsufficientData, tag.offset, "expected text in Data"
        );
    }
    while (starts_with("<!--") || starts_with("<?")) {
        PSRP_CHECK(starts_with("<!--") ? skip_comment() : skip_instruction());
    }
    if (at_ == line_.size()) {
        return clixml::failure(TransportErrc::InsufficientData, at_, "expected text in Data");
    }
    const std::size_t start = at_;
    const std::size_t end = std::min(line_.find('<', start), line_.size());
    const std::string_view raw = line_.substr(start, end - start);
    if (is_all_blank(raw)) {
        return clixml::failure(TransportErrc::OnlyTextInData, start, "expected text in Data");
    }
    std::string storage;
    const auto text = resolved(raw, storage);
    if (!text)
        return clixml::failure(TransportErrc::MalformedXml, start, "expected a known reference");
    auto bytes = clixml::read_base64(*text);
    if (!bytes)
        return clixml::failure(TransportErrc::InvalidBase64, start, "expected base64 in Data");
    at_ = end;
    return *std::move(bytes);
}

void ElementReader::skip_blanks()
{
    while (at_ < line_.size() && is_blank(line_[at_]))
        ++at_;
}

std::string_view ElementReader::read_name()
{
    const std::size_t start = at_;
    while (at_ < line_.size() && is_name_character(line_[at_]))
        ++at_;
    return line_.substr(start, at_ - start);
}

bool ElementReader::starts_with(std::string_view text) const
{
    return line_.substr(at_).starts_with(text);
}

} // namespace psrp
