// The machines themselves over their whole grid of states and events, client and server: what each
// pair leads to, which pairs are refused by name, and that what is refused changes nothing.
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using psrp::Errc;
using psrp::MessageType;
using psrp::PipelineState;
using psrp::RunspacePoolState;
using tests::Client;
using tests::pipeline_id;
using tests::pipeline_id2;
using tests::Server;
using Strings = std::vector<std::string>;
using Result = psrp::Result<void>;

constexpr std::string_view sent_text = "<S>x</S>";
constexpr std::string_view broken_text = "<S>x";

std::string pool_state_payload(int number)
{
    return "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">" + std::to_string(number) +
           "</I32></MS></Obj>";
}

std::string pipeline_state_payload(int number)
{
    return "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">" + std::to_string(number) +
           "</I32></MS></Obj>";
}

// One way to poke a machine.
template <typename Peer>
struct Event {
    const char* name;
    std::function<Result(Peer&)> fire;
};

template <typename Peer>
struct State {
    const char* name;
    std::function<void(Peer&)> enter;
};

// A machine that was brought into a state and poked: what it did, told its owner and answered.
template <typename Peer>
std::string
outcome(const State<Peer>& state, const Event<Peer>& event, std::string (*tell)(const Peer&))
{
    Peer peer;
    state.enter(peer);
    peer.pump();
    peer.done.clear();
    peer.events.clear();
    const Result result = event.fire(peer);
    peer.pump();
    std::string text = tell(peer);
    for (const std::string& action : peer.done)
        text += " " + action;
    if (!result) text += " ! " + result.error().code.message();
    return text;
}

std::string refused(const std::string& state, Errc code)
{
    return state + " ! " + make_error_code(code).message();
}

// The grid as rows of states and columns of events.
template <typename Peer>
void check_grid(
    const std::vector<State<Peer>>& states,
    const std::vector<Event<Peer>>& events,
    const std::vector<Strings>& expected,
    std::string (*tell)(const Peer&)
)
{
    REQUIRE(expected.size() == states.size());
    for (std::size_t row = 0; row < states.size(); ++row) {
        REQUIRE(expected[row].size() == events.size());
        for (std::size_t column = 0; column < events.size(); ++column) {
            INFO("in " << states[row].name << ": " << events[column].name);
            CHECK(outcome(states[row], events[column], tell) == expected[row][column]);
        }
    }
}

std::string name_of(RunspacePoolState state)
{
    switch (state) {
    case RunspacePoolState::BeforeOpen:
        return "BeforeOpen";
    case RunspacePoolState::Opening:
        return "Opening";
    case RunspacePoolState::Opened:
        return "Opened";
    case RunspacePoolState::Closing:
        return "Closing";
    case RunspacePoolState::Closed:
        return "Closed";
    case RunspacePoolState::Broken:
        return "Broken";
    case RunspacePoolState::Disconnecting:
    case RunspacePoolState::Disconnected:
    case RunspacePoolState::Connecting:
        break;
    }
    return "another state";
}

std::string tell_pool(const Client& client)
{
    return name_of(client.pool.state());
}

std::string tell_pool(const Server& server)
{
    return name_of(server.pool.state());
}

// Fires something that cannot be refused.
template <typename Peer>
std::function<Result(Peer&)> always(void (*work)(Peer&))
{
    return [work](Peer& peer) -> Result {
        work(peer);
        return {};
    };
}

// The client's pool and session ----------------------------------------------------------------

void negotiate(Client& client)
{
    REQUIRE(client.pool.open());
    client.pump();
    REQUIRE(client.say({}, MessageType::SessionCapability, tests::capability_of("2.4")));
}

std::vector<State<Client>> client_pool_states()
{
    return {
        {"BeforeOpen", [](Client&) {}},
        {"Opening, no capability yet", [](Client& client) { REQUIRE(client.pool.open()); }},
        {"Opening", negotiate},
        {"Opened", [](Client& client) { client.open(); }},
        {"Closing",
         [](Client& client) {
             client.open();
             client.pool.close();
         }},
        {"Closed",
         [](Client& client) {
             client.open();
             client.pool.close();
             client.pool.channel_closed({});
         }},
        {"Broken",
         [](Client& client) {
             client.open();
             client.pool.transport_failed({}, "gone");
         }},
    };
}

