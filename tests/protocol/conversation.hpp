// Recorded conversations as messages and as the bytes they travelled in, and peers that speak by
// hand.
#pragma once

#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/server_pool.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// One line of a *.messages.jsonl file.
struct RecordedMessage {
    bool is_from_client = false;
    psrp::Stream stream = psrp::Stream::Default;
    psrp::Guid channel;
    psrp::MessageHeader header;
    std::string payload; // without the byte order mark

    [[nodiscard]] psrp::MessageType type() const
    {
        return static_cast<psrp::MessageType>(header.type);
    }
    // The whole message: header, and byte order mark and payload where there is one.
    [[nodiscard]] psrp::Bytes bytes() const;
};

// The messages of vectors/psrp/<name>.messages.jsonl.
std::vector<RecordedMessage> read_conversation(std::string_view name);

// The names of all recorded conversations.
std::vector<std::string> conversation_names();

// A Guid from its text; fails the test where it is none.
psrp::Guid guid(std::string_view text);

// A message with a byte order mark, as a peer writes it.
psrp::Bytes message_bytes(
    psrp::Destination destination,
    std::uint32_t type,
    const psrp::Guid& pool,
    const psrp::Guid& pipeline,
    std::string_view payload
);

// The fragments of a message.
psrp::Bytes fragments_of(psrp::BytesView message, std::uint64_t object_id = 1);

// Joins what a machine sends on each channel, and reads it back as messages.
class SentMessages {
public:
    void add(const psrp::Send& send);
    // All messages so far, in order of their last fragment.
    [[nodiscard]] const std::vector<RecordedMessage>& messages() const { return messages_; }

private:
    struct Pending {
        psrp::Guid channel;
        psrp::Stream stream;
        psrp::Bytes bytes;
    };
    std::vector<Pending> pending_;
    std::vector<RecordedMessage> messages_;
};

// Frequently used texts of payloads.
extern const std::string_view capability_payload;
extern const std::string_view opened_payload;
extern const std::string_view completed_payload;

} // namespace tests
