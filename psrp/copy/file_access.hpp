// What sender and receiver both do with files: times, hashes of beginnings. POSIX.
#pragma once

#include <psrp/copy/frames.hpp>
#include <psrp/copy/sha256.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace psrp::copy {

Ticks ticks_of(const timespec& time);
timespec time_of(Ticks ticks);

// Adds the bytes of an open file from `from` on, `count` of them, to a hash. False where it ends
// before, or cannot be read; errno says then why, 0 for the end.
bool hash_range(int file, std::int64_t from, std::int64_t count, Sha256& hash);

// "cannot be read: No such file or directory".
std::string failure_text(const char* what, int error);

} // namespace psrp::copy
