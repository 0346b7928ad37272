#include <clixml/detail/address_table.hpp>

#include <algorithm>
#include <utility>

namespace clixml::detail {

std::uint32_t AddressTable::add(const void* address)
{
    addresses_at_[count_] = address;
    slots_at_[slot_] = ++count_;
    if (count_ == capacity_) grow();
    return count_ - 1;
}

void AddressTable::grow()
{
    capacity_ *= 4;
    shift_ -= 2;
    mask_ = mask_ * 4 + 3;
    std::vector<const void*> addresses(capacity_);
    std::copy_n(addresses_at_, count_, addresses.begin());
    more_addresses_ = std::move(addresses);
    addresses_at_ = more_addresses_.data();
    more_slots_.assign(mask_ + 1, 0);
    slots_at_ = more_slots_.data();
    for (std::uint32_t i = 0; i < count_; ++i) {
        std::size_t slot = first_slot(addresses_at_[i]);
        while (slots_at_[slot] != 0)
            slot = (slot + 1) & mask_;
        slots_at_[slot] = i + 1;
    }
}

} // namespace clixml::detail
