#include <psrp/icm/job_store.hpp>
#include <psrp/icm/private_folders.hpp>
#include <psrp/icm/session_records.hpp>
#include <psrp/icm/target_lists.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace icm {

namespace {

using Json = nlohmann::ordered_json;
using Path = std::filesystem::path;

constexpr std::size_t state_file_bytes = 4096;
constexpr std::size_t reason_bytes_max = 2048;
constexpr std::chrono::milliseconds look_again{50};
constexpr int numbers_tried_max = 1000;

constexpr std::array<std::pair<JobState, std::string_view>, 5> state_names = {
    {{JobState::NotStarted, "NotStarted"},
     {JobState::Running, "Running"},
     {JobState::Completed, "Completed"},
     {JobState::Failed, "Failed"},
     {JobState::Stopped, "Stopped"}}};

std::optional<int> read_number(std::string_view text)
{
    int number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
    return is_number && number > 0 ? std::optional<int>(number) : std::nullopt;
}

// The state, padded: the file never grows and never shrinks.
std::string state_text(const JobProgress& progress)
{
    const Json json = {
        {"State", job_state_name(progress.state)},
        {"ExitCode", progress.exit_code},
        {"Reason", progress.reason.substr(0, reason_bytes_max)}};
    std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    // A reason of nothing but escapes is left out rather than cut inside one.
    if (text.size() >= state_file_bytes)
        return state_text({progress.state, progress.exit_code, {}});
    text.resize(state_file_bytes - 1, ' ');
    return text + "\n";
}

tl::unexpected<std::string> failed(const Path& path)
{
    return tl::unexpected(path.string() + ": " + std::strerror(errno));
}

struct flock whole_file(short type)
{
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

// Room that is there whatever becomes of the disk.
bool fill(int file, std::string_view text)
{
    return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

} // namespace

std::string_view job_state_name(JobState state)
{
    for (const auto& [one, name] : state_names) {
        if (one == state) return name;
    }
    return {};
}

tl::expected<Job, std::string> Job::create(JobDescription description)
{
    const auto folder = state_folder("jobs");
    if (!folder) return tl::unexpected(folder.error());
    const auto before = all();
    const int first = before.empty() ? 1 : before.back().number_ + 1;
    for (int number = first; number < first + numbers_tried_max; ++number) {
        Job job(*folder / std::to_string(number), number);
        if (::mkdir(job.folder_.c_str(), 0700) != 0) {
            if (errno == EEXIST) continue;
            return failed(job.folder_);
        }
        job.description_ = description;
        if (job.description_.name.empty()) job.description_.name = "Job" + std::to_string(number);
        const Json json = {
            {"Name", job.description_.name},
            {"Location", job.description_.location},
            {"Command", job.description_.command},
            {"TargetCount", job.description_.target_count}};
        auto written = write_private_file(
            (job.folder_ / "job.json").string(),
            json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
        );
        if (written) written = write_private_file((job.folder_ / "state").string(), state_text({}));
        if (written) return job;
        (void)job.remove(); // the reason of the failure is what counts
        return tl::unexpected(written.error());
    }
    return tl::unexpected<std::string>("there is no number left for a job");
}

std::optional<Job> Job::read(const Path& folder, int number)
{
    Job job(folder, number);
    const auto text = read_text_file((folder / "job.json").string());
    if (!text) return std::nullopt;
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    job.description_ = {
        text_at(json, "Name"), text_at(json, "Location"), text_at(json, "Command"), 1};
    const auto count = json.find("TargetCount");
    if (count != json.end() && count->is_number_unsigned()) {
        job.description_.target_count = count->get<std::size_t>();
    }
    return job;
}

std::vector<Job> Job::all()
{
    std::vector<Job> jobs;
    const auto folder = state_folder("jobs");
    if (!folder) return jobs;
    std::error_code error;
    for (std::filesystem::directory_iterator at(*folder, error), end; !error && at != end;
         at.increment(error)) {
        const auto number = read_number(at->path().filename().string());
        if (!number) continue;
        if (auto job = read(at->path(), *number)) jobs.push_back(std::move(*job));
    }
    std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
        return a.number_ < b.number_;
    });
    return jobs;
}

std::vector<Job> Job::find(const std::string& word)
{
    const auto number = read_number(word);
    std::vector<Job> jobs = all();
    std::erase_if(jobs, [&](const Job& job) {
        return number ? job.number_ != *number : job.description_.name != word;
    });
    return jobs;
}

JobProgress Job::progress() const
{
    // Who runs it is asked first: what it says last is there when it has gone.
    const bool is_run = process().has_value();
    JobProgress progress;
    const auto text = read_text_file((folder_ / "state").string());
    const Json json = text ? Json::parse(*text, nullptr, false) : Json();
    if (json.is_object()) {
        for (const auto& [state, name] : state_names) {
            if (json.value("State", "") == name) progress.state = state;
        }
        progress.exit_code = json.value("ExitCode", 0);
        progress.reason = json.value("Reason", "");
    }
    if (progress.state != JobState::Running || is_run) return progress;
    return {JobState::Failed, 1, "The process that ran the job has ended before its time."};
}

std::optional<pid_t> Job::process() const
{
    const psrp::Descriptor file(::open((folder_ / "state").c_str(), O_RDWR | O_CLOEXEC));
    if (!file.is_open()) return std::nullopt;
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(file.number(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_pid;
}

bool Job::wait(std::optional<psrp::Clock::time_point> until) const
{
    while (process()) {
        if (until && psrp::Clock::now() >= *until) return false;
        std::this_thread::sleep_for(look_again);
    }
    return true;
}

std::uint64_t Job::received_bytes() const
{
    const auto text = read_text_file((folder_ / "received").string());
    std::uint64_t count = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), count);
    return count;
}

// Where it cannot be kept, results come again rather than not at all.
void Job::set_received_bytes(std::uint64_t count) const
{
    (void)write_private_file((folder_ / "received").string(), std::to_string(count) + "\n");
}

bool Job::has_more_results() const
{
    std::error_code error;
    const auto size = std::filesystem::file_size(results_path(), error);
    return !error && size > received_bytes();
}

tl::expected<void, std::string> Job::remove() const
{
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
    if (error) return tl::unexpected(folder_.string() + ": " + error.message());
    return {};
}

tl::expected<RunningJob, std::string> RunningJob::take(const Job& job)
{
    const Path path = job.folder_ / "state";
    psrp::Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.is_open()) return failed(path);
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(file.number(), F_SETLK, &lock) != 0) return failed(path);
    RunningJob running(std::move(file));
    const auto marked = running.set_progress({JobState::Running, 0, {}});
    if (!marked) return tl::unexpected(marked.error());
    return running;
}

tl::expected<void, std::string> RunningJob::set_progress(const JobProgress& progress)
{
    if (!fill(file_.number(), state_text(progress))) return failed("state");
    return {};
}

} // namespace icm
