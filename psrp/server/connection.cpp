#include <psrp/server/connection.hpp>

#include <poll.h>

namespace psrp::server {

bool has_hung_up(int descriptor)
{
    pollfd entry{descriptor, 0, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

} // namespace psrp::server
