#include <clixml/date_time.hpp>

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

char* write_two(int value, char* to)
{
    *to++ = static_cast<char>('0' + value / 10);
    *to++ = static_cast<char>('0' + value % 10);
    return to;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Reads the forms of XML Schema's date and time types, each with an optional zone (clixml 2.5).
class DateTimeReader {
public:
    explicit DateTimeReader(std::string_view text) : text_(text) {}

    std::optional<DateTime> read(const LocalZone* zone, DateTimeError& error)
    {
        error = DateTimeError::Malformed;
        trim();
        if (!read_clock(zone) || !read_zone() || at_ != text_.size()) return std::nullopt;
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

    void trim()
    {
        auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
        while (!text_.empty() && blank(text_.front()))
            text_.remove_prefix(1);
        while (!text_.empty() && blank(text_.back()))
            text_.remove_suffix(1);
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

    bool read_clock(const LocalZone* zone)
    {
        if (text_.starts_with("--")) return read_partial_date(zone);
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

    // --MM-dd in the leap year 1904 as .NET does; --MM--, --MM and ---dd in this year.
    bool read_partial_date(const LocalZone* zone)
    {
        at_ = 2;
        year_ = parts_of({today(zone), DateTimeKind::Unspecified, 0}).year;
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
        if (!digits(2, hours) || !take(':') || !digits(2, minutes) || minutes > 59) return false;
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
        std::int64_t utc =
            std::clamp<std::int64_t>(ticks - offset_ * ticks_per_minute, 0, date_time_ticks_max);
        std::int16_t local_offset = zone->offset_minutes_at(utc);
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
    std::int64_t days = value.ticks / ticks_per_day;
    std::int64_t rest = value.ticks % ticks_per_day;
    parts.day_of_week = static_cast<int>((days + 1) % 7);
    // Days to year, month and day by way of a year that starts in March, so that leap days come
    // last.
    std::int64_t shifted = days + 306;
    std::int64_t era = shifted / 146097;
    std::int64_t day_of_era = shifted % 146097;
    std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    parts.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    parts.month =
        static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    parts.year = static_cast<int>(year_of_era + era * 400 + (parts.month <= 2 ? 1 : 0));
    parts.fraction = static_cast<int>(rest % ticks_per_second);
    auto seconds = static_cast<int>(rest / ticks_per_second);
    parts.hour = seconds / 3600;
    parts.minute = seconds / 60 % 60;
    parts.second = seconds % 60;
    return parts;
}

const LocalZone& utc_zone()
{
    static const Utc zone;
    return zone;
}

char* write_date_time(const DateTime& value, char* to)
{
    DateTimeParts parts = parts_of(value);
    to = write_two(parts.year / 100, to);
    to = write_two(parts.year % 100, to);
    *to++ = '-';
    to = write_two(parts.month, to);
    *to++ = '-';
    to = write_two(parts.day, to);
    *to++ = 'T';
    to = write_two(parts.hour, to);
    *to++ = ':';
    to = write_two(parts.minute, to);
    *to++ = ':';
    to = write_two(parts.second, to);
    if (parts.fraction != 0) {
        *to++ = '.';
        int fraction = parts.fraction;
        for (int unit = 1'000'000; fraction != 0; unit /= 10) {
            *to++ = static_cast<char>('0' + fraction / unit);
            fraction %= unit;
        }
    }
    if (value.kind == DateTimeKind::Utc) *to++ = 'Z';
    if (value.kind == DateTimeKind::Local) {
        int minutes = value.offset_minutes;
        *to++ = minutes < 0 ? '-' : '+';
        minutes = minutes < 0 ? -minutes : minutes;
        to = write_two(minutes / 60, to);
        *to++ = ':';
        to = write_two(minutes % 60, to);
    }
    return to;
}

std::string date_time_text(const DateTime& value)
{
    char text[40];
    return {text, write_date_time(value, text)};
}

std::optional<DateTime>
read_date_time(std::string_view text, const LocalZone* zone, DateTimeError* error)
{
    DateTimeError ignored = DateTimeError::None;
    return DateTimeReader(text).read(zone, error != nullptr ? *error : ignored);
}

} // namespace clixml
