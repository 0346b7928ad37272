#include <tests/support/golden.hpp>
#include <tests/support/vector_file.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tests {

namespace {

std::string first_difference(const std::string& expected, const std::string& actual)
{
    std::istringstream expected_lines(expected);
    std::istringstream actual_lines(actual);
    std::string expected_line;
    std::string actual_line;
    for (std::size_t line = 1;; ++line) {
        const bool more_expected = static_cast<bool>(std::getline(expected_lines, expected_line));
        const bool more_actual = static_cast<bool>(std::getline(actual_lines, actual_line));
        if (!more_expected && !more_actual) return "the line ends at the end differ";
        if (more_expected != more_actual || expected_line != actual_line) {
            return "line " + std::to_string(line) + ": expected \"" +
                   (more_expected ? expected_line : "(end)") + "\", got \"" +
                   (more_actual ? actual_line : "(end)") + "\"";
        }
    }
}

} // namespace

std::string golden_difference(std::string_view relative_path, std::string_view actual)
{
    const auto path = std::filesystem::path(PSRP_SOURCE_DIR) / relative_path;
    if (std::getenv("PSRP_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << actual;
        return "";
    }
    const std::string expected = read_whole_file(path);
    if (expected == actual) return "";
    return std::string(relative_path) + ": " + first_difference(expected, std::string(actual));
}

} // namespace tests
