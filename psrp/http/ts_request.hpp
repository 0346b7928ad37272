// The messages of CredSSP in DER (fact sheet transports C6; MS-CSSP 2.2.1). Pure.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

// Every limit is inclusive.
struct TsRequestLimits {
    std::size_t message_bytes_max = std::size_t{128} << 10; // Kerberos tokens can be 64 KiB
    std::size_t tokens_max = 8;
};

// Absent parts are empty; present ones are not.
struct TsRequest {
    std::uint32_t version = 0;
    std::vector<Bytes> tokens;          // negoTokens
    Bytes credentials;                  // authInfo, encrypted
    Bytes binding;                      // pubKeyAuth, encrypted
    std::optional<std::uint32_t> error; // errorCode, an NTSTATUS
    Bytes nonce;                        // clientNonce
};

Bytes write_ts_request(const TsRequest& request);
// Fields that are not known are left out. Errors: MalformedCredSsp, with the offset.
Result<TsRequest> read_ts_request(BytesView bytes, const TsRequestLimits& limits = {});
// How many bytes the message at the start of `bytes` has; nothing where too few are there to say.
// Errors: MalformedCredSsp where it is none, or larger than allowed.
Result<std::optional<std::size_t>>
ts_request_bytes(BytesView bytes, const TsRequestLimits& limits = {});

// What is delegated; texts in UTF-8. The caller wipes it.
struct TsPassword {
    std::string domain;
    std::string user;
    std::string password;
};

// TSCredentials with TSPasswordCreds; the caller wipes it.
Bytes write_ts_credentials(const TsPassword& password);
// Errors: MalformedCredSsp, also for credentials that are no password.
Result<TsPassword> read_ts_credentials(BytesView bytes);

} // namespace psrp
