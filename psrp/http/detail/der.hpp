// As much of DER (X.690) as CredSSP needs: elements with definite, shortest lengths.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>

namespace psrp::detail {

inline constexpr std::uint8_t der_integer = 0x02;
inline constexpr std::uint8_t der_octets = 0x04;
inline constexpr std::uint8_t der_sequence = 0x30;
// [n] EXPLICIT.
constexpr std::uint8_t der_context(unsigned number)
{
    return static_cast<std::uint8_t>(0xa0U | number);
}

// Bytes that an element's head needs at most.
inline constexpr std::size_t der_head_bytes_max = 6;

struct DerHead {
    std::uint8_t tag = 0;
    std::size_t head_bytes = 0;
    std::size_t content_bytes = 0;
};

// The head of an element at the start of `bytes`; head_bytes 0: too few bytes to say. Errors:
// MalformedCredSsp.
clixml::Result<DerHead> read_der_head(clixml::BytesView bytes);

// Reads elements one behind the other. Borrows the bytes. Errors, all: MalformedCredSsp with the
// offset.
class DerReader {
public:
    explicit DerReader(clixml::BytesView bytes, std::size_t offset = 0)
        : bytes_(bytes), offset_(offset)
    {
    }

    [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }
    // The tag of the next element; 0 at the end.
    [[nodiscard]] std::uint8_t tag() const { return bytes_.empty() ? std::uint8_t{0} : bytes_[0]; }
    // The content of the next element, which must have this tag.
    clixml::Result<DerReader> enter(std::uint8_t tag);
    clixml::Result<clixml::BytesView> content(std::uint8_t tag);
    clixml::Result<std::uint32_t> number();
    // The next element, whatever it is, is passed over.
    clixml::Result<void> pass();
    [[nodiscard]] clixml::Result<void> end() const;
    [[nodiscard]] tl::unexpected<clixml::Error> malformed(const char* expected) const;

private:
    clixml::BytesView bytes_;
    std::size_t offset_;
};

// An element around a content.
clixml::Bytes write_der(std::uint8_t tag, clixml::BytesView content);
clixml::Bytes write_der_number(std::uint32_t number);

} // namespace psrp::detail
