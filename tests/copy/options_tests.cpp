#include <psrp/tool/copy_options.hpp>

#include <catch2/catch.hpp>

using namespace psrp::tool;

TEST_CASE("what is on another computer has a name and a colon in front")
{
    struct Row {
        std::string_view text;
        bool is_remote;
        std::string_view target;
        std::string_view path;
    };
    const Row row = GENERATE(values<Row>({
        {"web1:/var/log", true, "web1", "/var/log"},
        {"me@web1:", true, "me@web1", ""},
        {":/tmp/x", true, "", "/tmp/x"},
        {"win1:C:\\Users\\me", true, "win1", "C:\\Users\\me"},
        {"[::1]:a:b", true, "[::1]", "a:b"},
        {"me@[fe80::1]:~/x", true, "me@[fe80::1]", "~/x"},
        {"web1:a/b:c", true, "web1", "a/b:c"},
        {"notes.txt", false, "", ""},
        {"./a:b", false, "", ""},
        {"/a:b", false, "", ""},
        {"[a]", false, "", ""},
        {"", false, "", ""},
    }));
    CAPTURE(row.text);
    const auto remote = read_remote_path(row.text);
    REQUIRE(remote.has_value() == row.is_remote);
    if (!remote) return;
    CHECK(remote->target == row.target);
    CHECK(remote->path == row.path);
}

TEST_CASE("a command line says what is copied from where to where")
{
    const auto up = read_copy_options({"-Port", "2222", "--resume", "a", "b", "me@web1:to"});
    REQUIRE(up);
    CHECK_FALSE(up->is_download);
    CHECK(up->sources == std::vector<std::string>{"a", "b"});
    CHECK(up->destination == "to");
    CHECK(up->resumes);
    CHECK_FALSE(up->follows_links);
    const auto& target = std::get<psrp::SshTarget>(up->connection.targets.at(0));
    CHECK(target.host == "web1");
    CHECK(target.user == "me");
    CHECK(target.port == 2222);

    const auto down = read_copy_options({"--socket", "/run/x", "--follow-links", ":a", ":b", "to"});
    REQUIRE(down);
    CHECK(down->is_download);
    CHECK(down->sources == std::vector<std::string>{"a", "b"});
    CHECK(down->destination == "to");
    CHECK(down->follows_links);
    CHECK(std::get<icm::SocketPlace>(down->connection.targets.at(0)).path == "/run/x");

    const auto dashes = read_copy_options({"--", "--resume", ":to"});
    REQUIRE(dashes);
    CHECK(dashes->sources == std::vector<std::string>{"--resume"});
    CHECK_FALSE(dashes->resumes);
}

TEST_CASE("wrong command lines are refused with a reason")
{
    struct Row {
        std::vector<std::string> arguments;
        std::string_view reason;
    };
    const Row rows[] = {
        {{}, "expected what to copy"},
        {{"a"}, "expected what to copy"},
        {{"a", "b"}, "either the sources or the destination"},
        {{"h:a", "h:b"}, "both sides are on other computers"},
        {{"h:a", "g:b", "to"}, "sources are on one computer"},
        {{"h:", "to"}, "a source has no path"},
        {{"h:a", "b", "to"}, "either the sources"},
        {{"-ArgumentList", "1", "a", "h:b"}, "-ArgumentList says nothing here"},
        {{"--socket", "/x", "a", "h:b"}, "one target"},
        {{"--nonsense", "a", "h:b"}, "unknown option --nonsense"},
    };
    for (const Row& row : rows) {
        const auto options = read_copy_options(row.arguments);
        CAPTURE(row.reason);
        REQUIRE_FALSE(options);
        CHECK(options.error().is_error);
        CHECK(options.error().text.find(row.reason) != std::string::npos);
        CHECK(options.error().text.starts_with("psrp copy: "));
    }
}

TEST_CASE("help is the copy's own")
{
    const auto options = read_copy_options({"--help"});
    REQUIRE_FALSE(options);
    CHECK_FALSE(options.error().is_error);
    CHECK(options.error().text == copy_help_text());
}
