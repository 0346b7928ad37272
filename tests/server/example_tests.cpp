#include <tests/server/test_client.hpp>

#include <catch2/catch.hpp>

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using psrp::PipelineState;

namespace {

// The example program on a socket pair; it ends with its input.
class Example {
public:
    Example()
    {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        client_ = ends[0];
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string path = PSRP_PROGRAM_DIR "/psrp_example";
        char* arguments[] = {path.data(), nullptr};
        REQUIRE(posix_spawn(&child_, path.c_str(), &actions, nullptr, arguments, environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
    }
    ~Example()
    {
        close(client_);
        waitpid(child_, nullptr, 0);
    }
    Example(const Example&) = delete;
    Example& operator=(const Example&) = delete;
    [[nodiscard]] int descriptor() const { return client_; }

private:
    int client_ = -1;
    pid_t child_ = 0;
};

} // namespace

TEST_CASE("the example program serves its two functions")
{
    const Example example;
    tests::PoolClient client(example.descriptor());
    REQUIRE(client.open());
    const auto squares = client.run("1..3 | Get-Square; Get-Square -Number 12; 'x' | Get-Square");
    CHECK(squares.state == PipelineState::Completed);
    CHECK(
        squares.output ==
        std::vector<std::string>{"<I64>1</I64>", "<I64>4</I64>", "<I64>9</I64>", "<I64>144</I64>"}
    );
    CHECK(squares.errors == std::vector<std::string>{"NoInteger"});
    CHECK(
        client.run("Invoke-Countdown 2").output ==
        std::vector<std::string>{"<I32>2</I32>", "<I32>1</I32>"}
    );
    // Hours of it, but for the stop.
    const psrp::Guid endless = client.start("Invoke-Countdown 1000000");
    REQUIRE(client.wait([&] { return !client.run_of(endless).output.empty(); }));
    REQUIRE(client.pool().stop(endless));
    REQUIRE(client.wait([&] { return client.run_of(endless).state.has_value(); }));
    CHECK(client.run_of(endless).state == PipelineState::Stopped);
    CHECK(client.close());
}
