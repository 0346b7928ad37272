#include <clixml/overloaded.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/transport/errors.hpp>
#include <tests/winrm/pool_driver.hpp>

#include <catch2/catch.hpp>

namespace tests {

namespace {

psrp::WinRmOptions filled_in(
    LocalEndpoint& endpoint,
    const std::string& url,
    psrp::WinRmOptions options,
    std::vector<std::string>& lines
)
{
    options.ids = &endpoint.ids();
    options.exchange.url = url;
    if (options.exchange.shell_id.is_zero()) options.exchange.shell_id = endpoint.ids().new_guid();
    options.on_line = [&lines](std::string_view line) { lines.emplace_back(line); };
    return options;
}

psrp::ClientPoolOptions pool_options(const psrp::Guid& pool)
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = pool;
    options.host_info.is_host_null = true;
    return options;
}

} // namespace

PoolDriver::PoolDriver(LocalEndpoint& endpoint, const std::string& url, psrp::WinRmOptions options)
    : endpoint_(endpoint), pool_(pool_options(
                               options.exchange.shell_id = options.exchange.shell_id.is_zero()
                                                               ? endpoint.ids().new_guid()
                                                               : options.exchange.shell_id
                           )),
      transport_(filled_in(endpoint, url, std::move(options), lines))
{
    endpoint_.loop().add(transport_);
}

PoolDriver::~PoolDriver()
{
    endpoint_.loop().remove(transport_);
}

bool PoolDriver::is_over() const
{
    using State = psrp::RunspacePoolState;
    return was_left_ || pool_.state() == State::Broken || pool_.state() == State::Closed;
}

void PoolDriver::open()
{
    REQUIRE(pool_.open());
    until([&] { return pool_.state() == psrp::RunspacePoolState::Opened; });
}

void PoolDriver::connect()
{
    REQUIRE(pool_.connect());
    until([&] { return pool_.state() == psrp::RunspacePoolState::Opened; });
}

psrp::Guid PoolDriver::start(const std::string& script, bool has_input)
{
    const psrp::Guid pipeline = endpoint_.ids().new_guid();
    psrp::Arena arena;
    psrp::InvocationOptions invocation;
    invocation.has_input = has_input ? psrp::HasInput::Yes : psrp::HasInput::No;
    const auto request = psrp::make_invocation(script, invocation, arena);
    REQUIRE(request);
    REQUIRE(pool_.start_pipeline(pipeline, *request));
    move();
    return pipeline;
}

void PoolDriver::write(const psrp::Guid& pipeline, const std::string& text)
{
    REQUIRE(pool_.write_input(pipeline, psrp::Value::string(text)));
    move();
}

void PoolDriver::wait(const psrp::Guid& pipeline)
{
    until([&] { return finished.count(pipeline) != 0; });
}

std::string PoolDriver::run(const std::string& script)
{
    const psrp::Guid pipeline = start(script);
    wait(pipeline);
    std::string text;
    for (const std::string& line : output[pipeline])
        text += line + "\n";
    return text;
}

void PoolDriver::leave()
{
    wants_to_leave_ = true;
    REQUIRE(pool_.disconnect());
    until([&] { return pool_.state() == psrp::RunspacePoolState::Disconnected; });
}

void PoolDriver::come_back()
{
    wants_to_leave_ = false;
    REQUIRE(pool_.reconnect());
    until([&] { return pool_.state() == psrp::RunspacePoolState::Opened; });
}

void PoolDriver::close()
{
    pool_.close();
    until([&] { return false; });
    transport_.close();
    while (!transport_.is_finished())
        endpoint_.turn();
}

void PoolDriver::move()
{
    for (bool progressed = true; progressed;) {
        progressed = false;
        while (!is_lost_) {
            auto event = transport_.next_event();
            if (!event) {
                is_lost_ = true;
                pool_.transport_failed(event.error(), transport_.failure_text());
            } else if (*event) {
                take(**event);
            } else {
                break;
            }
            progressed = true;
        }
        while (!is_lost_) {
            const auto action = pool_.next_action(transport_.send_bytes_max());
            if (!action) break;
            const auto performed = transport_.perform(*action);
            if (!performed) FAIL(performed.error().text());
            progressed = true;
        }
        while (auto event = pool_.next_event()) {
            take(*event);
            progressed = true;
        }
    }
}

void PoolDriver::take(psrp::TransportEvent& event)
{
    std::visit(
        clixml::Overloaded{
            // A failed receive() queues the event that tells of it.
            [&](psrp::DataReceived& one) { (void)pool_.receive(one.channel, one.bytes); },
            [&](psrp::DataAcknowledged& one) { pool_.data_sent(one.channel); },
            [&](psrp::CommandOpened& one) { pool_.command_opened(one.pipeline); },
            [&](psrp::SignalAcknowledged& one) { pool_.signal_acknowledged(one.pipeline); },
            [&](psrp::ChannelClosed& one) { pool_.channel_closed(one.channel); },
            [&](psrp::CommandLost& one) {
                pool_.command_failed(one.pipeline, one.error, one.reason, one.error_id);
            },
            [&](psrp::SessionLeft&) {
                was_left_ = !wants_to_leave_;
                // As Session does it.
                if (pool_.state() == psrp::RunspacePoolState::Opening)
                    pool_.transport_failed(
                        {psrp::TransportErrc::StreamEnded, clixml::no_offset, ""}, "left too early"
                    );
                else
                    pool_.disconnected();
            },
            [&](psrp::SessionNotLeft& one) { pool_.disconnect_failed(one.error); },
            [&](psrp::ChannelTakenUp& one) { pool_.reconnected(one.channel); },
            [&](psrp::SessionNotTakenUp& one) { pool_.reconnect_failed(one.error, one.reason); },
            [](psrp::PeerReportedError&) { FAIL("not over WinRM"); },
            [](psrp::ConnectionEnded&) { FAIL("not over WinRM"); },
        },
        event
    );
}

void PoolDriver::take(psrp::ClientEvent& event)
{
    if (auto* one = std::get_if<psrp::OutputReceived>(&event)) {
        output[one->pipeline].emplace_back(one->value.text());
    } else if (const auto* end = std::get_if<psrp::PipelineFinished>(&event)) {
        finished[end->pipeline] = end->state;
    } else if (const auto* broken = std::get_if<psrp::PoolBroken>(&event)) {
        error_ = broken->error.code.message();
        reason_ = broken->reason;
    }
}

} // namespace tests
