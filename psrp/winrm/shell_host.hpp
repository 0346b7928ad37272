// One PowerShell shell of the listener: requests of its clients become actions for whoever runs the
// pipelines, behind a Transport of the out-of-process framing (fact sheet transports A4, B19).
#pragma once

#include <psrp/protocol/connect_answer.hpp>
#include <psrp/transport/transport.hpp>
#include <psrp/winrm/input_tracker.hpp>
#include <psrp/wsman/server_exchange.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace psrp {

// Add its transport() to the loop, and pump() it after each turn.
class ShellHost {
public:
    ShellHost(const Guid& shell, std::unique_ptr<Transport> transport)
        : shell_(shell), transport_(std::move(transport))
    {
    }

    void open();
    void on_data(wsman::ShellDataReceived data);
    void on_command(const Guid& pipeline);
    void on_signal(const Guid& pipeline);
    // The zero Guid: the whole shell, which is gone for the exchange.
    void on_close(const Guid& channel);
    void on_connect(BytesView request, wsman::ServerExchange& exchange, wsman::Time now);

    // Moves what has come from the server to the exchange, as long as that takes it.
    void pump(wsman::ServerExchange& exchange, wsman::Time now);
    // Lets the server go without waiting for it.
    void kill();

    [[nodiscard]] Transport& transport() { return *transport_; }
    // True once nothing is left of the server.
    [[nodiscard]] bool is_finished() const { return transport_->is_finished(); }

private:
    // A channel's data waits for its acknowledgement, and a command's for its channel.
    struct Channel {
        bool is_open = true;
        bool is_waiting = false; // for the acknowledgement of what was sent last
        std::deque<Send> queue;
        bool is_closing = false;
        InputTracker input = {}; // a command's
    };

    void send_next(Channel& channel);
    void end_inputs();
    void act(const ClientAction& action);
    void on_event(TransportEvent event, wsman::ServerExchange& exchange, wsman::Time now);
    void close_channels();

    Guid shell_;
    std::unique_ptr<Transport> transport_;
    std::map<Guid, Channel> channels_;
    ConnectAnswer connect_answer_;
    bool is_closed_ = false; // for the exchange
    bool has_closed_session_ = false;
    bool has_ended_ = false; // the server's side
};

} // namespace psrp
