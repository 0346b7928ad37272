#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/channel_binding.hpp>
#include <psrp/http/detail/http_server_impl.hpp>
#include <psrp/http/detail/server_socket.hpp>

#include <cerrno>
#include <sys/socket.h>

namespace psrp {

HttpServer::Impl::~Impl()
{
    if (daemon_ == nullptr) return;
    // Logins under way use what the daemon holds.
    workers_.reset();
    for (const auto& [id, exchange] : judged_) {
        exchange->answer = Answer{detail::status_unavailable, {}, {}, {}};
        MHD_resume_connection(exchange->connection);
    }
    // The daemon cannot end while somebody waits in it.
    while (!waiting_.empty())
        answer(waiting_.begin()->first, detail::status_unavailable, {}, {});
    MHD_run(daemon_);
    MHD_stop_daemon(daemon_);
}

HttpResult<void> HttpServer::Impl::read_files()
{
    const auto read_into = [](const std::string& path, std::string& text) -> HttpResult<void> {
        if (path.empty()) return {};
        auto read = detail::read_server_file(path);
        if (!read) return tl::unexpected(read.error());
        text = std::move(*read);
        return {};
    };
    if (auto read = read_into(options_.certificate_file, certificate_); !read) return read;
    if (auto read = read_into(options_.key_file, key_); !read) return read;
    if (auto read = read_into(options_.client_authority_file, authorities_); !read) return read;
    if (certificate_.empty()) return {};
    auto der = read_pem_certificate(certificate_);
    if (!der) return http_failure(HttpErrc::ServerFileUnusable, options_.certificate_file);
    login_.channel_binding = server_end_point(*der);
    login_.is_secure = true;
    return {};
}

HttpResult<void> HttpServer::Impl::start()
{
    if (auto read = read_files(); !read) return read;
    login_.users = options_.users.get();
    login_.credential = options_.credential ? &*options_.credential : nullptr;
    login_.credssp_identity = options_.credssp_identity ? &*options_.credssp_identity : nullptr;
    login_.certificate_users = options_.certificate_users;
    login_.allows_basic_in_clear = options_.basic_in_clear == Permission::Yes;
    login_.needs_channel_binding =
        login_.is_secure && options_.without_channel_binding == Permission::No;
    login_.rounds_max = options_.limits.token_rounds_max;
    auto workers = detail::LoginWorkers::create(options_.limits.login_threads_max);
    if (!workers) return http_failure(HttpErrc::ListenFailed, workers.error().text());
    workers_ = std::move(*workers);
    auto socket = detail::listen_on(options_.address, options_.port);
    if (!socket) return tl::unexpected(socket.error());
    port_ = detail::port_of(socket->number());
    std::vector<MHD_OptionItem> items = {
        {MHD_OPTION_LISTEN_SOCKET, socket->number(), nullptr},
        {MHD_OPTION_CONNECTION_LIMIT, options_.limits.connections_max, nullptr},
        {MHD_OPTION_CONNECTION_TIMEOUT, options_.limits.idle_seconds_max, nullptr},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT,
         static_cast<intptr_t>(options_.limits.connection_bytes_max),
         nullptr},
        {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&on_completed), this},
        {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&on_connection), this},
    };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (login_.is_secure) {
        flags |= MHD_USE_TLS;
        items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, certificate_.data()});
        items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, key_.data()});
        items.push_back(
            {MHD_OPTION_HTTPS_PRIORITIES,
             0,
             const_cast<char*>("NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2")}
        );
        if (!authorities_.empty()) {
            items.push_back({MHD_OPTION_HTTPS_MEM_TRUST, 0, authorities_.data()});
        }
    }
    items.push_back({MHD_OPTION_END, 0, nullptr});
    daemon_ = MHD_start_daemon(
        flags,
        0,
        nullptr,
        nullptr,
        &on_request_of,
        this,
        MHD_OPTION_ARRAY,
        items.data(),
        MHD_OPTION_END
    );
    clixml::wipe(key_);
    if (daemon_ == nullptr) {
        return login_.is_secure ? http_failure(HttpErrc::ServerFileUnusable, "certificate or key")
                                : http_failure(HttpErrc::ListenFailed);
    }
    socket->release(); // the daemon's now
    epoll_ = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    refresh_deadline();
    return {};
}

MHD_Result HttpServer::Impl::on_request_of(
    void* self,
    MHD_Connection* connection,
    const char* url,
    const char* method,
    const char*,
    const char* bytes,
    std::size_t* size,
    void** state
)
{
    return static_cast<Impl*>(self)->on_request(connection, url, method, bytes, size, state);
}

void HttpServer::Impl::on_completed(
    void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode
)
{
    auto& impl = *static_cast<Impl*>(self);
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*state));
    *state = nullptr;
    if (!exchange || impl.waiting_.erase(exchange->id) == 0) return;
    impl.events_.emplace_back(HttpRequestGone{exchange->id});
}