std::vector<Event<Client>> client_pool_events()
{
    const auto hear = [](MessageType type, std::string payload) {
        return [type, payload](Client& client) { return client.say({}, type, payload); };
    };
    return {
        {"open()", [](Client& client) { return client.pool.open(); }},
        {"start_pipeline()",
         [](Client& client) {
             return client.pool.start_pipeline(pipeline_id, tests::script("x"));
         }},
        {"close()", always<Client>([](Client& client) { client.pool.close(); })},
        {"capability", hear(MessageType::SessionCapability, tests::capability_of("2.4"))},
        {"private data",
         hear(MessageType::ApplicationPrivateData, tests::private_data_payload("2.4"))},
        {"state Opened", hear(MessageType::RunspacePoolState, pool_state_payload(2))},
        {"state Broken", hear(MessageType::RunspacePoolState, pool_state_payload(5))},
        {"state Closed", hear(MessageType::RunspacePoolState, pool_state_payload(3))},
        {"session's CloseAck",
         always<Client>([](Client& client) { client.pool.channel_closed({}); })},
        {"transport_failed()",
         always<Client>([](Client& client) { client.pool.transport_failed({}, "gone"); })},
        {"peer_failed()",
         always<Client>([](Client& client) { client.pool.peer_failed({}, "nonsense"); })},
    };
}

} // namespace

TEST_CASE("a client pool does in every state what the grid says of every event")
{
    const std::string no = refused("BeforeOpen", Errc::InvalidState);
    const std::string early = refused("Broken CloseSession", Errc::UnexpectedMessage);
    const std::string late = refused("Broken CloseSession", Errc::UnexpectedMessage);
    const auto invalid = [](const char* state) { return refused(state, Errc::InvalidState); };
    const std::string opened = "Opening OpenSession SESSION_CAPABILITY INIT_RUNSPACEPOOL";
    // clang-format off
    check_grid<Client>(client_pool_states(), client_pool_events(), {
        // open(), start_pipeline(), close(), capability, private data, Opened, Broken, Closed, CloseAck, failed, peer
        {opened, no, "Closed", no, no, no, no, no, "BeforeOpen", "BeforeOpen", "BeforeOpen"},
        {invalid("Opening"), invalid("Opening"), "Closing CloseSession", "Opening", early, early, early, early,
         "Closed", "Broken", "Broken CloseSession"},
        {invalid("Opening"), invalid("Opening"), "Closing CloseSession", late, "Opening", "Opened",
         "Broken CloseSession", "Closing CloseSession", "Closed", "Broken", "Broken CloseSession"},
        {invalid("Opened"), "Opened OpenCommand CREATE_PIPELINE", "Closing CloseSession", late, "Opened", "Opened",
         "Broken CloseSession", "Closing CloseSession", "Closed", "Broken", "Broken CloseSession"},
        {invalid("Closing"), invalid("Closing"), "Closing", "Closing", "Closing", "Closing", "Closing", "Closing",
         "Closed", "Closed", "Closed"},
        {invalid("Closed"), invalid("Closed"), "Closed", "Closed", "Closed", "Closed", "Closed", "Closed",
         "Closed", "Closed", "Closed"},
        {invalid("Broken"), invalid("Broken"), "Broken", "Broken", "Broken", "Broken", "Broken", "Broken",
         "Broken", "Broken", "Broken"},
    }, tell_pool);
    // clang-format on
}

