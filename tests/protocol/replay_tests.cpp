// The recorded half of one side against our machine in the role of the other.
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/server_pool.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/segmentations.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace {

using psrp::MessageType;
using tests::RecordedMessage;

// How many bytes of a message go into each receive(): all, or pieces.
using Cutter = std::function<std::size_t(std::size_t left)>;

struct NamedCutter {
    const char* name;
    Cutter cut;
};

std::vector<NamedCutter> cutters()
{
    auto engine = std::make_shared<std::mt19937>(20);
    return {
        {"whole", [](std::size_t left) { return left; }},
        {"7 bytes", [](std::size_t left) { return std::min<std::size_t>(left, 7); }},
        {"random, seed 20",
         [engine](std::size_t left) { return std::min<std::size_t>(left, (*engine)() % 100); }},
    };
}

template <typename Receive>
void feed(const psrp::Bytes& bytes, const NamedCutter& cutter, Receive&& receive)
{
    psrp::BytesView rest(bytes);
    while (!rest.empty()) {
        const tests::ExactBuffer piece(rest.first(cutter.cut(rest.size())));
        rest = rest.subspan(piece.bytes().size());
        receive(piece.bytes());
    }
}

struct Decoded {
    std::shared_ptr<psrp::Arena> arena;
    psrp::AnyMessage message;
};

Decoded decode(const RecordedMessage& recorded, clixml::Reading reading)
{
    Decoded decoded{std::make_shared<psrp::Arena>(), {}};
    const auto bytes = recorded.bytes();
    const auto message = psrp::read_message(bytes);
    REQUIRE(message);
    clixml::ReadOptions options;
    options.reading = reading;
    auto any = psrp::decode_any(*message, *decoded.arena, options);
    REQUIRE(any);
    decoded.message = *std::move(any);
    return decoded;
}

// The messages of one side, each by channel and type: channels are not ordered against each other.
std::map<psrp::Guid, std::vector<MessageType>>
types_by_channel(const std::vector<RecordedMessage>& messages, bool client)
{
    std::map<psrp::Guid, std::vector<MessageType>> types;
    for (const auto& message : messages) {
        if (message.is_from_client == client) types[message.channel].push_back(message.type());
    }
    return types;
}

// Our client, doing what the recorded client did while it hears what the recorded server said.
class ClientReplay {
public:
    ClientReplay(const std::vector<RecordedMessage>& conversation, const NamedCutter& cutter)
        : conversation_(conversation), cutter_(cutter), pool_(options())
    {
    }

    void run()
    {
        REQUIRE(pool_.open());
        pump();
        for (const auto& message : conversation_) {
            if (message.is_from_client)
                say(message);
            else
                hear(message);
            pump();
        }
        pool_.channel_closed(psrp::session_channel);
        pump();
    }

    const std::vector<RecordedMessage>& sent() const { return sent_.messages(); }
    psrp::RunspacePoolState state() const { return pool_.state(); }
    std::map<std::string, int> events;
    std::vector<psrp::PipelineState> ends;

private:
    psrp::ClientPoolOptions options()
    {
        psrp::ClientPoolOptions options;
        init_ = decode(conversation_[1], clixml::Reading::Lossless);
        const auto& init = std::get<psrp::InitRunspacePool>(init_.message);
        options.runspace_pool_id = conversation_[1].header.runspace_pool_id;
        options.host_info = init.host_info;
        options.application_arguments = init.application_arguments;
        return options;
    }

    void say(const RecordedMessage& recorded)
    {
        const auto decoded = decode(recorded, clixml::Reading::Lossless);
        const auto& pipeline = recorded.header.pipeline_id;
        if (const auto* create = std::get_if<psrp::CreatePipeline>(&decoded.message))
            REQUIRE(pool_.start_pipeline(pipeline, *create));
        else if (const auto* input = std::get_if<psrp::PipelineInput>(&decoded.message))
            REQUIRE(pool_.write_input(pipeline, input->value));
        else if (std::holds_alternative<psrp::EndOfPipelineInput>(decoded.message))
            REQUIRE(pool_.end_input(pipeline));
        else if (const auto* response = std::get_if<psrp::PipelineHostResponse>(&decoded.message))
            REQUIRE(pool_.respond(pipeline, response->response));
    }

    void hear(const RecordedMessage& recorded)
    {
        const auto decoded = decode(recorded, clixml::Reading::Lossless);
        if (const auto* state = std::get_if<psrp::RunspacePoolStateMessage>(&decoded.message);
            state != nullptr && state->state == psrp::RunspacePoolState::Closing)
            pool_.close();
        if (const auto* state = std::get_if<psrp::PipelineStateMessage>(&decoded.message);
            state != nullptr && state->state == psrp::PipelineState::Stopped)
            REQUIRE(pool_.stop(recorded.header.pipeline_id));
        pump();
        feed(tests::fragments_of(recorded.bytes()), cutter_, [&](psrp::BytesView piece) {
            REQUIRE(pool_.receive(recorded.channel, piece));
        });
    }

    void pump()
    {
        while (auto action = pool_.next_action()) {
            if (const auto* send = std::get_if<psrp::Send>(&*action)) {
                sent_.add(*send);
                pool_.data_sent(send->channel);
            } else if (const auto* command = std::get_if<psrp::OpenCommand>(&*action))
                pool_.command_opened(command->pipeline);
            else if (const auto* close = std::get_if<psrp::CloseCommand>(&*action))
                pool_.channel_closed(close->pipeline);
        }
        while (auto event = pool_.next_event()) {
            std::visit([&](const auto& e) { count(e); }, *event);
        }
    }

    void count(const psrp::PoolOpened&) { ++events["opened"]; }
    void count(const psrp::PrivateDataReceived&) { ++events["private data"]; }
    void count(const psrp::PoolDisconnected&) { ++events["disconnected"]; }
    void count(const psrp::DisconnectFailed&) { ++events["disconnect failed"]; }
    void count(const psrp::PoolReconnected&) { ++events["reconnected"]; }
    void count(const psrp::RunspaceCallAnswered&) { ++events["answer"]; }
    void count(const psrp::PoolClosed&) { ++events["closed"]; }
    void count(const psrp::PoolBroken&) { ++events["broken"]; }
    void count(const psrp::OutputReceived&) { ++events["output"]; }
    void count(const psrp::ErrorReceived&) { ++events["error"]; }
    void count(const psrp::InformationalReceived&) { ++events["informational"]; }
    void count(const psrp::ProgressReceived&) { ++events["progress"]; }
    void count(const psrp::InformationReceived&) { ++events["information"]; }
    void count(const psrp::HostCallReceived&) { ++events["host call"]; }
    void count(const psrp::UserEventReceived&) { ++events["user event"]; }
    void count(const psrp::PipelineFinished& finished) { ends.push_back(finished.state); }

    const std::vector<RecordedMessage>& conversation_;
    NamedCutter cutter_;
    Decoded init_;
    psrp::ClientPool pool_;
    tests::SentMessages sent_;
};

// Our server, whose owner does what the recorded server did.
class ServerReplay {
public:
    ServerReplay(const std::vector<RecordedMessage>& conversation, const NamedCutter& cutter)
        : conversation_(conversation), cutter_(cutter), pool_({})
    {
    }

    void run()
    {
        for (const auto& message : conversation_) {
            if (message.is_from_client)
                hear(message);
            else
                say(message);
            pump();
        }
    }

    const std::vector<RecordedMessage>& sent() const { return sent_.messages(); }
    std::map<std::string, int> events;
    std::map<std::string, int> acknowledgements;

private:
    void hear(const RecordedMessage& recorded)
    {
        if (!recorded.channel.is_zero() && opened_.insert(recorded.channel).second)
            pool_.command_requested(recorded.channel);
        feed(tests::fragments_of(recorded.bytes()), cutter_, [&](psrp::BytesView piece) {
            REQUIRE(pool_.receive(recorded.channel, recorded.stream, piece));
            ++events["piece"];
        });
    }

    void say(const RecordedMessage& recorded)
    {
        const auto decoded = decode(recorded, clixml::Reading::Deserialized);
        const auto& id = recorded.header.pipeline_id;
        const auto& message = decoded.message;
        if (const auto* data = std::get_if<psrp::ApplicationPrivateData>(&message))
            REQUIRE(pool_.accept_pool(data->data));
        else if (const auto* output = std::get_if<psrp::PipelineOutput>(&message))
            REQUIRE(pool_.write_output(id, output->value));
        else if (const auto* error = std::get_if<psrp::ErrorMessage>(&message))
            REQUIRE(pool_.write_error(id, error->record));
        else if (const auto* debug = std::get_if<psrp::DebugMessage>(&message))
            REQUIRE(pool_.write_informational(id, debug->record));
        else if (const auto* verbose = std::get_if<psrp::VerboseMessage>(&message))
            REQUIRE(pool_.write_informational(id, verbose->record));
        else if (const auto* warning = std::get_if<psrp::WarningMessage>(&message))
            REQUIRE(pool_.write_informational(id, warning->record));
        else if (const auto* progress = std::get_if<psrp::ProgressMessage>(&message))
            REQUIRE(pool_.write_progress(id, progress->record));
        else if (const auto* information = std::get_if<psrp::InformationMessage>(&message))
            REQUIRE(pool_.write_information(id, information->record));
        else if (const auto* call = std::get_if<psrp::PipelineHostCall>(&message))
            REQUIRE(pool_.call_host(id, call->call));
        else if (const auto* state = std::get_if<psrp::PipelineStateMessage>(&message))
            finish(id, *state);
        else if (const auto* pool_state = std::get_if<psrp::RunspacePoolStateMessage>(&message);
                 pool_state != nullptr && pool_state->state == psrp::RunspacePoolState::Closing)
            pool_.close_requested(psrp::session_channel);
    }

    void finish(const psrp::Guid& id, const psrp::PipelineStateMessage& state)
    {
        if (state.state == psrp::PipelineState::Stopped) {
            pool_.signal_requested(id);
            pump();
            CHECK(acknowledgements["signal"] == 0);
        }
        REQUIRE(pool_.finish(id, state.state, state.error_record ? &*state.error_record : nullptr));
        pump();
        pool_.close_requested(id);
        pump();
    }

    void pump()
    {
        while (auto event = pool_.next_event())
            std::visit([&](const auto& e) { count(e); }, *event);
        while (auto action = pool_.next_action()) {
            if (const auto* send = std::get_if<psrp::Send>(&*action))
                sent_.add(*send);
            else if (std::holds_alternative<psrp::AcknowledgeData>(*action))
                ++acknowledgements["data"];
            else if (std::holds_alternative<psrp::AcknowledgeCommand>(*action))
                ++acknowledgements["command"];
            else if (std::holds_alternative<psrp::AcknowledgeSignal>(*action))
                ++acknowledgements["signal"];
            else
                ++acknowledgements["close"];
        }
    }

    void count(const psrp::PoolRequested&) { ++events["pool"]; }
    void count(const psrp::PipelineRequested&) { ++events["pipeline"]; }
    void count(const psrp::CommandMetadataRequested&) { ++events["metadata"]; }
    void count(const psrp::RunspaceResetRequested&) { ++events["reset"]; }
    void count(const psrp::InputReceived&) { ++events["input"]; }
    void count(const psrp::InputEnded&) { ++events["input end"]; }
    void count(const psrp::StopRequested&) { ++events["stop"]; }
    void count(const psrp::HostResponseReceived&) { ++events["host response"]; }
    void count(const psrp::SessionEnded& ended)
    {
        CHECK_FALSE(ended.error.code);
        ++events["ended"];
    }

    const std::vector<RecordedMessage>& conversation_;
    NamedCutter cutter_;
    psrp::ServerPool pool_;
    tests::SentMessages sent_;
    std::set<psrp::Guid> opened_;
};

int count_of(const std::vector<RecordedMessage>& messages, MessageType type)
{
    return static_cast<int>(std::count_if(
        messages.begin(),
        messages.end(),
        [&](const auto& message) { return message.type() == type; }
    ));
}

} // namespace

