// Enumerations that messages of several files carry (fact sheet psrp 5).
#pragma once

#include <psrp/protocol/detail/fields.hpp>

#include <array>

namespace psrp::detail {

inline constexpr std::array<EnumName, 3> apartment_state_names{{
    {0, "STA"},
    {1, "MTA"},
    {2, "Unknown"},
}};
inline constexpr EnumType apartment_state_type{
    "System.Threading.ApartmentState", apartment_state_names};

} // namespace psrp::detail
