// Host calls typed: the catalogue, both directions of the codec, the rewriting for safety (fact
// sheet psrp 10).
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/host_safety.hpp>
#include <psrp/protocol/host_values.hpp>
#include <tests/protocol/conversation.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using psrp::Errc;
using psrp::HostMethodId;
using psrp::HostType;
using psrp::HostValue;
using psrp::MessageType;
using psrp::Value;

std::string text_of(Value value)
{
    std::string text;
    REQUIRE(clixml::write_value(value, clixml::message_options(), text));
    return text;
}

Value read(std::string_view text, psrp::Arena& arena)
{
    clixml::ReadOptions options;
    options.form = clixml::Form::Bare;
    const auto value = clixml::read_message_value(arena.copy(text), arena, options);
    REQUIRE(value);
    return *value;
}

psrp::FieldDescription field(std::string_view name, std::string_view type)
{
    psrp::FieldDescription description;
    description.name = name;
    description.parameter_type_full_name = type;
    return description;
}

} // namespace

TEST_CASE("each recorded host call and response is the same after its typed form")
{
    int calls = 0;
    int responses = 0;
    for (const auto& name : tests::conversation_names()) {
        for (const auto& message : tests::read_conversation(name)) {
            INFO(name << ' ' << message.payload);
            psrp::Arena arena;
            if (message.type() == MessageType::PipelineHostCall) {
                const auto call = psrp::decode_host_call(read(message.payload, arena), arena);
                REQUIRE(call);
                const auto parameters = psrp::decode_host_parameters(*call);
                REQUIRE(parameters);
                const auto again = psrp::make_host_call(
                    static_cast<HostMethodId>(call->method), call->call_id, *parameters, arena
                );
                CHECK(text_of(psrp::encode_host_call(again, arena)) == message.payload);
                ++calls;
            }
            if (message.type() == MessageType::PipelineHostResponse) {
                const auto response =
                    psrp::decode_host_response(read(message.payload, arena), arena);
                REQUIRE(response);
                const auto result = psrp::decode_host_result(*response);
                REQUIRE(result);
                psrp::HostCall call;
                call.call_id = response->call_id;
                call.method = response->method;
                const auto again = psrp::make_host_response(call, *result, arena);
                CHECK(text_of(psrp::encode_host_response(again, arena)) == message.payload);
                ++responses;
            }
        }
    }
    CHECK(calls >= 12);
    CHECK(responses >= 4);
}

