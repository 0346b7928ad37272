#include <clixml/detail/primitive_text.hpp>
#include <clixml/guid.hpp>
#include <clixml/utf.hpp>

#include <algorithm>

namespace clixml {
namespace {

int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// 32 hexadecimal digits; with `hyphens`, in groups of 8-4-4-4-12.
std::optional<Guid> read_digits(std::string_view text, bool hyphens)
{
    if (text.size() != (hyphens ? 36U : 32U)) return std::nullopt;
    Guid guid;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
            return std::nullopt;
        int high = hex_value(text[at]);
        int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        guid.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return guid;
}

// A number as .NET takes it: an optional plus sign, an optional 0x, any zeros, then digits.
std::optional<std::uint64_t> read_number(std::string_view text)
{
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    while (text.starts_with('0'))
        text.remove_prefix(1);
    if (text.size() > 8) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        int digit = hex_value(c);
        if (digit < 0) return std::nullopt;
        value = value * 16 + static_cast<std::uint64_t>(digit);
    }
    return value;
}

void put_number(std::uint64_t value, std::size_t at, std::size_t size, Guid& guid)
{
    for (std::size_t i = 0; i < size; ++i)
        guid.bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
}

// The hyphenated form again, where each group but the last eight digits may be such a number.
std::optional<Guid> read_numbers(std::string_view text)
{
    static constexpr struct {
        std::size_t at, digits, byte;
    } groups[] = {{0, 8, 0}, {9, 4, 4}, {14, 4, 6}, {19, 4, 8}, {24, 4, 10}};
    Guid guid;
    for (const auto& group : groups) {
        if (group.at > 0 && text[group.at - 1] != '-') return std::nullopt;
        auto value = read_number(text.substr(group.at, group.digits));
        if (!value) return std::nullopt;
        put_number(*value, group.byte, group.digits / 2, guid);
    }
    std::uint64_t last = 0;
    for (char c : text.substr(28)) {
        if (hex_value(c) < 0) return std::nullopt;
        last = last * 16 + static_cast<std::uint64_t>(hex_value(c));
    }
    put_number(last, 12, 4, guid);
    return guid;
}

std::optional<Guid> read_hyphenated(std::string_view text)
{
    auto guid = read_digits(text, true);
    return guid ? guid : read_numbers(text);
}

// {0x01020304,0x0506,0x0708,{0x09,0x0a,...}} with blanks anywhere. Of the numbers of two bytes .NET
// drops what is too high.
std::optional<Guid> read_hexadecimal_form(std::string_view text)
{
    std::string packed;
    std::copy_if(text.begin(), text.end(), std::back_inserter(packed), [](char c) {
        return !is_blank(c);
    });
    std::string_view rest = packed;
    auto take = [&](std::string_view expected) {
        if (!rest.starts_with(expected)) return false;
        rest.remove_prefix(expected.size());
        return true;
    };
    Guid guid;
    std::size_t at = 0;
    auto number = [&](std::size_t bytes) {
        if (!take("0x") && !take("0X")) return false;
        std::size_t end = std::min(rest.find_first_of(",}"), rest.size());
        auto value = read_number(rest.substr(0, end));
        if (end == 0 || !value || (bytes == 1 && *value > 0xFF)) return false;
        rest.remove_prefix(end);
        put_number(*value, at, bytes, guid);
        at += bytes;
        return true;
    };
    if (!take("{") || !number(4) || !take(",") || !number(2) || !take(",") || !number(2) ||
        !take(",{")) {
        return std::nullopt;
    }
    for (int i = 0; i < 8; ++i) {
        if ((i > 0 && !take(",")) || !number(1)) return std::nullopt;
    }
    if (!take("}}") || !rest.empty()) return std::nullopt;
    return guid;
}

} // namespace

std::string Guid::text() const
{
    std::string out(36, '\0');
    write_text(out.data());
    return out;
}

void Guid::write_text(char* to) const
{
    char text[detail::primitive_room];
    std::memcpy(to, text, static_cast<std::size_t>(detail::put_guid(*this, text) - text));
}

std::array<std::uint8_t, 16> Guid::net_bytes() const
{
    std::array<std::uint8_t, 16> out = bytes;
    std::reverse(out.begin(), out.begin() + 4);
    std::reverse(out.begin() + 4, out.begin() + 6);
    std::reverse(out.begin() + 6, out.begin() + 8);
    return out;
}

Guid Guid::from_net_bytes(const std::uint8_t* from)
{
    Guid guid;
    std::copy_n(from, 16, guid.bytes.begin());
    guid.bytes = guid.net_bytes();
    return guid;
}

std::optional<Guid> Guid::read(std::string_view text)
{
    text = without_white_space_around(text);
    if (text.size() == 32) return read_digits(text, false);
    if (text.size() == 36) return read_hyphenated(text);
    bool braces = text.size() >= 2 && text.front() == '{' && text.back() == '}';
    bool parentheses = text.size() >= 2 && text.front() == '(' && text.back() == ')';
    if (text.size() == 38 && (braces || parentheses)) {
        if (auto guid = read_hyphenated(text.substr(1, 36))) return guid;
    }
    if (braces) return read_hexadecimal_form(text);
    return std::nullopt;
}

} // namespace clixml
