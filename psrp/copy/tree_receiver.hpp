// TreeReceiver: takes the chunks of a copy and writes its files and folders, below the destination
// and nowhere else, whatever they say.
#pragma once

#include <psrp/copy/file_access.hpp>
#include <psrp/copy/frames.hpp>

#include <optional>
#include <string>
#include <vector>

namespace psrp::copy {

struct ReceiveOptions {
    std::string destination;
    // The destination is a folder that the sources go into, and is made where it is not there.
    // Without, that is so only where it is a folder already; else it is what the source becomes.
    bool is_folder = false;
    // Nothing is written: the answers say what is there already.
    bool surveys = false;
    // The names of the sources, instead of those that the other side says. Empty: it says them.
    std::vector<std::string> names = {};
    CopyLimits limits = {};
};

// Files are written under another name and get their own when they are whole, with the sender's
// hash. What is not whole stays under that name for a copy that goes on with it.
class TreeReceiver {
public:
    explicit TreeReceiver(ReceiveOptions options);

    // Takes a chunk. Errors end the copy: CopyErrc::BadFrame, CopyErrc::OutOfOrder,
    // CopyErrc::UnsafePath, CopyErrc::TooManyFolders, CopyErrc::DiskFull, CopyErrc::NoDestination.
    Result<void> take(BytesView chunk);
    // What is to be said since the last call: frames of the types Trouble, Note, Have and, at the
    // end, End.
    Bytes take_answers();
    // Whether the End frame has come. Without it the copy was cut.
    [[nodiscard]] bool is_finished() const { return is_finished_; }
    // The file that is being written, for progress: its path below the source, or the name of the
    // source that it is.
    [[nodiscard]] const std::string& current_path() const
    {
        return file_.path.empty() ? top_ : file_.path;
    }
    [[nodiscard]] std::int64_t current_length() const { return file_.length; }
    [[nodiscard]] std::int64_t current_offset() const { return file_.at; }

private:
    struct OpenFile {
        Descriptor file;
        Descriptor folder; // that it is in
        std::string path;
        std::string name;
        std::string partial;
        std::uint32_t mode = no_mode;
        Ticks time = 0;
        std::int64_t length = 0;
        std::int64_t offset = 0;
        std::int64_t at = 0;
        Sha256 hash;
    };
    struct Folder {
        std::string path;
        std::uint32_t mode = no_mode;
        Ticks time = 0;
    };

    Result<void> on_frame(const Frame& frame);
    Result<void> on_source(std::string_view name);
    Result<void> on_folder(const FolderFrame& folder);
    Result<void> on_file(const FileFrame& file);
    Result<void> on_kept(const FileFrame& file);
    Result<void> on_bytes(BytesView bytes);
    Result<void> on_file_end(const Digest& digest);
    Result<void> on_report(FrameType type, const ReportFrame& report);
    Result<void> on_end();
    Result<void> survey(const FileFrame& file);
    [[nodiscard]] bool open_base(std::string_view name);
    [[nodiscard]] int open_folder(const std::string& path, Descriptor& folder);
    [[nodiscard]] bool
    open_parent(std::string_view path, Descriptor& folder, std::string& name, int& error);
    [[nodiscard]] bool open_partial(const FileFrame& file);
    [[nodiscard]] bool is_own_partial() const;
    void end_file_as_trouble(std::string_view message);
    Result<void> write_failed(int error);
    void settle_folders();
    [[nodiscard]] bool is_below_failed(std::string_view path) const;
    void trouble(std::string_view path, std::string_view message);

    ReceiveOptions options_;
    std::uint32_t source_count_ = 0;
    Descriptor base_; // the folder that the source goes into
    std::string top_; // its name there; empty: what is in it goes into base_
    bool base_is_open_ = false;
    Descriptor parent_; // of parent_path_, the one used last
    std::string parent_path_;
    std::optional<std::string> failed_folder_; // what is below it is passed over
    OpenFile file_;
    bool is_skipping_ = false;    // the bytes of a file that cannot be written
    std::vector<Folder> folders_; // of the source: times are set at its end
    EndFrame totals_;
    Bytes answers_;
    bool is_finished_ = false;
};

} // namespace psrp::copy
