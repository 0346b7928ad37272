// Requests to an open pool and their answers, user events, command metadata, nested pipelines (fact
// sheet psrp 6.5, 6.8, 6.15, 13).
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/versions.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

#include <functional>

namespace {

using psrp::Errc;
using psrp::MessageType;
using psrp::RunspaceCall;
using psrp::RunspaceCallAnswered;
using Steps = std::vector<std::string>;

std::string answer(std::string_view value, int call_id)
{
    return "<Obj RefId=\"0\"><MS>" + std::string(value) + "<I64 N=\"ci\">" +
           std::to_string(call_id) + "</I64></MS></Obj>";
}

const std::string yes = "<B N=\"SetMinMaxRunspacesResponse\">true</B>";
const std::string no = "<B N=\"SetMinMaxRunspacesResponse\">false</B>";
const std::string three = "<I32 N=\"SetMinMaxRunspacesResponse\">3</I32>";
const std::string wide_three = "<I64 N=\"SetMinMaxRunspacesResponse\">3</I64>";

using Call = std::function<psrp::Result<std::int64_t>(psrp::ClientPool&)>;

Call set_max(std::int32_t count)
{
    return [count](psrp::ClientPool& pool) { return pool.set_runspaces_max(count); };
}
Call set_min(std::int32_t count)
{
    return [count](psrp::ClientPool& pool) { return pool.set_runspaces_min(count); };
}
psrp::Result<std::int64_t> count_available(psrp::ClientPool& pool)
{
    return pool.count_available_runspaces();
}
psrp::Result<std::int64_t> reset(psrp::ClientPool& pool)
{
    return pool.reset_runspace_state();
}

psrp::ClientPoolOptions wide_pool()
{
    auto options = tests::Client::default_options();
    options.runspaces_min = 2;
    options.runspaces_max = 4;
    return options;
}

} // namespace

TEST_CASE("each request to the pool is sent and its answer comes back under its call id")
{
    struct Row {
        const char* name;
        Call call;
        const char* sent; // null: answered without traffic
        std::string payload;
        std::string answer;
        bool is_done;
        int available;
    };
    const std::vector<Row> rows = {
        {"max", set_max(5), "SET_MAX_RUNSPACES", "<I32 N=\"MaxRunspaces\">5</I32>", yes, true, 0},
        {"max refused",
         set_max(9),
         "SET_MAX_RUNSPACES",
         "<I32 N=\"MaxRunspaces\">9</I32>",
         no,
         false,
         0},
        {"min", set_min(3), "SET_MIN_RUNSPACES", "<I32 N=\"MinRunspaces\">3</I32>", yes, true, 0},
        {"available", count_available, "GET_AVAILABLE_RUNSPACES", "", three, true, 3},
        {"available, I64", count_available, "GET_AVAILABLE_RUNSPACES", "", wide_three, true, 3},
        {"reset", reset, "RESET_RUNSPACE_STATE", "", yes, true, 0},
        {"reset refused", reset, "RESET_RUNSPACE_STATE", "", no, false, 0},
        {"max below 1", set_max(0), nullptr, "", "", false, 0},
        {"max below min", set_max(1), nullptr, "", "", false, 0},
        {"max unchanged", set_max(4), nullptr, "", "", false, 0},
        {"min below 1", set_min(-1), nullptr, "", "", false, 0},
        {"min above max", set_min(5), nullptr, "", "", false, 0},
        {"min unchanged", set_min(2), nullptr, "", "", false, 0},
    };
    for (const auto& row : rows) {
        INFO(row.name);
        tests::Client client(wide_pool());
        client.open();
        client.done.clear();
        const auto call_id = row.call(client.pool);
        REQUIRE(call_id);
        CHECK(*call_id == 1); // PowerShell counts from 1
        client.pump();
        if (row.sent != nullptr) {
            REQUIRE(client.done == Steps{row.sent});
            CHECK(
                client.sent.messages().back().payload ==
                "<Obj RefId=\"0\"><MS>" + row.payload + "<I64 N=\"ci\">1</I64></MS></Obj>"
            );
            CHECK(client.events_of<RunspaceCallAnswered>().empty());
            REQUIRE(client.say({}, MessageType::RunspaceAvailability, answer(row.answer, 7)));
            CHECK(client.events_of<RunspaceCallAnswered>().empty()); // nobody asked for 7
            REQUIRE(client.say({}, MessageType::RunspaceAvailability, answer(row.answer, 1)));
        }
        const auto answers = client.events_of<RunspaceCallAnswered>();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].call_id == 1);
        CHECK(answers[0].is_done == row.is_done);
        CHECK(answers[0].available_count == row.available);
        if (row.sent == nullptr) continue;
        // Twice is once too often.
        REQUIRE(client.say({}, MessageType::RunspaceAvailability, answer(row.answer, 1)));
        CHECK(client.events_of<RunspaceCallAnswered>().size() == 1);
    }
}

