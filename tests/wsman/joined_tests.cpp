// Our service and our clients, joined without HTTP.
#include <psrp/wsman/errors.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <optional>

namespace wsman = psrp::wsman;
using tests::JoinedService;

namespace {

psrp::ClientPoolOptions pool_options()
{
    return tests::Client::default_options();
}

} // namespace

TEST_CASE("a session is left by one client and taken over by another one, with its output")
{
    for (const std::uint32_t size : {8192U, 512000U}) {
        JoinedService service;
        auto first = service.connect(pool_options(), tests::exchange_options(size));
        REQUIRE(first->pool.open());
        service.pump();
        REQUIRE(first->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
        service.pump();
        REQUIRE(first->pool.disconnect());
        service.pump();
        CHECK(first->pool.state() == psrp::RunspacePoolState::Disconnected);
        auto& pool = *service.shell().pool;
        const std::string text(50000, 'y');
        REQUIRE(pool.write_output(tests::pipeline_id, psrp::Value::string(text)));
        REQUIRE(pool.finish(tests::pipeline_id, psrp::PipelineState::Completed));
        service.remove(*first);
        auto second = service.connect(pool_options(), tests::exchange_options(size));
        REQUIRE(second->pool.connect());
        service.pump();
        INFO(size);
        CHECK(second->pool.state() == psrp::RunspacePoolState::Opened);
        REQUIRE(second->pool.connect_pipeline(tests::pipeline_id));
        service.pump();
        const auto output = second->events_of<psrp::OutputReceived>();
        REQUIRE(output.size() == 1);
        CHECK(output[0].value.text() == text);
        const auto finished = second->events_of<psrp::PipelineFinished>();
        REQUIRE(finished.size() == 1);
        CHECK(finished[0].state == psrp::PipelineState::Completed);
        second->pool.close();
        service.pump();
        CHECK(second->pool.state() == psrp::RunspacePoolState::Closed);
        CHECK(service.exchange.shell_count() == 0);
    }
}

TEST_CASE("a session is left and taken up again by the same client")
{
    JoinedService service;
    auto client = service.connect(pool_options(), tests::exchange_options());
    REQUIRE(client->pool.open());
    service.pump();
    REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
    service.pump();
    for (int i = 0; i < 3; ++i) {
        REQUIRE(client->pool.disconnect());
        service.pump();
        REQUIRE(client->pool.state() == psrp::RunspacePoolState::Disconnected);
        CHECK(client->under_way.empty());
        REQUIRE(service.shell().pool->write_output(tests::pipeline_id, psrp::Value::int32(i)));
        REQUIRE(client->pool.reconnect());
        service.pump();
        REQUIRE(client->pool.state() == psrp::RunspacePoolState::Opened);
        CHECK(client->events_of<psrp::OutputReceived>().size() == static_cast<std::size_t>(i) + 1);
    }
    REQUIRE(service.shell().pool->finish(tests::pipeline_id, psrp::PipelineState::Completed));
    service.pump();
    CHECK(client->events_of<psrp::PipelineFinished>().size() == 1);
    client->pool.close();
    service.pump();
    CHECK(service.exchange.shell_count() == 0);
}

TEST_CASE("another user's session cannot be taken over")
{
    JoinedService service;
    auto first = service.connect(pool_options(), tests::exchange_options(), "one");
    REQUIRE(first->pool.open());
    service.pump();
    REQUIRE(first->pool.disconnect());
    service.pump();
    auto second = service.connect(pool_options(), tests::exchange_options(), "two");
    REQUIRE(second->pool.connect());
    service.pump();
    CHECK(second->pool.state() == psrp::RunspacePoolState::Broken);
    CHECK(service.exchange.shell_count() == 1);
}

TEST_CASE("sixteen MiB go both ways through envelopes of every size")
{
    for (const std::uint32_t size : {8192U, 153600U, 512000U}) {
        const std::size_t total = size == 8192 ? std::size_t{1} << 20 : std::size_t{16} << 20;
        JoinedService service;
        auto client = service.connect(pool_options(), tests::exchange_options(size));
        REQUIRE(client->pool.open());
        service.pump();
        REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
        service.pump();
        const std::string piece(1 << 20, 'p');
        for (std::size_t sent = 0; sent < total; sent += piece.size()) {
            REQUIRE(client->pool.write_input(tests::pipeline_id, psrp::Value::string(piece)));
            service.pump();
            client->requests.clear();
            REQUIRE(
                service.shell().pool->write_output(tests::pipeline_id, psrp::Value::string(piece))
            );
            service.pump();
            service.answers.clear();
        }
        REQUIRE(client->pool.end_input(tests::pipeline_id));
        REQUIRE(service.shell().pool->finish(tests::pipeline_id, psrp::PipelineState::Completed));
        service.pump();
        INFO(size);
        CHECK(client->events_of<psrp::OutputReceived>().size() == total / piece.size());
        std::size_t inputs = 0;
        for (const auto& event : service.shell().events) {
            if (std::holds_alternative<psrp::InputReceived>(event)) ++inputs;
        }
        CHECK(inputs == total / piece.size());
        client->pool.close();
        service.pump();
        CHECK(service.exchange.shell_count() == 0);
    }
}

TEST_CASE("a request lost at each step ends in a named error, and what is left is deleted")
{
    // The n-th request never arrives, and its connection is given up.
    std::size_t steps = 0;
    for (std::size_t lost = 0; lost < 20; ++lost) {
        JoinedService service;
        auto client = service.connect(pool_options(), tests::exchange_options());
        std::size_t count = 0;
        std::optional<std::uint64_t> cut;
        client->on_request = [&](const wsman::OutgoingRequest& request) {
            if (count++ != lost) return true;
            cut = request.id;
            return false;
        };
        REQUIRE(client->pool.open());
        service.pump();
        if (!cut && client->pool.state() == psrp::RunspacePoolState::Opened) {
            REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
            service.pump();
        }
        if (!cut) {
            client->pool.close();
            service.pump();
        }
        INFO(lost);
        if (!cut) break; // there are no more
        ++steps;
        const bool was_closing = client->pool.state() == psrp::RunspacePoolState::Closing;
        client->exchange.on_failure(
            *cut, {wsman::Errc::RequestFailed, clixml::no_offset, ""}, "cut"
        );
        service.pump();
        if (!was_closing) {
            CHECK(client->pool.state() == psrp::RunspacePoolState::Broken);
            CHECK(service.exchange.shell_count() == 0);
        }
        CHECK(client->exchange.is_finished());
    }
    CHECK(steps >= 6);
}

TEST_CASE("a request that is lost and sent again changes nothing")
{
    for (std::size_t lost = 0; lost < 8; ++lost) {
        for (const bool has_arrived : {false, true}) {
            JoinedService service;
            auto client = service.connect(pool_options(), tests::exchange_options());
            std::size_t count = 0;
            std::optional<std::uint64_t> cut;
            client->on_request = [&](const wsman::OutgoingRequest& request) {
                if (count++ != lost) return true;
                cut = request.id;
                // The service has got it, but its answer finds no way back.
                if (has_arrived)
                    service.exchange.receive(
                        {99999, "user", "192.0.2.1", "", request.body}, service.now
                    );
                return false;
            };
            const auto send_again = [&] {
                service.pump();
                if (cut) (void)client->exchange.resend(*cut);
                cut.reset();
                service.pump();
            };
            REQUIRE(client->pool.open());
            send_again();
            INFO(lost << " " << has_arrived);
            REQUIRE(client->pool.state() == psrp::RunspacePoolState::Opened);
            REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
            send_again();
            REQUIRE(service.shell().pool->write_output(tests::pipeline_id, psrp::Value::int32(1)));
            send_again();
            REQUIRE(service.shell().pool->finish(tests::pipeline_id, psrp::PipelineState::Completed)
            );
            send_again();
            CHECK(client->events_of<psrp::OutputReceived>().size() == 1);
            CHECK(client->events_of<psrp::PipelineFinished>().size() == 1);
            client->pool.close();
            send_again();
            CHECK(client->pool.state() == psrp::RunspacePoolState::Closed);
            CHECK(service.exchange.shell_count() == 0);
        }
    }
}
