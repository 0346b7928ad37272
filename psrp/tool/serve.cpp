#include <psrp/client/interrupts.hpp>
#include <psrp/server/activation.hpp>
#include <psrp/server/bridge_session.hpp>
#include <psrp/server/listener.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/tool/serve.hpp>
#include <psrp/tool/serve_winrm.hpp>
#include <psrp/transport/capture.hpp>
#include <psrp/transport/command_words.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace psrp::tool {

namespace {

using server::Connection;
using server::LogLevel;

constexpr int failure_exit_code = 1;
constexpr int usage_exit_code = 2;

int usage_error(const char* text)
{
    std::fprintf(stderr, "psrp serve: %s\n", text);
    return usage_exit_code;
}

int failure(const std::string& what, const clixml::Error& error)
{
    std::fprintf(stderr, "psrp serve: %s: %s\n", what.c_str(), error.text().c_str());
    return failure_exit_code;
}

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

// A socket's file, taken away with its server unless somebody else has put another there.
class SocketFile {
public:
    explicit SocketFile(std::string path) : path_(std::move(path))
    {
        exists_ = ::stat(path_.c_str(), &status_) == 0;
    }
    ~SocketFile()
    {
        struct stat now {};
        const bool is_ours = exists_ && ::stat(path_.c_str(), &now) == 0 &&
                             now.st_ino == status_.st_ino && now.st_dev == status_.st_dev;
        if (is_ours) ::unlink(path_.c_str());
    }
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

private:
    std::string path_;
    struct stat status_ {};
    bool exists_ = false;
};

// Makes connections as the command line wants them.
class Server {
public:
    Server(const ServeOptions& options, std::vector<std::string> bridge, const server::Log& log)
        : options_(options), bridge_(std::move(bridge)), log_(log),
          commands_(server::standard_commands())
    {
        if (options.allows_native) server::allow_native_programs(commands_);
    }

    Result<std::unique_ptr<Connection>> connect(server::ClientStream stream, std::uint64_t number)
    {
        server::ConnectionOptions connection;
        if (options_.idle_timeout_s > 0) {
            connection.idle_timeout = std::chrono::seconds(options_.idle_timeout_s);
        }
        connection.log = &log_;
        connection.session_number = number;
        if (!options_.capture_path.empty()) {
            PSRP_TRY(connection.tap, capture(number));
        }
        if (!bridge_.empty()) {
            PSRP_TRY(
                auto session,
                server::BridgeSession::start(std::move(stream), {bridge_, {}, connection})
            );
            return std::unique_ptr<Connection>(std::move(session));
        }
        server::ServeOptions serve;
        serve.errors = options_.server_mode ? server::ErrorStyle::StandardError
                                            : server::ErrorStyle::ErrorLines;
        serve.commands = &commands_;
        // Connections of this family know no quota (fact sheet transports D 43).
        serve.limits.protocol = Limits::client();
        serve.connection = connection;
        PSRP_TRY(auto session, server::ServerSession::start(std::move(stream), serve));
        return std::unique_ptr<Connection>(std::move(session));
    }

    // One client on descriptors that are there already.
    int serve_one(EventLoop& loop, server::ClientStream stream)
    {
        auto connection = connect(std::move(stream), 1);
        if (!connection) {
            return failure(bridge_.empty() ? "session" : bridge_.front(), connection.error());
        }
        loop.add(**connection);
        const InterruptCatcher interrupts(loop);
        int obeyed = 0;
        while (!(*connection)->is_over()) {
            if (const auto turned = loop.run_once(); !turned) break;
            const int count = interrupts.count();
            if (count > 1) break;
            if (count > std::exchange(obeyed, count)) (*connection)->end();
        }
        loop.remove(**connection);
        return (*connection)->exit_code();
    }

