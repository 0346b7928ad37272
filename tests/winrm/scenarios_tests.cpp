// What a real PowerShell client sent, played over WinRM in every way to authenticate: the endpoint
// must answer as it does without WinRM, and as PowerShell did where it knows the script.
#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/message_types.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <tests/server/test_client.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/winrm/endpoint.hpp>
#include <tests/winrm/ways.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <sstream>

namespace {

// One line of the recorded client as what a transport is asked for.
std::vector<psrp::ClientAction> recorded_actions(const std::string& name)
{
    std::istringstream log(tests::read_whole_file(tests::vector_path("psrp/" + name + ".log")));
    std::vector<psrp::ClientAction> actions{psrp::OpenSession{}};
    for (std::string line; std::getline(log, line);) {
        if (line.substr(0, 2) != "C ") continue;
        const std::string text = line.substr(2);
        psrp::ElementReader reader(text, psrp::ElementSender::Client);
        const auto element = reader.next();
        REQUIRE(element);
        REQUIRE(*element);
        const psrp::Guid channel = (*element)->channel;
        switch ((*element)->kind) {
        case psrp::ElementKind::Data:
            actions.emplace_back(psrp::Send{channel, (*element)->stream, (*element)->bytes});
            break;
        case psrp::ElementKind::Command:
            actions.emplace_back(psrp::OpenCommand{channel});
            break;
        case psrp::ElementKind::Signal:
            actions.emplace_back(psrp::SignalCommand{channel});
            break;
        case psrp::ElementKind::Close:
            if (channel.is_zero())
                actions.emplace_back(psrp::CloseSession{});
            else
                actions.emplace_back(psrp::CloseCommand{channel});
            break;
        default:
            FAIL("the client sent something else");
        }
    }
    return actions;
}

struct Seen {
    std::uint32_t type = 0;
    std::string text;
};

// Plays actions as a pool would give them, and collects the messages that come back.
class Player {
public:
    Player(tests::LocalEndpoint& endpoint, psrp::WinRmTransport& transport)
        : endpoint_(endpoint), transport_(transport)
    {
        endpoint_.loop().add(transport_);
    }
    ~Player() { endpoint_.loop().remove(transport_); }
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    void play(const std::vector<psrp::ClientAction>& actions)
    {
        for (const psrp::ClientAction& action : actions) {
            if (const auto* send = std::get_if<psrp::Send>(&action)) {
                until([&] {
                    return outstanding_.count(send->channel) == 0 && is_open(send->channel);
                });
                outstanding_.insert(send->channel);
            }
            if (const auto* signal = std::get_if<psrp::SignalCommand>(&action))
                until([&] { return outstanding_.count(signal->pipeline) == 0; });
            if (const auto* close = std::get_if<psrp::CloseCommand>(&action))
                until([&] { return ended_.count(close->pipeline) != 0; });
            if (std::holds_alternative<psrp::CloseSession>(action))
                until([&] { return open_commands_.empty(); });
            if (std::holds_alternative<psrp::OpenCommand>(action))
                until([&] { return outstanding_.count(psrp::session_channel) == 0; });
            if (const auto* open = std::get_if<psrp::OpenCommand>(&action))
                open_commands_[open->pipeline] = false;
            const auto performed = transport_.perform(action);
            if (!performed) FAIL(performed.error().text());
        }
        until([&] { return is_closed_; });
        transport_.close();
        until([&] { return transport_.is_finished(); });
    }

    std::vector<Seen> messages;

private:
    [[nodiscard]] bool is_open(const psrp::Guid& channel) const
    {
        if (channel.is_zero()) return true;
        const auto found = open_commands_.find(channel);
        return found != open_commands_.end() && found->second;
    }

    void until(const std::function<bool()>& done)
    {
        take_events();
        while (!done()) {
            endpoint_.turn();
            take_events();
        }
    }

    void take_events()
    {
        while (!is_closed_) {
            auto event = transport_.next_event();
            if (!event) FAIL(transport_.failure_text());
            if (!*event) return;
            if (auto* data = std::get_if<psrp::DataReceived>(&**event)) on_data(*data);
            if (auto* sent = std::get_if<psrp::DataAcknowledged>(&**event))
                outstanding_.erase(sent->channel);
            if (auto* opened = std::get_if<psrp::CommandOpened>(&**event))
                open_commands_[opened->pipeline] = true;
            if (auto* closed = std::get_if<psrp::ChannelClosed>(&**event)) {
                open_commands_.erase(closed->channel);
                is_closed_ = is_closed_ || closed->channel.is_zero();
            }
        }
    }

    void on_data(psrp::DataReceived& data)
    {
        auto& reassembler = reassemblers_[data.channel];
        REQUIRE(reassembler.receive(std::move(data.bytes)));
        while (true) {
            const auto object = reassembler.next();
            REQUIRE(object);
            if (!*object) return;
            const auto message = psrp::read_message((*object)->bytes);
            REQUIRE(message);
            messages.push_back({message->header.type, std::string(message->text)});
            const bool is_state = message->header.type ==
                                  static_cast<std::uint32_t>(psrp::MessageType::PipelineState);
            if (is_state && message->text.find("\"PipelineState\">2<") == std::string_view::npos)
                ended_.insert(data.channel);
        }
    }

