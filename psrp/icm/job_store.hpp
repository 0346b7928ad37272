// Jobs as they lie in the state folder: what each is, how far it is, who runs it. POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/poll_source.hpp>

#include <tl/expected.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace icm {

struct JobDescription {
    std::string name; // empty: Job and its number
    std::string location;
    std::string command;
    std::size_t target_count = 1;
};

// PowerShell's JobState, as far as ours have one.
enum class JobState : std::uint8_t { NotStarted, Running, Completed, Failed, Stopped };
std::string_view job_state_name(JobState state);

struct JobProgress {
    JobState state = JobState::NotStarted;
    int exit_code = 0;  // what icm would have ended with
    std::string reason; // of a failure that is the job's and not a script's
};

// One job's folder. Only this user can look into it.
class Job {
public:
    // Makes the folder. The error is a sentence.
    static tl::expected<Job, std::string> create(JobDescription description);
    // All of them, by number.
    static std::vector<Job> all();
    // Those of this number or name.
    static std::vector<Job> find(const std::string& word);

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] const JobDescription& description() const { return description_; }
    [[nodiscard]] std::string results_path() const { return (folder_ / "results").string(); }

    // A job that runs although nobody runs it any more has failed.
    [[nodiscard]] JobProgress progress() const;
    // The process that runs it; nothing where none does.
    [[nodiscard]] std::optional<pid_t> process() const;
    // Waits until nobody runs it; false where it is `until` (nothing: no limit) before.
    [[nodiscard]] bool wait(std::optional<psrp::Clock::time_point> until) const;
    // Bytes of results that have been received, and are of no use any more.
    [[nodiscard]] std::uint64_t received_bytes() const;
    void set_received_bytes(std::uint64_t count) const;
    [[nodiscard]] bool has_more_results() const;
    // Its folder is gone after this. The error is a sentence.
    tl::expected<void, std::string> remove() const;

private:
    friend class RunningJob;
    Job(std::filesystem::path folder, int number) : folder_(std::move(folder)), number_(number) {}
    static std::optional<Job> read(const std::filesystem::path& folder, int number);

    std::filesystem::path folder_;
    int number_;
    JobDescription description_;
};

// A job in the process that runs it: as long as this lives nobody else can.
class RunningJob {
public:
    // Marks the job as running. The error is a sentence.
    static tl::expected<RunningJob, std::string> take(const Job& job);

    // Takes no room that was not there before: a full disk is something that can be told.
    tl::expected<void, std::string> set_progress(const JobProgress& progress);

private:
    explicit RunningJob(psrp::Descriptor file) : file_(std::move(file)) {}

    psrp::Descriptor file_; // locked
};

} // namespace icm
