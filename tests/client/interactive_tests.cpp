#include <psrp/client/interactive.hpp>
#include <psrp/protocol/pipeline_builder.hpp>

#include <catch2/catch.hpp>

using psrp::MergeTarget;

TEST_CASE("a line that is typed goes with its errors to Out-Default, each statement of it")
{
    clixml::Arena arena;
    struct Row {
        std::string_view line;
        std::size_t statement_count;
        bool is_script;
    };
    const Row row = GENERATE(values<Row>(
        {{"Get-Date", 1, false}, {"Get-Date; Get-Location", 2, false}, {"$x = 1; $x", 1, true}}
    ));
    CAPTURE(row.line);
    const auto request = psrp::make_interactive_request(row.line, true, arena);
    REQUIRE(request);
    CHECK(request->add_to_history);
    CHECK(request->power_shell.history == row.line);
    CHECK(request->no_input);
    REQUIRE(request->power_shell.statements.size() == row.statement_count);
    for (const auto& statement : request->power_shell.statements) {
        CHECK(statement.front().is_script == row.is_script);
        CHECK(statement.front().merge_my_result == MergeTarget::Error);
        CHECK(statement.front().merge_to_result == MergeTarget::Output);
        CHECK(statement.front().merge_error == MergeTarget::Output);
        CHECK(statement.back().text == "Out-Default");
        CHECK(statement.back().use_local_scope == true);
        CHECK(statement.back().merge_previous_results == psrp::previous_errors);
    }
}

TEST_CASE("a server that knows one statement gets a script")
{
    clixml::Arena arena;
    const auto request = psrp::make_interactive_request("Get-Date; Get-Location", false, arena);
    REQUIRE(request);
    CHECK(request->power_shell.statements.size() == 1);
    CHECK(request->power_shell.statements[0][0].is_script);
}

TEST_CASE("the cursor is told in UTF-16 units and read back in bytes")
{
    const std::string_view line = "\xC3\xA4\xF0\x9F\x98\x80x";
    clixml::Arena arena;
    const auto request = psrp::completion_request(line, 6, arena);
    const auto& arguments = request.power_shell.statements[0][0].arguments;
    REQUIRE(arguments.size() == 2);
    CHECK(arguments[0].value.text() == line);
    CHECK(arguments[1].value.signed_bits() == 3);
    CHECK_FALSE(request.add_to_history);
    CHECK(psrp::utf8_offset_of(line, 0) == 0);
    CHECK(psrp::utf8_offset_of(line, 1) == 2);
    CHECK(psrp::utf8_offset_of(line, 3) == 6);
    CHECK(psrp::utf8_offset_of(line, 99) == 7);
}