    tests::LocalEndpoint& endpoint_;
    psrp::WinRmTransport& transport_;
    std::map<psrp::Guid, fragmenter::Reassembler> reassemblers_;
    std::set<psrp::Guid> outstanding_;
    std::map<psrp::Guid, bool> open_commands_;
    std::set<psrp::Guid> ended_;
    bool is_closed_ = false;
};

// The pool's identifier in the first message of the client.
psrp::Guid pool_of(const std::vector<psrp::ClientAction>& actions)
{
    constexpr std::size_t fragment_header_bytes = 21;
    const auto& first = std::get<psrp::Send>(actions.at(1)).bytes;
    const auto message = psrp::read_message(psrp::BytesView(first).subspan(fragment_header_bytes));
    REQUIRE(message);
    return message->header.runspace_pool_id;
}

std::vector<Seen> play_over_winrm(
    tests::LocalEndpoint& endpoint,
    const tests::Ways& ways,
    const tests::Way& way,
    const std::string& name
)
{
    const auto actions = recorded_actions(name);
    psrp::WinRmOptions options;
    options.ids = &endpoint.ids();
    options.exchange.url = endpoint.url(way.scheme);
    options.exchange.shell_id = pool_of(actions);
    options.exchange.protocol_version = {2, 3};
    options.requests.channel = ways.client(way);
    psrp::WinRmTransport transport(std::move(options));
    Player player(endpoint, transport);
    player.play(actions);
    return std::move(player.messages);
}

// What the endpoint answers without WinRM.
std::vector<Seen> play_directly(const std::string& name)
{
    std::istringstream log(tests::read_whole_file(tests::vector_path("psrp/" + name + ".log")));
    tests::ServedEndpoint endpoint;
    tests::RawClient client(endpoint.descriptor());
    for (std::string line; std::getline(log, line);) {
        if (line.substr(0, 2) != "C ") continue;
        const std::size_t at = line.find("PSGuid='");
        const auto channel = psrp::Guid::read(line.substr(at + 8, 36)).value_or(psrp::Guid{});
        if (line.substr(0, 8) == "C <Close" && !channel.is_zero()) {
            REQUIRE(client.read_until([&] { return client.has_state(channel); }));
        }
        client.write(line.substr(2) + "\n");
    }
    REQUIRE(client.read_until([&] {
        return client.has(psrp::ElementKind::CloseAck, psrp::session_channel);
    }));
    std::vector<Seen> messages;
    for (const auto& message : client.messages)
        messages.push_back({message.type, message.text});
    return messages;
}

// Which messages came; without the states of the pool, whose last ones nobody hears over WinRM.
std::vector<std::uint32_t> types_of(const std::vector<Seen>& messages)
{
    std::vector<std::uint32_t> types;
    constexpr auto pool_state = static_cast<std::uint32_t>(psrp::MessageType::RunspacePoolState);
    for (const Seen& message : messages) {
        if (message.type != pool_state) types.push_back(message.type);
    }
    std::stable_sort(types.begin(), types.end());
    return types;
}

std::vector<std::string> output_of(const std::vector<Seen>& messages)
{
    std::vector<std::string> output;
    for (const Seen& message : messages) {
        if (message.type == static_cast<std::uint32_t>(psrp::MessageType::PipelineOutput))
            output.push_back(message.text);
    }
    return output;
}

std::vector<std::string> recorded_output(const std::string& name)
{
    std::vector<std::string> output;
    for (const auto& one : tests::read_vector_file("psrp/" + name + ".messages.jsonl")) {
        if (one.text("dir") == "S" && one.text("type") == "0x00041004")
            output.push_back(one.text("data"));
    }
    return output;
}

// Scripts that the endpoint knows as a whole.
const std::set<std::string>& known_scripts()
{
    static const std::set<std::string> names{
        "hello",
        "arguments",
        "using",
        "input",
        "session-state",
        "large-output",
        "large-input",
        "no-new-scope",
        "many-objects",
        "two-pipelines"};
    return names;
}

// All recorded scenarios, but for those that ask somebody at a console.
std::vector<std::string> scenarios()
{
    const auto all =
        nlohmann::json::parse(tests::read_whole_file(tests::vector_path("psrp/scenarios.json")));
    std::vector<std::string> names;
    for (const auto& one : all) {
        const auto name = one.at("name").get<std::string>();
        if (name != "host-calls") names.push_back(name);
    }
    return names;
}

// Stacks of allocations cost AddressSanitizer most of its time here (see library_reports.cpp): with
// it each scenario goes one of the ways only, and each way is gone by some.
bool is_tried(std::size_t scenario, std::size_t way, std::size_t way_count)
{
#if defined(__SANITIZE_ADDRESS__)
    return scenario % way_count == way;
#else
    (void)scenario, (void)way, (void)way_count;
    return true;
#endif
}

} // namespace

TEST_CASE("recorded clients get over WinRM what they get without it")
{
    const tests::Ways ways;
    std::map<std::string, std::vector<Seen>> direct;
    for (const std::string& name : scenarios())
        direct[name] = play_directly(name);
    REQUIRE(direct.size() >= 23);
    const auto& all_ways = ways.all();
    for (std::size_t at = 0; at < all_ways.size(); ++at) {
        const tests::Way& way = all_ways[at];
        INFO(way.name);
        tests::LocalEndpoint endpoint(ways.server(way));
        std::size_t scenario = 0;
        for (const auto& [name, expected] : direct) {
            if (!is_tried(scenario++, at, all_ways.size())) continue;
            INFO(name);
            const auto seen = play_over_winrm(endpoint, ways, way, name);
            // How far a script came before it was stopped is chance, on either way.
            const auto compared_types = [&](const std::vector<Seen>& messages) {
                auto types = types_of(messages);
                constexpr auto output =
                    static_cast<std::uint32_t>(psrp::MessageType::PipelineOutput);
                if (name == "stop") std::erase(types, output);
                return types;
            };
            CHECK(compared_types(seen) == compared_types(expected));
            if (known_scripts().count(name) != 0) CHECK(output_of(seen) == recorded_output(name));
        }
        CHECK(endpoint.listener().shell_count() == 0);
    }
    if (!ways.missing().empty()) tests::report_skip(ways.missing());
}
