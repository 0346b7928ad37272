#include <clixml/object.hpp>
#include <psrp/client/host_responder.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <string>

namespace {

using psrp::Value;

// A console with typed lines prepared.
struct ScriptedConsole final : psrp::HostConsole {
    bool is_terminal = true;
    std::string written;
    std::deque<std::string> typed;

    void write(std::string_view text) override { written += text; }
    void show_progress(const psrp::ProgressUpdate&) override { written += "(progress)"; }
    bool can_ask() const override { return is_terminal; }
    std::optional<std::string> ask(std::string_view prompt) override
    {
        written += prompt;
        if (typed.empty()) return std::nullopt;
        std::string line = typed.front();
        typed.pop_front();
        return line;
    }
};

psrp::HostCall call(std::int32_t method, std::int64_t id, std::vector<Value> parameters)
{
    psrp::HostCall host_call;
    host_call.call_id = id;
    host_call.method = method;
    host_call.parameters = std::move(parameters);
    return host_call;
}

} // namespace

TEST_CASE("void host calls write and are not answered")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    const auto none = psrp::void_call_id;
    CHECK_FALSE(responder.respond(call(13, none, {Value::string("a")}), arena));
    CHECK_FALSE(responder.respond(call(15, none, {}), arena));
    CHECK_FALSE(responder.respond(
        call(17, none, {Value::int32(1), Value::int32(2), Value::string("b")}), arena
    ));
    CHECK_FALSE(responder.respond(call(22, none, {Value::string("c")}), arena));
    CHECK_FALSE(responder.respond(call(28, none, {}), arena)); // a colour: nothing to do
    CHECK(console.written == "a\nb\nWARNING: c\n");
    CHECK_FALSE(responder.exit_code());
    CHECK_FALSE(responder.respond(call(6, none, {Value::int32(7)}), arena));
    CHECK(responder.exit_code() == 7);
    CHECK_FALSE(responder.respond(call(14, none, {}), arena)); // too few parameters: empty text
}

TEST_CASE("questions are answered at a terminal and refused without one")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    console.typed = {"me"};
    const auto line = responder.respond(call(11, 1, {}), arena);
    REQUIRE(line.has_value());
    CHECK(line->call_id == 1);
    REQUIRE(line->result.has_value());
    CHECK(line->result->text() == "me");

    console.is_terminal = false;
    const auto refused = responder.respond(call(11, 2, {}), arena);
    REQUIRE(refused.has_value());
    CHECK_FALSE(refused->result.has_value());
    REQUIRE(refused->exception.has_value());
    CHECK(refused->exception->fully_qualified_error_id == "InvalidOperation");
    CHECK(psrp::host_info_for(console).is_host_null);

    console.is_terminal = true;
    CHECK(responder.respond(call(12, 3, {}), arena)->exception.has_value()); // a secret
    CHECK_FALSE(psrp::host_info_for(console).is_host_null);
}

TEST_CASE("a choice is taken by its key, a wrong one asked again, an empty one the default")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    clixml::Object* choices = clixml::make_array_list(arena);
    for (const char* label : {"&Yes", "&No"}) {
        clixml::Object* choice = clixml::make_bag(arena);
        choice->add_note(arena, "label", Value::string(label));
        choices->add_item(arena, Value::object(choice));
    }
    const auto question = call(
        26,
        4,
        {Value::string("Title"), Value::string("Sure?"), Value::object(choices), Value::int32(1)}
    );
    console.typed = {"x", "y"};
    CHECK(responder.respond(question, arena)->result->signed_bits() == 0);
    CHECK(console.written == "Title\nSure?\n[Y] Yes  [N] No  : Title\nSure?\n[Y] Yes  [N] No  : ");
    console.typed = {""};
    CHECK(responder.respond(question, arena)->result->signed_bits() == 1);
    console.typed = {};
    CHECK(responder.respond(question, arena)->exception.has_value());
}

TEST_CASE("fields are asked for one by one")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    clixml::Object* fields = clixml::make_array_list(arena);
    clixml::Object* field = clixml::make_bag(arena);
    field->add_note(arena, "name", Value::string("Color"));
    field->add_note(arena, "parameterTypeFullName", Value::string("System.String"));
    fields->add_item(arena, Value::object(field));
    const auto question =
        call(23, 5, {Value::string(""), Value::string("Which?"), Value::object(fields)});
    console.typed = {"red"};
    const auto answer = responder.respond(question, arena);
    REQUIRE(answer->result.has_value());
    CHECK(answer->result->object()->entry("Color")->text() == "red");
    CHECK(console.written == "Which?\nColor: ");
    field->set_note(arena, "parameterTypeFullName", Value::string("System.Security.SecureString"));
    CHECK(responder.respond(question, arena)->exception.has_value());
}
