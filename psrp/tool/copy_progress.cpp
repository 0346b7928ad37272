#include <psrp/format/display_width.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/tool/copy_progress.hpp>

#include <array>
#include <cstdio>
#include <unistd.h>

namespace psrp::tool {

namespace {

constexpr std::chrono::milliseconds redraw_after{100};

} // namespace

std::string size_text(std::uint64_t byte_count)
{
    constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto amount = static_cast<double>(byte_count);
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < units.size()) {
        amount /= 1024;
        ++unit;
    }
    char text[40];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

std::string shown_path(std::string_view path)
{
    std::string shown = printable_utf8(path);
    for (char& c : shown) {
        const bool is_control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
        if (is_control) c = '?';
    }
    return shown;
}

CopyProgress::CopyProgress(bool is_shown) : is_shown_(is_shown && isatty(STDERR_FILENO) != 0) {}

CopyProgress::~CopyProgress()
{
    clear();
}

void CopyProgress::show(std::string_view path, std::int64_t length, std::uint64_t byte_count)
{
    if (!is_shown_) return;
    const auto now = Clock::now();
    if (now - drawn_ < redraw_after) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const auto speed =
        static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(byte_count) / seconds : 0);
    std::string line = size_text(byte_count) + "  " + size_text(speed) + "/s  ";
    if (length > 0) line += "(" + size_text(static_cast<std::uint64_t>(length)) + ") ";
    line += shown_path(path);
    line = "\r\x1b[K" + line.substr(0, head_bytes(line, icm::output_width() - 1));
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    is_drawn_ = true;
}

void CopyProgress::clear()
{
    if (is_drawn_) std::fputs("\r\x1b[K", stderr);
    is_drawn_ = false;
}

} // namespace psrp::tool
