// Unix stream sockets: connecting, listening, and who is at the other end. POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <optional>
#include <string>
#include <sys/types.h>

namespace psrp {

// Connects to the socket at `path` without waiting. Errors: SocketPathTooLong; the errno value,
// EAGAIN where too many are waiting there already.
Result<Descriptor> connect_unix_socket(const std::string& path);

// Listens on a new socket at `path` that only this user may open (mode 0600). A socket that nobody
// listens on any more is replaced. Does not block. Errors: SocketPathTooLong; SocketInUse; the
// errno value, EEXIST where something else than a socket is there.
Result<Descriptor> listen_on_unix_socket(const std::string& path);

// Who made the connection, as the system says.
struct SocketPeer {
    uid_t user_id = 0;
    pid_t process_id = 0; // 0 where the system does not tell
};
Result<SocketPeer> socket_peer(int socket);

} // namespace psrp
