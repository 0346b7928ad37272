// Who may log in with a password, and that nobody else waits while it is judged.
#include <psrp/http/user_store.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/scripted_server.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unistd.h>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::text_of;

namespace {

const std::string password(tests::realm_password);

// A PAM service of the test's own: alice and carol have the password, carol's account is closed.
std::string pam_folder(const tests::TemporaryFolder& folder)
{
    const std::string knows = folder.write(
        "knows",
        "#!/bin/sh\n"
        "given=$(tr -d '\\000')\n"
        "case $PAM_USER in alice|carol) [ \"$given\" = '" +
            password + "' ] ;; *) false ;; esac\n"
    );
    const std::string may = folder.write("may", "#!/bin/sh\n[ \"$PAM_USER\" != carol ]\n");
    for (const std::string& script : {knows, may})
        std::filesystem::permissions(script, std::filesystem::perms(0700));
    folder.write(
        "psrp-test",
        "auth required pam_exec.so quiet expose_authtok " + knows +
            "\n"
            "account required pam_exec.so quiet " +
            may + "\n"
    );
    return folder.path().string();
}

// Takes nobody until it is told to.
class SlowUsers final : public psrp::UserStore {
public:
    struct Gate {
        std::mutex mutex;
        std::condition_variable changed;
        bool is_open = false;
        bool is_reached = false;
    };
    explicit SlowUsers(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

    [[nodiscard]] bool accepts(const std::string& user, const std::string&) override
    {
        if (user != "slow") return true;
        std::unique_lock<std::mutex> lock(gate_->mutex);
        gate_->is_reached = true;
        return gate_->changed.wait_for(lock, std::chrono::minutes(2), [this] {
            return gate_->is_open;
        });
    }

private:
    std::shared_ptr<Gate> gate_;
};

} // namespace

TEST_CASE("PAM judges users, passwords and accounts by the service's file")
{
    const tests::TemporaryFolder folder;
    psrp::PamUsers users("psrp-test", pam_folder(folder));
    CHECK(users.accepts("alice", password));
    CHECK_FALSE(users.accepts("alice", "wrong"));
    CHECK_FALSE(users.accepts("alice", ""));
    CHECK_FALSE(users.accepts("bob", password));
    CHECK_FALSE(users.accepts("carol", password)); // the account says no
    psrp::PamUsers unknown("no-such-service", folder.path().string());
    CHECK_FALSE(unknown.accepts("alice", password));

    psrp::HttpServerOptions options;
    options.users = std::make_unique<psrp::PamUsers>("psrp-test", folder.path().string());
    options.basic_in_clear = psrp::Permission::Yes;
    tests::EchoServer server(std::move(options));
    auto client = tests::client_of(server, AuthenticationScheme::Basic, tests::alice());
    client.allows_basic_in_clear = true;
    psrp::HttpChannel channel(client);
    CHECK(server.post(channel, "hello") == "echo hello");
    client.identity = tests::identity("carol", password);
    psrp::HttpChannel closed(client);
    CHECK(server.post(closed, "hello") == text_of(HttpErrc::LoginRefused));
    CHECK(server.users == std::vector<std::string>{"alice"});
}

TEST_CASE("a file of users is read line by line, and what is none is named")
{
    const tests::TemporaryFolder folder;
    const std::string hash = "$6$salt$" + std::string(86, 'a');
    struct Row {
        std::string text;
        const char* expected; // in the failure; empty: it is one
    };
    for (const Row& row : {
             Row{"", ""},
             Row{"# nobody\n\n", ""},
             Row{"alice:" + hash + "\n", ""},
             Row{"alice:" + hash, ""},
             Row{"alice:$5$salt$" + std::string(43, 'a'), ""},
             Row{"alice:$1$salt$" + std::string(22, 'a'), "line 1"}, // MD5
             Row{"alice\n", "line 1"},
             Row{"\n:" + hash + "\n", "line 2"},
             Row{"alice:\n", "line 1"},
             Row{"alice:plain\n", "line 1"},
         }) {
        INFO(row.text);
        const auto read = psrp::UserFile::read(folder.write("users", row.text));
        CHECK(read.has_value() == (std::string_view(row.expected).empty()));
        if (!read) {
            CHECK(read.error().error == HttpErrc::ServerFileUnusable);
            CHECK(read.error().text.find(row.expected) != std::string::npos);
            CHECK(read.error().text.find("plain") == std::string::npos);
        }
    }
    CHECK_FALSE(psrp::UserFile::read((folder.path() / "missing").string()));
    const std::string open = folder.write("open", "alice:" + hash + "\n");
    std::filesystem::permissions(open, std::filesystem::perms(0666));
    CHECK_FALSE(psrp::UserFile::read(open));
}

TEST_CASE("a login that takes its time holds nobody else up")
{
    auto gate = std::make_shared<SlowUsers::Gate>();
    psrp::HttpServerOptions options;
    options.users = std::make_unique<SlowUsers>(gate);
    options.basic_in_clear = psrp::Permission::Yes;
    tests::EchoServer server(std::move(options));
    const auto channel_of = [&](const std::string& user) {
        auto client =
            tests::client_of(server, AuthenticationScheme::Basic, tests::identity(user, "any"));
        client.allows_basic_in_clear = true;
        return std::make_unique<psrp::HttpChannel>(std::move(client));
    };
    const auto slow = channel_of("slow");
    server.begin(*slow, "first");
    server.until([&] {
        const std::lock_guard<std::mutex> lock(gate->mutex);
        return gate->is_reached;
    });
    CHECK(server.server().waiting_count() == 1);
    const auto quick = channel_of("quick");
    CHECK(server.post(*quick, "second") == "echo second");
    {
        const std::lock_guard<std::mutex> lock(gate->mutex);
        gate->is_open = true;
    }
    gate->changed.notify_all();
    CHECK(server.finish(*slow) == "echo first");
    CHECK(server.users == std::vector<std::string>{"quick", "slow"});
}

TEST_CASE("a server that ends does not wait for those whose login is being judged")
{
    auto gate = std::make_shared<SlowUsers::Gate>();
    psrp::HttpServerOptions options;
    options.users = std::make_unique<SlowUsers>(gate);
    options.basic_in_clear = psrp::Permission::Yes;
    std::vector<std::unique_ptr<psrp::HttpChannel>> channels;
    {
        tests::EchoServer server(std::move(options));
        for (int i = 0; i < 20; ++i) {
            auto client = tests::client_of(
                server, AuthenticationScheme::Basic, tests::identity("slow", "any")
            );
            client.allows_basic_in_clear = true;
            channels.push_back(std::make_unique<psrp::HttpChannel>(std::move(client)));
            server.begin(*channels.back(), "hello");
        }
        const std::size_t all = channels.size();
        server.until([&] { return server.server().waiting_count() == all; });
        for (auto& channel : channels)
            server.loop().remove(*channel);
        // Those under way end, the others are not begun.
        const std::lock_guard<std::mutex> lock(gate->mutex);
        gate->is_open = true;
        gate->changed.notify_all();
    }
    for (auto& channel : channels)
        CHECK(channel->is_busy());
}

TEST_CASE("a request that comes while the server ends is refused")
{
    const tests::TemporaryFolder folder;
    auto users = tests::with_users(folder);
    users.basic_in_clear = psrp::Permission::Yes;
    auto server = std::make_unique<tests::EchoServer>(std::move(users));
    const psrp::Descriptor late = tests::connect_to_localhost(server->port());
    REQUIRE(late.is_open());
    // The server takes the connection meanwhile.
    auto options = tests::client_of(*server, AuthenticationScheme::Basic, tests::alice());
    options.allows_basic_in_clear = true;
    {
        psrp::HttpChannel other(std::move(options));
        CHECK(server->post(other, "hello") == "echo hello");
    }
    const std::string request = "POST /wsman HTTP/1.1\r\nHost: localhost\r\n"
                                "Authorization: Basic YWxpY2U6YW55\r\n"
                                "Content-Length: 5\r\n\r\nhello";
    REQUIRE(::write(late.number(), request.data(), request.size()) > 0);
    server.reset();
    std::string answer(4096, '\0');
    const auto size = ::read(late.number(), answer.data(), answer.size());
    REQUIRE(size > 0);
    answer.resize(static_cast<std::size_t>(size));
    CHECK(answer.starts_with("HTTP/1.1 503 "));
}
