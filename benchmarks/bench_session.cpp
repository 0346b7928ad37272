// Whole sessions with `psrp serve -s` as a child process, and icm from start to end. The rival is
// PowerShell at both ends; see README.md.
#include <psrp/client/invocation.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/session.hpp>
#include <psrp/transport/child_process.hpp>
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

// What both pairs of ends run.
struct Scenario {
    const char* name;
    const char* script;
    long objects;
    std::size_t text_bytes;
    benchmark::TimeUnit unit;
};

constexpr Scenario scenarios[] = {
    {"one_integer", "1", 1, 0, benchmark::kMicrosecond},
    {"integers_100000", "1..100000", 100'000, 0, benchmark::kMillisecond},
    {"bags_10000",
     "1..10000 | ForEach-Object { [pscustomobject]@{ A = $_; B = 'text'; C = $true; D = 2.5; "
     "E = $_; F = 'more text'; G = $false; H = $_ } }",
     10'000,
     0,
     benchmark::kMillisecond},
    {"one_object_of_16_mib", "'z' * 16777216", 1, 16'777'216, benchmark::kMillisecond},
};

void our_ends(benchmark::State& state, const Scenario& scenario)
{
    run_script(state, scenario.script, scenario.objects, scenario.text_bytes);
}

// PowerShell at both ends, out of process. It gets faster for some hundred runs, so that it runs
// for seconds, three times at least, and tells the median of the second half.
void power_shell_ends(benchmark::State& state, const std::string& pwsh, const Scenario& scenario)
{
    std::string block = scenario.script;
    for (std::size_t at = 0; (at = block.find('\'', at)) != std::string::npos; at += 2)
        block.insert(at, "'");
    const std::string text =
        "$r = [runspacefactory]::CreateOutOfProcessRunspace($null); $r.Open(); "
        "$run = { $p = [powershell]::Create(); $p.Runspace = $r; $null = $p.AddScript('" +
        block +
        "'); $w = [Diagnostics.Stopwatch]::StartNew(); $o = $p.Invoke(); "
        "$t = $w.Elapsed.TotalSeconds; $p.Dispose(); if ($o.Count -ne " +
        std::to_string(scenario.objects) +
        ") { exit 1 }; $t }; $all = [Diagnostics.Stopwatch]::StartNew(); "
        "$times = [Collections.Generic.List[double]]::new(); do { $times.Add((& $run)) } "
        "while ($times.Count -lt 3 -or $all.Elapsed.TotalSeconds -lt 4); "
        "$half = @($times.GetRange($times.Count -shr 1, ($times.Count + 1) -shr 1) | Sort-Object); "
        "$half[($half.Count - 1) -shr 1].ToString([cultureinfo]::InvariantCulture); $r.Close()";
    for (auto _ : state) {
        int ends[2];
        if (::pipe(ends) != 0) return state.SkipWithError("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        const char* arguments[] = {
            "pwsh", "-NoLogo", "-NoProfile", "-NonInteractive", "-c", text.c_str(), nullptr};
        pid_t id = 0;
        int status = 1;
        const bool has_started =
            posix_spawn(
                &id, pwsh.c_str(), &actions, nullptr, const_cast<char**>(arguments), environ
            ) == 0;
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        char printed[64] = {};
        std::size_t size = 0;
        ssize_t count = 0;
        while (size + 1 < sizeof printed &&
               (count = ::read(ends[0], printed + size, sizeof printed - 1 - size)) > 0)
            size += static_cast<std::size_t>(count);
        ::close(ends[0]);
        const double seconds = std::strtod(printed, nullptr);
        if (!has_started || ::waitpid(id, &status, 0) != id || status != 0 || seconds <= 0)
            return state.SkipWithError("pwsh failed");
        state.SetIterationTime(seconds);
    }
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

int main(int count, char** arguments)
{
    // First of all: a child's peak counts what its parent held when it was started.
    benchmark::RegisterBenchmark("icm_start_to_end", icm_start_to_end)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    const auto pwsh = psrp::find_program("pwsh");
    for (const Scenario& scenario : scenarios) {
        benchmark::RegisterBenchmark(scenario.name, our_ends, scenario)
            ->UseRealTime()
            ->Unit(scenario.unit);
        if (!pwsh) continue;
        const std::string name = std::string("pwsh/") + scenario.name;
        benchmark::RegisterBenchmark(name.c_str(), power_shell_ends, *pwsh, scenario)
            ->UseManualTime()
            ->Iterations(1)
            ->Unit(scenario.unit);
    }
    benchmark::RegisterBenchmark("session_to_first_object", session_to_first_object)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
