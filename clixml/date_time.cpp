#include <clixml/date_time.hpp>
#include <clixml/detail/primitive_text.hpp>
#include <clixml/utf.hpp>

#include <algorithm>

namespace clixml {
namespace {

constexpr int days_before_month[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month)
{
    if (month == 2 && is_leap(year)) return 29;
    return days_before_month[month] - days_before_month[month - 1];
}

class Utc final : public LocalZone {
public:
    [[nodiscard]] std::int16_t offset_minutes_at(std::int64_t) const override { return 0; }
    [[nodiscard]] std::int16_t offset_minutes_of_local(std::int64_t) const override { return 0; }
};

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Reads the forms of XML Schema's date and time types, each with an optional zone (clixml 2.5).
class DateTimeReader {
public:
    explicit DateTimeReader(std::string_view text) : text_(without_white_space_around(text)) {}

    std::optional<DateTime> read(const LocalZone* zone, DateTimeError& error)
    {
        error = DateTimeError::Malformed;
        if (!read_clock() || !read_zone() || at_ != text_.size()) return std::nullopt;
        // A month or a day without a year is one of this year.
        if (!has_year_) year_ = parts_of({today(zone), DateTimeKind::Unspecified, 0}).year;
        std::int64_t day = ticks_of_day(year_, month_, day_);
        std::int64_t ticks = (has_date_ ? day : today(zone)) + time_ticks_ + fraction_;
        if (ticks > date_time_ticks_max) {
            error = DateTimeError::OutOfRange;
            return std::nullopt;
        }
        error = DateTimeError::None;
        return with_zone(ticks, zone);
    }

private:
    enum class Zone { None, Utc, Offset };

    static std::int64_t today(const LocalZone* zone)
    {
        return (zone != nullptr ? *zone : utc_zone()).today_ticks();
    }

