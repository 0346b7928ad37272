// Keys that are the same every time.
#pragma once

#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>

#include <cstdint>
#include <span>

namespace tests {

// A key pair of 1024, 2048 or 4096 bits.
psrp::RsaPrivateKey rsa_key(int bits);

// "Random" bytes 0, 1, 2, ... and always the same key pair, or nothing but failures.
class TestKeys final : public psrp::KeySource {
public:
    [[nodiscard]] clixml::Result<void> fill_random(std::span<std::uint8_t> bytes) override;
    [[nodiscard]] clixml::Result<psrp::RsaPrivateKey> make_rsa_key() override;

    bool is_broken = false;
    int keys_made = 0;

private:
    std::uint8_t next_byte_ = 0;
};

} // namespace tests
