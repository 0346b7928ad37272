// Clients that leave, come back, or take over the session of another one (fact sheet psrp 12, 7;
// MS-PSRP 3.2.4.4, 3.2.5.4.30).
#include <fragmenter/fragment.hpp>
#include <fragmenter/splitter.hpp>
#include <psrp/protocol/detail/server_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>
#include <vector>

namespace psrp {

using clixml::failure;
using detail::SecretBytes;

namespace {

// The messages of a connectXml: exactly two, each in one fragment, and nothing behind them.
Result<std::vector<Message>> read_connect_request(BytesView request)
{
    const auto refuse = [](const char* expected) {
        return failure(Errc::ConnectRequestInvalid, clixml::no_offset, expected);
    };
    std::vector<Message> messages;
    while (!request.empty()) {
        const auto read = fragmenter::read_fragment(request);
        const auto* fragment = read ? std::get_if<fragmenter::Fragment>(&*read) : nullptr;
        if (fragment == nullptr || !fragment->header.is_start || !fragment->header.is_end)
            return refuse("messages of one fragment each");
        const auto message = read_message(fragment->blob);
        if (!message || messages.size() == 2) return refuse("two messages");
        if (!message->header.is_for(Destination::Server)) return refuse("messages for a server");
        messages.push_back(*message);
        request = request.subspan(fragmenter::fragment_header_bytes + fragment->blob.size());
    }
    if (messages.size() != 2) return refuse("two messages");
    return messages;
}

bool is_type(const Message& message, MessageType type)
{
    return message.header.type == static_cast<std::uint32_t>(type);
}

bool contradicts(std::optional<std::int32_t> wanted, std::int32_t count)
{
    return wanted && *wanted != count;
}

} // namespace

Result<void> ServerPool::Impl::disconnect_requested()
{
    if (session.pool.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    return session.pool.fire(PoolEvent::Disconnect);
}

Result<void> ServerPool::Impl::reconnect_requested()
{
    if (session.pool.state() != RunspacePoolState::Disconnected) return failure(Errc::InvalidState);
    return session.pool.fire(PoolEvent::Reconnect);
}

Result<void> ServerPool::Impl::end_inputs()
{
    for (auto& [id, pipeline] : session.pipelines) {
        if (!is_terminal(pipeline.machine.state()))
            PSRP_CHECK(on_end_of_pipeline_input(pipeline, id));
    }
    return {};
}

Result<Bytes> ServerPool::Impl::connect_requested(BytesView request)
{
    const auto state = session.pool.state();
    const bool is_possible =
        session.machine.state() == SessionState::Established &&
        (state == RunspacePoolState::Opened || state == RunspacePoolState::Disconnected);
    if (!is_possible) return failure(Errc::InvalidState);
    PSRP_TRY(const auto messages, read_connect_request(request));
    const bool is_in_order = is_type(messages[0], MessageType::SessionCapability) &&
                             is_type(messages[1], MessageType::ConnectRunspacePool) &&
                             messages[1].header.runspace_pool_id == session.runspace_pool_id;
    if (!is_in_order)
        return failure(
            Errc::ConnectRequestInvalid, clixml::no_offset, "a capability and a connect of the pool"
        );
    PSRP_TRY(const auto first, read(message_type_row(MessageType::SessionCapability), messages[0]));
    PSRP_TRY(
        const auto second, read(message_type_row(MessageType::ConnectRunspacePool), messages[1])
    );
    PSRP_TRY(const auto capability, decode_session_capability(first.value, *first.memory));
    PSRP_TRY(const auto counts, decode_connect_runspace_pool(second.value, *second.memory));
    const auto version = negotiated_version(capability.protocol_version, options.protocol_version);
    if (!version || !supports(*version, Feature::Disconnection))
        return failure(Errc::ConnectVersionRefused);
    if (contradicts(counts.runspaces_min, session.runspaces_min) ||
        contradicts(counts.runspaces_max, session.runspaces_max))
        return failure(Errc::ConnectMismatch);
    Arena arena;
    SessionCapability answer;
    answer.protocol_version = *version;
    // Here the capability carries the pool's identifier (psrp 4).
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Client),
        static_cast<std::uint32_t>(MessageType::SessionCapability),
        session.runspace_pool_id,
        {}};
    PSRP_TRY(
        const Bytes capability_message,
        write_message(header, encode_session_capability(answer, arena), clixml::message_options())
    );
    PSRP_TRY(
        const auto init_data,
        make_message(
            MessageType::RunspacePoolInitData,
            {},
            encode_runspace_pool_init_data({session.runspaces_min, session.runspaces_max}, arena)
        )
    );
    if (state == RunspacePoolState::Disconnected)
        PSRP_CHECK(session.pool.fire(PoolEvent::Reconnect));
    session.protocol_version = *version;
    forget_all_held();
    session.keys = {}; // the new client knows none
    Bytes response;
    for (const BytesView message : {BytesView(capability_message), BytesView(init_data.bytes())}) {
        fragmenter::append_fragments(
            message, ++last_object_id, options.limits.fragment_bytes_max, response
        );
    }
    send_now(session_channel, SecretBytes(session.private_data, detail::Secrecy::Public));
    PSRP_CHECK(end_inputs());
    return response;
}

} // namespace psrp
