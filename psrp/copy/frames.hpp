// Frames: what a copy consists of. A chunk is a byte[] object of the pipeline and holds whole
// frames only; a frame is its type, the length of what follows as 32 bits, and that. Integers are
// little endian, texts UTF-8 or, between two Unix computers, any bytes. The layout stands in
// README.md.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>
#include <psrp/copy/sha256.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace psrp::copy {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

enum class FrameType : std::uint8_t {
    Source = 'S',   // a source begins: its name at the destination, empty for none of its own
    Folder = 'D',   // a folder
    File = 'F',     // a file; Content and FileEnd or Trouble follow, unless files are only listed
    Content = 'B',  // the next bytes of the file
    FileEnd = 'E',  // SHA-256 of the whole file
    Kept = 'K',     // a file that the other side has already
    Trouble = 'X',  // something that cannot be copied, and why; ends a file that is open
    Note = 'N',     // something that is left out, and why
    Have = 'H',     // answer: a file, or the beginning of one, that is there already
    Consumed = 'A', // answer: bytes of chunks that are done with, all together
    End = 'Z',      // the end: files and bytes
};

// What a mode is where the sender knows none.
inline constexpr std::uint32_t no_mode = UINT32_MAX;
// A time: 100 ns since the year 1, UTC, as .NET counts; 0 is none.
using Ticks = std::int64_t;

struct CopyLimits {
    // Bytes of a chunk that is taken; those that are made have about a megabyte.
    std::size_t chunk_bytes_max = 8U << 20;
    // Files that are there already, in one copy.
    std::size_t haves_max = 4'000'000;
    // Bytes of their paths.
    std::size_t have_path_bytes_max = std::size_t{512} << 20;
    // Folders of one source, which are kept until its end.
    std::size_t folders_max = 4'000'000;
};

struct Frame {
    FrameType type = FrameType::End;
    BytesView content; // borrowed from the chunk
};

struct FolderFrame {
    std::uint32_t mode = no_mode;
    Ticks time = 0;
    std::string_view path;
};

struct FileFrame {
    std::uint32_t mode = no_mode;
    Ticks time = 0;
    std::int64_t length = 0;
    std::int64_t offset = 0; // of the first byte that follows; those before it are there
    std::string_view partial_name;
    std::string_view path;
};

// Trouble and Note.
struct ReportFrame {
    std::uint32_t source = 0;
    std::string_view path;
    std::string_view message;
};

struct HaveFrame {
    std::uint32_t source = 0;
    bool is_whole = false; // the file itself, not its beginning under another name
    std::int64_t length = 0;
    Digest digest{};
    std::string_view path;
};

struct EndFrame {
    std::uint64_t file_count = 0;
    std::uint64_t byte_count = 0; // of files, without what was there
};

// Takes the first frame off `rest`. Error: CopyErrc::BadFrame.
Result<Frame> read_frame(BytesView& rest);

// The content of a frame of the type that has it; views are borrowed from it. Errors:
// CopyErrc::BadFrame; CopyErrc::UnsafePath for a path that leaves its source.
Result<FolderFrame> read_folder(BytesView content);
Result<FileFrame> read_file(BytesView content);
Result<ReportFrame> read_report(BytesView content);
Result<HaveFrame> read_have(BytesView content);
Result<EndFrame> read_end(BytesView content);
Result<Digest> read_digest(BytesView content);
Result<std::uint64_t> read_consumed(BytesView content);

// Append a frame to a chunk.
void write_source(std::string_view name, Bytes& chunk);
void write_folder(const FolderFrame& folder, Bytes& chunk);
// File, or Kept.
void write_file(FrameType type, const FileFrame& file, Bytes& chunk);
void write_digest(const Digest& digest, Bytes& chunk);
// Trouble, or Note.
void write_report(FrameType type, const ReportFrame& report, Bytes& chunk);
void write_have(const HaveFrame& have, Bytes& chunk);
void write_consumed(std::uint64_t byte_count, Bytes& chunk);
void write_end(const EndFrame& end, Bytes& chunk);

// Bytes in front of the content.
inline constexpr std::size_t frame_header_bytes = 5;
// A frame header at `to`, which has room for it.
void store_frame_header(FrameType type, std::size_t content_bytes, std::uint8_t* to);

} // namespace psrp::copy
