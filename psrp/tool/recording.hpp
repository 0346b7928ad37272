// Recordings of conversations in the forms that people have them, to elements and messages.
#pragma once

#include <clixml/result.hpp>
#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/transport/outofproc_framing.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace psrp::tool {

// A message whose last fragment has been read. Borrowed for the call.
struct RecordedMessage {
    char direction = 'C'; // who wrote it: C client, S server
    Stream stream = Stream::Default;
    Guid channel; // zero: the session's
    std::uint64_t object_id = 0;
    std::uint64_t fragment_count = 0;
    std::size_t message_bytes = 0; // header and data
    Message message;
};

// Gets what a recording holds, in its order.
class RecordingListener {
public:
    virtual ~RecordingListener() = default;
    virtual void on_message(const RecordedMessage& message) = 0;
    // An element of the out-of-process framing other than Data.
    virtual void on_element(char direction, const Element& element) = 0;
    // A line that is no element: the client's arguments ('A'), a server's error line or noise.
    virtual void on_text(char direction, std::string_view text) = 0;
    // A place that cannot be read ("line 3", "byte 84", "envelope 2"); what follows it goes on.
    virtual void on_failure(const std::string& place, const clixml::Error& error) = 0;
};

// Reads the recording in `path` ("-": the standard input), packed with gzip or not. Forms, told
// apart by their content:
//   lines "A ...", "C <...>", "S <...>" (vectors/README.md);
//   lines of elements as a process or ssh carried them, one direction or both mixed;
//   the bytes of fragments one after another, of one direction;
//   WinRM envelopes one after another, with whatever stands between them (HTTP headers).
// Where a form does not tell the direction, that of the message's destination counts. Error: the
// errno value of what kept the file from being read; InvalidRecording where it is none of these.
clixml::Result<void> read_recording(const std::string& path, RecordingListener& listener);

} // namespace psrp::tool
