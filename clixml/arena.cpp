#include <clixml/arena.hpp>
#include <clixml/detail/simd.hpp>
#include <clixml/large_memory.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace clixml {
namespace {

constexpr std::size_t first_block_bytes = 4096;
constexpr std::size_t block_bytes_max = 8U << 20;
constexpr int probe_steps_max = 32;
// A slot has the number of a name in its lower bits; the others are those of a hash.
constexpr std::uint32_t numbers_max = 0xFFFFFF;
// So many names are known at a time, all of which are then forgotten: with more, looking for one
// would cost more than having some of them twice.
constexpr std::size_t known_names_max = 8192;

// Whether nothing in `text` is escaped in an attribute.
bool is_plain(std::string_view text)
{
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end; at += 16) {
        unsigned stops = detail::load_before(at, end).escape_stops();
        if (end - at < 16) stops &= (1U << (end - at)) - 1;
        for (; stops != 0; stops &= stops - 1) {
            const char* stop = at + std::countr_zero(stops);
            if (*stop != '_' || (stop + 1 != end && (stop[1] | 32) == 'x')) return false;
        }
    }
    return true;
}

// Names are mostly of 8 to 32 bytes, for which no function need be called.
void copy_name(std::string_view text, char* to)
{
    const char* from = text.data();
    std::size_t size = text.size();
    if (size - 16 <= 16) {
        detail::Block16::load(from).store(to);
        detail::Block16::load(from + size - 16).store(to + size - 16);
    } else if (size - 8 < 8) {
        std::uint64_t words[2];
        std::memcpy(&words[0], from, 8);
        std::memcpy(&words[1], from + size - 8, 8);
        std::memcpy(to, &words[0], 8);
        std::memcpy(to + size - 8, &words[1], 8);
    } else if (size != 0) {
        std::memcpy(to, from, size);
    }
}

} // namespace

Arena::Arena(Arena&& other) noexcept
    : blocks_(std::move(other.blocks_)), block_index_(other.block_index_),
      used_before_(other.used_before_), next_(other.next_), end_(other.end_),
      reserved_bytes_(other.reserved_bytes_), slots_(std::move(other.slots_)),
      names_(std::move(other.names_)), scratch_(std::move(other.scratch_)), reused_(other.reused_)
{
    other.next_ = other.end_ = nullptr;
    other.block_index_ = other.used_before_ = other.reserved_bytes_ = 0;
    other.blocks_.clear();
    other.slots_.clear();
    other.names_.clear();
}

Arena& Arena::operator=(Arena&& other) noexcept
{
    if (this != &other) {
        this->~Arena();
        new (this) Arena(std::move(other));
    }
    return *this;
}

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment)
{
    std::size_t wanted = bytes + alignment;
    if (next_ != nullptr) {
        used_before_ += static_cast<std::size_t>(next_ - blocks_[block_index_].memory.get());
        ++block_index_;
    }
    // Blocks kept by clear() are used again where they are big enough; those that are not go to the
    // end.
    for (std::size_t i = block_index_; i < blocks_.size(); ++i) {
        if (blocks_[i].size >= wanted) {
            std::swap(blocks_[block_index_], blocks_[i]);
            break;
        }
    }
    if (block_index_ == blocks_.size() || blocks_[block_index_].size < wanted) {
        std::size_t size = std::clamp(reserved_bytes_, first_block_bytes, block_bytes_max);
        // Some more, so that the next text, which is nearly as long, needs no new block.
        size = std::max(size, wanted + wanted / 64);
        blocks_.insert(
            blocks_.begin() + static_cast<std::ptrdiff_t>(block_index_),
            Block{std::unique_ptr<char[]>(new char[size + readable_bytes_behind]), size}
        );
        reserved_bytes_ += size;
        expect_large_use(blocks_[block_index_].memory.get(), size);
    }
    next_ = blocks_[block_index_].memory.get();
    end_ = next_ + blocks_[block_index_].size;
    return allocate(bytes, alignment);
}