namespace {

// A client's pipeline --------------------------------------------------------------------------

// Whether and how the pipeline has ended, as its owner was told.
std::string tell_pipeline(const Client& client)
{
    std::string text = "goes on";
    for (const auto& finished : client.events_of<psrp::PipelineFinished>()) {
        text = finished.state == PipelineState::Completed ? "Completed"
               : finished.state == PipelineState::Failed  ? "Failed"
                                                          : "Stopped";
        if (finished.error.code) text += " (" + finished.error.code.message() + ")";
    }
    if (!client.events_of<psrp::OutputReceived>().empty()) text += " with output";
    return text;
}

void start(Client& client)
{
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x", false)));
    client.pump();
}

std::vector<State<Client>> client_pipeline_states()
{
    const auto finish = [](Client& client) {
        start(client);
        REQUIRE(client.say(pipeline_id, MessageType::PipelineState, pipeline_state_payload(4)));
    };
    return {
        {"Running", start},
        {"Stopping",
         [](Client& client) {
             start(client);
             REQUIRE(client.pool.stop(pipeline_id));
         }},
        {"Completed", finish},
        {"closed",
         [finish](Client& client) {
             finish(client);
             client.pool.channel_closed(pipeline_id);
         }},
    };
}

std::vector<Event<Client>> client_pipeline_events()
{
    const auto hear = [](MessageType type, std::string payload) {
        return [type, payload](Client& client) { return client.say(pipeline_id, type, payload); };
    };
    return {
        {"write_input()",
         [](Client& client) {
             return client.pool.write_input(pipeline_id, psrp::Value::int32(1));
         }},
        {"end_input()", [](Client& client) { return client.pool.end_input(pipeline_id); }},
        {"stop()", [](Client& client) { return client.pool.stop(pipeline_id); }},
        {"respond()", [](Client& client) { return client.pool.respond(pipeline_id, {}); }},
        {"output", hear(MessageType::PipelineOutput, std::string(sent_text))},
        {"broken output", hear(MessageType::PipelineOutput, std::string(broken_text))},
        {"state Running", hear(MessageType::PipelineState, pipeline_state_payload(2))},
        {"state Completed", hear(MessageType::PipelineState, pipeline_state_payload(4))},
        {"state Failed", hear(MessageType::PipelineState, pipeline_state_payload(5))},
        {"state Stopped", hear(MessageType::PipelineState, pipeline_state_payload(3))},
        {"state Disconnected", hear(MessageType::PipelineState, pipeline_state_payload(6))},
        {"SignalAck",
         always<Client>([](Client& client) { client.pool.signal_acknowledged(pipeline_id); })},
        {"CloseAck",
         always<Client>([](Client& client) { client.pool.channel_closed(pipeline_id); })},
    };
}

} // namespace

TEST_CASE("a client's pipeline does in every state what the grid says of every event")
{
    const auto broken = [](const std::string& state) {
        Client client;
        start(client);
        const auto result = client.say(pipeline_id, MessageType::PipelineOutput, broken_text);
        return state + " (" + result.error().code.message() + ") CloseCommand ! " +
               result.error().code.message();
    };
    const std::string invalid = refused("goes on", Errc::InvalidState);
    const std::string unknown = refused("goes on", Errc::UnknownPipeline);
    const std::string by_server =
        "Stopped (" + make_error_code(Errc::PipelineStoppedByServer).message() + ") CloseCommand";
    const std::string closes = "Stopped CloseCommand";
    // clang-format off
    check_grid<Client>(client_pipeline_states(), client_pipeline_events(), {
        // write, end, stop, respond, output, broken, Running, Completed, Failed, Stopped, Disconnected, SignalAck, CloseAck
        {"goes on PIPELINE_INPUT", "goes on END_OF_PIPELINE_INPUT", "goes on SignalCommand",
         "goes on PIPELINE_HOST_RESPONSE", "goes on with output", broken("Failed"), "goes on", "Completed CloseCommand",
         "Failed CloseCommand", closes, closes, by_server, "goes on"},
        {invalid, invalid, "goes on", "goes on", "goes on with output", broken("Stopped"), "goes on", closes, closes,
         closes, closes, closes, "goes on"},
        {unknown, unknown, "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on",
         "goes on", "goes on", "goes on"},
        {unknown, unknown, unknown, unknown, "goes on", "goes on", "goes on", "goes on", "goes on", "goes on",
         "goes on", "goes on", "goes on"},
    }, tell_pipeline);
    // clang-format on
}

