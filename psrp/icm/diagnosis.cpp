#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/session.hpp>
#include <psrp/http/client_channel.hpp>
#include <psrp/icm/diagnosis.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/protocol/pipeline_builder.hpp>
#include <psrp/winrm/winrm_transport.hpp>
#include <psrp/wsman/shell_query.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

namespace icm {

namespace {

namespace wsman = psrp::wsman;
using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using State = StepResult::State;

constexpr std::chrono::milliseconds default_patience{15'000};

struct AddressDeleter {
    void operator()(addrinfo* first) const { freeaddrinfo(first); }
};
using Addresses = std::unique_ptr<addrinfo, AddressDeleter>;

// Host and port of a URL with both.
struct HostAndPort {
    std::string host;
    std::string port;
};

HostAndPort place_of(const std::string& url)
{
    const std::size_t scheme = url.find("://");
    std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?"));
    const std::size_t colon = rest.rfind(':');
    const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
    HostAndPort place{rest.substr(0, has_port ? colon : rest.size()), ""};
    place.port = has_port ? rest.substr(colon + 1) : url.starts_with("https:") ? "443" : "80";
    if (place.host.starts_with('[') && place.host.ends_with(']'))
        place.host = place.host.substr(1, place.host.size() - 2);
    return place;
}

std::string text_of(const addrinfo& address)
{
    std::array<char, NI_MAXHOST> host{};
    const int code = getnameinfo(
        address.ai_addr, address.ai_addrlen, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST
    );
    return code == 0 ? host.data() : "?";
}

// Whether somebody takes the connection, within the time; else the errno value.
int try_to_connect(const addrinfo& address, std::chrono::milliseconds patience)
{
    const psrp::Descriptor socket(::socket(
        address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol
    ));
    if (socket.number() < 0) return errno;
    if (::connect(socket.number(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd wait{socket.number(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return ETIMEDOUT;
    int code = 0;
    socklen_t size = sizeof code;
    if (::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) return errno;
    return code;
}

bool is_about_tls(const clixml::Error& error)
{
    return error == HttpErrc::TlsFailed || error == HttpErrc::CertificateUntrusted ||
           error == HttpErrc::CertificateNameMismatch || error == HttpErrc::AuthorityFileUnusable ||
           error == HttpErrc::ClientCertificateUnusable;
}

// What running a script in a new session led to.
class Runner final : public psrp::SessionListener {
public:
    explicit Runner(psrp::IdSource& ids) : ids_(ids) {}

    void on_opened(psrp::Session& session) override
    {
        was_opened = true;
        clixml::Arena arena;
        auto request = psrp::PipelineBuilder().script("1+1").build();
        if (!request || !session.start_pipeline(ids_.new_guid(), *request)) session.close();
    }
    void on_event(psrp::Session& session, psrp::ClientEvent& event) override
    {
        if (const auto* output = std::get_if<psrp::OutputReceived>(&event))
            answer = output->value.as<std::int32_t>().value_or(0);
        if (const auto* finished = std::get_if<psrp::PipelineFinished>(&event)) {
            command_error = finished->error;
            has_finished = finished->state == psrp::PipelineState::Completed;
            session.close();
        }
    }
    void on_input_wanted(psrp::Session& session) override { (void)session; }
    void on_ended(psrp::Session& session, const psrp::SessionEnd& ended) override
    {
        (void)session;
        end = ended;
    }

    bool was_opened = false;
    bool has_finished = false;
    std::int32_t answer = 0;
    clixml::Error command_error;
    psrp::SessionEnd end;

private:
    psrp::IdSource& ids_;
};

// One target, until a step fails.
class Walk {
public:
    Walk(
        psrp::EventLoop& loop,
        const WinRmPlace& place,
        const TestCommand& command,
        std::shared_ptr<psrp::Identity> identity
    )
        : loop_(loop), place_(place), settings_(command.options.winrm),
          identity_(std::move(identity)),
          patience_(command.options.connecting_timeout.value_or(default_patience))
    {
        settings_.session_option.open_timeout = patience_;
    }

    std::vector<StepResult> run()
    {
        (void)(look_up() && knock() && identify() && log_in() && compute());
        return std::move(results_);
    }

private:
    bool pass(TestStep step, std::string text)
    {
        results_.push_back({step, State::Passed, std::move(text), {}});
        return true;
    }
    bool skip(TestStep step, std::string text)
    {
        results_.push_back({step, State::NotNeeded, std::move(text), {}});
        return true;
    }
    bool fail(TestStep step, std::string text, std::string_view remedy)
    {
        results_.push_back({step, State::Failed, std::move(text), std::string(remedy)});
        return false;
    }
    bool fail(TestStep step, const clixml::Error& error, const std::string& text)
    {
        return fail(step, text.empty() ? error.text() : text, remedy_for(step, error));
    }
    bool fail(TestStep step, HttpErrc code, const std::string& more = {})
    {
        const psrp::HttpFailure failure = psrp::http_failure(code, more).value();
        return fail(step, failure.error, failure.text);
    }

    bool look_up();
    bool knock();
    bool identify();
    bool log_in();
    bool compute();
    psrp::HttpResult<psrp::HttpResponse> ask(AuthenticationScheme scheme);
    bool read_answer(TestStep step, const psrp::HttpResponse& response, std::string& service);
    [[nodiscard]] bool is_secure() const { return place_.url.starts_with("https:"); }

    psrp::EventLoop& loop_;
    const WinRmPlace& place_;
    WinRmSettings settings_;
    std::shared_ptr<psrp::Identity> identity_;
    std::chrono::milliseconds patience_;
    psrp::RandomIds ids_;
    Addresses addresses_;
    std::vector<StepResult> results_;
};

bool Walk::look_up()
{
    if (settings_.session_option.uses_proxy) return skip(TestStep::Name, "the proxy looks it up");
    const HostAndPort place = place_of(place_.url);
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = getaddrinfo(place.host.c_str(), place.port.c_str(), &wanted, &found);
    addresses_.reset(code == 0 ? found : nullptr);
    if (code != 0) return fail(TestStep::Name, HttpErrc::HostUnknown, gai_strerror(code));
    std::string text;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next)
        text += (text.empty() ? "" : ", ") + text_of(*at);
    return pass(TestStep::Name, text);
}

bool Walk::knock()
{
    if (addresses_ == nullptr) return skip(TestStep::Port, "the proxy connects");
    int code = 0;
    for (const addrinfo* at = addresses_.get(); at != nullptr; at = at->ai_next) {
        const int one = try_to_connect(*at, patience_);
        if (one == 0) return pass(TestStep::Port, place_of(place_.url).port);
        if (code == 0 || one != ETIMEDOUT) code = one;
    }
    const auto what = code == ETIMEDOUT ? HttpErrc::ConnectTimedOut : HttpErrc::ConnectFailed;
    return fail(TestStep::Port, what, std::strerror(code));
}

// Posts an Identify and gives what comes back.
psrp::HttpResult<psrp::HttpResponse> Walk::ask(AuthenticationScheme scheme)
{
    psrp::ChannelOptions options = channel_options(place_.url, settings_, identity_);
    options.scheme = scheme;
    psrp::HttpChannel channel(std::move(options));
    wsman::ShellQueryOptions about;
    about.url = place_.url;
    wsman::ShellQuery query(about, ids_);
    query.identify();
    loop_.add(channel);
    struct Remove {
        psrp::EventLoop& loop;
        psrp::HttpChannel& channel;
        ~Remove() { loop.remove(channel); }
    } const remove{loop_, channel};
    auto started = channel.start(query.next_request()->body, patience_);
    if (!started) return tl::unexpected(started.error());
    while (true) {
        if (auto result = channel.take_result()) return std::move(*result);
        if (const auto turned = loop_.run_once(); !turned)
            return psrp::http_failure(turned.error());
    }
}

// Whether the answer is WS-Management's, and whose.
bool Walk::read_answer(TestStep step, const psrp::HttpResponse& response, std::string& service)
{
    wsman::ShellQueryOptions about;
    about.url = place_.url;
    wsman::ShellQuery query(about, ids_);
    query.identify();
    const std::uint64_t id = query.next_request()->id;
    query.on_response(id, {response.status, response.header("Content-Type"), response.body});
    const auto event = query.next_event();
    if (event) {
        if (const auto* known = std::get_if<wsman::ServiceIdentified>(&*event)) {
            service = known->service.product_vendor + ", " + known->service.product_version;
            return true;
        }
    }
    const auto* failed = event ? std::get_if<wsman::QueryFailed>(&*event) : nullptr;
    if (failed == nullptr) return fail(step, "there is no answer", "");
    const clixml::Error& error = failed->failure.error;
    constexpr int ok = 200;
    if (!failed->failure.fault && response.status != ok)
        return fail(
            step,
            "HTTP status " + std::to_string(response.status),
            remedy_for_status(step, response.status)
        );
    return fail(step, error, failed->failure.reason);
}

// Without a login: many services tell who they are, the others at least ask for one.
bool Walk::identify()
{
    const auto answer = ask(AuthenticationScheme::Anonymous);
    const auto is_tls_failure = [this](const clixml::Error& error) {
        // Somebody has answered the knock: then it is not the connection that takes too long.
        const bool is_silent = error == HttpErrc::ConnectTimedOut && addresses_ != nullptr;
        return is_silent || is_about_tls(error);
    };
    if (!is_secure()) {
        skip(TestStep::Tls, "not used");
    } else if (!answer && is_tls_failure(answer.error().error)) {
        return fail(TestStep::Tls, answer.error().error, answer.error().text);
    } else if (answer || answer.error().error == HttpErrc::LoginRefused || answer.error().error == HttpErrc::UnexpectedStatus) {
        pass(TestStep::Tls, "the certificate is good");
    }
    std::string service;
    if (answer) {
        if (!read_answer(TestStep::Identify, *answer, service)) return false;
        return pass(TestStep::Identify, service);
    }
    const psrp::HttpFailure& failure = answer.error();
    // It wants to know who asks.
    if (failure.error == HttpErrc::LoginRefused)
        return pass(TestStep::Identify, "answers after a login");
    return fail(TestStep::Identify, failure.error, failure.text);
}

bool Walk::log_in()
{
    const auto answer = ask(settings_.authentication);
    if (!answer) {
        const psrp::HttpFailure& failure = answer.error();
        const std::size_t at = failure.text.find("HTTP status ");
        if (failure.error == HttpErrc::UnexpectedStatus && at != std::string::npos) {
            const int status = std::atoi(failure.text.c_str() + at + std::strlen("HTTP status "));
            return fail(
                TestStep::Authentication,
                failure.text,
                remedy_for_status(TestStep::Authentication, status)
            );
        }
        return fail(TestStep::Authentication, failure.error, failure.text);
    }
    std::string service;
    if (!read_answer(TestStep::Authentication, *answer, service)) return false;
    const psrp::Login* login = identity_->login();
    return pass(
        TestStep::Authentication,
        (login == nullptr ? "by ticket or certificate" : "as " + login->user()) + ", " + service
    );
}

bool Walk::compute()
{
    auto options = transport_options(place_.url, settings_, identity_, ids_);
    const psrp::Guid id = ids_.new_guid();
    options.exchange.shell_id = id;
    const psrp::MachineZone zone;
    psrp::SessionOptions what;
    what.runspace_pool_id = id;
    what.zone = &zone;
    what.open_timeout = 4 * patience_;
    Runner runner(ids_);
    psrp::Session session(
        loop_, std::make_unique<psrp::WinRmTransport>(std::move(options)), what, runner
    );
    if (const auto opened = session.open(); !opened)
        return fail(TestStep::Shell, opened.error(), {});
    while (!session.has_ended()) {
        if (session.pump()) continue;
        if (const auto turned = loop_.run_once(); !turned)
            return fail(TestStep::Shell, turned.error(), {});
    }
    if (!runner.was_opened) return fail(TestStep::Shell, runner.end.error, runner.end.reason);
    pass(TestStep::Shell, "opened");
    if (runner.has_finished && runner.answer == 2) return pass(TestStep::Command, "1+1 is 2");
    const clixml::Error& error =
        runner.command_error.code ? runner.command_error : runner.end.error;
    if (error.code) return fail(TestStep::Command, error, runner.end.reason);
    return fail(
        TestStep::Command,
        "1+1 is not 2 there",
        "The session's configuration lets no scripts run, or not this one: -ConfigurationName "
        "chooses another."
    );
}

void print(const WinRmPlace& place, const std::vector<StepResult>& results)
{
    std::printf("%s: %s\n", place.name.c_str(), place.url.c_str());
    for (const StepResult& result : results) {
        const char* state = result.state == State::Passed   ? "ok"
                            : result.state == State::Failed ? "FAILED"
                                                            : "-";
        std::printf(
            "  %-15s %-7s %s\n",
            std::string(name_of(result.step)).c_str(),
            state,
            result.text.c_str()
        );
        if (!result.remedy.empty())
            std::printf("  %-15s %-7s %s\n", "", "to do:", result.remedy.c_str());
    }
}

} // namespace

int run_test(const TestCommand& command)
{
    auto identity = winrm_identity(command.options.winrm);
    if (!identity) {
        std::fprintf(stderr, "psrp test: %s\n", identity.error().c_str());
        return exit_usage;
    }
    auto loop = psrp::EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "psrp test: %s\n", loop.error().text().c_str());
        return exit_no_connection;
    }
    int code = exit_success;
    for (const Place& place : command.options.targets) {
        const auto* winrm = std::get_if<WinRmPlace>(&place);
        if (winrm == nullptr) continue;
        const auto results = Walk(*loop, *winrm, command, *identity).run();
        print(*winrm, results);
        if (results.back().state != State::Failed) continue;
        const bool is_there = results.back().step == TestStep::Command;
        code = std::max(code, is_there ? exit_errors : exit_no_connection);
    }
    return code;
}

} // namespace icm
