#include <psrp/wsman/xpress_codec.hpp>
#include <psrp/xpress/decoder.hpp>

#include <algorithm>

namespace psrp::wsman {

namespace {

constexpr std::size_t chunk_header_bytes = 4;

} // namespace

Bytes XpressCodec::compress(BytesView bytes)
{
    Bytes stream;
    encoder_.encode(bytes, stream);
    return stream;
}

clixml::Result<Bytes> XpressCodec::expand(BytesView bytes, std::size_t bytes_max)
{
    return xpress::decode(bytes, {bytes_max});
}

std::size_t compressed_bytes_max(std::size_t bytes)
{
    const std::size_t chunks = (bytes + xpress::chunk_bytes_max - 1) / xpress::chunk_bytes_max;
    return bytes + chunk_header_bytes * chunks;
}

std::size_t compressible_bytes_max(std::size_t room)
{
    const std::size_t chunks = room / (xpress::chunk_bytes_max + chunk_header_bytes) + 1;
    return room - std::min(room, chunk_header_bytes * chunks);
}

} // namespace psrp::wsman
