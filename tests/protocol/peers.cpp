#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/versions.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

namespace tests {
namespace {

constexpr clixml::Version current{2, 4};

std::string payload_of(psrp::Value value)
{
    std::string text;
    REQUIRE(clixml::write_value(value, clixml::message_options(), text));
    return text;
}

// "PIPELINE_STATE 4": the number in a state message is what tests look for.
std::string describe(const RecordedMessage& message)
{
    std::string text(psrp::message_type_row(message.type()).name);
    const auto at = message.payload.find("State\">");
    if (at != std::string::npos) text.append(" ").append(message.payload.substr(at + 7, 1));
    return text;
}

} // namespace

const psrp::Guid pool_id = *clixml::Guid::read("11223344-5566-7788-99aa-bbccddeeff00");
const psrp::Guid pipeline_id = *clixml::Guid::read("aabbccdd-0011-2233-4455-66778899aabb");
const psrp::Guid pipeline_id2 = *clixml::Guid::read("aabbccdd-0011-2233-4455-66778899aab2");

psrp::CreatePipeline script(std::string_view text, bool no_input)
{
    psrp::CreatePipeline create;
    psrp::Command command;
    command.text = text;
    command.is_script = true;
    create.power_shell.statements = {{command}};
    create.no_input = no_input;
    return create;
}

std::string private_data_payload(std::string_view version, bool is_in_order)
{
    psrp::Arena arena;
    auto* table = clixml::make_hashtable(arena);
    table->add_entry(
        arena,
        psrp::Value::string("PSRemotingProtocolVersion"),
        psrp::Value::version(arena, *clixml::Version::read(version))
    );
    auto* data = clixml::make_hashtable(arena);
    data->add_entry(arena, psrp::Value::string("PSVersionTable"), psrp::Value::object(table));
    if (is_in_order)
        data->add_entry(
            arena, psrp::Value::string(psrp::in_order_entry), psrp::Value::boolean(true)
        );
    return payload_of(psrp::encode_application_private_data({psrp::Value::object(data)}, arena));
}

std::string init_payload(int runspaces_min, int runspaces_max)
{
    psrp::Arena arena;
    psrp::InitRunspacePool init;
    init.runspaces_min = runspaces_min;
    init.runspaces_max = runspaces_max;
    return payload_of(psrp::encode_init_runspace_pool(init, arena));
}

std::string create_payload(std::string_view text, bool no_input)
{
    psrp::Arena arena;
    return payload_of(psrp::encode_create_pipeline(script(text, no_input), current, arena));
}

std::string
capability_of(std::string_view protocol, std::string_view ps, std::string_view serialization)
{
    std::string text = "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">";
    text.append(protocol).append("</Version><Version N=\"PSVersion\">").append(ps);
    text.append("</Version><Version N=\"SerializationVersion\">").append(serialization);
    return text + "</Version></MS></Obj>";
}

psrp::ClientPoolOptions Client::default_options()
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = pool_id;
    return options;
}

Client::Client(const psrp::ClientPoolOptions& options) : pool(options) {}

void Client::open(std::string_view server_version)
{
    REQUIRE(pool.open());
    pump();
    REQUIRE(say({}, psrp::MessageType::SessionCapability, capability_of(server_version)));
    REQUIRE(say({}, psrp::MessageType::ApplicationPrivateData, private_data_payload(server_version))
    );
    REQUIRE(say({}, psrp::MessageType::RunspacePoolState, opened_payload));
    REQUIRE(pool.state() == psrp::RunspacePoolState::Opened);
}

psrp::Result<void>
Client::say(const psrp::Guid& channel, psrp::MessageType type, std::string_view payload)
{
    return say_number(channel, static_cast<std::uint32_t>(type), payload);
}

psrp::Result<void> Client::say_number(
    const psrp::Guid& channel,
    std::uint32_t type,
    std::string_view payload,
    const psrp::Guid& rpid,
    std::uint32_t destination
)
{
    const auto bytes =
        message_bytes(static_cast<psrp::Destination>(destination), type, rpid, channel, payload);
    auto result = pool.receive(channel, fragments_of(bytes, ++object_id_));
    pump();
    return result;
}

void Client::pump()
{
    while (auto action = pool.next_action()) {
        if (const auto* send = std::get_if<psrp::Send>(&*action)) {
            const auto before = sent.messages().size();
            sent.add(*send);
            for (std::size_t i = before; i < sent.messages().size(); ++i)
                done.push_back(describe(sent.messages()[i]));
            pool.data_sent(send->channel);
        } else if (std::holds_alternative<psrp::OpenSession>(*action))
            done.push_back("OpenSession");
        else if (const auto* command = std::get_if<psrp::OpenCommand>(&*action)) {
            done.push_back("OpenCommand");
            pool.command_opened(command->pipeline);
        } else if (std::holds_alternative<psrp::SignalCommand>(*action))
            done.push_back("SignalCommand");
        else if (std::holds_alternative<psrp::CloseCommand>(*action))
            done.push_back("CloseCommand");
        else
            done.push_back("CloseSession");
    }
    while (auto event = pool.next_event())
        events.push_back(*std::move(event));
}

Server::Server(const psrp::ServerPoolOptions& options) : pool(options) {}

void Server::open(int runspaces_max, std::string_view client_version)
{
    REQUIRE(say({}, psrp::MessageType::SessionCapability, capability_of(client_version)));
    REQUIRE(say({}, psrp::MessageType::InitRunspacePool, init_payload(1, runspaces_max)));
    REQUIRE(pool.accept_pool({}));
    pump();
    REQUIRE(pool.state() == psrp::RunspacePoolState::Opened);
    done.clear();
    events.clear();
}

psrp::Result<void> Server::start(const psrp::Guid& id, bool no_input)
{
    pool.command_requested(id);
    return say(id, psrp::MessageType::CreatePipeline, create_payload("x", no_input));
}

psrp::Result<void> Server::say(
    const psrp::Guid& channel, psrp::MessageType type, std::string_view payload, psrp::Stream stream
)
{
    return say_number(
        channel, static_cast<std::uint32_t>(type), payload, pool_id, channel, 2, stream
    );
}

psrp::Result<void> Server::say_number(
    const psrp::Guid& channel,
    std::uint32_t type,
    std::string_view payload,
    const psrp::Guid& rpid,
    const psrp::Guid& pid,
    std::uint32_t destination,
    psrp::Stream stream
)
{
    const auto bytes =
        message_bytes(static_cast<psrp::Destination>(destination), type, rpid, pid, payload);
    auto result = pool.receive(channel, stream, fragments_of(bytes, ++object_id_));
    pump();
    return result;
}

void Server::pump()
{
    while (auto event = pool.next_event())
        events.push_back(*std::move(event));
    while (auto action = pool.next_action()) {
        if (const auto* send = std::get_if<psrp::Send>(&*action)) {
            const auto before = sent.messages().size();
            sent.add(*send);
            for (std::size_t i = before; i < sent.messages().size(); ++i)
                done.push_back(describe(sent.messages()[i]));
        } else if (std::holds_alternative<psrp::AcknowledgeData>(*action))
            done.push_back("DataAck");
        else if (std::holds_alternative<psrp::AcknowledgeCommand>(*action))
            done.push_back("CommandAck");
        else if (std::holds_alternative<psrp::AcknowledgeSignal>(*action))
            done.push_back("SignalAck");
        else
            done.push_back("CloseAck");
    }
}

} // namespace tests
