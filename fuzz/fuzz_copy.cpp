// No chunks make a receiver of a copy crash or touch anything beside its destination. What reads as
// a frame and is written again reads the same; a list of what is there is the same when it is sent
// on, and whatever it says a sender makes good chunks.
#include <fuzz/fuzz_input.hpp>
#include <psrp/copy/have_list.hpp>
#include <psrp/copy/tree_receiver.hpp>
#include <psrp/copy/tree_sender.hpp>

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>

namespace fs = std::filesystem;
using namespace psrp::copy;

namespace {

// A folder of this process: `from` with something to send, `to` that is received.
struct Place {
    Place()
    {
        std::string name = (fs::temp_directory_path() / "psrp-fuzz-XXXXXX").string();
        fuzz::require(::mkdtemp(name.data()) != nullptr, "there is a temporary folder");
        path = name;
        fs::create_directories(path / "from/d");
        std::ofstream(path / "from/a") << "abc";
        std::ofstream(path / "from/d/b");
        fs::create_directory(path / "work");
    }
    ~Place() { fs::remove_all(path); }
    fs::path path;
};

// A mode that was received may be one that keeps its owner out.
void remove_received(const fs::path& path)
{
    if (fs::is_directory(fs::symlink_status(path))) {
        fs::permissions(path, fs::perms::owner_all);
        for (const auto& entry : fs::directory_iterator(path))
            remove_received(entry.path());
    }
    fs::remove(path);
}

template <typename Read, typename Write>
void check_again(BytesView content, Read read, Write write)
{
    const auto value = read(content);
    if (!value) return;
    Bytes once;
    write(*value, once);
    BytesView rest = once;
    const auto frame = read_frame(rest);
    fuzz::require(frame && rest.empty(), "what is written is one frame");
    const auto again = read(frame->content);
    fuzz::require(again.has_value(), "what was read and is written is read");
    Bytes twice;
    write(*again, twice);
    fuzz::require(once == twice, "it is the same when it is read again");
}

void check_frames(BytesView chunk)
{
    while (!chunk.empty()) {
        const std::size_t before = chunk.size();
        const auto frame = read_frame(chunk);
        if (!frame) return;
        fuzz::require(chunk.size() < before, "a frame takes its bytes");
        const FrameType type = frame->type;
        const auto file = [type](const FileFrame& one, Bytes& out) { write_file(type, one, out); };
        const auto report = [type](const ReportFrame& one, Bytes& out) {
            write_report(type, one, out);
        };
        switch (type) {
        case FrameType::Folder:
            check_again(frame->content, read_folder, write_folder);
            break;
        case FrameType::File:
        case FrameType::Kept:
            check_again(frame->content, read_file, file);
            break;
        case FrameType::FileEnd:
            check_again(frame->content, read_digest, write_digest);
            break;
        case FrameType::Trouble:
        case FrameType::Note:
            check_again(frame->content, read_report, report);
            break;
        case FrameType::Have:
            check_again(frame->content, read_have, write_have);
            break;
        case FrameType::Consumed:
            check_again(frame->content, read_consumed, write_consumed);
            break;
        case FrameType::End:
            check_again(frame->content, read_end, write_end);
            break;
        case FrameType::Source:
        case FrameType::Content:
            break;
        }
    }
}

Bytes all_of(const HaveList& haves)
{
    Bytes all;
    haves.write([&](const Bytes& part) { all.insert(all.end(), part.begin(), part.end()); }, 50);
    return all;
}

void check_haves(BytesView chunk, const fs::path& from)
{
    HaveList haves;
    (void)haves.take(chunk); // what came before a fault counts
    HaveList again;
    const Bytes all = all_of(haves);
    fuzz::require(again.take(all).has_value(), "a list is read again");
    fuzz::require(all_of(again) == all, "it is the same list");
    SendOptions options;
    options.haves = &haves;
    options.chunk_bytes = 64;
    TreeSender sender({{from.string(), "from"}}, options);
    while (const auto made = sender.next_chunk()) {
        BytesView rest = *made;
        while (!rest.empty())
            fuzz::require(read_frame(rest).has_value(), "a sender makes frames");
    }
}

void check_receiver(fuzz::Input& input, const fs::path& work)
{
    const std::uint8_t flags = input.take_decision();
    ReceiveOptions options;
    options.destination = work / "to";
    options.is_folder = (flags & 1) != 0;
    options.surveys = (flags & 2) != 0;
    if ((flags & 4) != 0) options.names = {"named"};
    if ((flags & 8) != 0) fs::create_directory(work / "to");
    {
        TreeReceiver receiver(options);
        while (!input.is_empty()) {
            const std::size_t cut = (flags & 16) != 0 ? input.take_below(2000) + 1 : SIZE_MAX;
            const auto taken = receiver.take(input.take_bytes(cut));
            check_frames(receiver.take_answers());
            if (!taken) break;
        }
    }
    for (const auto& entry : fs::directory_iterator(work)) {
        const std::string name = entry.path().filename();
        fuzz::require(name == "to" || name == ".to.psrp-part", "nothing is beside the destination");
        remove_received(entry.path());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static const Place place;
    const BytesView chunk(bytes, size);
    check_frames(chunk);
    check_haves(chunk, place.path / "from");
    fuzz::Input input(bytes, size);
    check_receiver(input, place.path / "work");
    return 0;
}
