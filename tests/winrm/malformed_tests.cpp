// What is no request of WinRM, sent to the listener: an answer that says so, and the listener goes
// on.
#include <psrp/wsman/soap.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/winrm/endpoint.hpp>

#include <catch2/catch.hpp>

namespace {

struct Answer {
    int status = 0;
    std::string body;
};

Answer post(tests::LocalEndpoint& endpoint, psrp::HttpChannel& channel, const std::string& message)
{
    REQUIRE(channel.start(message, std::chrono::minutes(1)));
    std::optional<psrp::HttpResult<psrp::HttpResponse>> result;
    while (!(result = channel.take_result()))
        endpoint.turn();
    if (!*result) return {0, result->error().text};
    return {(*result)->status, (*result)->body};
}

std::string envelope(const std::string& header, const std::string& body)
{
    return "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
           "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
           "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "
           "xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\">"
           "<s:Header>" +
           header + "</s:Header><s:Body>" + body + "</s:Body></s:Envelope>";
}

std::string addressed(const std::string& action, const std::string& more = {})
{
    return "<a:To>http://localhost/wsman</a:To>"
           "<w:ResourceURI>http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
           "</w:ResourceURI><a:Action>" +
           action +
           "</a:Action><a:MessageID>uuid:00000000-0000-0000-0000-000000000001</a:MessageID>" + more;
}

constexpr const char* create = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
constexpr const char* receive = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive";

} // namespace

TEST_CASE("what is no request is answered with a fault, and the listener goes on")
{
    const tests::TemporaryFolder folder;
    auto options = tests::with_users(folder);
    options.basic_in_clear = psrp::Permission::Yes;
    options.limits.request_bytes_max = 1'000'000;
    tests::LocalEndpoint endpoint(std::move(options));
    psrp::ChannelOptions client;
    client.connection.url = endpoint.url("http");
    client.scheme = psrp::AuthenticationScheme::Basic;
    client.identity = tests::alice();
    client.allows_basic_in_clear = true;
    psrp::HttpChannel channel(client);
    endpoint.loop().add(channel);
    struct Row {
        const char* what;
        std::string message;
        int status;
    };
    std::string deep;
    for (int i = 0; i < 5000; ++i)
        deep += "<x>";
    const Row rows[] = {
        {"text", "hello", 500},
        {"zeros", std::string(1000, '\0'), 500},
        {"half an envelope", envelope(addressed(create), "").substr(0, 200), 500},
        {"another document", "<html><body>no</body></html>", 500},
        {"SOAP 1.1",
         "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body/></s:Envelope>",
         500},
        {"a document type", "<!DOCTYPE x [<!ENTITY e \"ee\">]>" + envelope("", "&e;"), 500},
        {"a bottomless tree", envelope(addressed(create), deep), 500},
        {"no headers", envelope("", ""), 500},
        {"an unknown action", envelope(addressed("urn:nothing"), ""), 500},
        {"Create without a shell", envelope(addressed(create), ""), 500},
        {"a header that must be understood",
         envelope(
             addressed(create, "<x:Q xmlns:x=\"urn:x\" s:mustUnderstand=\"true\"/>"), "<rsp:Shell/>"
         ),
         500},
        {"an envelope size that is none",
         envelope(addressed(create, "<w:MaxEnvelopeSize>-1</w:MaxEnvelopeSize>"), "<rsp:Shell/>"),
         500},
        {"a timeout that is none",
         envelope(
             addressed(receive, "<w:OperationTimeout>soon</w:OperationTimeout>"), "<rsp:Receive/>"
         ),
         500},
        {"a shell that is not there",
         envelope(
             addressed(
                 receive,
                 "<w:SelectorSet><w:Selector Name=\"ShellId\">00000000-0000-0000-0000-0000000000AA"
                 "</w:Selector></w:SelectorSet>"
             ),
             "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"
         ),
         500},
        {"more than is read", std::string(1'000'001, 'x'), 413},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const Answer answer = post(endpoint, channel, row.message);
        CHECK(answer.status == row.status);
        if (row.status == 500) {
            const auto read = psrp::wsman::read_response(answer.body);
            REQUIRE(read);
            const auto* fault = std::get_if<psrp::wsman::Fault>(&read->body);
            REQUIRE(fault != nullptr);
            CHECK(fault->code != 0);
        }
    }
    CHECK(endpoint.listener().shell_count() == 0);
    const std::string identify =
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
        "xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\">"
        "<s:Body><i:Identify/></s:Body></s:Envelope>";
    CHECK(post(endpoint, channel, identify).status == 200);
    endpoint.loop().remove(channel);
}
