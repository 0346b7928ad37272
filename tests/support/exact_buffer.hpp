// Bytes in a heap block of exactly their size: a decoder that reads one byte too many is caught by
// AddressSanitizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace tests {

class ExactBuffer {
public:
    // Copies `bytes`.
    explicit ExactBuffer(std::span<const std::uint8_t> bytes)
        : bytes_(new std::uint8_t[bytes.size()]), size_bytes_(bytes.size())
    {
        if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
    }

    // Copies the bytes of `text`.
    explicit ExactBuffer(std::string_view text)
        : ExactBuffer(std::span<const std::uint8_t>(
              reinterpret_cast<const std::uint8_t*>(text.data()), text.size()
          ))
    {
    }

    // Borrowed from this buffer.
    [[nodiscard]] std::span<const std::uint8_t> bytes() const
    {
        return {bytes_.get(), size_bytes_};
    }

    // The same bytes as text. Borrowed from this buffer.
    [[nodiscard]] std::string_view text() const
    {
        return {reinterpret_cast<const char*>(bytes_.get()), size_bytes_};
    }

private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t size_bytes_;
};

} // namespace tests
