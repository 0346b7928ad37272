#include <psrp/icm/options.hpp>
#include <psrp/icm/target_lists.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace icm {

namespace {

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r";
    const std::size_t start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

// A line without its comment: `#` or `;` at its beginning or behind a blank.
std::string_view without_comment(std::string_view line)
{
    for (std::size_t at = 0; at < line.size(); ++at) {
        const bool is_mark = line[at] == '#' || line[at] == ';';
        if (is_mark && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t')) {
            return trimmed(line.substr(0, at));
        }
    }
    return trimmed(line);
}

std::vector<std::string_view> lines_of(std::string_view text)
{
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

} // namespace

tl::expected<HostsFile, std::string> HostsFile::read(std::string_view text)
{
    HostsFile file;
    file.groups_.emplace_back();
    std::size_t number = 0;
    std::size_t current = 0;
    for (const std::string_view whole : lines_of(text)) {
        ++number;
        const std::string_view line = without_comment(whole);
        if (line.empty()) continue;
        // [::1]:22 is a name, [web] a group.
        const bool is_group =
            line.front() == '[' && line.back() == ']' && line.find(':') == std::string_view::npos;
        if (!is_group) {
            file.groups_[current].second.emplace_back(line);
            continue;
        }
        const std::string_view name = trimmed(line.substr(1, line.size() - 2));
        if (name.empty() || name == "all") {
            return tl::unexpected("line " + std::to_string(number) + ": no name of a group");
        }
        const Group* known = file.find(name);
        if (known == nullptr) file.groups_.emplace_back(name, std::vector<std::string>());
        current = known == nullptr ? file.groups_.size() - 1
                                   : static_cast<std::size_t>(known - file.groups_.data());
    }
    if (auto checked = file.check(); !checked) return tl::unexpected(checked.error());
    return file;
}

const HostsFile::Group* HostsFile::find(std::string_view name) const
{
    const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
        return group.first == name;
    });
    return found == groups_.end() ? nullptr : &*found;
}

// References lead to groups that are there, and not back to where they came from.
tl::expected<void, std::string> HostsFile::check() const
{
    // Groups whose references are all sound; each round must add some.
    std::vector<std::string> sound;
    const auto is_sound = [&](const Group& group) {
        return std::find(sound.begin(), sound.end(), group.first) != sound.end();
    };
    for (const Group& group : groups_) {
        for (const std::string& line : group.second) {
            if (line.starts_with('@') && find(line.substr(1)) == nullptr) {
                return tl::unexpected("there is no group " + line.substr(1));
            }
        }
    }
    while (sound.size() < groups_.size()) {
        const std::size_t before = sound.size();
        for (const Group& group : groups_) {
            const bool is_ready =
                !is_sound(group) &&
                std::all_of(group.second.begin(), group.second.end(), [&](const std::string& line) {
                    return !line.starts_with('@') || is_sound(*find(line.substr(1)));
                });
            if (is_ready) sound.push_back(group.first);
        }
        if (sound.size() == before)
            return tl::unexpected<std::string>("groups refer to each other in a circle");
    }
    return {};
}

bool HostsFile::has(std::string_view group) const
{
    const bool is_all = group == "all" && !groups_.empty();
    return is_all || (!group.empty() && find(group) != nullptr);
}

std::vector<std::string> HostsFile::names(std::string_view group) const
{
    std::vector<std::string> names;
    if (group != "all") {
        append(group, names);
        return names;
    }
    for (const Group& each : groups_) {
        std::copy_if(
            each.second.begin(),
            each.second.end(),
            std::back_inserter(names),
            [](const std::string& line) { return !line.starts_with('@'); }
        );
    }
    return names;
}

void HostsFile::append(std::string_view name, std::vector<std::string>& names) const
{
    for (const std::string& line : find(name)->second) {
        if (line.starts_with('@')) {
            append(std::string_view(line).substr(1), names);
        } else {
            names.push_back(line);
        }
    }
}

std::vector<std::string> names_of_lines(std::string_view text)
{
    std::vector<std::string> names;
    for (const std::string_view whole : lines_of(text)) {
        const std::string_view line = without_comment(whole);
        if (!line.empty()) names.emplace_back(line);
    }
    return names;
}

tl::expected<std::string, std::string> read_text_file(const std::string& path)
{
    if (path != "-") {
        std::ifstream file(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(file), {}};
        if (!file.is_open() || file.bad()) return tl::unexpected(path + " cannot be read");
        return text;
    }
    std::string text;
    std::array<char, 65536> piece{};
    while (true) {
        const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected<std::string>("standard input cannot be read");
        if (count == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
}

tl::expected<TargetLists, std::string> TargetLists::create(const std::string& path)
{
    TargetLists lists;
    if (path.empty()) return lists;
    auto text = read_text_file(path);
    if (!text) return tl::unexpected("--hosts-file: " + text.error());
    auto hosts = HostsFile::read(*text);
    if (!hosts) return tl::unexpected("--hosts-file: " + path + ": " + hosts.error());
    lists.hosts_ = std::move(*hosts);
    return lists;
}

tl::expected<std::vector<std::string>, std::string> TargetLists::expand(std::string_view list)
{
    std::vector<std::string> names;
    for (const std::string& element : split_list(list)) {
        const std::string_view name = trimmed(element);
        if (name != "-" && !name.starts_with('@')) {
            names.emplace_back(name);
            continue;
        }
        auto more = reference(name == "-" ? name : name.substr(1));
        if (!more) return more;
        names.insert(names.end(), more->begin(), more->end());
    }
    return names;
}

tl::expected<std::vector<std::string>, std::string> TargetLists::reference(std::string_view name)
{
    if (hosts_.has(name)) return hosts_.names(name);
    if (name == "-") {
        if (has_read_input_) return tl::unexpected<std::string>("standard input can be read once");
        has_read_input_ = true;
    }
    auto text = read_text_file(std::string(name));
    if (!text) {
        return tl::unexpected(
            "@" + std::string(name) + " is no group of a hosts file, and " + text.error()
        );
    }
    auto names = names_of_lines(*text);
    if (names.empty())
        return tl::unexpected(
            "there is no name in " + std::string(name == "-" ? "standard input" : name)
        );
    return names;
}

} // namespace icm
