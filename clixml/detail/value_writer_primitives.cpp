// Primitives: the elements that values mostly are.
#include <clixml/base64.hpp>
#include <clixml/detail/primitive_text.hpp>
#include <clixml/detail/value_writer.hpp>
#include <clixml/primitive_table.hpp>

#include <algorithm>

namespace clixml::detail {
namespace {

// What stands between the tags; room for a line has been reserved.
char* write_contents(TextWriter& text, char* to, const Value& value)
{
    switch (value.kind()) {
    case Kind::String:
    case Kind::Uri:
    case Kind::XmlDocument:
    case Kind::ScriptBlock:
        return text.text(to, value.text(), Codec::Escapes);
    case Kind::SecureString:
        return text.text(to, value.text(), Codec::None);
    case Kind::Boolean: {
        bool is_true = value.unsigned_bits() != 0;
        std::memcpy(to, is_true ? "true\0\0\0" : "false\0\0", 8);
        return to + (is_true ? 4 : 5);
    }
    case Kind::Char:
    case Kind::Byte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
        return put_unsigned(value.unsigned_bits(), to);
    case Kind::SByte:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
        return put_signed(value.signed_bits(), to);
    case Kind::Single:
        return put_single(value.single_value(), to);
    case Kind::Double:
        return put_double(value.double_value(), to);
    case Kind::Decimal:
        return put_decimal(value.decimal_value(), to);
    case Kind::DateTime:
        return put_date_time(value.date_time_value(), to);
    case Kind::TimeSpan:
        return put_time_span({value.signed_bits()}, to);
    case Kind::Guid:
        return put_guid(value.guid_value(), to);
    case Kind::Version:
        return text.raw(to, value.version_value().text());
    case Kind::ByteArray: // write_bytes
    case Kind::ProgressRecord:
    case Kind::Nil:
    case Kind::Object:
        break;
    }
    return to;
}

} // namespace

// `<tag N="..." S="...">`
char* ValueWriter::write_start(char* to, const Tag& tag, Label label)
{
    to = text_.start_line(to);
    if (label.stream == nullptr) [[likely]] {
        if (label.name == nullptr) return tag.put_open(to);
        to = text_.name(tag.put_named(to), *label.name);
        return TextWriter::put(to, "\">");
    }
    if (label.name != nullptr) {
        to = text_.name(tag.put_named(to), *label.name);
        *to++ = '"';
    } else {
        to = tag.put_open(to) - 1;
    }
    to = text_.attribute(to, "S", *label.stream, Codec::None);
    *to++ = '>';
    return to;
}

char* ValueWriter::write_primitive(char* to, const Value& value, Label label)
{
    const Tag& tag = tags_[static_cast<std::size_t>(value.kind())];
    if (value.lexical() != nullptr && verbatim_) [[unlikely]]
        return write_lexical(to, value, label);
    if (value.kind() == Kind::ByteArray) return write_bytes(to, value, label);
    to = write_start(to, tag, label);
    return tag.put_close(write_contents(text_, to, value));
}

char* ValueWriter::write_bytes(char* to, const Value& value, Label label)
{
    // Of three bytes each, so that all pieces but the last are without padding.
    constexpr std::size_t piece_bytes = 12U * 1024;
    const Tag& tag = tags_[static_cast<std::size_t>(Kind::ByteArray)];
    BytesView bytes = bytes_of(value.text());
    to = write_start(to, tag, label);
    if (bytes.empty()) return TextWriter::put(to - 1, " />");
    to = text_.buffer().expect(to, base64_size(bytes.size()) + TextWriter::line_bytes);
    while (!bytes.empty()) {
        BytesView piece = bytes.first(std::min(bytes.size(), piece_bytes));
        to = text_.buffer().reserve(to, base64_size(piece.size()) + TextWriter::line_bytes);
        to = write_base64(piece, to);
        bytes = bytes.subspan(piece.size());
    }
    return tag.put_close(to);
}

// As it was spelled where it was read.
char* ValueWriter::write_lexical(char* to, const Value& value, Label label)
{
    const Tag& tag = tags_[static_cast<std::size_t>(value.kind())];
    to = write_start(to, tag, label);
    to = text_.text(to, *value.lexical(), Codec::None);
    return tag.put_close(to);
}

} // namespace clixml::detail
