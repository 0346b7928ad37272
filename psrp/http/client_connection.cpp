#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/channel_binding.hpp>
#include <psrp/http/client_connection.hpp>
#include <psrp/http/detail/curl_library.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

namespace psrp {

namespace {

struct EasyDeleter {
    void operator()(CURL* handle) const { detail::curl().easy_cleanup(handle); }
};
struct MultiDeleter {
    void operator()(CURLM* handle) const { detail::curl().multi_cleanup(handle); }
};

// A list of header lines, overwritten before it is freed: one of them may hold a password.
class HeaderList {
public:
    HeaderList() = default;
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    ~HeaderList() { clear(); }

    void add(const std::string& line)
    {
        if (curl_slist* longer = detail::curl().slist_append(list_, line.c_str())) list_ = longer;
    }
    void clear()
    {
        if (list_ == nullptr) return;
        for (curl_slist* at = list_; at != nullptr; at = at->next) {
            volatile char* byte = at->data;
            while (*byte != 0)
                *byte++ = 0;
        }
        detail::curl().slist_free_all(list_);
        list_ = nullptr;
    }
    [[nodiscard]] curl_slist* list() const { return list_; }

private:
    curl_slist* list_ = nullptr;
};

HttpErrc error_of(CURLcode code, bool was_connected)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return HttpErrc::HostUnknown;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return HttpErrc::ProxyFailed;
    case CURLE_COULDNT_CONNECT:
        return HttpErrc::ConnectFailed;
    case CURLE_OPERATION_TIMEDOUT:
        return was_connected ? HttpErrc::OperationTimedOut : HttpErrc::ConnectTimedOut;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return HttpErrc::TlsFailed;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return HttpErrc::CertificateUntrusted;
    case CURLE_SSL_CERTPROBLEM:
        return HttpErrc::ClientCertificateUnusable;
    case CURLE_SSL_CACERT_BADFILE:
        return HttpErrc::AuthorityFileUnusable;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return HttpErrc::InvalidUrl;
    case CURLE_WEIRD_SERVER_REPLY:
        return HttpErrc::MalformedHttp;
    default:
        return HttpErrc::ConnectionCut;
    }
}

unsigned long curl_scheme(ProxyScheme scheme)
{
    switch (scheme) {
    case ProxyScheme::Any:
        return CURLAUTH_ANY;
    case ProxyScheme::Basic:
        return CURLAUTH_BASIC;
    case ProxyScheme::Digest:
        return CURLAUTH_DIGEST;
    case ProxyScheme::Negotiate:
        return CURLAUTH_NEGOTIATE;
    }
    return CURLAUTH_ANY;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_pkcs12(std::string_view file)
{
    const auto ends = [&](std::string_view ending) {
        return file.size() > ending.size() &&
               clixml::equal_ignoring_case(file.substr(file.size() - ending.size()), ending);
    };
    return ends(".p12") || ends(".pfx");
}

} // namespace

struct HttpConnection::Impl {
    explicit Impl(HttpConnectionOptions given);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void set_up();
    void act(int descriptor, int events);
    void look_for_end();
    void finish(CURLcode code);
    void note_certificate();
    [[nodiscard]] HttpErrc verification_error() const;
    [[nodiscard]] std::optional<HttpFailure> proxy_failure(long status) const;

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);

    HttpConnectionOptions options;
    bool is_secure;
    std::unique_ptr<CURLM, MultiDeleter> multi;
    std::unique_ptr<CURL, EasyDeleter> easy;
    std::array<char, CURL_ERROR_SIZE> words{};
    std::map<int, int> sockets; // descriptor to CURL_POLL_*
    std::optional<Clock::time_point> timer;
    bool is_running = false;
    HttpRequest request;
    HeaderList headers;
    HttpResponse response;
    std::size_t header_bytes = 0;
    bool is_too_large = false;
    std::optional<HttpResult<HttpResponse>> result;
    Bytes certificate;
};

HttpConnection::Impl::Impl(HttpConnectionOptions given)
    : options(std::move(given)),
      is_secure(
          options.url.size() >= 6 && clixml::equal_ignoring_case(options.url.substr(0, 6), "https:")
      )
{
    if (detail::curl_library() == nullptr) return;
    multi.reset(detail::curl().multi_init());
    easy.reset(detail::curl().easy_init());
    if (!multi || !easy) return;
    detail::curl().multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, &on_socket);
    detail::curl().multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
    detail::curl().multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, &on_timer);
    detail::curl().multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
    detail::curl().multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, 1L);
    set_up();
}

