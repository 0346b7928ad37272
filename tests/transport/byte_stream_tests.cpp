#include <psrp/transport/byte_stream.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <csignal>
#include <string>

using namespace psrp;

namespace {

Pipe nonblocking_pipe()
{
    auto pipe = make_pipe();
    REQUIRE(pipe);
    REQUIRE(set_nonblocking(pipe->reader.number()));
    REQUIRE(set_nonblocking(pipe->writer.number()));
    return std::move(*pipe);
}

} // namespace

TEST_CASE("reading tells bytes from nothing yet and from the end")
{
    Pipe pipe = nonblocking_pipe();
    std::string text = "kept ";
    CHECK(read_some(pipe.reader.number(), 10, text) == ReadOutcome::NothingYet);
    CHECK(write_some(pipe.writer.number(), "abc") == std::size_t{3});
    CHECK(read_some(pipe.reader.number(), 2, text) == ReadOutcome::Some);
    CHECK(text == "kept ab");
    pipe.writer.reset();
    CHECK(read_some(pipe.reader.number(), 10, text) == ReadOutcome::Some);
    CHECK(read_some(pipe.reader.number(), 10, text) == ReadOutcome::End);
    CHECK(text == "kept abc");
    const auto failed = read_some(-1, 10, text);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code.value() == EBADF);
}

TEST_CASE("writing to a reader that has gone is an error and no signal")
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    struct sigaction before {};
    REQUIRE(sigaction(SIGPIPE, &action, &before) == 0);
    Pipe pipe = nonblocking_pipe();
    pipe.reader.reset();
    const auto failed = write_some(pipe.writer.number(), "abc");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code.value() == EPIPE);
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
    sigset_t mask;
    sigemptyset(&mask);
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGPIPE) == 0);
    sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("an output buffer writes what fits and keeps the rest in order")
{
    Pipe pipe = nonblocking_pipe();
    OutputBuffer buffer;
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        const std::string part(10000, static_cast<char>('a' + i % 26));
        expected += part;
        buffer.append(part);
    }
    std::string read;
    while (!buffer.is_empty()) {
        REQUIRE(buffer.flush_to(pipe.writer.number()));
        CHECK(buffer.pending_bytes() < 400000);
        while (read_some(pipe.reader.number(), 65536, read) == ReadOutcome::Some) {
        }
    }
    CHECK((read == expected));
    buffer.append("x");
    buffer.clear();
    CHECK(buffer.is_empty());
}

TEST_CASE("a descriptor closes what it owns and nothing else")
{
    Pipe pipe = nonblocking_pipe();
    const int number = pipe.writer.number();
    Descriptor moved = std::move(pipe.writer);
    CHECK_FALSE(pipe.writer.is_open());
    CHECK(moved.number() == number);
    moved = Descriptor();
    std::string text;
    CHECK(read_some(pipe.reader.number(), 1, text) == ReadOutcome::End);
    const int kept = pipe.reader.release();
    CHECK_FALSE(pipe.reader.is_open());
    Descriptor(kept).reset();
}
