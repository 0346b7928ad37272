// TLS without a connection of its own: bytes in, bytes out (OpenSSL on memory BIOs), for TLS inside
// HTTP headers (fact sheet transports C6).
#pragma once

#include <clixml/bytes.hpp>
#include <psrp/http/failure.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

struct TlsPipeOptions {
    TlsVersion version_min = TlsVersion::Tls12;
    TlsVersion version_max = TlsVersion::Tls13;
    // Of a server: tickets that it gives after the handshake of TLS 1.3, so that it has something
    // to say then.
    std::size_t tickets = 1;
};

// A key with a certificate that it signed itself. May be shared by pipes, also of several threads.
class TlsIdentity {
public:
    // A fresh one, RSA with 2048 bits. Errors: SecurityFailed.
    static HttpResult<TlsIdentity> make(const std::string& name);
    TlsIdentity(TlsIdentity&&) noexcept;
    TlsIdentity& operator=(TlsIdentity&&) noexcept;
    ~TlsIdentity();

private:
    friend class TlsPipe;
    struct Impl;
    explicit TlsIdentity(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// One end. Certificates are not judged: who uses it binds the session to something else.
class TlsPipe {
public:
    // Errors: TlsFailed.
    static HttpResult<TlsPipe> client(const TlsPipeOptions& options, const std::string& host);
    static HttpResult<TlsPipe> server(const TlsPipeOptions& options, const TlsIdentity& identity);
    TlsPipe(TlsPipe&&) noexcept;
    TlsPipe& operator=(TlsPipe&&) noexcept;
    ~TlsPipe();

    // Bytes of the peer.
    void feed(BytesView bytes);
    // Bytes for the peer, all that wait.
    Bytes take_output();
    // Goes on with the handshake as far as there are bytes. Errors: TlsFailed.
    HttpResult<void> shake_hands();
    [[nodiscard]] bool is_established() const;
    // Appends what the peer wrote, as far as it has come, `bytes_max` at most. Errors: TlsFailed.
    HttpResult<void> read(Bytes& to, std::size_t bytes_max);
    // Whether a record has come in part only.
    [[nodiscard]] bool has_rest() const;
    // Encrypts; take_output() gives the records. Errors: TlsFailed.
    HttpResult<void> write(BytesView plain);
    // The most bytes of one record.
    static constexpr std::size_t record_bytes_max = 16384;

    // The bits of the server's public key, on both sides; empty before the handshake.
    [[nodiscard]] Bytes server_key() const;
    // How many bytes of a record of so many plain ones stand for its integrity (C5).
    [[nodiscard]] std::size_t
    trailer_bytes(std::size_t record_bytes, std::size_t plain_bytes) const;

private:
    struct Impl;
    explicit TlsPipe(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
