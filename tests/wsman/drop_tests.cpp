// OutputBufferingMode Drop, from the service's buffer to the client's objects (fact sheets
// transports B11, psrp 2.3): what was dropped in part is skipped, what follows is whole.
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

namespace wsman = psrp::wsman;
using tests::JoinedService;

namespace {

constexpr int object_count = 12;
constexpr std::size_t object_bytes = 100'000; // several fragments

psrp::ClientPoolOptions pool_options()
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = tests::pool_id;
    return options;
}

// Each object of its own letter.
std::string object(int number)
{
    return std::string(object_bytes, static_cast<char>('a' + number));
}

} // namespace

TEST_CASE("a session that drops output goes on with the first whole object, whoever takes it up")
{
    for (const bool is_same_client : {true, false}) {
        for (const std::uint32_t envelope_bytes : {8192U, 512'000U}) {
            INFO(is_same_client << " " << envelope_bytes);
            wsman::ServerExchangeOptions service_options;
            service_options.limits.output_bytes_max = 250'000;
            JoinedService service(service_options);
            auto client_options = tests::exchange_options(envelope_bytes);
            client_options.buffer_mode = wsman::BufferMode::Drop;
            auto first = service.connect(pool_options(), client_options);
            REQUIRE(first->pool.open());
            service.pump();
            REQUIRE(first->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
            service.pump();
            REQUIRE(first->pool.disconnect());
            service.pump();
            REQUIRE(first->pool.state() == psrp::RunspacePoolState::Disconnected);
            // Nobody waits, and nothing is held back.
            auto& pool = *service.shell().pool;
            for (int number = 0; number < object_count; ++number) {
                REQUIRE(pool.write_output(tests::pipeline_id, psrp::Value::string(object(number))));
                service.pump();
            }
            REQUIRE(pool.finish(tests::pipeline_id, psrp::PipelineState::Completed));
            service.pump();
            std::unique_ptr<tests::JoinedClient> second;
            if (is_same_client) {
                REQUIRE(first->pool.reconnect());
            } else {
                service.remove(*first);
                second = service.connect(pool_options(), client_options);
                REQUIRE(second->pool.connect());
                service.pump();
                REQUIRE(second->pool.connect_pipeline(tests::pipeline_id));
            }
            service.pump();
            auto& client = is_same_client ? *first : *second;
            const auto output = client.events_of<psrp::OutputReceived>();
            REQUIRE_FALSE(output.empty());
            CHECK(output.size() < 4); // the others did not fit
            int number = object_count - static_cast<int>(output.size());
            for (const auto& one : output)
                CHECK(one.value.text() == object(number++));
            const auto finished = client.events_of<psrp::PipelineFinished>();
            REQUIRE(finished.size() == 1);
            CHECK(finished[0].state == psrp::PipelineState::Completed);
            CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
        }
    }
}
