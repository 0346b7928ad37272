// A client pool survives any bytes of a server on the session and on a command channel, in any
// pieces: every started pipeline ends exactly once, and a lost transport ends everything.
#include <fuzz/fuzz_input.hpp>
#include <fuzz/pool_peer.hpp>
#include <psrp/protocol/client_pool.hpp>

namespace {

int drain(psrp::ClientPool& pool)
{
    int finished = 0;
    while (auto action = pool.next_action()) {
        if (const auto* send = std::get_if<psrp::Send>(&*action))
            pool.data_sent(send->channel);
        else if (const auto* command = std::get_if<psrp::OpenCommand>(&*action))
            pool.command_opened(command->pipeline);
    }
    while (auto event = pool.next_event())
        finished += std::holds_alternative<psrp::PipelineFinished>(*event) ? 1 : 0;
    return finished;
}

// What a server says until the pool is open, and a pipeline that the seed's messages may be for.
void open_with_pipeline(psrp::ClientPool& pool, const fuzz::SeedIds& ids)
{
    using psrp::Destination;
    for (const psrp::AnyMessage& message :
         {psrp::AnyMessage(psrp::SessionCapability{}),
          psrp::AnyMessage(psrp::RunspacePoolStateMessage{})})
        fuzz::require(
            pool.receive({}, fuzz::fragments(Destination::Client, ids, message)).has_value(),
            "it opens"
        );
    psrp::CreatePipeline create;
    create.power_shell.statements = {{psrp::Command{}}};
    fuzz::require(pool.start_pipeline(ids.pipeline, create).has_value(), "a pipeline starts");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes)
{
    fuzz::Input input(bytes, size_bytes);
    const auto ids = fuzz::ids_of(input.rest());
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = ids.pool;
    options.limits.object_bytes_max = 1 << 20;
    psrp::ClientPool pool(options);
    fuzz::require(pool.open().has_value(), "a fresh pool opens");
    // Messages of a pipeline need one; those of a session open the pool themselves.
    const bool has_pipeline = !ids.pipeline.is_zero();
    if (has_pipeline) open_with_pipeline(pool, ids);
    const bool stops = input.take_decision() % 4 == 0;
    int finished = 0;
    while (!input.is_empty()) {
        const auto piece = input.take_bytes(1 + input.take_below(512));
        (void)pool.receive(ids.pipeline, piece); // an error is an answer
        finished += drain(pool);
        if (has_pipeline && stops) (void)pool.stop(ids.pipeline); // may have ended
    }
    pool.transport_failed({}, "end");
    finished += drain(pool);
    fuzz::require(finished == (has_pipeline ? 1 : 0), "a pipeline ends once");
    const auto state = pool.state();
    fuzz::require(
        state == psrp::RunspacePoolState::Broken || state == psrp::RunspacePoolState::Closed,
        "it has ended"
    );
    return 0;
}
