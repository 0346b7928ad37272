#include <clixml/base64.hpp>
#include <clixml/detail/base64_blocks.hpp>
#include <clixml/detail/base64_encode.hpp>
#include <clixml/errors.hpp>

#include <algorithm>
#include <array>

namespace clixml {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t blank = 0xFE;
constexpr std::uint8_t invalid = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values()
{
    std::array<std::uint8_t, 256> values{};
    values.fill(invalid);
    for (std::uint8_t i = 0; i < 64; ++i)
        values[static_cast<std::uint8_t>(alphabet[i])] = i;
    for (char c : {' ', '\t', '\r', '\n'})
        values[static_cast<std::uint8_t>(c)] = blank;
    return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

// Two characters for each of the 4096 values of twelve bits: halves the look-ups of the encoder.
constexpr std::array<std::array<char, 2>, 4096> make_pairs()
{
    std::array<std::array<char, 2>, 4096> pairs{};
    for (std::size_t i = 0; i < 4096; ++i)
        pairs[i] = {alphabet[i >> 6], alphabet[i & 63]};
    return pairs;
}
constexpr auto pairs = make_pairs();

} // namespace

char* write_base64(BytesView bytes, char* to)
{
    std::size_t at = detail::base64_encoder()(bytes.data(), bytes.size(), to);
    to += at / 3 * 4;
    for (; at + 3 <= bytes.size(); at += 3) {
        std::uint32_t group = static_cast<std::uint32_t>(bytes[at]) << 16 |
                              static_cast<std::uint32_t>(bytes[at + 1]) << 8 | bytes[at + 2];
        std::memcpy(to, pairs[group >> 12].data(), 2);
        std::memcpy(to + 2, pairs[group & 4095].data(), 2);
        to += 4;
    }
    std::size_t left = bytes.size() - at;
    if (left == 0) return to;
    std::uint32_t group = static_cast<std::uint32_t>(bytes[at]) << 16;
    if (left == 2) group |= static_cast<std::uint32_t>(bytes[at + 1]) << 8;
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[(group >> 12) & 63];
    *to++ = left == 2 ? alphabet[(group >> 6) & 63] : '=';
    *to++ = '=';
    return to;
}

void append_base64(BytesView bytes, std::string& out)
{
    // Growing a string fills it first: in pieces of three that stay in the nearest cache.
    constexpr std::size_t piece_bytes = 12U * 1024;
    std::size_t needed = out.size() + base64_size(bytes.size());
    if (needed > out.capacity()) out.reserve(std::max(needed, 2 * out.capacity()));
    while (!bytes.empty()) {
        BytesView piece = bytes.first(std::min(bytes.size(), piece_bytes));
        std::size_t old_size = out.size();
        out.resize(old_size + base64_size(piece.size()));
        write_base64(piece, out.data() + old_size);
        bytes = bytes.subspan(piece.size());
    }
}

Result<std::size_t> read_base64(std::string_view text, std::uint8_t* to)
{
    const std::uint8_t* start = to;
    const auto* from = reinterpret_cast<const std::uint8_t*>(text.data());
    std::size_t size = text.size();
    // Many at a time, as long as what is written behind them stays inside the room for the rest.
    constexpr std::size_t left_behind = 96;
    static_assert(detail::base64_room(0) <= left_behind / 4 * 3);
    std::size_t at =
        size > left_behind ? detail::read_base64_groups(text.substr(0, size - left_behind), to) : 0;
    to += at / 4 * 3;
    std::uint32_t group = 0;
    unsigned count = 0;
    while (at < size) {
        // Whole groups without blanks go the short way.
        while (count == 0 && at + 4 <= size) {
            std::uint8_t a = values[from[at]];
            std::uint8_t b = values[from[at + 1]];
            std::uint8_t c = values[from[at + 2]];
            std::uint8_t d = values[from[at + 3]];
            if ((a | b | c | d) > 63) break;
            to[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
            to[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
            to[2] = static_cast<std::uint8_t>(c << 6 | d);
            to += 3;
            at += 4;
        }
        if (at == size) break;
        std::uint8_t value = values[from[at]];
        if (value == blank) {
            ++at;
            continue;
        }
        if (value == invalid) break;
        group = group << 6 | value;
        ++at;
        if (++count == 4) {
            *to++ = static_cast<std::uint8_t>(group >> 16);
            *to++ = static_cast<std::uint8_t>(group >> 8);
            *to++ = static_cast<std::uint8_t>(group);
            group = 0;
            count = 0;
        }
    }
    // What is left may only be padding, and blanks.
    unsigned padding = 0;
    for (; at < size; ++at) {
        if (values[from[at]] == blank) continue;
        if (from[at] != '=' || ++padding > 2)
            return failure(Errc::InvalidBase64, at, "a base64 character expected");
    }
    if (padding == 0 ? count != 0 : count + padding != 4 || count < 2) {
        return failure(Errc::InvalidBase64, size, "whole groups of four characters expected");
    }
    if (count == 2) *to++ = static_cast<std::uint8_t>(group >> 4);
    if (count == 3) {
        *to++ = static_cast<std::uint8_t>(group >> 10);
        *to++ = static_cast<std::uint8_t>(group >> 2);
    }
    return static_cast<std::size_t>(to - start);
}

Result<Bytes> read_base64(std::string_view text)
{
    Bytes bytes(text.size() / 4 * 3 + 3);
    PSRP_TRY(std::size_t size, read_base64(text, bytes.data()));
    bytes.resize(size);
    return bytes;
}

} // namespace clixml
