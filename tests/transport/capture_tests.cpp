#include <clixml/base64.hpp>
#include <psrp/transport/capture.hpp>
#include <psrp/transport/outofproc_transport.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>

namespace {

// A folder that is gone with the object.
class Folder {
public:
    Folder()
    {
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder");
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_ = "/tmp/psrp-capture-XXXXXX";
};

std::string unpacked(const std::string& path)
{
    gzFile file = gzopen(path.c_str(), "rb");
    std::string text;
    char buffer[4096];
    for (int count = 0; (count = gzread(file, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    gzclose(file);
    return text;
}

// Plays the lines of a recording into a capture, cut into pieces of `piece_bytes`.
std::string recorded_again(
    const std::string& log,
    const std::string& path,
    psrp::CaptureSecrets secrets,
    std::size_t piece_bytes
)
{
    auto capture = psrp::Capture::create(path, secrets);
    REQUIRE(capture);
    std::size_t at = 0;
    while (at < log.size()) {
        const std::size_t end = log.find('\n', at);
        const char side = log[at];
        const std::string line = log.substr(at + 2, end - at - 1);
        at = end + 1;
        if (side == 'A') {
            (*capture)->write_arguments({line.substr(0, line.size() - 1)});
            continue;
        }
        for (std::size_t from = 0; from < line.size(); from += piece_bytes) {
            const auto piece = clixml::bytes_of(std::string_view(line).substr(from, piece_bytes));
            if (side == 'C')
                (*capture)->on_client_bytes(piece);
            else
                (*capture)->on_server_bytes(piece);
        }
    }
    CHECK((*capture)->finish());
    return unpacked(path);
}

} // namespace

TEST_CASE("a recorded conversation recorded again is the same text")
{
    const Folder folder;
    for (const std::string& name : tests::list_vector_files("psrp", ".log")) {
        INFO(name);
        const std::string log = tests::read_whole_file(tests::vector_path(name));
        for (const char* file : {"plain.log", "packed.log.gz"}) {
            for (const std::size_t piece_bytes : {std::size_t{17}, std::size_t{1} << 20}) {
                CHECK(
                    recorded_again(
                        log, folder.file(file), psrp::CaptureSecrets::Written, piece_bytes
                    ) == log
                );
            }
        }
        // What holds no secret is the same with masks.
        const std::string masked = recorded_again(
            log, folder.file("masked.log"), psrp::CaptureSecrets::Masked, std::size_t{1} << 20
        );
        const bool has_secret = name.find("securestring") != std::string::npos ||
                                name.find("host-calls") != std::string::npos;
        CHECK((masked == log) == !has_secret);
        CHECK(masked.size() == log.size());
    }
}

TEST_CASE("a plain name gives plain text, .gz gives gzip, and only the owner may read either")
{
    const Folder folder;
    const std::string log = tests::read_whole_file(tests::vector_path("psrp/hello.log"));
    recorded_again(log, folder.file("a.log"), psrp::CaptureSecrets::Written, 4096);
    recorded_again(log, folder.file("a.log.gz"), psrp::CaptureSecrets::Written, 4096);
    CHECK(tests::read_whole_file(folder.file("a.log")) == log);
    CHECK(tests::read_whole_file(folder.file("a.log.gz")).substr(0, 2) == "\x1F\x8B");
    for (const char* file : {"a.log", "a.log.gz"}) {
        struct stat status {};
        REQUIRE(stat(folder.file(file).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

TEST_CASE("connections that share a name get numbers in front of its endings")
{
    using psrp::capture_path;
    CHECK(capture_path("a/b.log.gz", 1, 1) == "a/b.log.gz");
    CHECK(capture_path("a/b.log.gz", 2, 3) == "a/b-2.log.gz");
    CHECK(capture_path("a.d/b", 2, 3) == "a.d/b-2");
    CHECK(capture_path(".hidden", 2, 3) == ".hidden-2");
}

TEST_CASE("what a side wrote without an end of line is there, unless it might hide a secret")
{
    const Folder folder;
    const std::string path = folder.file("cut.log");
    auto capture = psrp::Capture::create(path);
    REQUIRE(capture);
    (*capture)->on_server_bytes(clixml::bytes_of("welcome to this host"));
    (*capture)->on_client_bytes(clixml::bytes_of("<Data Stream='Default' PSGuid='0000"));
    CHECK((*capture)->finish());
    CHECK(unpacked(path) == "C <!-- 35 bytes that are no element -->\nS welcome to this host\n");
}

TEST_CASE("a recording that cannot be made or written is an error of its own")
{
    CHECK_FALSE(psrp::Capture::create("/nonexistent/folder/a.log"));
    if (std::filesystem::exists("/dev/full")) {
        auto capture = psrp::Capture::create("/dev/full");
        REQUIRE(capture);
        for (int i = 0; i < 1000; ++i)
            (*capture)->on_server_bytes(clixml::bytes_of(std::string(1000, 'x') + "\n"));
        const auto done = (*capture)->finish();
        REQUIRE_FALSE(done);
        CHECK(done.error().code == std::errc::no_space_on_device);
    }
}

TEST_CASE("a transport shows its tap what passes")
{
    const Folder folder;
    const std::string path = folder.file("tap.log");
    auto capture = psrp::Capture::create(path);
    REQUIRE(capture);
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    psrp::OutOfProcTransport transport{psrp::Descriptor(ends[0]), psrp::Descriptor(dup(ends[0]))};
    const psrp::Descriptor peer(ends[1]);
    transport.set_tap(std::move(*capture));
    psrp::Guid pipeline;
    pipeline.bytes.fill(1);
    REQUIRE(transport.perform(psrp::OpenSession{}));
    REQUIRE(transport.perform(psrp::OpenCommand{pipeline}));
    const std::string answer = "<CommandAck PSGuid='" + pipeline.text() + "' />\n";
    REQUIRE(send(ends[1], answer.data(), answer.size(), 0) == static_cast<ssize_t>(answer.size()));
    transport.on_readable(ends[0]);
    transport.set_tap(nullptr);
    CHECK(unpacked(path) == "C <Command PSGuid='" + pipeline.text() + "' />\nS " + answer);
}
