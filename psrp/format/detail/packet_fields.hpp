// The members of formatting packets, by name. A member that is not there, or of another kind, is
// empty.
#pragma once

#include <clixml/object.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace psrp::detail {

// The name of its class among PowerShell's formatting classes; empty where it is of none.
std::string_view packet_class(const clixml::Object& object);

const clixml::Object* packet_object(const clixml::Object& object, std::string_view name);
std::span<const clixml::Value> packet_items(const clixml::Object& object, std::string_view name);
// Tabs become four blanks, as in PowerShell.
std::string packet_text(const clixml::Object& object, std::string_view name);
// Bounded, so that sums of a few fit anywhere.
std::int64_t packet_number(const clixml::Object& object, std::string_view name);
bool packet_flag(const clixml::Object& object, std::string_view name);

} // namespace psrp::detail
