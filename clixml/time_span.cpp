#include <clixml/date_time.hpp>
#include <clixml/time_span.hpp>

#include <charconv>
#include <cstdio>

namespace clixml {
namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char* write_number(std::uint64_t value, char* to)
{
    return std::to_chars(to, to + 20, value).ptr;
}

// Seven digits of `fraction` without its trailing zeros; nothing for 0. Starts with the point.
char* write_fraction(std::uint32_t fraction, char* to)
{
    if (fraction == 0) return to;
    *to++ = '.';
    for (std::uint32_t unit = 1'000'000; fraction != 0; unit /= 10) {
        *to++ = static_cast<char>('0' + fraction / unit);
        fraction %= unit;
    }
    return to;
}

// Reads the parts of a duration in their order; remembers what has been seen.
class DurationReader {
public:
    explicit DurationReader(std::string_view text) : text_(text) {}

    std::optional<TimeSpan> read(TimeSpanError& error)
    {
        error = TimeSpanError::Malformed;
        bool negative = take('-');
        if (!take('P')) return std::nullopt;
        bool any = false;
        if (!date_part(any)) return std::nullopt;
        if (take('T')) {
            any = false;
            if (!time_part(any)) return std::nullopt;
        }
        if (!any || !text_.empty()) return std::nullopt;
        // Years count 365 days and months 30, twelve of them a year (clixml 2.6).
        days_ += (years_ + months_ / 12) * 365 + months_ % 12 * 30;
        if (days_ > INT64_MAX / ticks_per_day) return out_of_range(error);
        __int128 ticks = static_cast<__int128>(days_) * ticks_per_day +
                         static_cast<__int128>(seconds_) * ticks_per_second + fraction_;
        if (negative) ticks = -ticks;
        if (ticks > INT64_MAX || ticks < INT64_MIN) return out_of_range(error);
        error = TimeSpanError::None;
        return TimeSpan{static_cast<std::int64_t>(ticks)};
    }

private:
    static std::optional<TimeSpan> out_of_range(TimeSpanError& error)
    {
        error = TimeSpanError::OutOfRange;
        return std::nullopt;
    }

    bool take(char c)
    {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    // Digits that fit an Int32. False where the number does not; `digits` counts them.
    bool number(std::int64_t& value, int& digits)
    {
        value = 0;
        digits = 0;
        for (; !text_.empty() && is_digit(text_.front()); text_.remove_prefix(1), ++digits) {
            value = value * 10 + (text_.front() - '0');
            if (value > INT32_MAX) return false;
        }
        return true;
    }

    bool date_part(bool& any)
    {
        const struct {
            char letter;
            std::int64_t& count;
        } parts[] = {{'Y', years_}, {'M', months_}, {'D', days_}};
        std::size_t next = 0;
        while (!text_.empty() && text_.front() != 'T') {
            std::int64_t value = 0;
            int digits = 0;
            if (!number(value, digits) || digits == 0) return false;
            while (next < 3 && !take(parts[next].letter))
                ++next;
            if (next == 3) return false;
            parts[next++].count = value;
            any = true;
        }
        return true;
    }

    bool time_part(bool& any)
    {
        static constexpr struct {
            char letter;
            std::int64_t seconds;
        } parts[] = {{'H', 3600}, {'M', 60}, {'S', 1}};
        std::size_t next = 0;
        while (!text_.empty()) {
            std::int64_t value = 0;
            int digits = 0;
            if (!number(value, digits)) return false;
            bool point = take('.');
            if (point) {
                int fraction_digits = read_fraction();
                if (digits + fraction_digits == 0 || next == 3) return false;
                next = 2;
            } else if (digits == 0) {
                return false;
            }
            while (next < 3 && !take(parts[next].letter)) {
                if (point) return false;
                ++next;
            }
            if (next == 3) return false;
            seconds_ += value * parts[next++].seconds;
            any = true;
        }
        return true;
    }

    int read_fraction()
    {
        int digits = 0;
        std::int64_t unit = ticks_per_second / 10;
        for (; !text_.empty() && is_digit(text_.front()); text_.remove_prefix(1), ++digits) {
            fraction_ += (text_.front() - '0') * unit;
            unit /= 10; // digits beyond 100 ns are cut
        }
        return digits;
    }

    std::string_view text_;
    std::int64_t years_ = 0;
    std::int64_t months_ = 0;
    std::int64_t days_ = 0;
    std::int64_t seconds_ = 0;
    std::int64_t fraction_ = 0;
};

} // namespace

char* write_time_span(TimeSpan value, char* to)
{
    std::uint64_t ticks = value.ticks < 0 ? 0 - static_cast<std::uint64_t>(value.ticks)
                                          : static_cast<std::uint64_t>(value.ticks);
    if (value.ticks < 0) *to++ = '-';
    *to++ = 'P';
    std::uint64_t days = ticks / static_cast<std::uint64_t>(ticks_per_day);
    std::uint64_t rest = ticks % static_cast<std::uint64_t>(ticks_per_day);
    if (days != 0) {
        to = write_number(days, to);
        *to++ = 'D';
    }
    if (rest == 0 && days != 0) return to;
    *to++ = 'T';
    auto fraction = static_cast<std::uint32_t>(rest % static_cast<std::uint64_t>(ticks_per_second));
    std::uint64_t seconds = rest / static_cast<std::uint64_t>(ticks_per_second);
    if (seconds / 3600 != 0) {
        to = write_number(seconds / 3600, to);
        *to++ = 'H';
    }
    if (seconds / 60 % 60 != 0) {
        to = write_number(seconds / 60 % 60, to);
        *to++ = 'M';
    }
    if (seconds % 60 != 0 || fraction != 0 || ticks == 0) {
        to = write_number(seconds % 60, to);
        to = write_fraction(fraction, to);
        *to++ = 'S';
    }
    return to;
}

std::string time_span_text(TimeSpan value)
{
    char text[48];
    return {text, write_time_span(value, text)};
}

std::string time_span_display_text(TimeSpan value)
{
    std::uint64_t ticks = value.ticks < 0 ? 0 - static_cast<std::uint64_t>(value.ticks)
                                          : static_cast<std::uint64_t>(value.ticks);
    std::uint64_t days = ticks / static_cast<std::uint64_t>(ticks_per_day);
    std::uint64_t seconds = ticks / static_cast<std::uint64_t>(ticks_per_second) % 86400;
    std::uint64_t fraction = ticks % static_cast<std::uint64_t>(ticks_per_second);
    char text[64];
    int size = std::snprintf(text, sizeof text, "%s", value.ticks < 0 ? "-" : "");
    if (days != 0)
        size += std::snprintf(
            text + size,
            sizeof text - static_cast<std::size_t>(size),
            "%llu.",
            static_cast<unsigned long long>(days)
        );
    size += std::snprintf(
        text + size,
        sizeof text - static_cast<std::size_t>(size),
        "%02llu:%02llu:%02llu",
        static_cast<unsigned long long>(seconds / 3600),
        static_cast<unsigned long long>(seconds / 60 % 60),
        static_cast<unsigned long long>(seconds % 60)
    );
    if (fraction != 0) {
        std::snprintf(
            text + size,
            sizeof text - static_cast<std::size_t>(size),
            ".%07llu",
            static_cast<unsigned long long>(fraction)
        );
    }
    return text;
}

std::optional<TimeSpan> read_time_span(std::string_view text, TimeSpanError* error)
{
    TimeSpanError ignored = TimeSpanError::None;
    auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return DurationReader(text).read(error != nullptr ? *error : ignored);
}

} // namespace clixml
