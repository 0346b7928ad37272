// Where the input of a pipeline stands, by the fragments that pass: a second client's Connect ends
// it, because that client cannot add to it (fact sheet psrp 12). Sans-IO.
#pragma once

#include <clixml/bytes.hpp>
#include <fragmenter/fragment.hpp>
#include <psrp/protocol/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace psrp {

// Watches the default stream of one command's channel from its beginning.
class InputTracker {
public:
    void on_client_bytes(clixml::BytesView bytes);

    // The fragment that ends the input, once; nothing where it has ended, where a message has come
    // in part only, or where nothing is known of the pipeline.
    std::optional<clixml::Bytes> take_end();

private:
    void on_header(const fragmenter::FragmentHeader& header);
    void on_message_start();

    clixml::Bytes head_; // of a fragment, and of the message that begins in it
    fragmenter::FragmentHeader fragment_;
    bool has_header_ = false;
    std::size_t skipped_bytes_ = 0; // of the blob, still to come
    bool is_between_messages_ = true;
    bool has_ended_ = false;
    std::uint64_t object_id_ = 0; // the last one
    std::optional<MessageHeader> message_;
};

} // namespace psrp
