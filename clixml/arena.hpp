// Arena: a bump allocator that owns everything a tree of values points to. Values are small handles
// into it.
#pragma once

#include <clixml/literal_name.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clixml {

// A property or type name, stored once an arena. Two names are equal ignoring case iff their folded
// texts are equal; `folded_hash` is a hash of that folded text, so most comparisons end at once.
struct Name {
    std::uint32_t size : 31;
    // Whether an N attribute holds the text as it is: ASCII without anything that is escaped.
    std::uint32_t is_plain : 1;
    std::uint32_t folded_hash;

    [[nodiscard]] std::string_view text() const
    {
        return {reinterpret_cast<const char*>(this + 1), size};
    }
};

// Memory for one tree of values, freed as a whole. Move-only; moving keeps every pointer valid. Not
// thread-safe.
class Arena {
public:
    // So many bytes behind every allocation can be read too, whatever is in them: short copies may
    // be of whole blocks.
    static constexpr std::size_t readable_bytes_behind = 32;

    Arena() = default;
    Arena(Arena&& other) noexcept;
    Arena& operator=(Arena&& other) noexcept;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() = default;

    // `bytes` of memory at an address divisible by `alignment` (a power of two up to 16). Never
    // null; throws std::bad_alloc like new. Its contents are unspecified.
    void* allocate(std::size_t bytes, std::size_t alignment = 8)
    {
        auto at = (reinterpret_cast<std::uintptr_t>(next_) + alignment - 1) & ~(alignment - 1);
        if (at + bytes > reinterpret_cast<std::uintptr_t>(end_) || next_ == nullptr)
            return allocate_slow(bytes, alignment);
        next_ = reinterpret_cast<char*>(at + bytes);
        return reinterpret_cast<void*>(at);
    }

    // Room for `count` objects of T, uninitialised. T needs no destructor: none is ever run.
    template <typename T>
    T* allocate_array(std::size_t count)
    {
        static_assert(std::is_trivially_destructible_v<T>);
        return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    }

    // A T made from `arguments`. Its destructor is never run, so T may own nothing outside the
    // arena.
    template <typename T, typename... Arguments>
    T* make(Arguments&&... arguments)
    {
        static_assert(std::is_trivially_destructible_v<T>);
        void* at = allocate(sizeof(T), alignof(T));
        // T() would fill all of it with zeros before its members get their own values.
        if constexpr (sizeof...(Arguments) == 0 && !std::is_trivially_default_constructible_v<T>)
            return new (at) T;
        else
            return new (at) T(std::forward<Arguments>(arguments)...);
    }

    // A copy of `text` that lives as long as the arena.
    std::string_view copy(std::string_view text);

    // The Name with exactly this text, as a rule the same address for the same text. Text over 2
    // GiB is cut.
    const Name* intern(std::string_view text);
    // The same for who knows what Name::is_plain has to be.
    const Name* intern(std::string_view text, bool is_plain);
    // A Name with this text, which intern() does not know: cheaper where names hardly repeat.
    const Name* add_name(const LiteralName& literal);

    // The memory of an allocation of `bytes` that needs nothing new from the system, or null.
    void* allocate_kept(std::size_t bytes, std::size_t alignment);

    // Gives back `bytes` at the end of the last allocation, if `at` still is the last one.
    void shrink_last(void* at, std::size_t old_bytes, std::size_t new_bytes);

    // Bytes taken from the system so far, used or not.
    [[nodiscard]] std::size_t reserved_bytes() const { return reserved_bytes_; }
    // Bytes handed out so far, padding included.
    [[nodiscard]] std::size_t used_bytes() const;

    // Memory for what is only needed while the arena is filled. Whoever uses it clears it before
    // and calls end_scratch() afterwards.
    Arena& scratch();
    // Frees the scratch memory, or keeps it where clear() has shown that the arena is used again.
    void end_scratch();

    // Forgets everything allocated but keeps the memory for the next use: a warm arena.
    void clear();

private:
    struct Block {
        std::unique_ptr<char[]> memory;
        std::size_t size; // without readable_bytes_behind
    };

    void* allocate_slow(std::size_t bytes, std::size_t alignment);
    Name* make_name(std::string_view text, bool is_plain, std::uint32_t hash);
    void grow_names();
    void forget_names();

    std::vector<Block> blocks_;
    std::size_t block_index_ = 0; // blocks_ before this one are full, those after it are empty
    std::size_t used_before_ = 0; // bytes handed out from the blocks before block_index_
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t reserved_bytes_ = 0;
    // Open addressing, a power of two of slots: eight bits of a name's hash and its number in
    // names_ from 1 on; 0 is free. So a look at a slot in vain costs no look at a name.
    std::vector<std::uint32_t> slots_;
    std::vector<const Name*> names_;
    std::unique_ptr<Arena> scratch_;
    bool reused_ = false; // clear() has been called
};

// A growable array in an arena. Growth leaves the old copy behind in the arena.
template <typename T>
class ArenaVector {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    ArenaVector() = default;
    // Takes over `count` items that already live in an arena.
    ArenaVector(T* items, std::size_t count)
        : items_(items), size_(static_cast<std::uint32_t>(count)),
          capacity_(static_cast<std::uint32_t>(count))
    {
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::span<T> items() { return {items_, size_}; }
    [[nodiscard]] std::span<const T> items() const { return {items_, size_}; }

    void push(Arena& arena, const T& item)
    {
        if (size_ == capacity_) grow(arena);
        new (items_ + size_) T(item);
        ++size_;
    }

    void clear() { size_ = 0; }

private:
    void grow(Arena& arena)
    {
        std::uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
        T* grown = arena.allocate_array<T>(capacity);
        for (std::uint32_t i = 0; i < size_; ++i)
            new (grown + i) T(items_[i]);
        items_ = grown;
        capacity_ = capacity;
    }

    T* items_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

} // namespace clixml
