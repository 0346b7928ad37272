#include <clixml/object.hpp>
#include <clixml/time_span.hpp>
#include <clixml/utf.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/icm/held_sessions.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/sessions.hpp>
#include <psrp/winrm/request_pool.hpp>
#include <psrp/wsman/shell_query.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

namespace icm {

namespace {

using psrp::wsman::ShellListing;

// Questions to one server, asked one after the other.
class Server {
public:
    Server(
        psrp::EventLoop& loop,
        psrp::IdSource& ids,
        const WinRmPlace& place,
        const WinRmSettings& settings,
        const std::shared_ptr<psrp::Identity>& identity
    )
        : loop_(loop), requests_({channel_options(place.url, settings, identity)}),
          query_(query_options(place.url), ids)
    {
        loop_.add(requests_);
    }
    ~Server() { loop_.remove(requests_); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // What the question is answered with; a sentence where it is not.
    template <typename Answer, typename Ask>
    tl::expected<Answer, std::string> ask(Ask&& ask)
    {
        ask(query_);
        while (true) {
            while (auto request = query_.next_request())
                requests_.add(*request);
            while (auto outcome = requests_.next_outcome()) {
                if (outcome->result) {
                    const psrp::HttpResponse& response = *outcome->result;
                    query_.on_response(
                        outcome->id,
                        {response.status, response.header("Content-Type"), response.body}
                    );
                } else {
                    const psrp::HttpFailure& failure = outcome->result.error();
                    query_.on_failure(outcome->id, failure.error, failure.text);
                }
            }
            while (auto event = query_.next_event()) {
                if (auto* answer = std::get_if<Answer>(&*event)) return std::move(*answer);
                if (auto* failed = std::get_if<psrp::wsman::QueryFailed>(&*event)) {
                    return tl::unexpected(failed->failure.reason);
                }
            }
            if (query_.is_finished()) return tl::unexpected<std::string>("no answer");
            if (requests_.request_count() == 0) continue;
            if (const auto turned = loop_.run_once(); !turned) {
                return tl::unexpected(turned.error().text());
            }
        }
    }

private:
    static psrp::wsman::ShellQueryOptions query_options(const std::string& url)
    {
        psrp::wsman::ShellQueryOptions options;
        options.url = url;
        return options;
    }

    psrp::EventLoop& loop_;
    psrp::RequestPool requests_;
    psrp::wsman::ShellQuery query_;
};

// All that a server tells of a session; null for what it does not tell.
clixml::Value
listed_session(clixml::Arena& arena, const std::string& computer, const ShellListing& shell)
{
    using clixml::Value;
    const Value session = session_value(
        arena, shell.name, computer, shell.state, shell.configuration(), shell.shell_id
    );
    clixml::Object& object = *session.object();
    object.set_type_names(arena, {"Psrp.ServerSession", "System.Object"});
    const auto note = [&](std::string_view name, Value value) {
        object.set_note(arena, name, value);
    };
    const auto text = [&](std::string_view name, const std::string& value) {
        note(name, value.empty() ? Value() : Value::string(arena, value));
    };
    constexpr std::int64_t ticks_per_millisecond = 10'000;
    const auto time = [&](std::string_view name, std::optional<psrp::wsman::Milliseconds> value) {
        note(
            name,
            value ? Value::time_span(clixml::TimeSpan{value->count() * ticks_per_millisecond})
                  : Value()
        );
    };
    text("Owner", shell.owner);
    text("ClientIP", shell.client_ip);
    time("Age", shell.run_time);
    time("IdleTimeout", shell.idle_timeout);
    time("Inactivity", shell.inactivity);
    text("OutputBufferingMode", shell.buffer_mode);
    note("IsCompressed", Value::boolean(shell.is_compressed));
    return session;
}

// Runs one command line.
class Sessions {
public:
    Sessions(
        psrp::EventLoop& loop,
        const SessionCommand& command,
        std::shared_ptr<psrp::Identity> identity
    )
        : loop_(loop), command_(command), access_{std::move(identity), ids_},
          output_(loop, sessions_output(command.options))
    {
    }

