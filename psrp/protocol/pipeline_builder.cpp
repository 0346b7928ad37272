#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/pipeline_builder.hpp>

namespace psrp {
namespace {

clixml::Error misplaced(const char* expected)
{
    return {Errc::InvalidArgument, clixml::no_offset, expected};
}

} // namespace

Command* PipelineBuilder::last()
{
    auto& commands = request_.power_shell.statements.back();
    if (!commands.empty()) return &commands.back();
    if (!error_) error_ = misplaced("a command before its parameters");
    return nullptr;
}

PipelineBuilder& PipelineBuilder::command(std::string_view name)
{
    Command command;
    command.text = name;
    request_.power_shell.statements.back().push_back(std::move(command));
    return *this;
}

PipelineBuilder& PipelineBuilder::script(std::string_view text)
{
    command(text);
    request_.power_shell.statements.back().back().is_script = true;
    return *this;
}

PipelineBuilder& PipelineBuilder::parameter(std::string_view name, Value value)
{
    if (name.empty() && !error_)
        error_ = clixml::Error{Errc::EmptyParameterName, clixml::no_offset, ""};
    if (Command* command = last()) command->arguments.push_back({name, value});
    return *this;
}

PipelineBuilder& PipelineBuilder::switch_parameter(std::string_view name)
{
    return parameter(name, {});
}

PipelineBuilder& PipelineBuilder::argument(Value value)
{
    if (Command* command = last()) command->arguments.push_back({std::nullopt, value});
    return *this;
}

PipelineBuilder& PipelineBuilder::local_scope(bool is_local)
{
    if (Command* command = last()) command->use_local_scope = is_local;
    return *this;
}

// The two old properties go beside the new ones, for servers that know only them.
PipelineBuilder& PipelineBuilder::redirect(RedirectedStream stream, MergeTarget target)
{
    Command* command = last();
    if (command == nullptr) return *this;
    if (target != MergeTarget::Output && target != MergeTarget::Null) {
        if (!error_) error_ = misplaced("output or null to redirect to");
        return *this;
    }
    const bool is_all = stream == RedirectedStream::All;
    if (is_all || stream == RedirectedStream::Error) {
        command->merge_my_result = MergeTarget::Error;
        command->merge_to_result = target;
        command->merge_error = target;
    }
    if (is_all || stream == RedirectedStream::Warning) command->merge_warning = target;
    if (is_all || stream == RedirectedStream::Verbose) command->merge_verbose = target;
    if (is_all || stream == RedirectedStream::Debug) command->merge_debug = target;
    if (is_all || stream == RedirectedStream::Information) command->merge_information = target;
    return *this;
}

PipelineBuilder& PipelineBuilder::merge_previous_errors()
{
    if (Command* command = last()) command->merge_previous_results = previous_errors;
    return *this;
}

PipelineBuilder& PipelineBuilder::statement()
{
    request_.power_shell.statements.emplace_back();
    return *this;
}

PipelineBuilder& PipelineBuilder::takes_input(bool takes_input)
{
    request_.no_input = !takes_input;
    return *this;
}

PipelineBuilder& PipelineBuilder::nested(bool is_nested)
{
    request_.is_nested = is_nested;
    request_.power_shell.is_nested = is_nested;
    return *this;
}

PipelineBuilder& PipelineBuilder::history(std::string_view text)
{
    request_.power_shell.history = text;
    return *this;
}

PipelineBuilder& PipelineBuilder::add_to_history(bool adds)
{
    request_.add_to_history = adds;
    return *this;
}

PipelineBuilder& PipelineBuilder::apartment_state(ApartmentState state)
{
    request_.apartment_state = state;
    return *this;
}

PipelineBuilder& PipelineBuilder::invocation_info(std::int32_t flags)
{
    request_.remote_stream_options = flags;
    return *this;
}

PipelineBuilder& PipelineBuilder::host(const HostInfo& info)
{
    request_.host_info = info;
    return *this;
}

Result<CreatePipeline> PipelineBuilder::build() const
{
    if (error_) return tl::unexpected<clixml::Error>(*error_);
    for (const auto& statement : request_.power_shell.statements) {
        if (statement.empty()) return clixml::failure(Errc::EmptyPipeline);
    }
    return request_;
}

} // namespace psrp
