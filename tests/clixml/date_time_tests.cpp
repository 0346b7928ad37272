// DateTime and TimeSpan: their texts, ranges and the calendar (fact sheet clixml 2.5, 2.6).
#include <clixml/date_time.hpp>
#include <clixml/time_span.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace clixml;

namespace {

class FixedZone final : public LocalZone {
public:
    explicit FixedZone(int minutes) : minutes_(static_cast<std::int16_t>(minutes)) {}
    [[nodiscard]] std::int16_t offset_minutes_at(std::int64_t) const override { return minutes_; }
    [[nodiscard]] std::int16_t offset_minutes_of_local(std::int64_t) const override
    {
        return minutes_;
    }
    [[nodiscard]] std::int64_t today_ticks() const override { return ticks_of_day(2024, 2, 29); }

private:
    std::int16_t minutes_;
};

std::string rewritten(std::string_view text, const LocalZone* zone)
{
    const tests::ExactBuffer exact(text);
    DateTimeError error = DateTimeError::None;
    const auto value = read_date_time(exact.text(), zone, &error);
    if (value) return date_time_text(*value);
    return error == DateTimeError::OutOfRange ? "out of range" : "malformed";
}

std::string rewritten_span(std::string_view text)
{
    const tests::ExactBuffer exact(text);
    TimeSpanError error = TimeSpanError::None;
    const auto value = read_time_span(exact.text(), &error);
    if (value) return time_span_text(*value);
    return error == TimeSpanError::OutOfRange ? "out of range" : "malformed";
}

struct Row {
    const char* text;
    const char* written;
};

} // namespace

TEST_CASE("times are read in every form of XML Schema")
{
    const FixedZone zone(120);
    const Row rows[] = {
        {"2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"},
        {"2024-01-02T03:04:05", "2024-01-02T03:04:05"},
        {" \t2024-01-02T03:04:05\r\n", "2024-01-02T03:04:05"},
        {"2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05+02:00"},
        {"2024-01-02T03:04:05-00:00", "2024-01-02T05:04:05+02:00"},
        {"2024-01-02T03:04:05+99:59", "2023-12-29T01:05:05+02:00"},
        {"2024-01-02T03:04:05+99:99", "2023-12-29T00:25:05+02:00"},
        {"0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+02:00"},
        {"0001-01-01T04:00:00+05:00", "0001-01-01T01:00:00+02:00"},
        {"9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.9999999+02:00"},
        {"2024-01-02T03:04:05.1234567Z", "2024-01-02T03:04:05.1234567Z"},
        {"2024-01-02T03:04:05.10Z", "2024-01-02T03:04:05.1Z"},
        {"2024-01-02T03:04:05.00000005Z", "2024-01-02T03:04:05Z"},
        {"2024-01-02T03:04:05.00000015Z", "2024-01-02T03:04:05.0000002Z"},
        {"2024-01-02T03:04:05.000000251Z", "2024-01-02T03:04:05.0000003Z"},
        {"2024-01-02T03:04:59.99999999Z", "2024-01-02T03:05:00Z"},
        {"9999-12-31T23:59:59.99999999Z", "out of range"},
        {"2024-01-02", "2024-01-02T00:00:00"},
        {"2024-01-02Z", "2024-01-02T00:00:00Z"},
        {"2024-01", "2024-01-01T00:00:00"},
        {"2024", "2024-01-01T00:00:00"},
        {"2024Z", "2024-01-01T00:00:00Z"},
        {"2024-02:00", "2024-01-01T04:00:00+02:00"},
        {"--02-29", "1904-02-29T00:00:00"},
        {"--02-30", "malformed"},
        {"--02-29Z", "1904-02-29T00:00:00Z"},
        {"---31", "2024-01-31T00:00:00"},
        {"---31-02:00", "2024-01-31T04:00:00+02:00"},
        {"---32", "malformed"},
        {"--02--", "2024-02-01T00:00:00"},
        {"--02", "2024-02-01T00:00:00"},
        {"--02---02:00", "2024-02-01T04:00:00+02:00"},
        {"--13--", "malformed"},
        {"2024-02-29-02:00", "2024-02-29T04:00:00+02:00"},
        {"2024-02-02:00", "2024-02-01T04:00:00+02:00"},
        {"2024-13:00", "2024-01-01T15:00:00+02:00"},
        {"\xC2\xA0"
         "2024\xE2\x80\xA8",
         "2024-01-01T00:00:00"},
        {"03:04:05", "2024-02-29T03:04:05"},
        {"03:04:05Z", "2024-02-29T03:04:05Z"},
        {"2024-02-30T00:00:00", "malformed"},
        {"2023-02-29T00:00:00", "malformed"},
        {"1900-02-29T00:00:00", "malformed"},
        {"2000-02-29T00:00:00", "2000-02-29T00:00:00"},
        {"0000-01-01T00:00:00", "malformed"},
        {"10000-01-01T00:00:00", "malformed"},
        {"-2024-01-01T00:00:00", "malformed"},
        {"2024-13-01T00:00:00", "malformed"},
        {"2024-00-01T00:00:00", "malformed"},
        {"2024-01-00T00:00:00", "malformed"},
        {"2024-01-02T24:00:00", "malformed"},
        {"2024-01-02T23:60:00", "malformed"},
        {"2016-12-31T23:59:60Z", "malformed"},
        {"2024-01-02T03:04Z", "malformed"},
        {"2024-01-02T03:04:05.Z", "malformed"},
        {"2024-01-02t03:04:05", "malformed"},
        {"2024-01-02 03:04:05", "malformed"},
        {"2024-01-02T03:04:05z", "2024-01-02T03:04:05Z"},
        {"2024-01-02T03:04:05+0500", "malformed"},
        {"2024-01-02T03:04:05+05", "malformed"},
        {"2024-01-02T03:04:05 +05:00", "malformed"},
        {"2024-1-2T03:04:05", "malformed"},
        {"", "malformed"},
        {"T03:04:05", "malformed"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(rewritten(row.text, &zone) == row.written);
    }
}

TEST_CASE("without a zone a time keeps its own offset")
{
    for (const char* text :
         {"2024-01-02T03:04:05+05:30",
          "2024-01-02T03:04:05-09:30",
          "2024-01-02T03:04:05+00:00",
          "0001-01-01T00:00:00+05:00"}) {
        CHECK(rewritten(text, nullptr) == text);
    }
    const auto value = read_date_time("2024-01-02T03:00:00+05:30", nullptr);
    REQUIRE(value);
    CHECK(value->utc_ticks() == ticks_of_day(2024, 1, 1) + 21 * 36'000'000'000 + 18'000'000'000);
}

TEST_CASE("every day of the calendar has its parts")
{
    constexpr int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::int64_t day = 0;
    bool good = true;
    for (int year = 1; year <= 9999; ++year) {
        const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; ++month) {
            const int last = days_in[month - 1] + (leap && month == 2 ? 1 : 0);
            for (int d = 1; d <= last; d += d == 1 && last > 2 ? last - 1 : 1) {
                const std::int64_t ticks = (day + d - 1) * ticks_per_day;
                const DateTimeParts parts = parts_of({ticks, DateTimeKind::Utc, 0});
                good = good && parts.year == year && parts.month == month && parts.day == d &&
                       ticks_of_day(year, month, d) == ticks &&
                       parts.day_of_week == static_cast<int>((day + d) % 7);
            }
            day += last;
        }
    }
    CHECK(good);
    CHECK(day * ticks_per_day == date_time_ticks_max + 1);
}

