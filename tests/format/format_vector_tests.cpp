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
