// Compression between our exchanges: who gets it, and what it saves (fact sheet transports B13).
#include <psrp/wsman/xpress_codec.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace wsman = psrp::wsman;
using tests::JoinedService;

namespace {

psrp::ClientPoolOptions pool_options()
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = tests::pool_id;
    return options;
}

// The bytes of the answers to 200 KiB of output.
std::size_t answer_bytes(wsman::StreamCodec* codec, bool allows_compression)
{
    wsman::ServerExchangeOptions options;
    options.allows_compression = allows_compression;
    JoinedService service(options);
    auto wanted = tests::exchange_options();
    wanted.codec = codec;
    auto client = service.connect(pool_options(), wanted);
    REQUIRE(client->pool.open());
    service.pump();
    CHECK(client->exchange.shell_facts().is_compressed == (codec != nullptr && allows_compression));
    REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
    service.pump();
    service.answers.clear();
    const std::string text(200 << 10, 'y');
    REQUIRE(service.shell().pool->write_output(tests::pipeline_id, psrp::Value::string(text)));
    service.pump();
    const auto output = client->events_of<psrp::OutputReceived>();
    REQUIRE(output.size() == 1);
    CHECK(output[0].value.text() == text);
    std::size_t bytes = 0;
    for (const auto& answer : service.answers)
        bytes += answer.size();
    return bytes;
}

} // namespace

TEST_CASE("streams are compressed where both sides want it")
{
    wsman::XpressCodec codec;
    CHECK(answer_bytes(&codec, true) < 20000);
    CHECK(answer_bytes(nullptr, true) > 200000);
    CHECK(answer_bytes(&codec, false) > 200000);
}

TEST_CASE("a compressed session is taken over by a client that knows of it from the list")
{
    JoinedService service;
    wsman::XpressCodec codec;
    auto options = tests::exchange_options();
    options.codec = &codec;
    auto first = service.connect(pool_options(), options);
    REQUIRE(first->pool.open());
    service.pump();
    REQUIRE(first->pool.start_pipeline(tests::pipeline_id, tests::script("x")));
    service.pump();
    REQUIRE(first->pool.disconnect());
    service.pump();
    const std::string text(50000, 'y');
    REQUIRE(service.shell().pool->write_output(tests::pipeline_id, psrp::Value::string(text)));
    service.remove(*first);
    options.connects_compressed = true;
    auto second = service.connect(pool_options(), options);
    REQUIRE(second->pool.connect());
    service.pump();
    REQUIRE(second->pool.connect_pipeline(tests::pipeline_id));
    service.pump();
    const auto output = second->events_of<psrp::OutputReceived>();
    REQUIRE(output.size() == 1);
    CHECK(output[0].value.text() == text);
}

TEST_CASE("a compressed stream that is none ends the session with the rule it breaks")
{
    struct BrokenCodec final : wsman::StreamCodec {
        wsman::XpressCodec good;
        psrp::Bytes compress(psrp::BytesView) override { return {1, 2, 3}; }
        clixml::Result<psrp::Bytes> expand(psrp::BytesView bytes, std::size_t bytes_max) override
        {
            return good.expand(bytes, bytes_max);
        }
    } codec;
    JoinedService service;
    auto options = tests::exchange_options();
    options.codec = &codec;
    auto client = service.connect(pool_options(), options);
    REQUIRE(client->pool.open());
    service.pump();
    REQUIRE(client->pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
    service.pump();
    REQUIRE(client->pool.write_input(tests::pipeline_id, psrp::Value::string("in")));
    service.pump();
    bool is_named = false;
    for (const auto& failed : client->exchange_events) {
        const auto* command = std::get_if<wsman::CommandFailed>(&failed);
        is_named = is_named ||
                   (command != nullptr && command->failure.error == wsman::Errc::InvalidInputData);
    }
    CHECK(is_named);
}

TEST_CASE("what compressed bytes need at most and what fits are each other's limits")
{
    for (const std::size_t bytes : {1U, 100U, 65536U, 65537U, 131072U, 500000U}) {
        CHECK(wsman::compressed_bytes_max(wsman::compressible_bytes_max(bytes)) <= bytes);
        CHECK(wsman::compressible_bytes_max(wsman::compressed_bytes_max(bytes)) + 8 >= bytes);
    }
}
