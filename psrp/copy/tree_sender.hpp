// TreeSender: reads files and folders and makes the chunks of a copy of them.
#pragma once

#include <psrp/copy/file_access.hpp>
#include <psrp/copy/frames.hpp>
#include <psrp/copy/have_list.hpp>

#include <optional>
#include <string>
#include <vector>

namespace psrp::copy {

struct SentSource {
    std::string path; // here
    std::string name; // at the destination, see Source in frames.hpp
};

struct SendOptions {
    // Links in a source are followed; else they are left out with a note. A source that is a link
    // itself is followed.
    bool follows_links = false;
    // Only what there is: no bytes, no hashes.
    bool lists_only = false;
    // Names that are no UTF-8 are a trouble: the far side knows only Unicode.
    bool needs_utf8 = false;
    // What the far side has already; borrowed, null for nothing.
    const HaveList* haves = nullptr;
    std::size_t chunk_bytes = 1U << 20;
};

// Files are read once, in the order of their names. A file that changes while it is read is a
// trouble, not a file.
class TreeSender {
public:
    TreeSender(std::vector<SentSource> sources, const SendOptions& options);

    // The next chunk; nothing after the one with the End frame.
    std::optional<Bytes> next_chunk();
    [[nodiscard]] const EndFrame& totals() const { return totals_; }
    // The file that is being sent, for progress: its path below the source, or the name of the
    // source that it is. Its length.
    [[nodiscard]] const std::string& current_path() const
    {
        return file_.path.empty() && next_source_ > 0 ? sources_[source_number()].name : file_.path;
    }
    [[nodiscard]] std::int64_t current_length() const { return file_.length; }

private:
    struct Level {
        Descriptor folder;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::string path;               // with a slash behind it; empty for the source
        std::vector<std::string> names; // the last is the next
    };
    struct OpenFile {
        Descriptor file;
        std::string path;
        std::int64_t length = 0;
        std::int64_t at = 0;
        timespec changed{};
        std::int64_t bytes_at_start = 0;
        Sha256 hash;
    };

    void step(Bytes& chunk);
    void begin_source(Bytes& chunk);
    void take_entry(const std::string& name, Bytes& chunk);
    void begin_folder(Descriptor folder, const std::string& path, Bytes& chunk);
    void begin_file(Descriptor file, const std::string& path, Bytes& chunk);
    std::int64_t bytes_that_are_there(const OpenFile& file, bool& is_whole);
    void continue_file(Bytes& chunk);
    std::optional<int> read_content(std::size_t wanted, Bytes& chunk);
    void end_file(Bytes& chunk);
    void report(FrameType type, std::string_view path, std::string_view message, Bytes& chunk);
    [[nodiscard]] std::uint32_t source_number() const
    {
        return static_cast<std::uint32_t>(next_source_ - 1);
    }

    std::vector<SentSource> sources_;
    SendOptions options_;
    std::size_t next_source_ = 0;
    std::vector<Level> levels_;
    OpenFile file_;
    EndFrame totals_;
    bool has_ended_ = false;
};

} // namespace psrp::copy
