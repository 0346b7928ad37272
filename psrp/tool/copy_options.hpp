// The command line of `psrp copy`.
#pragma once

#include <psrp/icm/options.hpp>

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::tool {

// `NAME:PATH` as people write it for scp: what stands before the first colon, unless there is a
// slash before it. `[::1]:PATH` for addresses; an empty name is the target that parameters say.
struct RemotePath {
    std::string target;
    std::string path;
};
// Nothing for a path of this computer.
std::optional<RemotePath> read_remote_path(std::string_view text);

struct CopyOptions {
    std::vector<std::string> sources; // paths, on the other computer if is_download
    std::string destination;
    bool is_download = false;
    bool resumes = false;
    bool follows_links = false;
    icm::Options connection;
};

tl::expected<CopyOptions, icm::Instead> read_copy_options(const std::vector<std::string>& arguments
);

std::string copy_help_text();

} // namespace psrp::tool
