// One client of a server, as loops and listeners see it, whoever answers it.
#pragma once

#include <psrp/server/log.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/poll_source.hpp>
#include <psrp/transport/wire_tap.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace psrp::server {

// What all connections have in common.
struct ConnectionOptions {
    // Without bytes in either direction and without an open pipeline for so long, the connection
    // ends.
    std::optional<std::chrono::milliseconds> idle_timeout = {};
    // Borrowed; null: nothing is logged.
    const Log* log = nullptr;
    // Sees what passes; null: nobody does.
    std::shared_ptr<WireTap> tap = {};
    // For the log.
    std::uint64_t session_number = 1;
};

// The two ends of a client's stream; a socket is both. The numbers are what is used; `owned` closes
// with the connection.
struct ClientStream {
    int input = -1;
    int output = -1;
    Descriptor owned = {};
};

// Whether the other end of what is written has gone for good. Does not wait.
bool has_hung_up(int descriptor);

// Whether input and output are different files, such as two pipes. Then who reads the output can go
// while the input stays open; the end of a socket shows on its input, behind what was sent.
bool has_separate_ends(const ClientStream& stream);

// A connection: add it to a loop, and let go of it once it is over.
class Connection : public PollSource {
public:
    // Ends in good manners: the client hears of it, what it has been promised is written.
    virtual void end() = 0;
    // True once nothing is left to poll for and destroying does not wait.
    [[nodiscard]] virtual bool is_over() const = 0;
    // What the process that served only this client should return.
    [[nodiscard]] virtual int exit_code() const = 0;
};

} // namespace psrp::server
