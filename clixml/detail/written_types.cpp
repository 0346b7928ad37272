#include <clixml/detail/written_types.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace clixml::detail {
namespace {

// Eight bytes at a time, the last ones twice where they overlap.
std::uint64_t hash_of(std::span<const std::string_view> names)
{
    std::uint64_t hash = names.size();
    auto add = [&hash](std::uint64_t word) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 32;
    };
    auto word_at = [](const char* from, std::size_t size) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, size);
        return word;
    };
    for (std::string_view name : names) {
        add(name.size());
        std::size_t at = 0;
        for (; at + 8 <= name.size(); at += 8)
            add(word_at(name.data() + at, 8));
        if (at == name.size()) continue;
        if (name.size() >= 8)
            add(word_at(name.data() + name.size() - 8, 8));
        else
            add(word_at(name.data(), name.size()));
    }
    return hash;
}

} // namespace

WrittenTypes::List& WrittenTypes::look_up(std::span<const std::string_view> names)
{
    std::uint32_t found = addresses_.find(names.data());
    if (found == AddressTable::none) {
        found = addresses_.add(names.data());
        lists_.push_back({names, 0, {}, false, -1, 0});
    }
    last_ = found;
    return lists_[found];
}

WrittenTypes::List* WrittenTypes::same_names(List& list)
{
    if ((named_count_ + 1) * 2 > by_names_.size()) grow_by_names();
    std::size_t mask = by_names_.size() - 1;
    list.hash = static_cast<std::size_t>(hash_of(list.names));
    std::size_t slot = list.hash & mask;
    for (; by_names_[slot] != 0; slot = (slot + 1) & mask) {
        List& other = lists_[by_names_[slot] - 1];
        if (other.hash == list.hash && std::ranges::equal(other.names, list.names)) return &other;
    }
    by_names_[slot] = static_cast<std::uint32_t>(&list - lists_.data()) + 1;
    ++named_count_;
    return nullptr;
}

void WrittenTypes::grow_by_names()
{
    std::vector<std::uint32_t> grown(std::max<std::size_t>(16, by_names_.size() * 4), 0);
    for (std::uint32_t place : by_names_) {
        if (place == 0) continue;
        std::size_t slot = lists_[place - 1].hash & (grown.size() - 1);
        while (grown[slot] != 0)
            slot = (slot + 1) & (grown.size() - 1);
        grown[slot] = place;
    }
    by_names_ = std::move(grown);
}

} // namespace clixml::detail
