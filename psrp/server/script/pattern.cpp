#include <clixml/utf.hpp>
#include <psrp/server/script/pattern.hpp>

#include <algorithm>

namespace psrp::server {

namespace {

std::uint32_t folded(std::uint32_t c)
{
    if (c >= 'a' && c <= 'z') return c - 'a' + 'A';
    if (c < 0x80) return c;
    std::string text;
    clixml::append_code_unit(c, text);
    const std::string upper = clixml::fold_case(text);
    std::size_t at = 0;
    return clixml::next_code_point(upper, at);
}

bool is_word(std::uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}

std::vector<std::uint32_t> code_points(std::string_view text, bool fold)
{
    std::vector<std::uint32_t> result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::uint32_t c = clixml::next_code_point(text, at);
        result.push_back(fold ? folded(c) : c);
    }
    return result;
}

// One step of a wildcard at pattern[p]: moves p behind it and says whether it takes `c`.
bool wildcard_takes(const std::vector<std::uint32_t>& pattern, std::size_t& p, std::uint32_t c)
{
    const std::uint32_t first = pattern[p++];
    if (first == '?') return true;
    if (first == '`' && p < pattern.size()) return pattern[p++] == c;
    if (first != '[') return first == c;
    const auto closing = std::find(
        pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(), std::uint32_t{']'}
    );
    if (closing == pattern.end()) return c == '[';
    bool taken = false;
    const auto end = static_cast<std::size_t>(closing - pattern.begin());
    while (p < end) {
        const std::uint32_t low = pattern[p++];
        std::uint32_t high = low;
        if (p + 1 < end && pattern[p] == '-') {
            high = pattern[p + 1];
            p += 2;
        }
        taken = taken || (c >= low && c <= high);
    }
    p = end + 1;
    return taken;
}

} // namespace

