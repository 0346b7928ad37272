// Pipelines put together, the debugger's commands and events, records with origin, command
// metadata (fact sheet psrp 6.7, 6.8, 13, 15.2).
#include <psrp/protocol/command_metadata.hpp>
#include <psrp/protocol/debugger.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/pipeline_builder.hpp>
#include <psrp/protocol/remote_records.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace {

using psrp::Errc;
using psrp::MergeTarget;
using psrp::PipelineBuilder;
using psrp::RedirectedStream;
using psrp::Value;

Value read(std::string_view text, psrp::Arena& arena)
{
    clixml::ReadOptions options;
    options.form = clixml::Form::Bare;
    const auto value = clixml::read_message_value(arena.copy(text), arena, options);
    REQUIRE(value);
    return *value;
}

} // namespace

TEST_CASE("a builder makes commands, parameters, statements in order")
{
    const auto request = PipelineBuilder()
                             .command("Get-Item")
                             .parameter("-Path", Value::string("/"))
                             .switch_parameter("-Force")
                             .argument(Value::int32(1))
                             .command("Sort-Object")
                             .local_scope(true)
                             .merge_previous_errors()
                             .statement()
                             .script("1 + 1")
                             .history("typed")
                             .takes_input(true)
                             .add_to_history(false)
                             .invocation_info(15)
                             .apartment_state(psrp::ApartmentState::Mta)
                             .nested(true)
                             .build();
    REQUIRE(request);
    const auto& statements = request->power_shell.statements;
    REQUIRE(statements.size() == 2);
    REQUIRE(statements[0].size() == 2);
    const auto& first = statements[0][0];
    CHECK(first.text == "Get-Item");
    CHECK_FALSE(first.is_script);
    REQUIRE(first.arguments.size() == 3);
    CHECK(first.arguments[0].name == "-Path");
    CHECK(first.arguments[1].name == "-Force");
    CHECK(first.arguments[1].value.is_nil());
    CHECK_FALSE(first.arguments[2].name);
    CHECK(statements[0][1].use_local_scope == true);
    CHECK(statements[0][1].merge_previous_results == psrp::previous_errors);
    CHECK(statements[1][0].is_script);
    CHECK(request->power_shell.history == "typed");
    CHECK_FALSE(request->no_input);
    CHECK_FALSE(request->add_to_history);
    CHECK(request->remote_stream_options == 15);
    CHECK(request->is_nested);
    CHECK(request->power_shell.is_nested);
}

TEST_CASE("redirections set the properties of their streams, the old ones for errors too")
{
    struct Row {
        RedirectedStream stream;
        MergeTarget old, error, warning, verbose, debug, information;
    };
    constexpr auto none = MergeTarget::None;
    for (const auto target : {MergeTarget::Output, MergeTarget::Null}) {
        for (const auto& row : {
                 Row{RedirectedStream::Error, target, target, none, none, none, none},
                 Row{RedirectedStream::Warning, none, none, target, none, none, none},
                 Row{RedirectedStream::Verbose, none, none, none, target, none, none},
                 Row{RedirectedStream::Debug, none, none, none, none, target, none},
                 Row{RedirectedStream::Information, none, none, none, none, none, target},
                 Row{RedirectedStream::All, target, target, target, target, target, target},
             }) {
            const auto request =
                PipelineBuilder().command("a").redirect(row.stream, target).build();
            REQUIRE(request);
            const auto& command = request->power_shell.statements[0][0];
            CHECK(command.merge_to_result == row.old);
            CHECK(command.merge_my_result == (row.old == none ? none : MergeTarget::Error));
            CHECK(command.merge_error == row.error);
            CHECK(command.merge_warning == row.warning);
            CHECK(command.merge_verbose == row.verbose);
            CHECK(command.merge_debug == row.debug);
            CHECK(command.merge_information == row.information);
        }
    }
}

TEST_CASE("what cannot be built is a named error, and the first one counts")
{
    struct Row {
        const char* name;
        psrp::Result<psrp::CreatePipeline> result;
        Errc code;
    };
    for (const auto& row : {
             Row{"nothing", PipelineBuilder().build(), Errc::EmptyPipeline},
             Row{"an empty statement",
                 PipelineBuilder().command("a").statement().build(),
                 Errc::EmptyPipeline},
             Row{"a parameter first",
                 PipelineBuilder().parameter("-a", {}).build(),
                 Errc::InvalidArgument},
             Row{"a parameter of nothing",
                 PipelineBuilder().command("a").parameter("", {}).build(),
                 Errc::EmptyParameterName},
             Row{"a redirection to a stream",
                 PipelineBuilder()
                     .command("a")
                     .redirect(RedirectedStream::Error, MergeTarget::Warning)
                     .build(),
                 Errc::InvalidArgument},
         }) {
        INFO(row.name);
        REQUIRE_FALSE(row.result);
        CHECK(row.result.error().code == row.code);
    }
}

TEST_CASE("what a server's version cannot do is refused before anything is sent")
{
    struct Row {
        const char* name;
        PipelineBuilder builder;
        const char* since;
    };
    const std::vector<Row> rows = {
        {"a script", PipelineBuilder().script("1"), "2.0"},
        {"errors",
         PipelineBuilder().script("1").redirect(RedirectedStream::Error, MergeTarget::Output),
         "2.0"},
        {"two statements", PipelineBuilder().script("1").statement().script("2"), "2.2"},
        {"warnings",
         PipelineBuilder().script("1").redirect(RedirectedStream::Warning, MergeTarget::Null),
         "2.2"},
        {"nested", PipelineBuilder().script("1").nested(true), "2.2"},
        {"information",
         PipelineBuilder().script("1").redirect(RedirectedStream::Information, MergeTarget::Null),
         "2.3"},
    };
    for (const auto& row : rows) {
        for (const char* version : {"2.0", "2.1", "2.2", "2.3", "2.4"}) {
            INFO(row.name << ' ' << version);
            tests::Client client;
            client.open(version);
            const auto started =
                client.pool.start_pipeline(tests::pipeline_id, *row.builder.build());
            CHECK(started.has_value() == (std::string_view(version) >= row.since));
            if (!started) CHECK(started.error().code == Errc::UnsupportedByPeer);
        }
    }
}

