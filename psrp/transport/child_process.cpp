#include <psrp/transport/child_process.hpp>
#include <psrp/transport/errors.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace psrp {
namespace {

tl::unexpected<clixml::Error> failed(const char* detail)
{
    return tl::unexpected<clixml::Error>(system_error(errno, detail));
}

bool is_executable_file(const std::string& path)
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

// The environment of the child: ours, with the additions in place of entries of the same name.
std::vector<std::string>
child_environment(const std::vector<std::pair<std::string, std::string>>& additions)
{
    std::vector<std::string> entries;
    const auto is_replaced = [&](std::string_view entry) {
        for (const auto& [name, value] : additions) {
            if (entry.substr(0, entry.find('=')) == name) return true;
        }
        return false;
    };
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        if (!is_replaced(*entry)) entries.emplace_back(*entry);
    }
    for (const auto& [name, value] : additions)
        entries.push_back(name + '=' + value);
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Everything the child needs, made before fork(): afterwards only async-signal-safe calls are
// allowed.
struct ChildPlan {
    const char* path;
    char** arguments;
    char** environment;
    const char* directory; // nullptr = here
    int input;
    int output;
    int error_output; // -1 = inherited
    int report;       // gets the errno value of what failed
    InterruptShield interrupt_shield;
    pid_t parent; // to die with; 0 = not
};

void reset_signals(InterruptShield shield)
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    // Ignored signals and the mask would be inherited: a parent that ignores SIGPIPE must not break
    // its children.
    sigaction(SIGPIPE, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    if (shield == InterruptShield::IgnoredSignals) action.sa_handler = SIG_IGN;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGQUIT, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const ChildPlan& plan)
{
    if (plan.interrupt_shield == InterruptShield::OwnGroup) setpgid(0, 0);
    reset_signals(plan.interrupt_shield);
#ifdef __linux__
    if (plan.parent != 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != plan.parent) _exit(127); // gone before the system knew of the wish
    }
#endif
    const bool ready = dup2(plan.input, STDIN_FILENO) >= 0 &&
                       dup2(plan.output, STDOUT_FILENO) >= 0 &&
                       (plan.error_output < 0 || dup2(plan.error_output, STDERR_FILENO) >= 0) &&
                       (plan.directory == nullptr || chdir(plan.directory) == 0);
    if (ready) execve(plan.path, plan.arguments, plan.environment);
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(plan.report, &error, sizeof error);
    _exit(127);
}

// 0 once the child has become its program, otherwise the errno value it reported.
int read_report(int descriptor)
{
    int error = 0;
    ssize_t count = 0;
    do {
        count = ::read(descriptor, &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    return count == static_cast<ssize_t>(sizeof error) ? error : 0;
}

ExitStatus exit_status(int status)
{
    if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), WTERMSIG(status)};
    return {WEXITSTATUS(status), 0};
}

} // namespace

std::optional<std::string> find_program(std::string_view program)
{
    if (program.empty()) return std::nullopt;
    if (program.find('/') != std::string_view::npos) return std::string(program);
    const char* variable = std::getenv("PATH");
    std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        if (!folder.starts_with('/')) continue;
        std::string path = std::string(folder) + '/' + std::string(program);
        if (is_executable_file(path)) return path;
    }
    return std::nullopt;
}

#ifdef F_SETPIPE_SZ
constexpr int pipe_bytes = 256 * 1024;
#endif

