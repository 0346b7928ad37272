// Functions of libraries that a program loads when it first calls one of them. Loading and joining
// a large library costs a millisecond and more, which a run that has no use for it need not pay.
#pragma once

#include <algorithm>
#include <cstddef>

namespace psrp::detail {

// The address of `name` in `library`, which is loaded and stays so. Ends the program, as the
// system's loader does for what is linked, where one of them is not there.
void* find_late_function(const char* library, const char* name) noexcept;

// Text as an argument of a template.
template <std::size_t size>
struct LateName {
    consteval LateName(const char (&text)[size]) { std::copy_n(text, size, characters); }

    char characters[size] = {};
};

// A function of this type in a library; looked up at its first call.
template <LateName library, LateName name, typename Function>
struct LateFunction {
    template <typename... Arguments>
    auto operator()(Arguments... arguments) const
    {
        static Function* const function =
            reinterpret_cast<Function*>(find_late_function(library.characters, name.characters));
        return function(arguments...);
    }
};

} // namespace psrp::detail