void HttpServer::Impl::on_connection(
    void* self, MHD_Connection* connection, void** state, MHD_ConnectionNotificationCode code
)
{
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        delete static_cast<Peer*>(*state);
        *state = nullptr;
        return;
    }
    auto peer = std::make_unique<Peer>(static_cast<Impl*>(self)->login_);
    const auto* address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (address != nullptr) peer->address = detail::address_text(address->client_addr);
    *state = peer.release(); // the connection's, freed above
}

MHD_Result HttpServer::Impl::on_request(
    MHD_Connection* connection,
    const char* url,
    const char* method,
    const char* bytes,
    std::size_t* size,
    void** state
)
{
    if (*state == nullptr) {
        auto fresh = std::make_unique<Exchange>();
        fresh->id = ++id_last_;
        fresh->connection = connection;
        fresh->peer = static_cast<Peer*>(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context
        );
        *state = fresh.release(); // the request's, freed by on_completed
        return MHD_YES;
    }
    Exchange& exchange = *static_cast<Exchange*>(*state);
    if (*size > 0) {
        exchange.is_too_large = exchange.is_too_large ||
                                exchange.body.size() + *size > options_.limits.request_bytes_max;
        if (exchange.is_too_large)
            exchange.body.clear();
        else
            exchange.body.append(bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange.answer) return send(exchange, std::move(*exchange.answer));
    // The server ends, and nobody is there for what comes now.
    if (!workers_) return send(exchange, Answer{detail::status_unavailable, {}, {}, {}});
    auto refused = exchange.verdict
                       ? on_verdict(exchange, *std::exchange(exchange.verdict, std::nullopt))
                       : judge(exchange, url, method);
    if (refused) return send(exchange, std::move(*refused));
    exchange.is_suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

std::optional<HttpServerEvent> HttpServer::Impl::next_event()
{
    if (events_.empty()) return std::nullopt;
    HttpServerEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void HttpServer::Impl::answer(
    std::uint64_t id, int status, std::string_view content_type, std::string body
)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    Exchange& exchange = *found->second;
    waiting_.erase(found);
    exchange.answer =
        Answer{status, std::string(content_type), std::move(body), std::move(exchange.challenges)};
    if (std::exchange(exchange.is_suspended, false)) MHD_resume_connection(exchange.connection);
    deadline_ = Clock::now();
}

void HttpServer::Impl::close()
{
    if (daemon_ == nullptr || closed_socket_.is_open()) return;
    closed_socket_ = Descriptor(MHD_quiesce_daemon(daemon_));
}

void HttpServer::Impl::run()
{
    MHD_run(daemon_);
    refresh_deadline();
}

void HttpServer::Impl::refresh_deadline()
{
    deadline_.reset();
    unsigned long long milliseconds = 0;
    if (MHD_get_timeout(daemon_, &milliseconds) == MHD_YES) {
        deadline_ = Clock::now() + std::chrono::milliseconds(milliseconds);
    }
}

void HttpServer::Impl::append_poll_entries(std::vector<PollEntry>& entries) const
{
    entries.push_back({epoll_, true, false});
    if (!judged_.empty()) entries.push_back({workers_->descriptor(), true, false});
    for (const auto& [id, exchange] : waiting_) {
        if (!exchange->is_suspended || !exchange->is_watched) continue;
        const auto* found =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (found != nullptr) entries.push_back({found->connect_fd, true, false});
    }
}

// Nobody else looks at the connection of a request that waits.
void HttpServer::Impl::look_at(int descriptor)
{
    char byte = 0;
    const auto size = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool is_over = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
    if (size < 0 && !is_over) return;
    for (const auto& [id, exchange] : waiting_) {
        const auto* found =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (found == nullptr || found->connect_fd != descriptor) continue;
        exchange->is_watched = false; // bytes that came are for later
        if (!is_over) return;
        events_.emplace_back(HttpRequestGone{id});
        return answer(id, detail::status_unavailable, {}, {});
    }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

HttpResult<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options)
{
    auto impl = std::make_unique<Impl>(std::move(options));
    if (auto started = impl->start(); !started) return tl::unexpected(started.error());
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::optional<HttpServerEvent> HttpServer::next_event()
{
    return impl_->next_event();
}

void HttpServer::answer(
    std::uint64_t id, int status, std::string_view content_type, std::string body
)
{
    impl_->answer(id, status, content_type, std::move(body));
}

void HttpServer::close()
{
    impl_->close();
}

std::uint16_t HttpServer::port() const
{
    return impl_->port();
}

std::size_t HttpServer::waiting_count() const
{
    return impl_->waiting_count();
}

void HttpServer::append_poll_entries(std::vector<PollEntry>& entries) const
{
    impl_->append_poll_entries(entries);
}

void HttpServer::on_readable(int descriptor)
{
    if (impl_->is_workers(descriptor))
        impl_->take_verdicts();
    else if (!impl_->is_epoll(descriptor))
        impl_->look_at(descriptor);
    impl_->run();
}

std::optional<Clock::time_point> HttpServer::deadline() const
{
    return impl_->deadline();
}

void HttpServer::on_deadline(Clock::time_point)
{
    impl_->run();
}

} // namespace psrp
