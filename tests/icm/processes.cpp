#include <tests/icm/processes.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace tests {

namespace {

constexpr std::size_t command_line_bytes_max = 65536;

} // namespace

std::vector<pid_t> processes_with(const std::string& text)
{
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (std::stoi(name) == ::getpid()) continue;
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        // read() and not an iterator, which throws where the process has gone meanwhile.
        std::string line(command_line_bytes_max, '\0');
        file.read(line.data(), static_cast<std::streamsize>(line.size()));
        line.resize(static_cast<std::size_t>(file.gcount()));
        std::replace(line.begin(), line.end(), '\0', ' ');
        if (line.find(text) != std::string::npos) found.push_back(std::stoi(name));
    }
    return found;
}

void wait_until_gone(const std::string& text)
{
    while (!processes_with(text).empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

std::size_t peak_memory_bytes(pid_t id)
{
    std::ifstream file("/proc/" + std::to_string(id) + "/status");
    std::string word;
    while (file >> word) {
        if (word != "VmHWM:") continue;
        std::size_t kibibytes = 0;
        file >> kibibytes;
        return kibibytes * 1024;
    }
    return 0;
}

std::size_t descriptor_count(pid_t id)
{
    std::error_code failed; // a process that is gone has none
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at("/proc/" + std::to_string(id) + "/fd", failed), end;
         !failed && at != end;
         at.increment(failed)) {
        ++count;
    }
    return count;
}

} // namespace tests
