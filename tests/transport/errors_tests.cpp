#include <psrp/transport/errors.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace psrp;

TEST_CASE("every transport error has a text of its own")
{
    std::vector<std::string> texts;
    for (int value = 1; value <= static_cast<int>(TransportErrc::ActionNotAllowed); ++value) {
        texts.push_back(make_error_code(static_cast<TransportErrc>(value)).message());
    }
    std::sort(texts.begin(), texts.end());
    CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
    const std::string unknown = transport_error_category().message(0);
    CHECK(std::find(texts.begin(), texts.end(), unknown) == texts.end());
}
