// CredSSP: a password handed to the server inside TLS, once both have proven that nobody stands
// between (fact sheet transports C6; MS-CSSP). Both roles; no I/O.
#pragma once

#include <psrp/http/gss.hpp>
#include <psrp/http/login.hpp>
#include <psrp/http/security_context.hpp>
#include <psrp/http/tls_pipe.hpp>
#include <psrp/http/ts_request.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

// Versions below this can be relayed by somebody in between (CVE-2018-0886).
inline constexpr std::uint32_t credssp_version_safe = 5;
inline constexpr std::uint32_t credssp_version_last = 6;

enum class CredSspRole : std::uint8_t { Client, Server };

// What the side in this role proves from version 5 on: that its session has this key (C6.3).
Bytes credssp_binding(CredSspRole role, BytesView nonce, BytesView server_key);

struct CredSspVersions {
    std::uint32_t min = credssp_version_safe; // less only where somebody insists
    std::uint32_t max = credssp_version_last;
};

struct CredSspClientOptions {
    GssInitiatorOptions login;        // that goes on inside
    const Login* delegated = nullptr; // what the server is given; borrowed, not null
    CredSspVersions versions = {};
    TlsPipeOptions tls = {};
    TsRequestLimits limits = {};
};

struct CredSspServerOptions {
    GssAcceptorOptions login;              // that goes on inside
    const TlsIdentity* identity = nullptr; // borrowed for start(), not null
    CredSspVersions versions = {};
    TlsPipeOptions tls = {};
    TsRequestLimits limits = {};
};

// A client is complete once it has sent the credentials, a server once it has them. Errors of
// step(), besides those of the login inside: TlsFailed; MalformedCredSsp; CredSspTooOld,
// CredSspVersionChanged, CredSspBindingMismatch, each before a credential has left.
class CredSspContext final : public SecurityContext {
public:
    // Errors: TlsFailed, and those of GssContext::initiate().
    static HttpResult<std::unique_ptr<CredSspContext>> initiate(const CredSspClientOptions& options
    );
    static HttpResult<std::unique_ptr<CredSspContext>> accept(const CredSspServerOptions& options);
    ~CredSspContext() override;

    HttpResult<std::optional<Bytes>> step(BytesView token) override;
    [[nodiscard]] bool is_complete() const override;
    [[nodiscard]] std::string peer_name() const override;
    [[nodiscard]] bool takes_empty_token() const override;
    [[nodiscard]] std::optional<Bytes> farewell() const override;

    // A record of TLS. Errors: TlsFailed, EncryptionUnavailable before is_complete().
    HttpResult<SealedMessage> seal(std::string_view message) override;
    // Errors: MessageTampered, LengthMismatch.
    HttpResult<std::string> open(
        std::string_view signature, std::string_view ciphertext, std::uint64_t original_bytes
    ) override;
    [[nodiscard]] std::size_t piece_bytes_max() const override;

    // The version that both speak, once it is known.
    [[nodiscard]] std::uint32_t version() const;
    // What a server was given; null before it is complete, and for a client.
    [[nodiscard]] const Login* delegated() const;

private:
    struct Impl;
    explicit CredSspContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
