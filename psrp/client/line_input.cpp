#include <psrp/client/line_input.hpp>

#include <array>
#include <cerrno>
#include <poll.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace psrp {

void LineInput::append_poll_entries(std::vector<PollEntry>& entries) const
{
    if (!has_ended_ && queue_.wants_more()) entries.push_back({descriptor_, true, false});
}

void LineInput::on_readable(int descriptor)
{
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count > 0) {
        text_.append(buffer.data(), static_cast<std::size_t>(count));
        return take_lines();
    }
    has_ended_ = true; // an error ends the input as its end does
    if (!text_.empty()) push(text_);
    queue_.end();
}

void LineInput::push(std::string_view line)
{
    if (push_) return push_(line);
    queue_.push_line(line);
}

void LineInput::take_lines()
{
    std::size_t start = 0;
    while (true) {
        const std::size_t end = text_.find('\n', start);
        if (end == std::string::npos) break;
        std::string_view line = std::string_view(text_).substr(start, end - start);
        if (line.ends_with('\r')) line.remove_suffix(1);
        push(line);
        start = end + 1;
    }
    text_.erase(0, start);
}

bool is_input_source(int descriptor)
{
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return false;
    if (S_ISREG(status.st_mode)) return ::lseek(descriptor, 0, SEEK_CUR) < status.st_size;
    if (!S_ISFIFO(status.st_mode)) return false;
    pollfd pipe{descriptor, POLLIN, 0};
    const bool has_ended = ::poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLIN) == 0;
    return !has_ended;
}

} // namespace psrp
