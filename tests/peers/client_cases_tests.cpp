// Every case of vectors/psrp-bad/client.jsonl, played to our client: what it wrote must be what
// PowerShell wrote, channel by channel, and what came of it must be of the kind that PowerShell
// printed, but for the deviations named here and in vectors/README.md.
#include <fragmenter/errors.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/host_responder.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/session.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/loopback_transport.hpp>
#include <tests/peers/bad_server.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

// Where PowerShell's pipeline or session just ends, ours says why. Reasons in vectors/README.md.
struct Deviation {
    const char* name;
    psrp::Errc error;                             // the end of the session, or
    std::optional<psrp::ClientErrc> client_error; // this
};

const std::array deviations{
    Deviation{"capability-after-open", psrp::Errc::UnexpectedMessage, std::nullopt},
    Deviation{"pool-closed-session", psrp::Errc{}, psrp::ClientErrc::ClosedByServer},
    Deviation{"framing-closeack-zero-unasked", psrp::Errc{}, psrp::ClientErrc::ClosedByServer},
};

psrp::Guid numbered(std::uint8_t number)
{
    psrp::Guid guid;
    guid.bytes.fill(0xB0);
    guid.bytes[15] = number;
    return guid;
}

// What a user can do to the host: nothing.
class NobodyThere final : public psrp::HostConsole {
public:
    bool can_ask() const override { return false; }
    void write(std::string_view text) override { written += text; }
    std::optional<std::string> ask(std::string_view) override { return std::nullopt; }
    std::optional<std::string> ask_secret(std::string_view) override { return std::nullopt; }
    void show_progress(const psrp::ProgressUpdate&) override {}

    std::string written;
};

// The script of the case as far as it matters: what the client does with the session.
enum class Script { Invoke, Stop, LookOn };

Script script_of(const json& fields)
{
    const std::string text = fields.at("client");
    if (text.find("$p.Stop()") != std::string::npos) return Script::Stop;
    return text.find("Invoke-Command") != std::string::npos ? Script::Invoke : Script::LookOn;
}

// Our client with a server that misbehaves, joined in memory.
class Play final : public psrp::SessionListener {
public:
    explicit Play(const json& fields)
        : script_(script_of(fields)),
          resets_(
              fields.at("client").get<std::string>().find("ResetRunspaceState") != std::string::npos
          ),
          server_(
              fields, {[](std::string_view) {}, [](double) {}, [this](int) { has_exited_ = true; }}
          ),
          responder_(console_)
    {
        auto transport = std::make_unique<psrp::LoopbackTransport>([this](psrp::BytesView bytes) {
            to_server_.append(bytes.begin(), bytes.end());
        });
        transport_ = transport.get();
        psrp::SessionOptions options;
        options.runspace_pool_id = numbered(0);
        session_ = std::make_unique<psrp::Session>(loop_, std::move(transport), options, *this);
    }

    // Runs until nothing more can happen, then does what the script would do next.
    void run()
    {
        REQUIRE(session_->open());
        for (int idle = 0; idle < 4 && !session_->has_ended();) {
            if (move()) {
                idle = 0;
                continue;
            }
            ++idle;
            if (server_.is_asleep())
                server_.go_on();
            else if (has_exited_)
                transport_->deliver_end();
            else
                on_idle(idle);
        }
        (void)move(); // the last lines of a session that has ended
    }

    void on_opened(psrp::Session& session) override
    {
        if (resets_) {
            const auto asked = session.reset_runspace_state();
            was_reset_refused = !asked;
        }
        if (script_ == Script::LookOn) return;
        const auto request = psrp::invocation_request(
            script_ == Script::Invoke ? " 1 + 1 " : "1 + 1", {}, psrp::HasInput::No
        );
        REQUIRE(session.start_pipeline(numbered(1), request));
    }

    void on_event(psrp::Session& session, psrp::ClientEvent& event) override
    {
        if (const auto* output = std::get_if<psrp::OutputReceived>(&event)) {
            outputs.push_back("OUT " + std::string(output->value.text()));
        } else if (const auto* error = std::get_if<psrp::ErrorReceived>(&event)) {
            error_ids.emplace_back(error->record.fully_qualified_error_id);
        } else if (auto* call = std::get_if<psrp::HostCallReceived>(&event)) {
            const auto response = responder_.respond(call->call, *call->memory);
            if (response) REQUIRE(session.respond(call->pipeline, *response));
            // The cmdlet adds its name to the identifier, which a session is not.
            if (const auto& failed = responder_.last_failure())
                error_ids.push_back(
                    std::string(failed->fully_qualified_error_id) +
                    ",Microsoft.PowerShell.Commands.InvokeCommandCommand"
                );
        } else if (const auto* answered = std::get_if<psrp::RunspaceCallAnswered>(&event)) {
            was_reset_refused = !answered->is_done;
        } else if (const auto* finished = std::get_if<psrp::PipelineFinished>(&event)) {
            ++finishes;
            state = finished->state;
            pipeline_error = finished->error;
            session_was_open = session.is_open();
            // Of a session that broke the reason is told once.
            if (finished->error_record && session_was_open &&
                state != psrp::PipelineState::Completed)
                error_ids.emplace_back(finished->error_record->fully_qualified_error_id);
            if (session_was_open) session.close();
        }
    }