HttpConnection::Impl::~Impl()
{
    if (is_running) detail::curl().multi_remove_handle(multi.get(), easy.get());
    easy.reset();
    multi.reset();
    clixml::wipe(options.password);
    clixml::wipe(options.tls.key_password);
    clixml::wipe(options.proxy.password);
    clixml::wipe(request.body);
}

void HttpConnection::Impl::set_up()
{
    CURL* handle = easy.get();
    const auto set_text = [handle](CURLoption option, const std::string& value) {
        if (!value.empty()) detail::curl().easy_setopt(handle, option, value.c_str());
    };
    detail::curl().easy_setopt(handle, CURLOPT_ERRORBUFFER, words.data());
    detail::curl().easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    detail::curl().easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    detail::curl().easy_setopt(
        handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)
    );
    detail::curl().easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    detail::curl().easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // Standing requests are silent for minutes; a network that is gone is noticed within two.
    detail::curl().easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    detail::curl().easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, 20L);
    detail::curl().easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, 10L);
    detail::curl().easy_setopt(handle, CURLOPT_MAXAGE_CONN, 86'400L);
    detail::curl().easy_setopt(handle, CURLOPT_COOKIEFILE, ""); // load balancers set one (B2)
    if (options.cookies)
        detail::curl().easy_setopt(handle, CURLOPT_SHARE, options.cookies->share());
    detail::curl().easy_setopt(
        handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count())
    );
    detail::curl().easy_setopt(
        handle, CURLOPT_PROXY, options.proxy.url.c_str()
    ); // empty: none, whatever
       // the environment says
    set_text(CURLOPT_PROXYUSERNAME, options.proxy.user);
    set_text(CURLOPT_PROXYPASSWORD, options.proxy.password);
    detail::curl().easy_setopt(handle, CURLOPT_PROXYAUTH, curl_scheme(options.proxy.scheme));
    if (options.proxy.scheme == ProxyScheme::Negotiate && options.proxy.user.empty()) {
        // libcurl's way to say: whoever this process is, by its ticket.
        detail::curl().easy_setopt(handle, CURLOPT_PROXYUSERPWD, ":");
    }
    set_text(CURLOPT_USERAGENT, options.user_agent);
    detail::curl().easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
    detail::curl().easy_setopt(handle, CURLOPT_WRITEDATA, this);
    detail::curl().easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
    detail::curl().easy_setopt(handle, CURLOPT_HEADERDATA, this);
    detail::curl().easy_setopt(handle, CURLOPT_PRIVATE, this);
    if (options.uses_digest) {
        detail::curl().easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
        set_text(CURLOPT_USERNAME, options.user);
        set_text(CURLOPT_PASSWORD, options.password);
    }
    if (!is_secure) return;
    const TlsOptions& tls = options.tls;
    detail::curl().easy_setopt(
        handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)
    );
    detail::curl().easy_setopt(
        handle, CURLOPT_SSL_VERIFYPEER, tls.authority == Check::Yes ? 1L : 0L
    );
    detail::curl().easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, tls.name == Check::Yes ? 2L : 0L);
    detail::curl().easy_setopt(handle, CURLOPT_CERTINFO, 1L);
    set_text(CURLOPT_CAINFO, tls.authority_file);
    if (tls.revocation == Check::Yes) set_text(CURLOPT_CRLFILE, tls.revocation_file);
    if (tls.revocation == Check::Skip) {
        detail::curl().easy_setopt(
            handle, CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NO_REVOKE)
        );
    }
    if (tls.certificate_file.empty()) return;
    set_text(CURLOPT_SSLCERT, tls.certificate_file);
    detail::curl().easy_setopt(
        handle, CURLOPT_SSLCERTTYPE, is_pkcs12(tls.certificate_file) ? "P12" : "PEM"
    );
    set_text(CURLOPT_SSLKEY, tls.key_file.empty() ? tls.certificate_file : tls.key_file);
    if (is_pkcs12(tls.certificate_file))
        detail::curl().easy_setopt(handle, CURLOPT_SSLKEYTYPE, "P12");
    set_text(CURLOPT_KEYPASSWD, tls.key_password);
}

int HttpConnection::Impl::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*)
{
    auto& sockets = static_cast<Impl*>(self)->sockets;
    if (what == CURL_POLL_REMOVE)
        sockets.erase(socket);
    else
        sockets[socket] = what;
    return 0;
}

