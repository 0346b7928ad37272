#include <psrp/transport/errors.hpp>
#include <psrp/transport/loopback_transport.hpp>

#include <utility>

namespace psrp {

LoopbackTransport::LoopbackTransport(
    std::function<void(BytesView)> write_to_peer, OutOfProcClientLimits limits
)
    : client_(limits), write_to_peer_(std::move(write_to_peer))
{
}

void LoopbackTransport::deliver(BytesView bytes)
{
    client_.receive(bytes);
}

void LoopbackTransport::deliver_end()
{
    client_.receive_end();
}

Result<void> LoopbackTransport::perform(const ClientAction& action)
{
    if (!write_to_peer_) {
        return clixml::failure(
            TransportErrc::ActionNotAllowed, clixml::no_offset, "the transport is closed"
        );
    }
    PSRP_CHECK(client_.perform(action));
    const std::string text = client_.take_output();
    // A copy survives a peer that closes this transport from within the call.
    const std::function<void(BytesView)> write = write_to_peer_;
    if (!text.empty()) write(clixml::bytes_of(text));
    return {};
}

Result<std::optional<TransportEvent>> LoopbackTransport::next_event()
{
    auto event = client_.next_event();
    if (!event) error_ = event.error();
    return event;
}

void LoopbackTransport::close()
{
    write_to_peer_ = nullptr;
    client_.receive_end();
}

void LoopbackTransport::kill()
{
    close();
}

std::string LoopbackTransport::failure_text() const
{
    if (!error_) return {};
    std::string text = error_->text();
    if (!client_.offending_line().empty()) text += ": " + client_.offending_line();
    return text;
}

} // namespace psrp