    int run()
    {
        for (const Place& place : command_.options.targets) {
            if (const auto* winrm = std::get_if<WinRmPlace>(&place)) look_at(*winrm);
        }
        if (!targets_.empty()) run_targets();
        const bool is_whole = output_.finish();
        return exit_code_ == exit_success && !is_whole ? exit_errors : exit_code_;
    }

private:
    using Action = SessionCommand::Action;

    static OutputOptions sessions_output(const Options& options)
    {
        OutputOptions output = output_options(options);
        output.shows_left_sessions = false; // it was left before
        return output;
    }

    void fail(int code, const std::string& computer, const std::string& what)
    {
        std::fprintf(stderr, "psrp session: %s: %s\n", computer.c_str(), what.c_str());
        exit_code_ = code;
    }

    void look_at(const WinRmPlace& place)
    {
        Server server(loop_, ids_, place, command_.options.winrm, access_.identity);
        auto listed =
            server.ask<psrp::wsman::ShellsListed>([](auto& query) { query.list_shells(); });
        if (!listed) return fail(exit_no_connection, place.name, listed.error());
        std::erase_if(listed->shells, [](const ShellListing& shell) {
            return !shell.is_powershell();
        });
        if (command_.action == Action::List) return list(place, listed->shells);
        for (const std::string& wanted : command_.sessions) {
            std::vector<const ShellListing*> found;
            for (const ShellListing& shell : listed->shells) {
                const bool is_it = clixml::equal_ignoring_case(shell.shell_id, wanted) ||
                                   clixml::equal_ignoring_case(shell.name, wanted);
                if (is_it) found.push_back(&shell);
            }
            if (found.empty()) fail(exit_errors, place.name, "there is no session " + wanted);
            for (const ShellListing* shell : found)
                act_on(server, place, *shell);
        }
    }

    void list(const WinRmPlace& place, const std::vector<ShellListing>& shells)
    {
        const psrp::Origin origin{place.name, {}, false};
        for (const ShellListing& shell : shells) {
            const auto memory = std::make_shared<clixml::Arena>();
            output_.on_output(origin, memory, listed_session(*memory, place.name, shell));
        }
    }

    void act_on(Server& server, const WinRmPlace& place, const ShellListing& shell)
    {
        if (command_.action == Action::Remove) {
            const auto deleted = server.ask<psrp::wsman::ShellDeleted>([&](auto& query) {
                query.delete_shell(shell.shell_id, shell.resource_uri);
            });
            if (!deleted) fail(exit_errors, place.name, deleted.error());
            return;
        }
        const auto id = psrp::Guid::read(shell.shell_id);
        if (!id) return fail(exit_errors, place.name, "the session's identifier is no GUID");
        Options options = command_.options;
        options.winrm.configuration = shell.configuration();
        options.leaves_sessions = false; // it was left before
        psrp::Target target =
            left_session_target(place, options, access_, {*id, shell.is_compressed});
        if (command_.action == Action::Receive) {
            auto commands = server.ask<psrp::wsman::CommandsListed>([&](auto& query) {
                query.list_commands(shell.shell_id);
            });
            if (!commands) return fail(exit_errors, place.name, commands.error());
            for (const auto& command : commands->commands) {
                if (const auto pipeline = psrp::Guid::read(command.command_id))
                    target.pipelines.push_back(*pipeline);
            }
        }
        targets_.push_back(std::move(target));
    }

