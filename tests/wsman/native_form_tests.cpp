// Requests in the form of the native client, to the byte (fact sheet transports B3, B5-B12).
#include <clixml/base64.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/detail/first_object.hpp>
#include <psrp/wsman/shell_query.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>
#include <tests/wsman/recorded_soap.hpp>

#include <catch2/catch.hpp>

namespace wsman = psrp::wsman;

namespace {

const std::string shell_id = "11223344-5566-7788-99AA-BBCCDDEEFF00";
const std::string command_id = "AABBCCDD-0011-2233-4455-66778899AABB";
const std::string rsp = " xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\"";
const std::string powershell = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
const std::string rsp_uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

// Identifiers are counted: the last two digits tell which one it is.
std::string counted(const char* digits)
{
    return std::string("uuid:C0000000-0000-0000-0000-0000000000") + digits;
}

struct Expected {
    std::string action;
    std::string resource;
    const char* message_id;
    const char* operation_id;
    const char* sequence_id;
    bool has_selector;
    std::string options; // inside of w:OptionSet; empty: none
    std::string body;
    std::string compression = {};
};

std::string envelope(const Expected& one)
{
    std::string text =
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
        "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
        "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "
        "xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header>"
        "<a:To>http://host:5985/wsman?PSVersion=7.6.5</a:To>"
        "<w:ResourceURI s:mustUnderstand=\"true\">" +
        one.resource +
        "</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand=\"true\">"
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
        "<a:Action s:mustUnderstand=\"true\">" +
        one.action +
        "</a:Action><w:MaxEnvelopeSize s:mustUnderstand=\"true\">512000</w:MaxEnvelopeSize>"
        "<a:MessageID>" +
        counted(one.message_id) +
        "</a:MessageID><w:Locale xml:lang=\"de-DE\" s:mustUnderstand=\"false\"/>"
        "<p:DataLocale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>"
        "<p:SessionId s:mustUnderstand=\"false\">" +
        counted("01") + "</p:SessionId><p:OperationID s:mustUnderstand=\"false\">" +
        counted(one.operation_id) + "</p:OperationID><p:SequenceId s:mustUnderstand=\"false\">" +
        one.sequence_id + "</p:SequenceId>";
    if (one.has_selector)
        text += "<w:SelectorSet><w:Selector Name=\"ShellId\">" + shell_id +
                "</w:Selector></w:SelectorSet>";
    if (!one.options.empty())
        text += "<w:OptionSet xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                "s:mustUnderstand=\"true\">" +
                one.options + "</w:OptionSet>";
    text += "<w:OperationTimeout>PT180.000S</w:OperationTimeout>" + one.compression;
    return text + "</s:Header><s:Body>" + one.body + "</s:Body></s:Envelope>";
}

// A codec that changes nothing.
class PlainCodec final : public wsman::StreamCodec {
public:
    psrp::Bytes compress(psrp::BytesView bytes) override { return {bytes.begin(), bytes.end()}; }
    clixml::Result<psrp::Bytes> expand(psrp::BytesView bytes, std::size_t) override
    {
        return psrp::Bytes(bytes.begin(), bytes.end());
    }
};

// Performs actions and answers requests in the way of a service that does as it is told.
class Service {
public:
    explicit Service(const wsman::ClientExchangeOptions& options) : exchange(options, ids) {}

    std::string next()
    {
        const auto request = exchange.next_request();
        REQUIRE(request);
        last_ = request->id;
        return request->body;
    }

    void answer(wsman::Operation operation, wsman::ResponseBody body, const char* message_id)
    {
        wsman::Response response;
        response.operation = operation;
        response.header.action = std::string(wsman::operation_row(operation).action) + "Response";
        response.header.relates_to = counted(message_id);
        response.body = std::move(body);
        const auto text = wsman::write_response(response);
        exchange.on_response(last_, {200, wsman::soap_content_type, text});
        if (exchange.failure()) FAIL(exchange.failure()->reason);
    }

