// $using: expressions: which a script has, and the three ways their values travel (fact sheet psrp
// 14.5).
#include <clixml/base64.hpp>
#include <clixml/utf.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/using_variables.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace {

using psrp::ClientErrc;
using psrp::Value;

std::vector<std::string> keys_of(std::string_view script)
{
    const auto found = psrp::find_using_expressions(script);
    REQUIRE(found);
    std::vector<std::string> keys;
    for (const auto& expression : *found) {
        CHECK(script.substr(expression.offset, expression.text.size()) == expression.text);
        keys.push_back(expression.key());
    }
    return keys;
}

// Every variable is there, with its name as its value.
std::optional<Value> named(psrp::Arena& arena, std::string_view name)
{
    return Value::string(arena, name);
}

} // namespace

TEST_CASE("using expressions are found where PowerShell finds them")
{
    struct Row {
        const char* script;
        std::vector<std::string> keys;
    };
    const std::vector<Row> rows = {
        {"1 + 1", {}},
        {"$using:v + 1; $using:w.k", {"$using:v", "$using:w.k"}}, // vector using
        {"$Using:Foo", {"$using:foo"}},
        {"$Using:Foo.Bar", {"$Using:Foo.Bar"}},
        {"$using:a.b[0].c", {"$using:a.b[0].c"}},
        {"$using:a['k']", {"$using:a['k']"}},
        {"$using:a[$i]", {"$using:a"}}, // no constant: the index is the server's
        {"$using:a.Trim()", {"$using:a"}},
        {"$using:a.b.Trim()", {"$using:a.b"}},
        {"$using:env:path", {"$using:env:path"}},
        {"[x]::new($using:a)", {"$using:a"}},
        {"$using:a::b", {"$using:a"}},
        {"${using:foo}", {"$using:foo"}},
        {"& { & { $using:deep } }", {"$using:deep"}},
        {"\"$using:a.b\"", {"$using:a"}}, // in a string a dot is text
        {"\"$($using:a.b)\"", {"$using:a.b"}},
        {"\"$(\"$using:x\")\" + $using:y", {"$using:x", "$using:y"}},
        {"\"`$using:a\"", {}},
        {"'$using:a' + '''$using:b'", {}},
        {"@'\n$using:a\n'@\n$using:b", {"$using:b"}},
        {"@\"\n$using:a \"\"\n\"@\n$using:b", {"$using:a", "$using:b"}},
        {"# $using:a\n$using:b <# $using:c #> $using:d", {"$using:b", "$using:d"}},
        {"a#b $using:c", {"$using:c"}},
        {"$using", {}},
        {"$usings:a", {}},
        {"${a b} $using:c", {"$using:c"}},
        {"\"never closed $using:a", {"$using:a"}},
        {"'never closed $using:a", {}},
    };
    for (const auto& row : rows) {
        INFO(row.script);
        CHECK(keys_of(row.script) == row.keys);
    }
    for (const char* script : {"$using:", "x $using: y", "${using:a"}) {
        INFO(script);
        const auto found = psrp::find_using_expressions(script);
        REQUIRE_FALSE(found);
        CHECK(found.error().code == ClientErrc::UsingInvalid);
    }
}

TEST_CASE("each transport and version has its form")
{
    using psrp::using_form;
    using psrp::UsingForm;
    for (const auto& version : std::vector<std::optional<clixml::Version>>{
             {}, clixml::Version{2, 0}, clixml::Version{4, 0}, clixml::Version{7, 6}})
        CHECK(using_form(false, version) == UsingForm::ByKey);
    CHECK(using_form(true, {}) == UsingForm::ByPosition);
    CHECK(using_form(true, clixml::Version{2, 0}) == UsingForm::AsParameters);
    CHECK(using_form(true, clixml::Version{3, 0}) == UsingForm::ByPosition);
    CHECK(using_form(true, clixml::Version{4, 0}) == UsingForm::ByPosition);
    CHECK(using_form(true, clixml::Version{5, 1}) == UsingForm::ByKey);
}

