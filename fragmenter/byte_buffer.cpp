#include <clixml/large_memory.hpp>
#include <fragmenter/byte_buffer.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace fragmenter {

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0))
{
}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept
{
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
}

void ByteBuffer::append(BytesView bytes)
{
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
}

void ByteBuffer::drop_front(std::size_t count)
{
    if (count == 0) return;
    std::memmove(memory_.get(), memory_.get() + count, size_ - count);
    size_ -= count;
}

void ByteBuffer::clear(std::size_t kept_bytes_max)
{
    size_ = 0;
    if (capacity_ <= kept_bytes_max) return;
    memory_.reset();
    capacity_ = 0;
}

// Large blocks are moved by the system's page tables, not by copying.
void ByteBuffer::grow(std::size_t count)
{
    const std::size_t wanted = std::max(size_ + count, capacity_ * 2);
    void* const grown = std::realloc(memory_.get(), wanted + readable_bytes_behind);
    if (grown == nullptr) throw std::bad_alloc();
    (void)memory_.release(); // realloc has taken it over
    memory_.reset(static_cast<std::uint8_t*>(grown));
    capacity_ = wanted;
    clixml::expect_large_use(memory_.get(), capacity_);
}

} // namespace fragmenter