std::string_view Arena::copy(std::string_view text)
{
    if (text.empty()) return {"", 0};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
}

void Arena::grow_names()
{
    std::vector<std::uint32_t> grown(std::max<std::size_t>(64, slots_.size() * 2), 0);
    for (std::uint32_t slot : slots_) {
        if (slot == 0) continue;
        std::size_t place = names_[(slot & numbers_max) - 1]->folded_hash & (grown.size() - 1);
        int steps = 0;
        for (; grown[place] != 0 && steps < probe_steps_max; ++steps)
            place = (place + 1) & (grown.size() - 1);
        if (steps < probe_steps_max) grown[place] = slot;
    }
    slots_ = std::move(grown);
}

void Arena::forget_names()
{
    std::fill(slots_.begin(), slots_.end(), 0U);
    names_.clear();
}

Name* Arena::make_name(std::string_view text, bool is_plain, std::uint32_t hash)
{
    auto* name = static_cast<Name*>(allocate(sizeof(Name) + text.size(), alignof(Name)));
    name->size = static_cast<std::uint32_t>(text.size()) & INT32_MAX;
    name->is_plain = is_plain;
    name->folded_hash = hash;
    copy_name(text, reinterpret_cast<char*>(name + 1));
    return name;
}

const Name* Arena::add_name(const LiteralName& literal)
{
    return make_name(literal.text(), true, literal.folded_hash());
}

const Name* Arena::intern(std::string_view text)
{
    text = text.substr(0, INT32_MAX);
    return intern(text, is_plain(text));
}

const Name* Arena::intern(std::string_view text, bool is_plain)
{
    text = text.substr(0, INT32_MAX);
    if (names_.size() == known_names_max)
        forget_names();
    else if ((names_.size() + 1) * 2 > slots_.size())
        grow_names();
    std::uint32_t hash = folded_hash(text);
    std::size_t place = hash & (slots_.size() - 1);
    // Names chosen to collide are not shared any more after a few steps, so that they cannot cost
    // more than others.
    int steps = 0;
    for (; slots_[place] != 0 && steps < probe_steps_max; ++steps) {
        std::uint32_t slot = slots_[place];
        if (((slot ^ hash) & ~numbers_max) == 0) {
            const Name* name = names_[(slot & numbers_max) - 1];
            if (name->folded_hash == hash && name->text() == text) return name;
        }
        place = (place + 1) & (slots_.size() - 1);
    }
    const Name* name = make_name(text, is_plain, hash);
    if (steps < probe_steps_max) {
        names_.push_back(name);
        slots_[place] = (hash & ~numbers_max) | static_cast<std::uint32_t>(names_.size());
    }
    return name;
}

void* Arena::allocate_kept(std::size_t bytes, std::size_t alignment)
{
    std::size_t wanted = bytes + alignment;
    bool fits = static_cast<std::size_t>(end_ - next_) >= wanted;
    for (std::size_t i = block_index_ + 1; i < blocks_.size() && !fits; ++i)
        fits = blocks_[i].size >= wanted;
    return fits ? allocate(bytes, alignment) : nullptr;
}

Arena& Arena::scratch()
{
    if (!scratch_) scratch_ = std::make_unique<Arena>();
    return *scratch_;
}

void Arena::end_scratch()
{
    if (!reused_) scratch_.reset();
}

void Arena::shrink_last(void* at, std::size_t old_bytes, std::size_t new_bytes)
{
    char* start = static_cast<char*>(at);
    if (start + old_bytes == next_) next_ = start + new_bytes;
}

std::size_t Arena::used_bytes() const
{
    if (next_ == nullptr) return used_before_;
    return used_before_ + static_cast<std::size_t>(next_ - blocks_[block_index_].memory.get());
}

void Arena::clear()
{
    block_index_ = 0;
    used_before_ = 0;
    reused_ = true;
    forget_names();
    next_ = blocks_.empty() ? nullptr : blocks_[0].memory.get();
    end_ = blocks_.empty() ? nullptr : next_ + blocks_[0].size;
}

} // namespace clixml
