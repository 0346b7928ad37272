// Host calls: call and response (fact sheet psrp 10;
// MS-PSRP 2.2.2.27-.30, 2.2.3.17).
#pragma once

#include <psrp/protocol/host_methods.hpp>
#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace psrp {

// The call id of calls that expect no response.
inline constexpr std::int64_t void_call_id = -100;

// RUNSPACEPOOL_HOST_CALL, PIPELINE_HOST_CALL.
struct HostCall {
    std::int64_t call_id = void_call_id;
    std::int32_t method = 0;
    std::vector<Value> parameters;

    // Whether the caller waits for an answer: the method decides, not the call id (psrp 10.1).
    // False for unknown methods.
    [[nodiscard]] bool expects_response() const;
};
Value encode_host_call(const HostCall& call, Arena& arena);
Result<HostCall> decode_host_call(Value value, Arena& arena);

// RUNSPACEPOOL_HOST_RESPONSE, PIPELINE_HOST_RESPONSE.
struct HostResponse {
    std::int64_t call_id = 0;
    std::int32_t method = 0;
    std::optional<Value> result;          // mr
    std::optional<ErrorRecord> exception; // me; wins over the result
};
Value encode_host_response(const HostResponse& response, Arena& arena);
Result<HostResponse> decode_host_response(Value value, Arena& arena);

} // namespace psrp
