#include <psrp/server/server_session.hpp>
#include <psrp/tool/serve.hpp>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace psrp::tool {

namespace {

constexpr int usage_exit_code = 2;

// The stream of the protocol moves away from 0 and 1, where commands could write into it by
// mistake.
struct MovedStreams {
    MovedStreams()
        : input(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)),
          output(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3))
    {
        const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (nothing < 0) return;
        dup2(nothing, STDIN_FILENO);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        close(nothing);
    }
    ~MovedStreams()
    {
        close(input);
        close(output);
    }
    MovedStreams(const MovedStreams&) = delete;
    MovedStreams& operator=(const MovedStreams&) = delete;

    int input;
    int output;
};

} // namespace

int run_serve(const ServeOptions& options)
{
    if (options.stdio == options.server_mode) {
        std::fputs("psrp serve: give one of --stdio and -s\n", stderr);
        return usage_exit_code;
    }
    const MovedStreams streams;
    if (streams.input < 0 || streams.output < 0) {
        std::fputs("psrp serve: standard input or output is not open\n", stderr);
        return usage_exit_code;
    }
    server::ServeOptions serve;
    serve.errors =
        options.stdio ? server::ErrorStyle::ErrorLines : server::ErrorStyle::StandardError;
    return server::serve_on(streams.input, streams.output, serve).exit_code;
}

} // namespace psrp::tool
