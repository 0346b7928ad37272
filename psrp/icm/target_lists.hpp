// Lists of targets: on the command line, in files, in groups of a hosts file, on standard input.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace icm {

// A hosts file: a name a line, `[group]` in front of those that belong together, `@group` for the
// names of another one. `#` and `;` begin comments.
class HostsFile {
public:
    // The error is a sentence that names the line.
    static tl::expected<HostsFile, std::string> read(std::string_view text);

    // Whether there is a group of that name; `all` is every name in the file, in its order.
    [[nodiscard]] bool has(std::string_view group) const;
    // The names of a group, in their order, twice where they stand there twice.
    [[nodiscard]] std::vector<std::string> names(std::string_view group) const;

private:
    using Group = std::pair<std::string, std::vector<std::string>>; // name, lines

    [[nodiscard]] const Group* find(std::string_view name) const;
    [[nodiscard]] tl::expected<void, std::string> check() const;
    void append(std::string_view name, std::vector<std::string>& names) const;

    std::vector<Group> groups_; // the first one has no name
};

// The names in a text, one a line; empty lines and comments are left out.
std::vector<std::string> names_of_lines(std::string_view text);

// Replaces what stands for other names by these: `@group`, `@file`, and `-` or `@-` for the lines
// of standard input.
class TargetLists {
public:
    // `path` is that of a hosts file, or empty.
    static tl::expected<TargetLists, std::string> create(const std::string& path);

    // The names of one list, commas between them. The error is a sentence.
    tl::expected<std::vector<std::string>, std::string> expand(std::string_view list);
    // Whether standard input has been read for it.
    [[nodiscard]] bool has_read_input() const { return has_read_input_; }

private:
    tl::expected<std::vector<std::string>, std::string> reference(std::string_view name);

    HostsFile hosts_;
    bool has_read_input_ = false;
};

// The whole of a file; `-` is the standard input. The error is a sentence.
tl::expected<std::string, std::string> read_text_file(const std::string& path);

} // namespace icm
