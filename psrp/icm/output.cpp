#include <clixml/object.hpp>
#include <clixml/writer.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/json_text.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/wsman/names.hpp>

#include <cerrno>
#include <cstdlib>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

namespace icm {

namespace {

constexpr std::size_t default_width = 120;
constexpr std::size_t width_min = 20;
// Bytes of a line that is typed at a prompt.
constexpr std::size_t typed_line_bytes_max = 65536;

std::size_t terminal_width(int descriptor)
{
    winsize size{};
    const bool is_known = isatty(descriptor) != 0 && ioctl(descriptor, TIOCGWINSZ, &size) == 0 &&
                          size.ws_col >= width_min;
    return is_known ? size.ws_col : default_width;
}

// What is typed stays unseen as long as this lives.
class HiddenTyping {
public:
    HiddenTyping()
    {
        is_changed_ = tcgetattr(STDIN_FILENO, &before_) == 0;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_changed_ = is_changed_ && tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    }
    ~HiddenTyping()
    {
        if (is_changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;

    [[nodiscard]] bool is_hidden() const { return is_changed_; }

private:
    termios before_{};
    bool is_changed_ = false;
};

// Colours go to a terminal alone, and not where NO_COLOR says so (no-color.org).
bool takes_colours(int descriptor)
{
    const char* no_color = std::getenv("NO_COLOR");
    return isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0');
}

// PowerShell's own: $PSStyle.Formatting.
constexpr std::string_view error_color = "\x1b[31;1m";
constexpr std::string_view record_color = "\x1b[33;1m";
// The targets are counted on the terminal once one is done, or after this time.
constexpr std::chrono::seconds counts_wait{2};

psrp::FormatOptions format_options(OutputMode mode)
{
    psrp::FormatOptions options;
    options.width = output_width();
    options.is_plain = !takes_colours(STDOUT_FILENO);
    if (mode == OutputMode::Table) options.shape = psrp::ViewShape::Table;
    if (mode == OutputMode::List) options.shape = psrp::ViewShape::List;
    return options;
}

class StandardOutput final : public clixml::TextSink {
public:
    bool take(std::string_view piece) override
    {
        return std::fwrite(piece.data(), 1, piece.size(), stdout) == piece.size();
    }
};

} // namespace

OutputOptions output_options(const Options& options)
{
    OutputOptions output;
    output.mode = options.output;
    output.depth = options.depth;
    output.error_view = options.error_view;
    output.names_origin = options.targets.size() > 1;
    output.session_name = options.winrm.session_name;
    output.configuration = options.winrm.configuration;
    output.shown = options.shown;
    return output;
}

std::size_t output_width()
{
    return terminal_width(STDOUT_FILENO);
}

Output::Output(psrp::EventLoop& loop, const OutputOptions& options)
    : loop_(loop), options_(options),
      formatter_(format_options(options.mode), [this](std::string_view line) { print_line(line); }),
      has_colors_(takes_colours(STDERR_FILENO)),
      is_one_text_(isatty(STDOUT_FILENO) != 0 && isatty(STDERR_FILENO) != 0),
      shows_progress_(options.shown.progress && isatty(STDERR_FILENO) != 0)
{
}

Output::~Output()
{
    if (table_timer_) loop_.cancel(*table_timer_);
    if (clock_timer_) loop_.cancel(*clock_timer_);
}

void Output::print_line(std::string_view line)
{
    clear_progress();
    std::fwrite(line.data(), 1, line.size(), stdout); // finish() looks whether that went well
    std::fputc('\n', stdout);
    if (is_one_text_) error_line_is_open_ = false;
}

void Output::on_output(const psrp::Origin&, const psrp::Memory& memory, clixml::Value value)
{
    switch (options_.mode) {
    case OutputMode::Automatic:
    case OutputMode::Table:
    case OutputMode::List:
        formatter_.write(value);
        return arm_table_timer();
    case OutputMode::Json:
        return print_json(value);
    case OutputMode::JsonLines:
        return print_line(psrp::json_text(value, {.depth = options_.depth}));
    case OutputMode::Csv:
        for (const std::string& line : csv_.write(value))
            print_line(line);
        return;
    case OutputMode::Text:
        return print_text(value);
    case OutputMode::None:
        return;
    case OutputMode::Clixml:
        memories_.push_back(memory);
        values_.push_back({value, {}});
        return;
    }
}

void Output::print_json(clixml::Value value)
{
    const bool is_first = !only_json_ && !json_array_is_open_;
    if (is_first) {
        // Alone it stands at the margin; what comes next makes it the first element of an array.
        only_json_ =
            psrp::json_text(value, {.depth = options_.depth, .is_compact = false, .indent = 0});
        return;
    }
    if (only_json_) {
        std::string first = "[\n  " + *only_json_;
        for (std::size_t at = first.find('\n', 2); at != std::string::npos;
             at = first.find('\n', at + 1))
            first.insert(at + 1, "  ");
        only_json_.reset();
        json_array_is_open_ = true;
        clear_progress();
        std::fwrite(first.data(), 1, first.size(), stdout);
    }
    const std::string text =
        ",\n  " +
        psrp::json_text(value, {.depth = options_.depth, .is_compact = false, .indent = 1});
    clear_progress();
    std::fwrite(text.data(), 1, text.size(), stdout);
}

bool Output::finish_json()
{
    if (only_json_) print_line(*only_json_);
    if (json_array_is_open_) print_line("\n]");
    only_json_.reset();
    json_array_is_open_ = false;
    return std::ferror(stdout) == 0;
}

// Each value as "$value" has it, the items of a collection one by one.
void Output::print_text(clixml::Value value)
{
    const clixml::Object* object = value.object();
    const bool is_collection = object != nullptr &&
                               object->container() != clixml::ContainerKind::None &&
                               object->container() != clixml::ContainerKind::Dictionary;
    if (!is_collection) {
        if (!value.is_nil()) print_line(psrp::printable_utf8(psrp::value_text(value)));
        return;
    }
    for (const clixml::Value& item : object->items())
        print_line(psrp::printable_utf8(psrp::value_text(item)));
}

void Output::arm_table_timer()
{
    if (!formatter_.has_waiting_rows() || table_timer_) return;
    table_timer_ = loop_.call_after(table_wait, [this] {
        table_timer_.reset();
        formatter_.flush();
    });
}

// A text for people, each of its lines with the host in front where several take part.
void Output::say(const psrp::Origin& origin, std::string_view text)
{
    std::string out;
    const std::string prefix = options_.names_origin ? "[" + origin.computer_name + "] " : "";
    while (true) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out += prefix + std::string(line) + "\n";
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    if (error_line_is_open_) out.insert(0, "\n");
    error_line_is_open_ = false;
    write(out);
}

std::string Output::colored(std::string_view text, std::string_view color) const
{
    if (!has_colors_ || text.empty()) return std::string(text);
    return std::string(color) + std::string(text) + "\x1b[0m";
}

void Output::on_error(const psrp::Origin& origin, const psrp::ErrorRecord& record)
{
    if (!options_.shown.errors) return;
    const std::string text = psrp::error_text(record, options_.error_view, origin.computer_name);
    // A line of JSON has the name inside.
    if (options_.error_view == psrp::ErrorView::Json) return write(text + "\n");
    say(origin, colored(text, error_color));
}

void Output::on_informational(const psrp::Origin& origin, const psrp::InformationalRecord& record)
{
    const auto is_shown = [&] {
        switch (record.kind) {
        case psrp::InformationalKind::Debug:
            return options_.shown.debug;
        case psrp::InformationalKind::Verbose:
            return options_.shown.verbose;
        case psrp::InformationalKind::Warning:
            break;
        }
        return options_.shown.warnings;
    };
    if (is_shown()) say(origin, colored(psrp::informational_text(record), record_color));
}

void Output::on_information(const psrp::Origin& origin, const psrp::InformationRecord& record)
{
    if (!options_.shown.information) return;
    const std::string text = psrp::information_text(record);
    if (!psrp::has_no_new_line(record) && !error_line_is_open_) return say(origin, text);
    // Write-Host -NoNewline: the line is put together by several records.
    error_line_is_open_ = psrp::has_no_new_line(record);
    write(error_line_is_open_ ? text : text + "\n");
}

void Output::on_progress(const psrp::Origin& origin, const psrp::ProgressUpdate& record)
{
    if (!shows_progress_) return;
    progress_.update(origin.computer_name, record);
    progress_is_old_ = true;
}

void Output::on_counts(const psrp::FanOutCounts& counts)
{
    if (!shows_progress_) return;
    counts_ = counts;
    progress_is_old_ = true;
    // What the last ones had under way is of no interest any more.
    if (counts.done == counts.all) progress_ = ProgressView();
}

void Output::on_connection_line(const psrp::Origin& origin, std::string_view line)
{
    say(origin, psrp::printable_utf8(line));
}

// As PowerShell reports a session that it could not open, or has lost: an error record that names
// the computer.
void Output::say_failure(
    const psrp::Origin& origin,
    psrp::ErrorCategory category,
    std::string_view error_id,
    std::string_view reason
)
{
    if (!options_.shown.errors) return;
    clixml::Arena arena;
    const std::string message = "[" + origin.computer_name + "] " + std::string(reason);
    psrp::ErrorDescription description;
    description.message = message;
    description.error_id = error_id;
    description.category = category;
    description.target_object = clixml::Value::string(arena, origin.computer_name);
    const auto record = psrp::make_error_record(arena, description);
    const std::string text =
        psrp::error_text(record, options_.error_view, origin.computer_name) + "\n";
    const bool is_json = options_.error_view == psrp::ErrorView::Json;
    std::string line =
        is_json ? text : colored(text.substr(0, text.size() - 1), error_color) + "\n";
    if (error_line_is_open_) line.insert(0, "\n");
    error_line_is_open_ = false;
    write(line);
}

void Output::on_connection_failure(const psrp::Origin& origin, std::string_view reason)
{
    progress_.remove(origin.computer_name);
    say_failure(origin, psrp::ErrorCategory::OpenError, "PSSessionStateBroken", reason);
}

void Output::on_timeout(const psrp::Origin& origin, std::string_view reason)
{
    progress_.remove(origin.computer_name);
    say_failure(origin, psrp::ErrorCategory::OperationTimeout, "PSSessionTimedOut", reason);
}

void Output::on_pipeline_failure(const psrp::Origin& origin, std::string_view reason)
{
    say_failure(origin, psrp::ErrorCategory::InvalidOperation, "PSRemotePipelineFailed", reason);
}

void Output::write(std::string_view text)
{
    clear_progress();
    std::fflush(stdout); // on a terminal both streams are one text
    // What a script writes comes as its server decorates it.
    const std::string shown = has_colors_ ? std::string(text) : psrp::without_decorations(text);
    std::fwrite(shown.data(), 1, shown.size(), stderr);
}

void Output::show_progress(const psrp::ProgressUpdate& progress)
{
    if (!shows_progress_) return;
    progress_.update({}, progress);
    progress_is_old_ = true;
}

// Below everything else that is on the terminal; gone before anything else is written.
void Output::draw_progress()
{
    if (!shows_progress_ || error_line_is_open_) return;
    const std::size_t width = terminal_width(STDERR_FILENO) - 1;
    const auto elapsed = psrp::Clock::now() - started_;
    std::vector<std::string> lines = progress_.lines(width, counts_.all > 1);
    const bool counts = counts_.all > 1 && counts_.done < counts_.all &&
                        (counts_.done > 0 || elapsed >= counts_wait);
    if (counts) {
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed);
        lines.push_back(counts_line(counts_, time, width));
    }
    std::string text;
    for (const std::string& line : lines)
        text += (text.empty() ? "" : "\n") + line;
    clear_progress();
    progress_is_old_ = false;
    std::fflush(stdout); // on a terminal both streams are one text
    std::fwrite(text.data(), 1, text.size(), stderr);
    progress_lines_shown_ = lines.size();
}

void Output::clear_progress()
{
    if (progress_lines_shown_ == 0) return;
    std::string text = "\r\x1b[K";
    for (std::size_t line = 1; line < progress_lines_shown_; ++line)
        text += "\x1b[1A\x1b[K";
    std::fwrite(text.data(), 1, text.size(), stderr);
    progress_lines_shown_ = 0;
    progress_is_old_ = true;
}

// The time that is left is told anew each second.
void Output::arm_clock()
{
    if (!shows_progress_ || counts_.all < 2 || clock_timer_) return;
    clock_timer_ = loop_.call_after(std::chrono::seconds(1), [this] {
        clock_timer_.reset();
        progress_is_old_ = true;
    });
}

bool Output::can_ask() const
{
    return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

std::optional<psrp::Size> Output::screen() const
{
    winsize size{};
    const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    if (!is_known) return std::nullopt;
    return psrp::Size{size.ws_col, size.ws_row};
}

std::optional<std::string> Output::ask(std::string_view prompt)
{
    formatter_.flush();
    error_line_is_open_ = false;     // who types ends it
    const psrp::HeldInterrupts held; // one that came just before the wait would not end it
    write(prompt);
    std::string line;
    while (line.size() < typed_line_bytes_max) {
        // Is not restarted after a signal, so Ctrl-C ends the question.
        fd_set typed;
        FD_ZERO(&typed);
        FD_SET(STDIN_FILENO, &typed);
        const int count =
            pselect(STDIN_FILENO + 1, &typed, nullptr, nullptr, nullptr, &held.before());
        if (count < 0) return std::nullopt;
        char c = 0;
        if (read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
        if (c == '\n') return line;
        line += c;
    }
    return line;
}

std::optional<std::string> Output::ask_secret(std::string_view prompt)
{
    std::optional<std::string> secret;
    {
        const HiddenTyping hidden;
        if (!hidden.is_hidden()) return std::nullopt; // nobody types a secret in the open
        secret = ask(prompt);
    }
    write("\n"); // the one that was typed is not seen either
    return secret;
}

void Output::on_session_left(const psrp::Origin& origin)
{
    if (!options_.shows_left_sessions) return;
    const auto memory = std::make_shared<clixml::Arena>();
    on_output(
        origin,
        memory,
        session_value(
            *memory,
            options_.session_name.empty() ? "Runspace1" : options_.session_name,
            origin.computer_name,
            "Disconnected",
            options_.configuration.empty() ? psrp::wsman::default_configuration
                                           : std::string_view(options_.configuration),
            origin.runspace_id.text()
        )
    );
}

clixml::Value session_value(
    clixml::Arena& arena,
    std::string_view name,
    std::string_view computer,
    std::string_view state,
    std::string_view configuration,
    std::string_view id
)
{
    using clixml::Value;
    clixml::Object* session = clixml::make_custom_object(arena);
    session->set_note(arena, "Name", Value::string(arena, name));
    session->set_note(arena, "ComputerName", Value::string(arena, computer));
    session->set_note(arena, "State", Value::string(arena, state));
    session->set_note(arena, "ConfigurationName", Value::string(arena, configuration));
    session->set_note(arena, "InstanceId", Value::string(arena, id));
    return Value::object(session);
}

void Output::settle()
{
    formatter_.finish();
    progress_ = ProgressView();
    clear_progress();
    if (error_line_is_open_) std::fputc('\n', stderr);
    error_line_is_open_ = false;
}

void Output::flush()
{
    if (progress_is_old_) draw_progress();
    arm_clock();
    std::fflush(stdout);
}

bool Output::write_document()
{
    StandardOutput sink;
    const auto written =
        clixml::write_values(values_, clixml::document_options(options_.depth), sink);
    return written.has_value() && std::fputc('\n', stdout) != EOF;
}

bool Output::finish()
{
    shows_progress_ = false;
    clear_progress();
    formatter_.finish();
    if (error_line_is_open_) std::fputc('\n', stderr);
    bool is_whole = finish_json() && (options_.mode != OutputMode::Clixml || write_document());
    is_whole = std::fflush(stdout) == 0 && is_whole && std::ferror(stdout) == 0;
    return is_whole;
}

} // namespace icm
