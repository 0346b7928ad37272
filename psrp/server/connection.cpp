#include <psrp/server/connection.hpp>

#include <poll.h>
#include <sys/stat.h>

namespace psrp::server {

bool has_hung_up(int descriptor)
{
    pollfd entry{descriptor, 0, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

bool has_separate_ends(const ClientStream& stream)
{
    if (stream.input == stream.output) return false;
    struct stat input {};
    struct stat output {};
    if (::fstat(stream.input, &input) != 0 || ::fstat(stream.output, &output) != 0) return true;
    return input.st_dev != output.st_dev || input.st_ino != output.st_ino;
}

} // namespace psrp::server
