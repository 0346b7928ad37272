// A server that says: not here, there (fact sheet transports B16).
#include <psrp/wsman/soap.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/winrm/pool_driver.hpp>

#include <catch2/catch.hpp>

#include <memory>

using psrp::RunspacePoolState;

namespace {

// The fault that sends a client to another place.
std::string redirection(const std::string& request, const std::string& place)
{
    namespace wsman = psrp::wsman;
    const std::size_t body = request.find("\r\n\r\n") + 4;
    const auto read = wsman::read_request(std::string_view(request).substr(body));
    REQUIRE(read);
    wsman::Response response;
    response.operation = read->operation;
    response.header.action = std::string(wsman::fault_action);
    response.header.message_id = "uuid:00000000-0000-0000-0000-000000000001";
    response.header.relates_to = read->header.message_id;
    wsman::Fault fault = wsman::make_fault(wsman::Errc::RedirectRequested, "here");
    fault.message = "Use '" + place + "' instead.";
    response.body = fault;
    return tests::http_answer(500, "", wsman::write_response(response));
}

} // namespace

TEST_CASE("a redirection is followed where that is allowed, so often, and the user is told")
{
    struct Row {
        const char* what;
        int redirections_max;
        int length;             // of the chain of servers in front of the endpoint
        const char* last_place; // instead of the endpoint's; empty: the endpoint's
        std::string expected;   // in the reason; empty: a session
    };
    for (const Row& row : {
             Row{"none", 5, 0, "", ""},
             Row{"one", 5, 1, "", ""},
             Row{"five", 5, 5, "", ""},
             Row{"six", 5, 6, "", "as many redirections as are allowed (5)"},
             Row{"one, not allowed", 0, 1, "", "-AllowRedirection"},
             Row{"no URL", 5, 1, "elsewhere", "Use 'elsewhere' instead"},
             Row{"another protocol", 5, 1, "ftp://localhost/wsman", "Use 'ftp:"},
             Row{"no host", 5, 1, "http:///wsman", "not a well formatted URI"},
             Row{"a user in it", 5, 1, "http://a:b@localhost/wsman", "not a well formatted URI"},
         }) {
        INFO(row.what);
        const tests::TemporaryFolder folder;
        auto server_options = tests::with_users(folder);
        server_options.basic_in_clear = psrp::Permission::Yes;
        tests::LocalEndpoint endpoint(std::move(server_options));
        std::vector<std::unique_ptr<tests::ScriptedServer>> servers;
        std::vector<std::string> places{
            *row.last_place != 0 ? row.last_place : endpoint.url("http")};
        for (int i = 0; i < row.length; ++i) {
            servers.push_back(std::make_unique<tests::ScriptedServer>(
                [place = places.back()](const std::string& request) {
                    return redirection(request, place);
                }
            ));
            endpoint.loop().add(*servers.back());
            places.push_back(servers.back()->url());
        }
        psrp::WinRmOptions options;
        options.requests.channel.scheme = psrp::AuthenticationScheme::Basic;
        options.requests.channel.identity = tests::alice();
        options.requests.channel.allows_basic_in_clear = true;
        options.redirections_max = row.redirections_max;
        tests::PoolDriver client(endpoint, places.back(), std::move(options));
        client.open();
        INFO(client.reason());
        if (row.expected.empty()) {
            CHECK(client.state() == RunspacePoolState::Opened);
            CHECK(client.run("'there'") == "there\n");
            CHECK(client.lines.size() == static_cast<std::size_t>(row.length));
            for (const std::string& line : client.lines)
                CHECK(line.find("redirected to the following URI") != std::string::npos);
        } else {
            CHECK(client.state() == RunspacePoolState::Broken);
            CHECK(client.reason().find(row.expected) != std::string::npos);
            if (row.redirections_max == 0)
                CHECK(client.reason().find(places.front()) != std::string::npos);
        }
        client.close();
        for (const auto& server : servers)
            endpoint.loop().remove(*server);
    }
}
