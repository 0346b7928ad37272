#include <clixml/utf.hpp>
#include <psrp/copy/names.hpp>
#include <psrp/copy/tree_sender.hpp>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace psrp::copy {

namespace {

constexpr std::uint32_t mode_bits = 0777;
// A chunk with less room than this is sent before a file goes on in the next one.
constexpr std::size_t room_bytes_min = 16 * 1024;
constexpr std::size_t read_piece_bytes = 64 * 1024;
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

constexpr const char* cannot_be_read = "cannot be read";

// Names in an open folder, the last one first. errno of what went wrong, or 0.
int read_names(int folder, std::vector<std::string>& names)
{
    const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return errno;
    DIR* stream = ::fdopendir(again);
    if (stream == nullptr) {
        const int error = errno;
        ::close(again);
        return error;
    }
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) { // each stream belongs to one thread
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(stream);
    std::sort(names.rbegin(), names.rend());
    return error;
}

bool is_same(const timespec& a, const timespec& b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace

TreeSender::TreeSender(std::vector<SentSource> sources, const SendOptions& options)
    : sources_(std::move(sources)), options_(options)
{
}

std::optional<Bytes> TreeSender::next_chunk()
{
    if (has_ended_) return std::nullopt;
    Bytes chunk;
    while (!has_ended_ && (chunk.empty() || chunk.size() + room_bytes_min < options_.chunk_bytes))
        step(chunk);
    return chunk;
}

void TreeSender::step(Bytes& chunk)
{
    if (file_.file.is_open()) return continue_file(chunk);
    if (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.names.empty()) return levels_.pop_back();
        const std::string name = std::move(level.names.back());
        level.names.pop_back();
        return take_entry(name, chunk);
    }
    if (next_source_ < sources_.size()) return begin_source(chunk);
    write_end(totals_, chunk);
    has_ended_ = true;
}

void TreeSender::begin_source(Bytes& chunk)
{
    const SentSource& source = sources_[next_source_++];
    write_source(source.name, chunk);
    Descriptor file(::open(source.path.c_str(), open_flags));
    struct stat facts {};
    if (!file.is_open() || ::fstat(file.number(), &facts) != 0)
        return report(FrameType::Trouble, {}, failure_text(cannot_be_read, errno), chunk);
    if (S_ISDIR(facts.st_mode)) return begin_folder(std::move(file), {}, chunk);
    if (S_ISREG(facts.st_mode)) return begin_file(std::move(file), {}, chunk);
    report(FrameType::Trouble, {}, "is neither a file nor a folder", chunk);
}

void TreeSender::take_entry(const std::string& name, Bytes& chunk)
{
    const Level& level = levels_.back();
    const std::string path = level.path + name;
    if (options_.needs_utf8 && clixml::first_invalid_utf8(name)) {
        return report(
            FrameType::Trouble, path, "has a name that the other side has no characters for", chunk
        );
    }
    struct stat facts {};
    const int folder = level.folder.number();
    if (::fstatat(folder, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, errno), chunk);
    const bool is_link = S_ISLNK(facts.st_mode);
    if (is_link && !options_.follows_links) {
        return report(FrameType::Note, path, "is a symbolic link and left out", chunk);
    }
    if (is_link && ::fstatat(folder, name.c_str(), &facts, 0) != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, errno), chunk);
    if (!S_ISDIR(facts.st_mode) && !S_ISREG(facts.st_mode)) {
        return report(FrameType::Note, path, "is neither a file nor a folder and left out", chunk);
    }
    const int link_flag = options_.follows_links ? 0 : O_NOFOLLOW;
    Descriptor file(::openat(folder, name.c_str(), open_flags | link_flag));
    if (!file.is_open() || ::fstat(file.number(), &facts) != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, errno), chunk);
    if (S_ISDIR(facts.st_mode)) return begin_folder(std::move(file), path, chunk);
    if (S_ISREG(facts.st_mode)) return begin_file(std::move(file), path, chunk);
    report(FrameType::Trouble, path, "has become something else meanwhile", chunk);
}

void TreeSender::begin_folder(Descriptor folder, const std::string& path, Bytes& chunk)
{
    struct stat facts {};
    if (::fstat(folder.number(), &facts) != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, errno), chunk);
    const auto is_it = [&](const Level& level) {
        return level.device == facts.st_dev && level.inode == facts.st_ino;
    };
    if (std::any_of(levels_.begin(), levels_.end(), is_it)) {
        return report(FrameType::Trouble, path, "is a link to a folder that it is in", chunk);
    }
    Level level;
    level.device = facts.st_dev;
    level.inode = facts.st_ino;
    if (const int error = read_names(folder.number(), level.names); error != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, error), chunk);
    level.folder = std::move(folder);
    level.path = path.empty() ? "" : path + "/";
    levels_.push_back(std::move(level));
    write_folder({facts.st_mode & mode_bits, ticks_of(facts.st_mtim), path}, chunk);
}

