// Every recorded value and text of a real PowerShell (vectors/README.md).
#include <clixml/streams.hpp>
#include <psrp/tool/bag_json.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace clixml;
using tests::VectorCase;
using Json = nlohmann::json;

namespace {

Json bag_of(const Document& document)
{
    return Json::parse(psrp::tool::bag_json(document.value()));
}

// What PowerShell says about a refused text, and the rule that is broken here.
struct MessageRow {
    std::string_view pattern;
    Errc code;
};
// clang-format off
constexpr MessageRow message_table[] = {
    {"Root element is missing", Errc::MissingRoot},
    {"Data at the root level is invalid", Errc::MalformedXml},
    {"Unexpected end of file", Errc::UnexpectedEnd},
    {"Element 'Objs' with namespace name", Errc::WrongRoot},
    {"Version of incoming PSObject is", Errc::UnsupportedVersion},
    {"Version of PSObject is not valid", Errc::InvalidVersion},
    {"DTD is prohibited", Errc::DtdProhibited},
    {"XML tag is not recognized", Errc::UnknownElement},
    {"Reference to undeclared entity", Errc::UndeclaredEntity},
    {"is an invalid XmlNodeType", Errc::UnexpectedNode},
    {"System.Byte[] primitive type are not valid", Errc::InvalidBase64},
    {"primitive type are not valid", Errc::InvalidPrimitive},
    {"No object found for referenceId", Errc::UnresolvedRef},
    {"no TypeNames were found for referenceId", Errc::UnresolvedTypeNamesRef},
    {"N attribute was expected", Errc::MissingName},
    {"Name attribute for dictionary key is incorrectly", Errc::DictionaryKeyName},
    {"Value for dictionary entry is not specified", Errc::DictionaryValueMissing},
    {"Null is specified as dictionary key", Errc::DictionaryKeyNull},
    {"Element 'En' with namespace name", Errc::UnknownElement},
    {"was not in a correct format", Errc::InvalidSecret},
    {"nested too deeply", Errc::NestedTooDeeply},
};
// clang-format on

Errc code_of(std::string_view message)
{
    for (const MessageRow& row : message_table) {
        if (message.find(row.pattern) != std::string_view::npos) return row.code;
    }
    return Errc{};
}

void check_error(const VectorCase& row, const Result<Document>& document)
{
    REQUIRE_FALSE(document);
    const Errc expected = code_of(row.text("error"));
    INFO(row.text("error"));
    REQUIRE(expected != Errc{});
    CHECK(document.error().code.message() == make_error_code(expected).message());
    CHECK(document.error().offset <= row.text("clixml").size());
}

// Compares with the recorded bag and with what PowerShell serialized again.
void check_reading(const VectorCase& row)
{
    INFO(row.where());
    const auto document = Document::read(row.text("clixml"), {});
    if (row.has("error")) return check_error(row, document);
    REQUIRE(document);
    const Json bag = bag_of(*document);
    if (row.has("bag"))
        CHECK(bag == row.fields.at("bag"));
    else
        CHECK(bag.at("rehydrates") == row.fields.at("rehydrates"));
    if (!row.has("again")) return;
    const int depth = row.fields.value("depth", 2);
    CHECK(tests::exported(document->value(), depth) == row.text("again"));
}

} // namespace

TEST_CASE("every recorded value copies to the same bytes")
{
    for (const VectorCase& row : tests::read_vector_file("clixml/objects.jsonl")) {
        INFO(row.where());
        const tests::ReadText text(row.text("clixml"), tests::lossless_options(Form::Document));
        if (row.has("error"))
            CHECK(text.error().code == make_error_code(code_of(row.text("error"))));
        else
            CHECK(text.copy() == row.text("clixml"));
    }
}

TEST_CASE("every recorded value reads as PowerShell holds it and serializes as PowerShell does")
{
    const auto rows = tests::read_vector_file("clixml/objects.jsonl");
    CHECK(rows.size() == 193);
    for (const VectorCase& row : rows)
        check_reading(row);
}

TEST_CASE("every recorded text reads as PowerShell holds it or fails for its reason")
{
    const auto rows = tests::read_vector_file("clixml/texts.jsonl");
    CHECK(rows.size() == 146);
    for (const VectorCase& row : rows)
        check_reading(row);
}

TEST_CASE("every recorded output of a child shell reads stream by stream")
{
    std::size_t documents = 0;
    std::map<ShellStream, std::size_t> values;
    for (const VectorCase& row : tests::read_vector_file("clixml/streams.jsonl")) {
        INFO(row.where());
        for (const char* channel : {"stdout", "stderr"}) {
            const std::string text = row.text(channel);
            const bool is_error = channel == std::string_view("stderr");
            const ShellStream own = is_error ? ShellStream::Error : ShellStream::Output;
            std::string copy;
            for (const OutputPiece& piece : split_output(text)) {
                if (piece.kind != PieceKind::Document) {
                    copy += piece.text;
                    continue;
                }
                copy += tests::ReadText(piece.text, tests::lossless_options(Form::Document)).copy();
                ++documents;
            }
            CHECK(copy == text);
            Arena arena;
            const auto records = read_output(text, own, arena, {});
            REQUIRE(records);
            for (const StreamRecord& record : *records) {
                ++values[record.stream];
                // Everything but output and errors goes to the standard error.
                CHECK((record.stream == ShellStream::Output) == !is_error);
                CHECK((record.is_line || record.name == name_of(record.stream)));
            }
        }
    }
    CHECK(documents > 10);
    CHECK(values.size() == 7);
}
