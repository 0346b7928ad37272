// Completion of what is typed at a prompt: commands, parameters, variables, paths.
#pragma once

#include <psrp/server/command.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

struct CompletionMatch {
    std::string text;      // takes the place of what was typed
    std::string label;     // for a list
    std::string_view kind; // a CompletionResultType: Command, ParameterName, Variable, ...
};

// What may stand for text[start, start + length).
struct Completion {
    std::size_t start = 0;
    std::size_t length = 0;
    std::vector<CompletionMatch> matches; // sorted, at most completion_matches_max
};

inline constexpr std::size_t completion_matches_max = 1000;

// Completes the word of `text` that ends at the byte `cursor`. Reads the folder of a path.
Completion complete(
    std::string_view text,
    std::size_t cursor,
    const CommandTable& commands,
    const SessionState& session
);

} // namespace psrp::server
