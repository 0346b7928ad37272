// Every recorded conversation through both exchanges: our client does what the recorded client did,
// our server what the recorded server did, and all of it travels as SOAP.
#include <psrp/protocol/any_message.hpp>
#include <psrp/wsman/xpress_codec.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace wsman = psrp::wsman;
using psrp::MessageType;
using tests::JoinedClient;
using tests::JoinedService;
using tests::RecordedMessage;

namespace {

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

// By channel: channels are not ordered against each other.
std::map<psrp::Guid, std::vector<MessageType>>
types_by_channel(const std::vector<RecordedMessage>& messages, bool client)
{
    std::map<psrp::Guid, std::vector<MessageType>> types;
    for (const auto& message : messages) {
        if (message.is_from_client == client) types[message.channel].push_back(message.type());
    }
    return types;
}

class Replay {
public:
    Replay(
        const std::vector<RecordedMessage>& conversation,
        std::uint32_t envelope_bytes_max,
        psrp::wsman::StreamCodec* codec
    )
        : conversation_(conversation)
    {
        psrp::ClientPoolOptions options;
        init_ = decode(conversation[1], clixml::Reading::Lossless);
        const auto& init = std::get<psrp::InitRunspacePool>(init_.message);
        options.runspace_pool_id = conversation[1].header.runspace_pool_id;
        options.host_info = init.host_info;
        options.application_arguments = init.application_arguments;
        service.accepts = false;
        service.stops = false;
        auto exchange = tests::exchange_options(envelope_bytes_max);
        exchange.codec = codec;
        client = service.connect(options, exchange);
    }

    void run()
    {
        REQUIRE(client->pool.open());
        service.pump();
        for (const auto& message : conversation_) {
            if (message.is_from_client)
                say_as_client(message);
            else
                say_as_server(message);
            service.pump();
        }
    }

    JoinedService service;
    std::unique_ptr<JoinedClient> client;

private:
    void say_as_client(const RecordedMessage& recorded)
    {
        auto& pool = client->pool;
        const auto decoded = decode(recorded, clixml::Reading::Lossless);
        const auto& pipeline = recorded.header.pipeline_id;
        if (const auto* create = std::get_if<psrp::CreatePipeline>(&decoded.message))
            REQUIRE(pool.start_pipeline(pipeline, *create));
        else if (const auto* input = std::get_if<psrp::PipelineInput>(&decoded.message))
            REQUIRE(pool.write_input(pipeline, input->value));
        else if (std::holds_alternative<psrp::EndOfPipelineInput>(decoded.message))
            REQUIRE(pool.end_input(pipeline));
        else if (const auto* response = std::get_if<psrp::PipelineHostResponse>(&decoded.message))
            REQUIRE(pool.respond(pipeline, response->response));
    }

    void say_as_server(const RecordedMessage& recorded)
    {
        auto& pool = *service.shell().pool;
        const auto decoded = decode(recorded, clixml::Reading::Deserialized);
        const auto& id = recorded.header.pipeline_id;
        const auto& message = decoded.message;
        if (const auto* data = std::get_if<psrp::ApplicationPrivateData>(&message))
            REQUIRE(pool.accept_pool(data->data));
        else if (const auto* output = std::get_if<psrp::PipelineOutput>(&message))
            REQUIRE(pool.write_output(id, output->value));
        else if (const auto* error = std::get_if<psrp::ErrorMessage>(&message))
            REQUIRE(pool.write_error(id, error->record));
        else if (const auto* debug = std::get_if<psrp::DebugMessage>(&message))
            REQUIRE(pool.write_informational(id, debug->record));
        else if (const auto* verbose = std::get_if<psrp::VerboseMessage>(&message))
            REQUIRE(pool.write_informational(id, verbose->record));
        else if (const auto* warning = std::get_if<psrp::WarningMessage>(&message))
            REQUIRE(pool.write_informational(id, warning->record));
        else if (const auto* progress = std::get_if<psrp::ProgressMessage>(&message))
            REQUIRE(pool.write_progress(id, progress->record));
        else if (const auto* information = std::get_if<psrp::InformationMessage>(&message))
            REQUIRE(pool.write_information(id, information->record));
        else if (const auto* call = std::get_if<psrp::PipelineHostCall>(&message))
            REQUIRE(pool.call_host(id, call->call));
        else if (const auto* state = std::get_if<psrp::PipelineStateMessage>(&message))
            finish(id, *state);
        else if (const auto* pool_state = std::get_if<psrp::RunspacePoolStateMessage>(&message);
                 pool_state != nullptr && pool_state->state == psrp::RunspacePoolState::Closing)
            client->pool.close();
    }