namespace {

// The server's session and pool ----------------------------------------------------------------

void establish(Server& server)
{
    REQUIRE(server.say({}, MessageType::SessionCapability, tests::capability_of("2.4")));
}

void request(Server& server)
{
    establish(server);
    REQUIRE(server.say({}, MessageType::InitRunspacePool, tests::init_payload()));
}

void open(Server& server)
{
    server.open();
}

std::vector<State<Server>> server_pool_states()
{
    return {
        {"no capability yet", [](Server&) {}},
        {"Established", establish},
        {"Opening", request},
        {"Opened", open},
        {"Closing",
         [](Server& server) {
             open(server);
             REQUIRE(server.start(pipeline_id2));
             server.pool.close();
         }},
        {"Closed",
         [](Server& server) {
             open(server);
             server.pool.close();
         }},
        {"Broken",
         [](Server& server) {
             request(server);
             psrp::Arena arena;
             REQUIRE(server.pool.refuse_pool(psrp::make_error_record(arena, {})));
         }},
    };
}

std::vector<Event<Server>> server_pool_events()
{
    const auto hear = [](MessageType type, std::string payload) {
        return [type, payload](Server& server) { return server.say({}, type, payload); };
    };
    const std::string set_max =
        "<Obj RefId=\"0\"><MS><I32 N=\"MaxRunspaces\">2</I32><I64 N=\"ci\">1</I64></MS></Obj>";
    return {
        {"capability", hear(MessageType::SessionCapability, tests::capability_of("2.4"))},
        {"INIT_RUNSPACEPOOL", hear(MessageType::InitRunspacePool, tests::init_payload())},
        {"SET_MAX_RUNSPACES", hear(MessageType::SetMaxRunspaces, set_max)},
        {"CREATE_PIPELINE", [](Server& server) { return server.start(pipeline_id); }},
        {"PIPELINE_INPUT",
         [](Server& server) {
             return server.say_number(
                 {},
                 static_cast<std::uint32_t>(MessageType::PipelineInput),
                 sent_text,
                 tests::pool_id,
                 pipeline_id
             );
         }},
        {"CLOSE_SESSION", hear(MessageType::CloseSession, "")},
        {"CONNECT_RUNSPACEPOOL", hear(MessageType::ConnectRunspacePool, std::string(sent_text))},
        {"accept_pool()", [](Server& server) { return server.pool.accept_pool({}); }},
        {"refuse_pool()",
         [](Server& server) {
             psrp::Arena arena;
             return server.pool.refuse_pool(psrp::make_error_record(arena, {}));
         }},
        {"write_output()",
         [](Server& server) {
             return server.pool.write_output(pipeline_id, psrp::Value::int32(1));
         }},
        {"finish()",
         [](Server& server) { return server.pool.finish(pipeline_id, PipelineState::Completed); }},
        {"Close of the session",
         always<Server>([](Server& server) { server.pool.close_requested({}); })},
        {"end of input", always<Server>([](Server& server) { server.pool.input_ended(); })},
    };
}

} // namespace

