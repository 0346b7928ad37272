// State machines as tables: rows of (state, event, next state), checked when they are compiled.
#pragma once

#include <clixml/result.hpp>
#include <psrp/protocol/errors.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace psrp {

// One row: `event` in `from` leads to `to`, which may be `from` itself.
template <typename State, typename Event>
struct Transition {
    State from;
    Event event;
    State to;
};

// The next state, or nothing where the table does not list the pair.
template <typename State, typename Event, std::size_t Rows>
constexpr std::optional<State>
next_state(const std::array<Transition<State, Event>, Rows>& table, State from, Event event)
{
    for (const auto& row : table) {
        if (row.from == from && row.event == event) return row.to;
    }
    return std::nullopt;
}

// Whether no pair is listed twice.
template <typename State, typename Event, std::size_t Rows>
constexpr bool has_no_duplicates(const std::array<Transition<State, Event>, Rows>& table)
{
    for (std::size_t i = 0; i < Rows; ++i) {
        for (std::size_t j = i + 1; j < Rows; ++j) {
            if (table[i].from == table[j].from && table[i].event == table[j].event) return false;
        }
    }
    return true;
}

// Whether a path of rows leads from `initial` to every state that the table names.
template <typename State, typename Event, std::size_t Rows>
constexpr bool
reaches_all_states(const std::array<Transition<State, Event>, Rows>& table, State initial)
{
    std::array<bool, Rows> is_reached{}; // rows whose `from` can be reached
    for (std::size_t pass = 0; pass < Rows; ++pass) {
        for (std::size_t i = 0; i < Rows; ++i) {
            if (table[i].from == initial) is_reached[i] = true;
            for (std::size_t j = 0; j < Rows; ++j) {
                if (is_reached[j] && table[j].to == table[i].from) is_reached[i] = true;
            }
        }
    }
    for (const bool reached : is_reached) {
        if (!reached) return false;
    }
    return true;
}

// A state that moves only as its table says.
template <const auto& Table, typename State, typename Event, State Initial>
class Machine {
    static_assert(has_no_duplicates(Table), "each pair of state and event has one row");
    static_assert(
        reaches_all_states(Table, Initial), "no row starts in a state without a way to it"
    );

public:
    using StateType = State;
    using EventType = Event;

    [[nodiscard]] State state() const { return state_; }

    // Moves to the next state. Errc::InvalidTransition, changing nothing, where the table has no
    // row.
    clixml::Result<void> fire(Event event)
    {
        const auto next = next_state(Table, state_, event);
        if (!next) return clixml::failure(Errc::InvalidTransition);
        state_ = *next;
        return {};
    }

    // Whether fire(event) would move.
    [[nodiscard]] bool can_fire(Event event) const
    {
        return next_state(Table, state_, event).has_value();
    }

private:
    State state_ = Initial;
};

} // namespace psrp
