// Completions for bash, zsh and fish, made of lists of options.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

// One option.
struct CompletionOption {
    std::string name;  // with its dashes
    std::string about; // one line
    std::string value; // what stands for its value; A|B|C: one of these; empty: a switch
};

// The options behind a subcommand; without a name, those of the program itself.
struct CompletionCommand {
    std::string name;
    std::string about;
    std::vector<CompletionOption> options;
};

std::string bash_completion(std::string_view program, std::span<const CompletionCommand> commands);
std::string zsh_completion(std::string_view program, std::span<const CompletionCommand> commands);
std::string fish_completion(std::string_view program, std::span<const CompletionCommand> commands);

// The options of icm.
std::vector<CompletionCommand> completion_words();
// Those that connection_options() takes, see options.hpp.
std::vector<CompletionOption> connection_completion_options();

} // namespace icm
