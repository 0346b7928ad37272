#include <clixml/writer.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>
#include <tests/protocol/conversation.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace {

clixml::Result<psrp::Value> read(std::string_view text, psrp::Arena& arena)
{
    return clixml::read_message_value(arena.copy(text), arena, {});
}

std::string payload(psrp::Value value)
{
    std::string text;
    REQUIRE(clixml::write_value(value, clixml::message_options(), text));
    return text;
}

} // namespace

TEST_CASE("an error record made for throw is PowerShell's but for what only its engine knows")
{
    psrp::Arena arena;
    psrp::ErrorDescription description;
    description.message = "boom";
    description.error_id = "boom";
    description.category = psrp::ErrorCategory::OperationStopped;
    description.target_object = psrp::Value::string("boom");
    description.thrown = true;
    description.script_stack_trace = "at <ScriptBlock>, <No file>: line 1";
    auto record = psrp::make_error_record(arena, description);
    for (const auto& recorded : tests::read_conversation("terminating-error")) {
        if (recorded.type() != psrp::MessageType::PipelineState ||
            recorded.payload.find("ExceptionAsErrorRecord") == std::string::npos)
            continue;
        // The position of the throw is not known outside the engine.
        const auto value = read(recorded.payload, arena);
        REQUIRE(value);
        const auto state = psrp::decode_pipeline_state(*value, arena);
        REQUIRE(state);
        record.invocation_info = state->error_record->invocation_info;
        CHECK(record.message() == state->error_record->message());
        CHECK(record.category_message == state->error_record->category_message);
        const auto ours =
            payload(psrp::encode_pipeline_state({psrp::PipelineState::Failed, record}, arena));
        // The whole text up to the invocation information, which was read and so carries other type
        // names.
        const auto end = recorded.payload.find("N=\"InvocationInfo\"");
        CHECK(ours.substr(0, end) == recorded.payload.substr(0, end));
        const auto rest =
            recorded.payload.substr(recorded.payload.find("<I32 N=\"ErrorCategory_Category\""));
        CHECK(ours.substr(ours.find("<I32 N=\"ErrorCategory_Category\"")) == rest);
        return;
    }
    FAIL("no such record");
}

TEST_CASE("every exception type goes back to System.Object")
{
    for (const char* type :
         {"System.Management.Automation.CommandNotFoundException",
          "Microsoft.PowerShell.Commands.WriteErrorException",
          "System.IO.FileNotFoundException"}) {
        const auto chain = psrp::exception_chain(type);
        REQUIRE(chain.size() >= 3);
        CHECK(chain.front() == type);
        CHECK(chain.back() == "System.Object");
        CHECK(chain[chain.size() - 2] == "System.Exception");
    }
    CHECK(psrp::exception_chain("No.Such.Exception").empty());
}

TEST_CASE("an error record without a mandatory property is MissingProperty")
{
    psrp::Arena arena;
    psrp::ErrorDescription description;
    description.message = "m";
    description.error_id = "id";
    const auto record = psrp::make_error_record(arena, description);
    const std::set<std::string_view> mandatory = {
        "Exception",
        "TargetObject",
        "FullyQualifiedErrorId",
        "ErrorCategory_Category",
        "ErrorCategory_Activity",
        "ErrorCategory_Reason",
        "ErrorCategory_TargetName",
        "ErrorCategory_TargetType",
        "ErrorCategory_Message",
        "SerializeExtendedInfo"};
    const auto value = psrp::encode_error_record(record, arena);
    std::size_t checked = 0;
    for (const auto& left_out : value.object()->extended()) {
        auto* bag = clixml::make_bag(arena);
        for (const auto& note : value.object()->extended()) {
            if (&note != &left_out) bag->extended_bag().push(arena, note);
        }
        const auto decoded = psrp::decode_error_record(psrp::Value::object(bag), arena);
        INFO(left_out.name_text());
        CHECK(decoded.has_value() != mandatory.contains(left_out.name_text()));
        if (decoded) continue;
        ++checked;
        CHECK(decoded.error().code == psrp::Errc::MissingProperty);
        CHECK(left_out.name_text() == decoded.error().detail);
    }
    CHECK(checked == mandatory.size());
}

TEST_CASE("properties are found whatever the case of their names, and extra ones are ignored")
{
    psrp::Arena arena;
    const auto value = read(
        "<Obj RefId=\"0\"><MS><I64 N=\"CI\">7</I64><S N=\"extra\">x</S><I32 "
        "N=\"maxrunspaces\">3</I32></MS></Obj>",
        arena
    );
    REQUIRE(value);
    const auto message = psrp::decode_set_max_runspaces(*value, arena);
    REQUIRE(message);
    CHECK(message->runspaces_max == 3);
    CHECK(message->call_id == 7);
}

TEST_CASE("an enumeration is read from any integer, its name in any case, or its object")
{
    struct Case {
        const char* state;
        bool is_good;
    };
    for (const auto& row :
         {Case{"<I32 N=\"PipelineState\">4</I32>", true},
          Case{"<By N=\"PipelineState\">4</By>", true},
          Case{"<S N=\"PipelineState\">completed</S>", true},
          Case{"<Obj N=\"PipelineState\" RefId=\"1\"><I32>4</I32></Obj>", true},
          Case{"<S N=\"PipelineState\">Nonsense</S>", false},
          Case{"<B N=\"PipelineState\">true</B>", false},
          Case{"<I64 N=\"PipelineState\">4294967300</I64>", false},
          Case{"<Nil N=\"PipelineState\" />", false}}) {
        psrp::Arena arena;
        const std::string text = "<Obj RefId=\"0\"><MS>" + std::string(row.state) + "</MS></Obj>";
        const auto value = read(text, arena);
        REQUIRE(value);
        const auto message = psrp::decode_pipeline_state(*value, arena);
        INFO(row.state);
        REQUIRE(message.has_value() == row.is_good);
        if (message)
            CHECK(message->state == psrp::PipelineState::Completed);
        else
            CHECK(message.error().code == psrp::Errc::WrongPropertyType);
    }
}