int HttpConnection::Impl::on_timer(CURLM*, long milliseconds, void* self)
{
    auto& timer = static_cast<Impl*>(self)->timer;
    timer.reset();
    if (milliseconds >= 0) timer = Clock::now() + std::chrono::milliseconds(milliseconds);
    return 0;
}

std::size_t
HttpConnection::Impl::on_body(char* bytes, std::size_t size, std::size_t count, void* self)
{
    Impl& impl = *static_cast<Impl*>(self);
    const std::size_t total = size * count;
    if (impl.response.body.size() + total > impl.options.limits.response_bytes_max) {
        impl.is_too_large = true;
        return 0;
    }
    impl.response.body.append(bytes, total);
    return total;
}

std::size_t
HttpConnection::Impl::on_header(char* bytes, std::size_t size, std::size_t count, void* self)
{
    Impl& impl = *static_cast<Impl*>(self);
    const std::size_t total = size * count;
    const std::string_view line(bytes, total);
    // A status line starts the headers of another answer (100, or an exchange of libcurl's own).
    if (line.starts_with("HTTP/")) impl.response.headers.clear();
    impl.header_bytes += total;
    if (impl.header_bytes > impl.options.limits.header_bytes_max) {
        impl.is_too_large = true;
        return 0;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with("HTTP/")) return total;
    impl.response.headers.emplace_back(
        trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1))
    );
    return total;
}

void HttpConnection::Impl::act(int descriptor, int events)
{
    int running = 0;
    detail::curl().multi_socket_action(multi.get(), descriptor, events, &running);
    look_for_end();
}

void HttpConnection::Impl::look_for_end()
{
    int left = 0;
    while (const CURLMsg* message = detail::curl().multi_info_read(multi.get(), &left)) {
        if (message->msg == CURLMSG_DONE && is_running) {
            finish(message->data.result);
            break;
        }
    }
}

// OpenSSL's own words tell a wrong name from a wrong authority; libcurl has one code for both.
HttpErrc HttpConnection::Impl::verification_error() const
{
    const std::string_view text(words.data());
    const bool is_name =
        text.find("does not match") != std::string_view::npos ||
        text.find("no alternative certificate subject name") != std::string_view::npos;
    return is_name ? HttpErrc::CertificateNameMismatch : HttpErrc::CertificateUntrusted;
}

// A proxy that does not let us through, to its tunnel or to the request itself.
std::optional<HttpFailure> HttpConnection::Impl::proxy_failure(long status) const
{
    constexpr long login_needed = 407;
    long connect_status = 0;
    detail::curl().easy_getinfo(easy.get(), CURLINFO_HTTP_CONNECTCODE, &connect_status);
    const bool has_tunnel = connect_status == 0 || connect_status / 100 == 2;
    if (has_tunnel && status != login_needed) return std::nullopt;
    const long said = has_tunnel ? status : connect_status;
    const char* reason = said == login_needed ? "it wants another user or password (HTTP status "
                                              : "it refuses the connection (HTTP status ";
    return http_failure(HttpErrc::ProxyFailed, reason + std::to_string(said) + ")").value();
}

void HttpConnection::Impl::note_certificate()
{
    curl_certinfo* chain = nullptr;
    const bool is_there =
        detail::curl().easy_getinfo(easy.get(), CURLINFO_CERTINFO, &chain) == CURLE_OK &&
        chain != nullptr && chain->num_of_certs > 0;
    if (!is_there) return;
    constexpr std::string_view mark = "Cert:";
    for (const curl_slist* at = chain->certinfo[0]; at != nullptr; at = at->next) {
        const std::string_view line(at->data);
        if (!line.starts_with(mark)) continue;
        if (auto read = read_pem_certificate(line.substr(mark.size())))
            certificate = std::move(*read);
    }
}

