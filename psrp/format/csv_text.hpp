// Objects as rows of comma-separated values, as ConvertTo-Csv -NoTypeInformation of PowerShell 7
// writes them.
#pragma once

#include <clixml/value.hpp>

#include <string>
#include <vector>

namespace psrp {

// Not thread-safe. The first object decides the columns.
class CsvWriter {
public:
    // The lines that `value` adds: header and row for the first one, one row for others, none for
    // null. A collection is one object, with Count and the like, as it is to ConvertTo-Csv.
    std::vector<std::string> write(clixml::Value value);

private:
    bool has_columns_ = false;
    std::vector<std::string> columns_;
};

} // namespace psrp
