// SystemKeys: keys and random bytes from the machine we run on, for the session key exchange with
// peers up to 2.3 (fact sheet psrp 11.2).
#pragma once

#include <psrp/protocol/session_key.hpp>

namespace psrp {

// Draws on OpenSSL's generator, which the operating system seeds. Thread-safe.
class SystemKeys final : public KeySource {
public:
    // Errc::KeyGenerationFailed where the generator fails.
    [[nodiscard]] clixml::Result<void> fill_random(std::span<std::uint8_t> bytes) override;
    // 2048 bits, as PowerShell's. Takes up to some hundred milliseconds.
    [[nodiscard]] clixml::Result<RsaPrivateKey> make_rsa_key() override;
};

// The one that sessions use unless they are given another. It has no state of its own.
KeySource& system_keys();

} // namespace psrp
