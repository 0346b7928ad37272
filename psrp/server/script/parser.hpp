// Parser of the script subset (psrp/server/README.md): text to a tree. Takes any bytes; never
// throws for them.
#pragma once

#include <clixml/result.hpp>
#include <psrp/server/limits.hpp>
#include <psrp/server/script/syntax.hpp>

#include <memory>
#include <string_view>

namespace psrp::server {

// Reads a whole script. Errors: Errc::SyntaxError, NotSupported, ScriptTooLarge, NestedTooDeeply;
// the offset is the place in `text`, the detail says what was expected or is not implemented. The
// tree does not borrow from `text`.
clixml::Result<std::shared_ptr<const Block>>
read_script(std::string_view text, const ScriptLimits& limits);

// Line and column, both from 1, of a byte of `text`; columns count characters.
struct TextPosition {
    std::int32_t line = 1;
    std::int32_t column = 1;
};
TextPosition position_in(std::string_view text, std::size_t offset);
// The line of `text` that holds the byte `offset`, without its end.
std::string_view line_at(std::string_view text, std::size_t offset);

} // namespace psrp::server
