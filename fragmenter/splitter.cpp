#include <fragmenter/splitter.hpp>

#include <algorithm>
#include <cassert>

namespace fragmenter {
namespace {

std::size_t blob_size(std::size_t fragment_bytes_max)
{
    assert(fragment_bytes_max > fragment_header_bytes);
    return std::min<std::size_t>(fragment_bytes_max - fragment_header_bytes, blob_bytes_max);
}

} // namespace

Splitter::Splitter(BytesView object, std::uint64_t object_id, std::size_t fragment_bytes_max)
    : rest_(object), object_id_(object_id), blob_bytes_max_(blob_size(fragment_bytes_max))
{
    assert(object_id >= 1 && object_id <= INT64_MAX);
}

std::optional<FragmentSlice> Splitter::next()
{
    if (done_) return std::nullopt;
    FragmentSlice slice;
    slice.blob = rest_.first(std::min(rest_.size(), blob_bytes_max_));
    rest_ = rest_.subspan(slice.blob.size());
    done_ = rest_.empty();
    const FragmentHeader header{
        .object_id = object_id_,
        .fragment_id = fragment_id_,
        .is_start = fragment_id_ == 0,
        .is_end = done_,
        .blob_bytes = static_cast<std::uint32_t>(slice.blob.size()),
    };
    write_fragment_header(header, slice.header.data());
    ++fragment_id_;
    return slice;
}

std::size_t fragmented_bytes(std::size_t object_bytes, std::size_t fragment_bytes_max)
{
    const std::size_t blob = blob_size(fragment_bytes_max);
    const std::size_t fragments = object_bytes == 0 ? 1 : (object_bytes - 1) / blob + 1;
    return object_bytes + fragments * fragment_header_bytes;
}

void append_fragments(
    BytesView object, std::uint64_t object_id, std::size_t fragment_bytes_max, Bytes& out
)
{
    const std::size_t needed = out.size() + fragmented_bytes(object.size(), fragment_bytes_max);
    // Growing by exact steps would make many small objects quadratic.
    if (needed > out.capacity()) out.reserve(std::max(needed, out.capacity() * 2));
    Splitter splitter(object, object_id, fragment_bytes_max);
    while (const std::optional<FragmentSlice> slice = splitter.next()) {
        out.insert(out.end(), slice->header.begin(), slice->header.end());
        out.insert(out.end(), slice->blob.begin(), slice->blob.end());
    }
}

} // namespace fragmenter
