#include <psrp/holder/held_session.hpp>
#include <psrp/holder/holder_words.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;

TEST_CASE("what is asked of a holder is read as it was written")
{
    for (const auto request :
         {HolderRequest::Use,
          HolderRequest::Look,
          HolderRequest::Close,
          HolderRequest::Disconnect}) {
        std::string line = write_holder_request(request);
        REQUIRE(line.ends_with('\n'));
        line.pop_back();
        CHECK(read_holder_request(line) == request);
        for (std::size_t size = 0; size < line.size(); ++size)
            CHECK_FALSE(read_holder_request(line.substr(0, size)));
        CHECK_FALSE(read_holder_request(line + " "));
    }
}

TEST_CASE("a description is read as it was written, whatever is in its texts")
{
    for (const std::string text :
         {"", "web1", "a\tb", "two\nlines", "back\\slash", "\\n", "\t\n\\", "end\\"}) {
        HeldDescription description;
        description.name = text;
        description.computer_name = text + "c";
        description.runspace_pool_id = *clixml::Guid::read("aabbccdd-0011-2233-4455-66778899aabb");
        description.transport = "SSH";
        description.configuration = text;
        description.broken_reason = text;
        description.pipeline_count = 3;
        std::string line = write_held_description(description);
        REQUIRE(line.find('\n') == line.size() - 1);
        line.pop_back();
        const auto read = read_held_description(line);
        REQUIRE(read);
        CHECK(read->name == description.name);
        CHECK(read->computer_name == description.computer_name);
        CHECK(read->runspace_pool_id == description.runspace_pool_id);
        CHECK(read->transport == "SSH");
        CHECK(read->configuration == text);
        CHECK(read->broken_reason == text);
        CHECK(read->is_open() == text.empty());
        CHECK(read->pipeline_count == 3);
        for (std::size_t size = 0; size < line.size(); ++size)
            CHECK_FALSE(read_held_description(line.substr(0, size)));
        CHECK_FALSE(read_held_description(line + "x"));
        CHECK_FALSE(read_held_description(line + "x\t"));
    }
}

TEST_CASE("a description in any form but that of its writer is none")
{
    const auto line = [](std::string_view name, std::string_view id, std::string_view count) {
        return "psrp-holder-1 " + std::string(name) + "\tc\t" + std::string(id) + "\tSSH\t\t\t" +
               std::string(count) + "\t";
    };
    constexpr std::string_view id = "aabbccdd-0011-2233-4455-66778899aabb";
    const std::vector<std::pair<std::string, bool>> rows = {
        {line("a", id, "7"), true},
        {line("a", id, "007"), false},
        {line("a", id, "-1"), false},
        {line("a", id, "99999999999999999999"), false},
        {line("a", id, ""), false},
        {line("a", "AABBCCDD-0011-2233-4455-66778899AABB", "7"), false},
        {line("a", "{aabbccdd-0011-2233-4455-66778899aabb}", "7"), false},
        {line("a\nb", id, "7"), false},
        {line("a\\nb", id, "7"), true},
        {line("a\\xb", id, "7"), false},
    };
    for (const auto& [text, is_one] : rows) {
        INFO(text);
        CHECK(read_held_description(text).has_value() == is_one);
    }
}

TEST_CASE("names of sessions are names of files and nothing else")
{
    const std::vector<std::pair<std::string, bool>> rows = {
        {"web1", true},
        {"a", true},
        {"web-1.example_x", true},
        {std::string(64, 'a'), true},
        {std::string(65, 'a'), false},
        {"", false},
        {".", false},
        {"..", false},
        {".a", false},
        {"-a", false},
        {"a/b", false},
        {"a b", false},
        {std::string("a\0b", 3), false},
        {"\xC3\xA4", false},
    };
    for (const auto& [name, is_name] : rows) {
        INFO(name);
        CHECK(is_session_name(name) == is_name);
    }
}
