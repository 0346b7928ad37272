#include <clixml/ascii_hash.hpp>
#include <clixml/utf.hpp>

#include <utf8proc.h>

#include <cstring>

namespace clixml {
namespace {

void append_utf8(std::uint32_t c, std::string& out)
{
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

std::uint8_t byte_at(std::string_view text, std::size_t at)
{
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at)
{
    return at < text.size() && (byte_at(text, at) & 0xC0) == 0x80;
}

// Length of the valid sequence at `at`, or 0. Surrogates count as valid where `wtf8`.
std::size_t sequence_length(std::string_view text, std::size_t at, bool wtf8)
{
    std::uint8_t lead = byte_at(text, at);
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return is_continuation(text, at + 1) ? 2 : 0;
    if (lead < 0xF0) {
        if (!is_continuation(text, at + 1) || !is_continuation(text, at + 2)) return 0;
        std::uint8_t second = byte_at(text, at + 1);
        if (lead == 0xE0 && second < 0xA0) return 0;
        if (lead == 0xED && second >= 0xA0 && !wtf8) return 0;
        return 3;
    }
    if (lead > 0xF4) return 0;
    if (!is_continuation(text, at + 1) || !is_continuation(text, at + 2) ||
        !is_continuation(text, at + 3))
        return 0;
    std::uint8_t second = byte_at(text, at + 1);
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90)) return 0;
    return 4;
}

// End of the run of ASCII from `at`, eight bytes a step.
std::size_t ascii_run_end(std::string_view text, std::size_t at)
{
    while (at + 8 <= text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        if ((word & 0x8080808080808080ULL) != 0) break;
        at += 8;
    }
    while (at < text.size() && byte_at(text, at) < 0x80)
        ++at;
    return at;
}

std::optional<std::size_t> first_invalid(std::string_view text, bool wtf8)
{
    std::size_t at = 0;
    while ((at = ascii_run_end(text, at)) < text.size()) {
        std::size_t length = sequence_length(text, at, wtf8);
        if (length == 0) return at;
        at += length;
    }
    return std::nullopt;
}

std::uint32_t fold_code_point(std::uint32_t c)
{
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    return static_cast<std::uint32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}

} // namespace

void append_code_unit(std::uint32_t code_point, std::string& out)
{
    if (code_point >= 0xDC00 && code_point <= 0xDFFF && out.size() >= 3) {
        auto first = static_cast<std::uint8_t>(out[out.size() - 3]);
        auto second = static_cast<std::uint8_t>(out[out.size() - 2]);
        auto third = static_cast<std::uint8_t>(out[out.size() - 1]);
        if (first == 0xED && second >= 0xA0 && second < 0xB0) {
            std::uint32_t high = 0xD000U | (second & 0x3FU) << 6 | (third & 0x3FU);
            out.resize(out.size() - 3);
            code_point = 0x10000 + ((high - 0xD800) << 10) + (code_point - 0xDC00);
        }
    }
    append_utf8(code_point, out);
}

std::uint32_t next_code_point(std::string_view text, std::size_t& at)
{
    std::uint32_t lead = byte_at(text, at++);
    if (lead < 0x80) return lead;
    int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t c = lead & (0x3FU >> more);
    for (; more > 0 && at < text.size(); --more)
        c = c << 6 | (byte_at(text, at++) & 0x3FU);
    return c;
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text)
{
    return first_invalid(text, false);
}

std::size_t utf8_sequence_size(std::string_view text)
{
    return sequence_length(text, 0, false);
}

bool is_valid_wtf8(std::string_view text)
{
    return !first_invalid(text, true);
}

std::string utf8_from_utf16(std::string_view bytes, bool big_endian)
{
    std::string out;
    out.reserve(bytes.size() / 2 + 16);
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint32_t first = byte_at(bytes, i);
        std::uint32_t second = byte_at(bytes, i + 1);
        append_code_unit(big_endian ? first << 8 | second : second << 8 | first, out);
    }
    return out;
}

std::string utf16le_from_utf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size() * 2);
    auto put = [&](std::uint32_t unit) {
        out += static_cast<char>(unit & 0xFF);
        out += static_cast<char>(unit >> 8);
    };
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t c = next_code_point(text, at);
        if (c >= 0x10000) {
            put(0xD800 + ((c - 0x10000) >> 10));
            put(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            put(c);
        }
    }
    return out;
}

std::size_t utf16_length(std::string_view text)
{
    std::size_t units = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::uint8_t byte = byte_at(text, at);
        if ((byte & 0xC0) != 0x80) ++units;
        if (byte >= 0xF0) ++units;
    }
    return units;
}

std::string valid_text(std::string_view text)
{
    std::string out;
    while (auto invalid = first_invalid_utf8(text)) {
        out.append(text, 0, *invalid);
        out += "\xEF\xBF\xBD";
        text.remove_prefix(*invalid + 1);
    }
    return out.append(text);
}

std::string_view without_white_space_around(std::string_view text)
{
    // char.IsWhiteSpace outside ASCII: next line, no-break space, and the separators of Unicode.
    static constexpr std::string_view wide[] = {
        "\xC2\x85",
        "\xC2\xA0",
        "\xE1\x9A\x80",
        "\xE2\x80\x80",
        "\xE2\x80\x81",
        "\xE2\x80\x82",
        "\xE2\x80\x83",
        "\xE2\x80\x84",
        "\xE2\x80\x85",
        "\xE2\x80\x86",
        "\xE2\x80\x87",
        "\xE2\x80\x88",
        "\xE2\x80\x89",
        "\xE2\x80\x8A",
        "\xE2\x80\xA8",
        "\xE2\x80\xA9",
        "\xE2\x80\xAF",
        "\xE2\x81\x9F",
        "\xE3\x80\x80"};
    auto is_white = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && static_cast<std::uint8_t>(text.front()) - 0x21U > 0x5EU) {
        std::size_t size = is_white(text.front()) ? 1 : 0;
        for (std::string_view space : wide)
            size = text.starts_with(space) ? space.size() : size;
        if (size == 0) break;
        text.remove_prefix(size);
    }
    while (!text.empty() && static_cast<std::uint8_t>(text.back()) - 0x21U > 0x5EU) {
        std::size_t size = is_white(text.back()) ? 1 : 0;
        for (std::string_view space : wide)
            size = text.ends_with(space) ? space.size() : size;
        if (size == 0) break;
        text.remove_suffix(size);
    }
    return text;
}

std::string fold_case(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();)
        append_utf8(fold_code_point(next_code_point(text, at)), out);
    return out;
}

bool equal_ignoring_case(std::string_view left, std::string_view right)
{
    if (left == right) return true;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < left.size() && j < right.size()) {
        if (fold_code_point(next_code_point(left, i)) != fold_code_point(next_code_point(right, j)))
            return false;
    }
    return i == left.size() && j == right.size();
}

std::uint32_t folded_hash(std::string_view text)
{
    if (auto hash = ascii_hash(text)) return *hash;
    std::string folded = fold_case(text);
    // What is not ASCII when folded is hashed as it is: a byte at a time is enough for it.
    if (auto hash = ascii_hash(folded)) return *hash;
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (char c : folded)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

} // namespace clixml
