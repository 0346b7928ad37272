// An HTTP server for WinRM: authentication of connections, encryption of messages, answers that
// come later (fact sheet transports B2, C). On libmicrohttpd, driven by our loop.
#pragma once

#include <psrp/http/failure.hpp>
#include <psrp/http/gss.hpp>
#include <psrp/http/multipart.hpp>
#include <psrp/http/tls_pipe.hpp>
#include <psrp/http/user_store.hpp>
#include <psrp/transport/poll_source.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace psrp {

struct HttpServerLimits {
    std::size_t request_bytes_max = std::size_t{8} << 20; // of a body
    unsigned connections_max = 1000;
    // Of one connection's headers and read buffer: Kerberos tokens can be 64 KiB.
    std::size_t connection_bytes_max = std::size_t{160} << 10;
    unsigned idle_seconds_max = 300; // of a connection that waits for a request
    int token_rounds_max = 12;       // of one login
    // Logins judged at once: hashes, PAM and GSSAPI keep a thread busy.
    std::size_t login_threads_max = 4;
};

// Whether something that is not safe by itself is allowed.
enum class Permission : std::uint8_t { No, Yes };

struct HttpServerOptions {
    std::string address = "127.0.0.1"; // a number or a name
    std::uint16_t port = 5985;         // 0: any that is free
    std::string path = "/wsman";       // compared without case
    // PEM files; empty: plain HTTP.
    std::string certificate_file;
    std::string key_file;
    // Authorities of clients' certificates (PEM), and whose they are by thumbprint; empty: none.
    std::string client_authority_file;
    std::map<std::string, std::string> certificate_users;
    // Who may use Basic; null: nobody.
    std::unique_ptr<UserStore> users;
    // For Negotiate, Kerberos and NTLM; empty: they are not offered.
    std::optional<GssCredential> credential;
    // For CredSSP besides, with the credential above: clients give their passwords away by it.
    std::optional<TlsIdentity> credssp_identity;
    Permission basic_in_clear = Permission::No;           // Basic over plain HTTP
    Permission unencrypted = Permission::No;              // messages in the clear over plain HTTP
    Permission without_channel_binding = Permission::Yes; // over TLS
    // Whether a request without a login may pass, by its body; null: none may.
    std::function<bool(std::string_view body)> passes_anonymously;
    HttpServerLimits limits = {};
    MultipartLimits multipart = {};
};

// A request whose client is known.
struct HttpRequestArrived {
    std::uint64_t id = 0; // names it to answer()
    std::string user;     // empty: it passed anonymously
    std::string client_address;
    std::string body; // decrypted
};

// Nobody waits for the answer any more.
struct HttpRequestGone {
    std::uint64_t id = 0;
};

// A login that failed, for a log.
struct HttpLoginFailed {
    std::string client_address;
    std::string scheme;
    HttpFailure failure;
};

using HttpServerEvent = std::variant<HttpRequestArrived, HttpRequestGone, HttpLoginFailed>;

// Add it to a loop and ask next_event() after each turn. One thread.
class HttpServer final : public PollSource {
public:
    // Listens. Errors: ListenFailed, ServerFileUnusable.
    static HttpResult<std::unique_ptr<HttpServer>> start(HttpServerOptions options);
    ~HttpServer() override;
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    std::optional<HttpServerEvent> next_event();
    // Sends the answer to a request; an unknown id is ignored. It is encrypted where the request
    // was.
    void answer(std::uint64_t id, int status, std::string_view content_type, std::string body);
    // Accepts no new connections.
    void close();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t waiting_count() const; // requests without their answer

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override { (void)descriptor; } // never wished for
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    class Impl;
    explicit HttpServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
