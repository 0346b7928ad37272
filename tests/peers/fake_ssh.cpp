// What the tests put first on PATH as `ssh`: plays the case of vectors/psrp-bad/client.jsonl that
// PSRP_TEST_CASE names, and writes what the client said into the file that PSRP_TEST_HEARD names.
#include <tests/peers/bad_server.hpp>
#include <tests/support/vector_file.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

void write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t count = write(descriptor, text.data(), text.size());
        if (count <= 0) return; // the client has gone
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void report(const tests::BadServer& server)
{
    const char* path = std::getenv("PSRP_TEST_HEARD");
    if (path == nullptr) return;
    std::ofstream file(path);
    for (const tests::Arrival& one : server.heard()) {
        nlohmann::json line{
            {"kind", one.kind},
            {"guid", tests::BadServer::name_of(one.channel)},
            {"summary", one.summary}};
        file << line.dump() << '\n';
    }
}

// Plays until the client is gone or the case exits.
int play(const nlohmann::json& fields)
{
    std::optional<int> exit_code;
    std::optional<Clock::time_point> asleep_until;
    tests::BadServer server(
        fields,
        {[](std::string_view text) { write_all(STDERR_FILENO, text); },
         [&](double seconds) {
             asleep_until =
                 Clock::now() + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
         },
         [&](int code) { exit_code = code; }}
    );
    server.go_on();
    std::array<char, 65536> buffer;
    while (!exit_code) {
        write_all(STDOUT_FILENO, server.take_output());
        int wait_ms = -1;
        if (asleep_until) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(*asleep_until - Clock::now());
            wait_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        }
        pollfd entry{STDIN_FILENO, POLLIN, 0};
        const int ready = poll(&entry, 1, wait_ms);
        if (ready == 0 && asleep_until) {
            asleep_until.reset();
            server.go_on();
        }
        if (ready <= 0) continue;
        const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count <= 0) break;
        server.hear({buffer.data(), static_cast<std::size_t>(count)});
    }
    write_all(STDOUT_FILENO, server.take_output());
    report(server);
    return exit_code.value_or(0);
}

} // namespace

int main()
{
    (void)std::signal(SIGPIPE, SIG_IGN);
    const char* name = std::getenv("PSRP_TEST_CASE");
    if (name == nullptr) return 2;
    for (const auto& one : tests::read_vector_file("psrp-bad/client.jsonl")) {
        if (one.name == name) return play(one.fields);
    }
    return 2;
}
