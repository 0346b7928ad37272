#include <clixml/origin.hpp>
#include <clixml/reader.hpp>
#include <psrp/format/object_formatter.hpp>
#include <psrp/format/record_text.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

namespace {

// Lines that cannot agree with what was recorded, and why.
const std::map<std::string, std::string> cannot_agree = {
    {"enum", "the recording kept the number alone: the type names and notes were lost with it"},
};

clixml::Document read_one(const std::string& text)
{
    auto document = clixml::Document::read(text, clixml::ReadOptions{});
    REQUIRE(document.has_value());
    return std::move(*document);
}

// The recorded objects with PSShowComputerName as -HideComputerName sets it.
void hide_computer_name(clixml::Document& document)
{
    clixml::Object* object = document.value().object();
    if (object == nullptr || object->find("PSShowComputerName") == nullptr) return;
    object->set_note(document.arena(), "PSShowComputerName", clixml::Value::boolean(false));
}

// What a client does with the objects as the server sent them.
clixml::Value with_notes(clixml::Document& document, bool hides_computer_name)
{
    const auto runspace_id = clixml::Guid::read("5bb09e2d-a12f-4a40-b10b-01866a36ffd7");
    REQUIRE(runspace_id.has_value());
    return clixml::with_origin(
        document.arena(), document.value(), "srv", *runspace_id, !hides_computer_name
    );
}

std::string print_wire(const nlohmann::json& fields, std::size_t width, bool hides_computer_name)
{
    std::vector<clixml::Document> documents;
    std::vector<clixml::Value> values;
    for (const auto& text : fields.at("wire")) {
        documents.push_back(read_one(text.get<std::string>()));
        values.push_back(with_notes(documents.back(), hides_computer_name));
    }
    psrp::FormatOptions options;
    options.width = width;
    return psrp::format_objects(values, options);
}

std::string print_errors(const nlohmann::json& fields, psrp::ErrorView view)
{
    std::string out;
    for (const auto& text : fields.at("errors")) {
        const clixml::Document document = read_one(text.get<std::string>());
        clixml::Arena arena;
        const auto record = psrp::decode_error_record(document.value(), arena);
        REQUIRE(record.has_value());
        out += psrp::error_text(*record, view, "srv") + "\n";
    }
    return out;
}

std::string print(const nlohmann::json& fields, bool hides_computer_name)
{
    std::vector<clixml::Document> documents;
    std::vector<clixml::Value> values;
    for (const auto& text : fields.at("objects")) {
        documents.push_back(read_one(text.get<std::string>()));
        if (hides_computer_name) hide_computer_name(documents.back());
        values.push_back(documents.back().value());
    }
    psrp::FormatOptions options;
    options.width = fields.at("width").get<std::size_t>();
    std::string out = psrp::format_objects(values, options);
    if (!fields.contains("errors")) return out;
    for (const auto& text : fields.at("errors")) {
        const clixml::Document document = read_one(text.get<std::string>());
        out += psrp::error_object_text(document.value()) + "\n";
    }
    return out;
}

} // namespace

TEST_CASE("objects print as PowerShell printed them")
{
    std::size_t agreeing = 0;
    std::size_t excused = 0;
    for (const char* file : {"format/objects.jsonl", "format/known.jsonl"}) {
        for (const auto& line : tests::read_vector_file(file)) {
            INFO(line.where());
            const std::string printed = print(line.fields, false);
            if (cannot_agree.contains(line.name)) {
                INFO(cannot_agree.at(line.name));
                CHECK(printed != line.text("text")); // else the excuse is stale
                ++excused;
                continue;
            }
            CHECK(printed == line.text("text"));
            agreeing += printed == line.text("text") ? 1U : 0U;
            if (line.has("textHideComputerName")) {
                CHECK(print(line.fields, true) == line.text("textHideComputerName"));
            }
        }
    }
    CHECK(excused == cannot_agree.size());
    WARN(agreeing << " recorded texts agree, " << excused << " cannot");
}

TEST_CASE("objects print as PowerShell printed them: tables, views, lists and mixtures of them")
{
    for (const char* file : {"format/more.jsonl", "format/cases.jsonl"}) {
        for (const auto& line : tests::read_vector_file(file)) {
            if (!line.has("wire")) continue;
            INFO(line.where());
            const auto width = line.fields.at("width").get<std::size_t>();
            CHECK(print_wire(line.fields, width, false) == line.text("text"));
            CHECK(print_wire(line.fields, width, true) == line.text("textHideComputerName"));
        }
    }
}

TEST_CASE("what Format-Table and its like laid out on a server prints as PowerShell printed it")
{
    for (const auto& line : tests::read_vector_file("format/packets.jsonl")) {
        for (const char* member : {"text", "textHideComputerName"}) {
            if (!line.has(member)) continue; // the same as the other
            for (const auto& [width, text] : line.fields.at(member).items()) {
                INFO(line.where() << " in " << width << " columns, " << member);
                const bool hides_computer_name = member != std::string_view("text");
                CHECK(
                    print_wire(line.fields, std::stoul(width), hides_computer_name) ==
                    text.get<std::string>()
                );
            }
        }
    }
}

TEST_CASE("errors print as PowerShell printed them in each of its views")
{
    for (const char* file : {"format/more.jsonl", "format/cases.jsonl"}) {
        for (const auto& line : tests::read_vector_file(file)) {
            if (!line.has("errors")) continue;
            INFO(line.where());
            const auto& fields = line.fields;
            CHECK(print_errors(fields, psrp::ErrorView::Concise) == line.text("errorsConcise"));
            CHECK(print_errors(fields, psrp::ErrorView::Normal) == line.text("errorsNormal"));
            CHECK(print_errors(fields, psrp::ErrorView::Category) == line.text("errorsCategory"));
        }
    }
}
