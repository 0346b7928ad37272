#include <psrp/client/random_ids.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <sys/random.h>

namespace psrp {

clixml::Guid RandomIds::new_guid()
{
    clixml::Guid id;
    std::size_t filled = 0;
    while (filled < id.bytes.size()) {
        const ssize_t count = getrandom(id.bytes.data() + filled, id.bytes.size() - filled, 0);
        if (count > 0) {
            filled += static_cast<std::size_t>(count);
        } else if (errno != EINTR) {
            std::abort(); // a kernel without random numbers: identifiers would repeat
        }
    }
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | 0x40);
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
    return id;
}

} // namespace psrp
