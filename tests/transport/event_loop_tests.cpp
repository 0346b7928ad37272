#include <psrp/transport/event_loop.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace psrp;
using namespace std::chrono_literals;

namespace {

EventLoop new_loop()
{
    auto loop = EventLoop::create();
    REQUIRE(loop);
    return std::move(*loop);
}

// Reads a pipe and notes what happens to it.
struct PipeWatch final : PollSource {
    explicit PipeWatch(EventLoop& owner) : loop(owner)
    {
        auto made = make_pipe();
        REQUIRE(made);
        pipe = std::move(*made);
        REQUIRE(set_nonblocking(pipe.reader.number()));
        REQUIRE(set_nonblocking(pipe.writer.number()));
        loop.add(*this);
    }
    ~PipeWatch() override { loop.remove(*this); }

    void append_poll_entries(std::vector<PollEntry>& entries) const override
    {
        if (pipe.reader.is_open()) entries.push_back({pipe.reader.number(), true, false});
        if (wants_write) entries.push_back({pipe.writer.number(), false, true});
    }
    void on_readable(int) override
    {
        ++read_calls;
        if (removes != nullptr) loop.remove(*removes);
        if (read_some(pipe.reader.number(), 100, text) == ReadOutcome::End) pipe.reader.reset();
    }
    void on_writable(int) override
    {
        ++write_calls;
        wants_write = false;
    }
    std::optional<Clock::time_point> deadline() const override { return due; }
    void on_deadline(Clock::time_point) override
    {
        ++deadline_calls;
        due = std::nullopt;
    }

    EventLoop& loop;
    Pipe pipe;
    std::string text;
    bool wants_write = false;
    PollSource* removes = nullptr;
    std::optional<Clock::time_point> due;
    int read_calls = 0;
    int write_calls = 0;
    int deadline_calls = 0;
};

} // namespace

TEST_CASE("a loop with nothing to wait for returns at once")
{
    EventLoop loop = new_loop();
    CHECK(loop.run_once() == false);
}

TEST_CASE("readable, writable and ended descriptors are told to their source")
{
    EventLoop loop = new_loop();
    PipeWatch watch(loop);
    CHECK(loop.run_once(0ms) == false);
    REQUIRE(write_some(watch.pipe.writer.number(), "abc"));
    CHECK(loop.run_once() == true);
    CHECK(watch.text == "abc");
    watch.wants_write = true;
    CHECK(loop.run_once() == true);
    CHECK(watch.write_calls == 1);
    watch.pipe.writer.reset();
    CHECK(loop.run_once() == true);
    CHECK_FALSE(watch.pipe.reader.is_open());
    CHECK(loop.run_once() == false);
}

TEST_CASE("a source removed by another one's callback is not called any more")
{
    EventLoop loop = new_loop();
    PipeWatch first(loop);
    PipeWatch second(loop);
    first.removes = &second;
    REQUIRE(write_some(first.pipe.writer.number(), "a"));
    REQUIRE(write_some(second.pipe.writer.number(), "b"));
    CHECK(loop.run_once() == true);
    CHECK(first.read_calls == 1);
    CHECK(second.read_calls == 0);
}

TEST_CASE("timers run in order of time, once, and can be cancelled")
{
    EventLoop loop = new_loop();
    std::vector<int> order;
    loop.call_after(2ms, [&] { order.push_back(2); });
    loop.call_after(1ms, [&] { order.push_back(1); });
    const auto cancelled = loop.call_after(1ms, [&] { order.push_back(9); });
    loop.call_after(3ms, [&] { order.push_back(3); });
    loop.cancel(cancelled);
    loop.cancel(12345);
    while (order.size() < 3)
        REQUIRE(loop.run_once());
    CHECK(order == std::vector<int>{1, 2, 3});
    CHECK(loop.run_once() == false);
}

TEST_CASE("a timer that adds a timer does not keep the round busy")
{
    EventLoop loop = new_loop();
    int rounds = 0;
    std::function<void()> again = [&] {
        ++rounds;
        loop.call_after(0ms, again);
    };
    loop.call_after(0ms, again);
    for (int i = 1; i <= 5; ++i) {
        REQUIRE(loop.run_once());
        CHECK(rounds <= i);
    }
    CHECK(rounds >= 1);
}

TEST_CASE("a timer may cancel another one that is due as well")
{
    EventLoop loop = new_loop();
    int calls = 0;
    EventLoop::TimerId second = 0;
    loop.call_after(0ms, [&] {
        ++calls;
        loop.cancel(second);
    });
    second = loop.call_after(0ms, [&] { ++calls; });
    for (int i = 0; i < 3; ++i)
        REQUIRE(loop.run_once(1ms));
    CHECK(calls == 1);
}

TEST_CASE("deadlines of sources are kept")
{
    EventLoop loop = new_loop();
    PipeWatch watch(loop);
    watch.due = Clock::now() + 2ms;
    while (watch.deadline_calls == 0)
        REQUIRE(loop.run_once());
    CHECK(watch.deadline_calls == 1);
    CHECK(loop.run_once(0ms) == false);
}

TEST_CASE("wake ends a wait, from this thread and from another")
{
    EventLoop loop = new_loop();
    PipeWatch watch(loop);
    loop.wake();
    loop.wake();
    CHECK(loop.run_once() == true);
    CHECK(loop.run_once(0ms) == false);
    std::thread other([&] { loop.wake(); });
    CHECK(loop.run_once() == true);
    other.join();
}
