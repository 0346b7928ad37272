// Tag: the forms in which the name of an element is written, ready to be copied.
#pragma once

#include <clixml/value.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clixml::detail {

// `<LST>`, `</LST>`, `<LST />` and `<LST N="`, each padded to a whole block.
class alignas(64) Tag {
public:
    static constexpr std::size_t block_bytes = 16;

    constexpr Tag() = default;
    // `name` has at most ten characters.
    constexpr explicit Tag(std::string_view name)
        : open_("<", name, ">"), close_("</", name, ">"), empty_("<", name, " />"),
          named_("<", name, " N=\"")
    {
    }

    // Each writes a whole block at `to`, and returns the end of what matters.
    char* put_open(char* to) const { return open_.put(to); }
    char* put_close(char* to) const { return close_.put(to); }
    char* put_empty(char* to) const { return empty_.put(to); }
    char* put_named(char* to) const { return named_.put(to); }

private:
    struct Block {
        char text[block_bytes - 1] = {};
        std::uint8_t size = 0;

        constexpr Block() = default;
        constexpr Block(std::string_view before, std::string_view name, std::string_view behind)
        {
            for (std::string_view part : {before, name, behind}) {
                for (char c : part)
                    text[size++] = c;
            }
        }
        char* put(char* to) const
        {
            std::memcpy(to, this, block_bytes);
            return to + size;
        }
    };

    Block open_;
    Block close_;
    Block empty_;
    Block named_;
};

static_assert(sizeof(Tag) == 64);

// Of every primitive kind, in the order of Kind; the first is that of Nil.
using TagTable = std::array<Tag, static_cast<std::size_t>(Kind::Object)>;
const TagTable& primitive_tags();

} // namespace clixml::detail