    // Everybody who comes, until a signal; a second one does not wait for those who are there.
    int serve_all(EventLoop& loop, std::vector<Descriptor> sockets)
    {
        std::vector<std::unique_ptr<server::Listener>> listeners;
        for (Descriptor& socket : sockets) {
            server::ListenerOptions listener;
            listener.sessions_max = options_.sessions_max;
            listener.log = &log_;
            listener.connect = [this](server::ClientStream stream, std::uint64_t number) {
                return connect(std::move(stream), number);
            };
            listeners.push_back(
                std::make_unique<server::Listener>(loop, std::move(socket), std::move(listener))
            );
        }
        log_.write(LogLevel::Information, "listening", {});
        const InterruptCatcher interrupts(loop);
        int obeyed = 0;
        while (true) {
            const int count = interrupts.count();
            if (count > 1) break;
            if (count > std::exchange(obeyed, count)) {
                for (const auto& listener : listeners)
                    listener->close();
            }
            bool is_finished = true;
            for (const auto& listener : listeners) {
                listener->sweep();
                is_finished = is_finished && listener->is_finished();
            }
            if (is_finished) break;
            if (const auto turned = loop.run_once(); !turned)
                return failure("poll", turned.error());
        }
        log_.write(LogLevel::Information, "stopped", {});
        return 0;
    }

private:
    Result<std::shared_ptr<WireTap>> capture(std::uint64_t number) const
    {
        const auto secrets =
            options_.captures_secrets ? CaptureSecrets::Written : CaptureSecrets::Masked;
        const bool is_one = options_.stdio || options_.server_mode;
        PSRP_TRY(
            auto made,
            Capture::create(capture_path(options_.capture_path, number, is_one ? 1 : 2), secrets)
        );
        return std::shared_ptr<WireTap>(std::move(made));
    }

    const ServeOptions& options_;
    std::vector<std::string> bridge_;
    const server::Log& log_;
    server::CommandTable commands_;
};

int serve_stdio(Server& server, EventLoop& loop)
{
    const MovedStreams streams;
    if (streams.input < 0 || streams.output < 0) {
        return usage_error("standard input or output is not open");
    }
    return server.serve_one(loop, {streams.input, streams.output, {}});
}

int serve_socket(Server& server, EventLoop& loop, const std::string& path)
{
    auto socket = listen_on_unix_socket(path);
    if (!socket) return failure(path, socket.error());
    const SocketFile file(path);
    std::vector<Descriptor> sockets;
    sockets.push_back(std::move(*socket));
    return server.serve_all(loop, std::move(sockets));
}

int serve_activated(Server& server, EventLoop& loop)
{
    std::vector<Descriptor> sockets = server::take_activation_sockets();
    if (sockets.empty()) return usage_error("--systemd: no socket was handed over");
    using Kind = server::ActivationKind;
    if (sockets.size() == 1 && server::activation_kind(sockets[0].number()) == Kind::Connection) {
        const int socket = sockets[0].number();
        return server.serve_one(loop, {socket, socket, std::move(sockets[0])});
    }
    for (const Descriptor& socket : sockets) {
        if (server::activation_kind(socket.number()) != Kind::Listener) {
            return usage_error("--systemd: expected listening Unix stream sockets");
        }
        if (const auto set = set_nonblocking(socket.number()); !set) {
            return failure("--systemd", set.error());
        }
    }
    return server.serve_all(loop, std::move(sockets));
}

} // namespace

int run_serve(const ServeOptions& options)
{
    const bool has_winrm = !options.winrm.place.empty();
    const bool listens = !options.socket_path.empty() || options.activated || has_winrm;
    const int ways = (options.stdio ? 1 : 0) + (options.server_mode ? 1 : 0) +
                     (options.socket_path.empty() ? 0 : 1) + (options.activated ? 1 : 0) +
                     (has_winrm ? 1 : 0);
    if (ways != 1) {
        return usage_error("give one of --stdio, -s, --socket PATH, --systemd and --winrm PLACE");
    }
    auto level = listens ? LogLevel::Information : LogLevel::Error;
    if (!options.log_level.empty()) {
        const auto named = server::read_log_level(options.log_level);
        if (!named) return usage_error("--log-level takes none, error, warning, info or debug");
        level = *named;
    }
    std::vector<std::string> bridge;
    if (!options.bridge.empty()) {
        auto words = split_words(options.bridge);
        if (!words) return usage_error("--bridge takes a command line");
        bridge = std::move(*words);
    }
    const auto payloads =
        options.logs_payloads ? server::LogPayloads::Yes : server::LogPayloads::No;
    const server::Log log(STDERR_FILENO, level, payloads);
    auto loop = EventLoop::create();
    if (!loop) return failure("loop", loop.error());
    Server server(options, std::move(bridge), log);
    if (has_winrm) {
        const auto connect = [&server](server::ClientStream stream, std::uint64_t number) {
            return server.connect(std::move(stream), number);
        };
        return serve_winrm(options, *loop, connect, log);
    }
    if (!options.socket_path.empty()) return serve_socket(server, *loop, options.socket_path);
    return options.activated ? serve_activated(server, *loop) : serve_stdio(server, *loop);
}

} // namespace psrp::tool
