// Given the same inputs our client writes the same bytes as PowerShell's client did: identifiers,
// host data, application arguments, scripts, values (fact sheet psrp 6, 14).
#include <psrp/client/host_responder.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/debugger.hpp>
#include <tests/protocol/conversation.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <functional>

namespace {

using psrp::HostMethodId;
using psrp::MessageType;
using psrp::Value;

// One Invoke-Command of a recording.
struct Invoked {
    std::string script;
    // Values live in the arena.
    std::function<std::vector<Value>(psrp::Arena&)> arguments = {};
    psrp::VariableSource variables = {};
    std::vector<std::int32_t> input = {};
    bool is_stopped = false;
};

struct Recording {
    const char* name;
    std::vector<Invoked> invoked;
    std::function<void(psrp::ScriptedHost&)> answers = {};
};

// What was typed, and what the blocks were called with: vectors/psrp/scenarios.json.
std::vector<Recording> recordings(psrp::Arena& arena)
{
    const auto variables = [&arena](std::string_view name) -> std::optional<Value> {
        if (name == "v") return Value::int32(42);
        if (name != "w") return std::nullopt;
        auto* table = clixml::make_hashtable(arena);
        table->add_entry(arena, Value::string("k"), Value::string("v"));
        return Value::object(table);
    };
    const auto three_arguments = [](psrp::Arena& memory) {
        auto* array = clixml::make_array(memory);
        array->add_item(memory, Value::int32(1));
        array->add_item(memory, Value::int32(2));
        return std::vector<Value>{Value::int32(1), Value::string("x y"), Value::object(array)};
    };
    const auto credential = [](psrp::Arena& memory) {
        return std::vector<Value>{psrp::encode_credential({"u", {"cABAAHMAcwA="}}, memory)};
    };
    const auto host_answers = [](psrp::ScriptedHost& host) {
        const auto prompt = [&](std::string_view name, Value value) {
            host.answer(HostMethodId::Prompt, std::vector<psrp::PromptAnswer>{{name, value}});
        };
        prompt("Your name", Value::string("Ada"));
        prompt("Age", Value::string("36"));
        prompt("Secret", Value::secure_string("aAB1AHMAaAA="));
        host.answer(HostMethodId::PromptForChoice, std::int32_t{0});
    };
    return {
        {"hello", {{" 1 + 1 "}}},
        {"arguments", {{" param($a, $b) \"$a-$b\"; $args.Count ", three_arguments}}},
        {"using", {{" $using:v + 1; $using:w.k ", {}, variables}}},
        {"input", {{" $input | ForEach-Object { $_ * 2 } ", {}, {}, {1, 2, 3, 4, 5}}}},
        {"session-state", {{" $x = 5 "}, {" $x * 2 "}}},
        {"streams",
         {{" Write-Warning w; Write-Verbose -Verbose v; Write-Debug -Debug d; Write-Information i "
           "-Tags t; Write-Host h -ForegroundColor Red; Write-Progress -Activity a -Status s "
           "-PercentComplete 50; Write-Error e -ErrorId myid -Category InvalidData; 'out' "}}},
        {"securestring",
         {{" param($c) $c.UserName; $c.GetNetworkCredential().Password ", credential}}},
        {"securestring-output", {{" ConvertTo-SecureString 'out' -AsPlainText -Force "}}},
        {"command-not-found", {{" No-SuchCommand "}}},
        {"two-pipelines", {{" 'a' "}, {" 'b'; Write-Error 'x' "}}},
        {"no-new-scope", {{" $y = 1; $y "}}},
        {"stop", {{" 1; Start-Sleep 30; 2 ", {}, {}, {}, true}}},
        {"host-call-prompt",
         {{" $Host.UI.WriteLine('from host'); $Host.UI.WriteErrorLine('host err'); "
           "$Host.UI.RawUI.WindowTitle = 't' "}}},
        {"host-calls",
         {{" \"name:\" + (Read-Host 'Your name') "},
          {" \"choice:\" + $Host.UI.PromptForChoice('Cap','Pick one',@('&Yes','&No'),1) "},
          {" $r = $Host.UI.Prompt('Fields','Fill in',@([System.Management.Automation.Host."
           "FieldDescription]::new('Age'))); 'age:' + $r['Age'] "},
          {" \"secret:\" + (Read-Host -AsSecureString 'Secret').Length "},
          {" $Host.UI.Write([ConsoleColor]::Red, [ConsoleColor]::Black, 'colour'); "
           "$Host.UI.WriteWarningLine('ww'); $Host.UI.WriteVerboseLine('vv'); "
           "$Host.UI.WriteDebugLine('dd') "},
          {" $c = $Host.UI.RawUI.CursorPosition; 'cursor:' + $c.GetType().Name; $b = "
           "$Host.UI.RawUI.ForegroundColor; 'fg:' + $b; $Host.UI.RawUI.WindowTitle = 'title' "}},
         host_answers},
    };
}

// Our client against the recorded server.
class Replay {
public:
    Replay(const Recording& recording, const std::vector<tests::RecordedMessage>& conversation)
        : recording_(recording), conversation_(conversation), responder_(host_), pool_(options())
    {
        if (recording.answers) recording.answers(host_);
    }

