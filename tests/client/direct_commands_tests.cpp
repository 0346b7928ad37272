// Which script blocks are sent as commands, and how (fact sheet psrp 14.1).
#include <psrp/client/direct_commands.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace {

// "Name(-a=, =1)|Other()" and the like; "" where the text is to be sent.
std::string shown(std::string_view script)
{
    psrp::Arena arena;
    const auto variables = [](std::string_view name) -> std::optional<psrp::Value> {
        if (name == "p") return psrp::Value::int32(42);
        return std::nullopt;
    };
    const auto commands = psrp::direct_commands(script, variables, arena);
    if (!commands) return {};
    std::string text;
    for (const auto& statement : commands->statements) {
        if (!text.empty()) text += ";";
        for (std::size_t i = 0; i < statement.size(); ++i) {
            const auto& command = statement[i];
            CHECK_FALSE(command.is_script);
            if (i > 0) text += "|";
            text.append(command.text).append("(");
            for (const auto& argument : command.arguments) {
                if (text.back() != '(') text += ", ";
                text += argument.name.value_or("");
                text += "=";
                text += clixml::to_display_text(argument.value);
            }
            text += ")";
            if (command.merge_error == psrp::MergeTarget::Output) text += "!";
        }
    }
    return text;
}

} // namespace

TEST_CASE("blocks of nothing but commands are sent as commands")
{
    struct Row {
        const char* script;
        const char* commands; // empty: as text
    };
    for (const auto& row : {
             Row{" No-SuchCommand ", "No-SuchCommand()"}, // vector command-not-found
             Row{" ConvertTo-SecureString 'out' -AsPlainText -Force ",
                 "ConvertTo-SecureString(=out, -AsPlainText=, -Force=)"}, // securestring-output
             Row{"Get-Process -Id $using:p", "Get-Process(-Id=, =42)"},
             Row{"a -b:1 -c: 2", "a(-b:=1, -c: =2)"},
             Row{"a 1 -2 3000000000 x.y 'it''s' \"q\"", "a(=1, =-2, =3000000000, =x.y, =it's, =q)"},
             Row{"a $true $FALSE $null", "a(=True, =False, =)"},
             Row{"a x, y ,z | b", "a(=x y z)|b()"},
             Row{"a; b\nc", "a();b();c()"},
             Row{"a 2>&1 | b *>&1", "a()!|b()!"},
             Row{"1 + 1", ""},
             Row{"$x", ""},
             Row{"a $x", ""},
             Row{"a $true.Length", ""},
             Row{"a $using:q", ""}, // no value: the caller says so
             Row{"a (1)", ""},
             Row{"a { 1 }", ""},
             Row{"a @b", ""},
             Row{"a > f", ""},
             Row{"a 2> f", ""},
             Row{"a \"$x\"", ""},
             Row{"a; 'text'", ""}, // vector two-pipelines
             Row{"a && b", ""},
             Row{"a || b", ""},
             Row{"a &", ""},
             Row{". a", ""},
             Row{"& a", ""},
             Row{"if (1) { a }", ""},
             Row{"param($x) a", ""},
             Row{"x = 1", ""},
             Row{"a --% b", ""},
             Row{"a # c", ""},
             Row{"a 'b", ""},
             Row{"", ""},
             Row{" ; ", ""},
         }) {
        INFO(row.script);
        CHECK(shown(row.script) == row.commands);
    }
}
