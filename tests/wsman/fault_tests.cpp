#include <psrp/wsman/fault.hpp>
#include <psrp/wsman/names.hpp>
#include <psrp/wsman/soap.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace wsman = psrp::wsman;
using wsman::Errc;
using wsman::Fault;

namespace {

// A fault as services write it, with this inside of s:Detail.
std::string fault_text(std::string_view value, std::string_view subcode, std::string_view detail)
{
    std::string text = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
                       "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
                       "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"><s:Header>"
                       "<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action>"
                       "</s:Header><s:Body><s:Fault><s:Code><s:Value>";
    text.append(value).append("</s:Value>");
    if (!subcode.empty())
        text.append("<s:Subcode><s:Value>").append(subcode).append("</s:Value></s:Subcode>");
    text.append("</s:Code><s:Reason><s:Text xml:lang=\"en-US\">why</s:Text></s:Reason><s:Detail>");
    return text.append(detail).append("</s:Detail></s:Fault></s:Body></s:Envelope>");
}

Fault read(const std::string& text)
{
    const auto response = wsman::read_response(text);
    REQUIRE(response);
    const auto* fault = std::get_if<Fault>(&response->body);
    REQUIRE(fault);
    return *fault;
}

std::string wsman_fault(std::string_view code, std::string_view message)
{
    return std::string("<f:WSManFault "
                       "xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"")
        .append(code)
        .append("\" Machine=\"srv\"><f:Message>")
        .append(message)
        .append("</f:Message></f:WSManFault>");
}

} // namespace

TEST_CASE("every code of the fact sheet has one row with its name")
{
    struct Row {
        std::int64_t code; // as PowerShell writes it, signed
        const char* error_id;
    };
    const Row rows[] = {
        {5, "AccessDenied"},
        {14, "ServerOutOfMemory"},
        {53, "NetworkPathNotFound"},
        {995, "WinRMOperationAborted"},
        {1115, "ShutDownInProgress"},
        {1311, "AuthenticationFailed"},
        {1326, "AuthenticationFailed"},
        {1722, "ImproperResponse"},
        {-2144108453, "CannotConnectTargetSessionDoesNotExist"},
        {-2144108526, "CannotConnect"},
        {-2144108250, "WinRMOperationTimeout"},
        {-2144108269, "URLNotAvailable"},
        {-2144108270, "CannotConnectWinRMService"},
        {-2144108176, "WinRMHttpError"},
        {-2144108080, "CannotConnectInvalidOperation"},
        {-2144108090, "CannotConnectMismatchSessions"},
        {-2144108083, "CannotConnectAlreadyConnected"},
        {-2144108065, "CannotConnectRunAsFailed"},
        {-2144108094, "SessionCreateFailedInvalidName"},
        {-2144108485, "InvalidResourceUri"},
        {-2144108542, "InvalidResourceUri"},
        {-2144108274, "InvalidAuthentication"},
        {-2144108116, "RemoteSessionDisallowed"},
        {-2144108061, "RemoteConnectionDisallowed"},
        {-2144108539, "CorruptedWinRMConfig"},
        {-2144108499, "URIExceedsMaxAllowedSize"},
        {-2144108318, "ClientKerberosDisabled"},
        {-2144108316, "ServerNotTrusted"},
        {-2144108276, "WorkgroupCannotUseKerberos"},
        {-2144108315, "ExplicitCredentialsRequired"},
        {-2144108101, "CannotUseIPAddress"},
        {-2144108103, "ComputerNotFound"},
        {-2146893053, "TargetUnknown"},
        {-2144108105, "RedirectLocationInvalid"},
        {-2144108428, "WinRMOperationNotSupportedOnServer"},
        {-2141974624, "IncorrectProtocolVersion"},
    };
    for (const auto& row : rows) {
        INFO(row.code);
        const auto* found = wsman::find_fault_row(static_cast<std::uint32_t>(row.code));
        REQUIRE(found != nullptr);
        CHECK(found->error_id == row.error_id);
    }
    std::set<std::uint32_t> codes;
    for (const auto& row : wsman::fault_rows()) {
        CHECK(codes.insert(row.code).second);
        CHECK_FALSE(row.message.empty());
        CHECK(make_error_code(row.error).message() == wsman::fault_row(row.error).message);
    }
}

TEST_CASE("the codes that a Create is retried for are those of the fact sheet")
{
    std::set<std::uint32_t> retried;
    for (const auto& row : wsman::fault_rows()) {
        if (row.retry == wsman::Retry::Create) retried.insert(row.code);
    }
    CHECK(
        retried ==
        std::set<std::uint32_t>{
            995, 1722, 2150858770, 2150859027, 2150859026, 2150859120, 2150859216, 2150859206}
    );
}

TEST_CASE("a fault is named by its code, then by its subcode, in whatever form it comes")
{
    struct Row {
        const char* about;
        std::string text;
        Errc error;
        const char* error_id;
    };
    const Row rows[] = {
        {"a code",
         fault_text("s:Sender", "w:InvalidSelectors", wsman_fault("2150858843", "gone")),
         Errc::ShellNotFound,
         "CannotConnectTargetSessionDoesNotExist"},
        {"a signed code",
         fault_text("s:Sender", "", wsman_fault("-2144108453", "gone")),
         Errc::ShellNotFound,
         "CannotConnectTargetSessionDoesNotExist"},
        {"the code of a provider counts more",
         fault_text(
             "s:Receiver",
             "w:InternalError",
             wsman_fault(
                 "2150858817",
                 "<f:ProviderFault provider=\"p\" path=\"q\">" + wsman_fault("5", "no") +
                     "</f:ProviderFault>"
             )
         ),
         Errc::AccessDenied,
         "AccessDenied"},
        {"an unknown code",
         fault_text("s:Receiver", "w:InternalError", wsman_fault("1234567", "odd")),
         Errc::FaultReceived,
         "1234567"},
        {"no detail, as OMI writes",
         fault_text("s:Receiver", "w:TimedOut", ""),
         Errc::OperationTimedOut,
         "TimedOut"},
        {"must understand, without a detail",
         fault_text("s:MustUnderstand", "", ""),
         Errc::MustUnderstand,
         "2150858768"},
        {"nothing that is known",
         fault_text("s:Receiver", "", ""),
         Errc::FaultReceived,
         "WSManFault"},
    };
    for (const auto& row : rows) {
        INFO(row.about);
        const auto fault = read(row.text);
        CHECK(wsman::error_of(fault) == row.error);
        CHECK(wsman::error_id_of(fault) == std::string(row.error_id) + ",PSSessionStateBroken");
    }
}

TEST_CASE("a provider's innermost message is what people read, with advice and code")
{
    const auto fault = read(fault_text(
        "s:Sender",
        "w:InvalidSelectors",
        wsman_fault(
            "2150858843",
            "<f:ProviderFault provider=\"Shell\" path=\"x.dll\">" +
                wsman_fault("2150858843", "It is gone. ") + "</f:ProviderFault>"
        )
    ));
    CHECK(fault.provider == "Shell");
    CHECK(fault.provider_path == "x.dll");
    CHECK(fault.machine == "srv");
    CHECK(
        wsman::text_of(fault) ==
        "It is gone. The session or command is gone: it was removed, was idle for too long, or "
        "belongs to another user. (WinRM error 2150858843)"
    );
    // A plugin's own words, without another fault inside.
    const auto plain = read(fault_text(
        "s:Receiver",
        "w:InternalError",
        wsman_fault("2152992672", "<f:ProviderFault provider=\"p\">broken</f:ProviderFault>")
    ));
    CHECK(plain.message == "broken");
    CHECK(wsman::error_of(plain) == Errc::PluginFailed);
}

TEST_CASE("a redirection names its new address")
{
    const auto fault = read(fault_text(
        "s:Sender",
        "w:Other",
        wsman_fault("2150859161", "Use 'https://other.example/powershell?x=1' instead.")
    ));
    CHECK(wsman::error_of(fault) == Errc::RedirectRequested);
    CHECK(fault.redirect_location == "https://other.example/powershell?x=1");
}

TEST_CASE("every fault that our server can write is read back as the same")
{
    std::set<Errc> seen;
    for (const auto& row : wsman::fault_rows()) {
        if (!seen.insert(row.error).second) continue;
        INFO(row.code);
        wsman::Response response;
        response.header.action = wsman::fault_action;
        const auto fault = wsman::make_fault(row.error, "srv");
        response.body = fault;
        auto again = read(wsman::write_response(response));
        CHECK(wsman::error_of(again) == row.error);
        CHECK(again.message == fault.message);
        again.side = fault.side; // s:MustUnderstand has none
        again.redirect_location.clear();
        CHECK(again == fault);
    }
}
