// WrittenTypes: the lists of type names that a document has had, with what the writer keeps about
// each (fact sheet clixml 3.2).
#pragma once

#include <clixml/detail/address_table.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace clixml::detail {

class WrittenTypes {
public:
    struct List {
        std::span<const std::string_view> names;
        std::uint64_t number = 0;
        std::string_view id;     // instead of the number, where its pointer is not null
        bool is_written = false; // as a TN, so that a TNRef may follow
        int depth = -1;          // depth_of_types(), once it is known
        std::size_t hash = 0;    // of the names, once same_names() has seen them
    };

    // What is kept about the list at this address. `names` must not be empty: an empty list may
    // have the address of another one. Good until the next call.
    List& at(std::span<const std::string_view> names)
    {
        if (!lists_.empty() && lists_[last_].names.data() == names.data()) return lists_[last_];
        return look_up(names);
    }

    // The written list of the same names at any address, or null; else `list` will be the one
    // found.
    List* same_names(List& list);

private:
    List& look_up(std::span<const std::string_view> names);
    void grow_by_names();

    std::vector<List> lists_;
    std::uint32_t last_ = 0;
    AddressTable addresses_; // its numbers are places in lists_
    // Places in lists_ + 1, by the hash of the names; 0 is none.
    std::vector<std::uint32_t> by_names_;
    std::size_t named_count_ = 0;
};

} // namespace clixml::detail
