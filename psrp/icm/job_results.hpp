// What the targets of a job write, kept as CLIXML: an object a line, appended as it comes, in a
// file of the job's. Written by the job, read by `psrp job receive`.
#pragma once

#include <clixml/date_time.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/host.hpp>
#include <psrp/icm/job_store.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace icm {

// Keeps results. Nobody can be asked anything.
class JobRecorder final : public psrp::ResultSink, public psrp::HostConsole {
public:
    // Makes the file. The job is borrowed. The error is a sentence.
    static tl::expected<JobRecorder, std::string>
    create(const Job& job, std::uint64_t results_bytes_max);

    // Why nothing more is kept; empty as long as everything is. What was kept before stays whole.
    [[nodiscard]] const std::string& failure() const { return failure_; }

    void
    on_output(const psrp::Origin& origin, const psrp::Memory& memory, clixml::Value value) override;
    void on_error(const psrp::Origin& origin, const psrp::ErrorRecord& record) override;
    void
    on_informational(const psrp::Origin& origin, const psrp::InformationalRecord& record) override;
    void on_information(const psrp::Origin& origin, const psrp::InformationRecord& record) override;
    // Of no use once the job goes on.
    void on_progress(const psrp::Origin&, const psrp::ProgressUpdate&) override {}
    void on_connection_line(const psrp::Origin& origin, std::string_view line) override;
    void on_connection_failure(const psrp::Origin& origin, std::string_view reason) override;
    void on_timeout(const psrp::Origin& origin, std::string_view reason) override;
    void on_pipeline_failure(const psrp::Origin& origin, std::string_view reason) override;

    void write(std::string_view text) override;
    void show_progress(const psrp::ProgressUpdate&) override {}
    [[nodiscard]] bool can_ask() const override { return false; }
    [[nodiscard]] bool is_watched() const override { return false; }
    std::optional<std::string> ask(std::string_view) override { return std::nullopt; }
    std::optional<std::string> ask_secret(std::string_view) override { return std::nullopt; }

private:
    JobRecorder(const Job& job, psrp::Descriptor file, std::uint64_t results_bytes_max);
    void keep(
        std::string_view stream,
        const psrp::Origin& origin,
        clixml::Arena& arena,
        clixml::Value value
    );
    void keep_text(std::string_view stream, const psrp::Origin& origin, std::string_view text);
    [[nodiscard]] bool has_room(std::size_t line_bytes);

    const Job* job_;
    psrp::Descriptor file_;
    std::uint64_t results_bytes_max_;
    std::uint64_t written_bytes_ = 0;
    std::uint64_t received_bytes_ = 0; // as far as it was looked
    std::string failure_;
};

// Who gets results that are read again.
struct JobReceiver {
    psrp::ResultSink& sink;
    psrp::HostConsole& console;
    const clixml::LocalZone* zone = nullptr;
};

// Whether results that were read are of no use any more.
enum class AfterReceiving { Forget, Keep };

// Gives the results that have not been received yet to the receiver. Gives whether there was an
// error among them. The error is a sentence.
tl::expected<bool, std::string>
receive_results(const Job& job, const JobReceiver& receiver, AfterReceiving after);

} // namespace icm