TEST_CASE("a server pool does in every state what the grid says of every event")
{
    const auto no = [](const char* state, Errc code) { return refused(state, code); };
    const std::string states = " RUNSPACEPOOL_STATE 4 RUNSPACEPOOL_STATE 3";
    const auto closed = [&](Errc code) { return refused("Closed" + states + " DataAck", code); };
    const auto silent = [&](Errc code) { return refused("Closed DataAck", code); };
    const auto command = [&](Errc code) { return refused("Closed CommandAck DataAck", code); };
    constexpr auto invalid = Errc::InvalidState;
    constexpr auto unknown = Errc::UnknownPipeline;
    // clang-format off
    check_grid<Server>(server_pool_states(), server_pool_events(), {
        // capability, INIT, SET_MAX, CREATE_PIPELINE, PIPELINE_INPUT, CLOSE_SESSION, CONNECT, accept_pool(),
        // refuse_pool(), write_output(), finish(), Close, end of input
        {"BeforeOpen SESSION_CAPABILITY DataAck", silent(Errc::UnexpectedMessage), silent(Errc::WrongRunspacePool),
         command(Errc::WrongRunspacePool), no("BeforeOpen DataAck", Errc::WrongRunspacePool), "Closed DataAck",
         "BeforeOpen DataAck", no("BeforeOpen", invalid), no("BeforeOpen", invalid), no("BeforeOpen", unknown),
         no("BeforeOpen", unknown), "BeforeOpen CloseAck", "Closed"},
        {silent(Errc::UnexpectedMessage), "Opening DataAck", silent(Errc::WrongRunspacePool),
         command(Errc::WrongRunspacePool), no("BeforeOpen DataAck", Errc::WrongRunspacePool), "Closed DataAck",
         "BeforeOpen DataAck", no("BeforeOpen", invalid), no("BeforeOpen", invalid), no("BeforeOpen", unknown),
         no("BeforeOpen", unknown), "BeforeOpen CloseAck", "Closed"},
        {closed(Errc::UnexpectedMessage), no("Opening DataAck", Errc::RunspacePoolExists),
         "Opening RUNSPACE_AVAILABILITY DataAck", no("Opening CommandAck DataAck", Errc::UnexpectedMessage),
         "Opening DataAck", "Closed" + states + " DataAck", "Opening DataAck",
         "Opened APPLICATION_PRIVATE_DATA RUNSPACEPOOL_STATE 2", "Broken RUNSPACEPOOL_STATE 5",
         no("Opening", unknown), no("Opening", unknown), "BeforeOpen" + states + " CloseAck", "Closed" + states},
        {closed(Errc::UnexpectedMessage), no("Opened DataAck", Errc::RunspacePoolExists),
         "Opened RUNSPACE_AVAILABILITY DataAck", "Opened CommandAck DataAck",
         "Opened DataAck", "Closed" + states + " DataAck", "Opened DataAck",
         no("Opened", invalid), no("Opened", invalid), no("Opened", unknown), no("Opened", unknown),
         "BeforeOpen" + states + " CloseAck", "Closed" + states},
        {"Closing DataAck", "Closing DataAck", "Closing DataAck", "Closing CommandAck DataAck", "Closing DataAck",
         "Closing DataAck", "Closing DataAck", no("Closing", invalid), no("Closing", invalid), no("Closing", unknown),
         no("Closing", unknown), "Closing", "Closing"},
        {"Closed DataAck", "Closed DataAck", "Closed DataAck", "Closed CommandAck DataAck", "Closed DataAck",
         "Closed DataAck", "Closed DataAck", no("Closed", invalid), no("Closed", invalid), no("Closed", unknown),
         no("Closed", unknown), "BeforeOpen CloseAck", "Closed"},
        {"Broken DataAck", "Broken DataAck", "Broken DataAck", "Broken CommandAck DataAck", "Broken DataAck",
         "Broken DataAck", "Broken DataAck", no("Broken", invalid), no("Broken", invalid), no("Broken", unknown),
         no("Broken", unknown), "BeforeOpen CloseAck", "Broken"},
    }, tell_pool);
    // clang-format on
}

