#include <clixml/overloaded.hpp>
#include <clixml/writer.hpp>
#include <fragmenter/fragment.hpp>
#include <fragmenter/splitter.hpp>
#include <psrp/holder/shared_transport.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/message_types.hpp>
#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/records.hpp>
#include <psrp/transport/errors.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

namespace {

constexpr std::size_t client_fragment_bytes_max = 32768;

tl::unexpected<clixml::Error> not_allowed(const char* expected)
{
    return clixml::failure(TransportErrc::ActionNotAllowed, clixml::no_offset, expected);
}

bool is_type(BytesView object, MessageType type)
{
    const auto message = read_message(object);
    return message && message->header.type == static_cast<std::uint32_t>(type);
}

// What a client may say on the session's channel: whole messages of one fragment, so that those of
// several clients never mix. Nothing for anything else.
std::optional<std::vector<BytesView>> whole_messages(BytesView bytes)
{
    std::vector<BytesView> messages;
    while (!bytes.empty()) {
        const auto read = fragmenter::read_fragment(bytes);
        const auto* fragment = read ? std::get_if<fragmenter::Fragment>(&*read) : nullptr;
        const bool is_whole =
            fragment != nullptr && fragment->header.is_start && fragment->header.is_end;
        if (!is_whole) return std::nullopt;
        messages.push_back(fragment->blob);
        bytes = bytes.subspan(fragmenter::fragment_header_bytes + fragment->blob.size());
    }
    return messages;
}

} // namespace

SharedTransport::SharedTransport(std::unique_ptr<Transport> inner, const Guid& runspace_pool_id)
    : inner_(std::move(inner)), runspace_pool_id_(runspace_pool_id)
{
}

void SharedTransport::join(SharedClient& client)
{
    clients_.push_back(&client);
}

void SharedTransport::leave(SharedClient& client)
{
    std::erase(clients_, &client);
    for (auto& [id, channel] : channels_) {
        if (channel.client != &client) continue;
        channel.client = nullptr;
        end_pipeline(id, channel);
    }
    // What has not been begun is not sent; the order of those that wait for a key stays.
    std::erase_if(session_sends_, [&](const SessionSend& one) {
        return one.client == &client && !(session_is_sending_ && &one == &session_sends_.front());
    });
    for (SessionSend& one : session_sends_) {
        if (one.client == &client) one.client = nullptr;
    }
    std::replace(
        key_requesters_.begin(), key_requesters_.end(), &client, static_cast<SharedClient*>(nullptr)
    );
    flush();
}

Result<Bytes> SharedTransport::connect(BytesView request)
{
    return connect_answer_.answer(request);
}

Result<void> SharedTransport::send(SharedClient& client, ClientDataReceived data)
{
    if (data.channel.is_zero()) return send_for_session(client, std::move(data));
    Channel* channel = find(client, data.channel);
    if (channel == nullptr || channel->is_closing) {
        // Data of a pipeline that is no more is acknowledged all the same (A5).
        client.on_server_action(AcknowledgeData{data.channel});
        return {};
    }
    if (channel->sending) return not_allowed("expected the acknowledgement to be waited for");
    channel->sending = Sending{data.stream, std::move(data.bytes)};
    // A client does not wait for the Command of a server that takes packets in order.
    if (channel->is_open) send_piece(data.channel, *channel->sending);
    return {};
}

Result<void> SharedTransport::send_for_session(SharedClient& client, ClientDataReceived data)
{
    const auto messages = whole_messages(data.bytes);
    if (!messages) return not_allowed("expected messages of one fragment for the session");
    const auto is_hers = [&](const SessionSend& one) { return one.client == &client; };
    if (std::any_of(session_sends_.begin(), session_sends_.end(), is_hers)) {
        return not_allowed("expected the acknowledgement to be waited for");
    }
    for (const BytesView message : *messages) {
        if (is_type(message, MessageType::PublicKey)) key_requesters_.push_back(&client);
    }
    session_sends_.push_back({false, &client, {data.stream, std::move(data.bytes)}});
    send_next_of_session();
    return {};
}

void SharedTransport::send_next_of_session()
{
    if (session_is_sending_ || session_sends_.empty()) return;
    session_is_sending_ = true;
    send_piece(session_channel, session_sends_.front().sending);
}

void SharedTransport::send_piece(const Guid& channel, Sending& sending)
{
    const std::size_t count =
        std::min(sending.bytes.size() - sending.sent, inner_->send_bytes_max());
    const auto first = sending.bytes.begin() + static_cast<std::ptrdiff_t>(sending.sent);
    sending.sent += count;
    act(Send{channel, sending.stream, Bytes(first, first + static_cast<std::ptrdiff_t>(count))});
}

