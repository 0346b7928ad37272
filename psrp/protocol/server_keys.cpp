// The session key as the server sees it, and what waits for it (fact sheet psrp 11; MS-PSRP
// 3.2.5.4.3-.5).
#include <psrp/protocol/detail/server_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::SecretBytes;

// It is the client's version that counts, whatever our own.
bool ServerPool::Impl::uses_session_key() const
{
    return !supports(session.protocol_version, Feature::ClearSecrets);
}

Result<void> ServerPool::Impl::make_session_key()
{
    if (session.keys.secrets) return {};
    if (options.keys == nullptr) return failure(Errc::KeyExchangeUnsupported);
    SessionKey key;
    PSRP_CHECK(options.keys->fill_random(key.writable_bytes()));
    session.keys.secrets.emplace(std::move(key));
    return {};
}

// MS-PSRP 3.2.5.4.5. One request is enough, however much waits.
void ServerPool::Impl::request_public_key()
{
    if (is_waiting_for_key() || !session.keys.machine.fire(KeyEvent::Request)) return;
    Arena arena;
    // An empty string is always writable.
    if (auto message =
            make_message(MessageType::PublicKeyRequest, {}, encode_public_key_request({}, arena)))
        send_now(session_channel, *std::move(message));
}

// Everything that can fail about the secrets of a message that is to be sent fails here, before
// anything has changed. For a client that knows to ask a key is made at once; an older one has to
// send its own first, and the message waits.
Result<SecretBytes> ServerPool::Impl::with_secrets_secured(std::string message)
{
    if (!detail::has_written_secret(message))
        return SecretBytes(std::move(message), detail::Secrecy::Public);
    SecretBytes clear(std::move(message));
    PSRP_CHECK(detail::check_written_secrets(clear.text()));
    if (!uses_session_key()) return clear;
    if (!session.keys.secrets && supports(session.protocol_version, Feature::KeyBeforeExchange)) {
        PSRP_CHECK(make_session_key());
        PSRP_CHECK(session.keys.machine.fire(KeyEvent::Make));
    }
    if (session.keys.secrets) {
        PSRP_TRY(std::string secured, detail::encrypt_secrets(clear.text(), *session.keys.secrets));
        return SecretBytes(std::move(secured), detail::Secrecy::Public);
    }
    if (options.keys == nullptr) return failure(Errc::KeyExchangeUnsupported);
    if (session.keys.held_bytes + clear.bytes().size() > options.limits.held_bytes_max)
        return failure(Errc::WouldBlock);
    return clear;
}

void ServerPool::Impl::hold_send(const Guid& channel, SecretBytes message)
{
    session.keys.held_bytes += message.bytes().size();
    session.keys.held_sends[channel].push_back(std::move(message));
    request_public_key();
}

// Whether a message of pool or pipeline has to wait: it may hold a secret that cannot be read yet,
// or stands behind one that does.
bool ServerPool::Impl::must_hold(const Guid& channel, std::string_view text) const
{
    const auto& keys = session.keys;
    if (keys.is_releasing || !uses_session_key() || options.keys == nullptr) return false;
    if (keys.held_objects.contains(channel)) return true;
    return !keys.secrets && detail::may_hold_secret(text);
}

Result<void> ServerPool::Impl::hold_object(const Guid& channel, BytesView object)
{
    auto& keys = session.keys;
    if (keys.held_bytes + object.size() > options.limits.held_bytes_max) {
        const Error error{Errc::TooMuchHeld, clixml::no_offset, ""};
        begin_close(error);
        return tl::unexpected<Error>(error);
    }
    keys.held_bytes += object.size();
    keys.held_objects[channel].emplace_back(SecretBytes(std::string(clixml::text_of(object))));
    request_public_key();
    return {};
}

// MS-PSRP 3.2.5.4.3. A key that is none leaves everything as it was, as PowerShell does.
Result<void> ServerPool::Impl::on_public_key(const Received& received)
{
    PSRP_TRY(const auto message, decode_public_key(received.value, *received.memory));
    PSRP_CHECK(make_session_key());
    PSRP_TRY(
        const std::string blob,
        encrypt_session_key(session.keys.secrets->key(), message.key_base64, *options.keys)
    );
    Arena arena;
    PSRP_TRY(
        auto answer,
        make_message(
            MessageType::EncryptedSessionKey, {}, encode_encrypted_session_key({blob}, arena)
        )
    );
    PSRP_CHECK(session.keys.machine.fire(KeyEvent::ReceiveKey));
    send_now(session_channel, std::move(answer));
    PSRP_CHECK(session.keys.machine.fire(KeyEvent::SendKey));
    release_sends();
    release_objects();
    return {};
}

void ServerPool::Impl::release_sends()
{
    auto held = std::exchange(session.keys.held_sends, {});
    for (auto& [channel, messages] : held) {
        for (const auto& message : messages) {
            session.keys.held_bytes -= message.bytes().size();
            // Cannot fail: its secrets were checked when it was made.
            if (auto secured = detail::encrypt_secrets(message.text(), *session.keys.secrets))
                send_now(channel, SecretBytes(*std::move(secured), detail::Secrecy::Public));
        }
    }
}

void ServerPool::Impl::release_objects()
{
    auto held = std::exchange(session.keys.held_objects, {});
    session.keys.is_releasing = true;
    for (auto& [channel, entries] : held) {
        for (auto& entry : entries) {
            if (const auto* acknowledgement = std::get_if<AcknowledgeData>(&entry)) {
                events.emplace_back(*acknowledgement);
                continue;
            }
            const auto& object = std::get<SecretBytes>(entry).bytes();
            // What is wrong with it is dropped, as if it came now; a session that it closes has no
            // use for the rest.
            if (session.machine.state() == SessionState::Established)
                (void)on_message(channel, object);
        }
    }
    session.keys.held_bytes = 0;
    session.keys.is_releasing = false;
}

// What a channel that is stopped or closed was waiting to say is not said any more.
void ServerPool::Impl::forget_held(const Guid& channel)
{
    auto& keys = session.keys;
    const auto found = keys.held_objects.find(channel);
    if (found == keys.held_objects.end()) return;
    for (const auto& entry : found->second) {
        if (const auto* object = std::get_if<SecretBytes>(&entry))
            keys.held_bytes -= object->bytes().size();
        else
            events.emplace_back(std::get<AcknowledgeData>(entry));
    }
    keys.held_objects.erase(found);
}

void ServerPool::Impl::forget_all_held()
{
    while (!session.keys.held_objects.empty())
        forget_held(Guid(session.keys.held_objects.begin()->first));
    session.keys.held_sends.clear();
    session.keys.held_bytes = 0;
}

// A packet is acknowledged when all of it has been dealt with: PowerShell, too, keeps back the
// acknowledgement of a secret that it cannot read yet (psrp 11.1).
void ServerPool::Impl::acknowledge_data(const Guid& channel)
{
    const auto found = session.keys.held_objects.find(channel);
    if (found == session.keys.held_objects.end())
        events.emplace_back(AcknowledgeData{channel});
    else
        found->second.emplace_back(AcknowledgeData{channel});
}

bool ServerPool::Impl::is_waiting_for_key() const
{
    return session.keys.machine.state() == KeyState::Requested &&
           session.machine.state() == SessionState::Established;
}

void ServerPool::Impl::key_exchange_timed_out()
{
    if (!is_waiting_for_key() || !session.keys.machine.fire(KeyEvent::TimeOut)) return;
    begin_close({Errc::KeyExchangeTimedOut, clixml::no_offset, ""});
}

} // namespace psrp
