#include <psrp/copy/errors.hpp>
#include <psrp/copy/tree_receiver.hpp>
#include <psrp/copy/tree_sender.hpp>
#include <tests/copy/trees.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

using namespace psrp::copy;
namespace fs = std::filesystem;

namespace {

// What a receiver says, for people: "X path: message", and so on.
std::string answers_text(const Bytes& answers)
{
    std::string text;
    BytesView rest = answers;
    while (!rest.empty()) {
        const auto frame = read_frame(rest);
        REQUIRE(frame);
        if (frame->type != FrameType::Trouble && frame->type != FrameType::Note) continue;
        const auto report = read_report(frame->content);
        REQUIRE(report);
        text += static_cast<char>(frame->type);
        text += " " + std::string(report->path) + ": " + std::string(report->message) + "\n";
    }
    return text;
}

struct Copied {
    std::string reports;
    std::error_code error;
    EndFrame sent;
};

Copied copy_with(
    std::vector<SentSource> sources,
    const SendOptions& send,
    ReceiveOptions receive,
    const std::function<void(std::size_t)>& before_chunk = [](std::size_t) {}
)
{
    TreeSender sender(std::move(sources), send);
    TreeReceiver receiver(std::move(receive));
    Copied copied;
    std::size_t number = 0;
    while (auto chunk = sender.next_chunk()) {
        before_chunk(number++);
        const auto taken = receiver.take(*chunk);
        copied.reports += answers_text(receiver.take_answers());
        if (!taken) {
            copied.error = taken.error().code;
            return copied;
        }
    }
    CHECK(receiver.is_finished());
    copied.sent = sender.totals();
    return copied;
}

HaveList survey(const std::vector<SentSource>& sources, const fs::path& destination)
{
    SendOptions send;
    send.lists_only = true;
    TreeSender sender(sources, send);
    ReceiveOptions receive;
    receive.destination = destination;
    receive.surveys = true;
    TreeReceiver receiver(std::move(receive));
    HaveList haves;
    while (auto chunk = sender.next_chunk()) {
        REQUIRE(receiver.take(*chunk));
        const Bytes answers = receiver.take_answers();
        BytesView rest = answers;
        while (!rest.empty()) {
            const auto frame = read_frame(rest);
            REQUIRE(frame);
            if (frame->type != FrameType::Have) continue;
            REQUIRE(haves.add(*read_have(frame->content)));
        }
    }
    return haves;
}

} // namespace

