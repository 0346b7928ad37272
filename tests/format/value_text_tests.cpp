#include <clixml/object.hpp>
#include <psrp/format/value_text.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

TEST_CASE("numbers print in .NET's general format")
{
    struct Row {
        double value;
        int digits;
        std::string text;
    };
    const std::vector<Row> rows = {
        {0, 15, "0"},
        {-0.0, 15, "-0"},
        {0.5, 15, "0.5"},
        {100, 15, "100"},
        {1e14, 15, "100000000000000"},
        {1e15, 15, "1E+15"},
        {1e20, 15, "1E+20"},
        {0.0001, 15, "0.0001"},
        {0.00001, 15, "1E-05"},
        {1.5e-7, 15, "1.5E-07"},
        {1.0 / 3, 15, "0.333333333333333"},
        {-123456789.123, 15, "-123456789.123"},
        {1e300, 15, "1E+300"},
        {16777216, 7, "1.677722E+07"},
        {NAN, 15, "NaN"},
        {-INFINITY, 15, "-Infinity"},
    };
    for (const Row& row : rows)
        CHECK(psrp::general_text(row.value, row.digits) == row.text);
}

TEST_CASE("grouped numbers have two decimals")
{
    CHECK(psrp::grouped_text(0) == "0.00");
    CHECK(psrp::grouped_text(999.994) == "999.99");
    CHECK(psrp::grouped_text(1000) == "1,000.00");
    CHECK(psrp::grouped_text(-1234567.891) == "-1,234,567.89");
    CHECK(psrp::grouped_text(-0.001) == "0.00");
}

TEST_CASE("cells show collections and bags in short")
{
    clixml::Arena arena;
    using clixml::Value;
    clixml::Object* list = clixml::make_array(arena);
    CHECK(psrp::cell_text(Value::object(list)) == "{}");
    list->add_item(arena, Value::int32(1));
    list->add_item(arena, Value());
    CHECK(psrp::cell_text(Value::object(list)) == "{1, $null}");
    for (int i = 0; i < 3; ++i)
        list->add_item(arena, Value::int32(i));
    CHECK(psrp::cell_text(Value::object(list)) == "{1, $null, 0, 1\xE2\x80\xA6}");

    clixml::Object* bag = clixml::make_custom_object(arena);
    bag->set_note(arena, "A", Value::boolean(true));
    bag->set_note(arena, "B", Value::object(list));
    CHECK(psrp::cell_text(Value::object(bag)) == "@{A=True; B=System.Collections.ArrayList}");

    const std::string bytes("\x01\x02", 2);
    CHECK(psrp::cell_text(Value::bytes(clixml::bytes_of(bytes))) == "{1, 2}");
    CHECK(psrp::cell_text(Value()).empty());
}
