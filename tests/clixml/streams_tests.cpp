// The output of shells: tags, lines and documents one after another (fact sheet clixml 1.1, 1.2).
#include <clixml/streams.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

// A letter for each piece: Tag, Line, Document, Blank.
std::string kinds_of(std::string_view text)
{
    std::string kinds;
    std::string joined;
    for (const OutputPiece& piece : split_output(text)) {
        kinds += "TLDB"[static_cast<std::size_t>(piece.kind)];
        joined += piece.text;
    }
    CHECK(joined == text);
    return kinds;
}

// "stream:text" for each value.
std::string values_of(std::string_view text, ShellStream channel)
{
    const tests::ExactBuffer exact(text);
    Arena arena;
    const auto records = read_output(exact.text(), channel, arena, {});
    if (!records)
        return tests::outcome_of(records.error()) + " at " + std::to_string(records.error().offset);
    std::string out;
    for (const StreamRecord& record : *records) {
        out.append(out.empty() ? "" : " ").append(name_of(record.stream)).append(":");
        out += record.value.is_nil() ? "null" : to_display_text(record.value);
        if (record.is_line) out += "(line)";
    }
    return out;
}

} // namespace

TEST_CASE("a shell's output is split into lines and documents")
{
    const std::string tag = "#< CLIXML\n";
    const std::string document = tests::in_document("<S>a</S>");
    const std::string empty = "<Objs Version=\"1.1.0.1\" xmlns=\"u\" />";
    struct Row {
        std::string text;
        const char* kinds;
    };
    const Row rows[] = {
        {"", ""},
        {"text", "L"},
        {"a\nb\n", "LL"},
        {tag, "T"},
        {"#< CLIXML", "T"},
        {"#< CLIXML\r\n" + document, "TD"},
        {tag + document, "TD"},
        {tag + document + document, "TDD"},
        {tag + document + "\r\n" + document + "\n", "TDBDB"},
        {tag + empty + document, "TDD"},
        {tag + "<?xml version=\"1.0\"?>" + document, "TD"},
        {tag + "text\n" + document, "TLD"},
        {tag + document + "text", "TDL"},
        {tag + document + tag + document, "TDTD"},
        {"text\n" + tag + document, "LTD"},
        {document, "L"},
        {" #< CLIXML\n" + document, "LL"},
        {"#< CLIXML \n", "L"},
        {tag + "<Objs><S>a", "TD"},
        {tag + "<", "TD"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(kinds_of(row.text) == row.kinds);
    }
    CHECK(starts_with_clixml_line("#< CLIXML"));
    CHECK(starts_with_clixml_line("#< CLIXML\r\nx"));
    CHECK_FALSE(starts_with_clixml_line("#< CLIXMLx"));
}

TEST_CASE("values come with their stream")
{
    const std::string tag = "#< CLIXML\n";
    const auto document = [](const char* body) { return tests::in_document(body); };
    struct Row {
        std::string text;
        ShellStream channel;
        std::string values;
    };
    const Row rows[] = {
        {tag + document("<S S=\"Output\">a</S><I32 S=\"Error\">1</I32><S S=\"warning\">w</S>"),
         ShellStream::Output,
         "Output:a Error:1 warning:w"},
        {tag + document("<S S=\"VERBOSE\">v</S><S S=\"Debug\">d</S><S S=\"Information\">i</S><S "
                        "S=\"Progress\">p</S>"),
         ShellStream::Output,
         "verbose:v debug:d information:i progress:p"},
        {tag + document("<S>a</S><S S=\"\">b</S><S S=\"nothing\">c</S>"),
         ShellStream::Output,
         "Output:a Output:b Output:c"},
        {tag + document("<S>a</S><S S=\"x\">b</S>"), ShellStream::Error, "Error:a Error:b"},
        {tag + document("<Nil S=\"Output\"/><Nil S=\"Error\"/><Nil/>"),
         ShellStream::Output,
         "Output:null Output:null"},
        {"before\r\n" + tag + document("<S S=\"Error\">a</S>") + "after\n" + document("<S>b</S>"),
         ShellStream::Error,
         "Error:before(line) Error:a Error:after(line) Error:b"},
        {"\xFF\n", ShellStream::Output, "Output:\xEF\xBF\xBD(line)"},
        {tag + document("<S>a</S>") + document("<X/>"),
         ShellStream::Output,
         tests::outcome_of(Errc::UnknownElement) + " at " +
             std::to_string(tag.size() + document("<S>a</S>").size() + tests::objs_start.size())},
        {tag + "<Objs", ShellStream::Output, tests::outcome_of(Errc::UnexpectedEnd) + " at 15"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(values_of(row.text, row.channel) == row.values);
    }
    CHECK(shell_stream_of("eRROR") == ShellStream::Error);
    CHECK_FALSE(shell_stream_of("Host"));
}
