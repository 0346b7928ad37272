// Expected texts that are too long for a test's source: files beside the test.
#pragma once

#include <string>
#include <string_view>

namespace tests {

// Compares `actual` with the file at `relative_path` (below the source tree). Returns "" where they
// are equal, else a description of the first line that differs, with its number. With
// PSRP_UPDATE_GOLDEN=1 in the environment the file is written instead.
std::string golden_difference(std::string_view relative_path, std::string_view actual);

} // namespace tests
