// What a server needs of sockets and files before it listens.
#pragma once

#include <psrp/http/failure.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <cstdint>
#include <string>

struct sockaddr;

namespace psrp::detail {

// A socket that listens at a number or a name; port 0: any that is free. Errors: ListenFailed.
HttpResult<Descriptor> listen_on(const std::string& address, std::uint16_t port);

// The port of a socket that listens.
std::uint16_t port_of(int socket);

// The number of a client's address; empty where there is none.
std::string address_text(const sockaddr* address);

// Errors: ServerFileUnusable.
HttpResult<std::string> read_server_file(const std::string& path);

} // namespace psrp::detail
