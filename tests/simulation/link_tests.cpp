#include <tests/simulation/simulated_session.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace {

tests::SimulationPlan random_plan(std::uint64_t seed)
{
    std::mt19937_64 engine(seed * 7919);
    tests::SimulationPlan plan;
    plan.seed = seed;
    plan.pipelines = 1 + static_cast<int>(engine() % 4);
    plan.runspaces_max = 1 + static_cast<int>(engine() % 3);
    plan.inputs = static_cast<int>(engine() % 12);
    plan.text_bytes = engine() % 20 == 0 ? 40'000 : engine() % 600;
    plan.host_calls = engine() % 2 == 0 ? static_cast<int>(engine() % 5) : 0;
    if (engine() % 3 == 0) plan.stopped_pipeline = static_cast<int>(engine() % 4);
    return plan;
}

// What came back is what was written, from the first on, nothing lost between.
void check_outputs(const tests::SimulatedSession& session, const tests::SimulatedPipeline& pipeline)
{
    REQUIRE(pipeline.outputs.size() <= static_cast<std::size_t>(pipeline.inputs_written));
    for (std::size_t i = 0; i < pipeline.outputs.size(); ++i)
        CHECK(pipeline.outputs[i] == session.input_text(static_cast<int>(i)));
}

// The first seed is PSRP_SEED where that is set: who has time walks on.
std::uint64_t first_seed()
{
    const char* text = std::getenv("PSRP_SEED");
    return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// A part of the sessions, so that each stays well within a test's time.
void run_part(std::uint64_t part)
{
    constexpr std::uint64_t session_count = 600;
    const std::uint64_t first = first_seed() + part * session_count;
    std::cout << "seeds " << first << " to " << first + session_count - 1 << '\n';
    for (std::uint64_t seed = first; seed < first + session_count; ++seed) {
        const auto plan = random_plan(seed);
        tests::SimulatedSession session(plan);
        INFO("seed " << seed);
        REQUIRE(session.run());
        CHECK(session.complaint == "");
        CHECK(session.opened == 1);
        CHECK(session.closed == 1);
        CHECK(session.broken == 0);
        CHECK(session.sessions_ended == 1);
        CHECK(session.pipelines.size() == static_cast<std::size_t>(plan.pipelines));
        int number = 0;
        for (const auto& [id, pipeline] : session.pipelines) {
            const bool may_stop = plan.stopped_pipeline == number++;
            CHECK(pipeline.finishes == 1);
            check_outputs(session, pipeline);
            if (pipeline.state == psrp::PipelineState::Completed)
                CHECK(pipeline.outputs.size() == static_cast<std::size_t>(plan.inputs));
            else
                CHECK((may_stop && pipeline.state == psrp::PipelineState::Stopped));
        }
        if (!plan.stopped_pipeline)
            CHECK(session.host_calls_answered == plan.host_calls * plan.pipelines);
    }
}

} // namespace

TEST_CASE("nothing is lost, doubled or reordered on any link, and every session ends, first part")
{
    run_part(0);
}

TEST_CASE("nothing is lost, doubled or reordered on any link, and every session ends, second part")
{
    run_part(1);
}

TEST_CASE("nothing is lost, doubled or reordered on any link, and every session ends, third part")
{
    run_part(2);
}

TEST_CASE("nothing is lost, doubled or reordered on any link, and every session ends, fourth part")
{
    run_part(3);
}

TEST_CASE("a link cut after any packet breaks the client and ends the server")
{
    tests::SimulationPlan plan;
    plan.pipelines = 2;
    plan.inputs = 4;
    plan.host_calls = 2;
    plan.text_bytes = 300;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        plan.seed = seed;
        plan.cut_after.reset();
        tests::SimulatedSession whole(plan);
        REQUIRE(whole.run());
        REQUIRE(whole.closed == 1);
        for (std::size_t packets = 0; packets < whole.packets; ++packets) {
            plan.cut_after = packets;
            tests::SimulatedSession session(plan);
            INFO("seed " << seed << ", cut after packet " << packets);
            REQUIRE(session.run());
            CHECK(session.complaint == "");
            CHECK(session.broken + session.closed == 1);
            // A session that was closed in time leaves room for another, which the cut ends before
            // it begins.
            CHECK(session.sessions_ended >= 1);
            CHECK(session.sessions_ended <= 2);
            for (const auto& [id, pipeline] : session.pipelines) {
                CHECK(pipeline.finishes == 1);
                check_outputs(session, pipeline);
            }
        }
    }
}
