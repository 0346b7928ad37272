// Requests to the pool and what the server answers (fact sheet psrp 6.5, 6.8; MS-PSRP 3.1.4.5-.7,
// 3.1.4.9, 3.1.4.12).
#include <psrp/protocol/detail/client_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>

namespace psrp {

using clixml::failure;

namespace {

struct EncodedCall {
    MessageType type;
    Value value;
};
EncodedCall encode(RunspaceCall call, std::int32_t count, std::int64_t call_id, Arena& arena)
{
    switch (call) {
    case RunspaceCall::SetMax:
        return {MessageType::SetMaxRunspaces, encode_set_max_runspaces({count, call_id}, arena)};
    case RunspaceCall::SetMin:
        return {MessageType::SetMinRunspaces, encode_set_min_runspaces({count, call_id}, arena)};
    case RunspaceCall::GetAvailable:
        return {
            MessageType::GetAvailableRunspaces, encode_get_available_runspaces({call_id}, arena)};
    case RunspaceCall::Reset:
        break;
    }
    return {MessageType::ResetRunspaceState, encode_reset_runspace_state({call_id}, arena)};
}

} // namespace

Result<void>
ClientPool::Impl::start_command_metadata(const Guid& id, const GetCommandMetadata& request)
{
    PSRP_CHECK(check_new_pipeline(id));
    const auto version = server_protocol_version.value_or(protocol_version);
    if (!supports(version, Feature::CommandMetadata))
        return failure(Errc::UnsupportedByPeer, clixml::no_offset, "command metadata");
    Arena arena;
    PSRP_TRY(
        auto message,
        make_message(
            MessageType::GetCommandMetadata, id, encode_get_command_metadata(request, arena)
        )
    );
    return add_pipeline(id, std::move(message), false);
}

// Without a connection there is nobody to ask.
bool ClientPool::Impl::answers_calls_itself() const
{
    return pool_machine.state() == RunspacePoolState::BeforeOpen ||
           pool_machine.state() == RunspacePoolState::Disconnected;
}

Result<std::int64_t> ClientPool::Impl::set_runspaces(RunspaceCall call, std::int32_t count)
{
    if (!answers_calls_itself() && pool_machine.state() != RunspacePoolState::Opened)
        return failure(Errc::InvalidState);
    const bool is_max = call == RunspaceCall::SetMax;
    std::int32_t& current = is_max ? options.runspaces_max : options.runspaces_min;
    const bool is_possible =
        count >= 1 && count != current &&
        (is_max ? count >= options.runspaces_min : count <= options.runspaces_max);
    if (is_possible && !answers_calls_itself()) return send_call(call, count);
    if (is_possible) current = count;
    events.emplace_back(RunspaceCallAnswered{++last_call_id, call, is_possible, 0});
    return last_call_id;
}

Result<std::int64_t> ClientPool::Impl::count_available_runspaces()
{
    if (!answers_calls_itself()) return send_call(RunspaceCall::GetAvailable, 0);
    events.emplace_back(RunspaceCallAnswered{
        ++last_call_id, RunspaceCall::GetAvailable, true, options.runspaces_max});
    return last_call_id;
}

Result<std::int64_t> ClientPool::Impl::reset_runspace_state()
{
    if (pool_machine.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    const auto version = server_protocol_version.value_or(protocol_version);
    if (!supports(version, Feature::RunspaceReset))
        return failure(Errc::UnsupportedByPeer, clixml::no_offset, "a reset of the runspace");
    return send_call(RunspaceCall::Reset, 0);
}

Result<std::int64_t> ClientPool::Impl::send_call(RunspaceCall call, std::int32_t count)
{
    if (pool_machine.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    Arena arena;
    const auto encoded = encode(call, count, last_call_id + 1, arena);
    PSRP_TRY(auto message, make_message(encoded.type, {}, encoded.value));
    ++last_call_id;
    open_calls[last_call_id] = {call, count};
    push(session, Stream::Default, std::move(message));
    return last_call_id;
}

// MS-PSRP 3.1.5.4.11. Answers that nobody waits for are dropped.
Result<void> ClientPool::Impl::on_runspace_availability(const Received& received)
{
    PSRP_TRY(const auto message, decode_runspace_availability(received.value, *received.memory));
    const auto found = open_calls.find(message.call_id);
    if (found == open_calls.end()) return {};
    const auto [call, count] = found->second;
    RunspaceCallAnswered answer{message.call_id, call, false, 0};
    if (const bool* is_done = std::get_if<bool>(&message.response)) answer.is_done = *is_done;
    const auto* narrow = std::get_if<std::int32_t>(&message.response);
    const auto* wide = std::get_if<std::int64_t>(&message.response);
    if (narrow != nullptr) answer.available_count = *narrow;
    if (wide != nullptr) answer.available_count = *wide;
    const bool is_number = narrow != nullptr || wide != nullptr;
    if (is_number != (call == RunspaceCall::GetAvailable))
        return failure(Errc::WrongPropertyType, clixml::no_offset, "SetMinMaxRunspacesResponse");
    if (is_number) answer.is_done = true;
    open_calls.erase(found);
    if (answer.is_done && call == RunspaceCall::SetMax) options.runspaces_max = count;
    if (answer.is_done && call == RunspaceCall::SetMin) options.runspaces_min = count;
    events.emplace_back(answer);
    return {};
}

} // namespace psrp