TEST_CASE("every tick survives its text")
{
    constexpr std::uint64_t seed = 1601;
    std::mt19937_64 engine(seed);
    for (int i = 0; i < 20000; ++i) {
        const auto ticks = static_cast<std::int64_t>(engine() % date_time_ticks_max);
        const DateTime moment{ticks, static_cast<DateTimeKind>(i % 3), 0};
        const auto read = read_date_time(date_time_text(moment), nullptr);
        INFO("seed " << seed << ", ticks " << ticks);
        REQUIRE(read == moment);
        const TimeSpan span{static_cast<std::int64_t>(engine())};
        REQUIRE(read_time_span(time_span_text(span)) == span);
    }
}

TEST_CASE("durations are read in the ISO form")
{
    const Row rows[] = {
        {"PT0S", "PT0S"},
        {"P0D", "PT0S"},
        {"-PT0S", "PT0S"},
        {"P1Y2M3D", "P428D"},
        {"P1Y", "P365D"},
        {"P13M", "P395D"},
        {"-P25M3D", "-P763D"},
        {"P355000M", "out of range"},
        {"P1M", "P30D"},
        {"P11M", "P330D"},
        {"P12M", "P365D"},
        {"P14M", "P425D"},
        {"P1Y14M1D", "P791D"},
        {"P99999999M", "out of range"},
        {"PT1H.5S", "PT1H0.5S"},
        {"PT.S", "PT0S"},
        {"PT36H", "P1DT12H"},
        {"PT90M", "PT1H30M"},
        {"PT1.S", "PT1S"},
        {"PT.5S", "PT0.5S"},
        {"PT0.00000019S", "PT0.0000001S"},
        {" P1D ", "P1D"},
        {"P1DT1H1M1.5S", "P1DT1H1M1.5S"},
        {"P10675199DT2H48M5.4775807S", "P10675199DT2H48M5.4775807S"},
        {"-P10675199DT2H48M5.4775808S", "-P10675199DT2H48M5.4775808S"},
        {"P10675199DT2H48M5.4775808S", "out of range"},
        {"-P10675199DT2H48M5.4775809S", "out of range"},
        {"P99999999D", "out of range"},
        {"P2147483647Y", "out of range"},
        {"P2147483648D", "malformed"},
        {"+PT1S", "malformed"},
        {"P1W", "malformed"},
        {"PT1.5M", "malformed"},
        {"PT1S1M", "malformed"},
        {"P1D1Y", "malformed"},
        {"P1D1D", "malformed"},
        {"P", "malformed"},
        {"PT", "malformed"},
        {"P1DT", "malformed"},
        {"", "malformed"},
        {"-", "malformed"},
        {"1D", "malformed"},
        {"P1", "malformed"},
        {"p1d", "malformed"},
        {"PT1S.5S", "malformed"},
        {"PT.5M", "malformed"},
        {"P1D5", "malformed"},
        {"P5T1S", "malformed"},
        {"P2147483648D", "malformed"},
        {"P-1D", "malformed"},
        {"01:02:03", "malformed"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(rewritten_span(row.text) == row.written);
    }
}

TEST_CASE("durations are shown as TimeSpan.ToString shows them")
{
    CHECK(time_span_display_text({0}) == "00:00:00");
    CHECK(time_span_display_text({1}) == "00:00:00.0000001");
    CHECK(time_span_display_text({-ticks_per_day}) == "-1.00:00:00");
    CHECK(time_span_display_text({INT64_MIN}) == "-10675199.02:48:05.4775808");
}
