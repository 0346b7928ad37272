// A WinRM endpoint: an HTTP server, the exchange of psrp/wsman, and whoever runs the pipelines
// (fact sheet transports B, C, B19).
#pragma once

#include <psrp/http/server.hpp>
#include <psrp/protocol/identifiers.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/winrm/process_host.hpp>
#include <psrp/winrm/shell_host.hpp>
#include <psrp/wsman/server_exchange.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace psrp {

struct WinRmListenerOptions {
    HttpServerOptions http;
    wsman::ServerExchangeOptions exchange;
    IdSource* ids = nullptr; // borrowed, not null
    // Starts what runs the pipelines of a shell. Not null.
    std::function<Result<std::unique_ptr<Transport>>(const wsman::ShellRequested& shell)>
        start_shell;
    // Gets what a log wants to know: a word for what happened, and about whom. May be null.
    std::function<void(std::string_view event, std::string_view user, std::string_view detail)>
        on_log = {};
    // How long a shell that is closed may take to end.
    std::chrono::milliseconds shell_end_wait{10'000};
};

// Adds itself to the loop, which must outlive it. Call pump() after every EventLoop::run_once().
class WinRmListener {
public:
    // Errors: those of HttpServer::start().
    static HttpResult<std::unique_ptr<WinRmListener>>
    start(EventLoop& loop, WinRmListenerOptions options);
    ~WinRmListener();
    WinRmListener(const WinRmListener&) = delete;
    WinRmListener& operator=(const WinRmListener&) = delete;

    void pump();
    // Accepts nobody any more and closes all shells.
    void close();
    [[nodiscard]] bool is_finished() const;

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }
    [[nodiscard]] std::size_t shell_count() const { return exchange_.shell_count(); }

private:
    struct Ending {
        std::unique_ptr<ShellHost> host;
        Clock::time_point kill_at;
    };
    struct CommandShell {
        ProcessPlace place;
        std::map<Guid, std::unique_ptr<ProcessHost>> processes;
    };

    WinRmListener(EventLoop& loop, WinRmListenerOptions options);

    bool take_requests();
    bool take_events();
    void on_event(wsman::ServerExchangeEvent event);
    void open_shell(const wsman::ShellRequested& request);
    void close_shell(const Guid& shell);
    void start_process(const wsman::ProcessRequested& request);
    void close_command_shell(const Guid& shell);
    ProcessHost* find_process(const Guid& shell, const Guid& command);
    void pump_hosts();
    bool send_answers();
    void sweep();
    void keep_time();
    void log(std::string_view event, std::string_view user, std::string_view detail) const;

    EventLoop& loop_;
    WinRmListenerOptions options_;
    std::unique_ptr<HttpServer> http_;
    wsman::ServerExchange exchange_;
    std::map<Guid, std::unique_ptr<ShellHost>> shells_;
    std::map<Guid, CommandShell> command_shells_;
    std::vector<Ending> ending_;
    std::optional<EventLoop::TimerId> timer_;
    std::optional<wsman::Time> timer_at_;
    bool is_closed_ = false;
};

} // namespace psrp