// How much of it the far side has and need not get; 0 where that differs from what is here.
std::int64_t TreeSender::bytes_that_are_there(const OpenFile& file, bool& is_whole)
{
    is_whole = false;
    const HaveList::Have* have =
        options_.haves == nullptr ? nullptr : options_.haves->find(source_number(), file.path);
    if (have == nullptr || have->length > file.length) return 0;
    if (have->is_whole && have->length != file.length) return 0;
    Sha256 hash;
    if (!hash_range(file.file.number(), 0, have->length, hash)) return 0;
    if (hash.digest() != have->digest) return 0;
    is_whole = have->is_whole;
    file_.hash = hash;
    return have->length;
}

void TreeSender::begin_file(Descriptor file, const std::string& path, Bytes& chunk)
{
    struct stat facts {};
    if (::fstat(file.number(), &facts) != 0)
        return report(FrameType::Trouble, path, failure_text(cannot_be_read, errno), chunk);
    const std::string& name =
        path.empty() ? sources_[source_number()].name : path.substr(path.rfind('/') + 1);
    const std::string partial = partial_name(name);
    file_.path = path;
    file_.length = facts.st_size;
    FileFrame frame;
    frame.mode = facts.st_mode & mode_bits;
    frame.time = ticks_of(facts.st_mtim);
    frame.length = facts.st_size;
    frame.partial_name = partial;
    frame.path = path;
    if (options_.lists_only) return write_file(FrameType::File, frame, chunk);
    file_.changed = facts.st_mtim;
    file_.hash = Sha256();
    file_.file = std::move(file);
    bool is_whole = false;
    file_.at = file_.bytes_at_start = frame.offset = bytes_that_are_there(file_, is_whole);
    if (is_whole) {
        file_.file.reset();
        return write_file(FrameType::Kept, frame, chunk);
    }
    (void)::posix_fadvise(file_.file.number(), 0, 0, POSIX_FADV_SEQUENTIAL); // an advice
    write_file(FrameType::File, frame, chunk);
}

void TreeSender::continue_file(Bytes& chunk)
{
    const std::int64_t left = file_.length - file_.at;
    if (left == 0) return end_file(chunk);
    const std::size_t start = chunk.size();
    const std::size_t used = start + frame_header_bytes;
    // Another frame or two fit behind it in any case.
    const std::size_t room = std::max(options_.chunk_bytes, used + room_bytes_min) - used;
    const auto wanted = static_cast<std::size_t>(std::min(left, static_cast<std::int64_t>(room)));
    chunk.reserve(std::max(used + wanted, options_.chunk_bytes));
    chunk.resize(used);
    const std::optional<int> error = read_content(wanted, chunk);
    const std::size_t count = chunk.size() - used;
    if (count > 0)
        store_frame_header(FrameType::Content, count, chunk.data() + start);
    else
        chunk.resize(start);
    if (!error) return;
    const std::string why = *error != 0 ? failure_text(cannot_be_read, *error)
                                        : std::string("was made shorter while it was read");
    report(FrameType::Trouble, file_.path, why, chunk);
    file_.file.reset();
}

// Reads the next bytes of the file, in pieces that are hashed while they are in a near cache.
// Nothing where all went well, else errno, 0 for the end of the file.
std::optional<int> TreeSender::read_content(std::size_t wanted, Bytes& chunk)
{
    while (wanted > 0) {
        const std::size_t at = chunk.size();
        const std::size_t piece = std::min(wanted, read_piece_bytes);
        chunk.resize(at + piece);
        ssize_t got = 0;
        do {
            got = ::pread(file_.file.number(), chunk.data() + at, piece, file_.at);
        } while (got < 0 && errno == EINTR);
        const int error = got < 0 ? errno : 0;
        const auto count = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        chunk.resize(at + count);
        if (got <= 0) return error;
        file_.hash.add(BytesView(chunk).subspan(at));
        file_.at += got;
        wanted -= count;
    }
    return std::nullopt;
}

void TreeSender::end_file(Bytes& chunk)
{
    struct stat facts {};
    const bool is_as_before = ::fstat(file_.file.number(), &facts) == 0 &&
                              facts.st_size == file_.length &&
                              is_same(facts.st_mtim, file_.changed);
    file_.file.reset();
    if (!is_as_before) {
        return report(FrameType::Trouble, file_.path, "was changed while it was read", chunk);
    }
    write_digest(file_.hash.digest(), chunk);
    ++totals_.file_count;
    totals_.byte_count += static_cast<std::uint64_t>(file_.length - file_.bytes_at_start);
}

void TreeSender::report(
    FrameType type, std::string_view path, std::string_view message, Bytes& chunk
)
{
    write_report(type, {source_number(), path, message}, chunk);
}

} // namespace psrp::copy
