#include <clixml/object.hpp>
#include <psrp/client/host_echo.hpp>
#include <psrp/protocol/host_methods.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using clixml::Value;
using psrp::HostMethodId;
using psrp::InformationalKind;

namespace {

psrp::ClientEvent call_of(HostMethodId method, std::vector<Value> parameters)
{
    const auto number = static_cast<std::int32_t>(method);
    return psrp::HostCallReceived{{}, {}, {psrp::void_call_id, number, std::move(parameters)}};
}

psrp::ClientEvent says(HostMethodId method, std::string_view text)
{
    return call_of(method, {Value::string(text)});
}

psrp::ClientEvent says_colored(HostMethodId method, std::string_view text)
{
    return call_of(method, {Value::int32(12), Value::int32(0), Value::string(text)});
}

psrp::ClientEvent informational(InformationalKind kind, std::string_view message)
{
    psrp::InformationalReceived event;
    event.record.kind = kind;
    event.record.message = message;
    return event;
}

psrp::ClientEvent information(std::string_view text)
{
    psrp::InformationReceived event;
    event.record.message_data = Value::string(text);
    return event;
}

} // namespace

TEST_CASE("which calls of the host repeat a record")
{
    const std::vector<psrp::ClientEvent> calls = {
        says(HostMethodId::WriteDebugLine, "x"),
        says(HostMethodId::WriteVerboseLine, "x"),
        says(HostMethodId::WriteWarningLine, "x"),
        says(HostMethodId::WriteLine2, "x"),
        says_colored(HostMethodId::WriteLine3, "x"),
        says(HostMethodId::Write1, "x"),
        says_colored(HostMethodId::Write2, "x"),
        says(HostMethodId::WriteErrorLine, "x"),
        call_of(HostMethodId::WriteLine1, {}),
        call_of(HostMethodId::WriteWarningLine, {}), // what cannot be read repeats nothing
        call_of(HostMethodId::ReadLine, {}),
    };
    const auto echoes_of = [&](const psrp::ClientEvent& record) {
        std::string found;
        for (const psrp::ClientEvent& call : calls) {
            psrp::HostEcho echo;
            CHECK_FALSE(echo.repeats(record));
            found += echo.repeats(call) ? 'x' : '-';
            CHECK_FALSE(echo.repeats(call)); // once
        }
        return found;
    };
    CHECK(echoes_of(informational(InformationalKind::Debug, "x")) == "x----------");
    CHECK(echoes_of(informational(InformationalKind::Verbose, "x")) == "-x---------");
    CHECK(echoes_of(informational(InformationalKind::Warning, "x")) == "--x--------");
    CHECK(echoes_of(information("x")) == "---xxxx----");
    CHECK(echoes_of(informational(InformationalKind::Warning, "y")) == "-----------");
    CHECK(echoes_of(information("y")) == "-----------");
}

TEST_CASE("only the call right behind a record repeats it")
{
    psrp::HostEcho echo;
    const auto call = says(HostMethodId::WriteWarningLine, "x");
    CHECK_FALSE(echo.repeats(call));
    CHECK_FALSE(echo.repeats(informational(InformationalKind::Warning, "x")));
    CHECK_FALSE(echo.repeats(psrp::PipelineFinished{}));
    CHECK_FALSE(echo.repeats(call));
    CHECK_FALSE(echo.repeats(informational(InformationalKind::Warning, "x")));
    CHECK_FALSE(echo.repeats(says(HostMethodId::WriteLine2, "x")));
    CHECK_FALSE(echo.repeats(call));
    CHECK_FALSE(echo.repeats(informational(InformationalKind::Warning, "before")));
    CHECK_FALSE(echo.repeats(informational(InformationalKind::Warning, "x")));
    CHECK(echo.repeats(call));
}
