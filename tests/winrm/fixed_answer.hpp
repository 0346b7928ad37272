// Somebody on a loopback port who answers everything with the same bytes, whatever it is.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <atomic>
#include <string>
#include <thread>

namespace tests {

class FixedAnswer {
public:
    // Sends `bytes` once something has come, and hangs up. Without any: keeps silent until the
    // other side hangs up.
    explicit FixedAnswer(std::string bytes);
    ~FixedAnswer();
    FixedAnswer(const FixedAnswer&) = delete;
    FixedAnswer& operator=(const FixedAnswer&) = delete;

    [[nodiscard]] std::string port() const { return std::to_string(port_); }

private:
    void serve();

    std::string bytes_;
    psrp::Descriptor socket_;
    int port_ = 0;
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

} // namespace tests
