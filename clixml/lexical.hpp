// Texts of the primitives: what PowerShell writes for a value and what it accepts for one (fact
// sheet clixml 2).
#pragma once

#include <clixml/arena.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>

#include <string>
#include <string_view>

namespace clixml {

// The text PowerShell writes inside the element of `value`, strings not yet escaped by the _xHHHH_
// codec and nothing escaped for XML. `value` must be a primitive other than ProgressRecord.
void append_lexical(const Value& value, std::string& out);
std::string lexical_text(const Value& value);

// Shortest text that reads back to the same number, in XmlConvert's form: 1E+17, 0.0001, INF
// (clixml 2.2). Writes at most 32 characters and returns the end.
char* write_double(double value, char* to);
char* write_single(float value, char* to);

// Reads the text of a primitive of `kind`, strings already decoded. The result borrows `text` where
// it can and else lives in `arena`. With `zone` times with an offset are converted to it
// (clixml 2.5). Errors: Errc::InvalidPrimitive, Errc::InvalidBase64, Errc::TimeOutOfRange; offsets
// are inside `text`.
Result<Value> read_lexical(Kind kind, std::string_view text, Arena& arena, const LocalZone* zone);

} // namespace clixml
