#include <psrp/server/errors.hpp>
#include <psrp/server/script/parser.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <string>

using psrp::server::Errc;
using psrp::server::read_script;
using psrp::server::ScriptLimits;

namespace {

const char* const whole_script =
    "param($a, $b = @(1,2))\n"
    "$x = @{ k = 'v'; 'two words' = [pscustomobject]@{ P = 1 } }\n"
    "if ($a -eq 1) { \"text $x $($a + 1)\" } elseif ($b) { 'b' } else { throw 'c' }\n"
    "Get-ChildItem -Path /tmp,/var -Filter:*.txt -Recurse | Where-Object { $_.Length -gt 1kb } | "
    "Sort-Object -Property Name\n"
    "foreach ($i in 1..3) { $i++; $using:w.k[0] }\n"
    "<# comment #> @'\nhere\n'@ # end\n";

} // namespace

TEST_CASE("a script with every statement is read")
{
    const tests::ExactBuffer buffer{std::string_view(whole_script)};
    const auto block = read_script(buffer.text(), {});
    REQUIRE(block);
    CHECK((*block)->parameters.size() == 2);
    CHECK((*block)->statements.size() == 5);
}

TEST_CASE("every prefix of a script is read or refused with a place inside it")
{
    const std::string text = whole_script;
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const tests::ExactBuffer buffer{std::string_view(text).substr(0, size)};
        const auto block = read_script(buffer.text(), {});
        if (block) continue;
        INFO(size);
        CHECK(block.error().offset <= size);
        CHECK(block.error().detail[0] != '\0');
    }
}

TEST_CASE("a script with any one byte replaced does no harm")
{
    const std::string text = whole_script;
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char c : std::string("\0\xFF({[\"'`$@|,;-.#", 16)) {
            std::string changed = text;
            changed[i] = c;
            const tests::ExactBuffer buffer{std::string_view(changed)};
            (void)read_script(buffer.text(), {}); // either way
        }
    }
    SUCCEED();
}

TEST_CASE("nesting is limited in every form")
{
    const auto repeat = [](const std::string& part, int count) {
        std::string text;
        for (int i = 0; i < count; ++i)
            text += part;
        return text;
    };
    const int deep = 100'000;
    for (const std::string& text :
         {repeat("(", deep),
          repeat("@(", deep),
          repeat("$(", deep),
          repeat("@{a=", deep),
          repeat("{", deep),
          repeat("-", deep),
          repeat("!", deep),
          repeat(",", deep),
          repeat("[int]", deep) + "1",
          repeat("if(1){", deep),
          "1" + repeat("+1", deep),
          "$a" + repeat(".b", deep),
          "$a" + repeat("[0]", deep),
          "$a" + repeat("[$a", deep),
          repeat("\"$(", deep),
          repeat("x (", deep),
          repeat("foreach($i in ", deep),
          repeat("x {", deep)}) {
        const auto block = read_script(text, {});
        INFO(text.substr(0, 20));
        REQUIRE_FALSE(block);
        CHECK(block.error().code != std::error_code{});
    }
    const auto chain = read_script("1" + repeat("+1", deep), {});
    CHECK(chain.error() == make_error_code(Errc::NestedTooDeeply));
}

TEST_CASE("the size of a script is limited exactly")
{
    ScriptLimits limits;
    limits.script_bytes_max = 10;
    CHECK(read_script("'12345678'", limits));
    const auto over = read_script("'123456789'", limits);
    REQUIRE_FALSE(over);
    CHECK(over.error() == make_error_code(Errc::ScriptTooLarge));
}

TEST_CASE("places count lines and characters from one")
{
    const std::string_view text = "a\nb\xC3\xA4"
                                  "c d";
    const auto position = psrp::server::position_in(text, text.find('c'));
    CHECK(position.line == 2);
    CHECK(position.column == 3);
    CHECK(
        psrp::server::line_at(text, text.size()) == "b\xC3\xA4"
                                                    "c d"
    );
    CHECK(psrp::server::line_at("x\r\ny", 0) == "x");
}
