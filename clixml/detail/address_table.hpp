// AddressTable: numbers addresses in the order in which they come, and tells which it has seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clixml::detail {

// Keeps what it knows beside the objects, not in them: any number of threads may write the same
// objects at once. A few addresses cost no allocation.
class AddressTable {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    AddressTable() = default;
    AddressTable(const AddressTable&) = delete;
    AddressTable& operator=(const AddressTable&) = delete;

    // The number of `address`, or none.
    std::uint32_t find(const void* address)
    {
        slot_ = first_slot(address);
        for (;; slot_ = (slot_ + 1) & mask_) {
            std::uint32_t entry = slots_at_[slot_];
            if (entry == 0) return none;
            if (addresses_at_[entry - 1] == address) return entry - 1;
        }
    }
    // Gives the next number to the address that find() has just not found.
    std::uint32_t add(const void* address);

private:
    static constexpr std::size_t few = 16;
    static constexpr unsigned first_bits = 5;

    [[nodiscard]] std::size_t first_slot(const void* address) const
    {
        auto number = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address));
        return static_cast<std::size_t>((number * 0x9E3779B97F4A7C15ULL) >> shift_);
    }
    void grow();

    std::array<std::uint32_t, std::size_t{1} << first_bits> first_slots_{};
    std::array<const void*, few> first_addresses_{};
    std::vector<std::uint32_t> more_slots_;
    std::vector<const void*> more_addresses_;
    // Number + 1 of the address that belongs to a slot, or 0; at most half of them are used.
    std::uint32_t* slots_at_ = first_slots_.data();
    const void** addresses_at_ = first_addresses_.data();
    std::uint32_t count_ = 0;
    std::uint32_t capacity_ = few;
    unsigned shift_ = 64 - first_bits;
    std::size_t mask_ = (std::size_t{1} << first_bits) - 1;
    std::size_t slot_ = 0;
};

} // namespace clixml::detail