void HttpConnection::Impl::finish(CURLcode code)
{
    long status = 0;
    long connects = 0;
    curl_off_t connected_us = 0;
    detail::curl().easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    detail::curl().easy_getinfo(easy.get(), CURLINFO_NUM_CONNECTS, &connects);
    detail::curl().easy_getinfo(easy.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    if (is_secure && connects > 0) note_certificate();
    detail::curl().multi_remove_handle(multi.get(), easy.get());
    is_running = false;
    headers.clear();
    clixml::wipe(request.body);
    detail::curl().easy_setopt(easy.get(), CURLOPT_HTTPHEADER, nullptr);
    if (auto refused = proxy_failure(status)) {
        result = tl::unexpected(std::move(*refused));
    } else if (code == CURLE_OK) {
        response.status = static_cast<int>(status);
        response.came_over_new_connection = connects > 0;
        result = std::move(response);
    } else {
        const bool was_connected = connects == 0 || connected_us > 0;
        HttpErrc error = error_of(code, was_connected);
        if (code == CURLE_PEER_FAILED_VERIFICATION) error = verification_error();
        // What is no HTTP is an old version of it, for libcurl.
        if (code == CURLE_UNSUPPORTED_PROTOCOL && connected_us > 0) error = HttpErrc::MalformedHttp;
        if (is_too_large) error = HttpErrc::ResponseTooLarge;
        const bool has_words = words[0] != 0 && !is_too_large;
        result = http_failure(error, has_words ? std::string(words.data()) : std::string());
    }
    response = {};
}

HttpConnection::HttpConnection(HttpConnectionOptions options)
    : impl_(std::make_unique<Impl>(std::move(options)))
{
}

HttpConnection::~HttpConnection() = default;

HttpResult<void> HttpConnection::start(HttpRequest request)
{
    Impl& impl = *impl_;
    if (impl.is_running) return http_failure(HttpErrc::Busy);
    if (!impl.easy || !impl.multi)
        return http_failure(HttpErrc::ConnectFailed, "libcurl (libcurl.so.4) cannot be loaded");
    CURL* handle = impl.easy.get();
    if (detail::curl().easy_setopt(handle, CURLOPT_URL, impl.options.url.c_str()) != CURLE_OK) {
        return http_failure(HttpErrc::InvalidUrl);
    }
    impl.request = std::move(request);
    impl.result.reset();
    impl.response = {};
    impl.header_bytes = 0;
    impl.is_too_large = false;
    impl.words[0] = 0;
    impl.headers.clear();
    impl.headers.add("Expect:");
    impl.headers.add("Accept:");
    for (const auto& [name, value] : impl.request.headers)
        impl.headers.add(name + ": " + value);
    detail::curl().easy_setopt(handle, CURLOPT_HTTPHEADER, impl.headers.list());
    detail::curl().easy_setopt(handle, CURLOPT_POST, 1L);
    detail::curl().easy_setopt(
        handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(impl.request.body.size())
    );
    detail::curl().easy_setopt(handle, CURLOPT_POSTFIELDS, impl.request.body.data());
    detail::curl().easy_setopt(
        handle, CURLOPT_TIMEOUT_MS, static_cast<long>(impl.request.timeout.count())
    );
    detail::curl().easy_setopt(
        handle, CURLOPT_FRESH_CONNECT, impl.request.needs_fresh_connection ? 1L : 0L
    );
    impl.is_running = true;
    if (detail::curl().multi_add_handle(impl.multi.get(), handle) != CURLM_OK) {
        impl.is_running = false;
        return http_failure(HttpErrc::ConnectFailed);
    }
    return {};
}

std::optional<HttpResult<HttpResponse>> HttpConnection::take_result()
{
    return std::exchange(impl_->result, std::nullopt);
}

void HttpConnection::cut()
{
    Impl& impl = *impl_;
    if (impl.is_running) detail::curl().multi_remove_handle(impl.multi.get(), impl.easy.get());
    impl.is_running = false;
    impl.result.reset();
    impl.headers.clear();
    clixml::wipe(impl.request.body);
    impl.timer.reset();
}

bool HttpConnection::is_busy() const
{
    return impl_->is_running || impl_->result.has_value();
}

bool HttpConnection::is_secure() const
{
    return impl_->is_secure;
}

const Bytes& HttpConnection::server_certificate() const
{
    return impl_->certificate;
}

void HttpConnection::append_poll_entries(std::vector<PollEntry>& entries) const
{
    for (const auto& [descriptor, what] : impl_->sockets) {
        const bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
        const bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
        if (reads || writes) entries.push_back({descriptor, reads, writes});
    }
}

void HttpConnection::on_readable(int descriptor)
{
    impl_->act(descriptor, CURL_CSELECT_IN);
}

void HttpConnection::on_writable(int descriptor)
{
    impl_->act(descriptor, CURL_CSELECT_OUT);
}

std::optional<Clock::time_point> HttpConnection::deadline() const
{
    return impl_->timer;
}

void HttpConnection::on_deadline(Clock::time_point)
{
    impl_->timer.reset();
    impl_->act(CURL_SOCKET_TIMEOUT, 0);
}

std::string_view HttpResponse::header(std::string_view name) const
{
    for (const auto& [key, value] : headers) {
        if (clixml::equal_ignoring_case(key, name)) return value;
    }
    return {};
}

} // namespace psrp
