#include <psrp/copy/errors.hpp>
#include <psrp/copy/frames.hpp>
#include <psrp/copy/names.hpp>

#include <algorithm>

namespace psrp::copy {

namespace {

bool is_known(std::uint8_t type)
{
    return std::string_view("SDFBEKXNHAZ").find(static_cast<char>(type)) != std::string_view::npos;
}

tl::unexpected<clixml::Error> bad(const char* expected)
{
    return clixml::failure(CopyErrc::BadFrame, clixml::no_offset, expected);
}

// Reads the fields of a content one after the other; what is missing is read as 0 and remembered.
class Fields {
public:
    explicit Fields(BytesView content) : rest_(content) {}

    template <typename T>
    T number()
    {
        if (rest_.size() < sizeof(T)) return fail(), T{};
        const T value = clixml::load_le<T>(rest_.data());
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }
    // A length below 2^63.
    std::int64_t count()
    {
        const auto value = number<std::uint64_t>();
        if (value > INT64_MAX) fail();
        return static_cast<std::int64_t>(value);
    }
    std::string_view text(std::size_t byte_count)
    {
        if (rest_.size() < byte_count) return fail(), std::string_view();
        const std::string_view taken = clixml::text_of(rest_.first(byte_count));
        rest_ = rest_.subspan(byte_count);
        return taken;
    }
    Digest digest()
    {
        Digest digest{};
        const std::string_view bytes = text(digest.size());
        std::copy(bytes.begin(), bytes.end(), digest.begin());
        return digest;
    }
    std::string_view rest() { return text(rest_.size()); }
    [[nodiscard]] bool is_whole() const { return is_whole_ && rest_.empty(); }

private:
    void fail()
    {
        is_whole_ = false;
        rest_ = {};
    }

