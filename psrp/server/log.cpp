#include <psrp/server/log.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <unistd.h>
#include <utility>

namespace psrp::server {

namespace {

// clang-format off
constexpr std::array<std::pair<std::string_view, LogLevel>, 5> level_names = {{
    {"none",    LogLevel::None},
    {"error",   LogLevel::Error},
    {"warning", LogLevel::Warning},
    {"info",    LogLevel::Information},
    {"debug",   LogLevel::Debug},
}};
// clang-format on

bool is_plain(std::string_view value)
{
    for (const char c : value) {
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
    }
    return !value.empty();
}

void append_value(std::string_view value, std::string& out)
{
    if (is_plain(value)) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c >= ' ' && c <= '~') {
            out += c;
        } else {
            std::array<char, 5> escape{};
            std::snprintf(
                escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(c) & 0xffU
            );
            out += escape.data();
        }
    }
    out += '"';
}

std::string time_now()
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> milliseconds{};
    std::snprintf(
        milliseconds.data(),
        milliseconds.size(),
        ".%03uZ",
        static_cast<unsigned>(now.tv_nsec / 1'000'000) % 1000U
    );
    return std::string(text.data(), size) + milliseconds.data();
}

} // namespace

std::optional<LogLevel> read_log_level(std::string_view name)
{
    for (const auto& [known, level] : level_names) {
        if (known == name) return level;
    }
    return std::nullopt;
}

std::string log_line(LogLevel level, std::string_view event, const std::vector<LogField>& fields)
{
    std::string line = "level=";
    for (const auto& [name, known] : level_names) {
        if (known == level) line += name;
    }
    line += " event=";
    append_value(event, line);
    for (const LogField& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_value(field.value, line);
    }
    line += '\n';
    return line;
}

void Log::write(LogLevel level, std::string_view event, const std::vector<LogField>& fields) const
{
    if (!takes(level) || level == LogLevel::None) return;
    const std::string line = "time=" + time_now() + ' ' + log_line(level, event, fields);
    // Nobody is left to be told where this fails.
    [[maybe_unused]] const ssize_t written = ::write(descriptor_, line.data(), line.size());
}

} // namespace psrp::server
