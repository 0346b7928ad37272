#include <clixml/object.hpp>
#include <psrp/server/commands/completion.hpp>
#include <tests/server/run_script.hpp>
#include <tests/server/test_client.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using psrp::PipelineState;

namespace {

// A session whose client has a host.
tests::ScriptSession session_with_host()
{
    tests::ScriptSession session;
    session.prepare = [](tests::RecordingStreams& streams) { streams.has_client_host = true; };
    return session;
}

// The answer of a Prompt: a hashtable with one entry.
psrp::HostResponse prompted(clixml::Arena& arena, std::string_view name, clixml::Value value)
{
    clixml::Object* table = clixml::make_hashtable(arena);
    table->add_entry(arena, clixml::Value::string(name), value);
    psrp::HostResponse response;
    response.result = clixml::Value::object(table);
    return response;
}

} // namespace

TEST_CASE("Read-Host asks as PowerShell does and gives what the user typed")
{
    clixml::Arena arena;
    struct Row {
        const char* script;
        std::int32_t method;
        psrp::HostResponse answer;
        const char* output;
    };
    psrp::HostResponse line;
    line.result = clixml::Value::string("typed");
    psrp::HostResponse secret;
    secret.result = clixml::Value::secure_string("eAA=");
    const Row rows[] = {
        {"Read-Host", 11, line, "<S>typed</S>"},
        {"Read-Host -AsSecureString", 12, secret, "<SS>eAA=</SS>"},
        {"Read-Host 'Your name'",
         23,
         prompted(arena, "Your name", clixml::Value::string("Ada")),
         "<S>Ada</S>"},
        {"Read-Host Your name",
         23,
         prompted(arena, "Your name", clixml::Value::string("Ada")),
         "<S>Ada</S>"},
        {"Read-Host Secret -AsSecureString",
         23,
         prompted(arena, "Secret", clixml::Value::secure_string("eAA=")),
         "<SS>eAA=</SS>"},
        {"$a = Read-Host; \"[$a]\"", 11, line, "<S>[typed]</S>"},
    };
    for (const Row& row : rows) {
        INFO(row.script);
        tests::ScriptSession session;
        session.prepare = [&](tests::RecordingStreams& streams) {
            streams.has_client_host = true;
            streams.answers = {row.answer};
        };
        const tests::ScriptRun run = session.run(row.script);
        CHECK(run.errors().empty());
        CHECK(run.streams->host_methods == std::vector<std::int32_t>{row.method});
        REQUIRE(run.streams->output.size() == 1);
        CHECK(tests::clixml_text(run.streams->output[0]) == row.output);
    }
}

TEST_CASE("the prompt of Read-Host is the recorded one")
{
    std::string recorded;
    for (const auto& message : tests::read_vector_file("psrp/host-calls.messages.jsonl")) {
        const std::string text = message.text("data");
        if (text.find(">Prompt</ToString>") != std::string::npos &&
            text.find("\"mp\"") != std::string::npos) {
            recorded = text;
            break;
        }
    }
    REQUIRE_FALSE(recorded.empty());
    auto session = session_with_host();
    const tests::ScriptRun run = session.run("Read-Host 'Your name'");
    REQUIRE(run.streams->host_calls.size() == 1);
    const std::string& ours = run.streams->host_calls[0];
    const std::string start = "<MS><S N=\"name\">Your name</S>";
    const std::size_t from = ours.find(start);
    REQUIRE(from != std::string::npos);
    // Up to the metadata; from there on RefIds of the whole message would have to agree.
    const std::string part = ours.substr(from, ours.find("<Obj N=\"metadata\"") - from);
    CHECK(recorded.find(part) != std::string::npos);
}

TEST_CASE("without a host, or with one that refuses, a question fails and the script goes on")
{
    tests::ScriptSession session;
    const tests::ScriptRun none = session.run("Read-Host; 'next'");
    CHECK(none.text() == "next;");
    CHECK(none.errors() == "HostException,Microsoft.PowerShell.Commands.ReadHostCommand");

    clixml::Arena arena;
    session.prepare = [&](tests::RecordingStreams& streams) {
        streams.has_client_host = true;
        psrp::HostResponse refusal;
        psrp::ErrorRecord record;
        record.text = "no prompts here";
        refusal.exception = record;
        streams.answers = {refusal};
    };
    const tests::ScriptRun refused = session.run("Read-Host; 'next'");
    CHECK(refused.text() == "next;");
    CHECK(refused.errors() == "HostException,Microsoft.PowerShell.Commands.ReadHostCommand");
}

TEST_CASE("Out-Default prints on the client's host, and gives no output")
{
    auto session = session_with_host();
    const tests::ScriptRun text = session.run("1,'two' | Out-Default");
    CHECK(text.text().empty());
    CHECK(text.streams->host_lines == std::vector<std::string>{"1", "two"});
    CHECK(text.streams->host_methods == std::vector<std::int32_t>{16, 16});

    const tests::ScriptRun table =
        session.run("[pscustomobject]@{ Name = 'a'; Value = 1 } | Out-Default");
    CHECK(
        table.streams->host_lines ==
        std::vector<std::string>{"", "Name Value", "---- -----", "a        1", ""}
    );

    tests::ScriptSession no_host;
    CHECK(no_host.run("1 | Out-Default").streams->host_methods.empty());
    CHECK(session.run("1..3 | Out-Null").text().empty());
}

