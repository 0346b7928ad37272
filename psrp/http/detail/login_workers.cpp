#include <psrp/http/detail/login_workers.hpp>

#include <string>

namespace psrp::detail {

Result<std::unique_ptr<LoginWorkers>> LoginWorkers::create(std::size_t threads_max)
{
    PSRP_TRY(auto wake, make_pipe());
    PSRP_CHECK(set_nonblocking(wake.reader.number()));
    PSRP_CHECK(set_nonblocking(wake.writer.number()));
    return std::unique_ptr<LoginWorkers>(new LoginWorkers(threads_max, std::move(wake)));
}

LoginWorkers::LoginWorkers(std::size_t threads_max, Pipe wake)
    : threads_max_(threads_max), wake_(std::move(wake))
{
}

LoginWorkers::~LoginWorkers()
{
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_ending_ = true;
        jobs_.clear();
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
}

void LoginWorkers::post(std::uint64_t id, Job job)
{
    bool needs_thread = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        jobs_.emplace_back(id, std::move(job));
        needs_thread = jobs_.size() > idle_count_ && threads_.size() < threads_max_;
    }
    if (needs_thread) threads_.emplace_back([this] { run(); });
    has_work_.notify_one();
}

std::optional<std::pair<std::uint64_t, LoginVerdict>> LoginWorkers::take()
{
    const std::lock_guard<std::mutex> lock(mutex_);
    if (verdicts_.empty()) return std::nullopt;
    auto verdict = std::move(verdicts_.front());
    verdicts_.pop_front();
    return verdict;
}

void LoginWorkers::drain()
{
    std::string bytes;
    constexpr std::size_t bytes_max = 4096;
    while (true) {
        const auto read = read_some(wake_.reader.number(), bytes_max, bytes);
        if (!read || *read != ReadOutcome::Some) return;
        bytes.clear();
    }
}

void LoginWorkers::run()
{
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        ++idle_count_;
        has_work_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
        --idle_count_;
        if (is_ending_) return;
        auto [id, job] = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        LoginVerdict verdict = job();
        job = nullptr; // what it holds may be a secret: not longer than needed
        lock.lock();
        verdicts_.emplace_back(id, std::move(verdict));
        (void)write_some(wake_.writer.number(), "x"); // a full pipe wakes as well
    }
}

} // namespace psrp::detail
