#include <psrp/protocol/detail/message_memory.hpp>

#include <atomic>
#include <utility>

namespace psrp::detail {
namespace {

constexpr std::size_t shared_text_bytes_max = std::size_t{4} << 10;
constexpr std::size_t shared_arena_bytes_max = std::size_t{64} << 10;
// Smaller objects are copied sooner than their memory is handed over.
constexpr std::size_t taken_text_bytes_min = std::size_t{64} << 10;

struct ObjectMemory {
    fragmenter::ByteBuffer bytes;
    clixml::Arena arena;
};

// Whether nobody else holds it any more. ThreadSanitizer knows no fences: under it nobody is sure.
bool is_free([[maybe_unused]] const std::shared_ptr<clixml::Arena>& arena)
{
#if defined(__SANITIZE_THREAD__)
    return false;
#else
    if (arena.use_count() != 1) return false;
    std::atomic_thread_fence(std::memory_order_acquire); // behind whoever let go of it last
    return true;
#endif
}

} // namespace

std::shared_ptr<clixml::Arena> MessageMemory::arena_for(std::size_t text_bytes)
{
    if (text_bytes > shared_text_bytes_max) return std::make_shared<clixml::Arena>();
    if (shared_ && shared_->used_bytes() <= shared_arena_bytes_max) return shared_;
    if (!shared_ || reuse_ == ArenaReuse::No || !is_free(shared_))
        shared_ = std::make_shared<clixml::Arena>();
    shared_->clear(); // says that it is used again, so that it keeps its scratch memory
    return shared_;
}

std::shared_ptr<clixml::Arena>
arena_of_object(fragmenter::Reassembler& reassembler, std::size_t text_bytes)
{
    if (text_bytes < taken_text_bytes_min) return nullptr;
    auto memory = std::make_shared<ObjectMemory>();
    memory->bytes = reassembler.take_object();
    if (memory->bytes.is_empty()) return nullptr;
    return {memory, &memory->arena};
}

} // namespace psrp::detail
