// Recorded data: files below vectors/, most of them JSON with one case a line.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// One line of a JSON lines file.
struct VectorCase {
    std::string file;
    std::size_t line;
    // The member "name" of the line, empty where there is none.
    std::string name;
    nlohmann::json fields;

    // "file:line name", for INFO() in front of the checks.
    [[nodiscard]] std::string where() const;

    // The string member `key`. Throws, and so fails the test, where it is absent or no string.
    [[nodiscard]] std::string text(std::string_view key) const;

    [[nodiscard]] bool has(std::string_view key) const;
};

// The absolute path of `relative_path`, which is given below vectors/.
std::filesystem::path vector_path(std::string_view relative_path);

// Every line of the file at `relative_path` below vectors/. Throws std::runtime_error with file and
// line where it cannot be opened or is no JSON; an empty file throws as well, so that no test
// passes on nothing.
std::vector<VectorCase> read_vector_file(std::string_view relative_path);

// The files of a folder below vectors/ whose names end in `suffix`, sorted; the paths are below
// vectors/ again. Throws std::runtime_error where there is none.
std::vector<std::string> list_vector_files(std::string_view folder, std::string_view suffix);

// The whole content of the file at `path`. Throws std::runtime_error where it cannot be read.
std::string read_whole_file(const std::filesystem::path& path);

} // namespace tests