    std::vector<tests::RecordedMessage> run()
    {
        REQUIRE(pool_.open());
        pump();
        for (const auto& message : conversation_) {
            if (message.is_from_client)
                say(message);
            else
                hear(message);
            pump();
        }
        CHECK(invoked_ == recording_.invoked.size());
        return sent_.messages();
    }

private:
    // What a caller gives to open a pool; the same as the recorded client's.
    psrp::ClientPoolOptions options()
    {
        const auto init =
            std::find_if(conversation_.begin(), conversation_.end(), [](const auto& message) {
                return message.type() == MessageType::InitRunspacePool;
            });
        REQUIRE(init != conversation_.end());
        clixml::ReadOptions read;
        read.reading = clixml::Reading::Lossless;
        const auto bytes = init->bytes();
        const auto any = psrp::decode_any(*psrp::read_message(bytes), arena_, read);
        REQUIRE(any);
        const auto& decoded = std::get<psrp::InitRunspacePool>(*any);
        psrp::ClientPoolOptions pool;
        pool.runspace_pool_id = init->header.runspace_pool_id;
        pool.host_info = decoded.host_info;
        pool.application_arguments = decoded.application_arguments;
        return pool;
    }

    void say(const tests::RecordedMessage& recorded)
    {
        const auto& id = recorded.header.pipeline_id;
        if (recorded.type() == MessageType::CreatePipeline) {
            start(id, recorded.payload);
        } else if (recorded.type() == MessageType::PipelineInput) {
            REQUIRE_FALSE(input_.empty());
            REQUIRE(pool_.write_input(id, Value::int32(input_.front())));
            input_.pop_front();
        } else if (recorded.type() == MessageType::EndOfPipelineInput) {
            REQUIRE(pool_.end_input(id));
        }
    }

    void start(const psrp::Guid& id, const std::string& payload)
    {
        if (payload.find("__Set-PSDebugMode") != std::string::npos) {
            REQUIRE(pool_.start_pipeline(id, psrp::set_debug_mode_request(2 | 4, arena_)));
        } else if (payload.find("__Set-PSUnhandledBreakpointMode") != std::string::npos) {
            REQUIRE(pool_.start_pipeline(
                id,
                psrp::set_unhandled_breakpoint_mode_request(
                    psrp::UnhandledBreakpointMode::Wait, arena_
                )
            ));
        } else {
            REQUIRE(invoked_ < recording_.invoked.size());
            const auto& invoked = recording_.invoked[invoked_++];
            psrp::InvocationOptions invocation;
            std::vector<Value> arguments;
            if (invoked.arguments) arguments = invoked.arguments(arena_);
            invocation.arguments = arguments;
            invocation.has_input = invoked.input.empty() ? psrp::HasInput::No : psrp::HasInput::Yes;
            invocation.variables = invoked.variables;
            input_.assign(invoked.input.begin(), invoked.input.end());
            const auto request = psrp::make_invocation(invoked.script, invocation, arena_);
            REQUIRE(request);
            REQUIRE(pool_.start_pipeline(id, *request));
        }
    }

    void hear(const tests::RecordedMessage& recorded)
    {
        if (recorded.payload.find("RunspaceState\">4<") != std::string::npos) pool_.close();
        if (recorded.payload.find("PipelineState\">3<") != std::string::npos)
            REQUIRE(pool_.stop(recorded.header.pipeline_id));
        pump();
        REQUIRE(pool_.receive(recorded.channel, tests::fragments_of(recorded.bytes())));
    }

    void pump()
    {
        while (auto event = pool_.next_event()) {
            const auto* call = std::get_if<psrp::HostCallReceived>(&*event);
            if (call == nullptr) continue;
            const auto response = responder_.respond(call->call, *call->memory, "srv");
            if (response) REQUIRE(pool_.respond(call->pipeline, *response));
        }
        while (auto action = pool_.next_action()) {
            if (const auto* send = std::get_if<psrp::Send>(&*action)) {
                sent_.add(*send);
                pool_.data_sent(send->channel);
            } else if (const auto* command = std::get_if<psrp::OpenCommand>(&*action)) {
                pool_.command_opened(command->pipeline);
            } else if (const auto* close = std::get_if<psrp::CloseCommand>(&*action)) {
                pool_.channel_closed(close->pipeline);
            }
        }
    }

    const Recording& recording_;
    const std::vector<tests::RecordedMessage>& conversation_;
    psrp::Arena arena_;
    psrp::ScriptedHost host_;
    psrp::HostResponder responder_;
    psrp::ClientPool pool_;
    tests::SentMessages sent_;
    std::deque<std::int32_t> input_;
    std::size_t invoked_ = 0;
};

} // namespace

TEST_CASE("our client writes the bytes that PowerShell's client wrote")
{
    psrp::Arena arena;
    for (const auto& recording : recordings(arena)) {
        INFO(recording.name);
        const auto conversation = tests::read_conversation(recording.name);
        const auto sent = Replay(recording, conversation).run();
        std::size_t at = 0;
        for (const auto& recorded : conversation) {
            if (!recorded.is_from_client) continue;
            REQUIRE(at < sent.size());
            CHECK(sent[at].header == recorded.header);
            CHECK(sent[at].stream == recorded.stream);
            CHECK(sent[at].channel == recorded.channel);
            CHECK(sent[at].payload == recorded.payload);
            ++at;
        }
        CHECK(at == sent.size());
    }
}
