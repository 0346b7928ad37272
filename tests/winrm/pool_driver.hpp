// A runspace pool on a WinRmTransport, in the loop of a LocalEndpoint.
#pragma once

#include <psrp/protocol/client_pool.hpp>
#include <psrp/winrm/winrm_transport.hpp>
#include <tests/winrm/endpoint.hpp>

#include <map>
#include <string>
#include <vector>

namespace tests {

class PoolDriver {
public:
    // `options` need a channel; the rest is filled in. `url` may lead over a relay.
    PoolDriver(LocalEndpoint& endpoint, const std::string& url, psrp::WinRmOptions options);
    ~PoolDriver();
    PoolDriver(const PoolDriver&) = delete;
    PoolDriver& operator=(const PoolDriver&) = delete;

    void open();
    // The session of another driver, which has left it, and one of its pipelines.
    void connect();
    // Starts a script and gives its pipeline.
    psrp::Guid start(const std::string& script, bool has_input = false);
    void write(const psrp::Guid& pipeline, const std::string& text);
    // Starts a script, waits for its end and gives its output, or its state.
    std::string run(const std::string& script);
    void wait(const psrp::Guid& pipeline);
    void leave();
    void come_back();
    void close();

    // Turns the loop until `done` says so, or nothing can come any more: the pool is over, or was
    // disconnected by itself.
    template <typename Done>
    void until(Done done)
    {
        move();
        while (!done() && !is_over()) {
            endpoint_.turn();
            move();
        }
    }
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] psrp::RunspacePoolState state() const { return pool_.state(); }
    [[nodiscard]] psrp::ClientPool& pool() { return pool_; }
    [[nodiscard]] psrp::WinRmTransport& transport() { return transport_; }
    // What is wrong: the name of the error, and the words for people.
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }

    std::map<psrp::Guid, std::vector<std::string>> output; // by pipeline
    std::map<psrp::Guid, psrp::PipelineState> finished;
    std::vector<std::string> lines; // of the transport

private:
    void move();
    void take(psrp::TransportEvent& event);
    void take(psrp::ClientEvent& event);

    LocalEndpoint& endpoint_;
    psrp::ClientPool pool_;
    psrp::WinRmTransport transport_;
    bool is_lost_ = false;
    bool wants_to_leave_ = false;
    bool was_left_ = false; // without having been asked
    std::string error_;
    std::string reason_;
};

} // namespace tests
