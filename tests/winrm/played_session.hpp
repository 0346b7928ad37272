// A session with every operation in it, and what came of it.
#pragma once

#include <tests/winrm/pool_driver.hpp>

#include <string>
#include <vector>

namespace tests {

struct PlayedSession {
    std::string output; // played_output where all went well
    std::string error;
    psrp::RunspacePoolState state = psrp::RunspacePoolState::BeforeOpen; // before it was closed
    bool was_opened = false;
    bool was_left = false;                  // as is asked for near the end
    psrp::Guid endless;                     // the pipeline that only ends when it is stopped
    std::vector<psrp::Guid> open_pipelines; // begun, and no end was heard of
};

// Each script once, each of its lines once; the last one says how often the first one ran.
extern const std::string played_output;

// Opens, runs, feeds, stops, leaves, takes up again and closes. Ends early where the session does.
PlayedSession play(PoolDriver& client);

} // namespace tests
