// Programs of this project as a benchmark runs them: from start to end, with what they cost.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

// Where a program of this project lies.
std::string program_path(const char* name);

// A folder of its own below the system's temporary one, removed with all in it.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
    // Writes a file that nobody else can read and gives its path.
    std::string write(const std::string& name, const std::string& text) const;

private:
    std::string folder_;
};

// What a program took.
struct Usage {
    int exit_code = -1;
    double cpu_seconds = 0;
    long peak_kib = 0;
};

// Runs `arguments`, the program's path first, its output in a file.
Usage run(
    const std::vector<std::string>& arguments,
    const std::string& output_file,
    const std::string& input_file = "/dev/null"
);

// A program that serves, ended with the object. Its standard error is in `log_file`.
class Server {
public:
    Server(const std::vector<std::string>& arguments, std::string log_file);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Waits for a text in its log; false where it does not come.
    [[nodiscard]] bool says(const std::string& text) const;
    // Processor time so far.
    [[nodiscard]] double cpu_seconds() const;

private:
    std::string log_file_;
    pid_t id_ = 0;
};

std::string text_of(const std::string& path);
long lines_of(const std::string& path);

} // namespace bench
