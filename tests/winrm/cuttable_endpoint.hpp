// A ClearEndpoint on a thread of its own, for programs, whose network can be cut at any moment.
#pragma once

#include <tests/winrm/clear_endpoint.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace tests {

class CuttableEndpoint {
public:
    explicit CuttableEndpoint(const EndpointOptions& options = {});
    ~CuttableEndpoint();
    CuttableEndpoint(const CuttableEndpoint&) = delete;
    CuttableEndpoint& operator=(const CuttableEndpoint&) = delete;

    // Both have happened when they return.
    void cut();
    void mend();
    // Returns when a client asks for more output of a command: what it has had before will not be
    // sent again.
    void wait_for_reader() const;
    // Parameters of icm and psrp that lead here and let in.
    [[nodiscard]] std::vector<std::string> access() const;

private:
    void set_down(bool is_down);

    ClearEndpoint place_;
    std::string credential_;
    std::atomic<bool> wants_down_{false};
    std::atomic<bool> is_down_{false};
    std::atomic<bool> is_over_{false};
    std::atomic<bool> has_reader_{false};
    std::thread thread_;
};

} // namespace tests
