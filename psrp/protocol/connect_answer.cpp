#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/connect_answer.hpp>
#include <psrp/protocol/errors.hpp>

namespace psrp {

void ConnectAnswer::on_client_bytes(BytesView bytes)
{
    if (!is_watching_ || opening_.size() + bytes.size() > opening_bytes_max) return;
    opening_.insert(opening_.end(), bytes.begin(), bytes.end());
}

void ConnectAnswer::on_server_bytes(BytesView bytes)
{
    if (!is_watching_) return;
    if (!server_objects_.receive(bytes)) {
        is_watching_ = false; // no answer will be possible; the session itself goes on
        return;
    }
    look_for_private_data();
}

void ConnectAnswer::look_for_private_data()
{
    while (is_watching_) {
        const auto object = server_objects_.next();
        if (!object || !*object) {
            is_watching_ = object.has_value();
            return;
        }
        const BytesView bytes = (*object)->bytes;
        const auto message = read_message(bytes);
        if (!message) continue;
        if (message->header.type == static_cast<std::uint32_t>(MessageType::SessionCapability)) {
            Arena arena;
            const auto any = decode_any(*message, arena, {});
            if (!any) continue;
            if (const auto* capability = std::get_if<SessionCapability>(&*any)) {
                server_version_ = capability->protocol_version;
            }
        } else if (message->header.type == static_cast<std::uint32_t>(MessageType::ApplicationPrivateData)) {
            private_data_.assign(bytes.begin(), bytes.end());
            is_watching_ = false;
        }
    }
}

// A machine of our own goes through the same opening, and then knows what to answer.
clixml::Result<void> ConnectAnswer::open_pool()
{
    if (private_data_.empty()) return clixml::failure(Errc::InvalidState);
    ServerPoolOptions options;
    options.protocol_version = server_version_;
    ServerPool pool(options);
    PSRP_CHECK(pool.receive(session_channel, Stream::Default, opening_));
    PSRP_TRY(const Message message, read_message(private_data_));
    Arena arena;
    PSRP_TRY(const AnyMessage any, decode_any(message, arena, {}));
    const auto* data = std::get_if<ApplicationPrivateData>(&any);
    PSRP_CHECK(pool.accept_pool(data != nullptr ? data->data : Value()));
    while (pool.next_action()) {
        // The first client has seen all this.
    }
    while (pool.next_event()) {
    }
    pool_ = std::move(pool);
    opening_ = {};
    private_data_ = {};
    return {};
}

clixml::Result<Bytes> ConnectAnswer::answer(BytesView request)
{
    if (!pool_) PSRP_CHECK(open_pool());
    return pool_->connect_requested(request);
}

Bytes ConnectAnswer::take_following()
{
    Bytes following;
    while (pool_) {
        const auto action = pool_->next_action();
        if (!action) break;
        if (const auto* send = std::get_if<Send>(&*action)) {
            following.insert(following.end(), send->bytes.begin(), send->bytes.end());
        }
    }
    return following;
}

} // namespace psrp
