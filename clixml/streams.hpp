// What `powershell -OutputFormat XML` writes to its standard output and standard error: a line
// "#< CLIXML", then documents whose values say which stream they belong to (fact sheet clixml 1.1,
// 1.2).
#pragma once

#include <clixml/reader.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace clixml {

// The streams of a shell. Not those of the protocol.
enum class ShellStream : std::uint8_t {
    Output,
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
    Progress
};

// The stream of an S attribute, ignoring case; nothing for unknown names.
std::optional<ShellStream> shell_stream_of(std::string_view name);
// The name as PowerShell writes it: Output, Error, warning, ...
std::string_view name_of(ShellStream stream);

// The line that announces CLIXML, without its end.
inline constexpr std::string_view clixml_line = "#< CLIXML";
// Whether the first line is that line.
bool starts_with_clixml_line(std::string_view text);

// What a part of a shell's output is.
enum class PieceKind : std::uint8_t {
    Tag,      // the line #< CLIXML
    Line,     // a line that is no CLIXML: what native programs or profiles wrote
    Document, // <Objs> to </Objs>, or to the end of the text where that is missing
    Blank,    // white space around documents
};

// A part of a shell's output. Together they are the text, in order.
struct OutputPiece {
    PieceKind kind = PieceKind::Line;
    std::string_view text; // line ends included
};

// Splits a text into its pieces. Before the line #< CLIXML everything is Lines; documents follow
// one another with or without line ends. Never fails; linear.
std::vector<OutputPiece> split_output(std::string_view text);

// A value of a stream.
struct StreamRecord {
    Value value;
    ShellStream stream = ShellStream::Output;
    std::string_view name; // of the S attribute as it stood; empty without one
    bool is_line = false;  // a String made from a line that was no CLIXML
};

// Reads a shell's output. Values without a stream, or with an unknown one, and lines that are no
// CLIXML belong to `channel`: Output for the standard output, Error for the standard error. As in
// PowerShell, null counts only on Output. The first document that is refused ends the reading;
// offsets of errors are those in `text`.
Result<std::vector<StreamRecord>>
read_output(std::string_view text, ShellStream channel, Arena& arena, const ReadOptions& options);

} // namespace clixml
