// A WinRM endpoint and its clients in one process and one loop.
#pragma once

#include <psrp/client/random_ids.hpp>
#include <psrp/server/command.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/winrm/listener.hpp>
#include <psrp/winrm/winrm_transport.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tests {

// What differs from the listener's own; nothing: as it is there.
struct EndpointOptions {
    std::uint32_t envelope_bytes_max = 0;
    std::size_t shells_per_owner_max = 0;
    std::optional<std::chrono::milliseconds> left_alone_after = {};
    std::optional<std::chrono::milliseconds> idle_timeout = {};
};

// A listener on loopback in front of the embedded endpoint.
class LocalEndpoint {
public:
    explicit LocalEndpoint(psrp::HttpServerOptions http, const EndpointOptions& given = {});
    ~LocalEndpoint();
    LocalEndpoint(const LocalEndpoint&) = delete;
    LocalEndpoint& operator=(const LocalEndpoint&) = delete;

    // One turn of the loop, and all that comes of it.
    void turn();
    [[nodiscard]] psrp::EventLoop& loop() { return *loop_; }
    [[nodiscard]] psrp::RandomIds& ids() { return ids_; }
    [[nodiscard]] std::string url(const std::string& scheme) const;
    [[nodiscard]] psrp::WinRmListener& listener() { return *listener_; }

    std::vector<std::string> log; // event, user

private:
    std::unique_ptr<psrp::EventLoop> loop_;
    psrp::RandomIds ids_;
    psrp::server::CommandTable commands_;
    std::unique_ptr<psrp::WinRmListener> listener_;
};

} // namespace tests
