#include <clixml/overloaded.hpp>
#include <psrp/winrm/listener.hpp>
#include <psrp/wsman/names.hpp>
#include <psrp/wsman/soap.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

namespace {

// What needs no login: the question what kind of service this is (B1).
bool is_identify(std::string_view body)
{
    const auto request = wsman::read_request(body);
    return request && request->operation == wsman::Operation::Identify;
}

} // namespace

HttpResult<std::unique_ptr<WinRmListener>>
WinRmListener::start(EventLoop& loop, WinRmListenerOptions options)
{
    options.http.passes_anonymously = &is_identify;
    auto server = HttpServer::start(std::move(options.http));
    if (!server) return tl::unexpected(server.error());
    std::unique_ptr<WinRmListener> listener(new WinRmListener(loop, std::move(options)));
    listener->http_ = std::move(*server);
    loop.add(*listener->http_);
    return listener;
}

WinRmListener::WinRmListener(EventLoop& loop, WinRmListenerOptions options)
    : loop_(loop), options_(std::move(options)), exchange_(options_.exchange, *options_.ids)
{
}

WinRmListener::~WinRmListener()
{
    if (timer_) loop_.cancel(*timer_);
    for (auto& [id, host] : shells_)
        loop_.remove(host->transport());
    for (Ending& one : ending_)
        loop_.remove(one.host->transport());
    for (auto& [id, shell] : command_shells_) {
        for (auto& [command, process] : shell.processes)
            loop_.remove(*process);
    }
    if (http_) loop_.remove(*http_);
}

void WinRmListener::pump()
{
    for (bool progressed = true; progressed;) {
        progressed = take_requests();
        progressed = take_events() || progressed;
        pump_hosts();
        progressed = take_events() || progressed;
        progressed = send_answers() || progressed;
    }
    sweep();
    keep_time();
}

bool WinRmListener::take_requests()
{
    bool any = false;
    while (auto event = http_->next_event()) {
        any = true;
        std::visit(
            clixml::Overloaded{
                [this](const HttpRequestArrived& arrived) {
                    exchange_.receive(
                        {arrived.id, arrived.user, arrived.client_address, {}, arrived.body},
                        Clock::now()
                    );
                },
                [this](const HttpRequestGone& gone) {
                    exchange_.request_gone(gone.id, Clock::now());
                },
                [this](const HttpLoginFailed& failed) {
                    log("login-failed",
                        failed.client_address,
                        failed.scheme + ": " + failed.failure.text);
                },
            },
            *event
        );
    }
    return any;
}

bool WinRmListener::take_events()
{
    bool any = false;
    while (auto event = exchange_.next_event()) {
        any = true;
        on_event(std::move(*event));
    }
    return any;
}

void WinRmListener::on_event(wsman::ServerExchangeEvent event)
{
    const auto host_of = [this](const Guid& shell) -> ShellHost* {
        const auto found = shells_.find(shell);
        return found == shells_.end() ? nullptr : found->second.get();
    };
    std::visit(
        clixml::Overloaded{
            [this](wsman::ShellRequested& request) { open_shell(request); },
            [&](wsman::ShellDataReceived& data) {
                if (ShellHost* host = host_of(data.shell)) host->on_data(std::move(data));
            },
            [&](wsman::ShellCommandRequested& request) {
                if (ShellHost* host = host_of(request.shell)) host->on_command(request.pipeline);
            },
            [&](wsman::ShellSignalRequested& request) {
                if (ShellHost* host = host_of(request.shell)) host->on_signal(request.pipeline);
            },
            [&](wsman::ShellCloseRequested& request) {
                if (request.channel.is_zero()) return close_shell(request.shell);
                if (ShellHost* host = host_of(request.shell)) host->on_close(request.channel);
            },
            // Whoever runs the pipelines does not notice: their output waits, or is thrown away.
            [this](wsman::ShellDisconnected& left) { log("disconnected", {}, left.shell.text()); },
            [this](wsman::ShellReconnected& back) { log("reconnected", {}, back.shell.text()); },
            [&](wsman::ShellConnectRequested& request) {
                log("connected", {}, request.shell.text());
                if (ShellHost* host = host_of(request.shell)) {
                    host->on_connect(request.request, exchange_, Clock::now());
                }
            },
            [this](wsman::CommandShellOpened& opened) {
                log("command-shell", opened.owner, opened.shell.text());
                command_shells_[opened.shell].place = {
                    std::move(opened.working_directory), std::move(opened.environment)};
            },
            [this](wsman::ProcessRequested& request) { start_process(request); },
            [this](wsman::ProcessInputReceived& input) {
                if (ProcessHost* host = find_process(input.shell, input.command)) {
                    host->on_input(input);
                }
            },
            [this](wsman::ProcessSignalled& signalled) {
                if (ProcessHost* host = find_process(signalled.shell, signalled.command)) {
                    host->on_signal(signalled.signal);
                }
            },
            [this](wsman::CommandShellClosed& closed) { close_command_shell(closed.shell); },
        },
        event
    );
}