Result<ChildProcess> ChildProcess::start(const ChildProgram& program)
{
    const auto path =
        find_program(program.arguments.empty() ? std::string_view() : program.arguments.front());
    if (!path) {
        return clixml::failure(
            TransportErrc::ProgramNotFound, clixml::no_offset, "expected a program on PATH"
        );
    }
    PSRP_TRY(Pipe input, make_pipe());
    PSRP_TRY(Pipe output, make_pipe());
    PSRP_TRY(Pipe report, make_pipe());
    Pipe error_output;
    Descriptor nowhere;
    if (program.error_stream == ErrorStream::Capture) {
        PSRP_TRY(error_output, make_pipe());
        PSRP_CHECK(set_nonblocking(error_output.reader.number()));
    } else if (program.error_stream == ErrorStream::Discard) {
        nowhere = Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        if (!nowhere.is_open()) return failed("could not open the null device");
    }
    PSRP_CHECK(set_nonblocking(input.writer.number()));
    PSRP_CHECK(set_nonblocking(output.reader.number()));
#ifdef F_SETPIPE_SZ
    // Both sides take fewer turns; a system that gives no more is as good.
    for (const int end : {input.writer.number(), output.reader.number()})
        (void)fcntl(end, F_SETPIPE_SZ, pipe_bytes);
#endif

    std::vector<std::string> arguments = program.arguments;
    std::vector<std::string> environment = child_environment(program.environment);
    const std::vector<char*> argument_pointers = pointers_to(arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    const ChildPlan plan{
        .path = path->c_str(),
        .arguments = const_cast<char**>(argument_pointers.data()),
        .environment = const_cast<char**>(environment_pointers.data()),
        .directory = program.directory.empty() ? nullptr : program.directory.c_str(),
        .input = input.reader.number(),
        .output = output.writer.number(),
        .error_output = nowhere.is_open() ? nowhere.number() : error_output.writer.number(),
        .report = report.writer.number(),
        .interrupt_shield = program.interrupt_shield,
        .parent = program.parent_loss == ParentLoss::Terminate ? ::getpid() : 0,
    };
    ChildProcess child;
    child.id_ = ::fork();
    if (child.id_ == 0) become(plan);
    if (child.id_ < 0) {
        child.id_ = 0;
        return failed("could not start a process");
    }
    report.writer.reset();
    if (const int error = read_report(report.reader.number())) {
        child.kill_and_reap();
        return tl::unexpected<clixml::Error>(system_error(error, "could not start the program"));
    }
    // Only now: before exec the child may not have left our group yet.
    child.has_group_ = program.interrupt_shield == InterruptShield::OwnGroup;
    child.input_ = std::move(input.writer);
    child.output_ = std::move(output.reader);
    child.error_output_ = std::move(error_output.reader);
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : input_(std::move(other.input_)), output_(std::move(other.output_)),
      error_output_(std::move(other.error_output_)), id_(std::exchange(other.id_, 0)),
      has_group_(other.has_group_), status_(other.status_)
{
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept
{
    if (this != &other) {
        kill_and_reap();
        input_ = std::move(other.input_);
        output_ = std::move(other.output_);
        error_output_ = std::move(other.error_output_);
        id_ = std::exchange(other.id_, 0);
        has_group_ = other.has_group_;
        status_ = other.status_;
    }
    return *this;
}

std::optional<ExitStatus> ChildProcess::poll_exit()
{
    if (id_ <= 0) return status_;
    int status = 0;
    const pid_t ended = ::waitpid(id_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
    // What the child started in its group goes with it; the group's number stays taken until the
    // child is reaped, so this is done by the caller of kill() where it matters and never after
    // reaping.
    id_ = 0;
    status_ = ended < 0 ? ExitStatus{-1, 0} : exit_status(status);
    return status_;
}

void ChildProcess::send_signal(int number) const
{
    if (id_ <= 0) return;
    ::kill(has_group_ ? -id_ : id_, number);
}

void ChildProcess::terminate()
{
    send_signal(SIGTERM);
}

void ChildProcess::kill()
{
    send_signal(SIGKILL);
}

void ChildProcess::kill_and_reap()
{
    if (id_ <= 0) return;
    kill();
    int status = 0;
    pid_t ended = 0;
    do {
        ended = ::waitpid(id_, &status, 0);
    } while (ended < 0 && errno == EINTR);
    id_ = 0;
    status_ = ended < 0 ? ExitStatus{-1, 0} : exit_status(status);
}

} // namespace psrp
