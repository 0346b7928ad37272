// Threads that judge logins: hashes are meant to be slow, PAM asks others, GSSAPI writes its cache
// of replays. The loop that serves everybody goes on meanwhile.
#pragma once

#include <psrp/http/server_login.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace psrp::detail {

// A bounded pool whose threads are started when there is work for them. What waits is bounded by
// who posts: one job a connection.
class LoginWorkers {
public:
    using Job = std::function<LoginVerdict()>;

    // Error: the errno value, where no descriptors are left.
    static Result<std::unique_ptr<LoginWorkers>> create(std::size_t threads_max);
    // Waits for the jobs under way; those not begun are forgotten.
    ~LoginWorkers();
    LoginWorkers(const LoginWorkers&) = delete;
    LoginWorkers& operator=(const LoginWorkers&) = delete;

    // Has `job` run on one of the threads; `id` comes back with its verdict.
    void post(std::uint64_t id, Job job);
    // The next verdict that has come.
    std::optional<std::pair<std::uint64_t, LoginVerdict>> take();
    // Can be read when take() may have something.
    [[nodiscard]] int descriptor() const { return wake_.reader.number(); }
    // Reads away what made descriptor() readable; call it before take().
    void drain();

private:
    LoginWorkers(std::size_t threads_max, Pipe wake);
    void run();

    const std::size_t threads_max_;
    const Pipe wake_;
    std::mutex mutex_;
    std::condition_variable has_work_;
    std::deque<std::pair<std::uint64_t, Job>> jobs_;              // under mutex_
    std::deque<std::pair<std::uint64_t, LoginVerdict>> verdicts_; // under mutex_
    std::size_t idle_count_ = 0;                                  // under mutex_
    bool is_ending_ = false;                                      // under mutex_
    std::vector<std::thread> threads_;
};

} // namespace psrp::detail
