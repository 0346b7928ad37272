// A test case that cannot run here says why and ends; CTest and the summaries count it.
#pragma once

#include <string_view>

namespace tests {

// Prints "SKIPPED: <test case>: <reason>" on standard output. The test case must return right after
// it.
void report_skip(std::string_view reason);

} // namespace tests
