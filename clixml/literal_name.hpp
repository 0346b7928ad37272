// LiteralName: the text of a name, with what a Name keeps about it worked out by the compiler.
#pragma once

#include <clixml/ascii_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clixml {

class LiteralName {
public:
    // Stands for the literal, which need not be wrapped where a LiteralName is wanted. Any other
    // text than plain ASCII does not compile.
    template <std::size_t Size>
    consteval LiteralName(const char (&literal)[Size])
        : text_(literal), size_(Size - 1), folded_hash_(ascii_hash({literal, Size - 1}).value())
    {
        for (char c : text()) {
            if (c < ' ' || c == '"' || c == '&' || c == '<' || c == '>') throw "not plain";
        }
        if (text().find("_x") != std::string_view::npos) throw "not plain";
        if (text().find("_X") != std::string_view::npos) throw "not plain";
    }

    [[nodiscard]] constexpr std::string_view text() const { return {text_, size_}; }
    // With a zero at its end.
    [[nodiscard]] constexpr const char* c_str() const { return text_; }
    [[nodiscard]] constexpr std::uint32_t folded_hash() const { return folded_hash_; }

private:
    const char* text_;
    std::uint32_t size_;
    std::uint32_t folded_hash_;
};

} // namespace clixml
