#include <clixml/utf.hpp>
#include <psrp/client/host_echo.hpp>
#include <psrp/client/host_responder.hpp>
#include <psrp/client/interactive.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/script_completeness.hpp>
#include <psrp/client/single_session.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/protocol/versions.hpp>
#include <psrp/tool/enter_command.hpp>
#include <psrp/tool/line_editor.hpp>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace psrp::tool {

namespace {

constexpr std::string_view program = "psrp enter";
constexpr std::string_view blanks = " \t\r\n";

// `exit` or `exit N`, alone in its line: it ends the session here, as Enter-PSSession has it.
std::optional<int> read_exit(std::string_view line)
{
    const std::size_t start = line.find_first_not_of(blanks);
    if (start == std::string_view::npos) return std::nullopt;
    line = line.substr(start, line.find_last_not_of(blanks) + 1 - start);
    if (!clixml::equal_ignoring_case(line.substr(0, 4), "exit")) return std::nullopt;
    line.remove_prefix(4);
    if (line.empty()) return 0;
    const std::size_t number = line.find_first_not_of(blanks);
    if (number == 0) return std::nullopt;
    int code = 0;
    const auto read = std::from_chars(line.data() + number, line.data() + line.size(), code);
    if (read.ec != std::errc() || read.ptr != line.data() + line.size()) return std::nullopt;
    return code & 0xFF;
}

// Our screen, so that the server formats for its width.
HostInfo with_screen(HostInfo host)
{
    winsize size{};
    if (host.is_host_null || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return host;
    const Size screen{size.ws_col, size.ws_row};
    HostDefaultData data;
    data.foreground_color = 7;
    data.background_color = 0;
    data.cursor_position = Coordinates{};
    data.window_position = Coordinates{};
    data.cursor_size = 25;
    data.buffer_size = data.window_size = screen;
    data.max_window_size = data.max_physical_window_size = screen;
    data.window_title = "psrp";
    host.is_host_raw_ui_null = false;
    host.default_data = data;
    return host;
}

// Output that is wanted as values, not on the screen.
class Collected final : public PipelineListener {
public:
    void on_event(Session& session, ClientEvent& event) override
    {
        if (auto* output = std::get_if<OutputReceived>(&event)) {
            memories_.push_back(output->memory);
            values.push_back(output->value);
        } else if (const auto* call = std::get_if<HostCallReceived>(&event)) {
            // Nobody is asked while a line is typed.
            if (call->call.expects_response()) (void)session.stop(call->pipeline);
        }
    }

    std::vector<Value> values;

private:
    std::vector<Memory> memories_;
};

class Shell final : private PipelineListener {
public:
    Shell(EventLoop& loop, SingleSession& session, icm::Output& output, const Origin& origin)
        : loop_(loop), session_(session), output_(output), origin_(origin), responder_(output)
    {
    }

    // Until the user leaves or the session is lost.
    int run_typed(const std::function<int()>& interrupts)
    {
        is_interactive_ = true;
        LineEditor::Behaviour behaviour;
        behaviour.history_path = history_file_path();
        behaviour.complete = [this](std::string_view line, std::size_t cursor) {
            return complete(line, cursor);
        };
        behaviour.on_turn = [this] {
            session_.pump();
            // From the next key on they are about what that key begins.
            session_.forget_interrupts();
            return session_.is_open();
        };
        behaviour.interrupts = interrupts;
        LineEditor editor(loop_, std::move(behaviour));
        while (!is_leaving() && session_.is_open()) {
            session_.forget_interrupts();
            const std::string prompt = next_prompt();
            if (!session_.is_open()) break;
            auto script = read_script(editor, prompt);
            if (!script) break;
            if (script->find_first_not_of(blanks) == std::string::npos) continue;
            if (script->front() != ' ') editor.remember(*script);
            if (const auto code = read_exit(*script)) return *code;
            run_script(*script);
        }
        return exit_code();
    }

    // What standard input holds.
    int run_lines()
    {
        std::string line;
        while (!is_leaving() && session_.is_open() && std::getline(std::cin, line)) {
            pending_ += pending_.empty() ? line : "\n" + line;
            if (is_incomplete_script(pending_)) continue;
            const std::string script = std::exchange(pending_, {});
            if (script.find_first_not_of(blanks) == std::string::npos) continue;
            if (const auto code = read_exit(script)) return *code;
            run_script(script);
        }
        // What was never finished is for the server to refuse.
        if (!pending_.empty() && session_.is_open()) run_script(pending_);
        return exit_code();
    }

private:
    [[nodiscard]] bool is_leaving() const { return has_left_ || responder_.exit_code(); }

    int exit_code()
    {
        if (const auto code = responder_.exit_code()) return *code & 0xFF;
        if (session_.was_left()) output_.on_session_left(origin_);
        if (was_closed_by_user_) return icm::exit_interrupted;
        if (session_.was_left()) return icm::exit_no_connection;
        if (!session_.is_open() && !has_left_) {
            const std::string reason = session_.failure_text();
            output_.on_connection_failure(
                origin_, reason.empty() ? "The server closed the session." : reason
            );
            return icm::exit_no_connection;
        }
        return had_errors_ && !is_interactive_ ? icm::exit_errors : icm::exit_success;
    }

    CreatePipeline with_host(CreatePipeline request)
    {
        if (is_interactive_) request.host_info = with_screen(host_info_for(output_));
        return request;
    }

    // Lines until they are a whole script. Nothing: the user leaves, or the session is lost.
    std::optional<std::string> read_script(LineEditor& editor, const std::string& prompt)
    {
        pending_.clear();
        std::string line;
        while (true) {
            const auto outcome = editor.read(pending_.empty() ? prompt : ">> ", line);
            if (outcome == LineEditor::Outcome::Interrupted) {
                session_.forget_interrupts();
                return std::string();
            }
            if (outcome == LineEditor::Outcome::End) {
                std::fputc('\n', stdout);
                std::fflush(stdout);
                has_left_ = session_.is_open();
                return std::nullopt;
            }
            pending_ += pending_.empty() ? line : "\n" + line;
            if (!is_incomplete_script(pending_)) return std::exchange(pending_, {});
        }
    }

    std::string next_prompt()
    {
        Collected collected;
        const auto outcome = session_.run(with_host(prompt_request()), collected);
        was_closed_by_user_ = outcome.was_interrupted && !session_.is_open();
        std::string text = "PS>"; // where none comes
        if (!collected.values.empty()) text = value_text(collected.values.front());
        text = printable_utf8(without_escapes("[" + origin_.computer_name + "]: " + text));
        // What stands in lines above is no part of the line that is edited.
        const std::size_t end = text.rfind('\n');
        if (end != std::string::npos) output_.write(std::string_view(text).substr(0, end + 1));
        output_.flush();
        text.erase(0, end == std::string::npos ? 0 : end + 1);
        std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
        return text;
    }

    void run_script(const std::string& script)
    {
        Arena arena;
        const auto version = session_.server_protocol_version().value_or(clixml::Version{2, 0});
        const bool has_batches = supports(version, Feature::SeveralStatements);
        const auto request = is_interactive_
                                 ? make_interactive_request(script, has_batches, arena)
                                 : make_invocation(script, {.has_batches = has_batches}, arena);
        if (!request) return fail_script(request.error().text());
        const PipelineOutcome outcome = session_.run(with_host(*request), *this);
        was_closed_by_user_ = outcome.was_interrupted && !session_.is_open();
        if (outcome.error.code) return fail_script(outcome.error.text());
        // Given up before it began: while the terminal did not show what is typed.
        const bool is_given_up =
            !outcome.finished && outcome.was_interrupted && session_.is_open() && is_interactive_;
        if (is_given_up) output_.write("^C\n");
        if (!outcome.finished || outcome.finished->state == PipelineState::Completed)
            return output_.settle();
        const bool was_stopped_here =
            outcome.finished->state == PipelineState::Stopped && outcome.was_interrupted;
        had_errors_ = true;
        output_.settle();
        if (was_stopped_here) {
            if (is_interactive_) output_.write("\n"); // behind the ^C
            return;
        }
        if (const auto& record = outcome.finished->error_record) {
            output_.on_error(origin_, *record);
        } else if (session_.is_open()) {
            fail_script("The server ended it and gave no reason.");
        }
    }

    void fail_script(const std::string& reason)
    {
        had_errors_ = true;
        output_.on_pipeline_failure(origin_, reason);
    }

    void on_event(Session& session, ClientEvent& event) override
    {
        if (echo_.repeats(event)) return;
        if (auto* received = std::get_if<OutputReceived>(&event)) {
            output_.on_output(origin_, received->memory, received->value);
        } else if (auto* error = std::get_if<ErrorReceived>(&event)) {
            had_errors_ = true;
            output_.on_error(origin_, error->record);
        } else if (auto* record = std::get_if<InformationalReceived>(&event)) {
            output_.on_informational(origin_, record->record);
        } else if (auto* information = std::get_if<InformationReceived>(&event)) {
            output_.on_information(origin_, information->record);
        } else if (auto* progress = std::get_if<ProgressReceived>(&event)) {
            output_.on_progress(origin_, progress->record);
        } else if (auto* call = std::get_if<HostCallReceived>(&event)) {
            on_host_call(session, *call);
        }
        output_.flush();
    }

    void on_host_call(Session& session, HostCallReceived& call)
    {
        if (call.call.method == static_cast<std::int32_t>(HostMethodId::PopRunspace)) {
            has_left_ = true; // Exit-PSSession
            return;
        }
        const auto response = responder_.respond(call.call, *call.memory, origin_.computer_name);
        if (const auto& failed = responder_.last_failure()) output_.on_error(origin_, *failed);
        // A pipeline that has ended meanwhile needs no answer.
        if (response) (void)session.respond(call.pipeline, *response);
    }

    LineCompletion complete(std::string_view line, std::size_t cursor)
    {
        // The lines above belong to it.
        const std::size_t above = pending_.empty() ? 0 : pending_.size() + 1;
        const std::string whole =
            (pending_.empty() ? std::string() : pending_ + "\n") + std::string(line);
        Arena arena;
        Collected collected;
        (void)session_.run(
            completion_request(whole, above + cursor, arena), collected
        ); // what it did not say is not there
        LineCompletion found;
        const auto& values = collected.values;
        if (values.size() < 3) return found;
        const auto start = values[0].unwrapped().as<std::int64_t>();
        const auto length = values[1].unwrapped().as<std::int64_t>();
        if (!start || !length || *start < 0 || *length < 0) return found;
        const std::size_t begin = utf8_offset_of(whole, *start);
        if (begin < above) return found;
        found.start = begin - above;
        found.length = utf8_offset_of(std::string_view(whole).substr(begin), *length);
        for (std::size_t i = 2; i < values.size(); ++i)
            found.texts.push_back(printable_utf8(value_text(values[i])));
        return found;
    }

    EventLoop& loop_;
    SingleSession& session_;
    icm::Output& output_;
    Origin origin_;
    HostResponder responder_;
    HostEcho echo_;
    std::string pending_; // lines of a script that goes on
    bool is_interactive_ = false;
    bool has_left_ = false;
    bool was_closed_by_user_ = false;
    bool had_errors_ = false;
};

std::string shown_name(const icm::Options& options, const Target& target)
{
    if (options.targets.empty()) return target.name;
    const auto* ssh = std::get_if<SshTarget>(&options.targets.front());
    return ssh == nullptr || ssh->user.empty() ? target.name : ssh->user + "@" + target.name;
}

int run_on(EventLoop& loop, const icm::Options& options, std::shared_ptr<Identity> identity)
{
    RandomIds ids;
    const MachineZone zone;
    const icm::WinRmAccess access{std::move(identity), ids};
    const Target target = icm::targets_of(options, access).front();
    icm::OutputOptions output_options;
    output_options.error_view = options.error_view;
    output_options.shown = options.shown;
    output_options.configuration = options.winrm.configuration;
    icm::Output output(loop, output_options);
    const bool is_interactive = output.can_ask() && ::isatty(STDOUT_FILENO) != 0;
    // SIGTERM and SIGHUP end it, with the terminal as it was.
    const InterruptCatcher interrupts(
        loop, is_interactive ? CaughtSignals::Keyboard : CaughtSignals::All
    );
    const auto count = [&] { return interrupts.count(); };
    SingleSession session(loop, ids, count, [&] { output.flush(); });
    Origin origin{shown_name(options, target), {}, target.is_remote};
    SessionOptions session_options;
    session_options.zone = &zone;
    session_options.open_timeout = options.connecting_timeout;
    session_options.host_info = with_screen(host_info_for(output));
    const auto opened = session.open(target, session_options, [&](std::string_view line) {
        output.on_connection_line(origin, line);
    });
    if (!opened && opened.error().empty()) return icm::exit_interrupted;
    if (!opened) {
        output.on_connection_failure(origin, opened.error());
        return icm::exit_no_connection;
    }
    origin.runspace_id = session.runspace_pool_id();
    Shell shell(loop, session, output, origin);
    const int code = is_interactive ? shell.run_typed(count) : shell.run_lines();
    session.close();
    const bool is_whole = output.finish();
    return code == icm::exit_success && !is_whole ? icm::exit_errors : code;
}

} // namespace

tl::expected<icm::Options, icm::Instead>
read_enter_options(const std::vector<std::string>& arguments)
{
    auto words = icm::connection_words(arguments, program);
    if (!words) {
        icm::Instead instead = words.error();
        if (!instead.is_error && instead.text.empty()) instead.text = enter_help_text();
        return tl::unexpected<icm::Instead>(std::move(instead));
    }
    std::vector<std::string> all = arguments;
    if (words->size() > 1) {
        return tl::unexpected<icm::Instead>(
            {"psrp enter: one target is taken\nTry 'psrp enter --help' for more information.\n",
             true}
        );
    }
    if (words->size() == 1) all.insert(all.begin(), {"-HostName", words->front()});
    return icm::connection_options(all, program);
}

int run_enter(const icm::Options& options)
{
    auto identity = icm::identity_for(options);
    if (!identity) {
        std::fprintf(stderr, "psrp enter: %s\n", identity.error().c_str());
        return icm::exit_usage;
    }
    auto loop = EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "psrp enter: %s\n", loop.error().text().c_str());
        return icm::exit_no_connection;
    }
    return run_on(*loop, options, std::move(*identity));
}