TEST_CASE("every type of the catalogue goes there and back")
{
    psrp::Arena arena;
    const psrp::BufferCell cell{{'x'}, 7, 0, 0};
    struct Row {
        HostType type;
        HostValue value;
        const char* form; // null: only the way back counts
    };
    const std::vector<Row> rows = {
        {HostType::String, std::string_view("a"), "<S>a</S>"},
        {HostType::String, {}, nullptr},
        {HostType::Int32, std::int32_t{-1}, "<I32>-1</I32>"},
        {HostType::Int64, std::int64_t{5}, "<I64>5</I64>"},
        {HostType::Boolean, true, "<B>true</B>"},
        {HostType::Version, clixml::Version{7, 6}, "<Version>7.6</Version>"},
        {HostType::Guid,
         tests::guid("11223344-5566-7788-99aa-bbccddeeff00"),
         "<G>11223344-5566-7788-99aa-bbccddeeff00</G>"},
        {HostType::SecureString, psrp::SecretText{"YQBiAGMA"}, "<SS>YQBiAGMA</SS>"},
        {HostType::Credential,
         psrp::Credential{"u", {"cABAAHMAcwA="}},
         "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.PSCredential</T>"
         "<T>System.Object</T></TN><ToString>System.Management.Automation.PSCredential</ToString>"
         "<Props><S N=\"UserName\">u</S><SS N=\"Password\">cABAAHMAcwA=</SS></Props></Obj>"},
        {HostType::Credential, {}, nullptr},
        {HostType::Progress, psrp::ProgressUpdate{"a", 1, "s", {}, -1, 50, false, -1}, nullptr},
        {HostType::FieldDescriptions,
         std::vector<psrp::FieldDescription>{field("n", "System.String")},
         nullptr},
        {HostType::ChoiceDescriptions,
         std::vector<psrp::ChoiceDescription>{{"&Yes", "help"}},
         "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T>"
         "</TN><LST><Obj RefId=\"1\"><MS><S N=\"label\">&amp;Yes</S><S N=\"helpMessage\">help</S>"
         "</MS></Obj></LST></Obj>"},
        {HostType::Int32List, std::vector<std::int32_t>{0, 2}, nullptr},
        {HostType::PromptAnswers,
         std::vector<psrp::PromptAnswer>{{"Age", Value::string("36")}},
         "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T>"
         "</TN><DCT><En><S N=\"Key\">Age</S><S N=\"Value\">36</S></En></DCT></Obj>"},
        {HostType::Coordinates,
         psrp::Coordinates{1, 2},
         "<Obj RefId=\"0\"><MS><I32 N=\"x\">1</I32><I32 N=\"y\">2</I32></MS></Obj>"},
        {HostType::Size,
         psrp::Size{80, 40},
         "<Obj RefId=\"0\"><MS><I32 N=\"width\">80</I32><I32 N=\"height\">40</I32></MS></Obj>"},
        {HostType::Rectangle,
         psrp::Rectangle{1, 2, 3, 4},
         "<Obj RefId=\"0\"><MS><I32 N=\"left\">1</I32><I32 N=\"top\">2</I32><I32 "
         "N=\"right\">3</I32>"
         "<I32 N=\"bottom\">4</I32></MS></Obj>"},
        {HostType::BufferCell,
         cell,
         "<Obj RefId=\"0\"><MS><C N=\"character\">120</C><I32 N=\"foregroundColor\">7</I32>"
         "<I32 N=\"backgroundColor\">0</I32><I32 N=\"bufferCellType\">0</I32></MS></Obj>"},
        {HostType::BufferCells, psrp::BufferCells{1, 2, {cell, cell}}, nullptr},
        {HostType::BufferCells, psrp::BufferCells{}, nullptr},
        {HostType::KeyInfo,
         psrp::KeyInfo{13, {13}, 0, true},
         "<Obj RefId=\"0\"><MS><I32 N=\"virtualKeyCode\">13</I32><C N=\"character\">13</C>"
         "<I32 N=\"controlKeyState\">0</I32><B N=\"keyDown\">true</B></MS></Obj>"},
    };
    for (const auto& row : rows) {
        const Value encoded = psrp::encode_host_value(row.value, arena);
        const std::string text = encoded.is_nil() ? "" : text_of(encoded);
        INFO(static_cast<int>(row.type) << ' ' << text);
        if (row.form != nullptr) CHECK(text == row.form);
        const auto back =
            psrp::decode_host_value(row.type, encoded.is_nil() ? encoded : read(text, arena));
        REQUIRE(back);
        CHECK(back->index() == row.value.index());
        const Value again = psrp::encode_host_value(*back, arena);
        CHECK((again.is_nil() ? "" : text_of(again)) == text);
    }
}

TEST_CASE("values of another type than the catalogue's are refused by name")
{
    psrp::Arena arena;
    struct Row {
        HostType type;
        const char* text;
    };
    for (const auto& row : {
             Row{HostType::String, "<I32>1</I32>"},
             Row{HostType::Int32, "<S>1</S>"},
             Row{HostType::Int32, "<I64>1</I64>"},
             Row{HostType::SecureString, "<S>YQBiAGMA</S>"},
             Row{HostType::Credential, "<S>u</S>"},
             Row{HostType::Coordinates, "<I32>1</I32>"},
             Row{HostType::Coordinates, "<Obj RefId=\"0\"><MS><I32 N=\"x\">1</I32></MS></Obj>"},
             Row{HostType::ChoiceDescriptions, "<S>a</S>"},
             Row{HostType::PromptAnswers, "<Obj RefId=\"0\"><LST /></Obj>"},
             Row{HostType::Int32List, "<Obj RefId=\"0\"><LST><S>a</S></LST></Obj>"},
             // One length too few, and a product that is not the number of elements.
             Row{HostType::BufferCells,
                 "<Obj RefId=\"0\"><MS><Obj N=\"mae\" RefId=\"1\"><LST /></Obj><Obj N=\"mal\" "
                 "RefId=\"2\"><LST><I32>0</I32></LST></Obj></MS></Obj>"},
             Row{HostType::BufferCells,
                 "<Obj RefId=\"0\"><MS><Obj N=\"mae\" RefId=\"1\"><LST /></Obj><Obj N=\"mal\" "
                 "RefId=\"2\"><LST><I32>1</I32><I32>2147483647</I32></LST></Obj></MS></Obj>"},
         }) {
        INFO(row.text);
        CHECK_FALSE(psrp::decode_host_value(row.type, read(row.text, arena)));
    }
    CHECK_FALSE(psrp::decode_host_value(HostType::Int32, {}));
}

