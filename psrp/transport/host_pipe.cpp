#include <clixml/utf.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/host_pipe.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>
#include <utility>

namespace psrp {
namespace {

constexpr std::string_view host_pipe_prefix = "CoreFxPipe_PSHost.";
constexpr std::string_view app_domain = "None"; // .NET has but one
constexpr std::size_t start_digits = 8;
// 100 ns units from 1601 to 1970, and in a second.
constexpr std::uint64_t unix_epoch_file_time = 116'444'736'000'000'000;
constexpr std::uint64_t units_in_second = 10'000'000;
constexpr std::uint64_t nanoseconds_in_unit = 100;
// The start in a name counts steps of 2^24 units, 1.7 s. The clock is read twice for it, so that a
// neighbouring step is the same start.
constexpr std::uint32_t start_steps_apart_max = 1;
// The field of /proc/ID/stat with the start, counted from the one behind the name.
constexpr std::size_t start_field = 19;
constexpr std::size_t stat_bytes_max = 4096;

std::uint64_t units_of(const timespec& time)
{
    return static_cast<std::uint64_t>(time.tv_sec) * units_in_second +
           static_cast<std::uint64_t>(time.tv_nsec) / nanoseconds_in_unit;
}

// When the machine was started, as .NET reckons it.
std::uint64_t boot_file_time()
{
    timespec now{};
    timespec since_boot{};
    clock_gettime(CLOCK_REALTIME, &now);
#ifdef CLOCK_BOOTTIME
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
#else
    clock_gettime(CLOCK_MONOTONIC, &since_boot);
#endif
    return unix_epoch_file_time + units_of(now) - units_of(since_boot);
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base = 10)
{
    Number number{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

// Whether two starts are the same moment, seen through two readings of the clock.
bool fits(std::string_view one, std::string_view other)
{
    const auto first = whole_number<std::uint32_t>(one, 16);
    const auto second = whole_number<std::uint32_t>(other, 16);
    if (!first || !second) return false;
    return *first - *second <= start_steps_apart_max || *second - *first <= start_steps_apart_max;
}

tl::unexpected<HostPipeFailure> not_found(TransportErrc code, std::string text)
{
    return tl::unexpected<HostPipeFailure>(
        {{code, clixml::no_offset, "expected the socket of a PowerShell process"}, std::move(text)}
    );
}

// The one of a process's files that belongs to it and not to an earlier process of the same id.
const HostPipe* best_of(const std::vector<HostPipe>& pipes, std::uint64_t start)
{
    const std::string wanted = host_pipe_start(start);
    const HostPipe* found = nullptr;
    for (const HostPipe& pipe : pipes) {
        if (fits(pipe.start, wanted)) found = &pipe;
    }
    return found;
}

} // namespace

HostPipePlaces default_host_pipe_places()
{
    const char* variable = std::getenv("TMPDIR");
    std::string folder = variable != nullptr && *variable != '\0' ? variable : "/tmp";
    if (!folder.ends_with('/')) folder += '/';
    return {std::move(folder)};
}

std::string host_pipe_start(std::uint64_t file_time)
{
    std::array<char, 17> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), file_time, 16);
    std::string text(digits.data(), written.ptr);
    if (text.size() < start_digits) text.insert(0, start_digits - text.size(), '0');
    for (char& c : text) {
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    return text.substr(1, start_digits);
}

std::string host_pipe_path(
    std::string_view folder, std::string_view start, pid_t process_id, std::string_view process_name
)
{
    std::string path(folder);
    path += host_pipe_prefix;
    path += start;
    path += '.' + std::to_string(process_id) + '.';
    path += app_domain;
    path += '.';
    path += process_name;
    return path.substr(0, host_pipe_path_max);
}

std::optional<std::string> custom_pipe_path(std::string_view folder, std::string_view name)
{
    std::string path = std::string(folder) + std::string(pipe_file_prefix) + std::string(name);
    if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
    if (path.size() >= socket_path_bytes_max) return std::nullopt;
    return path;
}

std::optional<HostPipe> read_host_pipe_name(std::string_view file_name)
{
    if (!file_name.starts_with(host_pipe_prefix)) return std::nullopt;
    std::string_view rest = file_name.substr(host_pipe_prefix.size());
    const auto next_part = [&rest] {
        const std::string_view part = rest.substr(0, rest.find('.'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        return part;
    };
    HostPipe pipe;
    pipe.start = next_part();
    const auto id = whole_number<pid_t>(next_part());
    if (!whole_number<std::uint32_t>(pipe.start, 16) || !id || *id <= 0) return std::nullopt;
    pipe.process_id = *id;
    next_part(); // the application domain
    pipe.process_name = rest;
    return pipe;
}

std::vector<HostPipe> list_host_pipes(const HostPipePlaces& places)
{
    std::vector<HostPipe> pipes;
    std::error_code failed; // a folder that cannot be read holds nothing for us
    for (std::filesystem::directory_iterator at(places.pipe_folder, failed), end;
         !failed && at != end;
         at.increment(failed)) {
        auto pipe = read_host_pipe_name(at->path().filename().string());
        if (!pipe) continue;
        pipe->path = at->path().string();
        pipes.push_back(std::move(*pipe));
    }
    std::sort(pipes.begin(), pipes.end(), [](const HostPipe& one, const HostPipe& other) {
        return std::pair(one.process_id, one.path) < std::pair(other.process_id, other.path);
    });
    return pipes;
}

std::optional<std::uint64_t> process_start(pid_t process_id, const std::string& process_folder)
{
    std::ifstream file(process_folder + '/' + std::to_string(process_id) + "/stat");
    std::string line(stat_bytes_max, '\0');
    file.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(file.gcount()));
    // The name stands in parentheses and may hold anything, blanks and parentheses included.
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::string_view rest = std::string_view(line).substr(name_end + 1);
    std::string_view field;
    for (std::size_t i = 0; i <= start_field; ++i) {
        const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
        rest.remove_prefix(begin);
        field = rest.substr(0, rest.find_first_of(" \n"));
        rest.remove_prefix(field.size());
    }
    const auto ticks = whole_number<std::uint64_t>(field);
    const long ticks_in_second = ::sysconf(_SC_CLK_TCK);
    if (!ticks || ticks_in_second <= 0) return std::nullopt;
    const auto second = static_cast<std::uint64_t>(ticks_in_second);
    return boot_file_time() + *ticks / second * units_in_second +
           *ticks % second * units_in_second / second;
}

FoundHostPipe find_host_pipe(pid_t process_id, const HostPipePlaces& places)
{
    const std::string who = "process " + std::to_string(process_id);
    std::vector<HostPipe> pipes = list_host_pipes(places);
    std::erase_if(pipes, [&](const HostPipe& pipe) { return pipe.process_id != process_id; });
    const auto start = process_start(process_id, places.process_folder);
    if (!start && pipes.empty()) {
        return not_found(TransportErrc::HostPipeNotFound, "There is no " + who + ".");
    }
    if (!start) {
        return not_found(
            TransportErrc::HostPipeStale,
            "The " + who + " has ended and left its socket " + pipes.front().path + " behind."
        );
    }
    if (const HostPipe* found = best_of(pipes, *start)) return *found;
    // A process whose clock was set since it started: its only file is its own.
    if (pipes.size() == 1) return pipes.front();
    return not_found(
        TransportErrc::HostPipeNotFound,
        "The " + who + " has no socket in " + places.pipe_folder +
            ": it is no PowerShell, has another TMPDIR, or was started with "
            "POWERSHELL_DIAGNOSTICS_OPTOUT."
    );
}

FoundHostPipe find_host_pipe(std::string_view process_name, const HostPipePlaces& places)
{
    std::vector<HostPipe> pipes = list_host_pipes(places);
    std::erase_if(pipes, [&](const HostPipe& pipe) {
        // A name that was cut is known by its beginning.
        const std::string_view known = pipe.path.size() >= host_pipe_path_max
                                           ? process_name.substr(0, pipe.process_name.size())
                                           : process_name;
        return pipe.process_name.empty() || !clixml::equal_ignoring_case(pipe.process_name, known);
    });
    const std::string who = "process named " + std::string(process_name);
    if (pipes.empty()) {
        return not_found(
            TransportErrc::HostPipeNotFound,
            "No " + who + " has a PowerShell socket in " + places.pipe_folder + "."
        );
    }
    std::vector<pid_t> running;
    for (const HostPipe& pipe : pipes) {
        const bool is_new = running.empty() || running.back() != pipe.process_id;
        if (is_new && process_start(pipe.process_id, places.process_folder)) {
            running.push_back(pipe.process_id);
        }
    }
    if (running.empty()) {
        return not_found(
            TransportErrc::HostPipeStale,
            "No " + who + " is running; the socket " + pipes.front().path + " was left behind."
        );
    }
    if (running.size() == 1) return find_host_pipe(running.front(), places);
    std::string text =
        "Several processes are named " + std::string(process_name) + ", say which by its id:";
    for (const pid_t id : running)
        text += ' ' + std::to_string(id);
    return not_found(TransportErrc::HostPipeAmbiguous, std::move(text));
}

} // namespace psrp
