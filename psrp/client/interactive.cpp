#include <clixml/utf.hpp>
#include <psrp/client/interactive.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/protocol/pipeline_builder.hpp>

#include <utility>

namespace psrp {

namespace {

// Numbers and texts only: they arrive whole whatever the depth of serialization.
constexpr std::string_view completion_script =
    "param($line, $cursor)\n"
    "$found = TabExpansion2 -inputScript $line -cursorColumn $cursor\n"
    "$found.ReplacementIndex\n"
    "$found.ReplacementLength\n"
    "foreach ($match in $found.CompletionMatches) { $match.CompletionText }\n";

} // namespace

Result<CreatePipeline>
make_interactive_request(std::string_view line, bool has_batches, Arena& arena)
{
    InvocationOptions options;
    options.has_batches = has_batches;
    PSRP_TRY(auto request, make_invocation(line, options, arena));
    for (auto& statement : request.power_shell.statements) {
        // The two old properties go beside the new one, for servers that know only them.
        Command& first = statement.front();
        first.merge_my_result = MergeTarget::Error;
        first.merge_to_result = MergeTarget::Output;
        first.merge_error = MergeTarget::Output;
        Command last;
        last.text = "Out-Default";
        last.use_local_scope = true;
        last.merge_previous_results = previous_errors;
        statement.push_back(std::move(last));
    }
    request.power_shell.history = arena.copy(line);
    request.add_to_history = true;
    return request;
}

CreatePipeline prompt_request()
{
    CreatePipeline request = invocation_request("prompt", {}, HasInput::No);
    request.power_shell.statements[0][0].is_script = false;
    request.add_to_history = false;
    return request;
}

CreatePipeline completion_request(std::string_view line, std::size_t cursor, Arena& arena)
{
    const auto units = static_cast<std::int32_t>(clixml::utf16_length(line.substr(0, cursor)));
    const Value arguments[] = {Value::string(arena, line), Value::int32(units)};
    CreatePipeline request = invocation_request(completion_script, arguments, HasInput::No);
    request.add_to_history = false;
    return request;
}

std::size_t utf8_offset_of(std::string_view text, std::int64_t units)
{
    std::size_t at = 0;
    while (at < text.size() && units > 0)
        units -= clixml::next_code_point(text, at) > 0xFFFF ? 2 : 1;
    return at;
}

} // namespace psrp
