// Invocation: what one Invoke-Command sends, as a CREATE_PIPELINE (fact sheet psrp 14).
#pragma once

#include <clixml/result.hpp>
#include <clixml/value.hpp>
#include <psrp/client/using_variables.hpp>
#include <psrp/protocol/messages/pipeline.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace psrp {

enum class HasInput { No, Yes };

// The text that goes to the server: with input, a block that is one simple pipeline of commands and
// never mentions $input gets `$input |` in front, behind its param block (psrp 14.6).
std::string script_with_input(std::string_view script);

// The request for a script with positional arguments (psrp 14.1 form B, 14.2, 14.3). Borrows
// `script` and what the arguments borrow. The
// pipeline uses the host of its pool.
CreatePipeline
invocation_request(std::string_view script, std::span<const Value> arguments, HasInput has_input);

// What Invoke-Command is called with, beside its script block.
struct InvocationOptions {
    std::span<const Value> arguments = {}; // -ArgumentList
    HasInput has_input = HasInput::No;
    // Where $using: variables come from; none: the script is sent as it is.
    VariableSource variables = nullptr;
    UsingForm using_form = UsingForm::ByKey;
    // Whether the server takes several statements (protocol 2.2).
    bool has_batches = true;
};

// The whole of Invoke-Command's construction: commands where the block is nothing else (psrp 14.1
// form A), else its text with input and $using: values made ready. -NoNewScope and -FilePath leave
// no trace on the wire. All of the request lives in `arena`, but for the arguments. Errors:
// ClientErrc::UsingUndefined, ClientErrc::UsingInvalid; nothing is to be sent then.
Result<CreatePipeline>
make_invocation(std::string_view script, const InvocationOptions& options, Arena& arena);

// Bytes of a script file that are read at most.
inline constexpr std::size_t script_file_bytes_max = std::size_t{16} << 20;

// The text of a script file (psrp 14.4): UTF-8 with or without byte order mark, or UTF-16 with one.
// Errors: ClientErrc::ScriptFileUnreadable.
Result<std::string> read_script_file(const std::filesystem::path& path);

} // namespace psrp
