#include <psrp/copy/errors.hpp>
#include <psrp/copy/names.hpp>
#include <psrp/copy/tree_receiver.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace psrp::copy {

namespace {

constexpr mode_t mode_bits = 0777;
constexpr mode_t own_rights = 0700;
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr const char* cannot_be_written = "cannot be written";

tl::unexpected<clixml::Error> out_of_order(const char* expected)
{
    return clixml::failure(CopyErrc::OutOfOrder, clixml::no_offset, expected);
}

// A file of ours alone, as we made it.
bool is_ours(const struct stat& facts)
{
    return S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid() && facts.st_nlink == 1;
}

// Why a folder, or what is to be in one, cannot be made.
std::string folder_failure_text(int error)
{
    const bool is_in_the_way = error == ELOOP || error == ENOTDIR;
    return failure_text(
        is_in_the_way ? "has something in its way that is no folder" : cannot_be_written, error
    );
}

} // namespace

TreeReceiver::TreeReceiver(ReceiveOptions options) : options_(std::move(options)) {}

Bytes TreeReceiver::take_answers()
{
    return std::exchange(answers_, {});
}

Result<void> TreeReceiver::take(BytesView chunk)
{
    if (chunk.size() > options_.limits.chunk_bytes_max) {
        return clixml::failure(CopyErrc::BadFrame, clixml::no_offset, "expected a smaller chunk");
    }
    while (!chunk.empty()) {
        PSRP_TRY(const Frame frame, read_frame(chunk));
        PSRP_CHECK(on_frame(frame));
    }
    return {};
}

Result<void> TreeReceiver::on_frame(const Frame& frame)
{
    if (is_finished_) return out_of_order("expected nothing behind the end");
    const bool is_open = file_.file.is_open() || is_skipping_;
    const bool belongs_to_file = frame.type == FrameType::Content ||
                                 frame.type == FrameType::FileEnd ||
                                 frame.type == FrameType::Trouble;
    if (is_open && !belongs_to_file) return out_of_order("expected the rest of a file");
    if (source_count_ == 0 && frame.type != FrameType::Source && frame.type != FrameType::End)
        return out_of_order("expected a source");
    switch (frame.type) {
    case FrameType::Source:
        return on_source(clixml::text_of(frame.content));
    case FrameType::Folder: {
        PSRP_TRY(const FolderFrame folder, read_folder(frame.content));
        return on_folder(folder);
    }
    case FrameType::File: {
        PSRP_TRY(const FileFrame file, read_file(frame.content));
        return options_.surveys ? survey(file) : on_file(file);
    }
    case FrameType::Kept: {
        PSRP_TRY(const FileFrame file, read_file(frame.content));
        return on_kept(file);
    }
    case FrameType::Content:
        return is_open ? on_bytes(frame.content) : out_of_order("expected a file first");
    case FrameType::FileEnd: {
        if (!is_open) return out_of_order("expected a file first");
        PSRP_TRY(const Digest digest, read_digest(frame.content));
        return on_file_end(digest);
    }
    case FrameType::Trouble:
    case FrameType::Note: {
        PSRP_TRY(const ReportFrame report, read_report(frame.content));
        return on_report(frame.type, report);
    }
    case FrameType::End:
        return on_end();
    case FrameType::Have:
    case FrameType::Consumed:
        break;
    }
    return out_of_order("expected no answer");
}

// The destination
// -------------------------------------------------------------------------------------------------