TEST_CASE("values travel by key, by position or as parameters")
{
    psrp::Arena arena;
    const auto variables = [&](std::string_view name) { return named(arena, name); };
    const char* script = "$using:a + $using:A + $using:b";

    const auto by_key = psrp::rewrite_using(script, psrp::UsingForm::ByKey, variables, arena);
    REQUIRE(by_key);
    CHECK(by_key->script == script);
    REQUIRE(by_key->arguments.size() == 1);
    CHECK(by_key->arguments[0].name == "--%");
    const auto items = by_key->arguments[0].value.object()->items();
    REQUIRE(items.size() == 4); // a and A are one
    CHECK(items[0].text() == "JAB1AHMAaQBuAGcAOgBhAA==");
    CHECK(items[1].text() == "a");

    const auto by_position =
        psrp::rewrite_using(script, psrp::UsingForm::ByPosition, variables, arena);
    REQUIRE(by_position);
    CHECK(by_position->script == script);
    const auto array = by_position->arguments[0].value.object()->items();
    REQUIRE(array.size() == 3);
    CHECK(array[1].text() == "A");

    struct Row {
        const char* script;
        const char* text;
        std::size_t arguments;
    };
    for (const auto& row : {
             Row{"$using:a + $using:A + $using:b",
                 "param($__using_a, $__using_b)\n$__using_a + $__using_A + $__using_b",
                 2},
             Row{"param($x) $x + $using:a", "param($__using_a, $x) $x + $__using_a", 1},
             Row{" param ( ) $using:a", " param ($__using_a ) $__using_a", 1},
             Row{"$using:env:path", "param($__using_env_path)\n$__using_env_path", 1},
             Row{"$using:a.b.c", "param($__using_a)\n$__using_a.b.c", 1},
             Row{"1 + 1", "1 + 1", 0},
         }) {
        INFO(row.script);
        const auto rewritten =
            psrp::rewrite_using(row.script, psrp::UsingForm::AsParameters, variables, arena);
        REQUIRE(rewritten);
        CHECK(rewritten->script == row.text);
        CHECK(rewritten->arguments.size() == row.arguments);
        if (row.arguments > 0) CHECK(rewritten->arguments[0].name->starts_with("__using_"));
    }
}

TEST_CASE("members are looked up here, and what is missing is an error before anything is sent")
{
    psrp::Arena arena;
    auto* inner = clixml::make_bag(arena);
    inner->add_note(arena, "Name", Value::string("found"));
    auto* list = clixml::make_array(arena);
    list->add_item(arena, Value::int32(10));
    list->add_item(arena, Value::object(inner));
    auto* table = clixml::make_hashtable(arena);
    table->add_entry(arena, Value::string("k"), Value::object(list));
    table->add_entry(arena, Value::int32(3), Value::string("three"));
    const auto variables = [&](std::string_view name) -> std::optional<Value> {
        if (clixml::equal_ignoring_case(name, "t")) return Value::object(table);
        if (clixml::equal_ignoring_case(name, "null")) return Value();
        return std::nullopt;
    };
    struct Row {
        const char* script;
        std::optional<std::string> text; // none: an error
    };
    const std::vector<Row> rows = {
        {"$using:t.k[0]", "10"},
        {"$using:t.k[1].name", "found"},
        {"$using:t.K[-1].Name", "found"},
        {"$using:t['k'][0]", "10"},
        {"$using:t[3]", "three"},
        {"$using:null", ""},
        {"$using:t.missing", std::nullopt},
        {"$using:t.k[2]", std::nullopt},
        {"$using:t.k[-3]", std::nullopt},
        {"$using:t[4]", std::nullopt},
        {"$using:null.x", std::nullopt},
        {"$using:u", std::nullopt},
    };
    for (const auto& row : rows) {
        INFO(row.script);
        const auto rewritten =
            psrp::rewrite_using(row.script, psrp::UsingForm::ByPosition, variables, arena);
        REQUIRE(rewritten.has_value() == row.text.has_value());
        if (!rewritten) {
            CHECK(rewritten.error().code == ClientErrc::UsingUndefined);
            continue;
        }
        const auto value = rewritten->arguments[0].value.object()->items()[0];
        CHECK(clixml::to_display_text(value) == *row.text);
    }
}
