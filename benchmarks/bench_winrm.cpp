// WinRM over loopback with `psrp serve --winrm` as its server: HTTP with NTLM, whose messages are
// encrypted, beside HTTPS with Basic, whose connections are. Single requests are timed in one
// process, client and server together; transfers and the fan-out are icm's, from start to end.
#include <benchmarks/programs.hpp>
#include <psrp/http/client_channel.hpp>
#include <psrp/http/server.hpp>
#include <psrp/transport/event_loop.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <crypt.h>
#include <filesystem>
#include <memory>
#include <optional>

namespace {

constexpr const char* user = "alice";
constexpr const char* password = "correct horse 1";
constexpr std::size_t transfer_bytes = std::size_t{16} << 20;
constexpr int throttle_limit = 32;

enum class Way { HttpNtlm, HttpsBasic };

// Files that a server and its clients need.
class Place {
public:
    Place()
    {
        crypt_data room{};
        users = folder.write(
            "users",
            std::string(user) + ":" + crypt_r(password, "$6$rounds=1000$salt", &room) + "\n"
        );
        ntlm_users = folder.write("ntlm", std::string("PSRP:") + user + ":" + password + "\n");
        basic_login = folder.write("basic", std::string(user) + "\n" + password + "\n");
        ntlm_login = folder.write("login", std::string("PSRP\\") + user + "\n" + password + "\n");
        certificate = folder.path("certificate.pem");
        key = folder.path("key.pem");
        (void)bench::run(
            {"/usr/bin/openssl",
             "req",
             "-x509",
             "-newkey",
             "ec",
             "-pkeyopt",
             "ec_paramgen_curve:P-256",
             "-nodes",
             "-keyout",
             key,
             "-out",
             certificate,
             "-days",
             "2",
             "-subj",
             "/CN=localhost",
             "-addext",
             "subjectAltName=DNS:localhost"},
            folder.path("openssl")
        );
    }

    [[nodiscard]] bool has_certificate() const { return std::filesystem::exists(certificate); }

    bench::Folder folder;
    std::string users;
    std::string ntlm_users;
    std::string basic_login;
    std::string ntlm_login;
    std::string certificate;
    std::string key;
};

// `psrp serve --winrm` and how icm gets in.
class Service {
public:
    Service(const Place& place, Way way)
        : program_(server_arguments(place, way), place.folder.path("log")),
          is_there_(program_.says("event=listening"))
    {
        const std::string log = bench::text_of(place.folder.path("log"));
        const std::size_t at = log.find("port=");
        if (at == std::string::npos) return;
        std::string port = log.substr(at + 5, log.find_first_of(" \n", at) - at - 5);
        std::erase(port, '"');
        access_ = {"-Port", port};
        const auto add = [&](std::initializer_list<std::string> words) {
            access_.insert(access_.end(), words);
        };
        if (way == Way::HttpNtlm)
            add({"--credential-file", place.ntlm_login});
        else
            add(
                {"-UseSSL",
                 "-Authentication",
                 "Basic",
                 "--credential-file",
                 place.basic_login,
                 "--certificate-authority",
                 place.certificate}
            );
    }

    [[nodiscard]] bool is_there() const { return is_there_ && !access_.empty(); }
    [[nodiscard]] double cpu_seconds() const { return program_.cpu_seconds(); }
    [[nodiscard]] std::vector<std::string>
    icm(const std::string& computers, const std::vector<std::string>& words) const
    {
        std::vector<std::string> all = {bench::program_path("icm"), "-ComputerName", computers};
        all.insert(all.end(), access_.begin(), access_.end());
        all.insert(all.end(), words.begin(), words.end());
        return all;
    }

private:
    static std::vector<std::string> server_arguments(const Place& place, Way way)
    {
        std::vector<std::string> all = {
            bench::program_path("psrp"), "serve", "--winrm", "localhost:0"};
        if (way == Way::HttpNtlm)
            all.insert(all.end(), {"--ntlm-users", place.ntlm_users});
        else
            all.insert(all.end(), {"--users", place.users, "--tls", place.certificate, place.key});
        return all;
    }

    bench::Server program_;
    bool is_there_;
    std::vector<std::string> access_;
};

// Client and server in one loop.
class Pair {
public:
    static std::unique_ptr<Pair> make(const Place& place, Way way)
    {
        psrp::HttpServerOptions server;
        server.address = "localhost";
        server.port = 0;
        psrp::ChannelOptions client;
        if (way == Way::HttpNtlm) {
            auto credential = psrp::GssCredential::serve({}, place.ntlm_users);
            if (!credential) return nullptr;
            server.credential = std::move(*credential);
            client.scheme = psrp::AuthenticationScheme::Ntlm;
            client.identity =
                std::make_shared<psrp::Identity>(psrp::Login(std::string("PSRP\\") + user, password)
                );
        } else {
            auto users = psrp::UserFile::read(place.users);
            if (!users) return nullptr;
            server.users = std::move(*users);
            server.certificate_file = place.certificate;
            server.key_file = place.key;
            client.scheme = psrp::AuthenticationScheme::Basic;
            client.identity = std::make_shared<psrp::Identity>(psrp::Login(user, password));
            client.connection.tls.authority_file = place.certificate;
        }
        auto pair = std::make_unique<Pair>();
        auto loop = psrp::EventLoop::create();
        auto started = psrp::HttpServer::start(std::move(server));
        if (!loop || !started) return nullptr;
        pair->loop_ = std::make_unique<psrp::EventLoop>(std::move(*loop));
        pair->server_ = std::move(*started);
        client.connection.url = std::string(way == Way::HttpNtlm ? "http" : "https") +
                                "://localhost:" + std::to_string(pair->server_->port()) + "/wsman";
        pair->channel_ = std::make_unique<psrp::HttpChannel>(std::move(client));
        pair->loop_->add(*pair->server_);
        pair->loop_->add(*pair->channel_);
        return pair;
    }