TEST_CASE("every recorded server is understood by our client, however its bytes are cut")
{
    for (const auto& name : tests::conversation_names()) {
        const auto conversation = tests::read_conversation(name);
        for (const auto& cutter : cutters()) {
            INFO(name << ", " << cutter.name);
            ClientReplay replay(conversation, cutter);
            replay.run();
            CHECK(replay.state() == psrp::RunspacePoolState::Closed);
            CHECK(replay.events["opened"] == 1);
            CHECK(replay.events["closed"] == 1);
            CHECK(replay.events["broken"] == 0);
            CHECK(replay.events["output"] == count_of(conversation, MessageType::PipelineOutput));
            CHECK(replay.events["error"] == count_of(conversation, MessageType::ErrorRecord));
            CHECK(
                replay.events["host call"] == count_of(conversation, MessageType::PipelineHostCall)
            );
            CHECK(replay.events["progress"] == count_of(conversation, MessageType::ProgressRecord));
            CHECK(
                replay.events["information"] ==
                count_of(conversation, MessageType::InformationRecord)
            );
            CHECK(
                static_cast<int>(replay.ends.size()) ==
                count_of(conversation, MessageType::PipelineState)
            );
            CHECK(types_by_channel(replay.sent(), true) == types_by_channel(conversation, true));
        }
    }
}

