#include <clixml/object.hpp>
#include <clixml/reader.hpp>
#include <tests/server/run_script.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

namespace {

// Recorded texts that only .NET can know, and numbers that are as they fell.
bool is_incomparable(std::string_view name)
{
    return name == "TargetSite" || name == "StackTrace" || name == "Source" || name == "HistoryId";
}

bool same_names(const clixml::Object& recorded, const clixml::Object& made)
{
    const auto a = recorded.type_names();
    const auto b = made.type_names();
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void compare(const clixml::Value& recorded, const clixml::Value& made, const std::string& where);

void compare_bags(
    std::span<const clixml::Property> recorded,
    std::span<const clixml::Property> made,
    const std::string& where
)
{
    INFO(where);
    std::vector<std::string> expected;
    std::vector<std::string> names;
    for (const auto& one : recorded)
        expected.emplace_back(one.name_text());
    for (const auto& one : made)
        names.emplace_back(one.name_text());
    REQUIRE(names == expected);
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        if (!is_incomparable(recorded[i].name_text()))
            compare(recorded[i].value, made[i].value, where + "/" + names[i]);
    }
}

// Type names, order and names of properties, values; but no texts with stacks in them.
void compare(const clixml::Value& recorded, const clixml::Value& made, const std::string& where)
{
    INFO(where);
    REQUIRE(recorded.kind() == made.kind());
    if (!recorded.is_object()) {
        CHECK(clixml::to_display_text(made) == clixml::to_display_text(recorded));
        return;
    }
    const clixml::Object& a = *recorded.object();
    const clixml::Object& b = *made.object();
    CHECK(same_names(a, b));
    CHECK(a.container() == b.container());
    compare_bags(a.adapted(), b.adapted(), where);
    compare_bags(a.extended(), b.extended(), where);
    if (a.stored_text()) {
        REQUIRE(b.stored_text());
        const std::string_view text = *a.stored_text();
        CHECK(*b.stored_text() == text.substr(0, text.find("\n   at ")));
    }
}

// The last message of the type in the recorded conversation, read as PowerShell reads it.
struct Recorded {
    std::string text;
    clixml::Arena arena;
    clixml::Value value;
};

void read_recorded(const std::string& name, std::string_view type, Recorded& into)
{
    for (const auto& one : tests::read_vector_file("psrp/" + name + ".messages.jsonl")) {
        if (one.text("dir") != "S" || one.text("type") != type) continue;
        const std::string data = one.text("data");
        if (data.find("ErrorCategory") != std::string::npos) into.text = data;
    }
    const auto value = clixml::read_message_value(into.text, into.arena, {});
    REQUIRE(value);
    into.value = *value;
}

void check_failed(const std::string& name, const psrp::server::PipelineResult& result)
{
    Recorded recorded;
    read_recorded(name, "0x00041006", recorded);
    REQUIRE(result.state == psrp::PipelineState::Failed);
    REQUIRE(result.record);
    Recorded made;
    made.text = tests::clixml_text(psrp::encode_error_record(*result.record, *result.memory));
    const auto value = clixml::read_message_value(made.text, made.arena, {});
    REQUIRE(value);
    compare(recorded.value.object()->get("ExceptionAsErrorRecord"), *value, name);
}

} // namespace

TEST_CASE("a command that cannot be found fails with PowerShell's record")
{
    tests::ScriptSession session;
    psrp::Command command;
    command.text = "No-SuchCommand";
    psrp::PowerShellCommands request;
    request.statements = {{command}};
    check_failed("command-not-found", session.run(request).result);
}

TEST_CASE("throw fails with PowerShell's record")
{
    tests::ScriptSession session;
    session.state.history_id = 1;
    check_failed("terminating-error", session.run(" 'before'; throw 'boom'; 'after' ").result);
}

TEST_CASE("a missing file made terminating fails with PowerShell's record")
{
    tests::ScriptSession session;
    // The recorded script had try and catch around it; its places are told by the same text here.
    const tests::ScriptRun run = session.run("       Get-Item /nope -ErrorAction Stop");
    REQUIRE(run.result.record);
    Recorded recorded;
    read_recorded("error-nested", "0x00041006", recorded);
    Recorded made;
    made.text =
        tests::clixml_text(psrp::encode_error_record(*run.result.record, *run.result.memory));
    const auto value = clixml::read_message_value(made.text, made.arena, {});
    REQUIRE(value);
    const clixml::Object& expected =
        *recorded.value.object()->get("ExceptionAsErrorRecord").object();
    const clixml::Object& record = *value->object();
    compare(expected.get("Exception"), record.get("Exception"), "Exception");
    for (const auto& note : expected.extended()) {
        if (note.name_text() == "Exception" || note.name_text() == "InvocationInfo") continue;
        compare(note.value, record.get(note.name_text()), std::string(note.name_text()));
    }
    const clixml::Object& invocation = *record.get("InvocationInfo").object();
    CHECK(invocation.get("MyCommand").text() == "Get-Item");
    CHECK(invocation.get("OffsetInLine").as<std::int32_t>() == 8);
    CHECK(invocation.get("Statement").text() == "Get-Item /nope -ErrorAction Stop");
}

TEST_CASE("Write-Error in a script writes PowerShell's record")
{
    tests::ScriptSession session;
    session.state.history_id = 1;
    const tests::ScriptRun run =
        session.run(" Write-Warning w; Write-Verbose -Verbose v; Write-Debug -Debug d; "
                    "Write-Information i -Tags t; Write-Host h "
                    "-ForegroundColor Red; Write-Progress -Activity a -Status s -PercentComplete "
                    "50; Write-Error e -ErrorId myid -Category "
                    "InvalidData; 'out' ");
    REQUIRE(run.streams->errors.size() == 1);
    Recorded recorded;
    read_recorded("streams", "0x00041005", recorded);
    Recorded made;
    made.text = tests::clixml_text(run.streams->errors[0]);
    const auto value = clixml::read_message_value(made.text, made.arena, {});
    REQUIRE(value);
    compare(recorded.value, *value, "streams");
}

TEST_CASE("a failing conversion writes PowerShell's message and identifier")
{
    tests::ScriptSession session;
    const tests::ScriptRun run = session.run("[int]\"x\"; 'goes on'");
    REQUIRE(run.streams->errors.size() == 1);
    Recorded recorded;
    read_recorded("parse-error", "0x00041005", recorded);
    const clixml::Object& expected = *recorded.value.object();
    const clixml::Object& record = *run.streams->errors[0].object();
    CHECK(*record.stored_text() == *expected.stored_text());
    for (const char* name :
         {"FullyQualifiedErrorId",
          "ErrorCategory_Category",
          "ErrorCategory_Message",
          "ErrorDetails_ScriptStackTrace"}) {
        INFO(name);
        CHECK(
            clixml::to_display_text(record.get(name)) == clixml::to_display_text(expected.get(name))
        );
    }
    CHECK(run.text() == "goes on;");
}

TEST_CASE("an unsupported construct says where it stands and that this is no interpreter")
{
    tests::ScriptSession session;
    const tests::ScriptRun run = session.run("'first'\n  try { 1 } catch { 2 }");
    REQUIRE(run.result.record);
    CHECK(run.result.record->category == psrp::ErrorCategory::ParserError);
    const std::string message(run.result.record->message());
    CHECK(message.find("At line:2 char:3") == 0);
    CHECK(message.find("no PowerShell interpreter") != std::string::npos);
    CHECK(run.text().empty());
}
