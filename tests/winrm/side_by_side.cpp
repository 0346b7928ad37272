#include <tests/icm/program_run.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/winrm/side_by_side.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tests {

std::vector<std::string> side_by_side(int count, const std::function<std::string(int)>& work)
{
    const TemporaryFolder folder;
    std::cout.flush(); // or each child would print it again
    std::vector<pid_t> children;
    for (int i = 0; i < count; ++i) {
        const pid_t id = ::fork();
        if (id < 0) throw std::runtime_error("no process");
        if (id != 0) {
            children.push_back(id);
            continue;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::string result;
        try {
            result = work(i);
        } catch (const std::exception& error) {
            result = error.what();
        } catch (...) {
            result = "a requirement failed";
        }
        folder.write(std::to_string(i), result);
        std::cout.flush();
        ::_exit(0);
    }
    std::vector<std::string> results;
    for (int i = 0; i < count; ++i) {
        int status = 0;
        ::waitpid(children[static_cast<std::size_t>(i)], &status, 0);
        const bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        results.push_back(
            is_good ? read_whole_file(folder.path() / std::to_string(i))
                    : "ended with " + std::to_string(status)
        );
    }
    return results;
}

} // namespace tests
