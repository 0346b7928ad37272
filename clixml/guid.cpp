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

// {0x01020304,0x0506,0x0708,{0x09,0x0a,...}} with blanks anywhere.
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
        std::uint64_t value = 0;
        std::size_t digits = 0;
        while (!rest.empty() && hex_value(rest.front()) >= 0 && digits < 8) {
            value = value * 16 + static_cast<std::uint64_t>(hex_value(rest.front()));
            rest.remove_prefix(1);
            ++digits;
        }
        if (digits == 0 || (value >> (8 * bytes)) != 0) return false;
        for (std::size_t i = 0; i < bytes; ++i) {
            guid.bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
        }
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
    if (text.size() == 36) return read_digits(text, true);
    bool braces = text.size() >= 2 && text.front() == '{' && text.back() == '}';
    bool parentheses = text.size() >= 2 && text.front() == '(' && text.back() == ')';
    if (text.size() == 38 && (braces || parentheses)) {
        if (auto guid = read_digits(text.substr(1, 36), true)) return guid;
    }
    if (braces) return read_hexadecimal_form(text);
    return std::nullopt;
}

} // namespace clixml