    void on_input_wanted(psrp::Session&) override {}
    void on_ended(psrp::Session&, const psrp::SessionEnd& how) override { end = how; }

    [[nodiscard]] const std::vector<tests::Arrival>& written() const { return server_.heard(); }
    [[nodiscard]] const std::string& shown() const { return console_.written; }

    std::vector<std::string> outputs;
    std::vector<std::string> error_ids;
    int finishes = 0;
    bool was_reset_refused = false;
    psrp::PipelineState state = psrp::PipelineState::NotStarted;
    clixml::Error pipeline_error;
    bool session_was_open = false; // when the pipeline finished
    std::optional<psrp::SessionEnd> end;

private:
    bool move()
    {
        bool moved = session_->pump();
        if (!to_server_.empty()) {
            server_.hear(std::exchange(to_server_, {}));
            moved = true;
        }
        if (const std::string text = server_.take_output(); !text.empty()) {
            transport_->deliver(clixml::bytes_of(text));
            moved = true;
        }
        return moved;
    }

    void on_idle(int idle)
    {
        if (script_ == Script::Stop && idle == 1) (void)session_->stop(numbered(1));
        if (script_ == Script::LookOn && idle == 2) session_->close();
    }

    Script script_;
    bool resets_;
    psrp::EventLoop loop_ = *psrp::EventLoop::create();
    tests::BadServer server_;
    NobodyThere console_;
    psrp::HostResponder responder_;
    psrp::LoopbackTransport* transport_ = nullptr; // the session's
    std::unique_ptr<psrp::Session> session_;
    std::string to_server_;
    bool has_exited_ = false;
};

using Channels = std::map<std::string, std::vector<std::string>>;

Channels written_channels(const std::vector<tests::Arrival>& arrivals)
{
    Channels channels;
    for (const auto& one : arrivals) {
        const std::string what = one.is_message() ? one.summary : one.kind;
        channels[tests::BadServer::name_of(one.channel)].push_back(
            what + (one.stream.empty() ? "" : " on " + one.stream)
        );
    }
    return channels;
}

Channels expected_channels(const json& fields)
{
    Channels channels;
    for (const json& one : fields.at("expect")) {
        const std::string what = one.contains("element") ? one.at("element") : one.at("summary");
        const std::string stream = one.value("stream", "");
        channels[one.at("guid")].push_back(what + (stream.empty() ? "" : " on " + stream));
    }
    return channels;
}

bool starts_with_any(const std::string& text, std::initializer_list<const char*> starts)
{
    return std::any_of(starts.begin(), starts.end(), [&](const char* start) {
        return text.starts_with(start);
    });
}

// What PowerShell printed, as what should have come of the session.
struct Expected {
    std::vector<std::string> outputs;
    std::vector<std::string> error_ids;
    bool has_session_error = false;
    bool has_pipeline_error = false;
    bool has_reset_error = false;
    std::optional<psrp::PipelineState> state; // of a stopped pipeline
};

Expected expected_of(const json& fields)
{
    Expected expected;
    for (const json& printed : fields.at("printed")) {
        const std::string line = printed;
        if (line.starts_with("OUT "))
            expected.outputs.push_back(line);
        else if (starts_with_any(line, {"ERR PSSessionStateBroken", "ERR 210"}))
            expected.has_session_error = true;
        else if (line.find("ResetRunspaceState") != std::string::npos)
            expected.has_reset_error = true;
        else if (line.starts_with("ERR JobFailure"))
            expected.has_pipeline_error = true;
        else if (line.starts_with("ERR "))
            expected.error_ids.push_back(line.substr(4, line.find(" | ") - 4));
        else if (line.starts_with("STATE Stopped"))
            expected.state = psrp::PipelineState::Stopped;
    }
    return expected;
}

void check_end(const Play& play, const std::string& name, const Expected& expected)
{
    REQUIRE(play.end);
    const auto deviation =
        std::find_if(deviations.begin(), deviations.end(), [&](const Deviation& one) {
            return name == one.name;
        });
    if (deviation != deviations.end()) {
        if (deviation->client_error)
            CHECK(play.end->error.code == *deviation->client_error);
        else
            CHECK(play.end->error.code == deviation->error);
        return;
    }
    INFO(play.end->error.text() << ": " << play.end->reason);
    CHECK(static_cast<bool>(play.end->error.code) == expected.has_session_error);
    // A broken session says why in words, too.
    CHECK(play.end->reason.empty() != expected.has_session_error);
}