    tests::CountingIds ids;
    wsman::ClientExchange exchange;

private:
    std::uint64_t last_ = 0;
};

wsman::ClientExchangeOptions options()
{
    auto result = tests::exchange_options();
    result.ui_culture = "de-DE";
    return result;
}

// The fragment of a message that looks like a CREATE_PIPELINE of this script.
psrp::Bytes create_fragment(std::string_view script)
{
    const auto payload = tests::create_payload(script);
    return tests::fragments_of(tests::message_bytes(
        psrp::Destination::Server,
        static_cast<std::uint32_t>(psrp::MessageType::CreatePipeline),
        tests::pool_id,
        tests::pipeline_id,
        payload
    ));
}

std::string base64(const psrp::Bytes& bytes)
{
    std::string text;
    clixml::append_base64(bytes, text);
    return text;
}

const char* keep_alive = "<w:Option Name=\"WSMAN_CMDSHELL_OPTION_KEEPALIVE\">TRUE</w:Option>";
const char* version = "<w:Option Name=\"protocolversion\" MustComply=\"true\">2.4</w:Option>";

} // namespace

TEST_CASE("each request of a session is the native client's, element by element")
{
    Service service(options());
    auto& exchange = service.exchange;
    const psrp::Bytes hello{'h', 'i'};
    const auto create = create_fragment("1 < 2");
    REQUIRE(exchange.perform(psrp::OpenSession{}));
    CHECK_FALSE(exchange.next_request());
    REQUIRE(exchange.perform(psrp::Send{{}, psrp::Stream::Default, hello}));
    CHECK(
        service.next() ==
        envelope(
            {"http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
             powershell,
             "03",
             "02",
             "1",
             false,
             version,
             "<rsp:Shell" + rsp + " Name=\"Runspace1\" ShellId=\"" + shell_id +
                 "\"><rsp:InputStreams>stdin pr</rsp:InputStreams>"
                 "<rsp:OutputStreams>stdout</rsp:OutputStreams>"
                 "<creationXml xmlns=\"http://schemas.microsoft.com/powershell\">aGk="
                 "</creationXml></rsp:Shell>"}
        )
    );
    wsman::ResourceCreated created;
    created.selectors = {{"ShellId", shell_id}};
    created.shell = wsman::ShellDescription{{{"ShellId", shell_id}}};
    service.answer(wsman::Operation::Create, created, "03");
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Receive",
             powershell,
             "05",
             "04",
             "1",
             true,
             keep_alive,
             "<rsp:Receive" + rsp + "><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"}
        )
    );
    // The loop is one operation: its number grows.
    service.answer(wsman::Operation::Receive, wsman::ReceiveResponse{}, "05");
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Receive",
             powershell,
             "06",
             "04",
             "2",
             true,
             keep_alive,
             "<rsp:Receive" + rsp + "><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"}
        )
    );
    REQUIRE(exchange.perform(psrp::OpenCommand{tests::pipeline_id}));
    CHECK_FALSE(exchange.next_request());
    REQUIRE(exchange.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, create}));
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Command",
                               powershell,
                               "08",
                               "07",
                               "1",
                               true,
                               "",
                               "<rsp:CommandLine" + rsp + " CommandId=\"" + command_id +
                                   "\"><rsp:Command>1 &lt; 2</rsp:Command><rsp:Arguments>" +
                                   base64(create) + "</rsp:Arguments></rsp:CommandLine>"}
                          )
    );
    service.answer(wsman::Operation::Command, wsman::CommandResponse{command_id}, "08");
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Receive",
                               powershell,
                               "0A",
                               "09",
                               "1",
                               true,
                               keep_alive,
                               "<rsp:Receive" + rsp + "><rsp:DesiredStream CommandId=\"" +
                                   command_id + "\">stdout</rsp:DesiredStream></rsp:Receive>"}
                          )
    );
    REQUIRE(exchange.perform(psrp::Send{tests::pipeline_id, psrp::Stream::PromptResponse, hello}));
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Send",
                               powershell,
                               "0C",
                               "0B",
                               "1",
                               true,
                               "",
                               "<rsp:Send" + rsp + "><rsp:Stream Name=\"pr\" CommandId=\"" +
                                   command_id + "\">aGk=</rsp:Stream></rsp:Send>"}
                          )
    );
    REQUIRE(exchange.perform(psrp::Send{{}, psrp::Stream::Default, hello}));
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Send",
             powershell,
             "0E",
             "0D",
             "1",
             true,
             "",
             "<rsp:Send" + rsp + "><rsp:Stream Name=\"stdin\">aGk=</rsp:Stream></rsp:Send>"}
        )
    );
    REQUIRE(exchange.perform(psrp::SignalCommand{tests::pipeline_id}));
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Signal",
                               powershell,
                               "10",
                               "0F",
                               "1",
                               true,
                               "",
                               "<rsp:Signal" + rsp + " CommandId=\"" + command_id +
                                   "\"><rsp:Code>powershell/signal/crtl_c</rsp:Code></rsp:Signal>"}
                          )
    );
    service.answer(wsman::Operation::Signal, wsman::DoneResponse{}, "10");
    REQUIRE(exchange.perform(psrp::CloseCommand{tests::pipeline_id}));
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Signal",
             powershell,
             "12",
             "11",
             "1",
             true,
             "",
             "<rsp:Signal" + rsp + " CommandId=\"" + command_id +
                 "\"><rsp:Code>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/"
                 "terminate</rsp:Code></rsp:Signal>"}
        )
    );
    REQUIRE(exchange.perform(psrp::CloseSession{}));
    CHECK(
        service.next() == envelope(
                              {"http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete",
                               powershell,
                               "14",
                               "13",
                               "1",
                               true,
                               "",
                               ""}
                          )
    );
}