// Where the source goes. False, with errno, where there is no such place.
bool TreeReceiver::open_base(std::string_view name)
{
    std::string destination = options_.destination.empty() ? "." : options_.destination;
    struct stat facts {};
    const bool is_folder = ::stat(destination.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
    top_ = name;
    const bool may_make = !options_.surveys && (options_.is_folder || name.empty());
    if (!is_folder && may_make && ::mkdir(destination.c_str(), mode_bits) != 0) return false;
    if (!is_folder && !may_make) {
        // The source gets the destination's name.
        while (destination.size() > 1 && destination.back() == '/')
            destination.pop_back();
        const std::size_t slash = destination.rfind('/');
        top_ = destination.substr(slash == std::string::npos ? 0 : slash + 1);
        if (slash == std::string::npos) {
            destination = ".";
        } else {
            destination.resize(slash == 0 ? 1 : slash);
        }
    }
    base_ = Descriptor(::open(destination.c_str(), folder_flags));
    return base_.is_open();
}

Result<void> TreeReceiver::on_source(std::string_view name)
{
    settle_folders();
    ++source_count_;
    if (!options_.names.empty()) {
        if (source_count_ > options_.names.size()) return out_of_order("expected fewer sources");
        name = options_.names[source_count_ - 1];
    }
    if (!is_safe_path(name) || name.find('/') != std::string_view::npos)
        return clixml::failure(CopyErrc::UnsafePath);
    parent_.reset();
    failed_folder_.reset();
    base_is_open_ = open_base(name);
    if (base_is_open_ || options_.surveys) return {};
    trouble({}, failure_text("the destination cannot be used", errno));
    return clixml::failure(CopyErrc::NoDestination);
}

// The folder of that path below the base, no part of it a link. errno, or 0.
int TreeReceiver::open_folder(const std::string& path, Descriptor& folder)
{
    if (parent_.is_open() && parent_path_ == path) {
        folder = Descriptor(::fcntl(parent_.number(), F_DUPFD_CLOEXEC, 0));
        return folder.is_open() ? 0 : errno;
    }
    folder = Descriptor(::fcntl(base_.number(), F_DUPFD_CLOEXEC, 0));
    std::string_view rest = path;
    while (folder.is_open() && !rest.empty()) {
        const std::size_t end = rest.find('/');
        const std::string name(rest.substr(0, end));
        folder = Descriptor(::openat(folder.number(), name.c_str(), folder_flags | O_NOFOLLOW));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (!folder.is_open()) return errno;
    parent_ = Descriptor(::fcntl(folder.number(), F_DUPFD_CLOEXEC, 0));
    parent_path_ = path;
    return 0;
}

// The folder that `path` is in, and its name there; the name is empty for what is in the base
// itself.
bool TreeReceiver::open_parent(
    std::string_view path, Descriptor& folder, std::string& name, int& error
)
{
    std::string whole = top_;
    if (!path.empty()) whole += (whole.empty() ? "" : "/") + std::string(path);
    const std::size_t slash = whole.rfind('/');
    name = slash == std::string::npos ? whole : whole.substr(slash + 1);
    error = base_is_open_
                ? open_folder(slash == std::string::npos ? "" : whole.substr(0, slash), folder)
                : ENOENT;
    return error == 0;
}

bool TreeReceiver::is_below_failed(std::string_view path) const
{
    if (!failed_folder_) return false;
    return failed_folder_->empty() || (path.starts_with(*failed_folder_) &&
                                       path.substr(failed_folder_->size()).starts_with('/'));
}

// Folders
// -------------------------------------------------------------------------------------------------

Result<void> TreeReceiver::on_folder(const FolderFrame& folder)
{
    if (options_.surveys || is_below_failed(folder.path)) return {};
    Descriptor parent;
    std::string name;
    int error = 0;
    const auto fail = [&]() -> Result<void> {
        failed_folder_ = folder.path;
        trouble(folder.path, folder_failure_text(error));
        return {};
    };
    if (!open_parent(folder.path, parent, name, error)) return fail();
    if (name.empty()) return {}; // the destination itself stays as it is
    if (folders_.size() >= options_.limits.folders_max)
        return clixml::failure(CopyErrc::TooManyFolders);
    const mode_t mode = folder.mode == no_mode ? mode_bits : (folder.mode & mode_bits) | own_rights;
    if (::mkdirat(parent.number(), name.c_str(), mode) != 0 && errno != EEXIST) {
        error = errno;
        (void)fail(); // has said which it is
        if (error == ENOSPC || error == EDQUOT) return clixml::failure(CopyErrc::DiskFull);
        return {};
    }
    const Descriptor made(::openat(parent.number(), name.c_str(), folder_flags | O_NOFOLLOW));
    if (!made.is_open()) {
        error = errno;
        return fail();
    }
    folders_.push_back({std::string(folder.path), folder.mode, folder.time});
    return {};
}

// Innermost first, so that a folder's time is not changed by what is done in it.
void TreeReceiver::settle_folders()
{
    parent_.reset();
    while (!folders_.empty()) {
        const Folder folder = std::move(folders_.back());
        folders_.pop_back();
        Descriptor parent;
        std::string name;
        int error = 0;
        if (!open_parent(folder.path, parent, name, error)) continue;
        const Descriptor made(::openat(parent.number(), name.c_str(), folder_flags | O_NOFOLLOW));
        if (!made.is_open()) continue;
        // Kept where the file system can.
        if (folder.mode != no_mode) (void)::fchmod(made.number(), folder.mode & mode_bits);
        const timespec times[2] = {{0, UTIME_OMIT}, time_of(folder.time)};
        if (folder.time != 0) (void)::futimens(made.number(), times);
    }
    parent_.reset();
}

// Files
// -------------------------------------------------------------------------------------------------

bool TreeReceiver::open_partial(const FileFrame& file)
{
    const int folder = file_.folder.number();
    const char* const partial = file_.partial.c_str();
    if (file.offset > 0) {
        file_.file = Descriptor(::openat(folder, partial, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        struct stat facts {};
        const bool goes_on = file_.file.is_open() && ::fstat(file_.file.number(), &facts) == 0 &&
                             is_ours(facts) && facts.st_size >= file.offset &&
                             ::ftruncate(file_.file.number(), file.offset) == 0 &&
                             hash_range(file_.file.number(), 0, file.offset, file_.hash) &&
                             ::lseek(file_.file.number(), file.offset, SEEK_SET) == file.offset;
        if (goes_on) return true;
        file_.file.reset();
        if (errno == 0) errno = EIO;
        return false;
    }
    if (::unlinkat(folder, partial, 0) != 0 && errno != ENOENT) return false;
    const mode_t mode = file.mode == no_mode ? 0666 : 0600;
    file_.file = Descriptor(::openat(folder, partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    return file_.file.is_open();
}

Result<void> TreeReceiver::on_file(const FileFrame& file)
{
    is_skipping_ = true;
    if (is_below_failed(file.path)) return {};
    file_.hash = Sha256();
    file_.path = file.path;
    file_.mode = file.mode;
    file_.time = file.time;
    file_.length = file.length;
    file_.offset = file_.at = file.offset;
    int error = 0;
    if (!open_parent(file.path, file_.folder, file_.name, error)) {
        trouble(file.path, folder_failure_text(error));
        return {};
    }
    if (file_.name.empty()) {
        trouble(file.path, "is a file without a name, and the destination is a folder");
        return {};
    }
    file_.partial = partial_name(file_.name);
    errno = 0;
    if (!open_partial(file)) {
        if (errno == ENOSPC || errno == EDQUOT) return write_failed(errno);
        trouble(file.path, failure_text(cannot_be_written, errno));
        return {};
    }
    is_skipping_ = false;
    return {};
}

Result<void> TreeReceiver::on_bytes(BytesView bytes)
{
    if (is_skipping_) return {};
    if (bytes.size() > static_cast<std::uint64_t>(file_.length - file_.at)) {
        end_file_as_trouble("has more bytes than the other side said");
        is_skipping_ = true;
        return {};
    }
    file_.hash.add(bytes);
    file_.at += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_.file.number(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return write_failed(errno);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> TreeReceiver::write_failed(int error)
{
    const std::string path = file_.path;
    const std::string text = failure_text(cannot_be_written, error);
    if (file_.file.is_open()) {
        end_file_as_trouble(text);
    } else {
        trouble(path, text);
    }
    is_skipping_ = true;
    if (error != ENOSPC && error != EDQUOT) return {};
    return clixml::failure(CopyErrc::DiskFull);
}

// Whether the name still means the file that was written, and not another copy's.
bool TreeReceiver::is_own_partial() const
{
    struct stat written {};
    struct stat named {};
    return ::fstat(file_.file.number(), &written) == 0 &&
           ::fstatat(file_.folder.number(), file_.partial.c_str(), &named, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           written.st_ino == named.st_ino && written.st_dev == named.st_dev;
}

Result<void> TreeReceiver::on_file_end(const Digest& digest)
{
    if (std::exchange(is_skipping_, false)) return {};
    if (file_.at != file_.length || file_.hash.digest() != digest) {
        end_file_as_trouble("did not arrive as it was sent: its SHA-256 differs");
        return {};
    }
    const int file = file_.file.number();
    // Kept where the file system can.
    if (file_.mode != no_mode) (void)::fchmod(file, file_.mode & mode_bits);
    const timespec times[2] = {{0, UTIME_OMIT}, time_of(file_.time)};
    if (file_.time != 0) (void)::futimens(file, times);
    if (!is_own_partial()) {
        file_.file.reset();
        trouble(file_.path, "was written by another copy at the same time");
        return {};
    }
    const int folder = file_.folder.number();
    if (::renameat(folder, file_.partial.c_str(), folder, file_.name.c_str()) != 0) {
        end_file_as_trouble(failure_text(cannot_be_written, errno));
        return {};
    }
    file_.file.reset();
    ++totals_.file_count;
    totals_.byte_count += static_cast<std::uint64_t>(file_.length - file_.offset);
    return {};
}

void TreeReceiver::end_file_as_trouble(std::string_view message)
{
    if (is_own_partial()) (void)::unlinkat(file_.folder.number(), file_.partial.c_str(), 0);
    file_.file.reset();
    trouble(file_.path, message);
}

// The other side has compared the hash of what is here.
Result<void> TreeReceiver::on_kept(const FileFrame& file)
{
    Descriptor folder;
    std::string name;
    int error = 0;
    if (options_.surveys || !open_parent(file.path, folder, name, error) || name.empty()) return {};
    const Descriptor kept(
        ::openat(folder.number(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    );
    if (!kept.is_open()) {
        trouble(file.path, failure_text(cannot_be_written, errno));
        return {};
    }
    // Kept where the file system can.
    if (file.mode != no_mode) (void)::fchmod(kept.number(), file.mode & mode_bits);
    const timespec times[2] = {{0, UTIME_OMIT}, time_of(file.time)};
    if (file.time != 0) (void)::futimens(kept.number(), times);
    return {};
}

// What is here of a file, its beginning or all of it.
Result<void> TreeReceiver::survey(const FileFrame& file)
{
    Descriptor folder;
    std::string name;
    int error = 0;
    if (!open_parent(file.path, folder, name, error) || name.empty()) return {};
    for (const bool is_whole : {true, false}) {
        const std::string looked_for = is_whole ? name : partial_name(name);
        const Descriptor found(::openat(
            folder.number(), looked_for.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        ));
        struct stat facts {};
        if (!found.is_open() || ::fstat(found.number(), &facts) != 0) continue;
        const bool is_usable = is_whole ? S_ISREG(facts.st_mode) && facts.st_size == file.length
                                        : is_ours(facts) && facts.st_size > 0;
        if (!is_usable) continue;
        const std::int64_t length = std::min<std::int64_t>(facts.st_size, file.length);
        Sha256 hash;
        if (!hash_range(found.number(), 0, length, hash)) continue;
        write_have({source_count_ - 1, is_whole, length, hash.digest(), file.path}, answers_);
        return {};
    }
    return {};
}

// Reports and the end
// -------------------------------------------------------------------------------------------------

void TreeReceiver::trouble(std::string_view path, std::string_view message)
{
    const std::uint32_t source = source_count_ == 0 ? 0 : source_count_ - 1;
    write_report(FrameType::Trouble, {source, path, message}, answers_);
}

Result<void> TreeReceiver::on_report(FrameType type, const ReportFrame& report)
{
    if (type == FrameType::Trouble && file_.file.is_open()) {
        end_file_as_trouble(report.message);
    } else if (type == FrameType::Trouble && std::exchange(is_skipping_, false)) {
        // Told already why it is not here.
    } else {
        const std::uint32_t source = source_count_ - 1;
        write_report(type, {source, report.path, report.message}, answers_);
    }
    return {};
}

Result<void> TreeReceiver::on_end()
{
    settle_folders();
    is_finished_ = true;
    write_end(totals_, answers_);
    return {};
}

} // namespace psrp::copy