void check(const tests::VectorCase& one)
{
    Play play(one.fields);
    play.run();
    CHECK(written_channels(play.written()) == expected_channels(one.fields));
    const Expected expected = expected_of(one.fields);
    // A pipeline whose end throws keeps its output from the one who asked to stop it.
    if (!expected.state || !expected.outputs.empty()) CHECK(play.outputs == expected.outputs);
    check_end(play, one.name, expected);
    const bool is_script_error = play.finishes > 0 &&
                                 play.state != psrp::PipelineState::Completed &&
                                 play.session_was_open && play.pipeline_error.code;
    if (expected.state) {
        // The record of a stopped pipeline is its reason, whatever the server called it.
        CHECK(play.state == *expected.state);
        CHECK(play.session_was_open);
        return;
    }
    CHECK(play.error_ids == expected.error_ids);
    CHECK(play.was_reset_refused == expected.has_reset_error);
    CHECK(is_script_error == expected.has_pipeline_error);
    if (one.text("outcome") == "pipeline-failed")
        CHECK(play.state != psrp::PipelineState::Completed);
}

} // namespace

TEST_CASE("what misbehaving servers get from PowerShell they get from our client")
{
    std::size_t played = 0;
    for (const auto& one : tests::read_vector_file("psrp-bad/client.jsonl")) {
        INFO(one.where());
        check(one);
        ++played;
    }
    CHECK(played == 86);
}

