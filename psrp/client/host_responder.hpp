// HostResponder: answers what a server asks of our host (fact sheet psrp 10).
#pragma once

#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/messages/negotiation.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace psrp {

// Where host calls end up: text goes out, lines come in.
class HostConsole {
public:
    virtual ~HostConsole() = default;
    // Text exactly as given, line feeds included.
    virtual void write(std::string_view text) = 0;
    // Progress as one line for people.
    virtual void show_progress(const ProgressUpdate& progress) = 0;
    // Whether somebody is there to be asked.
    [[nodiscard]] virtual bool can_ask() const = 0;
    // A line that somebody types after `prompt`; nothing at the end of the input.
    virtual std::optional<std::string> ask(std::string_view prompt) = 0;
};

// The HostInfo that fits such a console: without somebody to ask there is no host at all, and the
// server refuses prompts by itself (psrp 10.4).
HostInfo host_info_for(const HostConsole& console);

// Carries out host calls. Not thread-safe.
class HostResponder {
public:
    // `console` is borrowed.
    explicit HostResponder(HostConsole& console) : console_(console) {}

    // Carries the call out. Gives the response to send where one is expected; its values live in
    // `arena`. Calls that this host cannot answer get an error.
    std::optional<HostResponse> respond(const HostCall& call, Arena& arena);

    // Exit code of the last SetShouldExit, which asks us to end the session.
    [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

private:
    void carry_out(const HostCall& call);
    std::optional<Value> answer(const HostCall& call, Arena& arena);
    std::optional<Value> prompt(const HostCall& call, Arena& arena);
    std::optional<Value> prompt_for_choice(const HostCall& call);

    HostConsole& console_;
    std::optional<int> exit_code_;
};

} // namespace psrp
