#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/channel_binding.hpp>
#include <psrp/http/server.hpp>
#include <psrp/http/server_login.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <gnutls/gnutls.h>
#include <map>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>

namespace psrp {

namespace {

constexpr int status_ok = 200;
constexpr int status_bad_request = 400;
constexpr int status_unauthorized = 401;
constexpr int status_forbidden = 403;
constexpr int status_not_found = 404;
constexpr int status_not_allowed = 405;
constexpr int status_too_large = 413;
constexpr int status_unavailable = 503;
constexpr const char* soap_type = "application/soap+xml;charset=UTF-8";

HttpResult<std::string> read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return http_failure(HttpErrc::ServerFileUnusable, path + " cannot be read");
    return text.str();
}

struct AddressDeleter {
    void operator()(addrinfo* first) const { freeaddrinfo(first); }
};

HttpResult<Descriptor> listen_on(const std::string& address, std::uint16_t port)
{
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int code = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (code != 0) return http_failure(HttpErrc::ListenFailed, gai_strerror(code));
    const std::unique_ptr<addrinfo, AddressDeleter> first(found);
    int error = 0;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        Descriptor socket(
            ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol)
        );
        const int on = 1;
        ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        constexpr int backlog = 1024;
        const bool listens = ::bind(socket.number(), at->ai_addr, at->ai_addrlen) == 0 &&
                             ::listen(socket.number(), backlog) == 0;
        if (listens) return socket;
        error = errno;
    }
    return http_failure(HttpErrc::ListenFailed, std::strerror(error));
}

std::uint16_t port_of(int socket)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    if (address.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string address_text(const sockaddr* address)
{
    if (address == nullptr) return {};
    std::string host(NI_MAXHOST, 0);
    const socklen_t size =
        address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (getnameinfo(address, size, host.data(), NI_MAXHOST, nullptr, 0, NI_NUMERICHOST) != 0) {
        return {};
    }
    host.resize(std::strlen(host.c_str()));
    return host;
}

std::string_view header_of(MHD_Connection* connection, const char* name)
{
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

} // namespace

class HttpServer::Impl {
public:
    explicit Impl(HttpServerOptions options) : options_(std::move(options)) {}
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    HttpResult<void> start();
    std::optional<HttpServerEvent> next_event();
    void answer(std::uint64_t id, int status, std::string_view content_type, std::string body);
    void close();
    void run();
    void look_at(int descriptor);
    void append_poll_entries(std::vector<PollEntry>& entries) const;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_epoll(int descriptor) const { return descriptor == epoll_; }
    [[nodiscard]] std::size_t waiting_count() const { return waiting_.size(); }

private:
    struct Peer {
        explicit Peer(const ServerLoginOptions& options) : login(options) {}
        ServerLogin login;
        std::string address;
        std::string thumbprint; // of a certificate we trust
        bool has_looked_for_certificate = false;
        EncryptionProtocol protocol = EncryptionProtocol::Spnego;
    };
    struct Answer {
        int status = status_ok;
        std::string content_type;
        std::string body;
        std::vector<std::string> challenges;
    };
    // One request, from its first header to its answer.
    struct Exchange {
        std::uint64_t id = 0;
        MHD_Connection* connection = nullptr;
        Peer* peer = nullptr;
        std::string body;
        bool is_too_large = false;
        bool was_encrypted = false;
        bool is_suspended = false;
        bool is_watched = true; // for the end of its connection
        std::vector<std::string> challenges;
        std::optional<Answer> answer;
    };

    HttpResult<void> read_files();
    MHD_Result on_request(
        MHD_Connection* connection,
        const char* url,
        const char* method,
        const char* bytes,
        std::size_t* size,
        void** state
    );
    Answer refusal(int status, std::string_view words) const;
    std::optional<Answer> judge(Exchange& exchange, std::string_view url, std::string_view method);
    std::optional<Answer> on_authenticated(Exchange& exchange);
    HttpResult<std::string> open(Exchange& exchange, std::string_view content_type);
    MHD_Result send(Exchange& exchange, Answer answer);
    void look_for_certificate(MHD_Connection* connection, Peer& peer) const;
    void hand_over(Exchange& exchange, std::string user);
    void refresh_deadline();

    static MHD_Result on_request_of(
        void* self,
        MHD_Connection* connection,
        const char* url,
        const char* method,
        const char* version,
        const char* bytes,
        std::size_t* size,
        void** state
    );
    static void
    on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode code);
    static void on_connection(
        void* self, MHD_Connection* connection, void** state, MHD_ConnectionNotificationCode code
    );

    HttpServerOptions options_;
    ServerLoginOptions login_;
    std::string certificate_;
    std::string key_;
    std::string authorities_;
    std::uint16_t port_ = 0;
    MHD_Daemon* daemon_ = nullptr;
    int epoll_ = -1;
    std::optional<Clock::time_point> deadline_;
    std::map<std::uint64_t, Exchange*> waiting_; // for their answers; borrowed from the daemon
    std::uint64_t id_last_ = 0;
    std::deque<HttpServerEvent> events_;
    Descriptor closed_socket_; // the listening one, after close()
};

