#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <iostream>

namespace tests {

void report_skip(std::string_view reason)
{
    std::cout << "SKIPPED: " << Catch::getResultCapture().getCurrentTestName() << ": " << reason
              << std::endl;
}

} // namespace tests
