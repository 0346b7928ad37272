// What a peer behind the protocol may send, to either role: each fault ends in the error that names
// it, and what is not concerned goes on.
#include <fragmenter/errors.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using psrp::Bytes;
using psrp::Errc;
using psrp::RunspacePoolState;
using tests::Client;
using tests::pipeline_id;
using tests::pipeline_id2;
using tests::pool_id;
using tests::Server;
using FragmentErrc = fragmenter::Errc;

constexpr std::uint8_t start = 1;
constexpr std::uint8_t end = 2;

// A fragment by hand; `length` is announced where it is given.
struct Piece {
    std::uint64_t object = 10;
    std::uint64_t number = 0;
    std::uint8_t flags = start | end;
    Bytes blob = {};
    std::uint32_t length = UINT32_MAX;
};

void append_be(std::uint64_t value, int bytes, Bytes& out)
{
    for (int i = bytes - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes wire(const std::vector<Piece>& pieces)
{
    Bytes out;
    for (const Piece& piece : pieces) {
        append_be(piece.object, 8, out);
        append_be(piece.number, 8, out);
        out.push_back(piece.flags);
        append_be(
            piece.length == UINT32_MAX ? piece.blob.size() : std::uint64_t{piece.length}, 4, out
        );
        out.insert(out.end(), piece.blob.begin(), piece.blob.end());
    }
    return out;
}

// A message for either side; the defaults are a good object of the pipeline.
struct Words {
    std::uint32_t type = 0;
    std::string_view payload = "<S>x</S>";
    psrp::Guid pool = pool_id;
    psrp::Guid pipeline = pipeline_id;
    std::uint32_t destination = 3;
};

Bytes say(const Words& words)
{
    return tests::message_bytes(
        static_cast<psrp::Destination>(words.destination),
        words.type,
        words.pool,
        words.pipeline,
        words.payload
    );
}

Bytes cut(const Bytes& bytes, std::size_t begin, std::size_t end_)
{
    const auto at = [&](std::size_t index) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(std::min(index, bytes.size()));
    };
    return {at(begin), at(end_)};
}

constexpr std::uint32_t client_type = 0x00041004; // PIPELINE_OUTPUT, to a client
constexpr std::uint32_t server_type = 0x00041002; // PIPELINE_INPUT, to a server

// What both roles are sent on the pipeline's channel; `type` is the object's type in that role.
struct Fault {
    const char* about;
    std::vector<Piece> pieces;
    std::error_code error;
    std::size_t objects_before = 0; // taken all the same
};

std::vector<Fault> faults_for(std::uint32_t type)
{
    const Bytes object = say({type});
    const Bytes other = say({type, "<S>other</S>"});
    const auto whole = [](const Bytes& bytes) { return Piece{10, 0, start | end, bytes}; };
    const auto head = Piece{11, 0, start, cut(object, 0, 20)};
    const auto tail = Piece{11, 1, end, cut(object, 20, 1000)};
    // clang-format off
    return {
        {"a good object", {whole(object)}, {}, 1},
        {"an object without a start", {{11, 0, end, object}}, FragmentErrc::ObjectIdsNotMatching},
        {"a number left out", {head, {11, 2, end, cut(object, 20, 1000)}}, FragmentErrc::FragmentIdsNotInSequence},
        {"a number twice", {head, {11, 0, end, cut(object, 20, 1000)}}, FragmentErrc::FragmentIdsNotInSequence},
        {"fragments in the wrong order", {tail, head}, FragmentErrc::ObjectIdsNotMatching},
        {"two objects mixed", {head, {12, 0, start, cut(other, 0, 20)}, tail}, FragmentErrc::ObjectIdsNotMatching},
        {"object id zero", {{0, 0, start | end, object}}, FragmentErrc::ObjectIdNotPositive},
        {"a good object, then id zero", {whole(object), {0, 0, start | end, object}}, FragmentErrc::ObjectIdNotPositive, 1},
        {"a length that overflows", {{11, 0, start | end, object, 0x7FFFFFFF}}, FragmentErrc::FragmentTooBig},
        {"an announced object over the limit", {{11, 0, start, cut(object, 0, 20), 100'000}}, FragmentErrc::ObjectBytesExceeded},
        {"a message of 39 bytes", {whole(cut(object, 0, 39))}, Errc::MessageTooShort},
        {"an empty object", {{11, 0, start | end, {}}, {12, 0, start, cut(object, 0, 20)}}, Errc::MessageTooShort},
        {"a destination that is nobody's", {whole(say({type, "<S>x</S>", pool_id, pipeline_id, 4}))}, Errc::WrongDestination},
        {"another runspace pool", {whole(say({type, "<S>x</S>", pipeline_id2}))}, Errc::WrongRunspacePool},
        {"another pipeline", {whole(say({type, "<S>x</S>", pool_id, pipeline_id2}))}, {}},
        {"an unknown pipeline message", {whole(say({0x00041013}))}, {}},
        {"an unknown pool message", {whole(say({0x0002100F}))}, {}},
        {"a number without a meaning", {whole(say({0x00000012}))}, {}},
    };
    // clang-format on
}

psrp::Limits small_limits()
{
    psrp::Limits limits;
    limits.object_bytes_max = 50'000;
    return limits;
}

} // namespace

TEST_CASE("what is wrong on a command channel fails a client's pipeline by name, not its session")
{
    for (const Fault& fault : faults_for(client_type)) {
        INFO(fault.about);
        auto options = Client::default_options();
        options.limits = small_limits();
        Client client(options);
        client.open();
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
        client.pump();
        const auto result = client.pool.receive(pipeline_id, wire(fault.pieces));
        client.pump();
        CHECK(result.has_value() == !fault.error);
        if (!result) CHECK(result.error().code == fault.error);
        CHECK(client.events_of<psrp::OutputReceived>().size() == fault.objects_before);
        CHECK(client.pool.state() == RunspacePoolState::Opened);
        const auto finished = client.events_of<psrp::PipelineFinished>();
        REQUIRE(finished.size() == (fault.error ? 1U : 0U));
        if (!finished.empty()) CHECK(finished[0].error.code == fault.error);
        // Another pipeline has nothing to do with it.
        CHECK(client.pool.start_pipeline(pipeline_id2, tests::script("y")));
    }
}

TEST_CASE("what is wrong on a command channel costs a server its object, or the pipeline where the "
          "stream is lost")
{
    for (const Fault& fault : faults_for(server_type)) {
        INFO(fault.about);
        psrp::ServerPoolOptions options;
        options.limits = small_limits();
        Server server(options);
        server.open();
        REQUIRE(server.start(pipeline_id, false));
        const auto result =
            server.pool.receive(pipeline_id, psrp::Stream::Default, wire(fault.pieces));
        server.pump();
        CHECK(result.has_value() == !fault.error);
        if (!result) CHECK(result.error().code == fault.error);
        CHECK(server.pool.state() == RunspacePoolState::Opened);
        CHECK(server.events_of<psrp::InputReceived>().size() == fault.objects_before);
        const bool is_lost = fault.error == FragmentErrc::ObjectIdNotPositive ||
                             fault.error == FragmentErrc::FragmentTooBig ||
                             fault.error == FragmentErrc::ObjectBytesExceeded;
        CHECK(server.events_of<psrp::StopRequested>().size() == (is_lost ? 1U : 0U));
        // Whatever the owner makes of it, the pipeline of a lost stream fails.
        REQUIRE(server.pool.finish(pipeline_id, psrp::PipelineState::Stopped));
        server.pump();
        CHECK(server.done.back() == (is_lost ? "PIPELINE_STATE 5" : "PIPELINE_STATE 3"));
    }
}

TEST_CASE("what is wrong on the session's channel breaks a client's pool by name")
{
    for (const Fault& fault : faults_for(client_type)) {
        INFO(fault.about);
        auto options = Client::default_options();
        options.limits = small_limits();
        Client client(options);
        client.open();
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
        client.pump();
        const auto result = client.pool.receive({}, wire(fault.pieces));
        client.pump();
        CHECK(result.has_value() == !fault.error);
        if (!result) CHECK(result.error().code == fault.error);
        const auto broken = client.events_of<psrp::PoolBroken>();
        REQUIRE(broken.size() == (fault.error ? 1U : 0U));
        if (!broken.empty()) CHECK(broken[0].error.code == fault.error);
        CHECK(client.events_of<psrp::PipelineFinished>().size() == broken.size());
    }
}

TEST_CASE("a server whose session stream is lost says so for all that comes on it, and serves on")
{
    for (const bool is_huge : {false, true}) {
        Server server;
        server.open();
        const Bytes ask =
            say({0x00021007, "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64></MS></Obj>", pool_id, {}});
        const Piece bad =
            is_huge ? Piece{5, 0, start | end, ask, 0x7FFFFFFF} : Piece{0, 0, start | end, ask};
        const std::error_code expected =
            is_huge ? FragmentErrc::FragmentTooBig : FragmentErrc::ObjectIdNotPositive;
        for (const Piece& piece : {bad, Piece{6, 0, start | end, ask}}) {
            const auto result = server.pool.receive({}, psrp::Stream::Default, wire({piece}));
            REQUIRE_FALSE(result);
            CHECK(result.error().code == expected);
        }
        server.pump();
        CHECK(server.done == std::vector<std::string>{"DataAck", "DataAck"});
        // The other stream of the channel and the commands are not concerned.
        CHECK(
            server.pool.receive({}, psrp::Stream::PromptResponse, wire({{6, 0, start | end, ask}}))
        );
        CHECK(server.start(pipeline_id));
        CHECK(server.events_of<psrp::PipelineRequested>().size() == 1);
    }
}

TEST_CASE("an object over the limit on the session's channel closes a server's session by name")
{
    psrp::ServerPoolOptions options;
    options.limits = small_limits();
    Server server(options);
    server.open();
    const auto result = server.pool.receive(
        {}, psrp::Stream::Default, wire({{5, 0, start, Bytes(10, 'x'), 100'000}})
    );
    REQUIRE_FALSE(result);
    CHECK(result.error().code == FragmentErrc::ObjectBytesExceeded);
    server.pump();
    const auto ended = server.events_of<psrp::SessionEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].error.code == FragmentErrc::ObjectBytesExceeded);
}

TEST_CASE("the limits that PowerShell does not have out of process can be lifted")
{
    psrp::ServerPoolOptions options;
    options.limits.object_bytes_max = UINT64_MAX;
    options.limits.command_bytes_max = UINT64_MAX;
    Server server(options);
    server.open();
    REQUIRE(server.start(pipeline_id, false));
    // An object of 12 MiB in pieces, over the 10 MiB that are ours; six of them, over the 50.
    const std::string text = "<S>" + std::string(12U << 20, 'x') + "</S>";
    for (std::uint64_t number = 1; number <= 6; ++number) {
        const auto result = server.say(pipeline_id, psrp::MessageType::PipelineInput, text);
        REQUIRE(result);
        REQUIRE(server.events_of<psrp::InputReceived>().size() == 1);
        server.events.clear();
    }
    Server limited;
    limited.open();
    REQUIRE(limited.start(pipeline_id, false));
    const auto result = limited.say(pipeline_id, psrp::MessageType::PipelineInput, text);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == FragmentErrc::ObjectBytesExceeded);
}
