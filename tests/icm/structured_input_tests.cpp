#include <clixml/object.hpp>
#include <psrp/icm/structured_input.hpp>

#include <catch2/catch.hpp>

namespace {

using Rows = std::vector<std::vector<std::string>>;
using icm::InputForm;

} // namespace

TEST_CASE("each form of input becomes values, or says where it is wrong")
{
    struct Row {
        InputForm form;
        std::string text;
        std::vector<std::string> shown; // of each value; of a broken one: the problem
        bool is_good = true;
    };
    const std::vector<Row> rows = {
        {InputForm::Lines, "a\r\nb", {"a", "b"}},
        {InputForm::Lines, "", {}},
        {InputForm::Json, "[1, \"x\", {\"A\": 1}]", {"1", "x", "@{A=1}"}},
        {InputForm::Json, "{\"A\": [1, 2]}", {"@{A=System.Object[]}"}},
        {InputForm::Json,
         "\xEF\xBB\xBF"
         "5\n",
         {"5"}},
        {InputForm::Json, "[]", {}},
        {InputForm::Json, "[1", {"broken JSON"}, false},
        {InputForm::Json, "\xff", {"no UTF-8"}, false},
        {InputForm::JsonLines, "1\n\n{\"A\": null}\r\n", {"1", "@{A=}"}},
        {InputForm::JsonLines, "1\n\n{\n", {"line 3"}, false},
        {InputForm::Csv, "A,B\n1,\"x,\"\"y\"\"\"\n2\n", {"@{A=1; B=x,\"y\"}", "@{A=2; B=}"}},
        {InputForm::Csv, "#TYPE X\r\nA,\r\n1,2,3\r\n", {"@{A=1; H1=2}"}},
        {InputForm::Csv, "A\n\"two\nlines\"\n\n", {"@{A=two\nlines}"}},
        {InputForm::Csv, "A\n\"open\n", {"row 2: a quote"}, false},
        {InputForm::Csv, "A\n", {}},
        {InputForm::Clixml,
         "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"
         "<I32>7</I32><S>x</S></Objs>",
         {"7", "x"}},
        {InputForm::Clixml, "<Objs", {"no CLIXML"}, false},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        clixml::Arena arena;
        const auto values = icm::read_input_values(row.text, row.form, arena);
        REQUIRE(values.has_value() == row.is_good);
        if (!values) {
            CHECK_THAT(values.error(), Catch::Contains(row.shown.at(0)));
            continue;
        }
        REQUIRE(values->size() == row.shown.size());
        for (std::size_t i = 0; i < values->size(); ++i)
            CHECK(clixml::to_display_text((*values)[i]) == row.shown[i]);
    }
}

TEST_CASE("rows of comma-separated values")
{
    const std::vector<std::pair<std::string, Rows>> rows = {
        {"a,b\n", {{"a", "b"}}},
        {"a,\n", {{"a", ""}}},
        {"\"\"\n", {{""}}},
        {"\n\r\n", {}},
        {"a\"b,c", {{"a\"b", "c"}}},
        {"\"a\"b,c", {{"ab", "c"}}},
        {"a\rb\r\n", {{"a\rb"}}},
    };
    for (const auto& [text, expected] : rows) {
        INFO(text);
        const auto read = icm::read_csv(text);
        REQUIRE(read);
        CHECK(*read == expected);
    }
}
