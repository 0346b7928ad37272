// Output: what icm prints, objects on standard output and everything else on standard error.
#pragma once

#include <clixml/reader.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/host_responder.hpp>
#include <psrp/format/csv_text.hpp>
#include <psrp/format/object_formatter.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/progress_view.hpp>
#include <psrp/transport/event_loop.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

// How long rows of a table may wait for others that decide its widths; PowerShell's own.
inline constexpr std::chrono::milliseconds table_wait{300};

struct OutputOptions {
    OutputMode mode = OutputMode::Automatic;
    int depth = 2; // of objects in JSON and CLIXML
    psrp::ErrorView error_view = psrp::ErrorView::Concise;
    bool names_origin = false; // [host] in front of what goes to standard error
    bool shows_left_sessions = true;
    std::string session_name; // of sessions that are left; empty: the default
    std::string configuration;
    StreamDisplay shown;
};

// What a command line says of its output.
OutputOptions output_options(const Options& options);

// A session of a server, as Get-PSSession shows it; made in `arena`.
clixml::Value session_value(
    clixml::Arena& arena,
    std::string_view name,
    std::string_view computer,
    std::string_view state,
    std::string_view configuration,
    std::string_view id
);

// Columns of the terminal that standard output is, or PowerShell's 120 where it is none.
std::size_t output_width();

// Prints as things arrive. Output in the form of CLIXML is one document and therefore held until
// finish(). JSON is what ConvertTo-Json makes of the whole: one value, or an array of several.
class Output final : public psrp::ResultSink, public psrp::HostConsole {
public:
    // `loop` is borrowed; it runs the timer for tables.
    Output(psrp::EventLoop& loop, const OutputOptions& options);
    ~Output() override;

    void
    on_output(const psrp::Origin& origin, const psrp::Memory& memory, clixml::Value value) override;
    void on_error(const psrp::Origin& origin, const psrp::ErrorRecord& record) override;
    void
    on_informational(const psrp::Origin& origin, const psrp::InformationalRecord& record) override;
    void on_information(const psrp::Origin& origin, const psrp::InformationRecord& record) override;
    void on_progress(const psrp::Origin& origin, const psrp::ProgressUpdate& record) override;
    void on_connection_line(const psrp::Origin& origin, std::string_view line) override;
    void on_connection_failure(const psrp::Origin& origin, std::string_view reason) override;
    void on_timeout(const psrp::Origin& origin, std::string_view reason) override;
    void on_counts(const psrp::FanOutCounts& counts) override;
    void on_session_left(const psrp::Origin& origin) override;
    void on_pipeline_failure(const psrp::Origin& origin, std::string_view reason) override;

    void write(std::string_view text) override;
    void show_progress(const psrp::ProgressUpdate& progress) override;
    [[nodiscard]] bool can_ask() const override;
    [[nodiscard]] std::optional<psrp::Size> screen() const override;
    std::optional<std::string> ask(std::string_view prompt) override;
    std::optional<std::string> ask_secret(std::string_view prompt) override;

    // Prints what waits of a pipeline that has ended; another one may follow.
    void settle();
    // Hands over to the system what is ready.
    void flush();
    // Prints what waits. False where standard output could not take everything.
    bool finish();

private:
    void print_line(std::string_view line);
    void print_json(clixml::Value value);
    void print_text(clixml::Value value);
    bool finish_json();
    void say(const psrp::Origin& origin, std::string_view text);
    void say_failure(
        const psrp::Origin& origin,
        psrp::ErrorCategory category,
        std::string_view error_id,
        std::string_view reason
    );
    [[nodiscard]] std::string colored(std::string_view text, std::string_view color) const;
    void draw_progress();
    void clear_progress();
    void arm_clock();
    void arm_table_timer();
    bool write_document();

    psrp::EventLoop& loop_;
    OutputOptions options_;
    psrp::ObjectFormatter formatter_;
    std::optional<psrp::EventLoop::TimerId> table_timer_;
    psrp::CsvWriter csv_;
    std::optional<std::string> only_json_; // the first value, while it may be the only one
    bool json_array_is_open_ = false;
    std::vector<psrp::Memory> memories_; // of the values below
    std::vector<clixml::TopLevelValue> values_;
    bool has_colors_ = false;  // standard error
    bool is_one_text_ = false; // both streams are on a terminal
    bool shows_progress_ = false;
    bool progress_is_old_ = false;
    std::size_t progress_lines_shown_ = 0;
    ProgressView progress_;
    psrp::FanOutCounts counts_;
    psrp::Clock::time_point started_ = psrp::Clock::now();
    std::optional<psrp::EventLoop::TimerId> clock_timer_;
    bool error_line_is_open_ = false;
};

} // namespace icm
