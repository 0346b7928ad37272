#include <psrp/transport/errors.hpp>
#include <psrp/transport/unix_socket.hpp>
#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace psrp;

namespace {

Descriptor accepted(int listener)
{
    pollfd entry{listener, POLLIN, 0};
    REQUIRE(::poll(&entry, 1, -1) == 1);
    return Descriptor(::accept(listener, nullptr, nullptr));
}

} // namespace

TEST_CASE("a listening socket is its user's alone and says who connects")
{
    const tests::TemporaryFolder folder;
    const std::string path = (folder.path() / "s").string();
    const mode_t before = ::umask(0);
    auto listener = listen_on_unix_socket(path);
    ::umask(before);
    REQUIRE(listener);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    auto client = connect_unix_socket(path);
    REQUIRE(client);
    const Descriptor served = accepted(listener->number());
    const auto peer = socket_peer(served.number());
    REQUIRE(peer);
    CHECK(peer->user_id == ::geteuid());
    CHECK(peer->process_id == ::getpid());
}

TEST_CASE("a socket left behind is replaced, one in use or another file is not")
{
    const tests::TemporaryFolder folder;
    const std::string path = (folder.path() / "s").string();
    auto first = listen_on_unix_socket(path);
    REQUIRE(first);
    const auto second = listen_on_unix_socket(path);
    REQUIRE_FALSE(second);
    CHECK(second.error() == make_error_code(TransportErrc::SocketInUse));
    first->reset();
    const auto stale = connect_unix_socket(path);
    REQUIRE_FALSE(stale);
    CHECK(stale.error().code.value() == ECONNREFUSED);
    CHECK(listen_on_unix_socket(path));

    const auto file = listen_on_unix_socket(folder.write("file", "precious"));
    REQUIRE_FALSE(file);
    CHECK(file.error().code.value() == EEXIST);
    CHECK(::access((folder.path() / "file").c_str(), F_OK) == 0);
}

TEST_CASE("paths that no socket can have are refused at 108 bytes")
{
    const tests::TemporaryFolder folder;
    const std::string longest(folder.path().string() + "/");
    const std::string good = longest + std::string(107 - longest.size(), 'x');
    CHECK(listen_on_unix_socket(good));
    for (const std::string& bad : {good + "x", std::string()}) {
        const auto listener = listen_on_unix_socket(bad);
        REQUIRE_FALSE(listener);
        CHECK(listener.error() == make_error_code(TransportErrc::SocketPathTooLong));
        CHECK_FALSE(connect_unix_socket(bad));
    }
}
