// What sender and receiver both do with files: descriptors, times, hashes of beginnings. POSIX.
#pragma once

#include <psrp/copy/frames.hpp>
#include <psrp/copy/sha256.hpp>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace psrp::copy {

// Owns a descriptor. Move-only; -1 means none.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor() { reset(); }

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    void reset();
    int release();

private:
    int number_ = -1;
};

Ticks ticks_of(const timespec& time);
timespec time_of(Ticks ticks);

// Adds the bytes of an open file from `from` on, `count` of them, to a hash. False where it ends
// before, or cannot be read; errno says then why, 0 for the end.
bool hash_range(int file, std::int64_t from, std::int64_t count, Sha256& hash);

// "cannot be read: No such file or directory".
std::string failure_text(const char* what, int error);

} // namespace psrp::copy
