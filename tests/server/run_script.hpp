// Runs scripts on the embedded endpoint without a connection.
#pragma once

#include <psrp/server/script/interpreter.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// Keeps what a pipeline writes; the values live as long as this.
class RecordingStreams final : public psrp::server::PipelineStreams {
public:
    psrp::Result<void> write_output(psrp::Value value) override;
    psrp::Result<void> write_error(const psrp::ErrorRecord& record) override;
    psrp::Result<void> write_informational(const psrp::InformationalRecord& record) override;
    psrp::Result<void> write_progress(const psrp::ProgressUpdate& record) override;
    psrp::Result<void> write_information(const psrp::InformationRecord& record) override;
    psrp::Result<void> call_host(const psrp::HostCall& call) override;
    psrp::Result<psrp::server::HostReply> ask_host(psrp::HostCall call) override;
    [[nodiscard]] bool has_host() const override { return has_client_host; }
    psrp::Result<std::optional<psrp::server::InputItem>> next_input() override;
    psrp::server::StopSignal& stop_signal() override { return stop; }

    bool has_client_host = false;
    std::vector<psrp::HostResponse> host_answers; // to what the script asks, in order
    std::vector<psrp::Value> input;
    std::vector<psrp::Value> output;
    std::vector<std::string> error_ids;
    std::vector<psrp::Value> errors;   // encoded
    std::vector<std::string> messages; // "WARNING: text" and so on
    std::vector<std::int32_t> host_methods;
    psrp::server::StopSignal stop;
    clixml::Arena memory;

private:
    std::size_t next_ = 0;
};

// What running a script came to.
struct ScriptRun {
    std::unique_ptr<RecordingStreams> streams = std::make_unique<RecordingStreams>();
    psrp::server::PipelineResult result;

    // The output objects' texts, each ended by a semicolon; null is <null>.
    [[nodiscard]] std::string text() const;
    // The error records' ids, then the id of the final failure behind "!"; separated by blanks.
    [[nodiscard]] std::string errors() const;
};

// One session with the standard commands.
class ScriptSession {
public:
    ScriptSession();
    ScriptRun
    run(std::string_view script,
        std::vector<psrp::CommandArgument> arguments = {},
        std::vector<psrp::Value> input = {});
    ScriptRun run(const psrp::PowerShellCommands& request);

    psrp::server::ScriptLimits limits;
    psrp::server::CommandTable commands;
    psrp::server::SessionState state;
};

// The CLIXML text of a value, as a message carries it.
std::string clixml_text(psrp::Value value);

} // namespace tests
