// Bytes that arrive: a buffer that is read into directly, grows without being filled first and,
// where the system can, without being copied.
#pragma once

#include <clixml/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace fragmenter {

using clixml::BytesView;

// Move-only; a buffer that was moved from is empty. Views of it last until it grows.
class ByteBuffer {
public:
    // So many bytes behind the last one can be read, whatever is in them.
    static constexpr std::size_t readable_bytes_behind = 64;

    ByteBuffer() = default;
    ByteBuffer(ByteBuffer&& other) noexcept;
    ByteBuffer& operator=(ByteBuffer&& other) noexcept;
    ByteBuffer(const ByteBuffer&) = delete;
    ByteBuffer& operator=(const ByteBuffer&) = delete;
    ~ByteBuffer() = default;

    // Where `count` bytes may be written that commit() then adds. Throws std::bad_alloc like new.
    std::uint8_t* room(std::size_t count)
    {
        if (count > capacity_ - size_) grow(count);
        return memory_.get() + size_;
    }
    // Adds the first `count` bytes of the room.
    void commit(std::size_t count) { size_ += count; }
    // Adds a copy.
    void append(BytesView bytes);
    // Forgets the first `count` bytes; the others move.
    void drop_front(std::size_t count);
    // Forgets all bytes, and gives memory above `kept_bytes_max` back.
    void clear(std::size_t kept_bytes_max);

    [[nodiscard]] BytesView view() const { return {memory_.get(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool is_empty() const { return size_ == 0; }

private:
    struct Free {
        void operator()(std::uint8_t* memory) const { std::free(memory); }
    };

    void grow(std::size_t count);

    std::unique_ptr<std::uint8_t, Free> memory_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0; // without readable_bytes_behind
};

} // namespace fragmenter