namespace {

// A step of a server while the script runs, put into a recorded case that ends well.
json with_step(json fields, const json& step)
{
    json steps = json::array();
    for (const json& one : fields.at("send")) {
        // In the place of what made the recorded case one.
        const bool is_marked = one.is_object() && one.contains("message") &&
                               one.at("message").at("type") == "0x00041013";
        steps.push_back(is_marked ? step : one);
    }
    fields["send"] = steps;
    return fields;
}

json message(const char* type, const char* data, const char* channel = "$PID")
{
    json fields{{"type", type}, {"guid", channel}};
    if (data != nullptr) fields["data"] = data;
    return {{"message", fields}};
}

json with(json step, const char* name, const json& value)
{
    step["message"][name] = value;
    return step;
}

json whole_fragment(const char* channel, std::uint64_t object, std::uint64_t length)
{
    return {
        {"guid", channel},
        {"fragments",
         {{{"object", object}, {"fragment", 0}, {"flags", 3}, {"hex", "00"}, {"length", length}}}}};
}

enum class Ends { Well, PipelineFailed, SessionBroken, Stopped };

struct Row {
    const char* about;
    json step;
    Ends ends;
    std::error_code error = {};
};

std::vector<Row> rows_of_the_sheet()
{
    const char* pool = "$ZERO";
    const char* host_call = "0x00041100";
    // clang-format off
    return {
        {"a null object", message("0x00041004", nullptr), Ends::Well},
        {"two values", message("0x00041004", "<S>a</S><S>b</S>"), Ends::PipelineFailed},
        {"a document type", message("0x00041004", "<!DOCTYPE S [<!ENTITY a \"b\">]><S>&a;</S>"), Ends::PipelineFailed},
        {"addressed to a server", with(message("0x00041004", "<S>a</S>"), "to", 2), Ends::PipelineFailed, psrp::Errc::WrongDestination},
        {"another pool's output", with(message("0x00041004", "<S>a</S>"), "rpid", "aabbccdd-0011-2233-4455-66778899aab2"), Ends::PipelineFailed, psrp::Errc::WrongRunspacePool},
        {"no byte order mark", with(message("0x00041013", "<S>a</S>"), "bom", false), Ends::Well},
        {"a number without a target", message("0x00000012", "<S>x</S>"), Ends::Well},
        {"pipeline state 0", message("0x00041006", "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">0</I32></MS></Obj>"), Ends::Well},
        {"pipeline state 99", message("0x00041006", "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">99</I32></MS></Obj>"), Ends::Well},
        {"pipeline state Disconnected", message("0x00041006", "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">6</I32></MS></Obj>"), Ends::Stopped},
        {"a state without data", message("0x00041006", nullptr), Ends::PipelineFailed, psrp::Errc::MissingPayload},
        {"an error record that is text", message("0x00041005", "<S>x</S>"), Ends::PipelineFailed, psrp::Errc::NotAPropertyBag},
        {"pool state Closing", message("0x00021005", "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">4</I32></MS></Obj>", pool), Ends::Well},
        {"a pool state without data", message("0x00021005", nullptr, pool), Ends::SessionBroken, psrp::Errc::MissingPayload},
        {"CLOSE_SESSION", message("0x00010003", "", pool), Ends::SessionBroken, psrp::Errc::SessionClosedByPeer},
        {"an unknown session message", message("0x00010009", "<S>x</S>", pool), Ends::SessionBroken, psrp::Errc::UnknownMessageType},
        {"a client's session message", message("0x00010004", "<S>x</S>", pool), Ends::SessionBroken, psrp::Errc::UnknownMessageType},
        {"host method 57", message(host_call, "<Obj RefId=\"0\"><MS><I64 N=\"ci\">5</I64><I32 N=\"mi\">57</I32><Obj N=\"mp\" RefId=\"1\"><LST /></Obj></MS></Obj>"), Ends::PipelineFailed, psrp::Errc::UnknownHostMethod},
        {"a host call without parameters", message(host_call, "<Obj RefId=\"0\"><MS><I64 N=\"ci\">5</I64><I32 N=\"mi\">11</I32></MS></Obj>"), Ends::PipelineFailed, psrp::Errc::MissingProperty},
        {"too many parameters", message(host_call, "<Obj RefId=\"0\"><MS><I64 N=\"ci\">5</I64><I32 N=\"mi\">11</I32><Obj N=\"mp\" RefId=\"1\"><LST><S>x</S></LST></Obj></MS></Obj>"), Ends::PipelineFailed, psrp::Errc::TooManyHostParameters},
        {"a length that overflows", whole_fragment("$PID", 9, 0x7FFFFFFF), Ends::PipelineFailed, fragmenter::Errc::FragmentTooBig},
        {"an object of 300 MiB announced", whole_fragment("$PID", 9, 300ULL << 20), Ends::PipelineFailed, fragmenter::Errc::ObjectBytesExceeded},
        {"object id 0 for the session", whole_fragment(pool, 0, 1), Ends::SessionBroken, fragmenter::Errc::ObjectIdNotPositive},
        {"an XML declaration", "<?xml version='1.0'?>", Ends::SessionBroken, psrp::TransportErrc::UnknownNodeType},
        {"a line of blanks", "   ", Ends::SessionBroken, psrp::TransportErrc::UnknownNodeType},
        {"a comment", "<!-- c -->", Ends::Well},
        {"SignalAck for the session", "<SignalAck PSGuid='$ZERO' />", Ends::SessionBroken, psrp::TransportErrc::SignalForSession},
        {"CloseAck that nobody asked for", "<CloseAck PSGuid='$PID' />", Ends::Well},
        {"DataAck for an unknown pipeline", "<DataAck PSGuid='aabbccdd-0011-2233-4455-66778899aab2' />", Ends::Well},
        {"CommandAck twice", "<CommandAck PSGuid='$PID' />", Ends::Well},
        {"an acknowledgement with two attributes", "<DataAck PSGuid='$PID' X='1' />", Ends::SessionBroken, psrp::TransportErrc::WrongAttributeCount},
        {"an unknown element", "<Foo PSGuid='$PID' />", Ends::SessionBroken, psrp::TransportErrc::UnknownElement},
    };
    // clang-format on
}

} // namespace

TEST_CASE("what PowerShell is known to do with servers beyond the recorded ones, our client does")
{
    const auto all = tests::read_vector_file("psrp-bad/client.jsonl");
    const auto base = std::find_if(all.begin(), all.end(), [](const tests::VectorCase& one) {
        return one.name == "type-pipeline";
    });
    REQUIRE(base != all.end());
    for (const Row& row : rows_of_the_sheet()) {
        INFO(row.about);
        Play play(with_step(base->fields, row.step));
        play.run();
        REQUIRE(play.end);
        CHECK(static_cast<bool>(play.end->error.code) == (row.ends == Ends::SessionBroken));
        CHECK(play.finishes == 1);
        if (row.ends == Ends::Well) CHECK(play.state == psrp::PipelineState::Completed);
        if (row.ends == Ends::Stopped) CHECK(play.state == psrp::PipelineState::Stopped);
        if (row.ends == Ends::PipelineFailed) CHECK(play.state == psrp::PipelineState::Failed);
        if (row.error) {
            const bool is_session = row.ends == Ends::SessionBroken;
            CHECK((is_session ? play.end->error : play.pipeline_error).code == row.error);
        }
        // Whatever happened, the server was told the end of the command and of the session.
        const auto written = written_channels(play.written());
        CHECK(written.at("pid").back() == "Close");
        CHECK(written.at("zero").back() == "Close");
    }
}

TEST_CASE("every deviation from PowerShell's answers to servers is told in the README")
{
    const auto readme = tests::read_whole_file(tests::vector_path("README.md"));
    for (const Deviation& deviation : deviations) {
        INFO(deviation.name);
        CHECK(readme.find("`client/" + std::string(deviation.name) + "`") != std::string::npos);
    }
}