Result<void> SharedTransport::open(SharedClient& client, const Guid& pipeline)
{
    if (channels_.contains(pipeline) || pipeline.is_zero()) {
        return not_allowed("expected a fresh identifier");
    }
    channels_[pipeline].client = &client;
    act(OpenCommand{pipeline});
    return {};
}

Result<void> SharedTransport::signal(SharedClient& client, const Guid& pipeline)
{
    Channel* channel = find(client, pipeline);
    if (channel == nullptr) {
        client.on_server_action(AcknowledgeSignal{pipeline});
        return {};
    }
    channel->was_signalled = true;
    act(SignalCommand{pipeline});
    return {};
}

Result<void> SharedTransport::close_pipeline(SharedClient& client, const Guid& pipeline)
{
    Channel* channel = find(client, pipeline);
    if (channel == nullptr) {
        client.on_server_action(AcknowledgeClose{pipeline});
        return {};
    }
    if (!std::exchange(channel->is_closing, true)) act(CloseCommand{pipeline});
    return {};
}

void SharedTransport::end_pipelines()
{
    for (auto& [id, channel] : channels_) {
        channel.client = nullptr;
        end_pipeline(id, channel);
    }
    flush();
}

// Stopped first, so that the server's side does not go on; closed once that is acknowledged. One
// whose channel is still to be opened waits for that.
void SharedTransport::end_pipeline(const Guid& pipeline, Channel& channel)
{
    if (!channel.is_open || channel.is_closing) return;
    if (channel.is_stopped) {
        channel.is_closing = true;
        return act(CloseCommand{pipeline});
    }
    if (!std::exchange(channel.was_signalled, true)) act(SignalCommand{pipeline});
}

SharedTransport::Channel* SharedTransport::find(const SharedClient& client, const Guid& pipeline)
{
    const auto found = channels_.find(pipeline);
    return found == channels_.end() || found->second.client != &client ? nullptr : &found->second;
}

// A transport that does not take an action any more tells so by its next event.
void SharedTransport::act(const ClientAction& action)
{
    (void)inner_->perform(action);
}

void SharedTransport::tell(SharedClient* client, const ServerAction& action)
{
    if (client != nullptr) client->on_server_action(action);
}

Result<void> SharedTransport::perform(const ClientAction& action)
{
    watch_opening(action);
    const auto* send = std::get_if<Send>(&action);
    if (send == nullptr) return inner_->perform(action);
    const auto messages = whole_messages(send->bytes);
    for (const BytesView message : messages.value_or(std::vector<BytesView>())) {
        if (is_type(message, MessageType::PublicKey)) key_requesters_.push_back(nullptr);
    }
    session_sends_.push_back({true, nullptr, {send->stream, send->bytes}});
    send_next_of_session();
    return {};
}

// Later clients are answered from what passes now. One that takes up a session itself says nothing
// of how that was opened: it is as if it had been by a machine of this kind.
void SharedTransport::watch_opening(const ClientAction& action)
{
    if (const auto* send = std::get_if<Send>(&action)) {
        return connect_answer_.on_client_bytes(send->bytes);
    }
    if (!std::holds_alternative<Connect>(action)) return;
    ClientPoolOptions options;
    options.runspace_pool_id = runspace_pool_id_;
    ClientPool pool(options);
    (void)pool.open(); // a fresh machine opens
    while (const auto made = pool.next_action()) {
        const auto* opening = std::get_if<Send>(&*made);
        if (opening != nullptr) connect_answer_.on_client_bytes(opening->bytes);
    }
}

bool SharedTransport::is_congested() const
{
    return std::any_of(clients_.begin(), clients_.end(), [](const SharedClient* client) {
        return client->is_congested();
    });
}

Result<std::optional<TransportEvent>> SharedTransport::next_event()
{
    while (!is_congested()) {
        auto event = inner_->next_event();
        if (!event || !*event || !deliver(**event)) return event;
    }
    return std::nullopt;
}

