// What the tables of views are written with: columns named by their property.
#pragma once

#include <psrp/format/value_text.hpp>
#include <psrp/format/views.hpp>

#include <span>
#include <string>

namespace psrp::detail {

// A literal as a template argument, so that a column can be declared by its property's name.
template <std::size_t size>
struct PropertyName {
    char characters[size]{};
    constexpr PropertyName(const char (&text)[size]) // NOLINT: implicit by purpose
    {
        for (std::size_t i = 0; i < size; ++i)
            characters[i] = text[i];
    }
};

template <PropertyName name>
std::string property(const ShownObject& object)
{
    return cell_text(object.get(name.characters));
}

// The views of rarer types: sessions, commands and logs of PowerShell, classes of CIM.
std::span<const KnownView> rare_views();

} // namespace psrp::detail
