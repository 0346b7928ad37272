#include <psrp/transport/capture.hpp>

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#ifndef _WIN32
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace psrp {

// A file written through zlib, compressed or not.
class Capture::File {
public:
    explicit File(gzFile file) : file_(file) {}
    ~File() { (void)close(); } // nobody asked how it went
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    static Result<std::unique_ptr<File>> create(const std::string& path)
    {
        const char* mode = path.ends_with(".gz") ? "wb" : "wbT"; // T: as it is
        errno = 0;
#ifdef _WIN32
        const gzFile file = gzopen(path.c_str(), mode);
#else
        const int descriptor =
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (descriptor < 0) return failed(errno);
        struct stat status {};
        if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
            fchmod(descriptor, S_IRUSR | S_IWUSR);
        const gzFile file = gzdopen(descriptor, mode);
        if (file == nullptr) ::close(descriptor);
#endif
        if (file == nullptr) return failed(errno != 0 ? errno : ENOMEM);
        return std::make_unique<File>(file);
    }

    void write(std::string_view text)
    {
        if (file_ == nullptr || error_ != 0) return;
        errno = 0;
        if (gzwrite(file_, text.data(), static_cast<unsigned>(text.size())) <= 0)
            error_ = errno != 0 ? errno : EIO;
    }

    Result<void> close()
    {
        if (file_ == nullptr) return {};
        errno = 0;
        if (gzclose(std::exchange(file_, nullptr)) != Z_OK && error_ == 0)
            error_ = errno != 0 ? errno : EIO;
        if (error_ != 0) return failed(error_);
        return {};
    }

private:
    static tl::unexpected<clixml::Error> failed(int number)
    {
        return clixml::failure(
            std::error_code(number, std::generic_category()), clixml::no_offset, "the recording"
        );
    }

    gzFile file_;
    int error_ = 0;
};

std::string capture_path(const std::string& path, std::size_t number, std::size_t count)
{
    if (count == 1) return path;
    const std::size_t slash = path.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    const std::size_t dot = std::min(path.find('.', name + 1), path.size());
    return path.substr(0, dot) + "-" + std::to_string(number) + path.substr(dot);
}

Result<std::unique_ptr<Capture>> Capture::create(const std::string& path, CaptureSecrets secrets)
{
    PSRP_TRY(auto file, File::create(path));
    return std::unique_ptr<Capture>(new Capture(std::move(file), secrets));
}

Capture::Capture(std::unique_ptr<File> file, CaptureSecrets secrets)
    : file_(std::move(file)),
      secrets_(secrets), client_{'C', ElementSender::Client, LineReader(), {}},
      server_{'S', ElementSender::Server, LineReader(), {}}
{
}

Capture::~Capture()
{
    (void)finish(); // nobody asked how it went
}

void Capture::write_arguments(const std::vector<std::string>& arguments)
{
    std::string line;
    for (const std::string& argument : arguments)
        line += (line.empty() ? "" : " ") + argument;
    put('A', line);
}

void Capture::on_client_bytes(clixml::BytesView bytes)
{
    on_bytes(client_, bytes);
}

void Capture::on_server_bytes(clixml::BytesView bytes)
{
    on_bytes(server_, bytes);
}

Result<void> Capture::finish()
{
    for (Side* side : {&client_, &server_}) {
        if (const auto line = side->lines.rest()) write_line(*side, line->text);
    }
    return file_->close();
}

void Capture::on_bytes(Side& side, clixml::BytesView bytes)
{
    side.lines.receive(bytes);
    for (;;) {
        const auto line = side.lines.next();
        if (!line) { // too long; the transport ends the connection for it
            side.lines = LineReader();
            put(side.letter, "<!-- a line that is too long -->");
            return;
        }
        if (!*line) return;
        write_line(side, (*line)->text);
    }
}

void Capture::write_line(Side& side, std::string_view line)
{
    if (secrets_ == CaptureSecrets::Written || !line.starts_with('<')) {
        put(side.letter, line);
        return;
    }
    const std::vector<std::string> masked = masked_lines(side, line);
    if (masked.empty()) put(side.letter, line);
    for (const std::string& one : masked)
        put(side.letter, one);
}

void Capture::put(char letter, std::string_view line)
{
    std::string text{letter, ' '};
    text.append(line).push_back('\n');
    file_->write(text);
}

std::vector<std::string> Capture::masked_lines(Side& side, std::string_view line)
{
    std::vector<std::string> lines;
    bool changed = false;
    ElementReader reader(line, side.sender);
    for (;;) {
        auto element = reader.next();
        if (!element) {
            // What could not be read cannot be masked either.
            lines.push_back(
                "<!-- " + std::to_string(line.size()) + " bytes that are no element -->"
            );
            return lines;
        }
        if (!*element) break;
        if ((*element)->kind == ElementKind::Data)
            changed |=
                side.masks[{(*element)->channel, (*element)->stream}].mask((*element)->bytes);
        std::string& text = lines.emplace_back();
        append_element(**element, text);
        text.pop_back(); // its line feed
    }
    if (!changed) lines.clear();
    return lines;
}

} // namespace psrp
