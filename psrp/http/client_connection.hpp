// One connection of HTTP/1.1 over TCP or TLS, driven by our loop: a request goes out, its answer
// comes back, the connection is kept (fact sheet transports B2). On libcurl; knows nothing of SOAP
// or authentication.
#pragma once

#include <clixml/bytes.hpp>
#include <psrp/http/cookie_jar.hpp>
#include <psrp/http/failure.hpp>
#include <psrp/transport/poll_source.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp {

using clixml::Bytes;

// Whether something is checked that Windows' clients check, too.
enum class Check { Yes, Skip };

// How servers' certificates are judged, and what is shown to them.
struct TlsOptions {
    Check authority = Check::Yes;  // SkipCACheck
    Check name = Check::Yes;       // SkipCNCheck
    Check revocation = Check::Yes; // SkipRevocationCheck: without it the lists in crl_file count
    std::string authority_file;    // PEM; empty: the system's
    std::string revocation_file;   // PEM
    // A client's certificate: PEM, with its key in the same or another file, or PKCS#12.
    std::string certificate_file;
    std::string key_file;
    std::string key_password;
};

// How a client says to a proxy who it is.
enum class ProxyScheme { Any, Basic, Digest, Negotiate };

// The way around a wall; empty: straight. Requests to https go through a tunnel.
struct ProxyOptions {
    std::string url;
    std::string user;
    std::string password;
    ProxyScheme scheme = ProxyScheme::Any; // what it offers, the safest first
};

struct HttpClientLimits {
    std::size_t response_bytes_max = std::size_t{64} << 20;
    std::size_t header_bytes_max = std::size_t{256} << 10;
};

struct HttpConnectionOptions {
    std::string url; // http or https
    TlsOptions tls = {};
    ProxyOptions proxy = {};
    HttpClientLimits limits = {};
    std::chrono::milliseconds connect_timeout{30'000};
    std::string user_agent = "Microsoft WinRM Client";
    std::shared_ptr<CookieJar> cookies = {}; // null: the connection has its own
    // Digest is libcurl's own; with it these are used and the exchange is not seen here.
    bool uses_digest = false;
    std::string user;
    std::string password;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    HttpHeaders headers;
    std::string body;
    std::chrono::milliseconds timeout{60'000}; // for the whole exchange
    bool needs_fresh_connection = false;       // an old one is not used again
};

struct HttpResponse {
    int status = 0;
    HttpHeaders headers;
    std::string body;
    bool came_over_new_connection = false;

    // The first header of this name, in any case; empty where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Add it to a loop; start() a request, and ask take_result() after each turn of the loop. One
// request at a time. Bodies and headers are wiped when their transfer is over.
class HttpConnection final : public PollSource {
public:
    explicit HttpConnection(HttpConnectionOptions options);
    ~HttpConnection() override;
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    // Begins an exchange. Errors: Busy; InvalidUrl.
    HttpResult<void> start(HttpRequest request);
    // What became of the exchange, once; nothing while it goes on. Errors: HostUnknown to
    // InvalidUrl, except MalformedHttp's kin that only the caller can see.
    std::optional<HttpResult<HttpResponse>> take_result();
    // Forgets the exchange and cuts the connection.
    void cut();

    [[nodiscard]] bool is_busy() const;
    [[nodiscard]] bool is_secure() const;
    // The server's certificate as DER; empty before a TLS connection was made.
    [[nodiscard]] const Bytes& server_certificate() const;

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
