// What a server does, as lines of name=value pairs on a descriptor. Never holds what clients send
// or get unless that was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

enum class LogLevel : std::uint8_t { None, Error, Warning, Information, Debug };

// The level called `name`: none, error, warning, info or debug.
std::optional<LogLevel> read_log_level(std::string_view name);

enum class LogPayloads : std::uint8_t { No, Yes };

// One name=value pair; both are borrowed for the call.
struct LogField {
    std::string_view name;
    std::string_view value;
};

// Writes each entry as one line with one write(): time=... level=... event=... and the fields.
// Values with blanks, quotes or anything that is no printable ASCII are quoted and escaped, so that
// a line stays one line. May be used by several threads.
class Log {
public:
    // The descriptor is borrowed.
    Log(int descriptor, LogLevel level, LogPayloads payloads)
        : descriptor_(descriptor), level_(level), payloads_(payloads)
    {
    }

    [[nodiscard]] bool takes(LogLevel level) const { return level <= level_; }
    [[nodiscard]] bool takes_payloads() const { return payloads_ == LogPayloads::Yes; }
    // Does nothing where the level is not taken.
    void write(LogLevel level, std::string_view event, const std::vector<LogField>& fields) const;

private:
    int descriptor_;
    LogLevel level_;
    LogPayloads payloads_;
};

// The line without time, its line feed included.
std::string log_line(LogLevel level, std::string_view event, const std::vector<LogField>& fields);

} // namespace psrp::server