namespace {

// A server's pipeline --------------------------------------------------------------------------

std::string tell_pipeline(const Server& server)
{
    std::string text = "told:";
    for (const auto& event : server.events) {
        if (std::holds_alternative<psrp::PipelineRequested>(event)) text += " request";
        if (std::holds_alternative<psrp::InputReceived>(event)) text += " input";
        if (std::holds_alternative<psrp::InputEnded>(event)) text += " end";
        if (std::holds_alternative<psrp::StopRequested>(event)) text += " stop";
        if (std::holds_alternative<psrp::HostResponseReceived>(event)) text += " response";
        if (std::holds_alternative<psrp::SessionEnded>(event)) text += " session's end";
    }
    return text;
}

psrp::HostCall read_line()
{
    psrp::HostCall call;
    call.method = 11;
    call.call_id = 1;
    return call;
}

void run(Server& server)
{
    server.open();
    REQUIRE(server.start(pipeline_id, false));
    REQUIRE(server.pool.call_host(pipeline_id, read_line()));
}

std::vector<State<Server>> server_pipeline_states()
{
    const auto finish = [](Server& server) {
        run(server);
        REQUIRE(server.pool.finish(pipeline_id, PipelineState::Completed));
    };
    return {
        {"NotStarted",
         [](Server& server) {
             server.open();
             REQUIRE(server.start(pipeline_id2));
             REQUIRE(server.start(pipeline_id, false));
         }},
        {"Running", run},
        {"Stopping",
         [](Server& server) {
             run(server);
             REQUIRE(server.say(pipeline_id, MessageType::StopPowerShell, ""));
         }},
        {"Completed", finish},
        {"closed",
         [finish](Server& server) {
             finish(server);
             server.pool.close_requested(pipeline_id);
         }},
    };
}

std::vector<Event<Server>> server_pipeline_events()
{
    const auto hear = [](MessageType type, std::string payload) {
        return [type, payload](Server& server) { return server.say(pipeline_id, type, payload); };
    };
    const auto finish = [](PipelineState state) {
        return [state](Server& server) { return server.pool.finish(pipeline_id, state); };
    };
    psrp::HostCall ask = read_line();
    const std::string response =
        "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64><I32 N=\"mi\">11</I32></MS></Obj>";
    ask.call_id = 2;
    return {
        {"CREATE_PIPELINE", hear(MessageType::CreatePipeline, tests::create_payload("y"))},
        {"PIPELINE_INPUT", hear(MessageType::PipelineInput, std::string(sent_text))},
        {"broken input", hear(MessageType::PipelineInput, std::string(broken_text))},
        {"END_OF_PIPELINE_INPUT", hear(MessageType::EndOfPipelineInput, "")},
        {"PIPELINE_HOST_RESPONSE", hear(MessageType::PipelineHostResponse, response)},
        {"STOP_POWERSHELL", hear(MessageType::StopPowerShell, "")},
        {"Signal",
         always<Server>([](Server& server) { server.pool.signal_requested(pipeline_id); })},
        {"Close", always<Server>([](Server& server) { server.pool.close_requested(pipeline_id); })},
        {"write_output()",
         [](Server& server) {
             return server.pool.write_output(pipeline_id, psrp::Value::int32(1));
         }},
        {"call_host()", [ask](Server& server) { return server.pool.call_host(pipeline_id, ask); }},
        {"finish(Completed)", finish(PipelineState::Completed)},
        {"finish(Failed)", finish(PipelineState::Failed)},
        {"finish(Stopped)", finish(PipelineState::Stopped)},
        {"finish(Running)", finish(PipelineState::Running)},
    };
}

std::string broken_input_text()
{
    Server server;
    run(server);
    const auto result = server.say(pipeline_id, MessageType::PipelineInput, broken_text);
    return " ! " + result.error().code.message();
}

} // namespace

TEST_CASE("a server's pipeline does in every state what the grid says of every event")
{
    const std::string exists = refused("told: DataAck", Errc::PipelineExists);
    const std::string unknown = refused("told:", Errc::UnknownPipeline);
    const std::string broken = "told: DataAck" + broken_input_text();
    const std::string argument = refused("told:", Errc::InvalidArgument);
    // clang-format off
    check_grid<Server>(server_pipeline_states(), server_pipeline_events(), {
        // CREATE, INPUT, broken, END, RESPONSE, STOP, Signal, Close, write, call_host, Completed, Failed, Stopped, Running
        {exists, "told: DataAck", broken, "told: DataAck", "told: DataAck", "told: PIPELINE_STATE 3 DataAck",
         "told: PIPELINE_STATE 3 SignalAck", "told: PIPELINE_STATE 3 CloseAck", unknown, unknown, unknown, unknown,
         unknown, unknown},
        {exists, "told: input DataAck", broken, "told: end DataAck", "told: response DataAck", "told: stop DataAck",
         "told: stop", "told: stop", "told: PIPELINE_OUTPUT", "told: PIPELINE_HOST_CALL", "told: PIPELINE_STATE 4",
         "told: PIPELINE_STATE 5", "told: PIPELINE_STATE 3", argument},
        {exists, "told: input DataAck", broken, "told: end DataAck", "told: response DataAck", "told: DataAck",
         "told:", "told:", "told: PIPELINE_OUTPUT", "told: PIPELINE_HOST_CALL", "told: PIPELINE_STATE 4",
         "told: PIPELINE_STATE 5", "told: PIPELINE_STATE 3", argument},
        {"told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck",
         "told: SignalAck", "told: CloseAck", unknown, unknown, unknown, unknown, unknown, unknown},
        {"told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck", "told: DataAck",
         "told: SignalAck", "told: CloseAck", unknown, unknown, unknown, unknown, unknown, unknown},
    }, tell_pipeline);
    // clang-format on
}
