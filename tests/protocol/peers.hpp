// A client and a server that are open, each facing a peer written by hand.
#pragma once

#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/server_pool.hpp>
#include <tests/protocol/conversation.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tests {

extern const psrp::Guid pool_id;
extern const psrp::Guid pipeline_id;
extern const psrp::Guid pipeline_id2;

// A script pipeline without arguments.
psrp::CreatePipeline script(std::string_view text, bool no_input = true);

// The payload of APPLICATION_PRIVATE_DATA that says this protocol version.
std::string private_data_payload(std::string_view version, bool is_in_order = false);
// The payload of INIT_RUNSPACEPOOL.
std::string init_payload(int runspaces_min = 1, int runspaces_max = 1);
// The payload of CREATE_PIPELINE for script().
std::string create_payload(std::string_view text, bool no_input = true);
std::string capability_of(
    std::string_view protocol,
    std::string_view ps = "2.0",
    std::string_view serialization = "1.1.0.1"
);

// Our client and what it did; the peer speaks through say().
class Client {
public:
    explicit Client(const psrp::ClientPoolOptions& options = default_options());
    static psrp::ClientPoolOptions default_options();

    // Opens the pool with a server of this version.
    void open(std::string_view server_version = "2.4");
    psrp::Result<void>
    say(const psrp::Guid& channel, psrp::MessageType type, std::string_view payload);
    psrp::Result<void> say_number(
        const psrp::Guid& channel,
        std::uint32_t type,
        std::string_view payload,
        const psrp::Guid& rpid = pool_id,
        std::uint32_t destination = 1
    );
    // Takes every action as a prompt transport would, answering nothing of its own accord but sends
    // and openings.
    void pump();
    // "OpenSession", "Send", ... in order, Sends only as the messages they complete.
    std::vector<std::string> done;
    std::vector<psrp::ClientEvent> events;
    SentMessages sent;

    template <typename Event>
    std::vector<Event> events_of() const
    {
        std::vector<Event> found;
        for (const auto& event : events) {
            if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
        }
        return found;
    }

    psrp::ClientPool pool;

private:
    std::uint64_t object_id_ = 0;
};

// Our server and what it did; the peer speaks through say().
class Server {
public:
    explicit Server(const psrp::ServerPoolOptions& options = {});

    void open(int runspaces_max = 1, std::string_view client_version = "2.4");
    // Opens the command channel and sends CREATE_PIPELINE.
    psrp::Result<void> start(const psrp::Guid& id, bool no_input = true);
    psrp::Result<void>
    say(const psrp::Guid& channel,
        psrp::MessageType type,
        std::string_view payload,
        psrp::Stream stream = psrp::Stream::Default);
    psrp::Result<void> say_number(
        const psrp::Guid& channel,
        std::uint32_t type,
        std::string_view payload,
        const psrp::Guid& rpid = pool_id,
        const psrp::Guid& pid = {},
        std::uint32_t destination = 2,
        psrp::Stream stream = psrp::Stream::Default
    );
    void pump();
    // Messages by name, with their number for states ("PIPELINE_STATE 4"), and acknowledgements by
    // name.
    std::vector<std::string> done;
    std::vector<psrp::ServerEvent> events;
    SentMessages sent;

    template <typename Event>
    std::vector<Event> events_of() const
    {
        std::vector<Event> found;
        for (const auto& event : events) {
            if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
        }
        return found;
    }

    psrp::ServerPool pool;

private:
    std::uint64_t object_id_ = 0;
};

} // namespace tests
