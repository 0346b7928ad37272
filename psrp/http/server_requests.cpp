// What becomes of a request: is it one at all, who sends it, what does it say (fact sheet
// transports B2, C).
#include <clixml/utf.hpp>
#include <psrp/http/channel_binding.hpp>
#include <psrp/http/detail/http_server_impl.hpp>

#include <gnutls/gnutls.h>

namespace psrp {

namespace {

// The path of a request's target, which a proxy's client writes as a whole URL (RFC 9112 3.2.2).
std::string_view path_of(std::string_view target)
{
    const std::size_t mark = target.find("://");
    if (target.starts_with('/') || mark == std::string_view::npos) return target;
    const std::size_t slash = target.find('/', mark + 3);
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

std::string_view header_of(MHD_Connection* connection, const char* name)
{
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

} // namespace

HttpServer::Impl::Answer HttpServer::Impl::refusal(int status, std::string_view words) const
{
    return {status, "text/plain", std::string(words) + "\n", {}};
}

// What is wrong with a request before anybody asks what it says; nothing: it was handed over.
std::optional<HttpServer::Impl::Answer>
HttpServer::Impl::judge(Exchange& exchange, std::string_view url, std::string_view method)
{
    const std::string_view anonymous_path = "-anon/identify";
    std::string_view path = path_of(url);
    const bool is_anonymous_path =
        path.size() > anonymous_path.size() &&
        clixml::equal_ignoring_case(
            path.substr(path.size() - anonymous_path.size()), anonymous_path
        );
    if (is_anonymous_path) path.remove_suffix(anonymous_path.size());
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (!clixml::equal_ignoring_case(path, options_.path)) {
        return refusal(detail::status_not_found, "There is nothing here.");
    }
    if (method != "POST") return refusal(detail::status_not_allowed, "Only POST is taken.");
    if (exchange.is_too_large)
        return refusal(detail::status_too_large, "The request is too large.");

    look_for_certificate(exchange.connection, *exchange.peer);
    return judge_login(exchange);
}

// Nothing: the request waits, for its answer or for a worker, to whom the login of its peer belongs
// until then.
std::optional<HttpServer::Impl::Answer> HttpServer::Impl::judge_login(Exchange& exchange)
{
    Peer& peer = *exchange.peer;
    const std::string_view authorization = header_of(exchange.connection, "Authorization");
    if (!peer.login.takes_long(authorization))
        return on_verdict(exchange, peer.login.judge(authorization, peer.thumbprint));
    judged_[exchange.id] = &exchange;
    workers_->post(
        exchange.id,
        [&login = peer.login, authorization, &thumbprint = peer.thumbprint] {
            return login.judge(authorization, thumbprint);
        }
    );
    return std::nullopt;
}

// Those whose login has been judged go on.
void HttpServer::Impl::take_verdicts()
{
    workers_->drain();
    while (auto taken = workers_->take()) {
        const auto found = judged_.find(taken->first);
        if (found == judged_.end()) continue;
        Exchange& exchange = *found->second;
        judged_.erase(found);
        exchange.verdict = std::move(taken->second);
        exchange.is_suspended = false;
        MHD_resume_connection(exchange.connection);
    }
}

std::optional<HttpServer::Impl::Answer>
HttpServer::Impl::on_verdict(Exchange& exchange, LoginVerdict verdict)
{
    const Peer& peer = *exchange.peer;
    const std::string_view authorization = header_of(exchange.connection, "Authorization");
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
    return Answer{detail::status_unauthorized, {}, {}, std::move(exchange.challenges)};
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
    if (exchange.body.empty())
        return Answer{detail::status_ok, {}, {}, std::move(exchange.challenges)};
    const std::string_view content_type = header_of(exchange.connection, "Content-Type");
    if (is_encrypted_content_type(content_type)) {
        auto opened = open(exchange, content_type);
        if (!opened) {
            events_.emplace_back(HttpLoginFailed{peer.address, "message", opened.error()});
            return refusal(detail::status_bad_request, opened.error().error.text());
        }
        exchange.body = std::move(*opened);
        exchange.was_encrypted = true;
    } else if (!login_.is_secure && peer.login.context() != nullptr && options_.unencrypted == Permission::No) {
        return refusal(detail::status_forbidden, "Messages must be encrypted.");
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
                ? seal_body(*context, exchange.peer->protocol, detail::soap_type, answer.body)
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

} // namespace psrp
