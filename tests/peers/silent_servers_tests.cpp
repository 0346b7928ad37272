// A server that never answers ends each wait of a session in the error that names it.
#include <psrp/client/errors.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/session.hpp>
#include <psrp/transport/loopback_transport.hpp>
#include <tests/peers/bad_server.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds soon{1};

psrp::Guid numbered(std::uint8_t number)
{
    psrp::Guid guid;
    guid.bytes.fill(0xB0);
    guid.bytes[15] = number;
    return guid;
}

json message(const char* type, const char* data)
{
    return {{"message", {{"type", type}, {"guid", "$ZERO"}, {"data", data}}}};
}

// Opens the pool and says nothing any more; acknowledges what `automatic` says.
json opening_server(const json& automatic)
{
    const char* capability =
        "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.4</Version><Version "
        "N=\"PSVersion\">2.0</Version><Version "
        "N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>";
    const char* opened = "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>";
    return {
        {"auto", automatic},
        {"send",
         {{{"wait", "0x00010004"}},
          message("0x00010002", capability),
          message("0x00021005", opened)}}};
}

// What the client wants of the silent server.
enum class Wish { Open, Stop, Close };

class Session final : public psrp::SessionListener {
public:
    Session(const json& server, Wish wish)
        : wish_(wish), server_(server, {[](std::string_view) {}, [](double) {}, [](int) {}})
    {
        auto transport = std::make_unique<psrp::LoopbackTransport>([this](psrp::BytesView bytes) {
            to_server_.append(bytes.begin(), bytes.end());
        });
        transport_ = transport.get();
        psrp::SessionOptions options;
        options.runspace_pool_id = numbered(0);
        if (wish == Wish::Open) options.open_timeout = soon;
        options.stop_timeout = soon;
        options.close_timeout = soon;
        session_ = std::make_unique<psrp::Session>(loop_, std::move(transport), options, *this);
    }

    psrp::SessionEnd run()
    {
        REQUIRE(session_->open());
        while (!end) {
            while (session_->pump() || !to_server_.empty()) {
                server_.hear(std::exchange(to_server_, {}));
                const std::string text = server_.take_output();
                if (!text.empty()) transport_->deliver(clixml::bytes_of(text));
            }
            if (!end) REQUIRE(loop_.run_once());
        }
        return *end;
    }

    void on_opened(psrp::Session& session) override
    {
        if (wish_ == Wish::Close) return session.close();
        REQUIRE(session.start_pipeline(
            numbered(1), psrp::invocation_request("x", {}, psrp::HasInput::No)
        ));
        REQUIRE(session.stop(numbered(1)));
    }
    void on_event(psrp::Session&, psrp::ClientEvent& event) override
    {
        if (std::holds_alternative<psrp::PipelineFinished>(event)) ++finishes;
    }
    void on_input_wanted(psrp::Session&) override {}
    void on_ended(psrp::Session&, const psrp::SessionEnd& how) override { end = how; }

    std::optional<psrp::SessionEnd> end;
    int finishes = 0;

private:
    Wish wish_;
    psrp::EventLoop loop_ = *psrp::EventLoop::create();
    tests::BadServer server_;
    psrp::LoopbackTransport* transport_ = nullptr; // the session's
    std::unique_ptr<psrp::Session> session_;
    std::string to_server_;
};

} // namespace

TEST_CASE("a server that never answers costs a session its wait and no more")
{
    struct Row {
        const char* about;
        json server;
        Wish wish;
        psrp::ClientErrc error;
        int finishes;
    };
    const json silent{{"auto", json::array()}, {"send", json::array()}};
    const json acknowledging{{"auto", {"DataAck"}}, {"send", json::array()}};
    const json opens = opening_server({"DataAck", "CommandAck"});
    for (const Row& row : {
             Row{"to the opening", silent, Wish::Open, psrp::ClientErrc::OpenTimedOut, 0},
             Row{"but for acknowledgements",
                 acknowledging,
                 Wish::Open,
                 psrp::ClientErrc::OpenTimedOut,
                 0},
             Row{"to a stop", opens, Wish::Stop, psrp::ClientErrc::StopTimedOut, 1},
             Row{"to the close", opens, Wish::Close, psrp::ClientErrc::CloseTimedOut, 0},
         }) {
        INFO(row.about);
        Session session(row.server, row.wish);
        const psrp::SessionEnd end = session.run();
        CHECK(end.error.code == row.error);
        CHECK_FALSE(end.reason.empty());
        CHECK(session.finishes == row.finishes);
    }
}