bool has_wildcard(std::string_view pattern)
{
    return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool matches_wildcard(std::string_view pattern_text, std::string_view text, bool case_sensitive)
{
    const auto pattern = code_points(pattern_text, !case_sensitive);
    const auto subject = code_points(text, !case_sensitive);
    std::size_t p = 0;
    std::size_t s = 0;
    std::size_t star =
        std::string_view::npos; // behind the last * seen, and where it started to take
    std::size_t star_at = 0;
    while (s < subject.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            star_at = s;
            continue;
        }
        std::size_t next = p;
        if (p < pattern.size() && wildcard_takes(pattern, next, subject[s])) {
            p = next;
            ++s;
        } else if (star != std::string_view::npos) {
            p = star;
            s = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

// Recursive descent over the pattern; emits code for each part right where it stands.
class RegexCompiler {
public:
    RegexCompiler(std::string_view pattern, Regex& into) : into_(into)
    {
        for (std::size_t at = 0; at < pattern.size();)
            pattern_.push_back(clixml::next_code_point(pattern, at));
    }

    bool compile()
    {
        emit(Regex::Code::Save, 0);
        if (!alternatives(0) || at_ != pattern_.size()) return false;
        emit(Regex::Code::Save, 1);
        emit(Regex::Code::Match);
        return into_.program_.size() <= Regex::instructions_max;
    }

private:
    using Code = Regex::Code;

    [[nodiscard]] std::uint32_t peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : 0;
    }
    [[nodiscard]] bool at_end() const { return at_ >= pattern_.size(); }
    std::size_t emit(Code code, std::size_t x = 0, std::size_t y = 0)
    {
        into_.program_.push_back(
            {code, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y)}
        );
        return into_.program_.size() - 1;
    }
    [[nodiscard]] std::size_t size() const { return into_.program_.size(); }

    // Room for one instruction at `begin`: targets behind it move on.
    void insert(std::size_t begin)
    {
        auto& program = into_.program_;
        program.insert(
            program.begin() + static_cast<std::ptrdiff_t>(begin),
            Regex::Instruction{Code::Jump, 0, 0}
        );
        for (std::size_t i = begin + 1; i < program.size(); ++i) {
            if (program[i].code != Code::Split && program[i].code != Code::Jump) continue;
            if (program[i].x >= begin) ++program[i].x;
            if (program[i].code == Code::Split && program[i].y >= begin) ++program[i].y;
        }
    }

    bool alternatives(std::size_t depth)
    {
        if (depth > Regex::depth_max) return false;
        const std::size_t begin = size();
        if (!sequence(depth)) return false;
        if (peek() != '|' || at_end()) return true;
        ++at_;
        insert(begin);
        const std::size_t jump = emit(Code::Jump);
        into_.program_[begin] = {
            Code::Split, static_cast<std::uint32_t>(begin + 1), static_cast<std::uint32_t>(size())};
        if (!alternatives(depth + 1)) return false;
        into_.program_[jump].x = static_cast<std::uint32_t>(size());
        return true;
    }

    bool sequence(std::size_t depth)
    {
        while (!at_end() && peek() != '|' && peek() != ')') {
            const std::size_t begin = size();
            const std::size_t source = at_;
            const std::size_t groups = into_.group_count_;
            if (!atom(depth)) return false;
            if (!quantifier(begin, source, groups, depth)) return false;
            if (size() > Regex::instructions_max) return false;
        }
        return true;
    }

    bool quantifier(std::size_t begin, std::size_t source, std::size_t groups, std::size_t depth)
    {
        std::size_t least = 1;
        std::size_t most = 1; // 0: without end
        const std::uint32_t c = at_end() ? 0 : peek();
        if (c == '*' || c == '+' || c == '?') {
            ++at_;
            least = c == '+' ? 1 : 0;
            most = c == '?' ? 1 : 0;
        } else if (c == '{' && peek(1) >= '0' && peek(1) <= '9') {
            ++at_;
            if (!count(least)) return false;
            most = least;
            if (peek() == ',') {
                ++at_;
                most = 0;
                if (peek() != '}' && (!count(most) || most < least)) return false;
            }
            if (peek() != '}') return false;
            ++at_;
            if (most == 0 && least == 0 && pattern_[at_ - 2] != ',') { // {0}
                into_.program_.resize(begin);
                return true;
            }
        } else {
            return true;
        }
        const bool lazy = !at_end() && peek() == '?';
        if (lazy) ++at_;
        const std::size_t behind = at_;
        // The atom is there once; further copies are made by reading its source again.
        const auto again = [&] {
            at_ = source;
            into_.group_count_ = groups;
            return atom(depth);
        };
        std::size_t last = begin;
        for (std::size_t i = 1; i < least; ++i) {
            last = size();
            if (!again() || size() > Regex::instructions_max) return false;
        }
        if (most == 0) {
            repeat(last, least > 0, lazy);
        } else if (!options(begin, least, most, lazy, again)) {
            return false;
        }
        at_ = behind;
        return true;
    }

    // Makes the atom from `begin` on repeat: once or more, or not at all or more.
    void repeat(std::size_t begin, bool at_least_once, bool lazy)
    {
        if (at_least_once) {
            const std::size_t split = emit(Code::Split);
            branch(split, begin, split + 1, lazy);
        } else {
            insert(begin);
            emit(Code::Jump, begin);
            branch(begin, begin + 1, size(), lazy);
            into_.program_[begin].code = Code::Split;
        }
    }

    template <typename Again>
    bool options(std::size_t begin, std::size_t least, std::size_t most, bool lazy, Again again)
    {
        std::vector<std::size_t> splits;
        std::size_t made = least;
        if (least == 0) {
            insert(begin);
            into_.program_[begin].code = Code::Split;
            splits.push_back(begin);
            made = 1;
        }
        for (; made < most; ++made) {
            splits.push_back(emit(Code::Split));
            if (!again() || size() > Regex::instructions_max) return false;
        }
        for (const std::size_t split : splits)
            branch(split, split + 1, size(), lazy);
        return true;
    }

    void branch(std::size_t at, std::size_t into, std::size_t past, bool lazy)
    {
        into_.program_[at].x = static_cast<std::uint32_t>(lazy ? past : into);
        into_.program_[at].y = static_cast<std::uint32_t>(lazy ? into : past);
    }

    bool count(std::size_t& value)
    {
        value = 0;
        if (peek() < '0' || peek() > '9') return false;
        while (peek() >= '0' && peek() <= '9') {
            value = value * 10 + (peek() - '0');
            ++at_;
            if (value > 1000) return false;
        }
        return true;
    }

    bool atom(std::size_t depth)
    {
        const std::uint32_t c = pattern_[at_++];
        switch (c) {
        case '(':
            return group(depth);
        case '[':
            return character_class();
        case '.':
            emit(Code::Any);
            return true;
        case '^':
            emit(Code::LineStart);
            return true;
        case '$':
            emit(Code::TextEnd);
            return true;
        case '\\':
            return escape();
        case '*':
        case '+':
        case '?':
            return false;
        default:
            emit(Code::Character, into_.case_sensitive_ ? c : folded(c));
            return true;
        }
    }

    bool group(std::size_t depth)
    {
        std::size_t slot = 0;
        if (!at_end() && peek() == '?') {
            if (peek(1) != ':') return false;
            at_ += 2;
        } else {
            if (into_.group_count_ >= Regex::groups_max) return false;
            slot = into_.group_count_++;
            emit(Code::Save, slot * 2);
        }
        if (!alternatives(depth + 1) || at_end() || peek() != ')') return false;
        ++at_;
        if (slot != 0) emit(Code::Save, slot * 2 + 1);
        return true;
    }

    // Adds what \d, \w, \s stand for; false for other letters.
    static bool add_named(std::uint32_t name, std::vector<Regex::Range>& ranges)
    {
        switch (name) {
        case 'd':
            ranges.push_back({'0', '9'});
            return true;
        case 'w':
            ranges.insert(
                ranges.end(), {{'0', '9'}, {'a', 'z'}, {'A', 'Z'}, {'_', '_'}, {0x80, 0x10FFFF}}
            );
            return true;
        case 's':
            ranges.insert(ranges.end(), {{9, 13}, {' ', ' '}, {0x85, 0x85}, {0xA0, 0xA0}});
            return true;
        default:
            return false;
        }
    }

    static std::uint32_t plain_escape(std::uint32_t c)
    {
        switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'f':
            return '\f';
        case 'v':
            return '\v';
        case 'a':
            return '\a';
        case 'e':
            return 0x1B;
        default:
            return c;
        }
    }

    bool escape()
    {
        if (at_end()) return false;
        const std::uint32_t c = pattern_[at_++];
        if (c == 'b' || c == 'B') {
            emit(c == 'b' ? Code::Word : Code::NoWord);
            return true;
        }
        const bool upper = c == 'D' || c == 'W' || c == 'S';
        Regex::CharacterClass named;
        if (add_named(upper ? c - 'A' + 'a' : c, named.ranges)) {
            named.negated = upper;
            into_.classes_.push_back(std::move(named));
            emit(Code::Class, into_.classes_.size() - 1);
            return true;
        }
        if (c >= '0' && c <= '9') return false;
        const std::uint32_t literal = plain_escape(c);
        if (literal == c && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
        emit(Code::Character, into_.case_sensitive_ ? literal : folded(literal));
        return true;
    }

    bool character_class()
    {
        Regex::CharacterClass result;
        if (peek() == '^') {
            result.negated = true;
            ++at_;
        }
        for (bool first = true; !at_end() && (peek() != ']' || first); first = false) {
            std::uint32_t low = pattern_[at_++];
            if (low == '\\') {
                if (at_end()) return false;
                const std::uint32_t c = pattern_[at_++];
                if (add_named(c, result.ranges)) continue;
                if (c == 'D' || c == 'W' || c == 'S' || c == 'p' || c == 'P') return false;
                low = plain_escape(c);
            }
            std::uint32_t high = low;
            if (peek() == '-' && at_ + 1 < pattern_.size() && peek(1) != ']') {
                ++at_;
                high = pattern_[at_++];
                if (high == '\\') {
                    if (at_end()) return false;
                    high = plain_escape(pattern_[at_++]);
                }
                if (high < low) return false;
            }
            result.ranges.push_back({low, high});
        }
        if (at_end()) return false;
        ++at_;
        if (into_.classes_.size() > Regex::instructions_max) return false;
        into_.classes_.push_back(std::move(result));
        emit(Code::Class, into_.classes_.size() - 1);
        return true;
    }

    Regex& into_;
    std::vector<std::uint32_t> pattern_;
    std::size_t at_ = 0;
};

std::optional<Regex> Regex::compile(std::string_view pattern, bool case_sensitive)
{
    if (pattern.size() > instructions_max) return std::nullopt;
    Regex regex;
    regex.case_sensitive_ = case_sensitive;
    if (!RegexCompiler(pattern, regex).compile()) return std::nullopt;
    return regex;
}

std::optional<std::string_view> Regex::Match::group(std::string_view text, std::size_t index) const
{
    const std::size_t begin = at[index * 2];
    const std::size_t end = at[index * 2 + 1];
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return std::nullopt;
    return text.substr(begin, end - begin);
}

struct Regex::Thread {
    std::size_t at;
    std::array<std::size_t, groups_max * 2> slots;
};

// One walk over a text: all threads of the machine move on a character at a time.
struct Regex::Run {
    const Regex& regex;
    std::string_view text;
    std::vector<std::size_t> seen; // the position + 1 at which an instruction was last reached
    std::vector<Thread> stack;

    [[nodiscard]] bool at_word_edge(std::size_t at) const
    {
        const bool before = at > 0 && is_word(static_cast<unsigned char>(text[at - 1]));
        const bool after = at < text.size() && is_word(static_cast<unsigned char>(text[at]));
        return before != after;
    }

    [[nodiscard]] bool at_text_end(std::size_t at) const
    {
        return at == text.size() || (at + 1 == text.size() && text[at] == '\n');
    }

    // Adds the thread and all it reaches without taking a character, in order of preference.
    void add(std::vector<Thread>& list, Thread start, std::size_t at)
    {
        stack.push_back(std::move(start));
        while (!stack.empty()) {
            Thread thread = stack.back();
            stack.pop_back();
            if (seen[thread.at] == at + 1) continue;
            seen[thread.at] = at + 1;
            const Instruction& instruction = regex.program_[thread.at];
            switch (instruction.code) {
            case Code::Jump:
                go(thread, instruction.x);
                break;
            case Code::Split:
                go(thread, instruction.y);
                go(thread, instruction.x);
                break;
            case Code::Save:
                thread.slots[instruction.x] = at;
                go(thread, thread.at + 1);
                break;
            case Code::LineStart:
                if (at == 0) go(thread, thread.at + 1);
                break;
            case Code::TextEnd:
                if (at_text_end(at)) go(thread, thread.at + 1);
                break;
            case Code::Word:
            case Code::NoWord:
                if (at_word_edge(at) == (instruction.code == Code::Word)) go(thread, thread.at + 1);
                break;
            case Code::Character:
            case Code::Any:
            case Code::Class:
            case Code::Match:
                list.push_back(thread);
                break;
            }
        }
    }

    void go(const Thread& thread, std::size_t to)
    {
        Thread next = thread;
        next.at = to;
        stack.push_back(next);
    }

    [[nodiscard]] bool takes(const Instruction& instruction, std::uint32_t c) const
    {
        if (instruction.code == Code::Any) return c != '\n';
        const std::uint32_t upper = regex.case_sensitive_ ? c : folded(c);
        if (instruction.code == Code::Character) return instruction.x == upper;
        const CharacterClass& members = regex.classes_[instruction.x];
        const bool inside =
            std::any_of(members.ranges.begin(), members.ranges.end(), [&](const Range& range) {
                if (c >= range.first && c <= range.last) return true;
                if (regex.case_sensitive_) return false;
                const std::uint32_t lower =
                    upper >= 'A' && upper <= 'Z' ? upper - 'A' + 'a' : upper;
                return (upper >= range.first && upper <= range.last) ||
                       (lower >= range.first && lower <= range.last);
            });
        return inside != members.negated;
    }
};

std::optional<Regex::Match>
Regex::find(std::string_view text, std::size_t from, const StopSignal* stop) const
{
    Run run{*this, text, std::vector<std::size_t>(program_.size(), 0), {}};
    std::vector<Thread> now;
    std::vector<Thread> next;
    std::optional<Match> best;
    Thread fresh{};
    fresh.slots.fill(std::string_view::npos);
    for (std::size_t at = from;;) {
        if (!best) run.add(now, fresh, at);
        if (now.empty() || (stop != nullptr && stop->requested())) break;
        std::size_t behind = at;
        const bool ended = at >= text.size();
        const std::uint32_t c = ended ? 0 : clixml::next_code_point(text, behind);
        next.clear();
        for (const Thread& thread : now) {
            const Instruction& instruction = program_[thread.at];
            if (instruction.code == Code::Match) {
                best = Match{thread.slots, group_count_};
                break; // what follows is less preferred
            }
            if (!ended && run.takes(instruction, c)) {
                Thread moved = thread;
                ++moved.at;
                run.add(next, moved, behind);
            }
        }
        now.swap(next);
        if (ended) break;
        at = behind;
        if (now.empty() && best) break;
    }
    return best;
}

} // namespace psrp::server
