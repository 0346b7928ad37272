// Texts for --help and its like. The part about parameters is made of parameters.hpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace icm {

std::string help_text();
std::string session_help_text();
// The same for `psrp job`.
std::string job_help_text();
// That of `psrp test`.
std::string test_help_text();
std::string version_text();

// A text on one subject.
struct HelpTopic {
    std::string_view name;
    std::string_view about;
    std::string_view text;
};
std::span<const HelpTopic> help_topics();

// What `icm help TOPIC` prints; without a topic the list of them. Beside the topics there are
// `man`, `bash`, `zsh` and `fish`: the manual page and the completions, for those who install them.
std::optional<std::string> help_topic(std::string_view topic);

// The manual page icm(1).
std::string manual_page();

// `text` in lines of at most `width` columns, each behind `indent` blanks but the first.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);
// `text` as it has to be written in a manual page.
std::string manual_text(std::string_view text);

} // namespace icm