    void run_targets()
    {
        const psrp::MachineZone zone;
        psrp::FanOutOptions what;
        if (command_.action == Action::Connect) {
            what.scripts = command_.options.scripts;
            what.fate = psrp::SessionFate::LeftIdle;
        }
        what.shows_computer_name = !command_.options.hides_computer_name;
        what.throttle_limit = command_.options.throttle_limit;
        what.open_timeout = command_.options.connecting_timeout;
        what.host_info = psrp::host_info_for(output_);
        what.zone = &zone;
        psrp::InputQueue input;
        input.end();
        psrp::FanOut fan_out(
            loop_, ids_, std::move(targets_), std::move(what), input, output_, output_
        );
        const psrp::InterruptCatcher interrupts(loop_);
        const auto outcome =
            fan_out.run([&] { return interrupts.count(); }, [this] { output_.flush(); });
        if (outcome.had_errors) exit_code_ = exit_errors;
        if (outcome.had_connection_failures) exit_code_ = exit_no_connection;
        if (outcome.was_interrupted) exit_code_ = exit_interrupted;
    }

    psrp::EventLoop& loop_;
    const SessionCommand& command_;
    psrp::RandomIds ids_;
    WinRmAccess access_; // with ids_
    Output output_;
    std::vector<psrp::Target> targets_;
    int exit_code_ = exit_success;
};

// Those that servers have.
int run_on_servers(const SessionCommand& command)
{
    auto identity = winrm_identity(command.options.winrm);
    if (!identity) {
        std::fprintf(stderr, "psrp session: %s\n", identity.error().c_str());
        return exit_usage;
    }
    auto loop = psrp::EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "psrp session: %s\n", loop.error().text().c_str());
        return exit_no_connection;
    }
    return Sessions(*loop, command, std::move(*identity)).run();
}

int say(const std::string& name, const char* what)
{
    std::fprintf(stderr, "psrp session: %s: %s\n", name.c_str(), what);
    return exit_errors;
}

// One of ours, by its name: held here, or left to its server.
int act_on_name(const SessionCommand& command, const std::string& name)
{
    using Action = SessionCommand::Action;
    const bool ends = command.action == Action::Remove || command.action == Action::Disconnect;
    const auto record = read_session_record(name);
    if (has_holder(name) && (ends || !record)) {
        if (ends) return end_session(command, name);
        return say(name, "the session is open already, for icm -Session");
    }
    if (!record) return say(name, "there is no session of this name");
    if (command.action == Action::Disconnect) return say(name, "it is disconnected already");
    auto options = read_session_words(record->words, command.words);
    if (!options) {
        std::fputs(options.error().text.c_str(), stderr);
        return exit_usage;
    }
    if (command.action == Action::Connect) return open_session(command, name, *options, record);
    SessionCommand on_server = command;
    on_server.sessions = {record->id};
    on_server.options = std::move(*options);
    const int code = run_on_servers(on_server);
    const bool is_gone = code == exit_success || code == exit_errors;
    if (is_gone) remove_session_record(name);
    return code;
}

} // namespace

int run_sessions(const SessionCommand& command)
{
    using Action = SessionCommand::Action;
    if (command.is_of_servers) return run_on_servers(command);
    if (command.action == Action::List) return list_sessions(command);
    if (command.action == Action::New) {
        return open_session(command, command.sessions.front(), command.options, std::nullopt);
    }
    int code = exit_success;
    for (const std::string& name : command.sessions)
        code = std::max(code, act_on_name(command, name));
    return code;
}

tl::expected<ShellListing, std::string> find_left_session(
    psrp::EventLoop& loop,
    const WinRmPlace& place,
    const Options& options,
    const WinRmAccess& access,
    const psrp::Guid& id
)
{
    Server server(loop, access.ids, place, options.winrm, access.identity);
    auto listed = server.ask<psrp::wsman::ShellsListed>([](auto& query) { query.list_shells(); });
    if (!listed) return tl::unexpected(listed.error());
    for (ShellListing& shell : listed->shells) {
        if (psrp::Guid::read(shell.shell_id) == id) return std::move(shell);
    }
    return tl::unexpected("there is no session " + id.text());
}

} // namespace icm
