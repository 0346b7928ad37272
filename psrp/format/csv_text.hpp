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
    // The lines that `value` adds: header and row for the first one, one row for others, one for
    // each item of a collection, none for null.
    std::vector<std::string> write(clixml::Value value);

private:
    void write_object(clixml::Value value, std::vector<std::string>& lines);

    bool has_columns_ = false;
    std::vector<std::string> columns_;
};

} // namespace psrp
