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
    std::optional<std::string> ask_secret(std::string_view prompt) override
    {
        written += "(hidden) ";
        return ask(prompt);
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
    CHECK_FALSE(psrp::host_info_for(console).is_host_null); // what is written is shown

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

namespace {

Value field_of(psrp::Arena& arena, std::string_view name, std::string_view type)
{
    clixml::Object* field = clixml::make_bag(arena);
    field->add_note(arena, "name", Value::string(name));
    field->add_note(arena, "parameterTypeFullName", Value::string(type));
    return Value::object(field);
}

Value list_of(psrp::Arena& arena, std::initializer_list<Value> items)
{
    clixml::Object* list = clixml::make_array_list(arena);
    for (const auto& item : items)
        list->add_item(arena, item);
    return Value::object(list);
}

} // namespace

TEST_CASE("secrets and credentials are asked for at the console, with a warning and who asks")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    console.typed = {"p@ss"};
    const auto secret = responder.respond(call(12, 1, {}), arena, "srv");
    REQUIRE(secret->result.has_value());
    CHECK(secret->result->kind() == clixml::Kind::SecureString);
    CHECK(secret->result->text() == "cABAAHMAcwA="); // vector securestring
    CHECK(console.written.starts_with("WARNING: "));
    CHECK(console.written.find("SRV") != std::string::npos);

    console.written.clear();
    console.typed = {"u", "p@ss"};
    const auto ask = [&](std::string_view user) {
        return responder.respond(
            call(
                25,
                2,
                {Value::string("Cap"),
                 Value::string("Msg"),
                 Value::string(user),
                 Value::string(""),
                 Value::int32(3),
                 Value::int32(1)}
            ),
            arena,
            "srv"
        );
    };
    const auto credential = ask("");
    REQUIRE(credential->result.has_value());
    const auto* object = credential->result->object();
    CHECK(object->is_type("System.Management.Automation.PSCredential"));
    CHECK(object->get("UserName").text() == "u");
    CHECK(object->get("Password").text() == "cABAAHMAcwA=");
    CHECK(console.written.starts_with("PowerShell Credential Request: Cap\nWarning: "));
    CHECK(console.written.ends_with("User: (hidden) Password for user u: "));
    // A user that the server names is not asked for; nobody is null.
    console.typed = {"x"};
    CHECK(ask("dom\\me")->result->object()->get("UserName").text() == "dom\\me");
    console.typed = {""};
    const auto nobody = ask("");
    CHECK_FALSE(nobody->result.has_value());
    CHECK_FALSE(nobody->exception.has_value());

    // The same as fields of a prompt (vector host-calls).
    console.typed = {"hush", "u", "p@ss", "x", "36"};
    const auto fields = list_of(
        arena,
        {field_of(arena, "Secret", "System.Security.SecureString"),
         field_of(arena, "Who", "System.Management.Automation.PSCredential"),
         field_of(arena, "Age", "System.Int32")}
    );
    const auto answers = responder.respond(
        call(23, 3, {Value::string(""), Value::string(""), fields}), arena, "srv"
    );
    REQUIRE(answers->result.has_value());
    const auto* table = answers->result->object();
    CHECK(table->entry("Secret")->text() == "aAB1AHMAaAA=");
    CHECK(table->entry("Who")->object()->get("UserName").text() == "u");
    CHECK(table->entry("Age")->signed_bits() == 36); // asked again after x
    console.typed = {"1"};
    const auto strange = list_of(arena, {field_of(arena, "a", "System.Int32[]")});
    CHECK(responder.respond(call(23, 4, {Value::string(""), Value::string(""), strange}), arena)
              ->exception.has_value());
}

TEST_CASE("several choices are taken a line each")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    const auto choice = [&](std::string_view label) {
        clixml::Object* bag = clixml::make_bag(arena);
        bag->add_note(arena, "label", Value::string(label));
        return Value::object(bag);
    };
    const auto ask = [&] {
        return responder.respond(
            call(
                56,
                1,
                {Value::string(""),
                 Value::string(""),
                 list_of(arena, {choice("&One"), choice("&Two"), choice("T&hree")}),
                 list_of(arena, {Value::int32(1)})}
            ),
            arena
        );
    };
    struct Row {
        std::deque<std::string> typed;
        std::vector<std::int64_t> chosen; // empty: refused
    };
    for (const auto& row : {
             Row{{"h", "one", "h", ""}, {2, 0}},
             Row{{""}, {1}},
             Row{{"x", "x", "x"}, {}},
             Row{{}, {}},
         }) {
        console.typed = row.typed;
        const auto answer = ask();
        CHECK(answer->exception.has_value() == row.chosen.empty());
        if (!answer->result) continue;
        std::vector<std::int64_t> chosen;
        for (const auto& item : answer->result->object()->items())
            chosen.push_back(item.signed_bits());
        CHECK(chosen == row.chosen);
    }
}

TEST_CASE("the screen is never given away, and wrong void calls are reported")
{
    ScriptedConsole console;
    psrp::HostResponder responder(console);
    psrp::Arena arena;
    clixml::Object* rectangle = clixml::make_bag(arena);
    for (const char* name : {"left", "top", "right", "bottom"})
        rectangle->add_note(arena, name, Value::int32(0));
    const auto contents = responder.respond(call(50, 1, {Value::object(rectangle)}), arena, "srv");
    REQUIRE(contents.has_value());
    CHECK_FALSE(contents->result.has_value());
    CHECK_FALSE(contents->exception.has_value());
    CHECK(console.written.starts_with("WARNING: "));
    CHECK_FALSE(responder.last_failure());
    CHECK_FALSE(responder.respond(call(16, psrp::void_call_id, {Value::int32(1)}), arena));
    REQUIRE(responder.last_failure());
    CHECK(responder.last_failure()->fully_qualified_error_id == "RemoteHostCallFailed");
    CHECK_FALSE(responder.respond(call(16, psrp::void_call_id, {Value::string("a")}), arena));
    CHECK_FALSE(responder.last_failure());
}

TEST_CASE("a refusing host refuses, a scripted one follows its script")
{
    psrp::Arena arena;
    psrp::RefusingHost refusing;
    CHECK(refusing.host_info().is_host_null);
    psrp::HostResponder refuser(refusing);
    for (const std::int32_t method : {1, 11, 12, 45}) {
        const auto answer = refuser.respond(call(method, 1, {}), arena);
        REQUIRE(answer->exception.has_value());
    }
    psrp::ScriptedHost scripted;
    scripted.answer(psrp::HostMethodId::ReadLine, std::string_view("first"));
    scripted.answer(psrp::HostMethodId::ReadLine, std::string_view("second"));
    CHECK_FALSE(scripted.host_info().is_host_null);
    psrp::HostResponder responder(scripted);
    CHECK(responder.respond(call(11, 1, {}), arena)->result->text() == "first");
    CHECK_FALSE(
        responder.respond(call(16, psrp::void_call_id, {Value::string("a")}), arena).has_value()
    );
    CHECK(responder.respond(call(11, 2, {}), arena)->result->text() == "second");
    CHECK(responder.respond(call(11, 3, {}), arena)->exception.has_value());
    REQUIRE(scripted.calls().size() == 4);
    CHECK(scripted.calls()[1].method == psrp::HostMethodId::WriteLine2);
    CHECK(scripted.calls()[1].parameters.value().object()->items()[0].text() == "a");
}
