// A WinRM endpoint behind a relay that can read what passes, and cut it: Basic over plain HTTP.
#pragma once

#include <tests/http/echo_server.hpp>
#include <tests/http/relay.hpp>
#include <tests/winrm/endpoint.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace tests {

// How long this network needs to fall, and a client of client() to try again.
inline constexpr std::chrono::milliseconds soon{20};

struct ClearEndpoint {
    explicit ClearEndpoint(const EndpointOptions& options = {});
    ~ClearEndpoint();
    ClearEndpoint(const ClearEndpoint&) = delete;
    ClearEndpoint& operator=(const ClearEndpoint&) = delete;

    // A client that tries soon, and never to create a shell again.
    [[nodiscard]] static psrp::WinRmOptions client();
    // Everything falls: what passes right now is for its hook to cut.
    void cut_network();
    void mend_network_after(std::chrono::milliseconds time);

    TemporaryFolder folder;
    std::vector<psrp::EventLoop::TimerId> timers;
    LocalEndpoint endpoint;
    Relay relay;
};

// The name of the operation that an HTTP request asks for.
std::string operation_of(const std::string& message);

} // namespace tests
