#include <psrp/server/listener.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace psrp::server {

namespace {

// Clients accepted before the connections that are there have their turn.
constexpr int accepts_in_turn_max = 16;

bool is_exhaustion(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

void log(
    const Log* log, LogLevel level, std::string_view event, const std::vector<LogField>& fields
)
{
    if (log != nullptr) log->write(level, event, fields);
}

} // namespace

Listener::Listener(EventLoop& loop, Descriptor socket, ListenerOptions options)
    : loop_(loop), socket_(std::move(socket)), options_(std::move(options))
{
    loop_.add(*this);
}

Listener::~Listener()
{
    loop_.remove(*this);
    for (const Session& session : sessions_)
        loop_.remove(*session.connection);
}

void Listener::close()
{
    socket_.reset();
    resume_at_.reset();
    for (const Session& session : sessions_)
        session.connection->end();
}

bool Listener::is_finished() const
{
    return !socket_.is_open() && sessions_.empty();
}

void Listener::append_poll_entries(std::vector<PollEntry>& entries) const
{
    if (socket_.is_open() && !resume_at_) entries.push_back({socket_.number(), true, false});
}

void Listener::on_deadline(Clock::time_point now)
{
    if (resume_at_ && *resume_at_ <= now) resume_at_.reset();
}

void Listener::on_readable(int descriptor)
{
    if (descriptor != socket_.number()) return;
    for (int i = 0; i < accepts_in_turn_max; ++i) {
        Descriptor client(::accept(socket_.number(), nullptr, nullptr));
        if (client.is_open()) {
            fcntl(client.number(), F_SETFD, FD_CLOEXEC);
            admit(std::move(client));
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (is_exhaustion(errno)) {
            log(options_.log, LogLevel::Error, "no-descriptor", {});
            resume_at_ = Clock::now() + options_.exhausted_wait;
        }
        return;
    }
}

void Listener::admit(Descriptor client)
{
    const auto peer = socket_peer(client.number());
    if (!peer || (peer->user_id != ::geteuid() && peer->user_id != 0)) {
        return refuse(client, "This server is another user's.", "other-user");
    }
    if (sessions_.size() >= options_.sessions_max) {
        return refuse(client, "This server has as many sessions as it takes.", "too-many-sessions");
    }
    const std::uint64_t number = ++session_last_;
    const int socket = client.number();
    auto connection = options_.connect({socket, socket, std::move(client)}, number);
    const std::string session = std::to_string(number);
    if (!connection) {
        const std::string reason = connection.error().text();
        log(options_.log,
            LogLevel::Error,
            "session-failed",
            {{"session", session}, {"reason", reason}});
        return;
    }
    const std::string user = std::to_string(peer->user_id);
    const std::string process = std::to_string(peer->process_id);
    log(options_.log,
        LogLevel::Information,
        "session-opened",
        {{"session", session}, {"user", user}, {"process", process}});
    loop_.add(**connection);
    sessions_.push_back({number, std::move(*connection)});
}

void Listener::refuse(const Descriptor& client, std::string_view text, std::string_view reason)
{
    log(options_.log, LogLevel::Warning, "session-refused", {{"reason", reason}});
    std::string line;
    append_error_line(text, line);
    (void)write_some(client.number(), line); // who does not take it goes without
}

void Listener::sweep()
{
    std::erase_if(sessions_, [this](const Session& session) {
        if (!session.connection->is_over()) return false;
        loop_.remove(*session.connection);
        const std::string number = std::to_string(session.number);
        const std::string code = std::to_string(session.connection->exit_code());
        log(options_.log,
            LogLevel::Information,
            "session-closed",
            {{"session", number}, {"code", code}});
        return true;
    });
}

} // namespace psrp::server
