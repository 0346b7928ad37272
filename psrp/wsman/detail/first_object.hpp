// Watches the bytes of a channel for the end of its first object: the Receive of a command starts
// once all of CREATE_PIPELINE has been sent (fact sheet transports B6).
#pragma once

#include <clixml/bytes.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace psrp::wsman::detail {

class FirstObject {
public:
    // Bytes of the normal stream, in order.
    void add(clixml::BytesView bytes);
    [[nodiscard]] bool is_complete() const { return is_complete_; }

private:
    std::array<std::uint8_t, 21> header_{};
    std::size_t header_bytes_ = 0;
    std::size_t blob_left_ = 0;
    bool is_last_ = false;
    bool is_complete_ = false;
};

// What a Command request shows as its command line: the text of the first command of the
// CREATE_PIPELINE message that starts in `bytes`, cut as PowerShell cuts it; a blank where there is
// none (B6).
std::string command_text(clixml::BytesView bytes);

// Bytes that command_text() takes in an envelope at most.
inline constexpr std::size_t command_text_bytes_max = 1024;

} // namespace psrp::wsman::detail
