// Wildcards (-like) and regular expressions (-match) over WTF-8 text. Both take time linear in the
// text: a client's pattern cannot make them explode.
#pragma once

#include <psrp/server/streams.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// Whether `text` as a whole fits the wildcard: * ? [abc] [a-z], a backtick before what is meant
// literally.
bool matches_wildcard(std::string_view pattern, std::string_view text, bool case_sensitive = false);
// Whether a pattern has any of * ? [.
bool has_wildcard(std::string_view pattern);

// A compiled regular expression: literals, . [classes] \d\w\s\b and their opposites, anchors,
// groups, alternation, greedy and lazy * + ? {n,m}. No look-around and no back references.
class Regex {
public:
    static constexpr std::size_t groups_max = 10;         // with the whole match
    static constexpr std::size_t instructions_max = 4096; // of one compiled pattern
    static constexpr std::size_t depth_max = 64;          // of groups in groups

    // Offsets of the groups; npos where a group took no part. Group 0 is the whole match.
    struct Match {
        std::array<std::size_t, groups_max * 2> at{};
        std::size_t group_count = 1;
        [[nodiscard]] std::optional<std::string_view>
        group(std::string_view text, std::size_t index) const;
    };

    // Nothing where the pattern is malformed, too big or uses what is not implemented.
    static std::optional<Regex> compile(std::string_view pattern, bool case_sensitive);

    // The first match that starts at `from` or later. Ends without a match when `stop` is raised;
    // `stop` may be null.
    [[nodiscard]] std::optional<Match>
    find(std::string_view text, std::size_t from, const StopSignal* stop) const;

private:
    friend class RegexCompiler;
    enum class Code : std::uint8_t {
        Character,
        Any,
        Class,
        Split,
        Jump,
        Save,
        LineStart,
        TextEnd,
        Word,
        NoWord,
        Match
    };
    struct Range {
        std::uint32_t first;
        std::uint32_t last;
    };
    struct CharacterClass {
        std::vector<Range> ranges;
        bool negated = false;
    };
    struct Instruction {
        Code code;
        std::uint32_t x = 0; // character, class, first branch, slot
        std::uint32_t y = 0; // second branch
    };
    struct Thread;
    struct Run;

    std::vector<Instruction> program_;
    std::vector<CharacterClass> classes_;
    std::size_t group_count_ = 1;
    bool case_sensitive_ = false;
};

} // namespace psrp::server
