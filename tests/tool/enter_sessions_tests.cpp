// `psrp enter` at a terminal, in sessions that others keep open, and what endpoints ask there.
#include <psrp/protocol/host_methods.hpp>
#include <psrp/protocol/host_values.hpp>
#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/socket_farm.hpp>
#include <tests/tool/entered.hpp>

#include <catch2/catch.hpp>

using tests::Entered;
using tests::LastingPrograms;

namespace {

const std::vector<std::string> here = {"--endpoint", "embedded"};

// Entered as -Session of these programs.
Entered enter_session(const LastingPrograms& programs, const std::string& name)
{
    return Entered({"-Session", name}, 100, programs.input().environment);
}

// Commands that ask as $Host.UI.PromptForChoice and Get-Credential do.
void add_questions(psrp::server::CommandTable& table)
{
    using psrp::Value;
    using psrp::server::CommandContext;
    const auto ask = [](CommandContext& context, psrp::HostMethodId method, auto fill) {
        std::vector<Value> parameters = {Value::string("Title"), Value::string("Sure?")};
        fill(parameters, context.arena());
        return context.ask_host(static_cast<std::int32_t>(method), std::move(parameters));
    };
    const auto add = [&](std::string name, auto function) {
        REQUIRE(table.add(psrp::server::make_function_command(
            std::move(name),
            {},
            [function](CommandContext& context, Value) -> psrp::Result<void> {
                PSRP_TRY(const Value answer, function(context));
                return context.emit(answer);
            }
        )));
    };
    add("Ask-Choice", [ask](CommandContext& context) {
        return ask(
            context,
            psrp::HostMethodId::PromptForChoice,
            [](std::vector<Value>& parameters, psrp::Arena& arena) {
                const std::vector<psrp::ChoiceDescription> choices = {
                    {"&Yes", "go on"}, {"&No", "do not"}};
                parameters.push_back(encode_host_value(choices, arena));
                parameters.push_back(Value::int32(0));
            }
        );
    });
    add("Ask-Credential", [ask](CommandContext& context) {
        return ask(
            context,
            psrp::HostMethodId::PromptForCredential1,
            [](std::vector<Value>& parameters, psrp::Arena&) {
                parameters.push_back(Value::string(""));
                parameters.push_back(Value::string("target"));
            }
        );
    });
}

} // namespace

TEST_CASE("a session that is held is entered, left and there for the next command")
{
    const LastingPrograms programs;
    programs.open(here);
    const std::string name = programs.name();
    REQUIRE(programs.icm({"-Session", name, "$x = 6"}).exit_code == 0);
    {
        Entered session = enter_session(programs, name);
        session.expect("[localhost]: PS /");
        session.enter("$x * 7");
        session.expect("42\r\n");
        session.enter("if ($x) {");
        session.expect(">> ");
        session.program.type("$y = 5 }\r");
        session.expect("> ");
        session.program.type("Get-Locat\t");
        session.expect("ion");
        session.program.type("\x03");
        session.enter("'beg' + 'un'; Start-Sleep 1000");
        session.expect("begun\r\n");
        session.program.type("\x03");
        session.expect("^C");
        session.enter("$name = Read-Host who");
        session.expect("who: ");
        session.program.type("me\r");
        // Others use it meanwhile.
        session.expect("> ");
        CHECK(programs.icm({"-Session", name, "$y"}).output == "5\n");
        session.program.type("exit 4\r");
        CHECK(session.program.wait() == 4);
        CHECK(session.program.echoes());
    }
    CHECK(programs.icm({"-Session", name, "\"$name $y\""}).output == "me 5\n");
    {
        Entered session = enter_session(programs, name);
        session.enter("Exit-PSSession");
        CHECK(session.program.wait() == 0);
    }
    CHECK(programs.session({"remove", name}).exit_code == 0);
}

TEST_CASE("a held session that is not there, or goes, is named to who enters it")
{
    const LastingPrograms programs;
    const std::string name = programs.name();
    Entered nobody = enter_session(programs, name);
    nobody.expect("There is no session " + name);
    CHECK(nobody.program.wait() == 3);
    for (const bool at_prompt : {true, false}) {
        programs.open(here);
        Entered session = enter_session(programs, name);
        session.expect("> ");
        if (!at_prompt) {
            session.program.type("'beg' + 'un'; Start-Sleep 1000\r");
            session.expect("begun\r\n");
        }
        CHECK(programs.session({"remove", name}).exit_code == 0);
        session.expect("The session " + name + " is broken: It has been removed.");
        CHECK(session.program.wait() == 3);
        CHECK(session.program.echoes());
    }
}

TEST_CASE("choices and credentials that an endpoint asks for are asked for on the terminal")
{
    const tests::SocketFarm farm({tests::EndpointKind::Good}, add_questions);
    Entered session({"--socket", farm.path(0)});
    session.enter("(Ask-Choice) + 10");
    session.expect("Sure?");
    session.expect("[Y] Yes");
    session.expect(": ");
    session.program.type("n\r");
    session.expect("11\r\n");
    session.enter("(Ask-Choice) + 20");
    session.expect("Sure?");
    session.expect(": ");
    session.program.type("\r");
    session.expect("20\r\n");
    session.enter("$c = Ask-Credential; $c.UserName; $c.Password.GetType().Name");
    session.expect("User: ");
    session.program.type("me\r");
    session.expect("assword for user me: ");
    session.program.type("hidden\r");
    session.expect("me\r\n");
    session.expect("SecureString\r\n");
    CHECK(session.program.written().find("hidden") == std::string::npos);
    // Given up, the question is the statement's error, and the session goes on.
    session.enter("Ask-Choice");
    session.expect("Sure?");
    session.expect(": ");
    session.program.type("\x03");
    session.enter("'go' + 'es on'");
    session.expect("goes on\r\n");
    session.enter("exit");
    CHECK(session.program.wait() == 0);
}
