#include <psrp/transport/send_pace.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace psrp;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kib = 1024;

// What a Send may carry after full ones that were acknowledged after these times.
std::size_t bytes_after(const std::vector<milliseconds>& acknowledged_after)
{
    SendPace pace;
    Clock::time_point now{};
    for (const milliseconds taken : acknowledged_after) {
        pace.on_sent(Guid{}, pace.bytes(), 1, now);
        now += taken;
        pace.on_acknowledged(Guid{}, now);
    }
    return pace.bytes();
}

} // namespace

TEST_CASE("full lines grow while they are acknowledged soon, and shrink when that takes long")
{
    struct Row {
        const char* about;
        std::vector<milliseconds> acknowledged_after;
        std::size_t bytes;
    };
    const auto times = [](std::size_t count, int taken) {
        return std::vector<milliseconds>(count, milliseconds(taken));
    };
    const Row row = GENERATE_REF(values<Row>({
        {"nothing sent", {}, 32 * kib},
        {"once soon", times(1, 1), 64 * kib},
        {"a short way", times(20, 1), 256 * kib},
        {"just short", times(20, 19), 256 * kib},
        {"a long way", times(20, 20), 1024 * kib},
        {"just soon", times(20, 250), 1024 * kib},
        {"not soon", times(20, 251), 32 * kib},
        {"a slow way", times(20, 5000), 32 * kib},
        {"becomes slow",
         {milliseconds(20), milliseconds(20), milliseconds(20), milliseconds(1000)},
         128 * kib},
        {"neither", {milliseconds(20), milliseconds(500), milliseconds(999)}, 64 * kib},
        {"becomes near", {milliseconds(20), milliseconds(1), milliseconds(1)}, 256 * kib},
    }));
    CAPTURE(row.about);
    CHECK(bytes_after(row.acknowledged_after) == row.bytes);
}

TEST_CASE("only a full line tells how fast the way is")
{
    SendPace pace;
    const Guid channel = *Guid::read("00000000-0000-0000-0000-000000000001");
    const Clock::time_point now{};
    pace.on_sent(channel, pace.bytes() - 1, 1, now);
    pace.on_acknowledged(channel, now);
    CHECK(pace.bytes() == SendPace::bytes_min);
    pace.on_sent(channel, pace.bytes(), 1, now);
    pace.on_acknowledged(Guid{}, now); // another channel's
    CHECK(pace.bytes() == SendPace::bytes_min);
    pace.on_acknowledged(channel, now);
    CHECK(pace.bytes() == 2 * SendPace::bytes_min);
    pace.on_acknowledged(channel, now); // one too many
    CHECK(pace.bytes() == 2 * SendPace::bytes_min);
}

TEST_CASE("of several lines on their way one is timed, until its own acknowledgement")
{
    SendPace pace;
    const Guid channel = *Guid::read("00000000-0000-0000-0000-000000000001");
    const Clock::time_point start{};
    const auto sent = [&](std::size_t outstanding, int at) {
        pace.on_sent(channel, pace.bytes(), outstanding, start + milliseconds(at));
    };
    const auto acknowledged = [&](int at) {
        pace.on_acknowledged(channel, start + milliseconds(at));
    };
    pace.on_sent(channel, 1, 1, start);
    sent(2, 0); // timed
    sent(3, 900);
    acknowledged(900); // the short one's
    CHECK(pace.bytes() == SendPace::bytes_min);
    acknowledged(999); // neither soon nor late
    CHECK(pace.bytes() == SendPace::bytes_min);
    acknowledged(1000); // not timed
    CHECK(pace.bytes() == SendPace::bytes_min);
    sent(1, 2000); // never acknowledged: its pipeline has ended
    sent(1, 9000);
    acknowledged(9001);
    CHECK(pace.bytes() == 2 * SendPace::bytes_min);
}
