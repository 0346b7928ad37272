#include <fragmenter/errors.hpp>
#include <fragmenter/reassembler.hpp>

#include <utility>

namespace fragmenter {
namespace {

// Buffers larger than this are given back once they are empty, so that one big object does not pin
// its memory.
constexpr std::size_t kept_capacity_bytes_max = std::size_t{1} << 20;

void clear_buffer(Bytes& buffer)
{
    if (buffer.capacity() > kept_capacity_bytes_max) {
        Bytes().swap(buffer);
    } else {
        buffer.clear();
    }
}

} // namespace

Reassembler::Reassembler(ReassemblerLimits limits) : limits_(limits) {}

Result<void> Reassembler::receive(BytesView bytes)
{
    PSRP_CHECK(admit(bytes.size()));
    drop_consumed();
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
}

Result<void> Reassembler::receive(Bytes&& bytes)
{
    PSRP_CHECK(admit(bytes.size()));
    drop_consumed();
    if (buffer_.empty()) {
        buffer_ = std::move(bytes);
    } else {
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
    return {};
}

Result<void> Reassembler::admit(std::size_t bytes)
{
    if (bytes > limits_.channel_bytes_max - received_) {
        return clixml::failure(
            Errc::ChannelBytesExceeded, received_, "more bytes than the channel may carry"
        );
    }
    received_ += bytes;
    return {};
}

Result<std::optional<ReceivedObject>> Reassembler::next()
{
    if (object_handed_out_) reset_object();
    // PowerShell looks at a header only when something follows it: an empty fragment at the very
    // end waits.
    while (unread().size() > fragment_header_bytes) {
        auto answer = read_fragment_header(unread());
        if (!answer) {
            clixml::Error error = answer.error();
            error.offset += stream_offset();
            return tl::unexpected<clixml::Error>(error);
        }
        const FragmentHeader header = std::get<FragmentHeader>(*answer);
        // The limit comes before the wait for the announced bytes, so that a false length fails at
        // once.
        PSRP_CHECK(check_size(header));
        const std::size_t total = fragment_header_bytes + header.blob_bytes;
        if (unread().size() < total) break;
        const Fragment fragment{header, unread().subspan(fragment_header_bytes, header.blob_bytes)};
        const Result<void> in_sequence = check_sequence(header);
        consumed_ += total;
        if (skips_to_start_ && !header.is_start) continue;
        if (!in_sequence) {
            reset_object();
            return tl::unexpected<clixml::Error>(in_sequence.error());
        }
        std::optional<ReceivedObject> object = take(fragment);
        if (object) return object;
    }
    return std::nullopt;
}

Result<void> Reassembler::check_size(const FragmentHeader& header) const
{
    const std::uint64_t before = header.is_start ? 0 : object_bytes_;
    if (before + fragment_header_bytes + header.blob_bytes > limits_.object_bytes_max) {
        return clixml::failure(
            Errc::ObjectBytesExceeded, stream_offset(), "object larger than allowed"
        );
    }
    return {};
}

Result<void> Reassembler::check_sequence(const FragmentHeader& header) const
{
    // A start fragment silently replaces an unfinished object, and its number is not looked at.
    if (header.is_start) return {};
    if (header.object_id != object_id_) {
        return clixml::failure(
            Errc::ObjectIdsNotMatching, stream_offset(), "expected the unfinished object's id"
        );
    }
    if (header.fragment_id != fragment_id_ + 1) {
        return clixml::failure(
            Errc::FragmentIdsNotInSequence, stream_offset(), "expected the next number"
        );
    }
    return {};
}

std::optional<ReceivedObject> Reassembler::take(const Fragment& fragment)
{
    const FragmentHeader& header = fragment.header;
    if (header.is_start) {
        reset_object();
        skips_to_start_ = false;
        object_id_ = header.object_id;
    }
    fragment_id_ = header.fragment_id;
    ++fragment_count_;
    object_bytes_ += fragment_header_bytes + fragment.blob.size();
    const bool is_whole = header.is_start && header.is_end;
    if (!is_whole) object_.append(fragment.blob);
    if (!header.is_end) return std::nullopt;
    object_handed_out_ = true;
    return ReceivedObject{object_id_, fragment_count_, is_whole ? fragment.blob : object_.view()};
}

ByteBuffer Reassembler::take_object()
{
    return object_handed_out_ ? std::move(object_) : ByteBuffer();
}

std::size_t Reassembler::bytes_needed() const
{
    const std::size_t there = unread().size();
    if (there <= fragment_header_bytes) return fragment_header_bytes + 1 - there;
    const auto answer = read_fragment(unread());
    if (!answer || !std::holds_alternative<NeedBytes>(*answer)) return 1;
    return std::get<NeedBytes>(*answer).count;
}

std::size_t Reassembler::buffered_bytes() const
{
    return unread().size() + (object_handed_out_ ? 0 : object_.size());
}

void Reassembler::skip_to_next_start()
{
    reset_object();
    skips_to_start_ = true;
}

void Reassembler::reset_object()
{
    object_.clear(kept_capacity_bytes_max);
    object_handed_out_ = false;
    object_id_ = 0;
    fragment_id_ = 0;
    fragment_count_ = 0;
    object_bytes_ = 0;
}

void Reassembler::drop_consumed()
{
    if (object_handed_out_) reset_object();
    if (consumed_ == buffer_.size()) {
        clear_buffer(buffer_);
        consumed_ = 0;
    } else if (consumed_ >= buffer_.size() / 2) {
        // Moving only when at most half is left keeps the cost a constant number of moves a byte.
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
        consumed_ = 0;
    }
}

BytesView Reassembler::unread() const
{
    return BytesView(buffer_).subspan(consumed_);
}

std::uint64_t Reassembler::stream_offset() const
{
    return received_ - unread().size();
}

} // namespace fragmenter