    bool take(char c)
    {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    bool digits(int count, int& value)
    {
        value = 0;
        for (int i = 0; i < count; ++i, ++at_) {
            if (at_ >= text_.size() || !is_digit(text_[at_])) return false;
            value = value * 10 + (text_[at_] - '0');
        }
        return true;
    }

    bool read_clock()
    {
        if (text_.starts_with("--")) return read_partial_date();
        int value = 0;
        std::size_t start = at_;
        if (text_.size() > 2 && is_digit(text_[0]) && is_digit(text_[1]) && text_[2] == ':') {
            has_date_ = false;
            return read_time();
        }
        at_ = start;
        if (!digits(4, value) || value == 0) return false;
        year_ = value;
        if (!take('-')) return true; // gYear
        // yyyy-MM-dd or yyyy-MM; what follows a year may also be the zone -HH:MM.
        std::size_t after_year = at_;
        if (!digits(2, month_)) return false;
        if (at_ < text_.size() && text_[at_] == ':') {
            month_ = 1;
            at_ = after_year - 1;
            return true;
        }
        if (month_ < 1 || month_ > 12) return false;
        std::size_t after_month = at_;
        if (!take('-')) return true; // gYearMonth
        if (!digits(2, day_)) return false;
        if (at_ < text_.size() && text_[at_] == ':') {
            day_ = 1;
            at_ = after_month;
            return true;
        }
        if (day_ < 1 || day_ > days_in_month(year_, month_)) return false;
        if (!take('T')) return true;
        return read_time();
    }

    // --MM-dd in the leap year 1904, as .NET does; --MM--, --MM and ---dd in this year.
    bool read_partial_date()
    {
        at_ = 2;
        has_year_ = false;
        if (take('-')) return digits(2, day_) && day_ >= 1 && day_ <= 31;
        if (!digits(2, month_) || month_ < 1 || month_ > 12) return false;
        if (text_.substr(at_).starts_with("--")) {
            at_ += 2;
            return true;
        }
        std::size_t after_month = at_;
        if (!take('-')) return true;
        if (!digits(2, day_)) return false;
        if (at_ < text_.size() && text_[at_] == ':') {
            day_ = 1;
            at_ = after_month;
            return true;
        }
        has_year_ = true;
        year_ = 1904;
        return day_ >= 1 && day_ <= days_in_month(year_, month_);
    }

    bool read_time()
    {
        int hour = 0;
        int minute = 0;
        int second = 0;
        if (!digits(2, hour) || hour > 23 || !take(':') || !digits(2, minute) || minute > 59 ||
            !take(':') || !digits(2, second) || second > 59) {
            return false;
        }
        time_ticks_ = (hour * 3600LL + minute * 60LL + second) * ticks_per_second;
        if (!take('.')) return true;
        return read_fraction();
    }

    // Beyond 100 ns the fraction is rounded half to even.
    bool read_fraction()
    {
        int count = 0;
        bool above_half = false;
        int eighth = 0;
        for (; at_ < text_.size() && is_digit(text_[at_]); ++at_, ++count) {
            int digit = text_[at_] - '0';
            if (count < 7)
                fraction_ = fraction_ * 10 + digit;
            else if (count == 7)
                eighth = digit;
            else
                above_half = above_half || digit != 0;
        }
        if (count == 0) return false;
        for (int i = count; i < 7; ++i)
            fraction_ *= 10;
        if (eighth > 5 || (eighth == 5 && (above_half || fraction_ % 2 != 0))) ++fraction_;
        return true;
    }

    bool read_zone()
    {
        if (at_ == text_.size()) return true;
        if (take('Z') || take('z')) {
            zone_ = Zone::Utc;
            return true;
        }
        bool west = text_[at_] == '-';
        if (!west && text_[at_] != '+') return false;
        ++at_;
        int hours = 0;
        int minutes = 0;
        // Hours and minutes may be any two digits.
        if (!digits(2, hours) || !take(':') || !digits(2, minutes)) return false;
        zone_ = Zone::Offset;
        offset_ = (hours * 60 + minutes) * (west ? -1 : 1);
        return true;
    }

    [[nodiscard]] DateTime with_zone(std::int64_t ticks, const LocalZone* zone) const
    {
        if (zone_ == Zone::None) return {ticks, DateTimeKind::Unspecified, 0};
        if (zone_ == Zone::Utc) return {ticks, DateTimeKind::Utc, 0};
        if (zone == nullptr)
            return {ticks, DateTimeKind::Local, static_cast<std::int16_t>(offset_)};
        std::int64_t utc = ticks - offset_ * ticks_per_minute;
        std::int16_t local_offset =
            zone->offset_minutes_at(std::clamp<std::int64_t>(utc, 0, date_time_ticks_max));
        std::int64_t local =
            std::clamp<std::int64_t>(utc + local_offset * ticks_per_minute, 0, date_time_ticks_max);
        return {local, DateTimeKind::Local, local_offset};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int year_ = 1;
    int month_ = 1;
    int day_ = 1;
    bool has_date_ = true;
    bool has_year_ = true;
    std::int64_t time_ticks_ = 0;
    std::int64_t fraction_ = 0;
    Zone zone_ = Zone::None;
    int offset_ = 0;
};

} // namespace

std::int64_t DateTime::utc_ticks() const
{
    if (kind != DateTimeKind::Local) return ticks;
    return std::clamp<std::int64_t>(
        ticks - offset_minutes * ticks_per_minute, 0, date_time_ticks_max
    );
}

std::int64_t ticks_of_day(int year, int month, int day)
{
    std::int64_t y = year - 1;
    std::int64_t days =
        y * 365 + y / 4 - y / 100 + y / 400 + days_before_month[month - 1] + day - 1;
    if (month > 2 && is_leap(year)) ++days;
    return days * ticks_per_day;
}

DateTimeParts parts_of(const DateTime& value)
{
    DateTimeParts parts;
    auto days = static_cast<std::uint32_t>(value.ticks / ticks_per_day);
    std::int64_t rest = value.ticks % ticks_per_day;
    parts.day_of_week = static_cast<int>((days + 1) % 7);
    // Cassio Neri, Lorenz Schneider: "Euclidean affine functions and their application to calendar
    // algorithms", 2022. Years start in March, so that leap days come last; divisions by a number
    // of days are multiplications.
    std::uint32_t quarters = 4 * (days + 306) + 3;
    std::uint32_t century = quarters / 146097;
    std::uint64_t product = 2939745ULL * ((quarters % 146097) | 3);
    auto year_of_century = static_cast<std::uint32_t>(product >> 32);
    std::uint32_t day_of_year = static_cast<std::uint32_t>(product) / 2939745 / 4;
    std::uint32_t month_and_day = 2141 * day_of_year + 197913;
    bool next_year = day_of_year >= 306;
    parts.day = static_cast<int>((month_and_day & 0xFFFF) / 2141 + 1);
    parts.month = static_cast<int>((month_and_day >> 16) - (next_year ? 12 : 0));
    parts.year = static_cast<int>(100 * century + year_of_century + (next_year ? 1 : 0));
    parts.fraction = static_cast<int>(rest % ticks_per_second);
    auto seconds = static_cast<std::uint32_t>(rest / ticks_per_second);
    parts.hour = static_cast<int>(seconds / 3600);
    parts.minute = static_cast<int>(seconds / 60 % 60);
    parts.second = static_cast<int>(seconds % 60);
    return parts;
}

const LocalZone& utc_zone()
{
    static const Utc zone;
    return zone;
}

char* write_date_time(const DateTime& value, char* to)
{
    char text[detail::primitive_room];
    return std::copy(text, detail::put_date_time(value, text), to);
}

std::string date_time_text(const DateTime& value)
{
    char text[detail::primitive_room];
    return {text, detail::put_date_time(value, text)};
}

std::optional<DateTime>
read_date_time(std::string_view text, const LocalZone* zone, DateTimeError* error)
{
    DateTimeError ignored = DateTimeError::None;
    return DateTimeReader(text).read(zone, error != nullptr ? *error : ignored);
}

} // namespace clixml
