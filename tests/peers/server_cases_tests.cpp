// Every case of vectors/psrp-bad/server.jsonl, played to `psrp serve`: what came back must be what
// PowerShell answered, channel by channel, but for the deviations named here and in
// vectors/README.md.
#include <tests/peers/arrivals.hpp>
#include <tests/peers/piped_process.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// How long an answer that is due may take, and one that is not.
constexpr milliseconds due_wait{20'000};
constexpr milliseconds undue_wait{50};
// 4000 modulo 256.
constexpr int server_exit_code = 160;

enum class Errors { AsRecorded, Reported };

// One line a deviation, in the order of the file; the reasons are in vectors/README.md.
struct Deviation {
    const char* name;
    const char* channel;                       // where messages differ; "" = nowhere
    std::vector<std::string> messages;         // what comes there instead
    std::vector<std::string> acknowledgements; // that come beside those recorded
    Errors errors; // whether an error is reported where PowerShell is silent
};

const std::string stopped = "PIPELINE_STATE 3 FullyQualifiedErrorId=PipelineStopped";
const std::string failed_channel =
    "PIPELINE_STATE 5 FullyQualifiedErrorId=PSRemotingTransportException";
const std::string failed_request =
    "PIPELINE_STATE 5 FullyQualifiedErrorId=PSRemotingDataStructureException";

const std::vector<std::string> closed_session{
    "SESSION_CAPABILITY protocolversion=2.4 PSVersion=2.0 SerializationVersion=1.1.0.1",
    "APPLICATION_PRIVATE_DATA PSRemotingProtocolVersion=2.4",
    "RUNSPACEPOOL_STATE 2",
    "RUNSPACEPOOL_STATE 4",
    "RUNSPACEPOOL_STATE 3"};

// clang-format off
const std::vector<Deviation> deviations{
    {"fragment-object-id-zero", "pid", {failed_channel}, {}, Errors::AsRecorded},
    {"fragment-length-huge", "pid", {failed_channel}, {}, Errors::AsRecorded},
    {"version-3.0", "", {}, {}, Errors::Reported},
    {"serialization-2.0", "", {}, {}, Errors::Reported},
    {"init-before-capability", "", {}, {}, Errors::Reported},
    {"create-no-PowerShell", "pid", {failed_request}, {}, Errors::AsRecorded},
    {"create-cmds-empty", "pid", {failed_request}, {}, Errors::AsRecorded},
    {"create-extracmds-one", "pid", {"PIPELINE_OUTPUT <S>a</S>", "PIPELINE_STATE 4"}, {}, Errors::AsRecorded},
    {"create-arg-name-empty", "pid", {failed_request}, {}, Errors::AsRecorded},
    {"create-truncated", "pid", {failed_request}, {}, Errors::AsRecorded},
    {"close-session-with-finished-command", "zero", closed_session, {"CloseAck zero"}, Errors::AsRecorded},
};
// clang-format on

const Deviation* deviation_of(const std::string& name)
{
    const auto found = std::find_if(deviations.begin(), deviations.end(), [&](const auto& one) {
        return name == one.name;
    });
    return found == deviations.end() ? nullptr : &*found;
}

const std::map<std::string, std::string> guids{
    {"00000000-0000-0000-0000-000000000000", "zero"},
    {"aabbccdd-0011-2233-4455-66778899aabb", "pid"},
    {"aabbccdd-0011-2233-4455-66778899aab2", "pid2"},
    {"aabbccdd-0011-2233-4455-66778899aab3", "pid3"},
};

std::string name_of(const psrp::Guid& channel)
{
    const auto found = guids.find(channel.text());
    return found == guids.end() ? channel.text() : found->second;
}

// What came on each channel: messages and closes in order, other acknowledgements counted, because
// PowerShell does not order them against the messages.
struct Heard {
    std::map<std::string, std::vector<std::string>> messages;
    std::map<std::string, int> acknowledgements;
    std::size_t texts = 0;

    void add(const std::string& kind, const std::string& channel, const std::string& summary)
    {
        if (kind == "text")
            ++texts;
        else if (kind.starts_with("0x"))
            messages[channel].push_back(tests::kind_of_summary(summary));
        else
            ++acknowledgements[kind + " " + channel];
    }
    // Whether nothing of `other` is missing.
    [[nodiscard]] bool covers(const Heard& other) const
    {
        for (const auto& [channel, wanted] : other.messages) {
            const auto found = messages.find(channel);
            if (found == messages.end() || found->second.size() < wanted.size()) return false;
        }
        for (const auto& [what, count] : other.acknowledgements) {
            const auto found = acknowledgements.find(what);
            if (found == acknowledgements.end() || found->second < count) return false;
        }
        return texts >= other.texts;
    }
};

Heard expected_of(const tests::VectorCase& one, const Deviation* deviation)
{
    Heard expected;
    for (const json& entry : one.fields.at("expect")) {
        if (entry.contains("text"))
            expected.add("text", {}, {});
        else if (entry.contains("element"))
            expected.add(entry.at("element"), entry.at("guid"), {});
        else
            expected.add(entry.at("type"), entry.at("guid"), entry.at("summary"));
    }
    if (deviation != nullptr && *deviation->channel != '\0') {
        expected.messages[deviation->channel].clear();
        for (const std::string& message : deviation->messages)
            expected.messages[deviation->channel].push_back(message);
    }
    if (deviation != nullptr) {
        for (const std::string& what : deviation->acknowledgements)
            ++expected.acknowledgements[what];
    }
    return expected;
}

// A client that says what the case says.
class BadClient {
public:
    explicit BadClient(const tests::VectorCase& one)
        : case_(one), deviation_(deviation_of(one.name)), expected_(expected_of(one, deviation_)),
          server_({std::string(PSRP_PROGRAM_DIR) + "/psrp", "serve", switch_of(one)})
    {
        for (const json& wait : one.fields.value("unanswered", json::array()))
            unanswered_expected_.insert(wait.get<std::string>());
        // Where we answer after all, there is no wait without an answer.
        if (deviation_ != nullptr) unanswered_expected_.clear();
        reports_error_ = one.has("stderr_contains") ||
                         (deviation_ != nullptr && deviation_->errors == Errors::Reported);
    }

    void play()
    {
        for (const json& step : case_.fields.at("send"))
            take(step);
        settle();
        const bool has_ended = server_.has_ended();
        CHECK(has_ended == case_.has("exit_code"));
        const std::string errors = server_.errors();
        check(errors);
        const std::size_t before_end = arrivals_.all().size();
        server_.close_input();
        while (!server_.has_ended())
            listen(due_wait);
        CHECK(server_.wait() == server_exit_code);
        check_farewell(before_end);
        // PowerShell says the reason on its error channel; ours is worded otherwise.
        if (case_.text("server") == "-s") CHECK_FALSE(server_.errors().empty());
    }

private:
    static std::string switch_of(const tests::VectorCase& one)
    {
        return one.text("server") == "-s" ? "-s" : "--stdio";
    }

    void take(const json& step)
    {
        if (step.is_string())
            server_.write(step.get<std::string>() + "\n");
        else if (step.contains("raw"))
            server_.write(step.at("raw").get<std::string>());
        else if (step.contains("eof"))
            server_.close_input();
        else
            wait_for(step.at("wait"), step.value("guid", ""));
    }

    void wait_for(const std::string& kind, const std::string& channel)
    {
        const std::string label = channel.empty() ? kind : kind + " " + channel;
        const bool is_due = !unanswered_expected_.contains(label);
        const auto until = Clock::now() + (is_due ? due_wait : undue_wait);
        while (!find(kind, channel)) {
            const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
            if (left.count() <= 0 || server_.has_ended()) {
                INFO("wait for " << label);
                CHECK_FALSE(is_due);
                return;
            }
            listen(left);
        }
    }

    bool find(const std::string& kind, const std::string& channel)
    {
        const auto& all = arrivals_.all();
        for (std::size_t i = 0; i < all.size(); ++i) {
            const bool is_it = all[i].kind == kind &&
                               (channel.empty() || name_of(all[i].channel) == channel) &&
                               !waited_for_.contains(i);
            if (!is_it) continue;
            waited_for_.insert(i);
            return true;
        }
        return false;
    }

    void listen(milliseconds wait)
    {
        (void)server_.read(wait); // nothing may have come
        arrivals_.add(server_.take_output());
    }

    [[nodiscard]] Heard heard(std::size_t begin) const
    {
        Heard heard;
        const auto& all = arrivals_.all();
        for (std::size_t i = begin; i < all.size(); ++i)
            heard.add(all[i].kind, name_of(all[i].channel), all[i].summary);
        return heard;
    }

    // Waits for all that is due.
    void settle()
    {
        const auto until = Clock::now() + due_wait;
        const bool ends = case_.has("exit_code");
        while (Clock::now() < until && !server_.has_ended()) {
            const bool is_all = !ends && heard(0).covers(expected_) &&
                                (!reports_error_ || !server_.errors().empty());
            if (is_all) return;
            listen(milliseconds(50));
        }
    }

    void check(const std::string& errors)
    {
        const Heard was = heard(0);
        CHECK(was.messages == expected_.messages);
        CHECK(was.acknowledgements == expected_.acknowledgements);
        CHECK((was.texts > 0) == (expected_.texts > 0));
        if (case_.text("server") != "-s") return;
        CHECK(errors.empty() != reports_error_);
        const std::string transport_error = "Remote transport error:";
        if (case_.has("stderr_contains") &&
            case_.text("stderr_contains").starts_with(transport_error))
            CHECK(errors.starts_with(transport_error));
    }

    // At the end of its input an open session is closed, with what runs in it.
    void check_farewell(std::size_t begin)
    {
        const Heard last = heard(begin);
        CHECK(last.acknowledgements.empty());
        for (const auto& [channel, messages] : last.messages) {
            if (channel == "zero")
                CHECK(
                    messages ==
                    std::vector<std::string>{"RUNSPACEPOOL_STATE 4", "RUNSPACEPOOL_STATE 3"}
                );
            else
                CHECK(messages == std::vector<std::string>{stopped});
        }
    }

    const tests::VectorCase& case_;
    const Deviation* deviation_;
    Heard expected_;
    std::set<std::string> unanswered_expected_;
    bool reports_error_ = false;
    tests::PipedProcess server_;
    tests::Arrivals arrivals_{psrp::ElementSender::Server};
    std::set<std::size_t> waited_for_; // indices of arrivals
};

} // namespace

namespace {

// Every third case, from `first` on: each part stays well within a test's time.
void play_every_third(std::size_t first)
{
    const auto all = tests::read_vector_file("psrp-bad/server.jsonl");
    CHECK(all.size() == 102);
    for (std::size_t i = first; i < all.size(); i += 3) {
        // It ends after 240 s; key_exchange_tests.cpp plays that with a clock of its own.
        if (all[i].name == "securestring-in-without-key") continue;
        INFO(all[i].where());
        BadClient(all[i]).play();
    }
}

} // namespace

TEST_CASE("what misbehaving clients get from PowerShell they get from psrp serve, first part")
{
    play_every_third(0);
}

TEST_CASE("what misbehaving clients get from PowerShell they get from psrp serve, second part")
{
    play_every_third(1);
}

TEST_CASE("what misbehaving clients get from PowerShell they get from psrp serve, third part")
{
    play_every_third(2);
}

TEST_CASE("every deviation from PowerShell's answers to clients is told in the README")
{
    const auto readme = tests::read_whole_file(tests::vector_path("README.md"));
    for (const Deviation& deviation : deviations) {
        INFO(deviation.name);
        CHECK(readme.find("`server/" + std::string(deviation.name) + "`") != std::string::npos);
    }
}
