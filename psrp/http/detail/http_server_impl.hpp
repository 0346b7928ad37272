// What HttpServer holds. Its functions are spread over server.cpp (the daemon, the loop) and
// server_requests.cpp (what becomes of a request).
#pragma once

#include <psrp/http/detail/login_workers.hpp>
#include <psrp/http/server.hpp>
#include <psrp/http/server_login.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <deque>
#include <map>
#include <microhttpd.h>
#include <string>
#include <vector>

namespace psrp {

namespace detail {

constexpr int status_ok = 200;
constexpr int status_bad_request = 400;
constexpr int status_unauthorized = 401;
constexpr int status_forbidden = 403;
constexpr int status_not_found = 404;
constexpr int status_not_allowed = 405;
constexpr int status_too_large = 413;
constexpr int status_unavailable = 503;
constexpr const char* soap_type = "application/soap+xml;charset=UTF-8";

} // namespace detail

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
    void take_verdicts();
    void append_poll_entries(std::vector<PollEntry>& entries) const;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_epoll(int descriptor) const { return descriptor == epoll_; }
    [[nodiscard]] bool is_workers(int descriptor) const
    {
        return workers_ && descriptor == workers_->descriptor();
    }
    [[nodiscard]] std::size_t waiting_count() const { return waiting_.size() + judged_.size(); }

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
        int status = detail::status_ok;
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
        std::optional<LoginVerdict> verdict; // of a worker
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
    std::optional<Answer> judge_login(Exchange& exchange);
    std::optional<Answer> on_verdict(Exchange& exchange, LoginVerdict verdict);
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
    std::map<std::uint64_t, Exchange*> judged_;  // for a worker's verdict; borrowed as well
    std::unique_ptr<detail::LoginWorkers> workers_;
    std::uint64_t id_last_ = 0;
    std::deque<HttpServerEvent> events_;
    Descriptor closed_socket_; // the listening one, after close()
};

} // namespace psrp
