#include <psrp/copy/names.hpp>
#include <psrp/copy/sha256.hpp>

namespace psrp::copy {

namespace {

// What file systems take.
constexpr std::size_t name_bytes_max = 255;
constexpr std::string_view partial_end = ".psrp-part";

} // namespace

bool is_safe_path(std::string_view path)
{
    if (path.empty()) return true;
    if (path.size() > path_bytes_max || path.find('\0') != std::string_view::npos) return false;
    while (true) {
        const std::size_t end = path.find('/');
        const std::string_view name = path.substr(0, end);
        if (name.empty() || name == "." || name == "..") return false;
        if (end == std::string_view::npos) return true;
        path.remove_prefix(end + 1);
    }
}

std::string partial_name(std::string_view name)
{
    if (name.size() + partial_end.size() + 1 <= name_bytes_max) {
        return "." + std::string(name) + std::string(partial_end);
    }
    constexpr std::string_view digits = "0123456789abcdef";
    Sha256 hash;
    hash.add(clixml::bytes_of(name));
    std::string text = ".";
    for (const std::uint8_t byte : hash.digest()) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text + std::string(partial_end);
}

std::string base_name(std::string_view path, bool has_windows_separators)
{
    const std::string_view separators = has_windows_separators ? "/\\" : "/";
    while (!path.empty() && separators.find(path.back()) != std::string_view::npos)
        path.remove_suffix(1);
    const std::size_t start = path.find_last_of(separators);
    std::string_view name = start == std::string_view::npos ? path : path.substr(start + 1);
    const bool is_drive = has_windows_separators && name.size() == 2 && name[1] == ':';
    if (is_drive || name == "." || name == ".." || name == "~") return {};
    // "C:name" is a name in the folder that the drive is in.
    if (has_windows_separators && name.size() > 2 && name[1] == ':') name.remove_prefix(2);
    return std::string(name);
}

} // namespace psrp::copy