TEST_CASE("our client writes the recorded client's headers and session messages")
{
    for (const auto& name : tests::conversation_names()) {
        const auto conversation = tests::read_conversation(name);
        INFO(name);
        ClientReplay replay(conversation, cutters().front());
        replay.run();
        std::size_t at = 0;
        for (const auto& recorded : conversation) {
            if (!recorded.is_from_client) continue;
            REQUIRE(at < replay.sent().size());
            const auto& sent = replay.sent()[at++];
            CHECK(sent.header == recorded.header);
            CHECK(sent.stream == recorded.stream);
            if (recorded.type() == MessageType::SessionCapability)
                CHECK(sent.payload == recorded.payload);
            if (recorded.type() == MessageType::InitRunspacePool)
                CHECK(sent.payload == recorded.payload);
            if (recorded.type() == MessageType::PipelineInput && recorded.payload.size() < 100)
                CHECK(sent.payload == recorded.payload);
        }
        CHECK(at == replay.sent().size());
    }
}

TEST_CASE("every recorded client is served by our server, however its bytes are cut")
{
    for (const auto& name : tests::conversation_names()) {
        const auto conversation = tests::read_conversation(name);
        for (const auto& cutter : cutters()) {
            INFO(name << ", " << cutter.name);
            ServerReplay replay(conversation, cutter);
            replay.run();
            const int pipelines = count_of(conversation, MessageType::CreatePipeline);
            CHECK(replay.events["pool"] == 1);
            CHECK(replay.events["pipeline"] == pipelines);
            CHECK(replay.events["input"] == count_of(conversation, MessageType::PipelineInput));
            CHECK(
                replay.events["input end"] ==
                count_of(conversation, MessageType::EndOfPipelineInput)
            );
            CHECK(
                replay.events["host response"] ==
                count_of(conversation, MessageType::PipelineHostResponse)
            );
            CHECK(replay.events["ended"] == 1);
            CHECK(replay.acknowledgements["command"] == pipelines);
            CHECK(replay.acknowledgements["data"] == replay.events["piece"]);
            CHECK(replay.acknowledgements["close"] == pipelines + 1);
            CHECK(types_by_channel(replay.sent(), false) == types_by_channel(conversation, false));
        }
    }
}

TEST_CASE("our server writes the recorded server's headers and fixed messages")
{
    for (const auto& name : tests::conversation_names()) {
        const auto conversation = tests::read_conversation(name);
        INFO(name);
        ServerReplay replay(conversation, cutters().front());
        replay.run();
        std::size_t at = 0;
        for (const auto& recorded : conversation) {
            if (recorded.is_from_client) continue;
            REQUIRE(at < replay.sent().size());
            const auto& sent = replay.sent()[at++];
            CHECK(sent.header == recorded.header);
            const auto type = recorded.type();
            const bool is_fixed =
                type == MessageType::SessionCapability || type == MessageType::RunspacePoolState ||
                (type == MessageType::PipelineState && recorded.payload.size() < 100);
            if (is_fixed) CHECK(sent.payload == recorded.payload);
        }
        CHECK(at == replay.sent().size());
    }
}
