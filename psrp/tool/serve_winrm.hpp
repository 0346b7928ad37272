// psrp serve --winrm: a WinRM endpoint in front of the embedded endpoint or a child process.
#pragma once

#include <psrp/server/connection.hpp>
#include <psrp/tool/serve.hpp>
#include <psrp/transport/event_loop.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace psrp::tool {

// Makes what answers a session, on the stream given.
using ConnectionMaker =
    std::function<Result<std::unique_ptr<server::Connection>>(server::ClientStream, std::uint64_t)>;

// Serves until a signal; the exit code of the process.
int serve_winrm(
    const ServeOptions& options,
    EventLoop& loop,
    const ConnectionMaker& connect,
    const server::Log& log
);

} // namespace psrp::tool
