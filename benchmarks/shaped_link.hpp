// A relay between a loopback port and another one that behaves like a slow line: so many bits a
// second and so long a way in each direction.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <thread>

namespace bench {

struct LinkOptions {
    double bytes_per_second = 12.5e6; // 100 Mbit/s
    std::chrono::microseconds delay{10'000};
};

class ShapedLink {
public:
    ShapedLink(int target_port, const LinkOptions& options);
    ~ShapedLink();
    ShapedLink(const ShapedLink&) = delete;
    ShapedLink& operator=(const ShapedLink&) = delete;

    [[nodiscard]] int port() const { return port_; }

private:
    struct Connection;
    void serve();

    int target_port_;
    LinkOptions options_;
    psrp::Descriptor socket_;
    psrp::Descriptor stop_read_;
    psrp::Descriptor stop_write_;
    int port_ = 0;
    std::thread thread_;
};

} // namespace bench