TEST_CASE("debugger events are told from engine events")
{
    psrp::UserEvent user_event;
    CHECK(psrp::debugger_event_kind(user_event) == psrp::DebuggerEventKind::None);
    CHECK(psrp::debugger_event_argument(user_event).is_nil());
    psrp::Arena arena;
    auto* list = clixml::make_array(arena);
    list->add_item(arena, Value::int32(5));
    user_event.source_args = Value::object(list);
    user_event.source_identifier = "PSInternalRemoteDebuggerStopEvent";
    CHECK(psrp::debugger_event_kind(user_event) == psrp::DebuggerEventKind::Stopped);
    CHECK(psrp::debugger_event_argument(user_event).signed_bits() == 5);
    user_event.source_identifier = "psinternalremotedebuggerbreakpointupdatedevent";
    CHECK(psrp::debugger_event_kind(user_event) == psrp::DebuggerEventKind::BreakpointUpdated);
    const auto action = psrp::set_debugger_action_request(psrp::ResumeAction::StepOver, arena);
    CHECK(action.power_shell.statements[0][0].text == "__Set-PSDebuggerAction");
    CHECK(action.power_shell.statements[0][0].arguments[0].name == "ResumeAction");
    CHECK(psrp::get_debugger_stop_arguments_request().power_shell.statements[0][0].arguments.empty()
    );
}

TEST_CASE("a remote error keeps all of the server's record and says where it came from")
{
    for (const auto& name : {"terminating-error", "command-not-found", "error-nested"}) {
        INFO(name);
        for (const auto& message : tests::read_conversation(name)) {
            const bool is_failed =
                message.type() == psrp::MessageType::PipelineState &&
                message.payload.find("ExceptionAsErrorRecord") != std::string::npos;
            if (!is_failed) continue;
            psrp::Arena arena;
            const auto state = psrp::decode_pipeline_state(read(message.payload, arena), arena);
            REQUIRE(state);
            const psrp::OriginInfo origin{"srv", tests::pool_id, {}};
            const auto error = psrp::with_origin(*state->error_record, origin, arena);
            CHECK(error.origin.computer_name == "srv");
            CHECK(error.remote_message() == state->error_record->message());
            CHECK(error.was_thrown() == (std::string_view(name) == "terminating-error"));
            const Value value = psrp::encode_remote_error_record(error, arena);
            const auto* object = value.object();
            CHECK(object->is_type("System.Management.Automation.Runspaces.RemotingErrorRecord"));
            CHECK(object->get("PSComputerName").text() == "srv");
            CHECK(object->get("RunspaceId").guid_value() == tests::pool_id);
            CHECK(object->get("OriginInfo").object()->get("PSComputerName").text() == "srv");
            // It can be read again, and is the same error.
            const auto again = psrp::decode_error_record(value, arena);
            REQUIRE(again);
            CHECK(again->fully_qualified_error_id == state->error_record->fully_qualified_error_id);
            CHECK(again->category == state->error_record->category);
            CHECK(again->script_stack_trace == state->error_record->script_stack_trace);
            CHECK(again->message() == state->error_record->message());
        }
    }
}

TEST_CASE("command metadata is read from what Get-Command gives")
{
    psrp::Arena arena;
    CHECK(
        *psrp::decode_command_count(
            read("<Obj RefId=\"0\"><MS><I32 N=\"Count\">2</I32></MS></Obj>", arena)
        ) == 2
    );
    CHECK(
        psrp::decode_command_count(read("<Obj RefId=\"0\"><MS /></Obj>", arena)).error().code ==
        Errc::MissingProperty
    );
    const auto command = psrp::decode_command_metadata(read(
        "<Obj RefId=\"0\"><MS><S N=\"Name\">Get-X</S><S N=\"Namespace\">M</S><Nil N=\"HelpUri\" />"
        "<Obj N=\"CommandType\" RefId=\"1\"><ToString>Cmdlet</ToString><I32>8</I32></Obj>"
        "<Nil N=\"ResolvedCommandName\" /><Obj N=\"OutputType\" RefId=\"2\"><LST>"
        "<S>System.String</S></LST></Obj><Obj N=\"Parameters\" RefId=\"3\"><DCT><En>"
        "<S N=\"Key\">Force</S><Obj N=\"Value\" RefId=\"4\"><MS><S N=\"Name\">Force</S>"
        "<S N=\"ParameterType\">System.Management.Automation.SwitchParameter</S>"
        "<Obj N=\"Aliases\" RefId=\"5\"><LST><S>f</S></LST></Obj><B N=\"SwitchParameter\">true</B>"
        "<B N=\"IsDynamic\">false</B></MS></Obj></En></DCT></Obj></MS></Obj>",
        arena
    ));
    REQUIRE(command);
    CHECK(command->name == "Get-X");
    CHECK(command->module_name == "M");
    CHECK(command->command_type == 8);
    CHECK(command->output_types == std::vector<std::string_view>{"System.String"});
    REQUIRE(command->parameters.size() == 1);
    CHECK(command->parameters[0].is_switch);
    CHECK(command->parameters[0].aliases == std::vector<std::string_view>{"f"});
}
