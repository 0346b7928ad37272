#include <psrp/transport/errors.hpp>
#include <psrp/transport/socket_transport.hpp>
#include <psrp/transport/unix_socket.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/transport/loop_support.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace psrp;
using std::chrono::milliseconds;
using tests::with_guids;

namespace {

// Serves one client on a thread: says `text`, then hears it out.
class Speaker {
public:
    Speaker(Descriptor listener, std::string text)
        : thread_([listener = std::move(listener), text = std::move(text), this] {
              pollfd entry{listener.number(), POLLIN, 0};
              ::poll(&entry, 1, -1);
              const Descriptor client(::accept(listener.number(), nullptr, nullptr));
              (void)write_some(client.number(), text);
              ::shutdown(client.number(), SHUT_WR);
              char c = 0;
              while (::read(client.number(), &c, 1) == 1)
                  heard_ += c;
          })
    {
    }
    ~Speaker() { join(); }
    Speaker(const Speaker&) = delete;
    Speaker& operator=(const Speaker&) = delete;

    const std::string& heard()
    {
        join();
        return heard_;
    }

private:
    void join()
    {
        if (thread_.joinable()) thread_.join();
    }

    std::string heard_;
    std::thread thread_;
};

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

struct Place {
    tests::TemporaryFolder folder;
    std::string path = (folder.path() / "s").string();
};

} // namespace

TEST_CASE("a socket carries a session both ways")
{
    const Place place;
    auto listener = listen_on_unix_socket(place.path);
    REQUIRE(listener);
    Speaker server(std::move(*listener), with_guids("<CloseAck PSGuid='@Z' />\n"));
    auto transport =
        SocketTransport::start({.path = place.path, .owner = SocketOwner::CurrentUser});
    REQUIRE(transport);
    REQUIRE((*transport)->perform(CloseSession{}));
    CHECK(
        tests::run_to_end(**transport) ==
        std::vector<std::string>{"ChannelClosed zero", "ConnectionEnded"}
    );
    (*transport)->kill();
    CHECK((*transport)->is_finished());
    CHECK(server.heard() == with_guids("<Close PSGuid='@Z' />\n"));
}

TEST_CASE("a server that closes a socket early has ended, and is named")
{
    const Place place;
    auto listener = listen_on_unix_socket(place.path);
    REQUIRE(listener);
    Speaker server(std::move(*listener), with_guids("<DataAck PSGuid='@Z' />\n<Data Str"));
    auto transport = SocketTransport::start({.path = place.path});
    REQUIRE(transport);
    CHECK(
        tests::run_to_end(**transport) ==
        std::vector<std::string>{failed(TransportErrc::StreamEnded)}
    );
    CHECK((*transport)->failure_text().find(place.path) != std::string::npos);
}

TEST_CASE("actions wait until somebody listens")
{
    const Place place;
    auto transport =
        SocketTransport::start({.path = place.path, .retry_interval = milliseconds(1)});
    REQUIRE(transport);
    REQUIRE((*transport)->perform(CloseSession{}));
    CHECK_FALSE((*transport)->is_finished());
    CHECK((*transport)->pending_output_bytes() > 0);
    auto listener = listen_on_unix_socket(place.path);
    REQUIRE(listener);
    Speaker server(std::move(*listener), with_guids("<CloseAck PSGuid='@Z' />\n"));
    CHECK(tests::run_to_end(**transport).back() == "ConnectionEnded");
    (*transport)->kill();
    CHECK(server.heard() == with_guids("<Close PSGuid='@Z' />\n"));
}

TEST_CASE("a server that hangs up without a word is asked again, with all that was said")
{
    const Place place;
    auto first = listen_on_unix_socket(place.path);
    REQUIRE(first);
    auto transport =
        SocketTransport::start({.path = place.path, .retry_interval = milliseconds(1)});
    REQUIRE(transport);
    REQUIRE((*transport)->perform(Send{session_channel, Stream::Default, Bytes(3, 'x')}));
    std::thread closer([&] {
        pollfd entry{first->number(), POLLIN, 0};
        ::poll(&entry, 1, -1);
        {
            const Descriptor waiting(::accept(first->number(), nullptr, nullptr));
        }
        first->reset();
    });
    auto loop = EventLoop::create();
    REQUIRE(loop);
    loop->add(**transport);
    while (!(*transport)->deadline())
        REQUIRE(loop->run_once());
    closer.join();
    loop->remove(**transport);
    REQUIRE((*transport)->perform(CloseSession{}));
    auto second = listen_on_unix_socket(place.path);
    REQUIRE(second);
    Speaker server(std::move(*second), with_guids("<CloseAck PSGuid='@Z' />\n"));
    CHECK(tests::run_to_end(**transport).back() == "ConnectionEnded");
    (*transport)->kill();
    CHECK(
        server.heard() == with_guids("<Data Stream='Default' PSGuid='@Z'>eHh4</Data>\n"
                                     "<Close PSGuid='@Z' />\n")
    );
}

TEST_CASE("where nobody ever listens the time runs out")
{
    const Place place;
    auto transport = SocketTransport::start(
        {.path = place.path, .connect_wait = milliseconds(20), .retry_interval = milliseconds(5)}
    );
    REQUIRE(transport);
    CHECK(
        tests::run_to_end(**transport) ==
        std::vector<std::string>{failed(TransportErrc::SocketConnectTimedOut)}
    );
    CHECK((*transport)->is_finished());
    CHECK_FALSE((*transport)->perform(CloseSession{}));
}

TEST_CASE("without patience a missing, a stale and an impossible socket fail at once")
{
    const Place place;
    struct Row {
        std::string path;
        int number; // errno
    };
    REQUIRE(listen_on_unix_socket(place.path)); // and closed again: stale
    const Row rows[] = {
        {place.path, ECONNREFUSED},
        {place.path + "x", ENOENT},
        {place.folder.write("file", ""), ECONNREFUSED},
    };
    for (const Row& row : rows) {
        INFO(row.path);
        const auto transport =
            SocketTransport::start({.path = row.path, .connect_wait = milliseconds(0)});
        REQUIRE_FALSE(transport);
        CHECK(transport.error().code == std::error_code(row.number, std::system_category()));
    }
    const auto too_long = SocketTransport::start({.path = std::string(200, 'x')});
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error() == make_error_code(TransportErrc::SocketPathTooLong));
}

TEST_CASE("a connection that is given up while it tries leaves nothing to poll")
{
    const Place place;
    auto transport = SocketTransport::start({.path = place.path});
    REQUIRE(transport);
    (*transport)->kill();
    CHECK((*transport)->is_finished());
    CHECK_FALSE((*transport)->deadline());
}
