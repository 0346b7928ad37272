#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace clixml {
namespace {

constexpr char upper_digits[] = "0123456789ABCDEF";

// Bytes that need a closer look: controls, DEL, the underscore, and the leads of C1 (C2),
// surrogates (ED) and of supplementary characters (F0-F4).
constexpr std::array<bool, 256> make_suspects()
{
    std::array<bool, 256> suspects{};
    for (std::size_t i = 0; i < 0x20; ++i)
        suspects[i] = true;
    suspects[0x7F] = suspects['_'] = suspects[0xC2] = suspects[0xED] = true;
    for (std::size_t i = 0xF0; i < 0x100; ++i)
        suspects[i] = true;
    return suspects;
}
constexpr std::array<bool, 256> suspects = make_suspects();

void append_unit(std::uint32_t unit, std::string& out)
{
    char text[7] = {
        '_',
        'x',
        upper_digits[unit >> 12 & 15],
        upper_digits[unit >> 8 & 15],
        upper_digits[unit >> 4 & 15],
        upper_digits[unit & 15],
        '_'};
    out.append(text, 7);
}

// The character at `at` as far as it needs escaping; nothing where it does not.
std::optional<std::uint32_t> to_escape(std::string_view text, std::size_t at)
{
    auto byte = static_cast<std::uint8_t>(text[at]);
    auto second = at + 1 < text.size() ? static_cast<std::uint8_t>(text[at + 1]) : std::uint8_t{0};
    if (byte < 0x20 || byte == 0x7F) return byte;
    if (byte == '_')
        return second == 'x' || second == 'X' ? std::optional<std::uint32_t>('_') : std::nullopt;
    if (byte == 0xC2) return second < 0xA0 ? std::optional<std::uint32_t>(second) : std::nullopt;
    if (byte == 0xED ? second >= 0xA0 : byte >= 0xF0) {
        std::size_t next = at;
        return next_code_point(text, next);
    }
    return std::nullopt;
}

int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// How much text may come twice because of groups above 10FFFF: .NET sets no bound, so that there n
// groups cost n * n.
constexpr std::size_t repeats_factor = 4;
constexpr std::size_t repeats_min = 4096;

struct Group {
    std::size_t size = 0; // 7 or 11; 0: no group here
    std::uint32_t value = 0;
};

// The escape group that starts at the underscore at `at`.
Group group_at(std::string_view text, std::size_t at)
{
    if (at + 7 > text.size() || (text[at + 1] != 'x' && text[at + 1] != 'X')) return {};
    std::uint32_t value = 0;
    std::size_t digits = 0;
    for (; digits < 8 && at + 2 + digits < text.size(); ++digits) {
        int digit = hex_value(text[at + 2 + digits]);
        if (digit < 0) break;
        value = value << 4 | static_cast<std::uint32_t>(digit);
        bool ended = at + 3 + digits < text.size() && text[at + 3 + digits] == '_';
        if (ended && (digits == 3 || digits == 7)) return {digits + 4, value};
    }
    return {};
}

} // namespace

std::size_t first_to_escape(std::string_view text)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (suspects[static_cast<std::uint8_t>(text[at])] && to_escape(text, at)) return at;
    }
    return text.size();
}

void append_escaped(std::string_view text, std::string& out)
{
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!suspects[static_cast<std::uint8_t>(text[at])]) {
            ++at;
            continue;
        }
        auto escape = to_escape(text, at);
        if (!escape) {
            ++at;
            continue;
        }
        out.append(text, done, at - done);
        if (*escape >= 0x10000) {
            append_unit(0xD800 + ((*escape - 0x10000) >> 10), out);
            append_unit(0xDC00 + ((*escape - 0x10000) & 0x3FF), out);
            at += 4;
        } else {
            append_unit(*escape, out);
            at += *escape < 0x80 ? 1U : *escape < 0x800 ? 2U : 3U;
        }
        done = at;
    }
    out.append(text, done, text.size() - done);
}

std::string escaped(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    append_escaped(text, out);
    return out;
}

bool has_escape(std::string_view text)
{
    for (std::size_t at = text.find('_'); at != std::string_view::npos;
         at = text.find('_', at + 1)) {
        if (group_at(text, at).size != 0) return true;
    }
    return false;
}

void append_unescaped(std::string_view text, std::string& out)
{
    // `pending` starts the text that has not been copied yet. .NET keeps a group above 10FFFF
    // literally, but copies what stood before it at once and does not move that mark, so that this
    // part comes a second time if another group is decoded later or was decoded before
    // (clixml 2.4).
    std::size_t pending = 0;
    std::size_t start_size = out.size();
    std::size_t repeats_left = text.size() * repeats_factor + repeats_min;
    bool decoded_any = false;
    for (std::size_t at = text.find('_'); at != std::string_view::npos;) {
        Group group = group_at(text, at);
        if (group.size == 0) {
            at = text.find('_', at + 1);
            continue;
        }
        std::size_t before = at - pending;
        bool eight_digits = group.size == 11;
        auto value = static_cast<std::int32_t>(group.value);
        bool kept = eight_digits && value > 0x10FFFF;
        if (!kept || before <= repeats_left) out.append(text, pending, before);
        if (kept) {
            repeats_left -= std::min(before, repeats_left);
            at = text.find('_', at + group.size);
            continue;
        }
        decoded_any = true;
        append_code_unit(
            eight_digits && value >= 0x10000 ? group.value : group.value & 0xFFFF, out
        );
        pending = at + group.size;
        at = text.find('_', pending);
    }
    if (!decoded_any) {
        out.resize(start_size);
        out.append(text);
        return;
    }
    out.append(text, pending);
}

std::string unescaped(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    append_unescaped(text, out);
    return out;
}

} // namespace clixml