TEST_CASE("a tree arrives as it is, whatever the size of the chunks")
{
    const tests::TemporaryFolder folder;
    const fs::path tree = tests::make_tree(folder.path());
    for (const std::size_t chunk_bytes :
         {std::size_t{1}, std::size_t{40'000}, std::size_t{1} << 20}) {
        const fs::path to = folder.path() / ("to" + std::to_string(chunk_bytes));
        SendOptions send;
        send.chunk_bytes = chunk_bytes;
        const Copied copied = copy_with({{tree, "tree"}}, send, {.destination = to});
        CHECK(copied.reports.empty());
        CHECK_FALSE(copied.error);
        CHECK(tests::first_difference(tree, to) == "");
    }
}

TEST_CASE("where a source goes")
{
    struct Row {
        const char* about;
        bool destination_is_folder;
        bool is_folder;
        std::string name;
        std::string arrives_at;
    };
    const Row row = GENERATE(values<Row>({
        {"a new name", false, false, "a", "to"},
        {"into a folder", true, false, "a", "to/a"},
        {"into a folder that is made", false, true, "a", "to/a"},
        {"content into a folder", true, false, "", "to"},
        {"content into a folder that is made", false, false, "", "to"},
    }));
    CAPTURE(row.about);
    const tests::TemporaryFolder folder;
    fs::create_directories(folder.path() / "from/inside");
    std::ofstream(folder.path() / "from/inside/file") << "x";
    const fs::path to = folder.path() / "to";
    if (row.destination_is_folder) fs::create_directories(to);
    ReceiveOptions receive;
    receive.destination = to;
    receive.is_folder = row.is_folder;
    const Copied copied = copy_with({{folder.path() / "from", row.name}}, {}, receive);
    CHECK(copied.reports.empty());
    CHECK(tests::file_text(folder.path() / row.arrives_at / "inside/file") == "x");
}

TEST_CASE("links and what is no file are left out, links on demand are followed")
{
    const tests::TemporaryFolder folder;
    const fs::path from = folder.path() / "from";
    fs::create_directories(from / "folder");
    std::ofstream(from / "folder/file") << "x";
    fs::create_symlink("folder/file", from / "link");
    fs::create_symlink("folder", from / "link to folder");
    fs::create_symlink("nowhere", from / "dangling");
    fs::create_symlink("..", from / "folder/up");
    REQUIRE(::mkfifo((from / "pipe").c_str(), 0600) == 0);
    const fs::path to = folder.path() / "to";
    const Copied plain = copy_with({{from, "from"}}, {}, {.destination = to});
    CHECK(
        plain.reports == "N dangling: is a symbolic link and left out\n"
                         "N folder/up: is a symbolic link and left out\n"
                         "N link: is a symbolic link and left out\n"
                         "N link to folder: is a symbolic link and left out\n"
                         "N pipe: is neither a file nor a folder and left out\n"
    );
    CHECK(plain.sent.file_count == 1);

    SendOptions send;
    send.follows_links = true;
    const fs::path followed = folder.path() / "followed";
    const Copied copied = copy_with({{from, "from"}}, send, {.destination = followed});
    CHECK(
        copied.reports == "X dangling: cannot be read: No such file or directory\n"
                          "X folder/up: is a link to a folder that it is in\n"
                          "X link to folder/up: is a link to a folder that it is in\n"
                          "N pipe: is neither a file nor a folder and left out\n"
    );
    CHECK(tests::file_text(followed / "link") == "x");
    CHECK(tests::file_text(followed / "link to folder/file") == "x");
}

TEST_CASE("a file that changes while it is read is a trouble and does not arrive")
{
    struct Row {
        std::function<void(const fs::path&)> change;
        std::string report;
    };
    const Row rows[] = {
        {[](const fs::path& path) { fs::resize_file(path, 100'000); },
         "X : was made shorter while it was read\n"},
        {[](const fs::path& path) { std::ofstream(path, std::ios::app) << "more"; },
         "X : was changed while it was read\n"},
        {[](const fs::path& path) {
             std::fstream file(path);
             file.seekp(2'500'000);
             file << "other";
         },
         "X : was changed while it was read\n"},
    };
    for (const Row& row : rows) {
        const tests::TemporaryFolder folder;
        const fs::path from = folder.path() / "from";
        tests::write_big_file(from, 3'000'000);
        const fs::path to = folder.path() / "to";
        const Copied copied =
            copy_with({{from, "from"}}, {}, {.destination = to}, [&](std::size_t number) {
                if (number == 0) row.change(from);
            });
        CHECK(copied.reports == row.report);
        CHECK_FALSE(fs::exists(to));
        CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
    }
}

TEST_CASE("a copy that was cut goes on where it was, and only where the bytes are the same")
{
    struct Row {
        const char* about;
        bool changes_source; // between the two
        bool changes_partial;
        bool goes_on;
    };
    const Row row = GENERATE(values<Row>({
        {"as it was", false, false, true},
        {"another source", true, false, false},
        {"another beginning", false, true, false},
    }));
    CAPTURE(row.about);
    const tests::TemporaryFolder folder;
    const fs::path from = folder.path() / "from";
    fs::create_directories(from);
    tests::write_big_file(from / "a", 10);
    tests::write_big_file(from / "b", 3'000'000);
    const fs::path to = folder.path() / "to";
    {
        TreeSender sender({{from, "from"}}, {});
        TreeReceiver receiver({.destination = to});
        REQUIRE(receiver.take(*sender.next_chunk())); // and no more
    }
    const fs::path partial = to / ".b.psrp-part";
    const auto there = fs::file_size(partial);
    CHECK(there > 1'000'000);
    CHECK_FALSE(fs::exists(to / "b"));
    for (const fs::path& path :
         {row.changes_source ? from / "b" : fs::path(),
          row.changes_partial ? partial : fs::path()}) {
        if (path.empty()) continue;
        std::fstream file(path);
        file.seekp(1000);
        file << "other";
    }
    // The destination has come into being meanwhile: "into it" would be another place.
    const HaveList haves = survey({{from, ""}}, to);
    SendOptions send;
    send.haves = &haves;
    const Copied copied = copy_with({{from, ""}}, send, {.destination = to});
    CHECK(copied.reports.empty());
    CHECK(copied.sent.byte_count == (row.goes_on ? 3'000'000 - there : 3'000'000));
    CHECK((tests::file_text(to / "b") == tests::file_text(from / "b")));
    CHECK_FALSE(fs::exists(partial));
    // Again: nothing is sent at all.
    const HaveList all = survey({{from, ""}}, to);
    send.haves = &all;
    CHECK(copy_with({{from, ""}}, send, {.destination = to}).sent.byte_count == 0);
}

TEST_CASE("what cannot be read or written is named, and the rest arrives")
{
    if (::geteuid() == 0) {
        // The superuser may do everything; what is no folder stands in the way of all.
        const tests::TemporaryFolder folder;
        const fs::path from = folder.path() / "from";
        fs::create_directories(from / "a");
        std::ofstream(from / "a/x") << "x";
        std::ofstream(from / "b") << "b";
        fs::create_directories(folder.path() / "to/b");
        std::ofstream(folder.path() / "to/a") << "in the way";
        const Copied copied = copy_with({{from, ""}}, {}, {.destination = folder.path() / "to"});
        CHECK(
            copied.reports == "X a: has something in its way that is no folder: Not a directory\n"
                              "X b: cannot be written: Is a directory\n"
        );
        CHECK(tests::file_text(folder.path() / "to/a") == "in the way");
        return;
    }
    const tests::TemporaryFolder folder;
    const fs::path from = folder.path() / "from";
    fs::create_directories(from / "closed");
    std::ofstream(from / "closed/x") << "x";
    std::ofstream(from / "open") << "b";
    std::ofstream(from / "unreadable") << "c";
    ::chmod((from / "closed").c_str(), 0);
    ::chmod((from / "unreadable").c_str(), 0);
    const fs::path to = folder.path() / "to";
    const Copied copied = copy_with({{from, "from"}}, {}, {.destination = to});
    ::chmod((from / "closed").c_str(), 0700);
    CHECK(
        copied.reports == "X closed: cannot be read: Permission denied\n"
                          "X unreadable: cannot be read: Permission denied\n"
    );
    CHECK(tests::file_text(to / "open") == "b");
}

TEST_CASE("no link below the destination is followed")
{
    const tests::TemporaryFolder folder;
    fs::create_directories(folder.path() / "from/a");
    std::ofstream(folder.path() / "from/a/x") << "evil";
    std::ofstream(folder.path() / "from/b") << "evil";
    fs::create_directories(folder.path() / "elsewhere");
    fs::create_directories(folder.path() / "to");
    std::ofstream(folder.path() / "kept") << "kept";
    fs::create_symlink(folder.path() / "elsewhere", folder.path() / "to/a");
    fs::create_symlink(folder.path() / "kept", folder.path() / "to/b");
    fs::create_symlink(folder.path() / "kept", folder.path() / "to/.b.psrp-part");
    const Copied copied =
        copy_with({{folder.path() / "from", ""}}, {}, {.destination = folder.path() / "to"});
    CHECK(copied.reports == "X a: has something in its way that is no folder: Not a directory\n");
    CHECK(fs::is_empty(folder.path() / "elsewhere"));
    CHECK(tests::file_text(folder.path() / "kept") == "kept");
    CHECK(tests::file_text(folder.path() / "to/b") == "evil"); // in the link's place
    CHECK_FALSE(fs::is_symlink(folder.path() / "to/b"));
}

TEST_CASE("a hostile stream ends the copy and changes nothing elsewhere")
{
    struct Row {
        const char* about;
        std::function<void(Bytes&)> write;
        CopyErrc error;
    };
    const auto source = [](Bytes& out) { write_source("s", out); };
    const auto file = [](Bytes& out) {
        write_source("s", out);
        write_file(FrameType::File, {no_mode, 0, 3, 0, "", ""}, out);
    };
    const Row rows[] = {
        {"a file above",
         [&](Bytes& out) {
             source(out);
             write_file(FrameType::File, {0644, 0, 1, 0, "", "../out"}, out);
         },
         CopyErrc::UnsafePath},
        {"an absolute folder",
         [&](Bytes& out) {
             source(out);
             write_folder({0755, 0, "/out"}, out);
         },
         CopyErrc::UnsafePath},
        {"a source above", [](Bytes& out) { write_source("..", out); }, CopyErrc::UnsafePath},
        {"a source with a folder",
         [](Bytes& out) { write_source("a/b", out); },
         CopyErrc::UnsafePath},
        {"bytes without a file",
         [&](Bytes& out) {
             source(out);
             write_digest({}, out);
         },
         CopyErrc::OutOfOrder},
        {"a file without a source",
         [](Bytes& out) {
             write_file(FrameType::File, {0644, 0, 1, 0, "", "a"}, out);
         },
         CopyErrc::OutOfOrder},
        {"a file in a file",
         [&](Bytes& out) {
             file(out);
             write_file(FrameType::File, {0644, 0, 1, 0, "", "a"}, out);
         },
         CopyErrc::OutOfOrder},
        {"an end in a file",
         [&](Bytes& out) {
             file(out);
             write_end({}, out);
         },
         CopyErrc::OutOfOrder},
        {"an answer",
         [&](Bytes& out) { source(out), write_consumed(1, out); },
         CopyErrc::OutOfOrder},
        {"something behind the end",
         [&](Bytes& out) { write_end({}, out), source(out); },
         CopyErrc::OutOfOrder},
        {"garbage", [](Bytes& out) { out.assign(100, 'x'); }, CopyErrc::BadFrame},
        {"too big a chunk", [](Bytes& out) { out.resize((8U << 20) + 1); }, CopyErrc::BadFrame},
    };
    for (const Row& row : rows) {
        CAPTURE(row.about);
        const tests::TemporaryFolder folder;
        fs::create_directories(folder.path() / "to");
        TreeReceiver receiver({.destination = folder.path() / "to"});
        Bytes chunk;
        row.write(chunk);
        const auto taken = receiver.take(chunk);
        REQUIRE_FALSE(taken);
        CHECK(taken.error() == make_error_code(row.error));
        CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
    }
}

TEST_CASE("a source has N folders and not one more, also where they are the same one")
{
    for (const std::size_t folders_max : {3U, 2U}) {
        const tests::TemporaryFolder folder;
        ReceiveOptions options;
        options.destination = folder.path();
        options.limits.folders_max = folders_max;
        TreeReceiver receiver(options);
        Bytes chunk;
        write_source("s", chunk);
        for (const char* path : {"", "a", "a"})
            write_folder({0755, 0, path}, chunk);
        write_end({}, chunk);
        const auto taken = receiver.take(chunk);
        CHECK(taken.has_value() == (folders_max == 3));
        if (!taken) CHECK(taken.error() == make_error_code(CopyErrc::TooManyFolders));
    }
}

TEST_CASE("a file with other bytes than were announced does not arrive")
{
    struct Row {
        const char* about;
        std::string bytes;
        Digest digest;
        std::string report;
    };
    Sha256 hash;
    hash.add(clixml::bytes_of("abc"));
    const Row rows[] = {
        {"another hash",
         "abd",
         hash.digest(),
         "did not arrive as it was sent: its SHA-256 differs"},
        {"too few", "ab", hash.digest(), "did not arrive as it was sent: its SHA-256 differs"},
        {"too many", "abcd", hash.digest(), "has more bytes than the other side said"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.about);
        const tests::TemporaryFolder folder;
        TreeReceiver receiver({.destination = folder.path()});
        Bytes chunk;
        write_source("s", chunk);
        write_file(FrameType::File, {0644, 0, 3, 0, "", ""}, chunk);
        const std::size_t start = chunk.size();
        chunk.resize(start + frame_header_bytes);
        store_frame_header(FrameType::Content, row.bytes.size(), chunk.data() + start);
        chunk.insert(chunk.end(), row.bytes.begin(), row.bytes.end());
        write_digest(row.digest, chunk);
        write_end({}, chunk);
        REQUIRE(receiver.take(chunk));
        CHECK(answers_text(receiver.take_answers()) == "X : " + row.report + "\n");
        CHECK(fs::is_empty(folder.path()));
    }
}

TEST_CASE("the names of sources are the user's, not the server's")
{
    const tests::TemporaryFolder folder;
    ReceiveOptions options;
    options.destination = folder.path();
    options.names = {"mine"};
    TreeReceiver receiver(options);
    Bytes chunk;
    write_source("theirs", chunk);
    write_folder({0755, 0, ""}, chunk);
    REQUIRE(receiver.take(chunk));
    CHECK(fs::is_directory(folder.path() / "mine"));
    Bytes more;
    write_source("another", more);
    CHECK(receiver.take(more).error() == make_error_code(CopyErrc::OutOfOrder));
}

TEST_CASE("a full disk ends the copy, named")
{
    // A device that is always full, in a folder of its own, is the shortest way to one.
    const tests::TemporaryFolder folder;
    const fs::path mount = folder.path() / "small";
    fs::create_directories(mount);
    const std::string command =
        "mount -t tmpfs -o size=1m none '" + mount.string() + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) {
        return tests::report_skip("no right to mount a file system");
    }
    const fs::path from = folder.path() / "from";
    tests::write_big_file(from, 3'000'000);
    const Copied copied = copy_with({{from, "from"}}, {}, {.destination = mount});
    CHECK(copied.error == make_error_code(CopyErrc::DiskFull));
    CHECK(copied.reports == "X : cannot be written: No space left on device\n");
    CHECK(fs::is_empty(mount));
    CHECK(std::system(("umount '" + mount.string() + "'").c_str()) == 0);
}