TEST_CASE("numbers of runspaces follow what the server has granted")
{
    tests::Client client(wide_pool());
    CHECK(client.pool.set_runspaces_max(6));
    CHECK(client.pool.set_runspaces_min(3));
    CHECK(client.pool.count_available_runspaces());
    client.pump();
    CHECK(client.done.empty()); // not open: nothing to ask
    CHECK(client.events_of<RunspaceCallAnswered>()[2].available_count == 6);
    client.open();
    const auto& init = client.sent.messages()[1].payload;
    CHECK(init.find("<I32 N=\"MinRunspaces\">3</I32><I32 N=\"MaxRunspaces\">6</I32>") != init.npos);
    REQUIRE(client.pool.set_runspaces_max(8));
    CHECK(client.pool.runspaces_max() == 6); // not yet
    REQUIRE(client.say({}, MessageType::RunspaceAvailability, answer(yes, 4)));
    CHECK(client.pool.runspaces_max() == 8);
    REQUIRE(client.pool.set_runspaces_min(1));
    REQUIRE(client.say({}, MessageType::RunspaceAvailability, answer(no, 5)));
    CHECK(client.pool.runspaces_min() == 3);
}

TEST_CASE("an answer of the wrong kind breaks the pool with a named error")
{
    tests::Client client(wide_pool());
    client.open();
    REQUIRE(client.pool.set_runspaces_max(5));
    const auto said = client.say({}, MessageType::RunspaceAvailability, answer(three, 1));
    REQUIRE_FALSE(said);
    CHECK(said.error().code == Errc::WrongPropertyType);
}

TEST_CASE("what an older server cannot do is refused before anything is sent")
{
    struct Row {
        const char* version;
        Errc reset;
        Errc metadata;
        Errc disconnect;
    };
    constexpr auto fine = Errc{};
    for (const auto& row : {
             Row{"2.0", Errc::UnsupportedByPeer, Errc::UnsupportedByPeer, Errc::UnsupportedByPeer},
             Row{"2.1", Errc::UnsupportedByPeer, fine, Errc::UnsupportedByPeer},
             Row{"2.2", Errc::UnsupportedByPeer, fine, fine},
             Row{"2.3", fine, fine, fine},
             Row{"2.4", fine, fine, fine},
         }) {
        INFO(row.version);
        tests::Client client;
        client.open(row.version);
        const auto check = [](const auto& result, Errc expected) {
            CHECK(result.has_value() == (expected == fine));
            if (!result) CHECK(result.error().code == expected);
        };
        check(client.pool.reset_runspace_state(), row.reset);
        check(client.pool.start_command_metadata(tests::pipeline_id, {}), row.metadata);
        check(client.pool.disconnect(), row.disconnect);
    }
    // The table has one row a feature, in order of version.
    for (std::size_t i = 0; i < psrp::features.size(); ++i) {
        CHECK(psrp::feature_row(psrp::features[i].feature).name == psrp::features[i].name);
        if (i > 0) CHECK(psrp::features[i - 1].since <= psrp::features[i].since);
    }
}

