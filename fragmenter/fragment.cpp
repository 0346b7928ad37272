#include <fragmenter/errors.hpp>
#include <fragmenter/fragment.hpp>

#include <cassert>

namespace fragmenter {
namespace {

constexpr std::size_t fragment_id_at = 8;
constexpr std::size_t flags_at = 16;
constexpr std::size_t blob_bytes_at = 17;

constexpr std::uint8_t start_flag = 1;
constexpr std::uint8_t end_flag = 2;

constexpr std::uint64_t without_sign_64 = INT64_MAX;
constexpr std::uint32_t without_sign_32 = INT32_MAX;

} // namespace

void write_fragment_header(const FragmentHeader& header, std::uint8_t* to)
{
    assert(header.object_id >= 1 && header.object_id <= without_sign_64);
    assert(header.fragment_id <= without_sign_64);
    assert(header.blob_bytes <= blob_bytes_max);
    clixml::store_be(header.object_id, to);
    clixml::store_be(header.fragment_id, to + fragment_id_at);
    to[flags_at] = static_cast<std::uint8_t>(
        (header.is_start ? start_flag : 0) | (header.is_end ? end_flag : 0)
    );
    clixml::store_be(header.blob_bytes, to + blob_bytes_at);
}

Result<std::variant<NeedBytes, FragmentHeader>> read_fragment_header(BytesView bytes)
{
    if (bytes.size() < fragment_header_bytes)
        return NeedBytes{fragment_header_bytes - bytes.size()};
    FragmentHeader header;
    header.object_id = clixml::load_be<std::uint64_t>(bytes.data()) & without_sign_64;
    header.fragment_id =
        clixml::load_be<std::uint64_t>(bytes.data() + fragment_id_at) & without_sign_64;
    header.is_start = (bytes[flags_at] & start_flag) != 0;
    header.is_end = (bytes[flags_at] & end_flag) != 0;
    header.blob_bytes =
        clixml::load_be<std::uint32_t>(bytes.data() + blob_bytes_at) & without_sign_32;
    if (header.object_id == 0) {
        return clixml::failure(Errc::ObjectIdNotPositive, 0, "ObjectId must be at least 1");
    }
    if (header.blob_bytes > blob_bytes_max) {
        return clixml::failure(
            Errc::FragmentTooBig, blob_bytes_at, "fragment length must fit 31 bits"
        );
    }
    return header;
}

Result<std::variant<NeedBytes, Fragment>> read_fragment(BytesView bytes)
{
    PSRP_TRY(auto answer, read_fragment_header(bytes));
    if (const auto* need = std::get_if<NeedBytes>(&answer)) {
        return *need;
    }
    const FragmentHeader& header = std::get<FragmentHeader>(answer);
    const std::size_t total = fragment_header_bytes + header.blob_bytes;
    if (bytes.size() < total) return NeedBytes{total - bytes.size()};
    return Fragment{header, bytes.subspan(fragment_header_bytes, header.blob_bytes)};
}

} // namespace fragmenter