    void finish(const psrp::Guid& id, const psrp::PipelineStateMessage& state)
    {
        if (state.state == psrp::PipelineState::Stopped) {
            REQUIRE(client->pool.stop(id));
            service.pump();
        }
        REQUIRE(service.shell().pool->finish(
            id, state.state, state.error_record ? &*state.error_record : nullptr
        ));
    }

    const std::vector<RecordedMessage>& conversation_;
    Decoded init_;
};

std::size_t count_of(const std::vector<RecordedMessage>& messages, MessageType type)
{
    return static_cast<std::size_t>(std::count_if(
        messages.begin(),
        messages.end(),
        [&](const auto& message) { return message.type() == type; }
    ));
}

struct Cut {
    const char* name;
    std::uint32_t envelope_bytes_max;
    unsigned seed; // of random segmentation; 0: none
    bool is_compressed = false;
};

constexpr Cut cuts[] = {
    {"8 KiB", 8192, 0},
    {"150 KiB", 153600, 0},
    {"500 KiB", 512000, 0},
    {"8 KiB, pieces at random", 8192, 3},
    {"500 KiB, pieces at random", 512000, 7},
    {"8 KiB, compressed", 8192, 0, true},
    {"500 KiB, compressed", 512000, 0, true},
    {"500 KiB, compressed pieces at random", 512000, 7, true},
};

} // namespace

TEST_CASE("every recorded conversation passes through both exchanges in envelopes of any size")
{
    for (const auto& name : tests::conversation_names()) {
        const auto conversation = tests::read_conversation(name);
        for (const auto& cut : cuts) {
            INFO(name << ", " << cut.name);
            psrp::wsman::XpressCodec codec;
            Replay replay(
                conversation, cut.envelope_bytes_max, cut.is_compressed ? &codec : nullptr
            );
            std::mt19937 engine(cut.seed);
            if (cut.seed != 0)
                replay.client->cut = [&] { return std::size_t{1} + engine() % 3000; };
            replay.run();
            const auto& client = *replay.client;
            auto& shell = replay.service.shell();
            CHECK(client.pool.state() == psrp::RunspacePoolState::Closed);
            CHECK(client.exchange.is_finished());
            CHECK(client.exchange.shell_facts().is_compressed == cut.is_compressed);
            CHECK(client.under_way.empty());
            CHECK(replay.service.exchange.shell_count() == 0);
            CHECK(client.events_of<psrp::PoolBroken>().empty());
            CHECK(
                client.events_of<psrp::OutputReceived>().size() ==
                count_of(conversation, MessageType::PipelineOutput)
            );
            CHECK(
                client.events_of<psrp::ErrorReceived>().size() ==
                count_of(conversation, MessageType::ErrorRecord)
            );
            CHECK(
                client.events_of<psrp::HostCallReceived>().size() ==
                count_of(conversation, MessageType::PipelineHostCall)
            );
            CHECK(
                client.events_of<psrp::PipelineFinished>().size() ==
                count_of(conversation, MessageType::PipelineState)
            );
            CHECK(
                types_by_channel(client.sent.messages(), true) ==
                types_by_channel(conversation, true)
            );
            CHECK(
                types_by_channel(shell.sent.messages(), false) ==
                types_by_channel(conversation, false)
            );
            for (const auto& [channel, bytes] : shell.written) {
                if (channel.is_zero()) continue; // the last states may find nobody any more
                CHECK(client.received.at(channel) == bytes);
            }
        }
    }
}
