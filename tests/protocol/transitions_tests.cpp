// Each machine over its full grid of states and events: listed pairs go where the table says, all
// others end in InvalidTransition and change nothing.
#include <psrp/protocol/key_transitions.hpp>
#include <psrp/protocol/pipeline_transitions.hpp>
#include <psrp/protocol/pool_transitions.hpp>
#include <psrp/protocol/session_transitions.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

namespace {

// A machine brought to `state` by the shortest row of events that leads there.
template <typename Machine, typename Table>
Machine machine_in(const Table& table, typename Machine::StateType state)
{
    std::vector<Machine> reached{Machine()};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        if (reached[i].state() == state) return reached[i];
        for (const auto& row : table) {
            if (row.from != reached[i].state()) continue;
            Machine next = reached[i];
            REQUIRE(next.fire(row.event));
            bool is_new = true;
            for (const auto& known : reached)
                is_new = is_new && known.state() != next.state();
            if (is_new) reached.push_back(next);
        }
    }
    FAIL("no way to this state");
    return Machine();
}

template <typename Machine, typename Table>
void check_grid(const Table& table, int event_count, std::size_t listed_expected)
{
    std::size_t listed = 0;
    std::vector<typename Machine::StateType> states{Machine().state()};
    for (const auto& row : table) {
        if (std::find(states.begin(), states.end(), row.to) == states.end())
            states.push_back(row.to);
    }
    for (const auto state : states) {
        for (int number = 0; number < event_count; ++number) {
            const auto event = static_cast<typename Machine::EventType>(number);
            Machine machine = machine_in<Machine>(table, state);
            const auto next = psrp::next_state(table, state, event);
            INFO("state " << static_cast<int>(state) << ", event " << number);
            CHECK(machine.can_fire(event) == next.has_value());
            const auto fired = machine.fire(event);
            if (next) {
                ++listed;
                CHECK(fired);
                CHECK(machine.state() == *next);
            } else {
                REQUIRE_FALSE(fired);
                CHECK(fired.error().code == psrp::Errc::InvalidTransition);
                CHECK(machine.state() == state);
            }
        }
    }
    CHECK(listed == listed_expected);
}

} // namespace

TEST_CASE("every pair of state and event of a session does what its table says")
{
    constexpr int events = static_cast<int>(psrp::SessionEvent::Reconnected) + 1;
    check_grid<psrp::ClientSessionMachine>(
        psrp::client_session_transitions, events, psrp::client_session_transitions.size()
    );
    check_grid<psrp::ServerSessionMachine>(
        psrp::server_session_transitions, events, psrp::server_session_transitions.size()
    );
}

TEST_CASE("every pair of state and event of a runspace pool does what its table says")
{
    constexpr int events = static_cast<int>(psrp::PoolEvent::Reconnect) + 1;
    check_grid<psrp::ClientPoolMachine>(
        psrp::client_pool_transitions, events, psrp::client_pool_transitions.size()
    );
    check_grid<psrp::ServerPoolMachine>(
        psrp::server_pool_transitions, events, psrp::server_pool_transitions.size()
    );
}

TEST_CASE("every pair of state and event of a pipeline does what its table says")
{
    constexpr int events = static_cast<int>(psrp::PipelineEvent::EndSilently) + 1;
    check_grid<psrp::ClientPipelineMachine>(
        psrp::client_pipeline_transitions, events, psrp::client_pipeline_transitions.size()
    );
    check_grid<psrp::ServerPipelineMachine>(
        psrp::server_pipeline_transitions, events, psrp::server_pipeline_transitions.size()
    );
}

TEST_CASE("every pair of state and event of a session key does what its table says")
{
    constexpr int events = static_cast<int>(psrp::KeyEvent::TimeOut) + 1;
    check_grid<psrp::ClientKeyMachine>(
        psrp::client_key_transitions, events, psrp::client_key_transitions.size()
    );
    check_grid<psrp::ServerKeyMachine>(
        psrp::server_key_transitions, events, psrp::server_key_transitions.size()
    );
}

TEST_CASE("terminal states of a pipeline have no way out")
{
    for (const auto& row : psrp::client_pipeline_transitions)
        CHECK_FALSE(psrp::is_terminal(row.from));
    for (const auto& row : psrp::server_pipeline_transitions)
        CHECK_FALSE(psrp::is_terminal(row.from));
}
