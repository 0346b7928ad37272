#include <psrp/icm/private_folders.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace icm {

namespace {

using Path = std::filesystem::path;

// Relative paths there are of no use and to be left out (XDG base directory specification).
std::optional<Path> folder_variable(const char* name)
{
    const char* value = std::getenv(name);
    if (value == nullptr || *value != '/') return std::nullopt;
    return Path(value);
}

tl::expected<Path, std::string> home_folder()
{
    if (const auto home = folder_variable("HOME")) return *home;
    const passwd* entry = ::getpwuid(::geteuid());
    if (entry != nullptr && entry->pw_dir != nullptr && *entry->pw_dir == '/') {
        return Path(entry->pw_dir);
    }
    return tl::unexpected<std::string>("there is no home folder: HOME is not set");
}

bool is_ours(const Path& path)
{
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid();
}

// Makes the last folder of the path private, also where it was there already.
tl::expected<Path, std::string> make_private(const Path& path)
{
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return tl::unexpected(path.string() + ": " + std::strerror(errno));
    }
    if (!is_ours(path)) return tl::unexpected(path.string() + " is no folder of this user's");
    if (::chmod(path.c_str(), 0700) != 0) {
        return tl::unexpected(path.string() + ": " + std::strerror(errno));
    }
    return path;
}

tl::expected<Path, std::string> state_root()
{
    if (const auto state = folder_variable("XDG_STATE_HOME")) return make_private(*state / "psrp");
    const auto home = home_folder();
    if (!home) return home;
    return make_private(*home / ".local" / "state" / "psrp");
}

} // namespace

tl::expected<Path, std::string> session_folder()
{
    const auto runtime = folder_variable("XDG_RUNTIME_DIR");
    if (runtime && is_ours(*runtime)) return make_private(*runtime / "psrp");
    return state_folder("run");
}

tl::expected<Path, std::string> state_folder(const std::string& name)
{
    const auto root = state_root();
    if (!root) return root;
    return make_private(*root / name);
}

} // namespace icm
