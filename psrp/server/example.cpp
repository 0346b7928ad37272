// An endpoint of one's own: two C++ functions as commands, served on standard input and output.
#include <psrp/server/server_session.hpp>

#include <chrono>
#include <unistd.h>

using namespace psrp::server;

namespace {

// Takes the parameter or each object of the pipeline; what is no number is an error record.
Result<void> get_square(CommandContext& context, Value input)
{
    const Value number = context.has_input() ? input : context.arguments().value("Number");
    if (number.is_nil()) return {};
    const auto integer = number.as<std::int64_t>();
    if (!integer || *integer > INT32_MAX || *integer < INT32_MIN) {
        Failure failure = runtime_failure(
            "Only 32-bit integers have a square here.",
            "NoInteger",
            psrp::ErrorCategory::InvalidData
        );
        failure.set_target(number);
        return context.write_error(std::move(failure));
    }
    return context.emit(Value::int64(*integer * *integer));
}

// Shows progress, and ends at once when the client stops the pipeline.
Result<void> invoke_countdown(CommandContext& context, Value)
{
    const auto from = static_cast<std::int32_t>(context.arguments().integer("From", 3));
    for (std::int32_t left = from; left > 0; --left) {
        psrp::ProgressUpdate progress;
        progress.activity = "Countdown";
        progress.percent_complete = 100 * (from - left) / from;
        PSRP_CHECK(context.write_progress(progress));
        PSRP_CHECK(context.emit(Value::int32(left)));
        PSRP_CHECK(context.sleep(std::chrono::milliseconds(10)));
    }
    return {};
}

} // namespace

int main()
{
    CommandTable commands = standard_commands();
    auto square =
        make_function_command("Get-Square", {{"Number", ParameterType::Any, 0}}, get_square);
    square.accepts_input = true;
    auto countdown = make_function_command(
        "Invoke-Countdown", {{"From", ParameterType::Int32, 0}}, invoke_countdown
    );
    if (!commands.add(std::move(square)) || !commands.add(std::move(countdown))) return 1;
    ServeOptions options;
    options.commands = &commands;
    return serve_on(STDIN_FILENO, STDOUT_FILENO, options).exit_code;
}
