// Values as JSON, as ConvertTo-Json of PowerShell 7 writes them.
#pragma once

#include <clixml/value.hpp>

#include <string>

namespace psrp {

struct JsonOptions {
    // Levels of objects inside objects that are written; what lies deeper becomes its text.
    // ConvertTo-Json's own default.
    int depth = 2;
    // On one line; else every member has a line of its own.
    bool is_compact = true;
    // Levels that all lines but the first are moved to the right.
    int indent = 0;
};

// `value` without a line feed at the end. Bags become maps of their notes and then their adapted
// properties; times, versions and durations what .NET makes of them; a primitive or collection with
// notes {"value": ...} with them, but not texts and times, whose notes are dropped; bytes numbers;
// documents of XML and secrets text and null. An object inside itself becomes its text.
std::string json_text(clixml::Value value, const JsonOptions& options = {});

} // namespace psrp
