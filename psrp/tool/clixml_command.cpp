#include <clixml/reader.hpp>
#include <clixml/streams.hpp>
#include <clixml/writer.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/tool/bag_json.hpp>
#include <psrp/tool/clixml_command.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace psrp::tool {
namespace {

// "3:14" for an offset of `text`.
std::string line_and_column(const std::string& text, std::uint64_t offset)
{
    std::string_view before = std::string_view(text).substr(0, offset);
    std::size_t line = 1;
    std::size_t start = 0;
    for (std::size_t at = before.find('\n'); at != std::string_view::npos;
         at = before.find('\n', at + 1)) {
        ++line;
        start = at + 1;
    }
    return std::to_string(line) + ":" + std::to_string(before.size() - start + 1);
}

int report(const std::string& text, const clixml::Error& error, std::ostream& err)
{
    err << "psrp clixml: " << error.text();
    if (error.offset != clixml::no_offset) err << ", line " << line_and_column(text, error.offset);
    err << '\n';
    return 1;
}

// Whether the text's first element is <Objs>; everything else is taken for the bare form.
bool looks_like_document(std::string_view text)
{
    std::size_t at = 0;
    while ((at = text.find('<', at)) != std::string_view::npos) {
        std::string_view rest = text.substr(at + 1);
        if (rest.starts_with("!--")) {
            at = text.find("-->", at);
            continue;
        }
        if (!rest.starts_with('?') && !rest.starts_with('!')) {
            std::string_view name = rest.substr(0, rest.find_first_of(" \t\r\n/>"));
            return name == "Objs" || name.ends_with(":Objs");
        }
        ++at;
    }
    return true;
}

// The document or element `text` as it stands, or its error with offsets in `text`.
clixml::Result<std::string> copy_of(std::string_view text, clixml::Form form)
{
    clixml::ReadOptions options;
    options.reading = clixml::Reading::Lossless;
    options.form = form;
    clixml::Arena arena;
    clixml::TextForm found;
    PSRP_TRY(auto values, clixml::read_values(text, arena, options, &found));
    std::string written;
    PSRP_CHECK(clixml::write_copy(values, found, written));
    return written;
}

int copy(const std::string& text, std::ostream& out, std::ostream& err)
{
    // Texts in UTF-16 are files, and files are documents.
    bool is_utf16 = text.size() > 1 &&
                    (text[0] == '\0' || text[1] == '\0' || text[0] == '\xFE' || text[0] == '\xFF');
    bool is_document = is_utf16 || looks_like_document(text);
    auto form = is_document ? clixml::Form::Document : clixml::Form::Bare;
    auto written = copy_of(text, form);
    if (!written) return report(text, written.error(), err);
    out << *written << '\n';
    return 0;
}

// The output of a shell: its lines and tags as they are, its documents read and written.
int copy_output(const std::string& text, std::ostream& out, std::ostream& err)
{
    std::uint64_t offset = 0;
    for (const clixml::OutputPiece& piece : clixml::split_output(text)) {
        if (piece.kind == clixml::PieceKind::Document) {
            auto written = copy_of(piece.text, clixml::Form::Document);
            if (!written) {
                clixml::Error error = written.error();
                if (error.offset != clixml::no_offset) error.offset += offset;
                return report(text, error, err);
            }
            out << *written;
        } else {
            out << piece.text;
        }
        offset += piece.text.size();
    }
    if (!text.ends_with('\n')) out << '\n';
    return 0;
}

// One line of JSON a value, with its stream.
int dump_output(
    const ClixmlOptions& options, const std::string& text, std::ostream& out, std::ostream& err
)
{
    MachineZone zone;
    clixml::ReadOptions reading;
    reading.zone = &zone;
    clixml::Arena arena;
    auto channel = options.error_output ? clixml::ShellStream::Error : clixml::ShellStream::Output;
    auto records = clixml::read_output(text, channel, arena, reading);
    if (!records) return report(text, records.error(), err);
    for (const clixml::StreamRecord& record : *records) {
        out << R"({"stream":")" << clixml::name_of(record.stream) << R"(","value":)"
            << bag_json(record.value) << "}\n";
    }
    return 0;
}

int dump_or_again(
    const ClixmlOptions& options, std::string text, std::ostream& out, std::ostream& err
)
{
    MachineZone zone;
    clixml::ReadOptions reading;
    reading.form = options.bare ? clixml::Form::Bare : clixml::Form::Document;
    reading.zone = &zone;
    auto document = clixml::Document::read(text, reading);
    if (!document) return report(text, document.error(), err);
    if (options.mode == ClixmlOptions::Mode::Dump) {
        out << bag_json(document->value()) << '\n';
        return 0;
    }
    std::string written;
    auto result =
        clixml::write_value(document->value(), clixml::document_options(options.depth), written);
    if (!result) return report(text, result.error(), err);
    out << written << '\n';
    return 0;
}

} // namespace

bool read_input(const std::string& file, std::string& text, std::ostream& err)
{
    if (file == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
        return true;
    }
    std::ifstream in(file, std::ios::binary);
    if (in) text.assign(std::istreambuf_iterator<char>(in), {});
    if (!in.is_open() || in.bad()) {
        err << "psrp: cannot read " << file << ": " << std::strerror(errno) << '\n';
        return false;
    }
    return true;
}

int run_clixml(const ClixmlOptions& options, std::ostream& out, std::ostream& err)
{
    std::string text;
    if (!read_input(options.file, text, err)) return 1;
    if (clixml::starts_with_clixml_line(text)) {
        if (options.mode == ClixmlOptions::Mode::Copy) return copy_output(text, out, err);
        if (options.mode == ClixmlOptions::Mode::Dump) return dump_output(options, text, out, err);
        err << "psrp clixml again: the output of a shell is not one document\n";
        return 1;
    }
    if (options.mode == ClixmlOptions::Mode::Copy) return copy(text, out, err);
    return dump_or_again(options, std::move(text), out, err);
}

} // namespace psrp::tool
