// What standard input is read as: texts, JSON, CSV or CLIXML, to the objects that a script gets.
#pragma once

#include <clixml/arena.hpp>
#include <clixml/value.hpp>

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

enum class InputForm : std::uint8_t { Lines, Json, JsonLines, Csv, Clixml };

// The values of a whole input, made in `arena`. Lines: texts. Json: one value, or those of one
// array. JsonLines: a value a line, empty lines left out. Csv: an object a row, as ConvertFrom-Csv
// makes them. Clixml: what Import-Clixml would give. The error is a sentence that names the place.
tl::expected<std::vector<clixml::Value>, std::string>
read_input_values(std::string_view text, InputForm form, clixml::Arena& arena);

// The value of one line of JSON. The error is a sentence.
tl::expected<clixml::Value, std::string>
read_json_line(std::string_view line, clixml::Arena& arena);

// Rows of comma-separated fields; quoted ones may hold commas, line feeds and doubled quotes. Empty
// lines are no rows. Nothing where a quote is not closed.
tl::expected<std::vector<std::vector<std::string>>, std::string> read_csv(std::string_view text);

} // namespace icm
