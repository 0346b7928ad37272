#include <tests/copy/trees.hpp>

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <vector>

namespace fs = std::filesystem;

namespace tests {

namespace {

void set_time(const fs::path& path, long seconds)
{
    const timespec times[2] = {{0, UTIME_OMIT}, {seconds, 123'456'700}};
    ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void write_file(const fs::path& path, const std::string& text, mode_t mode = 0644)
{
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    set_time(path, 1'000'000'000 + static_cast<long>(text.size()));
}

void tell(const fs::path& root, const fs::path& path, std::ostream& out)
{
    struct stat facts {};
    ::lstat(path.c_str(), &facts);
    out << (path == root ? "." : path.lexically_relative(root).string()) << " ";
    out << std::oct << (facts.st_mode & 07777U) << std::dec << " " << facts.st_mtim.tv_sec << "."
        << facts.st_mtim.tv_nsec;
    if (S_ISREG(facts.st_mode)) out << " " << std::hash<std::string>()(file_text(path));
    out << "\n";
    if (!S_ISDIR(facts.st_mode)) return;
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(path))
        inside.push_back(entry.path());
    std::sort(inside.begin(), inside.end());
    for (const fs::path& one : inside)
        tell(root, one, out);
}

} // namespace

std::string file_text(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_big_file(const fs::path& path, std::size_t byte_count)
{
    std::string text;
    text.reserve(byte_count + 32);
    for (std::size_t i = 0; text.size() < byte_count; ++i)
        text += std::to_string(i * 2654435761U) + "\n";
    text.resize(byte_count);
    write_file(path, text);
}

fs::path make_tree(const fs::path& where)
{
    const fs::path root = where / "tree";
    fs::create_directories(root / "deep/er/still");
    fs::create_directories(root / "empty folder");
    write_file(root / "plain.txt", "text\n");
    write_file(root / "empty", "");
    write_file(root / "two words", "blank");
    write_file(root / "new\nline", "two lines");
    write_file(root / "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "Unicode");
    write_file(root / "quote'\"$(x)`;|&", "shell");
    write_file(root / "-dash", "option");
    write_file(root / "back\\slash", "windows");
    write_file(root / std::string(250, 'l'), "long");
    write_file(root / "secret", "mode", 0600);
    write_file(root / "run.sh", "#!/bin/sh\n", 0755);
    write_file(root / "read only", "ro", 0444);
    write_file(root / "deep/er/still/waters", std::string("run\0deep\xFF\xFE", 10));
    write_big_file(root / "deep/big", 3'000'001);
    for (int i = 0; i < 300; ++i)
        write_file(root / "deep/er" / ("small" + std::to_string(i)), std::to_string(i));
    ::chmod((root / "deep").c_str(), 0750);
    for (const char* folder : {"deep/er/still", "deep/er", "deep", "empty folder", "."})
        set_time(root / folder, 1'234'567'890);
    return root;
}

std::string first_difference(const fs::path& one, const fs::path& other)
{
    std::istringstream left(tree_text(one));
    std::istringstream right(tree_text(other));
    std::string a;
    std::string b;
    while (true) {
        const bool has_a = static_cast<bool>(std::getline(left, a));
        const bool has_b = static_cast<bool>(std::getline(right, b));
        if (!has_a && !has_b) return {};
        if (has_a != has_b || a != b) return (has_a ? a : "-") + " | " + (has_b ? b : "-");
    }
}

std::string tree_text(const fs::path& root)
{
    std::ostringstream out;
    tell(root, root, out);
    return out.str();
}

} // namespace tests
