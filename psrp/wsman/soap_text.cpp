// Text forms of values in envelopes: durations, identifiers.
#include <psrp/wsman/soap.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace psrp::wsman {
namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The digits at the start of `text`, which are taken from it; nothing where there are none or they
// are too large.
std::optional<std::int64_t> take_number(std::string_view& text)
{
    std::int64_t number = 0;
    std::size_t count = 0;
    for (; count < text.size() && is_digit(text[count]); ++count) {
        if (number > 1000000000) return std::nullopt;
        number = number * 10 + (text[count] - '0');
    }
    if (count == 0) return std::nullopt;
    text.remove_prefix(count);
    return number;
}

// The milliseconds of ".25", which is taken from `text`; digits beyond the third do not count.
std::optional<std::int64_t> take_fraction(std::string_view& text)
{
    if (!text.starts_with('.')) return 0;
    text.remove_prefix(1);
    std::int64_t thousandths = 0;
    std::int64_t unit = 100;
    std::size_t count = 0;
    for (; count < text.size() && is_digit(text[count]); ++count) {
        thousandths += (text[count] - '0') * unit;
        unit /= 10;
    }
    if (count == 0) return std::nullopt;
    text.remove_prefix(count);
    return thousandths;
}

} // namespace

std::string write_duration(Milliseconds duration)
{
    const auto count = duration.count() < 0 ? 0 : duration.count();
    std::array<char, 40> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "PT%lld.%03lldS",
        static_cast<long long>(count / 1000),
        static_cast<long long>(count % 1000)
    );
    return text.data();
}

std::optional<Milliseconds> read_duration(std::string_view text)
{
    struct Unit {
        char letter;
        bool is_time;
        std::int64_t milliseconds;
    };
    constexpr std::array<Unit, 4> units{
        {{'D', false, 86400000}, {'H', true, 3600000}, {'M', true, 60000}, {'S', true, 1000}}};
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    bool is_time = false;
    bool has_any = false;
    std::int64_t total = 0;
    std::size_t unit = 0;
    while (!text.empty()) {
        if (!is_time && text.starts_with('T')) {
            is_time = true;
            text.remove_prefix(1);
            if (text.empty()) return std::nullopt;
            continue;
        }
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        const bool has_fraction = text.starts_with('.');
        const auto thousandths = take_fraction(text);
        if (!thousandths || text.empty()) return std::nullopt;
        while (unit < units.size() &&
               (units[unit].letter != text[0] || units[unit].is_time != is_time))
            ++unit;
        if (unit == units.size()) return std::nullopt;
        if (has_fraction && units[unit].letter != 'S') return std::nullopt;
        total += *number * units[unit].milliseconds + *thousandths;
        if (total > INT64_C(1000000000000000)) return std::nullopt;
        ++unit;
        text.remove_prefix(1);
        has_any = true;
    }
    if (!has_any) return std::nullopt;
    return Milliseconds(total);
}

std::optional<Guid> read_uuid(std::string_view text)
{
    const auto skip = [&](std::string_view prefix) {
        if (text.size() < prefix.size()) return;
        for (std::size_t i = 0; i < prefix.size(); ++i) {
            const char c = text[i];
            const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            if (lower != prefix[i]) return;
        }
        text.remove_prefix(prefix.size());
    };
    skip("urn:");
    skip("uuid:");
    return Guid::read(text);
}

std::string upper_text(const Guid& id)
{
    std::string text = id.text();
    for (char& c : text) {
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::string write_uuid(const Guid& id)
{
    return "uuid:" + upper_text(id);
}

} // namespace psrp::wsman
