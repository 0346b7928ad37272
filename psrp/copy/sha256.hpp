// SHA-256 of a file as it passes (FIPS 180-4), by OpenSSL.
#pragma once

#include <clixml/bytes.hpp>

#include <array>
#include <cstdint>

struct evp_md_ctx_st;

namespace psrp::copy {

using Digest = std::array<std::uint8_t, 32>;

// A running hash. A copy goes on by itself.
class Sha256 {
public:
    Sha256();
    Sha256(const Sha256& other);
    Sha256& operator=(const Sha256& other);
    ~Sha256();

    void add(clixml::BytesView bytes);
    // Of what was added so far; more may follow.
    [[nodiscard]] Digest digest() const;

private:
    evp_md_ctx_st* context_;
};

} // namespace psrp::copy
