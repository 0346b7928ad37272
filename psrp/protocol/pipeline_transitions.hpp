// The states of a pipeline, client and server (fact sheet psrp 9.3, 9.4; MS-PSRP 3.1.1.4, 3.2.1.4).
#pragma once

#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/transitions.hpp>

#include <cstdint>

namespace psrp {

enum class PipelineEvent : std::uint8_t {
    Start,    // client: start_pipeline(); server: there is a runspace for it
    Stop,     // wanted by the client
    Complete, // the state Completed is received or reported; the next two likewise
    Stopped,
    Fail,
    Disconnect,  // client: the pool is disconnected
    Reconnect,   // client: the pool is connected again
    EndSilently, // client: the server ended it without a terminal state: Disconnected, or only an
                 // acknowledged signal
};

using PipelineTransition = Transition<PipelineState, PipelineEvent>;

// Once stop() was asked for, whatever the server reports is Stopped.
inline constexpr std::array<PipelineTransition, 18> client_pipeline_transitions{{
    {PipelineState::NotStarted, PipelineEvent::Start, PipelineState::Running},
    {PipelineState::Running, PipelineEvent::Stop, PipelineState::Stopping},
    {PipelineState::Running, PipelineEvent::Complete, PipelineState::Completed},
    {PipelineState::Running, PipelineEvent::Stopped, PipelineState::Stopped},
    {PipelineState::Running, PipelineEvent::Fail, PipelineState::Failed},
    {PipelineState::Running, PipelineEvent::EndSilently, PipelineState::Stopped},
    {PipelineState::Stopping, PipelineEvent::Stop, PipelineState::Stopping},
    {PipelineState::Stopping, PipelineEvent::Complete, PipelineState::Stopped},
    {PipelineState::Stopping, PipelineEvent::Stopped, PipelineState::Stopped},
    {PipelineState::Stopping, PipelineEvent::Fail, PipelineState::Stopped},
    {PipelineState::Stopping, PipelineEvent::EndSilently, PipelineState::Stopped},
    {PipelineState::Running, PipelineEvent::Disconnect, PipelineState::Disconnected},
    {PipelineState::Stopping, PipelineEvent::Disconnect, PipelineState::Stopping},
    {PipelineState::Disconnected, PipelineEvent::Reconnect, PipelineState::Running},
    // What was on its way still counts.
    {PipelineState::Disconnected, PipelineEvent::Complete, PipelineState::Completed},
    {PipelineState::Disconnected, PipelineEvent::Stopped, PipelineState::Stopped},
    {PipelineState::Disconnected, PipelineEvent::Fail, PipelineState::Failed},
    {PipelineState::Disconnected, PipelineEvent::EndSilently, PipelineState::Stopped},
}};

// NotStarted waits for a runspace. The owner may end a pipeline otherwise than it was asked to.
inline constexpr std::array<PipelineTransition, 11> server_pipeline_transitions{{
    {PipelineState::NotStarted, PipelineEvent::Start, PipelineState::Running},
    {PipelineState::NotStarted, PipelineEvent::Stop, PipelineState::Stopped},
    {PipelineState::NotStarted,
     PipelineEvent::Fail,
     PipelineState::Failed}, // its request cannot be read
    {PipelineState::Running, PipelineEvent::Stop, PipelineState::Stopping},
    {PipelineState::Running, PipelineEvent::Complete, PipelineState::Completed},
    {PipelineState::Running, PipelineEvent::Stopped, PipelineState::Stopped},
    {PipelineState::Running, PipelineEvent::Fail, PipelineState::Failed},
    {PipelineState::Stopping, PipelineEvent::Stop, PipelineState::Stopping},
    {PipelineState::Stopping, PipelineEvent::Complete, PipelineState::Completed},
    {PipelineState::Stopping, PipelineEvent::Stopped, PipelineState::Stopped},
    {PipelineState::Stopping, PipelineEvent::Fail, PipelineState::Failed},
}};

using ClientPipelineMachine =
    Machine<client_pipeline_transitions, PipelineState, PipelineEvent, PipelineState::NotStarted>;
using ServerPipelineMachine =
    Machine<server_pipeline_transitions, PipelineState, PipelineEvent, PipelineState::NotStarted>;

// Completed, Failed or Stopped.
constexpr bool is_terminal(PipelineState state)
{
    return state == PipelineState::Completed || state == PipelineState::Failed ||
           state == PipelineState::Stopped;
}

} // namespace psrp
