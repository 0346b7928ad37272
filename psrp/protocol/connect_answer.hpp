// What a shell answers to another client's Connect, whoever runs its pipelines: `pwsh -s` knows no
// such request, so it is answered from what passed when the session was opened (fact sheets psrp
// 12, transports B11). Sans-IO.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>
#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/server_pool.hpp>

#include <optional>
#include <vector>

namespace psrp {

// Watches one session's channel from its beginning.
class ConnectAnswer {
public:
    // Bytes of the session's channel on their way; what comes after the opening is not kept.
    void on_client_bytes(BytesView bytes);
    void on_server_bytes(BytesView bytes);

    // connectResponseXml for this connectXml. Errors: those of ServerPool::connect_requested();
    // Errc::InvalidState for a session that is not open yet.
    clixml::Result<Bytes> answer(BytesView request);
    // What the server says on the session's channel behind the answer: its private data.
    Bytes take_following();

private:
    void look_for_private_data();
    clixml::Result<void> open_pool();

    static constexpr std::size_t opening_bytes_max = std::size_t{1} << 20;

    Bytes opening_; // of the client
    fragmenter::Reassembler server_objects_{{opening_bytes_max, UINT64_MAX}};
    clixml::Version server_version_{2, 4};
    Bytes private_data_; // the message
    bool is_watching_ = true;
    std::optional<ServerPool> pool_;
};

} // namespace psrp
