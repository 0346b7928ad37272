// The session key as the client sees it, and what waits for it (fact sheet psrp 11; MS-PSRP
// 3.1.5.4.3-.5).
#include <psrp/protocol/detail/client_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>
#include <vector>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientChannel;
using detail::SecretBytes;

bool ClientPool::Impl::uses_session_key() const
{
    return !supports(protocol_version, Feature::ClearSecrets);
}

Result<void> ClientPool::Impl::make_private_key()
{
    if (keys.private_key) return {};
    if (options.keys == nullptr) return failure(Errc::KeyExchangeUnsupported);
    PSRP_TRY(auto made, options.keys->make_rsa_key());
    keys.private_key.emplace(std::move(made));
    return {};
}

// MS-PSRP 3.1.5.4.3
Result<void> ClientPool::Impl::send_public_key()
{
    PSRP_CHECK(make_private_key());
    PSRP_TRY(const std::string blob, keys.private_key->public_blob());
    Arena arena;
    PSRP_TRY(
        auto message, make_message(MessageType::PublicKey, {}, encode_public_key({blob}, arena))
    );
    PSRP_CHECK(keys.machine.fire(KeyEvent::SendKey));
    // Past what is held: that waits for the answer.
    (void)session.queue.push(fragmenter::Priority::Default, ++last_object_id, message.bytes());
    return {};
}

// Everything that can fail about the secrets of a message that is to be sent fails here, before
// anything has changed.
Result<SecretBytes> ClientPool::Impl::with_secrets_secured(std::string message)
{
    if (!detail::has_written_secret(message))
        return SecretBytes(std::move(message), detail::Secrecy::Public);
    SecretBytes clear(std::move(message));
    PSRP_CHECK(detail::check_written_secrets(clear.text()));
    if (!uses_session_key()) return clear;
    if (keys.secrets) {
        PSRP_TRY(std::string secured, detail::encrypt_secrets(clear.text(), *keys.secrets));
        return SecretBytes(std::move(secured), detail::Secrecy::Public);
    }
    PSRP_CHECK(make_private_key());
    if (keys.held_bytes + clear.bytes().size() > options.limits.held_bytes_max)
        return failure(Errc::WouldBlock);
    return clear;
}

void ClientPool::Impl::hold_send(ClientChannel& channel, Stream stream, SecretBytes message)
{
    keys.held_bytes += message.bytes().size();
    channel.held_sends[static_cast<std::size_t>(stream)].push_back(std::move(message));
    if (is_waiting_for_key()) return;
    if (const auto sent = send_public_key(); !sent)
        break_pool(sent.error(), sent.error().text(), true);
}

// Whether a message of pool or pipeline has to wait: it may hold a secret that cannot be read yet,
// or stands behind one that does.
bool ClientPool::Impl::must_hold(const Guid& channel, std::string_view text)
{
    if (keys.is_releasing || !uses_session_key()) return false;
    const ClientChannel* found = find_channel(channel);
    if (found == nullptr) return false;
    return !found->held_objects.empty() || (!keys.secrets && detail::may_hold_secret(text));
}

Result<void> ClientPool::Impl::hold_object(const Guid& channel, BytesView object)
{
    if (keys.held_bytes + object.size() > options.limits.held_bytes_max)
        return failure(Errc::TooMuchHeld);
    if (!is_waiting_for_key()) PSRP_CHECK(send_public_key());
    find_channel(channel)->held_objects.emplace_back(std::string(clixml::text_of(object)));
    keys.held_bytes += object.size();
    return {};
}

// MS-PSRP 3.1.5.4.4
Result<void> ClientPool::Impl::on_encrypted_session_key(const Received& received)
{
    if (keys.machine.state() != KeyState::Sent) return {}; // nobody asked for it
    auto message = decode_encrypted_session_key(received.value, *received.memory);
    if (!message) return failure(Errc::InvalidSessionKey, clixml::no_offset, "a property bag");
    PSRP_TRY(auto key, keys.private_key->decrypt(message->key_base64));
    PSRP_CHECK(keys.machine.fire(KeyEvent::ReceiveKey));
    keys.secrets.emplace(std::move(key));
    return release_held();
}

// MS-PSRP 3.1.5.4.5. Answered whatever the version.
Result<void> ClientPool::Impl::on_public_key_request(const Received& received)
{
    PSRP_CHECK(decode_public_key_request(received.value, *received.memory));
    if (session_machine.state() == SessionState::ClosingConnection) return {};
    if (session_machine.state() != SessionState::Established)
        return failure(Errc::UnexpectedMessage, clixml::no_offset, "a session capability");
    PSRP_CHECK(keys.machine.fire(KeyEvent::Request));
    if (keys.machine.state() != KeyState::Requested) return {}; // our key is on its way
    return send_public_key();
}

Result<void> ClientPool::Impl::release_sends(ClientChannel& channel)
{
    for (const Stream stream : {Stream::Default, Stream::PromptResponse}) {
        auto held = std::exchange(channel.held_sends[static_cast<std::size_t>(stream)], {});
        for (auto& message : held) {
            keys.held_bytes -= message.bytes().size();
            PSRP_TRY(std::string secured, detail::encrypt_secrets(message.text(), *keys.secrets));
            push(channel, stream, SecretBytes(std::move(secured), detail::Secrecy::Public));
        }
    }
    return {};
}

void ClientPool::Impl::release_objects(const Guid& id)
{
    for (;;) {
        ClientChannel* channel = find_channel(id); // what comes may end it
        if (is_over() || channel == nullptr || channel->held_objects.empty()) return;
        const SecretBytes object = std::move(channel->held_objects.front());
        channel->held_objects.pop_front();
        keys.held_bytes -= object.bytes().size();
        if (const auto handled = on_message(id, object.bytes()); !handled)
            fail_channel(id, handled.error());
    }
}

Result<void> ClientPool::Impl::release_held()
{
    PSRP_CHECK(release_sends(session));
    std::vector<Guid> ids{session_channel};
    for (auto& [id, pipeline] : pipelines) {
        PSRP_CHECK(release_sends(pipeline.channel));
        ids.push_back(id);
    }
    keys.is_releasing = true;
    for (const auto& id : ids)
        release_objects(id);
    keys.is_releasing = false;
    return {};
}

void ClientPool::Impl::forget_held(ClientChannel& channel)
{
    for (auto& held : channel.held_sends) {
        for (const auto& message : held)
            keys.held_bytes -= message.bytes().size();
        held.clear();
    }
    for (const auto& object : channel.held_objects)
        keys.held_bytes -= object.bytes().size();
    channel.held_objects.clear();
}

bool ClientPool::Impl::is_waiting_for_key() const
{
    return keys.machine.state() == KeyState::Sent && !is_over();
}

void ClientPool::Impl::key_exchange_timed_out()
{
    if (!is_waiting_for_key() || !keys.machine.fire(KeyEvent::TimeOut)) return;
    const Error error{Errc::KeyExchangeTimedOut, clixml::no_offset, ""};
    break_pool(error, error.text(), true);
}

} // namespace psrp
