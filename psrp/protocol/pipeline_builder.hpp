// PipelineBuilder: puts a CREATE_PIPELINE together the way PowerShell's own API does (fact sheet
// psrp 6.7, 14.2; MS-PSRP 2.2.3.11-.13):
//   auto request = PipelineBuilder().command("Get-Item").parameter("-Path", path)
//                      .command("Sort-Object").statement().script("1 + 1").build();
#pragma once

#include <psrp/protocol/messages/pipeline.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace psrp {

// The streams of a command that can be redirected; All is the five of them.
enum class RedirectedStream : std::uint8_t { Error, Warning, Verbose, Debug, Information, All };

// What MergePreviousResults says where it says anything: the flags Error and Output. PowerShell
// 7.6.5 takes no other value there and ends the pipeline with an error line.
inline constexpr MergeTarget previous_errors = static_cast<MergeTarget>(3);

// Borrows every text and value it is given until the request has been used. What is out of order
// (a parameter before the first command) is reported by build().
class PipelineBuilder {
public:
    PipelineBuilder() { request_.power_shell.statements.emplace_back(); }

    // Adds a command by name, or a script, to the statement.
    PipelineBuilder& command(std::string_view name);
    PipelineBuilder& script(std::string_view text);
    // The next are about the command added last. A parameter's name is sent as it is given, with
    // or without its dash.
    PipelineBuilder& parameter(std::string_view name, Value value);
    // A switch as the command line writes it: `-Force`, without a value.
    PipelineBuilder& switch_parameter(std::string_view name);
    PipelineBuilder& argument(Value value);
    // Whether it runs in a scope of its own; the engine decides where nothing is said.
    PipelineBuilder& local_scope(bool is_local);
    // `2>&1` and the like: to MergeTarget::Output or MergeTarget::Null. Which servers can do it is
    // for ClientPool::start_pipeline() to say.
    PipelineBuilder& redirect(RedirectedStream stream, MergeTarget target);
    // Takes the errors that the commands before it have not redirected.
    PipelineBuilder& merge_previous_errors();

    // Begins another statement. Servers before 2.2 know only one.
    PipelineBuilder& statement();

    // Of the whole pipeline.
    PipelineBuilder& takes_input(bool takes_input);
    PipelineBuilder& nested(bool is_nested);
    PipelineBuilder& history(std::string_view text);
    PipelineBuilder& add_to_history(bool adds);
    PipelineBuilder& apartment_state(ApartmentState state);
    // Flags: 1 error, 2 warning, 4 debug, 8 verbose records carry where they were written.
    PipelineBuilder& invocation_info(std::int32_t flags);
    PipelineBuilder& host(const HostInfo& info);

    // Errc::EmptyPipeline for a statement without commands, Errc::EmptyParameterName,
    // Errc::InvalidArgument for what came before its command or cannot be redirected so.
    [[nodiscard]] Result<CreatePipeline> build() const;

private:
    Command* last();

    CreatePipeline request_;             // its last statement is the one that is added to
    std::optional<clixml::Error> error_; // the first
};

} // namespace psrp