TEST_CASE("calls with other parameters than their method's are refused")
{
    psrp::HostCall call;
    call.method = static_cast<std::int32_t>(HostMethodId::WriteLine2);
    CHECK(psrp::decode_host_parameters(call).error().code == Errc::WrongHostParameters);
    call.parameters = {Value::int32(1)};
    CHECK(psrp::decode_host_parameters(call).error().code == Errc::WrongHostParameters);
    call.parameters = {Value::string("a"), Value::string("b")};
    CHECK(psrp::decode_host_parameters(call).error().code == Errc::WrongHostParameters);
    call.parameters = {Value::string("a")};
    CHECK(psrp::decode_host_parameters(call));
    call.method = 57;
    CHECK(psrp::decode_host_parameters(call).error().code == Errc::UnknownHostMethod);
}

TEST_CASE("each row of the catalogue is consistent, and voids get no call id")
{
    psrp::Arena arena;
    int voids = 0;
    for (const auto& method : psrp::host_methods()) {
        INFO(method.name);
        CHECK(method.is_void == (method.result == HostType::Void));
        for (const auto type : method.parameter_types())
            CHECK(type != HostType::Void);
        const auto call = psrp::make_host_call(static_cast<HostMethodId>(method.id), 9, {}, arena);
        CHECK(call.call_id == (method.is_void ? psrp::void_call_id : 9));
        voids += method.is_void ? 1 : 0;
    }
    CHECK(voids == 29);
}

TEST_CASE("what a server asks of people is rewritten before they see it")
{
    psrp::Arena arena;
    const auto texts = [](std::vector<std::string_view> given) {
        std::vector<HostValue> values;
        for (const auto text : given)
            values.emplace_back(text);
        return values;
    };
    const auto said = [](const HostValue& value) {
        return std::string(std::get<std::string_view>(value));
    };
    auto credential = psrp::make_safe(
        HostMethodId::PromptForCredential1, texts({"Cap", "Msg", "", ""}), "srv", arena
    );
    CHECK(said(credential.parameters[0]) == "PowerShell Credential Request: Cap");
    CHECK(said(credential.parameters[1]).find("SRV") != std::string::npos);
    CHECK(said(credential.parameters[1]).ends_with("\n\nMsg"));
    CHECK_FALSE(credential.warning);
    credential =
        psrp::make_safe(HostMethodId::PromptForCredential1, texts({"", "", "u", ""}), "srv", arena);
    CHECK(said(credential.parameters[0]) == "PowerShell Credential Request");
    CHECK(said(credential.parameters[2]) == "u");

    auto parameters = texts({"Cap", "Msg"});
    parameters.emplace_back(std::vector{
        field("a", "System.String"), field("b", "System.Management.Automation.PSCredential")});
    auto prompt = psrp::make_safe(HostMethodId::Prompt, parameters, "srv", arena);
    CHECK(said(prompt.parameters[0]) == "PowerShell Credential Request: Cap");
    const auto& fields = std::get<std::vector<psrp::FieldDescription>>(prompt.parameters[2]);
    CHECK_FALSE(fields[0].modified_by_remoting_protocol);
    CHECK(fields[1].modified_by_remoting_protocol);
    CHECK_FALSE(prompt.warning);

    parameters[2] = std::vector{field("s", "System.Security.SecureString")};
    prompt = psrp::make_safe(HostMethodId::Prompt, parameters, "srv", arena);
    CHECK(said(prompt.parameters[0]) == "Cap");
    REQUIRE(prompt.warning);
    CHECK(prompt.warning->find("SRV") != std::string_view::npos);

    CHECK(psrp::make_safe(HostMethodId::ReadLineAsSecureString, {}, "srv", arena).warning);
    const auto contents =
        psrp::make_safe(HostMethodId::GetBufferContents, {psrp::Rectangle{}}, "srv", arena);
    CHECK(contents.is_withheld);
    CHECK(contents.warning);
    const auto line = psrp::make_safe(HostMethodId::ReadLine, {}, "srv", arena);
    CHECK_FALSE(line.warning);
    CHECK_FALSE(line.is_withheld);
}
