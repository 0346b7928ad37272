// A server that says what a case of vectors/psrp-bad/client.jsonl says, without I/O of its own.
#pragma once

#include <tests/peers/arrivals.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tests {

class BadServer {
public:
    // What a step can do beside writing. After `sleep` only acknowledgements are written until
    // go_on() is called; `exit` ends the play.
    struct Effects {
        std::function<void(std::string_view)> write_error;
        std::function<void(double)> sleep;
        std::function<void(int)> exit;
    };

    BadServer(const nlohmann::json& one_case, Effects effects);

    // Takes what the client wrote, answers what is to be answered at once, and goes on with the
    // steps as far as they can go.
    void hear(std::string_view text);
    // Goes on after a sleep.
    void go_on();
    // What it has written and has not been taken.
    std::string take_output();

    // Everything that the client wrote.
    [[nodiscard]] const std::vector<Arrival>& heard() const { return arrivals_.all(); }
    // "zero", "pid" for any other channel.
    static std::string name_of(const psrp::Guid& channel);
    // Whether it has said all it has to say.
    [[nodiscard]] bool is_done() const { return is_over_ || step_ == steps_.size(); }
    [[nodiscard]] bool is_asleep() const { return is_asleep_; }

private:
    void answer(std::string_view line);
    void run();
    bool take(const nlohmann::json& step);
    bool wait_for(const std::string& kind);
    [[nodiscard]] std::string expanded(std::string text) const;
    [[nodiscard]] psrp::Guid guid_of(const std::string& text) const;
    [[nodiscard]] psrp::Bytes message_of(const nlohmann::json& fields) const;
    void say_message(const nlohmann::json& fields);
    void say_fragments(const nlohmann::json& step);
    void say_data(const psrp::Guid& channel, psrp::BytesView bytes);

    nlohmann::json steps_;
    std::set<std::string> automatic_;
    Effects effects_;
    Arrivals arrivals_{psrp::ElementSender::Client};
    std::set<std::size_t> waited_for_; // indices of arrivals
    std::string pending_;              // a line that is not whole yet
    std::string output_;
    std::size_t step_ = 0;
    std::uint64_t last_object_id_ = 0;
    std::optional<psrp::Guid> runspace_pool_; // $RPID
    std::optional<psrp::Guid> pipeline_;      // $PID
    std::optional<psrp::Guid> command_;       // $CMD
    bool is_asleep_ = false;
    bool is_over_ = false;
};

} // namespace tests
