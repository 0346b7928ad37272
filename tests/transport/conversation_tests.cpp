// Conversations recorded from a real PowerShell on both ends: the lines are read, their fragments
// joined, and what comes out is what was recorded as messages.
#include <fragmenter/reassembler.hpp>
#include <psrp/transport/line_reader.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

using namespace psrp;

namespace {

struct Joined {
    std::string direction;
    std::string stream;
    std::string channel;
    std::uint64_t object_id;
    std::uint64_t fragment_count;
    Bytes bytes;
};

struct Conversation {
    std::vector<Joined> messages;
    std::size_t data_lines = 0;
    std::size_t rewritten_lines = 0;
};

void join(Conversation& out, const std::string& path)
{
    using Key = std::tuple<char, Guid, Stream>;
    std::map<Key, fragmenter::Reassembler> reassemblers;
    std::istringstream lines(tests::read_whole_file(tests::vector_path(path)));
    for (std::string line; std::getline(lines, line);) {
        const char direction = line.at(0);
        if (direction == 'A') continue;
        const std::string_view text = std::string_view(line).substr(2);
        if (read_error_line(text)) continue;
        ElementReader reader(
            text, direction == 'C' ? ElementSender::Client : ElementSender::Server
        );
        while (true) {
            auto element = reader.next();
            INFO(line.substr(0, 120));
            REQUIRE(element);
            if (!*element) break;
            std::string rewritten;
            append_element(**element, rewritten);
            REQUIRE(rewritten == std::string(text) + "\n");
            ++out.rewritten_lines;
            if ((*element)->kind != ElementKind::Data) continue;
            ++out.data_lines;
            auto& reassembler = reassemblers[{direction, (*element)->channel, (*element)->stream}];
            REQUIRE(reassembler.receive(std::move((*element)->bytes)));
            while (true) {
                const auto object = reassembler.next();
                REQUIRE(object);
                if (!*object) break;
                out.messages.push_back(
                    {std::string(1, direction),
                     (*element)->stream == Stream::Default ? "Default" : "PromptResponse",
                     (*element)->channel.text(),
                     (*object)->object_id,
                     (*object)->fragment_count,
                     Bytes((*object)->bytes.begin(), (*object)->bytes.end())}
                );
            }
        }
    }
    for (const auto& [key, reassembler] : reassemblers)
        CHECK(reassembler.buffered_bytes() == 0);
}

// The recorded messages leave out the byte order mark.
std::string_view payload(const Bytes& message)
{
    std::string_view text = clixml::text_of(message).substr(40);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return text;
}

} // namespace

TEST_CASE("recorded conversations give the recorded messages, and their lines write back the same")
{
    std::size_t message_count = 0;
    std::size_t line_count = 0;
    for (const std::string& path : tests::list_vector_files("psrp", ".log")) {
        INFO(path);
        Conversation conversation;
        join(conversation, path);
        const std::string stem = path.substr(0, path.size() - 4);
        const auto recorded = tests::read_vector_file(stem + ".messages.jsonl");
        REQUIRE(conversation.messages.size() == recorded.size());
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            INFO(recorded[i].where());
            const Joined& joined = conversation.messages[i];
            CHECK(joined.direction == recorded[i].text("dir"));
            CHECK(joined.stream == recorded[i].text("stream"));
            CHECK(joined.channel == recorded[i].text("guid"));
            CHECK(joined.object_id == recorded[i].fields.at("object").get<std::uint64_t>());
            CHECK(joined.fragment_count == recorded[i].fields.at("fragments").get<std::uint64_t>());
            REQUIRE(joined.bytes.size() >= 40);
            CHECK(
                clixml::load_le<std::uint32_t>(joined.bytes.data()) ==
                recorded[i].fields.at("to").get<std::uint32_t>()
            );
            char type[16];
            std::snprintf(
                type, sizeof type, "0x%08x", clixml::load_le<std::uint32_t>(joined.bytes.data() + 4)
            );
            CHECK(type == recorded[i].text("type"));
            CHECK(Guid::from_net_bytes(joined.bytes.data() + 8).text() == recorded[i].text("rpid"));
            CHECK(Guid::from_net_bytes(joined.bytes.data() + 24).text() == recorded[i].text("pid"));
            CHECK((payload(joined.bytes) == recorded[i].text("data")));
        }
        message_count += recorded.size();
        line_count += conversation.rewritten_lines;
    }
    CHECK(message_count > 500);
    CHECK(line_count > 500);
}
