// ReferenceTable: what RefId attributes stand for while a text is read (fact sheet clixml 5.6).
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clixml::detail {

// Identifiers are texts, compared as they are: 01 is not 1. Numbers that come in order, as
// PowerShell gives them, are found by index; all others in a tree, so that no choice of identifiers
// makes look-ups slow.
template <typename T>
class ReferenceTable {
public:
    // A later registration of an identifier wins.
    void set(std::string_view id, T item)
    {
        std::uint64_t number = 0;
        bool is_number = read_number(id, number);
        if (is_number && number < numbered_.size())
            numbered_[number] = item;
        else if (is_number && number == numbered_.size() && named_.find(id) == named_.end())
            numbered_.push_back(item);
        else
            named_.insert_or_assign(std::string(id), item);
    }

    // The item of that identifier, or a null pointer.
    [[nodiscard]] T find(std::string_view id) const
    {
        std::uint64_t number = 0;
        if (read_number(id, number) && number < numbered_.size()) return numbered_[number];
        auto found = named_.find(id);
        return found != named_.end() ? found->second : nullptr;
    }

private:
    static bool read_number(std::string_view id, std::uint64_t& number)
    {
        if (id.empty() || id.size() > 18 || (id.size() > 1 && id[0] == '0') || id[0] < '0' ||
            id[0] > '9')
            return false;
        return std::from_chars(id.data(), id.data() + id.size(), number).ptr ==
               id.data() + id.size();
    }

    std::vector<T> numbered_;
    std::map<std::string, T, std::less<>> named_;
};

} // namespace clixml::detail
