// A client and a server joined by a link that cuts, joins and delays bytes as a seed decides. The
// owner of the server echoes input; the owner of the client writes numbers and checks what comes
// back.
#pragma once

#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/server_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace tests {

struct SimulationPlan {
    std::uint64_t seed = 1;
    int pipelines = 1;
    int runspaces_max = 1;
    int inputs = 3;                       // of each pipeline
    std::size_t text_bytes = 10;          // of each input
    int host_calls = 0;                   // of each pipeline, at any moment of it
    std::optional<int> stopped_pipeline;  // stopped at some moment
    std::optional<std::size_t> cut_after; // packets delivered before the link is cut
};

// What one pipeline came to.
struct SimulatedPipeline {
    int inputs_written = 0;
    bool input_has_ended = false;
    std::vector<std::string> outputs;
    int finishes = 0;
    psrp::PipelineState state = psrp::PipelineState::NotStarted;
};

class SimulatedSession {
public:
    explicit SimulatedSession(const SimulationPlan& plan);

    // Runs until nothing more can happen. False where it did not come to an end within a generous
    // number of steps.
    bool run();

    std::map<psrp::Guid, SimulatedPipeline> pipelines;
    int opened = 0;
    int closed = 0;
    int broken = 0;
    int sessions_ended = 0;
    int host_calls_answered = 0;
    std::size_t packets = 0; // delivered, both ways
    std::string complaint;   // the first thing that must not happen, or empty

    // The text of the input with this number.
    [[nodiscard]] std::string input_text(int number) const;
    [[nodiscard]] psrp::RunspacePoolState client_state() const { return client_.state(); }

private:
    struct ServedPipeline {
        std::deque<std::string> echoes;
        bool input_has_ended = false;
        bool is_to_stop = false;
        std::int64_t calls_made = 0;
        std::set<std::int64_t> open_calls; // without their answer
    };
    struct Question {
        psrp::Guid pipeline;
        std::int64_t call_id = 0;
    };

    bool chance(unsigned percent) { return engine_() % 100 < percent; }
    void complain(const std::string& what);
    bool step_client();
    bool step_server();
    bool deliver_to_server();
    bool deliver_to_client();
    void drive_client();
    void serve(const psrp::ServerEvent& event);
    void note(const psrp::ClientEvent& event);
    void receive_in_pieces(const psrp::Guid& channel, psrp::BytesView bytes);
    void cut();
    void ask_host(const psrp::Guid& id, ServedPipeline& served);
    void on_answer(const psrp::HostResponseReceived& received);
    void answer_some();

    SimulationPlan plan_;
    std::mt19937_64 engine_;
    psrp::ClientPool client_;
    psrp::ServerPool server_;
    std::deque<psrp::ClientAction> to_server_;
    std::deque<psrp::ServerAction> to_client_;
    std::map<psrp::Guid, ServedPipeline> served_;
    std::deque<Question> questions_; // to the client's host, in order
    bool is_cut_ = false;
    bool was_closed_ = false;
};

} // namespace tests