std::string enter_help_text()
{
    return R"(Usage: psrp enter [USER@]HOST[:PORT] [OPTIONS]
       psrp enter [OPTIONS]

An interactive session on another computer, as Enter-PSSession has it: its prompt, its variables and
its current folder stay from line to line. The first form goes over SSH; OPTIONS are icm's for
targets, SSH and WinRM: -ComputerName HOST, -ContainerId ID, --socket PATH, --server-command LINE and
the others; without a target it is a session on this computer.

A line that is not whole yet (open brackets, quotes, here-strings, a | at the end) goes on behind
">> "; an empty line ends what no bracket or quote holds open. Tab completes on the far side, the
arrows and Ctrl-R find earlier lines, which are kept in $XDG_STATE_HOME/psrp/history; a line that
begins with a blank is not. Ctrl-C stops what runs, or gives the line up; twice, it closes the
session. exit, exit N, Exit-PSSession and Ctrl-D leave.

Where standard input is no terminal its lines are run one script after the other, and objects are
printed as icm does.

Exit status: that of exit N, else 0, 1 a script reported errors (no terminal), 2 the command line is
wrong, 3 the target could not be reached or was lost, 130 closed by Ctrl-C. A session over WinRM whose
network is lost is left to its server, after four minutes or at Ctrl-C, and printed:
"psrp session connect" and "receive" find it there.
)";
}

} // namespace psrp::tool
