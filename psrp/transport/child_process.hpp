// A child program with pipes on its standard streams. It never outlives its object: the destructor
// ends and reaps it. POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace psrp {

// What becomes of a child's standard error.
enum class ErrorStream { Capture, Inherit, Discard };

// How a child is kept from the Ctrl-C that is meant for this program.
enum class InterruptShield {
    // A process group of its own. Ends with everything the child started; but the child cannot use
    // the terminal.
    OwnGroup,
    // SIGINT and SIGQUIT ignored, same group: the child may still prompt on the terminal, as ssh
    // does.
    IgnoredSignals,
};

// What becomes of a child whose parent is killed and cannot end it any more.
enum class ParentLoss {
    // It sees the end of its input.
    Ignore,
    // The system also sends it SIGTERM, on Linux: as soon as the thread that started it is gone.
    Terminate,
};

// A program to start.
struct ChildProgram {
    std::vector<std::string> arguments =
        {};                     // the program first: a path, or a name looked up on PATH
    std::string directory = {}; // where it starts; empty = here
    std::vector<std::pair<std::string, std::string>> environment =
        {}; // set beside what is inherited
    ErrorStream error_stream = ErrorStream::Capture;
    InterruptShield interrupt_shield = InterruptShield::OwnGroup;
    ParentLoss parent_loss = ParentLoss::Ignore;
};

// How a child ended: by exit code or by signal.
struct ExitStatus {
    int code = 0;   // of exit; 128 + signal where a signal ended it, as shells say it
    int signal = 0; // 0 = none

    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// The path of `program`: itself when it holds a slash, otherwise the first executable on PATH. The
// current directory is never searched, not even where PATH names it by an empty or relative entry.
// Nothing when there is none.
std::optional<std::string> find_program(std::string_view program);

// A running child. Move-only. The parent's ends of the pipes do not block and are not inherited by
// other children.
class ChildProcess {
public:
    // Errors: ProgramNotFound; the errno value of what failed, exec included.
    static Result<ChildProcess> start(const ChildProgram& program);

    ChildProcess() = default;
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ~ChildProcess() { kill_and_reap(); }

    // The parent's ends; closed ones have no number (-1).
    [[nodiscard]] int input() const { return input_.number(); }
    [[nodiscard]] int output() const { return output_.number(); }
    [[nodiscard]] int error_output() const { return error_output_.number(); }
    // Gives an end away; the number here is -1 afterwards.
    Descriptor take_input() { return std::move(input_); }
    Descriptor take_output() { return std::move(output_); }
    void close_input() { input_.reset(); }
    void close_output() { output_.reset(); }
    void close_error_output() { error_output_.reset(); }

    [[nodiscard]] pid_t id() const { return id_; }
    // True from start() until the child has been reaped.
    [[nodiscard]] bool is_running() const { return id_ > 0; }

    // Reaps the child if it has ended. Gives its status from then on, nothing before.
    std::optional<ExitStatus> poll_exit();

    // Asks the child (its group, where it has its own) to end: SIGTERM, or SIGKILL which cannot be
    // refused.
    void terminate();
    void kill();
    // kill(), then waits for the end, which is near. Harmless when it has ended.
    void kill_and_reap();

private:
    void send_signal(int number) const;

    Descriptor input_;
    Descriptor output_;
    Descriptor error_output_;
    pid_t id_ = 0;
    bool has_group_ = false;
    std::optional<ExitStatus> status_;
};

} // namespace psrp