TEST_CASE("a Create says what its options ask for")
{
    PlainCodec codec;
    auto wanted = options();
    wanted.configuration = "PowerShell.7";
    wanted.shell_name = "a\"b";
    wanted.idle_timeout = std::chrono::minutes(4);
    wanted.buffer_mode = wsman::BufferMode::Drop;
    wanted.no_machine_profile = true;
    wanted.protocol_version = {2, 3};
    wanted.codec = &codec;
    Service service(wanted);
    REQUIRE(service.exchange.perform(psrp::OpenSession{}));
    REQUIRE(service.exchange.perform(psrp::Send{{}, psrp::Stream::Default, {'h', 'i'}}));
    CHECK(
        service.next() ==
        envelope(
            {"http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
             "http://schemas.microsoft.com/powershell/PowerShell.7",
             "03",
             "02",
             "1",
             false,
             "<w:Option Name=\"protocolversion\" MustComply=\"true\">2.3</w:Option>"
             "<w:Option Name=\"WINRS_NOPROFILE\" MustComply=\"true\">1</w:Option>",
             "<rsp:Shell" + rsp + " Name=\"a&quot;b\" ShellId=\"" + shell_id +
                 "\"><rsp:IdleTimeOut>PT240.000S</rsp:IdleTimeOut>"
                 "<rsp:BufferMode>Drop</rsp:BufferMode>"
                 "<rsp:InputStreams>stdin pr</rsp:InputStreams>"
                 "<rsp:OutputStreams>stdout</rsp:OutputStreams>"
                 "<creationXml xmlns=\"http://schemas.microsoft.com/powershell\">aGk="
                 "</creationXml></rsp:Shell>",
             "<rsp:CompressionType s:mustUnderstand=\"true\"" + rsp +
                 ">xpress</rsp:CompressionType>"}
        )
    );
}