TEST_CASE("requests need an open pool")
{
    tests::Client client;
    REQUIRE(client.pool.open());
    CHECK(client.pool.set_runspaces_max(5).error().code == Errc::InvalidState);
    CHECK(client.pool.count_available_runspaces().error().code == Errc::InvalidState);
    CHECK(client.pool.reset_runspace_state().error().code == Errc::InvalidState);
    CHECK(
        client.pool.start_command_metadata(tests::pipeline_id, {}).error().code ==
        Errc::InvalidState
    );
    CHECK(client.pool.disconnect().error().code == Errc::InvalidState);
}

TEST_CASE("command metadata opens a pipeline that takes no input")
{
    tests::Client client;
    client.open();
    client.done.clear();
    psrp::Arena arena;
    psrp::GetCommandMetadata request;
    auto* names = clixml::make_array(arena);
    names->add_item(arena, psrp::Value::string("Out-Default"));
    request.names = psrp::Value::object(names);
    REQUIRE(client.pool.start_command_metadata(tests::pipeline_id, request));
    client.pump();
    CHECK(client.done == Steps{"OpenCommand", "GET_COMMAND_METADATA"});
    CHECK(client.sent.messages().back().header.pipeline_id == tests::pipeline_id);
    CHECK_FALSE(client.pool.write_input(tests::pipeline_id, psrp::Value::int32(1)));
    REQUIRE(client.say(tests::pipeline_id, MessageType::PipelineState, tests::completed_payload));
    CHECK(client.events_of<psrp::PipelineFinished>().size() == 1);
}

TEST_CASE("a server sends user events while its pool is open")
{
    tests::Server server;
    psrp::UserEvent user_event;
    user_event.source_identifier = "PSInternalRemoteDebuggerStopEvent";
    CHECK(server.pool.write_user_event(user_event).error().code == Errc::InvalidState);
    server.open();
    server.done.clear();
    REQUIRE(server.pool.write_user_event(user_event));
    server.pump();
    CHECK(server.done == Steps{"USER_EVENT"});
    tests::Client client;
    client.open();
    REQUIRE(client.say({}, MessageType::UserEvent, server.sent.messages().back().payload));
    const auto events = client.events_of<psrp::UserEventReceived>();
    REQUIRE(events.size() == 1);
    CHECK(events[0].user_event.source_identifier == "PSInternalRemoteDebuggerStopEvent");
}

TEST_CASE("a nested pipeline runs beside the one that runs, and does not count")
{
    struct Row {
        const char* version;
        bool is_nested;
        std::size_t running; // of two pipelines with one runspace
    };
    for (const auto& row :
         {Row{"2.4", true, 2}, Row{"2.4", false, 1}, Row{"2.2", true, 2}, Row{"2.1", true, 1}}) {
        INFO(row.version << ' ' << row.is_nested);
        tests::Server server;
        server.open(1, row.version);
        REQUIRE(server.start(tests::pipeline_id));
        psrp::Arena arena;
        auto request = tests::script("x");
        request.is_nested = row.is_nested;
        request.power_shell.is_nested = row.is_nested;
        std::string payload;
        REQUIRE(clixml::write_value(
            psrp::encode_create_pipeline(request, clixml::Version{2, 4}, arena),
            clixml::message_options(),
            payload
        ));
        server.pool.command_requested(tests::pipeline_id2);
        REQUIRE(server.say(tests::pipeline_id2, MessageType::CreatePipeline, payload));
        CHECK(server.events_of<psrp::PipelineRequested>().size() == row.running);
        REQUIRE(server.say({}, MessageType::GetAvailableRunspaces, answer("", 1)));
        CHECK(server.sent.messages().back().payload.find(">0</I32>") != std::string::npos);
        // It may end before the other one or after it.
        if (row.running == 2)
            CHECK(server.pool.finish(tests::pipeline_id2, psrp::PipelineState::Completed));
        CHECK(server.pool.finish(tests::pipeline_id, psrp::PipelineState::Completed));
    }
    // Closing waits for both.
    tests::Server server;
    server.open();
    REQUIRE(server.start(tests::pipeline_id));
    server.pool.close();
    server.pump();
    CHECK(server.events_of<psrp::SessionEnded>().empty());
    REQUIRE(server.pool.finish(tests::pipeline_id, psrp::PipelineState::Stopped));
    server.pump();
    CHECK(server.events_of<psrp::SessionEnded>().size() == 1);
}
