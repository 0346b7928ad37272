// Whole sessions with `psrp serve -s` as a child process, and icm from start to end. The rival is
// PowerShell at both ends; see README.md.
#include <psrp/client/invocation.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/session.hpp>
#include <psrp/transport/process_transport.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

std::string program_path(const char* name)
{
    return std::string(PSRP_PROGRAM_DIR) + "/" + name;
}

// A session that runs one script at a time and counts what comes back.
class Client final : public psrp::SessionListener {
public:
    static std::unique_ptr<Client> open()
    {
        auto loop = psrp::EventLoop::create();
        auto transport = psrp::ProcessTransport::start({program_path("psrp"), "serve", "-s"});
        if (!loop || !transport) return nullptr;
        std::unique_ptr<Client> client(new Client(std::move(*loop)));
        psrp::SessionOptions options;
        options.runspace_pool_id = client->ids_.new_guid();
        options.limits = psrp::Limits::client();
        client->session_ =
            std::make_unique<psrp::Session>(client->loop_, std::move(*transport), options, *client);
        if (!client->session_->open() || !client->turn_until(client->is_open_)) return nullptr;
        return client;
    }

    // Objects that the script wrote; -1 where it failed.
    long run(const std::string& script)
    {
        objects_ = 0;
        text_bytes_ = 0;
        is_finished_ = has_failed_ = false;
        const auto request = psrp::invocation_request(script, {}, psrp::HasInput::No);
        if (!session_->start_pipeline(ids_.new_guid(), request)) return -1;
        if (!turn_until(is_finished_) || has_failed_) return -1;
        return objects_;
    }
    [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }

    void on_opened(psrp::Session&) override { is_open_ = true; }
    void on_event(psrp::Session&, psrp::ClientEvent& event) override
    {
        if (const auto* output = std::get_if<psrp::OutputReceived>(&event)) {
            ++objects_;
            if (output->value.kind() == clixml::Kind::String) {
                text_bytes_ += output->value.text().size();
            }
        }
        if (const auto* finished = std::get_if<psrp::PipelineFinished>(&event)) {
            is_finished_ = true;
            has_failed_ = finished->state != psrp::PipelineState::Completed;
        }
    }
    void on_input_wanted(psrp::Session&) override {}
    void on_ended(psrp::Session&, const psrp::SessionEnd&) override { has_ended_ = true; }

private:
    explicit Client(psrp::EventLoop loop) : loop_(std::move(loop)) {}

    bool turn_until(const bool& done)
    {
        session_->pump();
        while (!done && !has_ended_) {
            if (!loop_.run_once()) return false;
            session_->pump();
        }
        return done;
    }

    psrp::EventLoop loop_;
    psrp::RandomIds ids_;
    std::unique_ptr<psrp::Session> session_;
    long objects_ = 0;
    std::size_t text_bytes_ = 0;
    bool is_open_ = false;
    bool is_finished_ = false;
    bool has_failed_ = false;
    bool has_ended_ = false;
};

void run_script(benchmark::State& state, const std::string& script, long objects, std::size_t bytes)
{
    const auto client = Client::open();
    if (client == nullptr) return state.SkipWithError("no session");
    if (client->run(script) != objects || client->text_bytes() != bytes) {
        return state.SkipWithError("wrong answer");
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(client->run(script));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * objects);
}

void one_integer(benchmark::State& state)
{
    run_script(state, "1", 1, 0);
}

void integers_100000(benchmark::State& state)
{
    run_script(state, "1..100000", 100'000, 0);
}

void bags_10000(benchmark::State& state)
{
    run_script(
        state,
        "1..10000 | ForEach-Object { [pscustomobject]@{ A = $_; B = 'text'; C = $true; D = 2.5; "
        "E = $_; F = 'more text'; G = $false; H = $_ } }",
        10'000,
        0
    );
}

void one_object_of_16_mib(benchmark::State& state)
{
    run_script(state, "'z' * 16777216", 1, 16'777'216);
}

// A session from the start of its server to its first object.
void session_to_first_object(benchmark::State& state)
{
    for (auto _ : state) {
        const auto client = Client::open();
        if (client == nullptr || client->run("1") != 1) return state.SkipWithError("wrong answer");
    }
}

// icm on its embedded endpoint; the counter is the most memory it had at once.
void icm_start_to_end(benchmark::State& state)
{
    const std::string program = program_path("icm");
    const char* arguments[] = {"icm", "--endpoint", "embedded", "-n", "1", nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    rusage usage{};
    for (auto _ : state) {
        pid_t id = 0;
        int status = 0;
        const bool is_right =
            posix_spawn(
                &id, program.c_str(), &actions, nullptr, const_cast<char**>(arguments), environ
            ) == 0 &&
            ::wait4(id, &status, 0, &usage) == id && status == 0;
        if (!is_right) return state.SkipWithError("icm failed");
    }
    posix_spawn_file_actions_destroy(&actions);
    state.counters["peak_KiB"] = static_cast<double>(usage.ru_maxrss);
}

} // namespace

// First of all: a child's peak counts what its parent held when it was started.
BENCHMARK(icm_start_to_end)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(one_integer)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(integers_100000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(bags_10000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(one_object_of_16_mib)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(session_to_first_object)->UseRealTime()->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
