// Programs of this computer as commands: psrp serve --allow-native.
#include <psrp/server/commands/standard.hpp>
#include <psrp/transport/child_process.hpp>

#include <algorithm>
#include <array>
#include <poll.h>

namespace psrp::server {

namespace {

constexpr int stop_check_ms = 50;
// Input that the program has not read yet; then the commands in front wait.
constexpr std::size_t pending_input_max = std::size_t{64} << 10;
// A line that is longer comes in pieces.
constexpr std::size_t line_bytes_max = std::size_t{1} << 20;
constexpr std::size_t read_bytes_max = std::size_t{64} << 10;

// The path to start: what has a slash is seen from the session's location.
std::string program_of(const SessionState& session, const std::string& name)
{
    return name.find('/') == std::string::npos ? name : session.resolve(name);
}

// Cuts what comes from a program into lines.
class Lines {
public:
    void add(std::string_view bytes) { pending_ += bytes; }
    // Nothing where no line is whole yet; at the end, what is left is one.
    std::optional<std::string> next(bool at_end)
    {
        const std::size_t end = pending_.find('\n', searched_);
        const bool whole = end != std::string::npos;
        if (!whole && pending_.size() - begin_ < line_bytes_max &&
            (!at_end || begin_ == pending_.size())) {
            searched_ = pending_.size();
            if (begin_ != 0) forget();
            return std::nullopt;
        }
        const std::size_t last = std::min(whole ? end : pending_.size(), begin_ + line_bytes_max);
        std::string_view line(pending_.data() + begin_, last - begin_);
        if (last == end && line.ends_with('\r')) line.remove_suffix(1);
        std::string text = readable(line);
        begin_ = searched_ = last + (last == end ? 1 : 0);
        return text;
    }

private:
    void forget()
    {
        pending_.erase(0, begin_);
        searched_ -= begin_;
        begin_ = 0;
    }

    std::string pending_;
    std::size_t begin_ = 0;
    std::size_t searched_ = 0;
};

class NativeProgram final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        const std::string name = context.arguments().text("Name");
        ChildProgram program;
        program.arguments = context.arguments().texts("Words");
        program.arguments.insert(program.arguments.begin(), program_of(context.session(), name));
        program.directory = context.session().location();
        auto started = ChildProcess::start(program);
        if (!started) {
            Failure failure = runtime_failure(
                "Program '" + name + "' failed to run: " + started.error().text(),
                "NativeCommandFailed",
                ErrorCategory::ResourceUnavailable
            );
            failure.exception_type = "System.Management.Automation.ApplicationFailedException";
            return context.fail(std::move(failure));
        }
        child_ = std::move(*started);
        if (!context.has_input()) child_.close_input();
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        if (child_.input() < 0) return {}; // it reads no more
        input_.append(clixml::to_display_text(input) + '\n');
        while (child_.input() >= 0 && input_.pending_bytes() > pending_input_max)
            PSRP_CHECK(pump(context, stop_check_ms));
        return pump(context, 0);
    }

    Result<void> end(CommandContext& context) override
    {
        ended_ = true;
        while (child_.output() >= 0 || child_.error_output() >= 0)
            PSRP_CHECK(pump(context, stop_check_ms));
        auto status = child_.poll_exit();
        while (!status) {
            PSRP_CHECK(context.sleep(std::chrono::milliseconds(1)));
            status = child_.poll_exit();
        }
        context.session().set("LASTEXITCODE", Value::int32(status->code));
        return {};
    }

private:
    // Passes on what there is, waiting for it up to `wait_ms`.
    Result<void> pump(CommandContext& context, int wait_ms)
    {
        PSRP_CHECK(context.check_stop());
        if (child_.input() >= 0 && ended_ && input_.is_empty()) child_.close_input();
        std::array<pollfd, 3> entries{{
            {input_.is_empty() ? -1 : child_.input(), POLLOUT, 0},
            {child_.output(), POLLIN, 0},
            {child_.error_output(), POLLIN, 0},
        }};
        if (poll(entries.data(), entries.size(), wait_ms) <= 0) return {};
        if (entries[0].revents != 0) write_input();
        if (entries[1].revents != 0) {
            const bool at_end = read_from(child_.output(), output_);
            if (at_end) child_.close_output();
            while (const auto line = output_.next(at_end)) {
                PSRP_CHECK(context.emit(Value::string(context.arena(), *line)));
                context.forget_values();
            }
        }
        if (entries[2].revents != 0) {
            const bool at_end = read_from(child_.error_output(), errors_);
            if (at_end) child_.close_error_output();
            while (const auto line = errors_.next(at_end))
                PSRP_CHECK(write_error_line(context, *line));
        }
        return {};
    }

    // A program that reads no more has what it wants.
    void write_input()
    {
        if (input_.flush_to(child_.input())) return;
        input_.clear();
        child_.close_input();
    }

    // True at the end of what the program says there.
    static bool read_from(int descriptor, Lines& lines)
    {
        std::string bytes;
        const auto outcome = read_some(descriptor, read_bytes_max, bytes);
        lines.add(bytes);
        return !outcome || *outcome == ReadOutcome::End;
    }

    // As PowerShell tells standard error: the first line by another identifier than the others.
    Result<void> write_error_line(CommandContext& context, const std::string& line)
    {
        Failure failure = runtime_failure(
            line,
            has_error_ ? "NativeCommandErrorMessage" : "NativeCommandError",
            ErrorCategory::NotSpecified
        );
        has_error_ = true;
        failure.exception_type = "System.Management.Automation.RemoteException";
        failure.set_target(Value::string(line));
        return context.write_error(std::move(failure));
    }

    ChildProcess child_;
    OutputBuffer input_;
    bool ended_ = false;
    bool has_error_ = false;
    Lines output_;
    Lines errors_;
};

} // namespace

void allow_native_programs(CommandTable& table)
{
    CommandDefinition definition;
    definition.name = "NativeProgram";
    definition.accepts_input = true;
    definition.takes_words = true;
    definition.create = [] { return std::make_unique<NativeProgram>(); };
    table.set_fallback(std::move(definition), [](std::string_view name) {
        return name.find('/') != std::string_view::npos || find_program(name).has_value();
    });
}

} // namespace psrp::server