void WinRmListener::open_shell(const wsman::ShellRequested& request)
{
    auto transport = options_.start_shell(request);
    if (!transport) {
        log("shell-failed", request.owner, transport.error().text());
        return exchange_.refuse(
            request.shell, wsman::make_fault(wsman::Errc::PluginFailed, options_.exchange.machine)
        );
    }
    log("shell", request.owner, request.shell.text());
    auto host = std::make_unique<ShellHost>(request.shell, std::move(*transport));
    loop_.add(host->transport());
    host->open();
    shells_[request.shell] = std::move(host);
}

void WinRmListener::close_shell(const Guid& shell)
{
    const auto found = shells_.find(shell);
    if (found == shells_.end()) return;
    log("shell-closed", {}, shell.text());
    found->second->on_close(session_channel);
    ending_.push_back({std::move(found->second), Clock::now() + options_.shell_end_wait});
    shells_.erase(found);
    // The exchange waits for nobody: the client has what it wanted.
    exchange_.perform(shell, AcknowledgeClose{session_channel}, Clock::now());
}

void WinRmListener::start_process(const wsman::ProcessRequested& request)
{
    const auto shell = command_shells_.find(request.shell);
    if (shell == command_shells_.end()) return;
    auto host = ProcessHost::start(request, shell->second.place);
    if (!host) {
        return exchange_.refuse_command(
            request.shell,
            request.command,
            wsman::make_fault(wsman::Errc::InvalidOperation, options_.exchange.machine)
        );
    }
    log("process", {}, request.command.text());
    loop_.add(**host);
    exchange_.process_started(request.shell, request.command);
    shell->second.processes[request.command] = std::move(*host);
}

void WinRmListener::close_command_shell(const Guid& shell)
{
    const auto found = command_shells_.find(shell);
    if (found == command_shells_.end()) return;
    for (auto& [command, process] : found->second.processes)
        loop_.remove(*process);
    command_shells_.erase(found);
}

ProcessHost* WinRmListener::find_process(const Guid& shell, const Guid& command)
{
    const auto found = command_shells_.find(shell);
    if (found == command_shells_.end()) return nullptr;
    const auto process = found->second.processes.find(command);
    return process == found->second.processes.end() ? nullptr : process->second.get();
}

void WinRmListener::pump_hosts()
{
    const auto now = Clock::now();
    for (auto& [id, host] : shells_)
        host->pump(exchange_, now);
    for (Ending& one : ending_)
        one.host->pump(exchange_, now);
    for (auto& [id, shell] : command_shells_) {
        for (auto& [command, process] : shell.processes)
            process->pump(exchange_, now);
    }
}

bool WinRmListener::send_answers()
{
    bool any = false;
    while (auto answer = exchange_.next_answer()) {
        any = true;
        http_->answer(
            answer->id, answer->status, wsman::soap_content_type, std::move(answer->body)
        );
    }
    return any;
}

// Lets go of what has ended.
void WinRmListener::sweep()
{
    const auto now = Clock::now();
    std::erase_if(ending_, [&](Ending& one) {
        if (!one.host->is_finished() && one.kill_at <= now) one.host->kill();
        if (!one.host->is_finished()) return false;
        loop_.remove(one.host->transport());
        return true;
    });
    std::erase_if(shells_, [&](auto& one) {
        if (!one.second->is_finished()) return false;
        loop_.remove(one.second->transport());
        return true;
    });
    for (auto& [id, shell] : command_shells_) {
        std::erase_if(shell.processes, [&](auto& one) {
            if (!one.second->is_finished()) return false;
            loop_.remove(*one.second);
            return true;
        });
    }
}

// One timer for the exchange and for shells that do not end.
void WinRmListener::keep_time()
{
    std::optional<wsman::Time> due = exchange_.deadline();
    for (const Ending& one : ending_)
        due = due ? std::min(*due, one.kill_at) : one.kill_at;
    if (due == timer_at_ && timer_.has_value() == due.has_value()) return;
    if (timer_) loop_.cancel(*timer_);
    timer_.reset();
    timer_at_ = due;
    if (!due) return;
    const auto delay = std::max(*due - Clock::now(), Clock::duration::zero());
    timer_ = loop_.call_after(delay, [this] {
        timer_.reset();
        timer_at_.reset();
        exchange_.on_deadline(Clock::now());
    });
}

void WinRmListener::close()
{
    if (std::exchange(is_closed_, true)) return;
    http_->close();
    exchange_.shut_down();
    pump();
}

bool WinRmListener::is_finished() const
{
    return is_closed_ && shells_.empty() && ending_.empty() && http_->waiting_count() == 0;
}

void WinRmListener::log(std::string_view event, std::string_view user, std::string_view detail)
    const
{
    if (options_.on_log) options_.on_log(event, user, detail);
}

} // namespace psrp
