// TextWriter: appends XML elements, attributes and text, compact or indented as .NET's XmlWriter
// does, and hands finished pieces to a sink. Fact sheet clixml 1.3-1.5.
#pragma once

#include <clixml/errors.hpp>
#include <clixml/writer.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clixml::detail {

// Writes into one string; with a sink the string is emptied whenever it has grown over piece_bytes.
class TextWriter {
public:
    static constexpr std::size_t piece_bytes = 64U * 1024;

    TextWriter(std::string& out, TextSink* sink, const WriteOptions& options)
        : out_(out), sink_(sink), options_(options)
    {
    }

    // A start tag without its end: attributes may follow, then children, text or the end.
    void begin(std::string_view tag);
    // An attribute whose value takes part in the _xHHHH_ codec (N), or does not (S, RefId, ...).
    void attribute_encoded(std::string_view name, std::string_view value);
    void attribute_plain(std::string_view name, std::string_view value);
    void attribute_number(std::string_view name, std::uint64_t value);
    // Ends an element whose children have been written: <x /> where there were none.
    void end(std::string_view tag);

    // After begin and attributes: closes the start tag, and later writes the end tag on the same
    // line.
    void begin_text();
    void text_encoded(std::string_view text);
    void text_plain(std::string_view text);
    // Text that needs no escaping at all: numbers, dates, base64.
    void text_raw(std::string_view text) { out_.append(text); }
    // Room for `count` characters at the end, to be filled by the caller.
    char* text_room(std::size_t count);
    void end_text(std::string_view tag);
    // Ends an element at once: <x />.
    void end_empty();

    // Text of no element: a declaration, the first line of a stream.
    void raw(std::string_view text) { out_.append(text); }

    // False once a character could not be written or the sink has refused.
    [[nodiscard]] bool good() const { return error_ == Errc{}; }
    [[nodiscard]] Errc error() const { return error_; }
    // Hands what is there to the sink, if there is one.
    void flush();
    void flush_if_large()
    {
        if (sink_ != nullptr && out_.size() > piece_bytes) flush();
    }

private:
    void close_start_tag();
    void new_line();
    void escape(std::string_view text, bool attribute, bool encoded);
    // Writes the character at `at` in its escaped form if it has one; gives how many bytes it took,
    // 0 for none.
    std::size_t escape_one(std::string_view text, std::size_t at, bool attribute, bool encoded);

    std::string& out_;
    TextSink* sink_;
    const WriteOptions& options_;
    std::size_t level_ = 0;
    bool start_tag_open_ = false;
    bool first_ = true;
    Errc error_{};
};

} // namespace clixml::detail
