// The text framing of the out-of-process transports: one XML element a line (fact sheet transports
// A1, A2). Sans-IO.
#pragma once

#include <psrp/protocol/actions.hpp>
#include <psrp/transport/line_reader.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// The eight elements, client's first.
enum class ElementKind : std::uint8_t {
    Data,
    Command,
    Close,
    Signal,
    DataAck,
    CommandAck,
    CloseAck,
    SignalAck,
};

// One element of the framing. `stream` and `bytes` belong to Data alone.
struct Element {
    ElementKind kind = ElementKind::Data;
    Guid channel; // zero = the session's channel
    Stream stream = Stream::Default;
    Bytes bytes;

    friend bool operator==(const Element&, const Element&) = default;
};

// One row of the table of elements: its name, and who may send it.
struct ElementRow {
    ElementKind kind;
    std::string_view name;
    bool client_sends;
    bool server_sends;
};

// clang-format off
inline constexpr std::array<ElementRow, 8> element_table{{
    {ElementKind::Data,       "Data",       true,  true},
    {ElementKind::Command,    "Command",    true,  false},
    {ElementKind::Close,      "Close",      true,  false},
    {ElementKind::Signal,     "Signal",     true,  false},
    {ElementKind::DataAck,    "DataAck",    false, true},
    {ElementKind::CommandAck, "CommandAck", false, true},
    {ElementKind::CloseAck,   "CloseAck",   false, true},
    {ElementKind::SignalAck,  "SignalAck",  false, true},
}};
// clang-format on

// What a server in SSH or pipe mode puts before an error text on its output; compared without case
// (A6).
inline constexpr std::string_view error_line_prefix = "__NamedPipeError__:";

// Appends a Data line with its line feed, exactly as PowerShell on Unix writes it.
void append_data(const Guid& channel, Stream stream, BytesView bytes, std::string& out);

// Appends the line of an element other than Data, its line feed included.
void append_element(ElementKind kind, const Guid& channel, std::string& out);

// Appends `element`, whichever it is.
void append_element(const Element& element, std::string& out);

// Appends an error line; line breaks in `text` become blanks, because a reader takes one line only.
void append_error_line(std::string_view text, std::string& out);

// The text behind error_line_prefix, if `line` starts with it. Borrowed from `line`.
std::optional<std::string_view> read_error_line(std::string_view line);

// The element of a line that is one Data element in exactly the form that append_data() and
// PowerShell write. Nothing where anything else stands there, good or bad: ElementReader tells.
std::optional<Element> read_plain_data(std::string_view line);

// Which side's elements a reader takes.
enum class ElementSender : std::uint8_t { Client, Server };

// Reads the elements of one line, which need not be all there is to it: each is handed out as soon
// as it is read, so what stands before a fault takes effect, as with PowerShell. Either quote kind
// and any attribute order will do; comments and processing instructions are skipped; character
// references are resolved. After an error the rest of the line is of no use.
class ElementReader {
public:
    // Takes the elements that `sender` may send. `line` is borrowed for the reader's life; `limits`
    // gives the depth.
    ElementReader(std::string_view line, ElementSender sender, LineLimits limits = {});

    // The next element, or nothing at the end of the line. Errors: those TransportErrc that name a
    // rule of the framing; their offsets count from the start of the line.
    Result<std::optional<Element>> next();

private:
    struct Tag;

    Result<std::optional<Element>> on_start_tag();
    Result<Tag> read_tag();
    Result<std::string_view> read_attribute_value();
    Result<Element> make_element(const Tag& tag);
    Result<Bytes> read_data_text(const Tag& tag);
    Result<void> on_end_tag();
    Result<void> on_text() const;
    Result<void> skip_comment();
    Result<void> skip_instruction();
    void skip_blanks();
    std::string_view read_name();
    [[nodiscard]] bool starts_with(std::string_view text) const;

    std::string_view line_;
    ElementSender sender_;
    LineLimits limits_;
    std::size_t at_ = 0;
    std::vector<std::string_view> open_; // names of the elements not yet closed
};

} // namespace psrp