// False where the event is the machine's.
bool SharedTransport::deliver(TransportEvent& event)
{
    return std::visit(
        clixml::Overloaded{
            [&](DataReceived& data) {
                if (data.channel.is_zero()) return on_session_bytes(data.bytes), false;
                const auto found = channels_.find(data.channel);
                if (found != channels_.end()) {
                    tell(
                        found->second.client,
                        Send{data.channel, Stream::Default, std::move(data.bytes)}
                    );
                }
                return true;
            },
            [&](DataAcknowledged& data) { return on_data_acknowledged(data.channel); },
            [&](CommandOpened& command) {
                const auto found = channels_.find(command.pipeline);
                if (found == channels_.end()) return true;
                Channel& channel = found->second;
                channel.is_open = true;
                tell(channel.client, AcknowledgeCommand{command.pipeline});
                if (channel.client == nullptr)
                    end_pipeline(command.pipeline, channel);
                else if (channel.sending && !channel.is_closing)
                    send_piece(command.pipeline, *channel.sending);
                return true;
            },
            [&](SignalAcknowledged& signal) {
                const auto found = channels_.find(signal.pipeline);
                if (found == channels_.end()) return true;
                found->second.is_stopped = true;
                tell(found->second.client, AcknowledgeSignal{signal.pipeline});
                if (found->second.client == nullptr) end_pipeline(signal.pipeline, found->second);
                return true;
            },
            [&](ChannelClosed& closed) {
                if (closed.channel.is_zero()) return false;
                const auto found = channels_.find(closed.channel);
                if (found == channels_.end()) return true;
                SharedClient* const client = found->second.client;
                channels_.erase(found);
                tell(client, AcknowledgeClose{closed.channel});
                return true;
            },
            [&](CommandLost& lost) {
                on_command_lost(lost.pipeline, lost.reason, lost.error_id);
                return true;
            },
            [](PeerReportedError&) { return false; },
            [](ConnectionEnded&) { return false; },
            [](SessionLeft&) { return false; },
            [](SessionNotLeft&) { return false; },
            [](ChannelTakenUp&) { return false; },
            [](SessionNotTakenUp&) { return false; },
        },
        event
    );
}

bool SharedTransport::on_data_acknowledged(const Guid& id)
{
    if (!id.is_zero()) {
        const auto found = channels_.find(id);
        if (found == channels_.end() || !found->second.sending) return true;
        Sending& sending = *found->second.sending;
        if (sending.sent < sending.bytes.size() && found->second.client != nullptr) {
            send_piece(id, sending);
            return true;
        }
        found->second.sending.reset();
        tell(found->second.client, AcknowledgeData{id});
        return true;
    }
    if (!session_is_sending_) return true;
    SessionSend& front = session_sends_.front();
    if (front.sending.sent < front.sending.bytes.size()) {
        send_piece(session_channel, front.sending);
        return true;
    }
    const bool is_machine = front.is_machine;
    SharedClient* const client = front.client;
    session_sends_.pop_front();
    session_is_sending_ = false;
    send_next_of_session();
    if (is_machine) return false;
    tell(client, AcknowledgeData{session_channel});
    return true;
}

void SharedTransport::on_session_bytes(BytesView bytes)
{
    connect_answer_.on_server_bytes(bytes);
    // A fault is the machine's to find, too, and ends the session.
    if (!session_objects_.receive(bytes)) return;
    while (true) {
        const auto object = session_objects_.next();
        if (!object || !*object) return;
        route((*object)->bytes);
    }
}

// A key is for who asked first, and a question needs one answer; everything else that is said to
// the session concerns all.
void SharedTransport::route(BytesView object)
{
    if (clients_.empty() && key_requesters_.empty()) return;
    std::vector<SharedClient*> receivers = clients_;
    if (is_type(object, MessageType::RunspacePoolHostCall) && !receivers.empty()) {
        receivers.resize(1);
    }
    if (is_type(object, MessageType::EncryptedSessionKey)) {
        if (key_requesters_.empty()) return;
        receivers = {key_requesters_.front()};
        key_requesters_.pop_front();
    }
    Bytes bytes;
    fragmenter::append_fragments(object, ++object_last_, client_fragment_bytes_max, bytes);
    for (SharedClient* client : receivers)
        tell(client, Send{session_channel, Stream::Default, bytes});
}

// The framing to the client has no word for this: the pipeline fails as if the server had said so.
void SharedTransport::on_command_lost(
    const Guid& pipeline, std::string_view reason, std::string_view error_id
)
{
    const auto found = channels_.find(pipeline);
    if (found == channels_.end()) return;
    SharedClient* const client = found->second.client;
    const bool was_open = found->second.is_open;
    channels_.erase(found);
    if (client == nullptr) return;
    Arena arena;
    ErrorDescription description;
    description.message = reason;
    description.error_id = error_id;
    PipelineStateMessage state{PipelineState::Failed, make_error_record(arena, description)};
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Client),
        static_cast<std::uint32_t>(MessageType::PipelineState),
        runspace_pool_id_,
        pipeline};
    const auto message =
        write_message(header, encode_pipeline_state(state, arena), clixml::message_options());
    if (!was_open) tell(client, AcknowledgeCommand{pipeline});
    if (!message) return tell(client, AcknowledgeSignal{pipeline});
    Bytes bytes;
    fragmenter::append_fragments(*message, ++object_last_, client_fragment_bytes_max, bytes);
    tell(client, Send{pipeline, Stream::Default, std::move(bytes)});
}

} // namespace psrp
