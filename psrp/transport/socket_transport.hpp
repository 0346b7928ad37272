// A server that listens on a Unix socket: a running PowerShell process, or `psrp serve --socket`
// (fact sheet transports A6, A10). POSIX.
#pragma once

#include <psrp/transport/outofproc_transport.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

// Whose processes may listen at the other end.
enum class SocketOwner {
    Anybody,
    // Only our own user's, as PowerShell wants it of its pipes: anybody can make a socket in the
    // folder of temporary files.
    CurrentUser,
};

// How a socket is reached.
struct SocketOptions {
    std::string path = {};
    // How long to try again while nobody listens, or the queue of those that wait is full.
    // PowerShell's own is 60 s; zero tries once.
    std::chrono::milliseconds connect_wait{60'000};
    std::chrono::milliseconds retry_interval{100};
    SocketOwner owner = SocketOwner::Anybody;
    OutOfProcTransportLimits limits = {};
};

// A Transport over a stream socket. Actions may be performed while it still tries to connect. A
// server that hangs up without a word has not been reached yet: PowerShell closes its pipe between
// two clients, and with it whoever waits there.
class SocketTransport final : public OutOfProcTransport {
public:
    // Starts connecting. Errors: SocketPathTooLong; those of connecting that another try cannot
    // mend, as the errno value; WrongSocketOwner.
    static Result<std::unique_ptr<SocketTransport>> start(SocketOptions options);

    void kill() override;
    [[nodiscard]] bool is_finished() const override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override { return retry_at_; }
    void on_readable(int descriptor) override;
    void on_deadline(Clock::time_point now) override;

private:
    explicit SocketTransport(SocketOptions options);

    [[nodiscard]] bool is_connecting() const override { return retry_at_.has_value(); }
    void on_output_text(std::string_view text) override;
    void on_input_end() override;
    // True once connected, false where another try may help.
    Result<bool> try_to_connect();
    Result<void> adopt(Descriptor socket);

    SocketOptions options_;
    std::optional<Clock::time_point> retry_at_;
    Clock::time_point give_up_at_;
    bool has_answered_ = false;
    std::string unanswered_; // all that was to be written until the server answers
};

} // namespace psrp
