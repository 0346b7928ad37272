#include <psrp/holder/held_client.hpp>
#include <psrp/holder/held_session.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

using namespace psrp;

namespace {

// A session that is not open.
struct Broken final : HeldSessionOwner {
    [[nodiscard]] HeldDescription description() const override
    {
        HeldDescription description;
        description.name = "web1";
        description.broken_reason = "gone";
        return description;
    }
    SharedTransport* shared_transport() override { return nullptr; }
    void on_end_wanted(HolderRequest request) override { wanted.push_back(request); }
    std::vector<HolderRequest> wanted;
};

// A client whose other end is a socket of the test's.
struct SomeClient {
    SomeClient()
    {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        ours = Descriptor(ends[0]);
        auto made = HeldClient::create({ends[1], ends[1], Descriptor(ends[1])}, owner);
        REQUIRE(made);
        client = std::move(*made);
        theirs = ends[1];
    }
    void say(std::string_view text)
    {
        REQUIRE(write_some(ours.number(), text));
        client->on_readable(theirs);
    }
    std::string heard() const
    {
        std::string text;
        (void)read_some(ours.number(), holder_line_bytes_max, text); // nothing is nothing
        return text;
    }

    Broken owner;
    Descriptor ours;
    int theirs = -1;
    std::unique_ptr<HeldClient> client;
};

} // namespace

TEST_CASE("a holder describes its session to who asks, in whatever pieces that comes")
{
    for (const auto request : {HolderRequest::Use, HolderRequest::Look}) {
        SomeClient some;
        for (const char c : write_holder_request(request)) {
            CHECK_FALSE(some.client->is_over());
            some.say(std::string(1, c));
        }
        const std::string heard = some.heard();
        CHECK(heard == write_held_description(some.owner.description()));
        CHECK(some.client->is_over());
    }
}

TEST_CASE("who wants the end of a session waits for it")
{
    SomeClient some;
    some.say(write_holder_request(HolderRequest::Disconnect));
    CHECK(some.owner.wanted == std::vector{HolderRequest::Disconnect});
    CHECK_FALSE(some.client->is_over());
    (void)some.heard();
    some.client->on_session_ended("gone");
    CHECK_FALSE(some.client->is_over());
    some.client->on_disconnected("left");
    CHECK(some.heard() == "left\n");
    CHECK(some.client->is_over());
}

TEST_CASE("other words than a request end the connection, and so does a line without an end")
{
    for (const std::string& text :
         {std::string("GET / HTTP/1.1\n"),
          std::string("psrp-holder-1 dance\n"),
          std::string(holder_line_bytes_max + 1, 'x')}) {
        SomeClient some;
        // As much as fits at once.
        for (std::string_view rest = text; !rest.empty() && !some.client->is_over();) {
            const std::size_t size = std::min<std::size_t>(rest.size(), 16384);
            some.say(rest.substr(0, size));
            rest.remove_prefix(size);
        }
        CHECK(some.client->is_over());
        CHECK(some.heard().empty());
    }
    SomeClient some;
    some.ours.reset();
    some.client->on_readable(some.theirs);
    CHECK(some.client->is_over());
}
