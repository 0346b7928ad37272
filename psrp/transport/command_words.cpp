#include <psrp/transport/command_words.hpp>

namespace psrp {

std::optional<std::vector<std::string>> split_words(std::string_view text)
{
    std::vector<std::string> words;
    bool is_in_word = false;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (quote == '\0' && is_blank) {
            is_in_word = false;
            continue;
        }
        if (!is_in_word) words.emplace_back();
        is_in_word = true;
        if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        } else if (c == '\\' && quote != '\'') {
            if (++i == text.size()) return std::nullopt;
            // Between double quotes it stands for itself before most characters.
            if (quote == '"' && text[i] != '"' && text[i] != '\\') words.back() += c;
            words.back() += text[i];
        } else {
            words.back() += c;
        }
    }
    if (quote != '\0' || words.empty() || words.front().empty()) return std::nullopt;
    return words;
}

} // namespace psrp