HttpServer::Impl::~Impl()
{
    if (daemon_ == nullptr) return;
    // The daemon cannot end while somebody waits in it.
    while (!waiting_.empty())
        answer(waiting_.begin()->first, status_unavailable, {}, {});
    MHD_run(daemon_);
    MHD_stop_daemon(daemon_);
}

HttpResult<void> HttpServer::Impl::read_files()
{
    const auto read_into = [](const std::string& path, std::string& text) -> HttpResult<void> {
        if (path.empty()) return {};
        auto read = read_file(path);
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
    auto socket = listen_on(options_.address, options_.port);
    if (!socket) return tl::unexpected(socket.error());
    port_ = port_of(socket->number());
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
    if (address != nullptr) peer->address = address_text(address->client_addr);
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
    if (auto refused = judge(exchange, url, method)) return send(exchange, std::move(*refused));
    exchange.is_suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

HttpServer::Impl::Answer HttpServer::Impl::refusal(int status, std::string_view words) const
{
    return {status, "text/plain", std::string(words) + "\n", {}};
}

// What is wrong with a request before anybody asks what it says; nothing: it was handed over.
std::optional<HttpServer::Impl::Answer>
HttpServer::Impl::judge(Exchange& exchange, std::string_view url, std::string_view method)
{
    const std::string_view anonymous_path = "-anon/identify";
    std::string_view path = url;
    const bool is_anonymous_path =
        path.size() > anonymous_path.size() &&
        clixml::equal_ignoring_case(
            path.substr(path.size() - anonymous_path.size()), anonymous_path
        );
    if (is_anonymous_path) path.remove_suffix(anonymous_path.size());
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (!clixml::equal_ignoring_case(path, options_.path)) {
        return refusal(status_not_found, "There is nothing here.");
    }
    if (method != "POST") return refusal(status_not_allowed, "Only POST is taken.");
    if (exchange.is_too_large) return refusal(status_too_large, "The request is too large.");

    Peer& peer = *exchange.peer;
    look_for_certificate(exchange.connection, peer);
    const std::string_view authorization = header_of(exchange.connection, "Authorization");
    LoginVerdict verdict = peer.login.judge(authorization, peer.thumbprint);
    if (verdict.failure) {
        events_.emplace_back(HttpLoginFailed{peer.address, verdict.scheme, *verdict.failure});
    }
    exchange.challenges = std::move(verdict.challenges);
    if (verdict.kind == LoginVerdict::Kind::Accepted) return on_authenticated(exchange);
    const bool passes = authorization.empty() && !exchange.body.empty() &&
                        options_.passes_anonymously && options_.passes_anonymously(exchange.body);
    if (passes) {
        exchange.challenges.clear();
        hand_over(exchange, {});
        return std::nullopt;
    }
    return Answer{status_unauthorized, {}, {}, std::move(exchange.challenges)};
}

void HttpServer::Impl::hand_over(Exchange& exchange, std::string user)
{
    waiting_[exchange.id] = &exchange;
    events_.emplace_back(HttpRequestArrived{
        exchange.id, std::move(user), exchange.peer->address, std::move(exchange.body)});
    exchange.body.clear();
}

std::optional<HttpServer::Impl::Answer> HttpServer::Impl::on_authenticated(Exchange& exchange)
{
    Peer& peer = *exchange.peer;
    // The last leg of a login may come alone.
    if (exchange.body.empty()) return Answer{status_ok, {}, {}, std::move(exchange.challenges)};
    const std::string_view content_type = header_of(exchange.connection, "Content-Type");
    if (is_encrypted_content_type(content_type)) {
        auto opened = open(exchange, content_type);
        if (!opened) {
            events_.emplace_back(HttpLoginFailed{peer.address, "message", opened.error()});
            return refusal(status_bad_request, opened.error().error.text());
        }
        exchange.body = std::move(*opened);
        exchange.was_encrypted = true;
    } else if (!login_.is_secure && peer.login.context() != nullptr && options_.unencrypted == Permission::No) {
        return refusal(status_forbidden, "Messages must be encrypted.");
    }
    hand_over(exchange, peer.login.user());
    return std::nullopt;
}

HttpResult<std::string> HttpServer::Impl::open(Exchange& exchange, std::string_view content_type)
{
    SecurityContext* context = exchange.peer->login.context();
    if (context == nullptr) return http_failure(HttpErrc::UnexpectedEncryption);
    const auto type = read_encrypted_content_type(content_type, options_.multipart);
    if (!type) return http_failure(type.error());
    exchange.peer->protocol = type->protocol;
    return open_encrypted_body(*context, exchange.body, *type, options_.multipart);
}

MHD_Result HttpServer::Impl::send(Exchange& exchange, Answer answer)
{
    if (exchange.was_encrypted && !answer.body.empty()) {
        SecurityContext* context = exchange.peer->login.context();
        auto sealed =
            context != nullptr
                ? seal_body(*context, exchange.peer->protocol, soap_type, answer.body)
                : HttpResult<EncryptedBody>(http_failure(HttpErrc::EncryptionUnavailable));
        if (!sealed) return MHD_NO; // the connection is cut
        answer.body = std::move(sealed->body);
        answer.content_type = std::move(sealed->content_type);
    }
    MHD_Response* response = MHD_create_response_from_buffer(
        answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY
    );
    if (response == nullptr) return MHD_NO;
    if (!answer.content_type.empty()) {
        MHD_add_response_header(response, "Content-Type", answer.content_type.c_str());
    }
    for (const std::string& challenge : answer.challenges) {
        MHD_add_response_header(response, "WWW-Authenticate", challenge.c_str());
    }
    MHD_add_response_header(response, "Server", "psrp");
    const MHD_Result queued =
        MHD_queue_response(exchange.connection, static_cast<unsigned>(answer.status), response);
    MHD_destroy_response(response);
    return queued;
}

void HttpServer::Impl::look_for_certificate(MHD_Connection* connection, Peer& peer) const
{
    if (authorities_.empty() || std::exchange(peer.has_looked_for_certificate, true)) return;
    const auto* found = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (found == nullptr) return;
    auto* session = static_cast<gnutls_session_t>(found->tls_session);
    unsigned status = 0;
    const bool is_trusted =
        gnutls_certificate_verify_peers2(session, &status) == GNUTLS_E_SUCCESS && status == 0;
    unsigned count = 0;
    const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
    if (!is_trusted || chain == nullptr || count == 0) return;
    peer.thumbprint = certificate_thumbprint({chain[0].data, chain[0].size});
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
        return answer(id, status_unavailable, {}, {});
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
    if (!impl_->is_epoll(descriptor)) impl_->look_at(descriptor);
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
