// Writer: values to CLIXML text, byte for byte as PowerShell 7.6 writes it (fact sheet clixml 1, 3,
// 4).
#pragma once

#include <clixml/reader.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>

#include <span>
#include <string>
#include <string_view>

namespace clixml {

enum class Writing : std::uint8_t {
    Verbatim,  // every part of every object, as it stands
    Serialize, // as PowerShell serializes the object: depth, ToString at depth 0, what each nature
               // writes
};

enum class Layout : std::uint8_t { Compact, Indented };

struct WriteOptions {
    Writing writing = Writing::Serialize;
    // Serialize only, at least 1: PowerShell's default is 1 on the wire and 2 in files (clixml 4).
    int depth = 1;
    Form form = Form::Document;
    Layout layout = Layout::Compact;
    // Refuse U+FFFE and U+FFFF as Export-Clixml does; without it they are written as &#xFFFE;
    // (clixml 1.5).
    bool check_characters = false;
    bool crlf = false;
    // <Objs Version>; PowerShell's own by default.
    std::string_view version = "1.1.0.1";
};

// Where finished text goes, a piece at a time.
class TextSink {
public:
    virtual ~TextSink() = default;
    // Returns false to end the writing with Errc::WriteFailed.
    virtual bool take(std::string_view piece) = 0;
};

// Options that PSSerializer.Serialize uses: an indented document with the character check on.
WriteOptions document_options(int depth = 2);
// Options for the data of a PSRP message: one bare compact element at depth 1. The byte order mark
// is the caller's.
WriteOptions message_options();

// Appends the text of `values`: one document, or (Form::Bare) exactly one value.
Result<void>
write_values(std::span<const TopLevelValue> values, const WriteOptions& options, std::string& out);
// The same in pieces of some 64 KiB: memory does not grow with the text.
Result<void>
write_values(std::span<const TopLevelValue> values, const WriteOptions& options, TextSink& sink);

// Appends values that were read losslessly in the form in which their text stood there: encoding,
// byte order mark, declaration, root, indentation.
Result<void>
write_copy(std::span<const TopLevelValue> values, const TextForm& form, std::string& out);

Result<void> write_value(Value value, const WriteOptions& options, std::string& out);

} // namespace clixml
