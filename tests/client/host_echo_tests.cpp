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

psrp::HostCall call_of(HostMethodId method, std::vector<Value> parameters)
{
    psrp::HostCall call;
    call.call_id = psrp::void_call_id;
    call.method = static_cast<std::int32_t>(method);
    call.parameters = std::move(parameters);
    return call;
}

psrp::HostCall says(HostMethodId method, std::string_view text)
{
    return call_of(method, {Value::string(text)});
}

psrp::HostCall says_colored(HostMethodId method, std::string_view text)
{
    return call_of(method, {Value::int32(12), Value::int32(0), Value::string(text)});
}

psrp::InformationalRecord informational(InformationalKind kind, std::string_view message)
{
    psrp::InformationalRecord record;
    record.kind = kind;
    record.message = message;
    return record;
}

} // namespace

TEST_CASE("which calls of the host repeat a record")
{
    const std::vector<psrp::HostCall> calls = {
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
    const auto echoes_of = [&](const auto& record) {
        std::string found;
        for (const psrp::HostCall& call : calls) {
            psrp::HostEcho echo;
            echo.on_record(record);
            found += echo.is_echo(call) ? 'x' : '-';
            CHECK_FALSE(echo.is_echo(call)); // once
        }
        return found;
    };
    psrp::InformationRecord information;
    information.message_data = Value::string("x");
    CHECK(echoes_of(informational(InformationalKind::Debug, "x")) == "x----------");
    CHECK(echoes_of(informational(InformationalKind::Verbose, "x")) == "-x---------");
    CHECK(echoes_of(informational(InformationalKind::Warning, "x")) == "--x--------");
    CHECK(echoes_of(information) == "---xxxx----");
    information.message_data = Value::string("y");
    CHECK(echoes_of(informational(InformationalKind::Warning, "y")) == "-----------");
    CHECK(echoes_of(information) == "-----------");
}

TEST_CASE("only the call right behind a record repeats it")
{
    psrp::HostEcho echo;
    const auto call = says(HostMethodId::WriteWarningLine, "x");
    CHECK_FALSE(echo.is_echo(call));
    echo.on_record(informational(InformationalKind::Warning, "x"));
    echo.on_other();
    CHECK_FALSE(echo.is_echo(call));
    echo.on_record(informational(InformationalKind::Warning, "x"));
    CHECK_FALSE(echo.is_echo(says(HostMethodId::WriteLine2, "x")));
    CHECK_FALSE(echo.is_echo(call));
    echo.on_record(informational(InformationalKind::Warning, "before"));
    echo.on_record(informational(InformationalKind::Warning, "x"));
    CHECK(echo.is_echo(call));
}