TEST_CASE("an interactive line prints its errors among its output, as Enter-PSSession asks")
{
    auto session = session_with_host();
    psrp::Command line;
    line.text = "Write-Error";
    line.arguments = {{std::nullopt, clixml::Value::string("bad")}};
    line.merge_my_result = psrp::MergeTarget::Error;
    line.merge_to_result = psrp::MergeTarget::Output;
    psrp::Command out;
    out.text = "Out-Default";
    psrp::PowerShellCommands request;
    request.statements = {{line, out}};
    const tests::ScriptRun run = session.run(request);
    CHECK(run.streams->error_ids.empty());
    REQUIRE(run.streams->host_methods == std::vector<std::int32_t>{18});
    CHECK(run.streams->host_lines[0].find("bad") != std::string::npos);
}

TEST_CASE("prompt shows the location, Exit-PSSession asks the client to leave")
{
    auto session = session_with_host();
    session.state.set_location("/");
    CHECK(session.run("prompt").text() == "PS /> ;");
    CHECK(session.run("Exit-PSSession").streams->host_methods == std::vector<std::int32_t>{53});
}

TEST_CASE("completion knows commands, parameters, variables and paths")
{
    tests::ScriptSession session;
    session.run("$alpha = 1; $alphabet = 2");
    const auto folder = std::filesystem::temp_directory_path() / "psrp-completion-tests";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "sub dir");
    std::ofstream(folder / "file.txt") << "x";
    session.state.set_location(folder.string());
    struct Row {
        const char* text;
        std::size_t start;
        std::size_t length;
        std::vector<std::string> matches;
    };
    const Row rows[] = {
        {"Get-Da", 0, 6, {"Get-Date"}},
        {"get-pro", 0, 7, {"Get-Process"}},
        {"1 | Select-O", 4, 8, {"Select-Object"}},
        {"No-Such", 0, 7, {}},
        {"Get-Date -Form", 9, 5, {"-Format"}},
        {"1; Get-Date -Form", 12, 5, {"-Format"}},
        {"Get-Content -Nope", 12, 5, {}},
        {"\"x\" + $alph", 6, 5, {"$alpha", "$alphabet"}},
        {"Get-Content f", 12, 1, {"file.txt"}},
        {"Get-ChildItem s", 14, 1, {"'sub dir'"}},
        {"Get-ChildItem 's", 15, 1, {"sub dir"}},
        {"Get-Content ./f", 12, 3, {"./file.txt"}},
        {"Get-Content /nonexistent/f", 12, 14, {}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const std::string_view text = row.text;
        const auto completion =
            psrp::server::complete(text, text.size(), session.commands, session.state);
        std::vector<std::string> matches;
        for (const auto& match : completion.matches)
            matches.push_back(match.text);
        CHECK(completion.start == row.start);
        CHECK(completion.length == row.length);
        CHECK(matches == row.matches);
    }
    std::filesystem::remove_all(folder);

    const tests::ScriptRun run = session.run("TabExpansion2 'Get-Da' 6");
    REQUIRE(run.streams->output.size() == 1);
    const std::string text = tests::clixml_text(run.streams->output[0]);
    CHECK(text.find("<S N=\"CompletionText\">Get-Date</S>") != std::string::npos);
    CHECK(text.find("<I32 N=\"ReplacementLength\">6</I32>") != std::string::npos);
}

TEST_CASE("a question of the endpoint waits for the client's answer, and a stop ends the wait")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor(), true);
    REQUIRE(client.open());
    const psrp::Guid asked = client.start("'before'; Read-Host; 'after'");
    REQUIRE(client.wait([&] { return !client.run_of(asked).host_methods.empty(); }));
    CHECK(client.run_of(asked).output.size() == 1);
    psrp::HostResponse stray;
    stray.call_id = 99;
    stray.method = 11;
    stray.result = clixml::Value::string("stray");
    REQUIRE(client.pool().respond(asked, stray));
    psrp::HostResponse answer = stray;
    answer.call_id = 1;
    answer.result = clixml::Value::string("answer");
    REQUIRE(client.pool().respond(asked, answer));
    REQUIRE(client.wait([&] { return client.run_of(asked).state.has_value(); }));
    CHECK(
        client.run_of(asked).output ==
        std::vector<std::string>{"<S>before</S>", "<S>answer</S>", "<S>after</S>"}
    );

    const psrp::Guid stopped = client.start("Read-Host; 'never'");
    REQUIRE(client.wait([&] { return !client.run_of(stopped).host_methods.empty(); }));
    REQUIRE(client.pool().stop(stopped));
    REQUIRE(client.wait([&] { return client.run_of(stopped).state.has_value(); }));
    CHECK(client.run_of(stopped).state == PipelineState::Stopped);
    CHECK(client.run_of(stopped).output.empty());

    // The client may go away while the question stands.
    const psrp::Guid left = client.start("Read-Host");
    REQUIRE(client.wait([&] { return !client.run_of(left).host_methods.empty(); }));
    endpoint.finish();
}
