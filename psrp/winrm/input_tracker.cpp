#include <fragmenter/splitter.hpp>
#include <psrp/protocol/message_types.hpp>
#include <psrp/winrm/input_tracker.hpp>

#include <algorithm>
#include <variant>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;

void InputTracker::on_client_bytes(BytesView bytes)
{
    while (!bytes.empty() && !has_ended_) {
        if (skipped_bytes_ > 0) {
            const std::size_t count = std::min(skipped_bytes_, bytes.size());
            skipped_bytes_ -= count;
            bytes = bytes.subspan(count);
            continue;
        }
        // The header, and the head of a message where one begins.
        const std::size_t message_bytes =
            has_header_ ? std::min<std::size_t>(fragment_.blob_bytes, message_header_bytes) : 0;
        const std::size_t wanted = fragmenter::fragment_header_bytes + message_bytes;
        const std::size_t count = std::min(wanted - head_.size(), bytes.size());
        head_.insert(
            head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)
        );
        bytes = bytes.subspan(count);
        if (head_.size() < wanted) return;
        if (has_header_) {
            skipped_bytes_ = fragment_.blob_bytes - message_bytes;
            on_message_start();
            continue;
        }
        const auto read = fragmenter::read_fragment_header(head_);
        const auto* header = read ? std::get_if<fragmenter::FragmentHeader>(&*read) : nullptr;
        if (header == nullptr) {
            has_ended_ = true; // whoever reassembles it will say so
            return;
        }
        on_header(*header);
    }
}

void InputTracker::on_header(const fragmenter::FragmentHeader& header)
{
    fragment_ = header;
    object_id_ = std::max(object_id_, header.object_id);
    is_between_messages_ = header.is_end;
    if (header.is_start && header.blob_bytes >= message_header_bytes) {
        has_header_ = true;
        return;
    }
    skipped_bytes_ = header.blob_bytes;
    head_.clear();
}

void InputTracker::on_message_start()
{
    const auto read = read_message(BytesView(head_).subspan(fragmenter::fragment_header_bytes));
    head_.clear();
    has_header_ = false;
    if (!read) return;
    if (read->header.type == static_cast<std::uint32_t>(MessageType::EndOfPipelineInput))
        has_ended_ = true;
    message_ = read->header;
}

std::optional<Bytes> InputTracker::take_end()
{
    const bool is_possible =
        message_ && !has_ended_ && is_between_messages_ && skipped_bytes_ == 0 && head_.empty();
    if (!is_possible) return std::nullopt;
    has_ended_ = true;
    MessageHeader header = *message_;
    header.type = static_cast<std::uint32_t>(MessageType::EndOfPipelineInput);
    Bytes message(message_header_bytes);
    write_message_header(header, message.data());
    Bytes fragments;
    fragmenter::append_fragments(
        message, object_id_ + 1, fragmenter::default_fragment_bytes, fragments
    );
    return fragments;
}

} // namespace psrp
