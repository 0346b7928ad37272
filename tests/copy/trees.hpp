// Trees of files for the tests of copies: made, and told as text to be compared.
#pragma once

#include <filesystem>
#include <string>

namespace tests {

// A tree with what is hard about names, sizes, modes and times. Gives its folder, `tree` below
// `where`.
std::filesystem::path make_tree(const std::filesystem::path& where);

// Every file and folder below `root`, itself among them as ".", one a line: kind, mode, time,
// content. Partial files of a copy are told as well.
std::string tree_text(const std::filesystem::path& root);

// The first line in which two trees differ; empty where they are the same.
std::string first_difference(const std::filesystem::path& one, const std::filesystem::path& other);

// A file of so many bytes that are not the same everywhere.
void write_big_file(const std::filesystem::path& path, std::size_t byte_count);

// The bytes of a file; empty where there is none.
std::string file_text(const std::filesystem::path& path);

} // namespace tests
