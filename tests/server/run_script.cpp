#include <clixml/object.hpp>
#include <clixml/writer.hpp>
#include <tests/server/run_script.hpp>

namespace tests {

using psrp::Result;
using psrp::Value;

Result<void> RecordingStreams::write_output(Value value)
{
    output.push_back(clixml::clone(memory, value));
    return {};
}

Result<void> RecordingStreams::write_error(const psrp::ErrorRecord& record)
{
    error_ids.emplace_back(record.fully_qualified_error_id);
    errors.push_back(clixml::clone(memory, psrp::encode_error_record(record, memory)));
    return {};
}

Result<void> RecordingStreams::write_informational(const psrp::InformationalRecord& record)
{
    constexpr const char* names[] = {"DEBUG: ", "VERBOSE: ", "WARNING: "};
    messages.push_back(names[static_cast<std::size_t>(record.kind)] + std::string(record.message));
    return {};
}

Result<void> RecordingStreams::write_progress(const psrp::ProgressUpdate& record)
{
    messages.push_back("PROGRESS: " + std::string(record.activity));
    return {};
}

Result<void> RecordingStreams::write_information(const psrp::InformationRecord& record)
{
    messages.push_back("INFORMATION: " + clixml::to_display_text(record.message_data));
    return {};
}

Result<void> RecordingStreams::call_host(const psrp::HostCall& call)
{
    host_methods.push_back(call.method);
    return {};
}

Result<psrp::server::HostReply> RecordingStreams::ask_host(psrp::HostCall call)
{
    host_methods.push_back(call.method);
    if (host_answers.empty()) return clixml::failure(psrp::server::Errc::Stopped);
    psrp::server::HostReply reply{nullptr, host_answers.front()};
    host_answers.erase(host_answers.begin());
    return reply;
}

Result<std::optional<psrp::server::InputItem>> RecordingStreams::next_input()
{
    if (next_ == input.size()) return std::optional<psrp::server::InputItem>{};
    return std::optional(psrp::server::InputItem{nullptr, input[next_++]});
}

std::string ScriptRun::text() const
{
    std::string text;
    for (const Value value : streams->output) {
        text += value.is_nil() ? "<null>" : clixml::to_display_text(value);
        text += ';';
    }
    return text;
}

std::string ScriptRun::errors() const
{
    std::string text;
    for (const std::string& id : streams->error_ids)
        text += (text.empty() ? "" : " ") + id;
    if (result.record)
        text += (text.empty() ? "!" : " !") + std::string(result.record->fully_qualified_error_id);
    return text;
}

ScriptSession::ScriptSession() : commands(psrp::server::standard_commands()), state(limits) {}

ScriptRun ScriptSession::run(
    std::string_view script, std::vector<psrp::CommandArgument> arguments, std::vector<Value> input
)
{
    psrp::Command command;
    command.text = script;
    command.is_script = true;
    command.arguments = std::move(arguments);
    psrp::PowerShellCommands request;
    request.statements = {{command}};
    ScriptRun run;
    run.streams->input = std::move(input);
    psrp::server::Execution execution(state, commands, *run.streams, limits);
    run.result = execution.run(request, run.streams->input.empty());
    return run;
}

ScriptRun ScriptSession::run(const psrp::PowerShellCommands& request)
{
    ScriptRun run;
    psrp::server::Execution execution(state, commands, *run.streams, limits);
    run.result = execution.run(request, true);
    return run;
}

std::string clixml_text(Value value)
{
    std::string text;
    if (!clixml::write_value(value, clixml::message_options(), text)) text = "not written";
    return text;
}

} // namespace tests
