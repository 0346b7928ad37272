#include <clixml/base64.hpp>
#include <clixml/guid.hpp>
#include <psrp/tool/decode_command.hpp>
#include <psrp/xpress/encoder.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

using psrp::tool::DecodeOptions;

namespace {

DecodeOptions of_file(const std::string& path)
{
    DecodeOptions options;
    options.file = path;
    return options;
}

// A file with this content that is gone with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& content)
        : path_(
              std::filesystem::temp_directory_path() /
              ("psrp-decode-" + std::to_string(getpid()) + "-" + std::to_string(std::rand()))
          )
    {
        std::ofstream(path_, std::ios::binary) << content;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("every recorded conversation decodes to its messages")
{
    for (const std::string& log : tests::list_vector_files("psrp", ".log")) {
        INFO(log);
        std::ostringstream out;
        std::ostringstream err;
        REQUIRE(psrp::tool::run_decode(of_file(tests::vector_path(log).string()), out, err) == 0);
        CHECK(err.str().empty());

        const auto expected =
            tests::read_vector_file(log.substr(0, log.size() - 4) + ".messages.jsonl");
        std::istringstream lines(out.str());
        std::string line;
        std::size_t count = 0;
        for (; std::getline(lines, line); ++count) {
            REQUIRE(count < expected.size());
            const auto message = nlohmann::json::parse(line);
            for (const auto& [key, value] : expected[count].fields.items()) {
                INFO(expected[count].where() << " " << key);
                CHECK(message.at(key) == value);
            }
        }
        CHECK(count == expected.size());
    }
}

namespace {

struct Decoded {
    int code = 0;
    std::string out;
    std::string err;
};

Decoded decode(const std::string& content, DecodeOptions::Form form = DecodeOptions::Form::Json)
{
    const TemporaryFile file(content);
    std::ostringstream out;
    std::ostringstream err;
    DecodeOptions options;
    options.file = file.path();
    options.form = form;
    Decoded decoded;
    decoded.code = psrp::tool::run_decode(options, out, err);
    decoded.out = out.str();
    decoded.err = err.str();
    return decoded;
}

// The lines of a recording that `side` wrote, without the letter.
std::vector<std::string> lines_of(const std::string& log, char side)
{
    std::vector<std::string> lines;
    std::istringstream in(log);
    for (std::string line; std::getline(in, line);) {
        if (line[0] == side) lines.push_back(line.substr(2));
    }
    return lines;
}

enum class Channels { All, Session };

// The type and data of each decoded message of one direction, in order.
std::vector<std::pair<std::string, std::string>>
messages_of(const std::string& json, char side, Channels channels = Channels::All)
{
    std::vector<std::pair<std::string, std::string>> messages;
    std::istringstream in(json);
    for (std::string line; std::getline(in, line);) {
        const auto message = nlohmann::json::parse(line);
        const bool is_session = message.at("guid") == clixml::Guid{}.text();
        if (channels == Channels::Session && !is_session) continue;
        if (message.at("dir") == std::string(1, side))
            messages.emplace_back(message.at("type"), message.at("data"));
    }
    return messages;
}

// Base64 of the Data elements of the session's channel.
std::vector<std::string> session_data(const std::string& log, char side)
{
    std::vector<std::string> data;
    for (const std::string& line : lines_of(log, side)) {
        const std::string start =
            "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>";
        if (line.starts_with(start))
            data.push_back(line.substr(start.size(), line.find("</Data>") - start.size()));
    }
    return data;
}

std::string hello_log()
{
    return tests::read_whole_file(tests::vector_path("psrp/hello.log"));
}

} // namespace

TEST_CASE("lines as they went over the wire decode as those of a conversation")
{
    const std::string log = hello_log();
    const std::string all = decode(log).out;
    for (const char side : {'C', 'S'}) {
        std::string wire;
        for (const std::string& line : lines_of(log, side))
            wire += line + "\r\n";
        const Decoded decoded = decode(wire);
        CHECK(decoded.code == 0);
        CHECK(decoded.err.empty());
        CHECK(messages_of(decoded.out, side) == messages_of(all, side));
        CHECK(messages_of(decoded.out, side == 'C' ? 'S' : 'C').empty());
    }
}

TEST_CASE("bytes of fragments decode without any framing")
{
    const std::string log = hello_log();
    const std::string all = decode(log).out;
    for (const char side : {'C', 'S'}) {
        std::string bytes;
        for (const std::string& text : session_data(log, side)) {
            const auto piece = clixml::read_base64(text);
            REQUIRE(piece);
            bytes.append(piece->begin(), piece->end());
        }
        const Decoded decoded = decode(bytes);
        CHECK(decoded.code == 0);
        const auto messages = messages_of(decoded.out, side);
        REQUIRE(messages.size() >= 2);
        CHECK(messages == messages_of(all, side, Channels::Session));
        // Cut anywhere, what was whole before is decoded and the rest is told.
        const Decoded cut = decode(bytes.substr(0, bytes.size() - 1));
        CHECK(cut.code == 1);
        CHECK(messages_of(cut.out, side).size() == messages.size() - 1);
        CHECK(cut.err.find("ends within an object") != std::string::npos);
    }
}

TEST_CASE("WinRM envelopes decode, whatever stands between them")
{
    const std::string log = hello_log();
    const std::string all = decode(log).out;
    const auto envelope = [](const std::string& action, const std::string& body) {
        return "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:a='a' "
               "xmlns:rsp='r'><s:Header><a:Action>http://x/" +
               action + "</a:Action></s:Header><s:Body>" + body + "</s:Body></s:Envelope>";
    };
    const auto client = session_data(log, 'C');
    const auto server = session_data(log, 'S');
    REQUIRE(client.size() == 1);
    std::string text =
        "POST /wsman HTTP/1.1\r\nContent-Length: 1\r\n\r\n" +
        envelope(
            "Create",
            "<rsp:Shell><creationXml xmlns='p'>" + client[0] + "</creationXml></rsp:Shell>"
        );
    for (const std::string& piece : server) {
        text += "\n\n" + envelope(
                             "ReceiveResponse",
                             "<rsp:ReceiveResponse><rsp:Stream Name='stdout'>" + piece +
                                 "</rsp:Stream></rsp:ReceiveResponse>"
                         );
    }
    const Decoded decoded = decode(text);
    CHECK(decoded.err.empty());
    CHECK(decoded.code == 0);
    const auto requests = messages_of(decoded.out, 'C');
    const auto answers = messages_of(decoded.out, 'S');
    REQUIRE(requests.size() == 2);
    REQUIRE(answers.size() == server.size());
    CHECK(requests[0] == messages_of(all, 'C')[0]);
    CHECK(answers[0] == messages_of(all, 'S')[0]);

    const Decoded broken =
        decode(text + envelope("Receive", "<rsp:Stream>no base64!</rsp:Stream>"));
    CHECK(broken.code == 1);
    CHECK(broken.out == decoded.out);
    CHECK(broken.err.find("envelope " + std::to_string(server.size() + 2)) != std::string::npos);
}

TEST_CASE("compressed streams of WinRM envelopes decode where the shell was created so")
{
    const std::string log = hello_log();
    const auto answer = [](const std::string& action, const std::string& body) {
        return "<s:Envelope xmlns:s='s' xmlns:a='a' xmlns:r='r'><s:Header><a:Action>http://x/" +
               action + "</a:Action></s:Header><s:Body>" + body + "</s:Body></s:Envelope>";
    };
    const auto created = [&](const std::string& mode) {
        return answer(
            "CreateResponse",
            "<r:Shell><r:CompressionMode>" + mode + "</r:CompressionMode></r:Shell>"
        );
    };
    std::string streams;
    for (const std::string& piece : session_data(log, 'S')) {
        std::string packed;
        clixml::append_base64(psrp::xpress::encode(*clixml::read_base64(piece)), packed);
        streams += answer("ReceiveResponse", "<r:Stream>" + packed + "</r:Stream>");
    }
    const auto expected = messages_of(decode(log).out, 'S');
    const Decoded decoded = decode(created("XpressCompression") + streams);
    CHECK(decoded.code == 0);
    const auto answers = messages_of(decoded.out, 'S');
    REQUIRE(answers.size() == session_data(log, 'S').size());
    CHECK(answers[0] == expected[0]);
    CHECK(decode(created("NoCompression") + streams).code == 1);
}

TEST_CASE("a packed recording decodes as a plain one")
{
    const std::string log = hello_log();
    const TemporaryFile packed("");
    gzFile file = gzopen(packed.path().c_str(), "wb");
    REQUIRE(gzwrite(file, log.data(), static_cast<unsigned>(log.size())) > 0);
    gzclose(file);
    std::ostringstream out;
    std::ostringstream err;
    DecodeOptions options;
    options.file = packed.path();
    CHECK(psrp::tool::run_decode(options, out, err) == 0);
    CHECK(out.str() == decode(log).out);

    // A packed file that was cut off gives what can still be read, and an error.
    const std::string whole = tests::read_whole_file(packed.path());
    const Decoded cut = decode(whole.substr(0, whole.size() / 2));
    CHECK(cut.code == 1);
    CHECK_FALSE(cut.err.empty());
}

TEST_CASE("a place that cannot be read is named, and what stands around it is decoded")
{
    const std::string log = hello_log();
    const Decoded good = decode(log);
    const std::size_t second = log.find('\n', log.find('\n') + 1) + 1;
    const std::string bad = log.substr(0, second) + "C <Data Stream='Default'>AAAA</Data>\n" +
                            "S <Data Stream='Default' PSGuid='" + std::string(36, '0') +
                            "'>AAAA</Data>\nremark\n" + log.substr(second);
    const Decoded decoded = decode(bad);
    CHECK(decoded.code == 1);
    CHECK(decoded.out == good.out);
    CHECK(decoded.err.find("line 3: ") != std::string::npos);
    CHECK(decoded.err.find("line 4: ") != std::string::npos);
}

TEST_CASE("what is no recording is said to be none")
{
    for (const char* text : {"plain text\n", "{\"json\": true}", "<Objs Version='1.1.0.1'/>"}) {
        INFO(text);
        const Decoded decoded = decode(text);
        CHECK(decoded.code == 1);
        CHECK(decoded.err.find("neither a conversation") != std::string::npos);
    }
    CHECK(decode("").code == 0);
}

TEST_CASE("the pretty form shows direction, message, channel, fragments and values")
{
    const Decoded decoded = decode(hello_log(), DecodeOptions::Form::Pretty);
    CHECK(decoded.code == 0);
    for (const char* part :
         {"arguments: -s srv powershell\n",
          "C -> S  SESSION_CAPABILITY  session  object 1, 1 fragment, ",
          "\n       protocolversion: Version 2.4\n",
          "C -> S  CREATE_PIPELINE  pipeline ",
          "IsScript: true\n",
          "ApartmentState: Unknown (2)\n",
          "S -> C  PIPELINE_STATE",
          "S -> C  DataAck  session\n"}) {
        INFO(part);
        CHECK(decoded.out.find(part) != std::string::npos);
    }
    CHECK(decoded.out.find('\x1B') == std::string::npos);
}

TEST_CASE("colours come only when asked for, and never from the recording")
{
    const std::string log =
        "S __NamedPipeError__: \x1B[31mred\nS <DataAck PSGuid='" + std::string(32, '0') + "' />\n";
    const TemporaryFile file(log);
    for (const bool colors : {false, true}) {
        DecodeOptions options;
        options.file = file.path();
        options.form = DecodeOptions::Form::Pretty;
        options.colors = colors;
        std::ostringstream out;
        std::ostringstream err;
        CHECK(psrp::tool::run_decode(options, out, err) == 0);
        CHECK((out.str().find('\x1B') != std::string::npos) == colors);
        CHECK(out.str().find("_x001B_[31mred") != std::string::npos);
    }
}

TEST_CASE("statistics count messages, fragments, bytes and elements by direction")
{
    const Decoded decoded = decode(hello_log(), DecodeOptions::Form::Stats);
    CHECK(decoded.code == 0);
    std::istringstream lines(decoded.out);
    std::uint64_t messages = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with("  all")) messages += std::stoull(line);
    }
    CHECK(messages == tests::read_vector_file("psrp/hello.messages.jsonl").size());
    CHECK(decoded.out.find("client  CREATE_PIPELINE\n") != std::string::npos);
    CHECK(decoded.out.find("server CommandAck: ") != std::string::npos);
}

TEST_CASE("a file that is not there is reported")
{
    std::ostringstream out;
    std::ostringstream err;
    CHECK(psrp::tool::run_decode(of_file("/nonexistent/conversation.log"), out, err) == 1);
    CHECK(err.str().find("cannot read") != std::string::npos);
}
