// Host: who carries out what a server asks for, in three implementations: a console, one that
// refuses everything, and one that follows a script (fact sheet psrp 10).
#pragma once

#include <clixml/reader.hpp>
#include <psrp/protocol/host_values.hpp>
#include <psrp/protocol/messages/negotiation.hpp>

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// Carries out calls whose parameters have been decoded and made safe (host_safety.hpp).
class Host {
public:
    virtual ~Host() = default;
    // What the server is told about this host when the session opens.
    [[nodiscard]] virtual HostInfo host_info() const = 0;
    // Carries out `method`. Gives its result: null for void methods and where null is the answer.
    // Error: ClientErrc::HostRefused for what this host cannot or will not do. Values of the
    // result live in `arena`.
    virtual Result<HostValue>
    call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena) = 0;
};

// Where a console's calls end up: text goes out, lines come in.
class HostConsole {
public:
    virtual ~HostConsole() = default;
    // Text exactly as given, line feeds included.
    virtual void write(std::string_view text) = 0;
    // Progress as one line for people.
    virtual void show_progress(const ProgressUpdate& progress) = 0;
    // Whether somebody is there to be asked.
    [[nodiscard]] virtual bool can_ask() const = 0;
    // Whether what is written is shown to anybody. Without that there is no host at all: the server
    // refuses prompts by itself, and says nothing twice.
    [[nodiscard]] virtual bool is_watched() const { return true; }
    // How large the screen is; nothing where there is none.
    [[nodiscard]] virtual std::optional<Size> screen() const { return std::nullopt; }
    // A line that somebody types after `prompt`; nothing at the end of the input.
    virtual std::optional<std::string> ask(std::string_view prompt) = 0;
    // The same without showing what is typed. The caller wipes it.
    virtual std::optional<std::string> ask_secret(std::string_view prompt) = 0;
};

// Writes to a console and asks whoever sits at it. Without anybody it refuses every question.
class ConsoleHost final : public Host {
public:
    // `console` is borrowed.
    explicit ConsoleHost(HostConsole& console) : console_(console) {}

    [[nodiscard]] HostInfo host_info() const override;
    Result<HostValue>
    call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena) override;

private:
    bool write(HostMethodId method, std::span<const HostValue> parameters);
    Result<HostValue> ask_line(Arena& arena);
    Result<HostValue> ask_secret(std::string_view prompt, Arena& arena);
    Result<HostValue> ask_credential(std::string_view user, std::string_view prompt, Arena& arena);
    Result<HostValue> ask_fields(std::span<const HostValue> parameters, Arena& arena);
    Result<Value> ask_field(const FieldDescription& field, Arena& arena);
    Result<HostValue> ask_choice(std::span<const HostValue> parameters);
    Result<HostValue> ask_choices(std::span<const HostValue> parameters);
    void write_heading(std::span<const HostValue> parameters);

    HostConsole& console_;
};

// Refuses everything: for programs that nobody watches. The server is told that there is no host.
class RefusingHost final : public Host {
public:
    [[nodiscard]] HostInfo host_info() const override { return {}; }
    Result<HostValue>
    call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena) override;
};

// Answers from a list, for tests and for programs that know what they will be asked. Each call of
// a method that returns something takes the first answer for it; without one it is refused. All
// calls are kept.
class ScriptedHost final : public Host {
public:
    struct Call {
        HostMethodId method;
        clixml::OwnedValue parameters; // a list
    };

    // `result` is copied.
    void answer(HostMethodId method, const HostValue& result);
    [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }

    [[nodiscard]] HostInfo host_info() const override;
    Result<HostValue>
    call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena) override;

private:
    struct Answer {
        HostMethodId method;
        clixml::OwnedValue result;
    };
    std::deque<Answer> answers_;
    std::vector<Call> calls_;
};

} // namespace psrp
