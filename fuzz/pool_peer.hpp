// What the harnesses of the pools share: the identifiers that a seed speaks of, and the opening
// that a peer would say.
#pragma once

#include <fragmenter/splitter.hpp>
#include <psrp/protocol/any_message.hpp>

namespace fuzz {

// Identifiers in the header of the fragment at `at`, zero where there is none.
struct SeedIds {
    psrp::Guid pool;
    psrp::Guid pipeline;
};

inline SeedIds ids_at(psrp::BytesView bytes, std::size_t at)
{
    constexpr std::size_t fragment_header = fragmenter::fragment_header_bytes;
    if (bytes.size() < at || bytes.size() - at < fragment_header + psrp::message_header_bytes)
        return {};
    const auto* message = bytes.data() + at + fragment_header;
    return {psrp::Guid::from_net_bytes(message + 8), psrp::Guid::from_net_bytes(message + 24)};
}

// Of the first message, or of the second where the first (a server's capability) names no pool;
// never a zero pool.
inline SeedIds ids_of(psrp::BytesView bytes)
{
    auto ids = ids_at(bytes, 0);
    if (ids.pool.is_zero() && bytes.size() > fragmenter::fragment_header_bytes)
        ids = ids_at(
            bytes,
            fragmenter::fragment_header_bytes + clixml::load_be<std::uint32_t>(bytes.data() + 17)
        );
    if (ids.pool.is_zero()) ids.pool.bytes[0] = 1;
    return ids;
}

// The fragments of one message of the peer.
inline psrp::Bytes
fragments(psrp::Destination to, const SeedIds& ids, const psrp::AnyMessage& message)
{
    psrp::Arena arena;
    const psrp::MessageHeader header{
        static_cast<std::uint32_t>(to),
        static_cast<std::uint32_t>(psrp::type_of(message)),
        ids.pool,
        {}};
    const auto bytes =
        psrp::write_message(header, psrp::encode_any(message, arena), clixml::message_options());
    psrp::Bytes out;
    if (bytes) fragmenter::append_fragments(*bytes, 1, fragmenter::default_fragment_bytes, out);
    return out;
}

} // namespace fuzz
