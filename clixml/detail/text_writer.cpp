#include <clixml/detail/text_writer.hpp>
#include <clixml/errors.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <charconv>

namespace clixml::detail {
namespace {

constexpr char upper_digits[] = "0123456789ABCDEF";

// Bytes at which escaping has to look closer: those of the _xHHHH_ codec and those of XML.
constexpr std::array<bool, 256> make_suspects()
{
    std::array<bool, 256> suspects{};
    for (std::size_t i = 0; i < 0x20; ++i)
        suspects[i] = true;
    for (std::size_t i = 0xF0; i < 0x100; ++i)
        suspects[i] = true;
    for (char c : {'_', '&', '<', '>', '"'})
        suspects[static_cast<std::uint8_t>(c)] = true;
    suspects[0x7F] = suspects[0xC2] = suspects[0xED] = suspects[0xEF] = true;
    return suspects;
}
constexpr std::array<bool, 256> suspects = make_suspects();

void append_unit(std::uint32_t unit, std::string& out)
{
    char text[7] = {
        '_',
        'x',
        upper_digits[unit >> 12 & 15],
        upper_digits[unit >> 8 & 15],
        upper_digits[unit >> 4 & 15],
        upper_digits[unit & 15],
        '_'};
    out.append(text, 7);
}

void append_reference(std::uint32_t code_point, std::string& out)
{
    char digits[8];
    char* end = std::to_chars(digits, digits + sizeof digits, code_point, 16).ptr;
    out += "&#x";
    for (char* at = digits; at != end; ++at)
        out += *at >= 'a' ? static_cast<char>(*at - 32) : *at;
    out += ';';
}

std::size_t sequence_size(std::uint32_t code_point)
{
    return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

} // namespace

void TextWriter::new_line()
{
    if (options_.layout == Layout::Compact) return;
    if (first_) {
        first_ = false;
        return;
    }
    out_ += options_.crlf ? "\r\n" : "\n";
    out_.append(level_ * 2, ' ');
}

void TextWriter::close_start_tag()
{
    if (!start_tag_open_) return;
    out_ += '>';
    start_tag_open_ = false;
}

void TextWriter::begin(std::string_view tag)
{
    close_start_tag();
    new_line();
    out_ += '<';
    out_ += tag;
    start_tag_open_ = true;
    ++level_;
}

void TextWriter::attribute_encoded(std::string_view name, std::string_view value)
{
    out_.append(" ").append(name).append("=\"");
    escape(value, true, true);
    out_ += '"';
}

void TextWriter::attribute_plain(std::string_view name, std::string_view value)
{
    out_.append(" ").append(name).append("=\"");
    escape(value, true, false);
    out_ += '"';
}

void TextWriter::attribute_number(std::string_view name, std::uint64_t value)
{
    char digits[24];
    out_.append(" ").append(name).append("=\"");
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    out_ += '"';
}

void TextWriter::end(std::string_view tag)
{
    --level_;
    if (start_tag_open_) {
        out_ += " />";
        start_tag_open_ = false;
        return;
    }
    new_line();
    out_.append("</").append(tag).append(">");
}

void TextWriter::end_empty()
{
    --level_;
    out_ += " />";
    start_tag_open_ = false;
}

void TextWriter::begin_text()
{
    close_start_tag();
}

void TextWriter::end_text(std::string_view tag)
{
    --level_;
    out_.append("</").append(tag).append(">");
}

char* TextWriter::text_room(std::size_t count)
{
    std::size_t old_size = out_.size();
    out_.resize(old_size + count);
    return out_.data() + old_size;
}

void TextWriter::text_encoded(std::string_view text)
{
    escape(text, false, true);
}

void TextWriter::text_plain(std::string_view text)
{
    escape(text, false, false);
}

std::size_t
TextWriter::escape_one(std::string_view text, std::size_t at, bool attribute, bool encoded)
{
    char c = text[at];
    switch (c) {
    case '&':
        out_ += "&amp;";
        return 1;
    case '<':
        out_ += "&lt;";
        return 1;
    case '>':
        out_ += "&gt;";
        return 1;
    case '"':
        if (!attribute) return 0;
        out_ += "&quot;";
        return 1;
    case '_':
        if (!encoded || at + 1 == text.size() || (text[at + 1] | 32) != 'x') return 0;
        out_ += "_x005F_";
        return 1;
    default:
        break;
    }
    std::size_t next = at;
    std::uint32_t code_point = next_code_point(text, next);
    bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
    bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
    if (code_point == 0xFFFE || code_point == 0xFFFF) {
        if (options_.check_characters) error_ = Errc::UnwritableCharacter;
        append_reference(code_point, out_);
        return 3;
    }
    if (encoded && (control || surrogate)) {
        append_unit(code_point, out_);
        return sequence_size(code_point);
    }
    if (encoded && code_point >= 0x10000) {
        append_unit(0xD800 + ((code_point - 0x10000) >> 10), out_);
        append_unit(0xDC00 + ((code_point - 0x10000) & 0x3FF), out_);
        return 4;
    }
    bool kept_raw = code_point == '\n' || code_point == '\t';
    if (surrogate || (code_point < 0x20 && (attribute || !kept_raw))) {
        append_reference(code_point, out_);
        return sequence_size(code_point);
    }
    return 0;
}

void TextWriter::escape(std::string_view text, bool attribute, bool encoded)
{
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!suspects[static_cast<std::uint8_t>(text[at])]) {
            ++at;
            continue;
        }
        // What stands before goes out first, so that escape_one can simply append.
        out_.append(text, done, at - done);
        std::size_t taken = escape_one(text, at, attribute, encoded);
        done = at + taken;
        at = taken == 0 ? at + 1 : done;
    }
    out_.append(text, done, text.size() - done);
}

void TextWriter::flush()
{
    if (sink_ == nullptr || out_.empty()) return;
    if (good() && !sink_->take(out_)) error_ = Errc::WriteFailed;
    out_.clear();
}

} // namespace clixml::detail
