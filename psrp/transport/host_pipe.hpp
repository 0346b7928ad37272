// The sockets on which PowerShell processes of this computer listen: their names and how to find
// them (fact sheet transports A10). POSIX; processes are looked up in /proc.
#pragma once

#include <clixml/result.hpp>

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace psrp {

// What .NET puts before the name of a pipe to make a file of it.
inline constexpr std::string_view pipe_file_prefix = "CoreFxPipe_";
// Characters of the whole path; PowerShell cuts the name that would make it longer.
inline constexpr std::size_t host_pipe_path_max = 104;
// Bytes of a socket's path on Linux, its final zero counted.
inline constexpr std::size_t socket_path_bytes_max = 108;

// Where to look. Tests give folders of their own.
struct HostPipePlaces {
    std::string pipe_folder; // with a slash at its end
    std::string process_folder = "/proc";
};

// $TMPDIR or /tmp, and /proc.
HostPipePlaces default_host_pipe_places();

// The start of a process as it stands in the name: eight hexadecimal digits of the FILETIME, its
// first digit skipped.
std::string host_pipe_start(std::uint64_t file_time);

// The whole path of the socket of a process, cut to host_pipe_path_max.
std::string host_pipe_path(
    std::string_view folder, std::string_view start, pid_t process_id, std::string_view process_name
);

// The path of a pipe with a name of its own (-CustomPipeName). Nothing where the name is empty,
// holds a slash or makes the path too long for a socket.
std::optional<std::string> custom_pipe_path(std::string_view folder, std::string_view name);

// One socket file of a PowerShell process; the process may be long gone.
struct HostPipe {
    std::string path;
    std::string start;
    pid_t process_id = 0;
    std::string process_name; // may have been cut
};

// Reads the name of a file in the pipe folder, the folder not among it. Nothing for other files.
std::optional<HostPipe> read_host_pipe_name(std::string_view file_name);

// All sockets of PowerShell processes in the folder, in the order of their process ids.
std::vector<HostPipe> list_host_pipes(const HostPipePlaces& places);

// The start of a running process as FILETIME, from /proc. Nothing where there is no such process.
std::optional<std::uint64_t>
process_start(pid_t process_id, const std::string& process_folder = "/proc");

// A failure to find a process's socket, in words for people.
struct HostPipeFailure {
    clixml::Error error;
    std::string text;
};
using FoundHostPipe = tl::expected<HostPipe, HostPipeFailure>;

// The socket of the running process with this id. Of several files the one whose start fits is
// taken: the others are left over from processes that had the same id. Errors: HostPipeNotFound,
// HostPipeStale.
FoundHostPipe find_host_pipe(pid_t process_id, const HostPipePlaces& places);

// The socket of the only running process of this name, compared without case. Errors:
// HostPipeNotFound, HostPipeStale, HostPipeAmbiguous.
FoundHostPipe find_host_pipe(std::string_view process_name, const HostPipePlaces& places);

} // namespace psrp
