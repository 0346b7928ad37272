// Runs a transport in a loop of its own.
#pragma once

#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/transport.hpp>
#include <tests/transport/wire_text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace tests {

// Collects events until `done` holds for the newest, an error comes, or nothing is left to wait
// for.
template <typename Done>
std::vector<std::string> run_until(psrp::Transport& transport, Done&& done)
{
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    loop->add(transport);
    std::vector<std::string> events;
    while (true) {
        const auto event = transport.next_event();
        if (!event) {
            events.push_back("!" + event.error().code.message());
            break;
        }
        if (*event) {
            events.push_back(text_of(**event));
            if (done(events.back())) break;
            continue;
        }
        if (transport.is_finished()) break;
        REQUIRE(loop->run_once());
    }
    loop->remove(transport);
    return events;
}

// Collects events until the connection has ended.
inline std::vector<std::string> run_to_end(psrp::Transport& transport)
{
    return run_until(transport, [](const std::string& event) {
        return event == "ConnectionEnded";
    });
}

// Polls a closed transport until nothing is left.
inline void run_until_finished(psrp::Transport& transport)
{
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    loop->add(transport);
    while (!transport.is_finished())
        REQUIRE(loop->run_once());
}

} // namespace tests