    // The answer to a message, which is the message.
    std::optional<std::string> exchange(const std::string& message)
    {
        if (!channel_->start(message, std::chrono::minutes(1))) return std::nullopt;
        while (true) {
            if (auto result = channel_->take_result()) {
                if (!*result) return std::nullopt;
                return std::move((*result)->body);
            }
            if (!loop_->run_once()) return std::nullopt;
            while (auto event = server_->next_event()) {
                if (auto* arrived = std::get_if<psrp::HttpRequestArrived>(&*event)) {
                    server_->answer(
                        arrived->id,
                        200,
                        "application/soap+xml;charset=UTF-8",
                        std::move(arrived->body)
                    );
                }
            }
        }
    }

private:
    std::unique_ptr<psrp::EventLoop> loop_;
    std::unique_ptr<psrp::HttpServer> server_;
    std::unique_ptr<psrp::HttpChannel> channel_;
};

const Place& place()
{
    static const Place one;
    return one;
}

// Processor time of a request and its answer, both sides.
void request(benchmark::State& state, Way way)
{
    const auto pair = Pair::make(place(), way);
    if (!pair) return state.SkipWithError("no server");
    const std::string message(static_cast<std::size_t>(state.range(0)), 'm');
    if (pair->exchange(message) != message) return state.SkipWithError("wrong answer");
    for (auto _ : state) {
        if (!pair->exchange(message)) return state.SkipWithError("no answer");
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(2 * state.iterations() * state.range(0));
}

enum class Direction { Input, Output };

// 16 MiB in one object, one way.
void transfer(benchmark::State& state, Way way, Direction direction)
{
    const Service service(place(), way);
    if (!service.is_there()) return state.SkipWithError("no server");
    const std::string count = std::to_string(transfer_bytes);
    const bool is_input = direction == Direction::Input;
    const std::string input =
        is_input ? place().folder.write("input", std::string(transfer_bytes, 'x') + "\n")
                 : std::string("/dev/null");
    const auto arguments = is_input
                               ? service.icm("localhost", {"$input | ForEach-Object { $_.Length }"})
                               : service.icm("localhost", {"-NoInput", "'x' * " + count});
    const std::string output = place().folder.path("output");
    double client_cpu = 0;
    const double server_before = service.cpu_seconds();
    for (auto _ : state) {
        const auto usage = bench::run(arguments, output, input);
        client_cpu += usage.cpu_seconds;
        state.PauseTiming();
        const std::string text = bench::text_of(output);
        const bool is_right = usage.exit_code == 0 &&
                              (is_input ? text == count + "\n" : text.size() == transfer_bytes + 1);
        state.ResumeTiming();
        if (!is_right) return state.SkipWithError("wrong answer");
    }
    const auto rounds = static_cast<double>(state.iterations());
    state.counters["client_cpu_ms"] = 1000 * client_cpu / rounds;
    state.counters["server_cpu_ms"] = 1000 * (service.cpu_seconds() - server_before) / rounds;
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(transfer_bytes));
}

// One script on so many targets, 32 at once.
void fan_out(benchmark::State& state, Way way)
{
    const Service service(place(), way);
    if (!service.is_there()) return state.SkipWithError("no server");
    std::string computers = "localhost";
    for (std::int64_t i = 1; i < state.range(0); ++i)
        computers += ",localhost";
    const auto arguments = service.icm(
        computers, {"-NoInput", "-ThrottleLimit", std::to_string(throttle_limit), "1 + 1"}
    );
    const std::string output = place().folder.path("output");
    double client_cpu = 0;
    long peak_kib = 0;
    const double server_before = service.cpu_seconds();
    for (auto _ : state) {
        const auto usage = bench::run(arguments, output);
        client_cpu += usage.cpu_seconds;
        peak_kib = std::max(peak_kib, usage.peak_kib);
        state.PauseTiming();
        const bool is_whole = usage.exit_code == 0 && bench::lines_of(output) == state.range(0);
        state.ResumeTiming();
        if (!is_whole) return state.SkipWithError("wrong answer");
    }
    const auto targets = static_cast<double>(state.iterations() * state.range(0));
    state.counters["client_cpu_ms_a_target"] = 1000 * client_cpu / targets;
    state.counters["server_cpu_ms_a_target"] =
        1000 * (service.cpu_seconds() - server_before) / targets;
    state.counters["peak_MiB"] = static_cast<double>(peak_kib) / 1024;
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

} // namespace

BENCHMARK_CAPTURE(request, http_ntlm, Way::HttpNtlm)->Arg(2000)->Arg(500'000);
BENCHMARK_CAPTURE(request, https_basic, Way::HttpsBasic)->Arg(2000)->Arg(500'000);
BENCHMARK_CAPTURE(transfer, http_ntlm_input, Way::HttpNtlm, Direction::Input)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(transfer, http_ntlm_output, Way::HttpNtlm, Direction::Output)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(transfer, https_basic_input, Way::HttpsBasic, Direction::Input)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(transfer, https_basic_output, Way::HttpsBasic, Direction::Output)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fan_out, http_ntlm, Way::HttpNtlm)
    ->Arg(300)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fan_out, https_basic, Way::HttpsBasic)
    ->Arg(300)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
