// A server pool survives any bytes of a client on the session and on a command channel, in any
// pieces: every piece is acknowledged once, and a client that is gone ends the session as soon as
// its pipelines are finished.
#include <fuzz/fuzz_input.hpp>
#include <fuzz/pool_peer.hpp>
#include <psrp/protocol/server_pool.hpp>

#include <set>

namespace {

struct Owner {
    psrp::ServerPool pool{[] {
        psrp::ServerPoolOptions options;
        options.limits.object_bytes_max = 1 << 20;
        return options;
    }()};
    std::multiset<psrp::Guid> running;
    std::size_t acknowledged = 0;
    bool has_ended = false;

    void drain()
    {
        while (auto event = pool.next_event()) {
            if (std::holds_alternative<psrp::PoolRequested>(*event))
                (void)pool.accept_pool({});
            else if (const auto* request = std::get_if<psrp::PipelineRequested>(&*event)) {
                running.insert(request->pipeline);
                (void)pool.write_output(request->pipeline, psrp::Value::int32(1));
            } else if (const auto* metadata = std::get_if<psrp::CommandMetadataRequested>(&*event))
                running.insert(metadata->pipeline);
            else if (std::holds_alternative<psrp::SessionEnded>(*event))
                has_ended = true;
        }
        while (auto action = pool.next_action())
            acknowledged += std::holds_alternative<psrp::AcknowledgeData>(*action);
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes)
{
    fuzz::Input input(bytes, size_bytes);
    const auto ids = fuzz::ids_of(input.rest());
    Owner owner;
    std::size_t pieces = 0;
    const auto receive = [&](const psrp::Guid& channel, psrp::Stream stream, psrp::BytesView piece
                         ) {
        (void)owner.pool.receive(channel, stream, piece); // an error is an answer
        owner.drain();
        fuzz::require(owner.acknowledged == ++pieces, "every piece is acknowledged once");
    };
    // Messages of a pipeline need an open pool; those of a session open it themselves.
    const bool has_pipeline = !ids.pipeline.is_zero();
    if (has_pipeline) {
        for (const psrp::AnyMessage& message :
             {psrp::AnyMessage(psrp::SessionCapability{}),
              psrp::AnyMessage(psrp::InitRunspacePool{})})
            receive(
                {}, psrp::Stream::Default, fuzz::fragments(psrp::Destination::Server, ids, message)
            );
        fuzz::require(owner.pool.state() == psrp::RunspacePoolState::Opened, "it opens");
        owner.pool.command_requested(ids.pipeline);
    }
    while (!input.is_empty()) {
        const auto decision = input.take_decision();
        const auto stream =
            decision % 16 == 1 ? psrp::Stream::PromptResponse : psrp::Stream::Default;
        receive(ids.pipeline, stream, input.take_bytes(1 + input.take_below(512)));
        if (decision % 16 == 2) owner.pool.signal_requested(ids.pipeline);
    }
    owner.pool.input_ended();
    owner.drain();
    for (const auto& id : owner.running)
        (void)owner.pool.finish(id, psrp::PipelineState::Stopped);
    owner.drain();
    fuzz::require(owner.has_ended, "the session has ended");
    return 0;
}
