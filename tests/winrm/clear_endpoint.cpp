#include <psrp/wsman/soap.hpp>
#include <tests/winrm/clear_endpoint.hpp>

#include <catch2/catch.hpp>

#include <string_view>

namespace tests {

namespace {

psrp::HttpServerOptions server_options(const TemporaryFolder& folder)
{
    auto options = with_users(folder);
    options.basic_in_clear = psrp::Permission::Yes;
    return options;
}

} // namespace

ClearEndpoint::ClearEndpoint(const EndpointOptions& options)
    : endpoint(server_options(folder), options), relay(endpoint.listener().port())
{
    endpoint.loop().add(relay);
}

ClearEndpoint::~ClearEndpoint()
{
    for (const auto timer : timers)
        endpoint.loop().cancel(timer);
    endpoint.loop().remove(relay);
}

psrp::WinRmOptions ClearEndpoint::client()
{
    psrp::WinRmOptions options;
    options.requests.channel.scheme = psrp::AuthenticationScheme::Basic;
    options.requests.channel.identity = alice();
    options.requests.channel.allows_basic_in_clear = true;
    options.retry_interval = soon;
    options.exchange.create_retry_delay = soon;
    options.exchange.create_retries_max = 0;
    return options;
}

void ClearEndpoint::cut_network()
{
    relay.is_down = true;
    timers.push_back(endpoint.loop().call_after(soon, [this] { relay.cut_all(); }));
}

void ClearEndpoint::mend_network_after(std::chrono::milliseconds time)
{
    timers.push_back(endpoint.loop().call_after(time, [this] { relay.is_down = false; }));
}

std::string operation_of(const std::string& message)
{
    const std::size_t body = message.find("\r\n\r\n") + 4;
    const auto request = psrp::wsman::read_request(std::string_view(message).substr(body));
    REQUIRE(request);
    return std::string(psrp::wsman::operation_row(request->operation).name);
}

} // namespace tests
