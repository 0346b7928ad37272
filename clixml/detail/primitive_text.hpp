// Text of numbers, dates, durations and identifiers as PowerShell writes them (fact sheet
// clixml 2.1, 2.5-2.7), into memory that has room to spare.
#pragma once

#include <clixml/date_time.hpp>
#include <clixml/decimal.hpp>
#include <clixml/guid.hpp>
#include <clixml/time_span.hpp>

#include <cstddef>

namespace clixml::detail {

// What each of these functions may write at most, some of it behind the end that it returns.
inline constexpr std::size_t primitive_room = 64;

char* put_double(double value, char* to);
char* put_single(float value, char* to);
char* put_date_time(const DateTime& value, char* to);
char* put_time_span(TimeSpan value, char* to);
char* put_guid(const Guid& value, char* to);
char* put_decimal(const Decimal& value, char* to);

} // namespace clixml::detail
