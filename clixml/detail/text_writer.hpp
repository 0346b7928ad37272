// TextWriter: tags, attributes and text, compact or indented as .NET's XmlWriter writes them. Fact
// sheet clixml 1.3-1.5.
#pragma once

#include <clixml/arena.hpp>
#include <clixml/detail/digit_text.hpp>
#include <clixml/detail/escape_scan.hpp>
#include <clixml/detail/tag.hpp>
#include <clixml/detail/text_buffer.hpp>
#include <clixml/errors.hpp>
#include <clixml/writer.hpp>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace clixml::detail {

// Whether text takes part in the _xHHHH_ codec (strings, N) or not (S, RefId, secure strings).
enum class Codec : std::uint8_t { None, Escapes };

// Every function writes at `to` and returns the end of what it wrote. `to` is passed around, not
// kept, because a member would be stored and loaded again after every byte.
class TextWriter {
public:
    // Room that start_line leaves for what follows it: tags, and text whose size is known.
    static constexpr std::size_t line_bytes = 256;

    TextWriter(std::string& out, TextSink* sink, const WriteOptions& options)
        : buffer_(out, sink), indented_(options.layout == Layout::Indented), options_(options)
    {
    }

    [[nodiscard]] TextBuffer& buffer() { return buffer_; }

    // Where a tag may stand: in indented text the next line. Reserves line_bytes behind it.
    char* start_line(char* to)
    {
        if (!indented_) [[likely]]
            return buffer_.reserve(to, line_bytes);
        return start_indented_line(to);
    }

    // Text of our own, at most 64 bytes, where start_line has reserved.
    static char* put(char* to, std::string_view text)
    {
        std::memcpy(to, text.data(), text.size());
        return to + text.size();
    }

    // `<tag>` on a line of its own, and what is inside one level down.
    char* begin(char* to, const Tag& tag)
    {
        to = tag.put_open(start_line(to));
        ++level_;
        return to;
    }
    // A tag that start_line, put and attributes have written without its end.
    char* begin_inside(char* to)
    {
        *to++ = '>';
        ++level_;
        return to;
    }
    // `</tag>` on a line of its own.
    char* end(char* to, const Tag& tag)
    {
        --level_;
        return tag.put_close(start_line(to));
    }
    // `<tag />` on a line of its own.
    char* empty(char* to, const Tag& tag) { return tag.put_empty(start_line(to)); }
    // Makes the `<x>` that ends at `to` an `<x />`.
    char* end_empty(char* to)
    {
        --level_;
        return put(to - 1, " />");
    }
    // An element with text on one line.
    char* text_element(char* to, const Tag& tag, std::string_view contents);

    // The text of a name as it stands in an attribute; leaves room for the rest of a line.
    char* name(char* to, const Name& name)
    {
        if (name.is_plain && name.size <= Arena::readable_bytes_behind) [[likely]] {
            std::memcpy(to, name.text().data(), Arena::readable_bytes_behind);
            return to + name.size;
        }
        return long_name(to, name);
    }
    // ` name="value"`; leaves room for the rest of a line.
    char* attribute(char* to, std::string_view name, std::string_view value, Codec codec);
    // ` RefId="number"`, where there is room for it.
    static char* ref_id(char* to, std::uint64_t number)
    {
        to = put_unsigned(number, put(to, " RefId=\""));
        *to = '"';
        return to + 1;
    }

    // Text inside an element; leaves room for the rest of a line.
    char* text(char* to, std::string_view text, Codec codec)
    {
        if (text.size() <= plain_bytes_max) {
            to = buffer_.reserve(to, line_bytes);
            if (copy_if_plain<false>(text.data(), text.size(), to)) return to + text.size();
        }
        return escape<false>(to, text, codec);
    }
    // Bytes that need no escape, of any number; leaves room for the rest of a line.
    char* raw(char* to, std::string_view text);

    // Why the text cannot be written, if it cannot.
    [[nodiscard]] Errc error() const { return buffer_.good() ? error_ : Errc::WriteFailed; }

private:
    char* start_indented_line(char* to);
    char* long_name(char* to, const Name& name);
    template <bool attribute>
    char* escape(char* to, std::string_view text, Codec codec);
    template <bool attribute>
    char* escape_one(char* to, const char*& from, const char* end, Codec codec);
    char* escape_beyond_ascii(char* to, const char*& from, const char* end, Codec codec);

    TextBuffer buffer_;
    bool indented_;
    bool is_first_line_ = true;
    std::size_t level_ = 0;
    const WriteOptions& options_;
    Errc error_{};
};

} // namespace clixml::detail
