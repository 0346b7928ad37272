// What a real PowerShell client sent, played to the endpoint: where the script subset has the
// script, the output must be what the real server sent.
#include <tests/server/test_client.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <sstream>

namespace {

constexpr std::uint32_t pipeline_output_type = 0x00041004;

// The lines of the client in vectors/psrp/<name>.log.
std::vector<std::string> client_lines(const std::string& name)
{
    std::istringstream log(tests::read_whole_file(tests::vector_path("psrp/" + name + ".log")));
    std::vector<std::string> lines;
    for (std::string line; std::getline(log, line);) {
        if (line.substr(0, 2) == "C ") lines.push_back(line.substr(2) + "\n");
    }
    return lines;
}

std::vector<std::string> recorded_output(const std::string& name)
{
    std::vector<std::string> output;
    for (const auto& one : tests::read_vector_file("psrp/" + name + ".messages.jsonl")) {
        if (one.text("dir") == "S" && one.text("type") == "0x00041004")
            output.push_back(one.text("data"));
    }
    return output;
}

psrp::Guid guid_in(const std::string& line)
{
    const std::size_t at = line.find("PSGuid='");
    return psrp::Guid::read(line.substr(at + 8, 36)).value_or(psrp::Guid{});
}

} // namespace

TEST_CASE("recorded clients get the output that PowerShell gave them")
{
    for (const char* name :
         {"hello",
          "arguments",
          "using",
          "input",
          "session-state",
          "large-output",
          "large-input",
          "no-new-scope",
          "many-objects",
          "two-pipelines"}) {
        INFO(name);
        tests::ServedEndpoint endpoint;
        tests::RawClient client(endpoint.descriptor());
        for (const std::string& line : client_lines(name)) {
            const psrp::Guid channel = guid_in(line);
            // A close stops what still runs, so the client waits for the end first, as the recorded
            // one did.
            if (line.substr(0, 6) == "<Close" && !channel.is_zero()) {
                REQUIRE(client.read_until([&] { return client.has_state(channel); }));
            }
            client.write(line);
        }
        REQUIRE(client.read_until([&] {
            return client.has(psrp::ElementKind::CloseAck, psrp::session_channel);
        }));
        std::vector<std::string> output;
        for (const auto& message : client.messages) {
            if (message.type == pipeline_output_type) output.push_back(message.text);
        }
        CHECK(output == recorded_output(name));
        CHECK(client.other_lines.empty());
        CHECK(endpoint.finish().exit_code == psrp::server::server_exit_code);
    }
}
