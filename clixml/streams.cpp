#include <clixml/streams.hpp>
#include <clixml/utf.hpp>

#include <algorithm>

namespace clixml {
namespace {

constexpr std::string_view names[] = {
    "Output", "Error", "warning", "verbose", "debug", "information", "progress"};

constexpr std::string_view root_end = "</Objs>";

bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::size_t white_size(std::string_view text)
{
    std::size_t size = 0;
    while (size < text.size() && is_white(text[size]))
        ++size;
    return size;
}

// The first line with its end.
std::string_view first_line(std::string_view text)
{
    std::size_t end = text.find('\n');
    return text.substr(0, end == std::string_view::npos ? end : end + 1);
}

bool is_clixml_line(std::string_view line)
{
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line == clixml_line;
}

// The document that `text` starts with.
std::string_view first_document(std::string_view text)
{
    std::size_t root = text.find("<Objs");
    if (root == std::string_view::npos) return text;
    std::size_t tag_end = text.find('>', root);
    if (tag_end != std::string_view::npos && text[tag_end - 1] == '/')
        return text.substr(0, tag_end + 1);
    std::size_t end = text.find(root_end, root);
    return text.substr(0, end == std::string_view::npos ? end : end + root_end.size());
}

} // namespace

std::optional<ShellStream> shell_stream_of(std::string_view name)
{
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (equal_ignoring_case(name, names[i])) return static_cast<ShellStream>(i);
    }
    return std::nullopt;
}

std::string_view name_of(ShellStream stream)
{
    return names[static_cast<std::size_t>(stream)];
}

bool starts_with_clixml_line(std::string_view text)
{
    return is_clixml_line(first_line(text));
}

std::vector<OutputPiece> split_output(std::string_view text)
{
    std::vector<OutputPiece> pieces;
    bool announced = false;
    while (!text.empty()) {
        OutputPiece piece{PieceKind::Line, first_line(text)};
        if (is_clixml_line(piece.text)) {
            piece.kind = PieceKind::Tag;
            announced = true;
        } else if (std::size_t blank = white_size(text); announced && blank != 0) {
            piece = {PieceKind::Blank, text.substr(0, blank)};
        } else if (announced && text.starts_with('<')) {
            piece = {PieceKind::Document, first_document(text)};
        }
        pieces.push_back(piece);
        text.remove_prefix(piece.text.size());
    }
    return pieces;
}

Result<std::vector<StreamRecord>>
read_output(std::string_view text, ShellStream channel, Arena& arena, const ReadOptions& options)
{
    ReadOptions reading = options;
    reading.form = Form::Document;
    std::vector<StreamRecord> records;
    std::uint64_t offset = 0;
    for (const OutputPiece& piece : split_output(text)) {
        if (piece.kind == PieceKind::Line) {
            std::string_view line = piece.text;
            if (line.ends_with('\n')) line.remove_suffix(1);
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (!is_valid_wtf8(line)) line = arena.copy(valid_text(line));
            records.push_back({Value::string(line), channel, {}, true});
        } else if (piece.kind == PieceKind::Document) {
            auto values = read_values(piece.text, arena, reading);
            if (!values) {
                Error error = values.error();
                if (error.offset != no_offset) error.offset += offset;
                return tl::unexpected<Error>(error);
            }
            for (const TopLevelValue& value : *values) {
                ShellStream stream = shell_stream_of(value.stream).value_or(channel);
                if (value.value.is_nil() && stream != ShellStream::Output) continue;
                records.push_back({value.value, stream, value.stream, false});
            }
        }
        offset += piece.text.size();
    }
    return records;
}

} // namespace clixml