TEST_CASE("leaving, coming back and taking over are the native client's requests")
{
    auto wanted = options();
    wanted.idle_timeout = std::chrono::seconds(90);
    Service service(wanted);
    auto& exchange = service.exchange;
    REQUIRE(exchange.perform(psrp::Connect{{}, {'h', 'i'}}));
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Connect",
             powershell,
             "03",
             "02",
             "1",
             true,
             version,
             "<rsp:Connect" + rsp +
                 "><connectXml xmlns=\"http://schemas.microsoft.com/powershell\">aGk="
                 "</connectXml></rsp:Connect>"}
        )
    );
    service.answer(
        wsman::Operation::Connect,
        wsman::ConnectResponse{"stdin pr", "stdout", psrp::Bytes{1}},
        "03"
    );
    service.next(); // the Receive
    REQUIRE(exchange.perform(psrp::Connect{tests::pipeline_id, {}}));
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Connect",
             powershell,
             "07",
             "06",
             "1",
             true,
             "",
             "<rsp:Connect" + rsp + " CommandId=\"" + command_id + "\"></rsp:Connect>"}
        )
    );
    REQUIRE(exchange.perform(psrp::Disconnect{}));
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Disconnect",
                               powershell,
                               "09",
                               "08",
                               "1",
                               true,
                               "",
                               "<rsp:Disconnect" + rsp +
                                   "><rsp:IdleTimeOut>PT90.000S</rsp:IdleTimeOut></rsp:Disconnect>"}
                          )
    );
    service.answer(wsman::Operation::Disconnect, wsman::EmptyResponse{}, "09");
    CHECK(exchange.is_awaiting_receives());
    exchange.stop_awaiting_receives();
    REQUIRE(exchange.perform(psrp::Reconnect{}));
    CHECK(
        service.next() == envelope(
                              {rsp_uri + "/Reconnect",
                               powershell,
                               "0B",
                               "0A",
                               "1",
                               true,
                               "",
                               "<rsp:Reconnect" + rsp + "></rsp:Reconnect>"}
                          )
    );
    service.answer(wsman::Operation::Reconnect, wsman::EmptyResponse{}, "0B");
    service.next(); // the Receive
    REQUIRE(exchange.perform(psrp::Reconnect{tests::pipeline_id}));
    CHECK(
        service.next() ==
        envelope(
            {rsp_uri + "/Reconnect",
             powershell,
             "0E",
             "0D",
             "1",
             true,
             "",
             "<rsp:Reconnect" + rsp + " CommandId=\"" + command_id + "\"></rsp:Reconnect>"}
        )
    );
}

TEST_CASE("questions about shells are the native client's requests")
{
    tests::CountingIds ids;
    wsman::ShellQueryOptions wanted;
    wanted.url = "http://host:5985/wsman?PSVersion=7.6.5";
    wanted.ui_culture = "de-DE";
    wanted.operation_timeout = std::chrono::seconds(180);
    wsman::ShellQuery query(wanted, ids);
    query.list_shells();
    query.list_commands(shell_id);
    query.find_shell(shell_id);
    query.identify();
    const std::string enumeration = "xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"";
    const std::string enumerate = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate";
    CHECK(
        query.next_request()->body ==
        envelope(
            {enumerate,
             rsp_uri,
             "06",
             "02",
             "1",
             false,
             "",
             "<n:Enumerate " + enumeration +
                 "><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>"}
        )
    );
    CHECK(
        query.next_request()->body ==
        envelope(
            {enumerate,
             rsp_uri + "/Command",
             "07",
             "03",
             "1",
             false,
             "",
             "<n:Enumerate " + enumeration +
                 "><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>"
                 "<w:Filter Dialect=\"http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter\">"
                 "<w:SelectorSet><w:Selector Name=\"ShellId\">" +
                 shell_id + "</w:Selector></w:SelectorSet></w:Filter></n:Enumerate>"}
        )
    );
    CHECK(
        query.next_request()->body == envelope(
                                          {"http://schemas.xmlsoap.org/ws/2004/09/transfer/Get",
                                           rsp_uri,
                                           "08",
                                           "04",
                                           "1",
                                           true,
                                           "",
                                           ""}
                                      )
    );
    CHECK(
        query.next_request()->body ==
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header></s:Header>"
        "<s:Body><wsmid:Identify "
        "xmlns:wsmid=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/>"
        "</s:Body></s:Envelope>"
    );
}

TEST_CASE("the command line of a Command is the first command's text, cut as PowerShell cuts it")
{
    struct Row {
        std::string script;
        std::string shown;
    };
    const std::string whole(256, 'x');
    const Row rows[] = {
        {"Get-Date", "Get-Date"},
        {"", " "},
        {"a\nb \"c\" <d>", "a\nb \"c\" <d>"},
        {"_x0041_", "_x0041_"},
        {whole, whole},
        {whole + "y", whole.substr(0, 255)},
        {std::string(1000, '<'), std::string(255, '<')},
    };
    for (const auto& row : rows) {
        INFO(row.script);
        CHECK(wsman::detail::command_text(create_fragment(row.script)) == row.shown);
    }
    CHECK(wsman::detail::command_text({}) == " ");
    const psrp::Bytes other(100, 'x');
    CHECK(wsman::detail::command_text(other) == " ");
}