TEST_CASE("numbers are of their exact type")
{
    for (const char* call_id : {"<I32 N=\"ci\">1</I32>", "<S N=\"ci\">1</S>", "<Nil N=\"ci\" />"}) {
        psrp::Arena arena;
        const auto value =
            read("<Obj RefId=\"0\"><MS>" + std::string(call_id) + "</MS></Obj>", arena);
        REQUIRE(value);
        const auto message = psrp::decode_get_available_runspaces(*value, arena);
        INFO(call_id);
        REQUIRE_FALSE(message);
        CHECK(message.error().code == psrp::Errc::WrongPropertyType);
    }
}

TEST_CASE("an argument has a name, a null name or is refused")
{
    struct Case {
        const char* argument;
        std::error_code error;
    };
    psrp::Arena arena;
    psrp::CreatePipeline create;
    psrp::Command command;
    command.text = "x";
    command.arguments = {{"name", psrp::Value::int32(1)}};
    create.power_shell.statements = {{command}};
    const std::string good =
        payload(psrp::encode_create_pipeline(create, clixml::Version{2, 4}, arena));
    const std::string argument = "<S N=\"N\">name</S><I32 N=\"V\">1</I32>";
    REQUIRE(good.find(argument) != std::string::npos);
    for (const auto& row :
         {Case{"<Nil N=\"N\" /><I32 N=\"V\">1</I32>", {}},
          Case{"<S N=\"N\"></S><I32 N=\"V\">1</I32>", psrp::Errc::EmptyParameterName},
          Case{"<I32 N=\"V\">1</I32>", psrp::Errc::MissingProperty},
          Case{"<S N=\"N\">name</S>", psrp::Errc::MissingProperty}}) {
        std::string text = good;
        text.replace(text.find(argument), argument.size(), row.argument);
        const auto value = read(text, arena);
        REQUIRE(value);
        const auto decoded = psrp::decode_create_pipeline(*value, arena);
        INFO(row.argument);
        CHECK(decoded.has_value() == !row.error);
        if (!decoded) CHECK(decoded.error().code == row.error);
    }
}

TEST_CASE("several statements travel in ExtraCmds, and the first is taken from Cmds")
{
    psrp::Arena arena;
    psrp::CreatePipeline create;
    for (const char* text : {"a", "b", "c"}) {
        psrp::Command command;
        command.text = text;
        create.power_shell.statements.push_back({command});
    }
    const auto value =
        read(payload(psrp::encode_create_pipeline(create, clixml::Version{2, 4}, arena)), arena);
    REQUIRE(value);
    const auto decoded = psrp::decode_create_pipeline(*value, arena);
    REQUIRE(decoded);
    REQUIRE(decoded->power_shell.statements.size() == 3);
    CHECK(decoded->power_shell.statements[0][0].text == "a");
    CHECK(decoded->power_shell.statements[2][0].text == "c");
}

TEST_CASE("redirections are written as the server's version knows them")
{
    psrp::Arena arena;
    psrp::CreatePipeline create;
    create.power_shell.statements = {{psrp::Command{}}};
    const auto text = [&](std::optional<clixml::Version> version) {
        return payload(psrp::encode_create_pipeline(create, version, arena));
    };
    const auto has = [](const std::string& payload_text, const char* name) {
        return payload_text.find(name) != std::string::npos;
    };
    CHECK_FALSE(has(text(std::nullopt), "MergeError"));
    CHECK_FALSE(has(text(clixml::Version{2, 1}), "MergeError"));
    CHECK(has(text(clixml::Version{2, 2}), "MergeDebug"));
    CHECK_FALSE(has(text(clixml::Version{2, 2}), "MergeInformation"));
    CHECK(has(text(clixml::Version{2, 3}), "MergeInformation"));
    CHECK(has(text(std::nullopt), "MergePreviousResults"));
}

TEST_CASE("host methods answer as the catalogue says, not as the call id does")
{
    CHECK(psrp::host_methods().size() == 56);
    psrp::HostCall call;
    call.method = 11; // ReadLine
    CHECK(call.expects_response());
    call.method = 16; // WriteLine2
    call.call_id = 5;
    CHECK_FALSE(call.expects_response());
    CHECK(psrp::find_host_method(0) == nullptr);
    CHECK(psrp::find_host_method(57) == nullptr);
}

TEST_CASE("clear secrets are base64 of UTF-16")
{
    const psrp::ClearBase64Secrets secrets;
    const auto text = secrets.encrypt(std::string_view("a\0b\0c\0", 6));
    REQUIRE(text);
    CHECK(*text == "YQBiAGMA");
    const auto clear = secrets.decrypt("YQBiAGMA");
    REQUIRE(clear);
    CHECK(*clear == std::string_view("a\0b\0c\0", 6));
    for (const char* bad : {"YQBi", "YQ=", "????", "YQBiAG"}) {
        const auto result = secrets.decrypt(bad);
        INFO(bad);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == psrp::Errc::InvalidSecret);
        CHECK(result.error().offset != clixml::no_offset);
    }
    CHECK_FALSE(secrets.encrypt("odd"));
}
