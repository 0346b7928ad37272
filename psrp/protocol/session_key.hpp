// How secure strings travel. Between peers of protocol 2.4 they are clear base64 and rely on the
// transport; with older peers they are encrypted under a session key that the server makes and
// sends under an RSA key of the client's (fact sheet psrp 11; MS-PSRP 2.2.2.3-.5, 2.2.5.1.24).
// Keys and everything clear is overwritten before its memory is given back.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>
#include <clixml/secret.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace psrp {

// Contents of an SS element between peers of protocol 2.4: base64 of the UTF-16LE bytes, no
// terminator. Owners of the machines see secrets in this form whatever travels.
class ClearBase64Secrets final : public clixml::SecretCipher {
public:
    // Errc::InvalidArgument for an odd number of bytes.
    [[nodiscard]] clixml::Result<std::string> encrypt(std::string_view utf16le) const override;
    // Errc::InvalidSecret for what is not base64 or has an odd number of bytes.
    [[nodiscard]] clixml::Result<std::string> decrypt(std::string_view text) const override;
};

// Bytes of an AES-256 key.
inline constexpr std::size_t session_key_bytes = 32;

// The AES-256 key of a session. Move-only; wiped when it goes, and in what it was moved from.
class SessionKey {
public:
    SessionKey() = default; // all zero
    explicit SessionKey(std::span<const std::uint8_t, session_key_bytes> bytes);
    SessionKey(SessionKey&& other) noexcept;
    SessionKey& operator=(SessionKey&& other) noexcept;
    SessionKey(const SessionKey&) = delete;
    SessionKey& operator=(const SessionKey&) = delete;
    ~SessionKey();

    [[nodiscard]] std::span<const std::uint8_t, session_key_bytes> bytes() const { return bytes_; }
    [[nodiscard]] std::span<std::uint8_t, session_key_bytes> writable_bytes() { return bytes_; }

private:
    std::array<std::uint8_t, session_key_bytes> bytes_{};
};

// Contents of an SS element up to protocol 2.3: base64 of AES-256-CBC with an IV of zeros and
// PKCS#7 padding, each string for itself (psrp 11.3). The IV never changes, so equal secrets look
// equal: the protocol's weakness, not ours to mend.
class SessionKeySecrets final : public clixml::SecretCipher {
public:
    explicit SessionKeySecrets(SessionKey key) : key_(std::move(key)) {}

    // Errc::InvalidArgument for an odd number of bytes.
    [[nodiscard]] clixml::Result<std::string> encrypt(std::string_view utf16le) const override;
    // Errc::InvalidSecret for what is no base64 of whole blocks, or was encrypted with another key.
    [[nodiscard]] clixml::Result<std::string> decrypt(std::string_view text) const override;

    [[nodiscard]] const SessionKey& key() const { return key_; }

private:
    SessionKey key_;
};

// The client's half of the exchange: an RSA key pair. Move-only.
class RsaPrivateKey {
public:
    // From PKCS#1 or PKCS#8 DER. Errc::InvalidArgument for what is no RSA key of 512 to 8192 bits.
    static clixml::Result<RsaPrivateKey> read_der(clixml::BytesView der);

    RsaPrivateKey(RsaPrivateKey&&) noexcept;
    RsaPrivateKey& operator=(RsaPrivateKey&&) noexcept;
    ~RsaPrivateKey();

    // base64 of the PUBLICKEYBLOB, as PUBLIC_KEY carries it (psrp 11.2).
    [[nodiscard]] clixml::Result<std::string> public_blob() const;
    // The session key out of ENCRYPTED_SESSION_KEY: base64 of a SIMPLEBLOB, whose twelve bytes of
    // header are not looked at. Errc::InvalidSessionKey where it has another length, or is under
    // another key.
    [[nodiscard]] clixml::Result<SessionKey> decrypt(std::string_view blob) const;

private:
    struct Impl;
    explicit RsaPrivateKey(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Where keys come from: the machines make none themselves. Implementations: SystemKeys
// (psrp/transport/system_keys.hpp), fixed keys in tests.
class KeySource {
public:
    virtual ~KeySource() = default;
    // Fills `bytes` with bytes that nobody can guess.
    [[nodiscard]] virtual clixml::Result<void> fill_random(std::span<std::uint8_t> bytes) = 0;
    // A new key pair; PowerShell's has 2048 bits.
    [[nodiscard]] virtual clixml::Result<RsaPrivateKey> make_rsa_key() = 0;
};

// The server's half: base64 of the SIMPLEBLOB that carries `key` under the public key in
// `public_blob` (base64 of a PUBLICKEYBLOB; the algorithm's number is not looked at and bytes
// behind the modulus are allowed, as PowerShell does). `source` gives the padding.
// Errc::InvalidPublicKey for what is no such key of 512 to 8192 bits.
clixml::Result<std::string>
encrypt_session_key(const SessionKey& key, std::string_view public_blob, KeySource& source);

} // namespace psrp
