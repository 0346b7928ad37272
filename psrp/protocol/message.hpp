// The message: a 40-byte header and CLIXML (MS-PSRP 2.2.1; drawn in psrp/protocol/README.md). This
// is the object that the fragmenter carries.
#pragma once

#include <clixml/arena.hpp>
#include <clixml/bytes.hpp>
#include <clixml/guid.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>
#include <clixml/writer.hpp>
#include <psrp/protocol/message_types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace psrp {

using clixml::Arena;
using clixml::Result;
using clixml::Value;

// Bytes of the header in front of the data.
inline constexpr std::size_t message_header_bytes = 40;

// The bits of the Destination field. A receiver looks at its own bit only.
enum class Destination : std::uint32_t { Client = 1, Server = 2, Listener = 4 };

// The header. `destination` and `type` are kept as they travel: a receiver may meet numbers it does
// not know.
struct MessageHeader {
    std::uint32_t destination = 0;
    std::uint32_t type = 0;
    Guid runspace_pool_id;
    Guid pipeline_id; // zero for messages of the session or pool

    [[nodiscard]] bool is_for(Destination side) const
    {
        return (destination & static_cast<std::uint32_t>(side)) != 0;
    }
    friend bool operator==(const MessageHeader&, const MessageHeader&) = default;
};

// A header and the text behind it. A byte order mark at its start is taken away, another one stays.
// Borrowed from the bytes it was read from.
struct Message {
    MessageHeader header;
    std::string_view text; // empty: null
    bool has_byte_order_mark = false;
};

// Writes the 40 bytes of `header` to `to`.
void write_message_header(const MessageHeader& header, std::uint8_t* to);

// Reads one whole message. Errc::MessageTooShort for fewer than 40 bytes; every field value is
// taken as it is.
Result<Message> read_message(BytesView bytes);

// The bytes of a message: header, byte order mark and `value` as CLIXML. Null gives a message
// without data, which is how null travels. `options` is message_options() for live values;
// Form::Bare in any case. Errors: those of clixml::write_value.
Result<Bytes>
write_message(const MessageHeader& header, Value value, const clixml::WriteOptions& options);
// The same, appended to `out`; after an error the end of `out` is of no use.
Result<void> append_message(
    const MessageHeader& header, Value value, const clixml::WriteOptions& options, std::string& out
);

} // namespace psrp
