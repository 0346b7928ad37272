#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>
#include <set>

TEST_CASE("random identifiers are of version 4 and do not repeat")
{
    psrp::RandomIds ids;
    std::set<clixml::Guid> seen;
    for (int i = 0; i < 1000; ++i) {
        const clixml::Guid id = ids.new_guid();
        CHECK((id.bytes[6] & 0xF0) == 0x40);
        CHECK((id.bytes[8] & 0xC0) == 0x80);
        seen.insert(id);
    }
    CHECK(seen.size() == 1000);
}

TEST_CASE("the machine's zone follows TZ and its changes of the clock")
{
    const char* before = std::getenv("TZ");
    const std::string kept = before != nullptr ? before : "";
    setenv("TZ", "XST-1XDT,M3.5.0,M10.5.0/3", 1);
    {
        const psrp::MachineZone zone;
        const auto at = [](int month, int hour) {
            return clixml::ticks_of_day(2024, month, 15) + hour * 60 * clixml::ticks_per_minute;
        };
        CHECK(zone.offset_minutes_at(at(1, 12)) == 60);
        CHECK(zone.offset_minutes_at(at(7, 12)) == 120);
        CHECK(zone.offset_minutes_of_local(at(1, 12)) == 60);
        CHECK(zone.offset_minutes_of_local(at(7, 0)) == 120);
        CHECK(zone.today_ticks() % clixml::ticks_per_day == 0);
    }
    if (before != nullptr)
        setenv("TZ", kept.c_str(), 1);
    else
        unsetenv("TZ");
    tzset();
}
