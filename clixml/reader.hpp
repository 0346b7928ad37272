// Reader: CLIXML text to values, in two readings (fact sheet clixml 1, 5).
#pragma once

#include <clixml/arena.hpp>
#include <clixml/date_time.hpp>
#include <clixml/limits.hpp>
#include <clixml/object.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clixml {

// Lossless is for recorders and proxies: what PowerShell and other writers of its form wrote comes
// out of write_copy (writer.hpp) byte for byte, with whatever identifiers and spellings of
// primitives. Of other XML the meaning is kept, not these: comments, processing instructions, white
// space other than PowerShell's indentation, CDATA, references that need not be ones, <S/> and
// <BA></BA>, quotes of attributes and attributes that CLIXML does not have, namespace prefixes, the
// order of the parts of an Obj, parts of an Obj that come twice (the last one stays), spellings
// such as _x0041_ of N, T and ToString, contents of Nil and Ref, and what follows the root.
enum class Reading : std::uint8_t {
    Lossless,     // what is written there: writing it verbatim gives the same bytes
    Deserialized, // what PowerShell holds after reading it: Deserialized. names, local times, bags
};

enum class Form : std::uint8_t {
    Document, // <Objs ...> with any number of values: files, -OutputFormat XML
    Bare,     // exactly one value element: the data of a PSRP message
};

struct ReadOptions {
    Reading reading = Reading::Deserialized;
    Form form = Form::Document;
    ReadLimits limits = {};
    // Where times with an offset are converted to (Deserialized only); null is UTC. Borrowed.
    const LocalZone* zone = nullptr;
};

// One value at the top of a document, with the S attribute that -OutputFormat XML puts there
// ("Output", "Error", ...).
struct TopLevelValue {
    Value value;
    std::string_view stream;
};

enum class TextEncoding : std::uint8_t { Utf8, Utf16Le, Utf16Be };

// What stood around the values of a text: lets a writer write it again in the same form.
struct TextForm {
    Form form = Form::Document;
    TextEncoding encoding = TextEncoding::Utf8;
    bool byte_order_mark = false;
    bool indented = false;
    bool crlf = false;            // line ends of the indentation
    std::string_view version;     // of <Objs>; empty where the attribute is absent
    std::string_view declaration; // <?xml ... ?> as it stood, or empty
};

// Reads `text` into values whose memory is `arena`'s and, for unescaped text, `text`'s own: both
// must outlive them. UTF-16 with a byte order mark (or recognisable without one) is converted
// first. One error ends the reading; what was read before it is lost with the arena. Linear time;
// memory bounded by a small multiple of the text.
Result<std::vector<TopLevelValue>> read_values(
    std::string_view text, Arena& arena, const ReadOptions& options, TextForm* form = nullptr
);

// The one value of a PSRP message's data. A byte order mark may stand before it. Errc::NullRoot for
// <Nil/>.
Result<Value> read_message_value(std::string_view text, Arena& arena, const ReadOptions& options);

// A text and everything read from it, owned together. Move-only; moving keeps values valid.
class Document {
public:
    // Takes the text over and reads it.
    static Result<Document> read(std::string text, const ReadOptions& options);

    [[nodiscard]] std::span<const TopLevelValue> values() const { return values_; }
    // As PSSerializer.Deserialize: null for none, the value for one, an object[] for several.
    [[nodiscard]] Value value() const { return value_; }
    [[nodiscard]] const TextForm& form() const { return form_; }
    [[nodiscard]] Arena& arena() { return *arena_; }

private:
    std::unique_ptr<std::string> text_;
    std::unique_ptr<Arena> arena_;
    std::vector<TopLevelValue> values_;
    Value value_;
    TextForm form_;
};

// A value with the memory it needs. Move-only.
class OwnedValue {
public:
    OwnedValue() = default;
    // A deep copy of `value`.
    explicit OwnedValue(Value value);
    OwnedValue(std::unique_ptr<Arena> arena, Value value) : arena_(std::move(arena)), value_(value)
    {
    }

    [[nodiscard]] const Value& value() const { return value_; }
    [[nodiscard]] Arena& arena();

private:
    std::unique_ptr<Arena> arena_;
    Value value_;
};

} // namespace clixml