    BytesView rest_;
    bool is_whole_ = true;
};

// Writes a frame whose length is known at its end.
class FrameWriter {
public:
    FrameWriter(FrameType type, Bytes& chunk) : chunk_(chunk), start_(chunk.size()), type_(type)
    {
        chunk_.resize(start_ + frame_header_bytes);
    }
    ~FrameWriter()
    {
        store_frame_header(
            type_, chunk_.size() - start_ - frame_header_bytes, chunk_.data() + start_
        );
    }
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    template <typename T>
    FrameWriter& number(T value)
    {
        const std::size_t at = chunk_.size();
        chunk_.resize(at + sizeof(T));
        clixml::store_le(value, chunk_.data() + at);
        return *this;
    }
    FrameWriter& count(std::int64_t value) { return number(static_cast<std::uint64_t>(value)); }
    FrameWriter& text(std::string_view text)
    {
        chunk_.insert(chunk_.end(), text.begin(), text.end());
        return *this;
    }

private:
    Bytes& chunk_;
    std::size_t start_;
    FrameType type_;
};

tl::unexpected<clixml::Error> unsafe()
{
    return clixml::failure(CopyErrc::UnsafePath);
}

} // namespace

void store_frame_header(FrameType type, std::size_t content_bytes, std::uint8_t* to)
{
    to[0] = static_cast<std::uint8_t>(type);
    clixml::store_le(static_cast<std::uint32_t>(content_bytes), to + 1);
}

Result<Frame> read_frame(BytesView& rest)
{
    if (rest.size() < frame_header_bytes) return bad("expected a whole frame");
    if (!is_known(rest[0])) return bad("expected a known type of frame");
    const auto content_bytes = clixml::load_le<std::uint32_t>(rest.data() + 1);
    if (content_bytes > rest.size() - frame_header_bytes) return bad("expected a whole frame");
    const Frame frame{
        static_cast<FrameType>(rest[0]), rest.subspan(frame_header_bytes, content_bytes)};
    rest = rest.subspan(frame_header_bytes + content_bytes);
    return frame;
}

Result<FolderFrame> read_folder(BytesView content)
{
    Fields fields(content);
    FolderFrame folder;
    folder.mode = fields.number<std::uint32_t>();
    folder.time = fields.count();
    folder.path = fields.rest();
    if (!fields.is_whole()) return bad("expected mode, time and path of a folder");
    if (!is_safe_path(folder.path)) return unsafe();
    return folder;
}

Result<FileFrame> read_file(BytesView content)
{
    Fields fields(content);
    FileFrame file;
    file.mode = fields.number<std::uint32_t>();
    file.time = fields.count();
    file.length = fields.count();
    file.offset = fields.count();
    file.partial_name = fields.text(fields.number<std::uint16_t>());
    file.path = fields.rest();
    if (!fields.is_whole() || file.offset > file.length) return bad("expected what a file is");
    if (!is_safe_path(file.path)) return unsafe();
    return file;
}

Result<ReportFrame> read_report(BytesView content)
{
    Fields fields(content);
    ReportFrame report;
    report.source = fields.number<std::uint32_t>();
    report.path = fields.text(fields.number<std::uint32_t>());
    report.message = fields.rest();
    if (!fields.is_whole()) return bad("expected source, path and message");
    return report;
}

Result<HaveFrame> read_have(BytesView content)
{
    Fields fields(content);
    HaveFrame have;
    have.source = fields.number<std::uint32_t>();
    have.is_whole = fields.number<std::uint8_t>() != 0;
    have.length = fields.count();
    have.digest = fields.digest();
    have.path = fields.rest();
    if (!fields.is_whole()) return bad("expected what is there of a file");
    if (!is_safe_path(have.path)) return unsafe();
    return have;
}

Result<EndFrame> read_end(BytesView content)
{
    Fields fields(content);
    EndFrame end;
    end.file_count = fields.number<std::uint64_t>();
    end.byte_count = fields.number<std::uint64_t>();
    if (!fields.is_whole()) return bad("expected the numbers of files and bytes");
    return end;
}

Result<Digest> read_digest(BytesView content)
{
    Fields fields(content);
    const Digest digest = fields.digest();
    if (!fields.is_whole()) return bad("expected 32 bytes of SHA-256");
    return digest;
}

Result<std::uint64_t> read_consumed(BytesView content)
{
    Fields fields(content);
    const auto count = fields.number<std::uint64_t>();
    if (!fields.is_whole()) return bad("expected a number of bytes");
    return count;
}

void write_source(std::string_view name, Bytes& chunk)
{
    FrameWriter(FrameType::Source, chunk).text(name);
}

void write_folder(const FolderFrame& folder, Bytes& chunk)
{
    FrameWriter(FrameType::Folder, chunk).number(folder.mode).count(folder.time).text(folder.path);
}

void write_file(FrameType type, const FileFrame& file, Bytes& chunk)
{
    FrameWriter(type, chunk)
        .number(file.mode)
        .count(file.time)
        .count(file.length)
        .count(file.offset)
        .number(static_cast<std::uint16_t>(file.partial_name.size()))
        .text(file.partial_name)
        .text(file.path);
}

void write_digest(const Digest& digest, Bytes& chunk)
{
    FrameWriter(FrameType::FileEnd, chunk).text(clixml::text_of(digest));
}

void write_report(FrameType type, const ReportFrame& report, Bytes& chunk)
{
    FrameWriter(type, chunk)
        .number(report.source)
        .number(static_cast<std::uint32_t>(report.path.size()))
        .text(report.path)
        .text(report.message);
}

void write_have(const HaveFrame& have, Bytes& chunk)
{
    FrameWriter(FrameType::Have, chunk)
        .number(have.source)
        .number(static_cast<std::uint8_t>(have.is_whole ? 1 : 0))
        .count(have.length)
        .text(clixml::text_of(have.digest))
        .text(have.path);
}

void write_consumed(std::uint64_t byte_count, Bytes& chunk)
{
    FrameWriter(FrameType::Consumed, chunk).number(byte_count);
}

void write_end(const EndFrame& end, Bytes& chunk)
{
    FrameWriter(FrameType::End, chunk).number(end.file_count).number(end.byte_count);
}

} // namespace psrp::copy
