// A served endpoint on a socket pair, and two clients for it: one that plays recorded lines, one
// with a real client pool.
#pragma once

#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/outofproc_client.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tests {

// serve_on() on a thread; joined by finish() or the destructor, which hang up first.
class ServedEndpoint {
public:
    // `send_buffer_bytes`: asked for the server's end of the pair; 0 leaves what the system gives.
    explicit ServedEndpoint(psrp::server::ServeOptions options = {}, int send_buffer_bytes = 0);
    ~ServedEndpoint();
    ServedEndpoint(const ServedEndpoint&) = delete;
    ServedEndpoint& operator=(const ServedEndpoint&) = delete;

    // The client's end of the socket pair.
    [[nodiscard]] int descriptor() const { return client_; }
    // Ends the server's input and waits for it.
    psrp::server::ServeOutcome finish();

private:
    int client_ = -1;
    int server_ = -1;
    psrp::server::ServeOutcome outcome_;
    std::thread thread_;
};

// A message as it came from the server.
struct ServerMessage {
    psrp::Guid channel;
    std::uint32_t type = 0;
    std::string text;
};

// Writes lines and takes the server's apart.
class RawClient {
public:
    explicit RawClient(int descriptor) : descriptor_(descriptor) {}

    void write(std::string_view text);
    // Reads until `done` or the end of the stream; false at the end.
    bool read_until(const std::function<bool()>& done);
    [[nodiscard]] bool has(psrp::ElementKind kind, const psrp::Guid& channel) const;
    [[nodiscard]] bool has_state(const psrp::Guid& pipeline) const;

    std::vector<psrp::Element> elements; // without their data
    std::vector<ServerMessage> messages;
    std::vector<std::string> other_lines;

private:
    void on_line(std::string_view line);

    int descriptor_;
    std::string pending_;
    std::map<psrp::Guid, fragmenter::Reassembler> reassemblers_;
};

// What came of one pipeline.
struct PipelineRun {
    std::vector<std::string> output; // CLIXML
    std::vector<std::string> errors; // identifiers
    std::vector<std::int32_t> host_methods;
    std::optional<psrp::PipelineState> state;
    std::string failure_id;
};

// A client pool on the descriptor. Every call waits for what it asks for.
class PoolClient {
public:
    explicit PoolClient(int descriptor, bool has_host = false);

    bool open();
    // The version table that the server gave; null before open().
    [[nodiscard]] psrp::Value private_data() const { return private_data_; }
    // Starts a script; input follows by hand where `no_input` is false.
    psrp::Guid start(std::string_view script, bool no_input = true);
    psrp::ClientPool& pool() { return pool_; }
    PipelineRun& run_of(const psrp::Guid& pipeline) { return runs_[pipeline]; }
    // Runs the loop until `done`; false where the connection ended first.
    bool wait(const std::function<bool()>& done);
    PipelineRun run(std::string_view script);
    bool close();

private:
    void on_event(psrp::ClientEvent& event);
    void on_transport(psrp::TransportEvent& event);
    bool step();

    int descriptor_;
    psrp::ClientPool pool_;
    psrp::OutOfProcClient framing_;
    std::map<psrp::Guid, PipelineRun> runs_;
    psrp::Memory memory_;
    psrp::Value private_data_;
    std::uint8_t next_id_ = 1;
    bool is_open_ = false;
    bool is_closed_ = false;
};

} // namespace tests
