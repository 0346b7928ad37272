// Messages a second through a client and a server pool joined in memory, and the bytes that each
// message makes them allocate. No transport: actions of the one are handed to the other.
#include <clixml/object.hpp>
#include <clixml/writer.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/server_pool.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

namespace {

std::atomic<std::uint64_t> allocated_bytes{0};

void* allocate(std::size_t size)
{
    allocated_bytes.fetch_add(size, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    std::abort();
}

} // namespace

// Every allocation of the program is counted.
void* operator new(std::size_t size)
{
    return allocate(size);
}
void* operator new[](std::size_t size)
{
    return allocate(size);
}
void operator delete(void* memory) noexcept
{
    std::free(memory);
}
void operator delete[](void* memory) noexcept
{
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept
{
    std::free(memory);
}

namespace {

using psrp::Guid;
using psrp::Value;

Guid numbered(std::uint8_t number)
{
    Guid guid;
    guid.bytes.fill(0xC0);
    guid.bytes[15] = number;
    return guid;
}

// The kinds of objects that travel.
enum class Payload { Number, Text, Bag };

Value make_payload(Payload payload, psrp::Arena& arena)
{
    if (payload == Payload::Number) return Value::int32(42);
    if (payload == Payload::Text) return Value::string(arena, std::string(200, 'x'));
    psrp::Object* bag = clixml::make_custom_object(arena);
    for (const char* name : {"Name", "Id", "Path", "Company", "Owner", "Group", "Mode", "State"})
        bag->add_note(arena, name, Value::string(arena, std::string("value of ") + name));
    return Value::object(bag);
}

// A client with a pool that is open on a server, and a pipeline that takes input.
class Pair {
public:
    Pair() : client_(client_options()), server_(server_options())
    {
        fail_unless(client_.open().has_value(), "open");
        move();
        fail_unless(client_.state() == psrp::RunspacePoolState::Opened, "an open pool");
        psrp::CreatePipeline create;
        psrp::Command command;
        command.text = "echo";
        create.power_shell.statements = {{command}};
        create.no_input = false;
        fail_unless(client_.start_pipeline(pipeline_, create).has_value(), "a pipeline");
        move();
    }

    // One object to the server, and what its owner was given; null where nothing came.
    Value send_input(Value value)
    {
        fail_unless(client_.write_input(pipeline_, value).has_value(), "write_input");
        move();
        return std::exchange(input_, {});
    }

    // One object to the client.
    Value send_output(Value value)
    {
        fail_unless(server_.write_output(pipeline_, value).has_value(), "write_output");
        move();
        return std::exchange(output_, {});
    }

    static void fail_unless(bool condition, const char* what)
    {
        if (condition) return;
        (void)std::fprintf(stderr, "bench_protocol: not as it should be: %s\n", what);
        std::abort();
    }

private:
    static psrp::ClientPoolOptions client_options()
    {
        psrp::ClientPoolOptions options;
        options.runspace_pool_id = numbered(0);
        return options;
    }

    // One command takes more than a real one may.
    static psrp::ServerPoolOptions server_options()
    {
        psrp::ServerPoolOptions options;
        options.limits.command_bytes_max = UINT64_MAX;
        return options;
    }

    void move()
    {
        for (bool moved = true; moved;) {
            moved = false;
            while (auto action = client_.next_action()) {
                moved = true;
                if (const auto* send = std::get_if<psrp::Send>(&*action))
                    fail_unless(
                        server_.receive(send->channel, send->stream, send->bytes).has_value(),
                        "the server's receive"
                    );
                else if (const auto* command = std::get_if<psrp::OpenCommand>(&*action))
                    server_.command_requested(command->pipeline);
            }
            while (auto event = server_.next_event()) {
                moved = true;
                if (auto* input = std::get_if<psrp::InputReceived>(&*event)) {
                    input_ = input->value;
                    memory_ = std::move(input->memory);
                } else if (std::holds_alternative<psrp::PoolRequested>(*event)) {
                    fail_unless(server_.accept_pool({}).has_value(), "accept_pool");
                }
            }
            while (auto action = server_.next_action()) {
                moved = true;
                if (const auto* send = std::get_if<psrp::Send>(&*action))
                    fail_unless(
                        client_.receive(send->channel, send->bytes).has_value(),
                        "the client's receive"
                    );
                else if (const auto* data = std::get_if<psrp::AcknowledgeData>(&*action))
                    client_.data_sent(data->channel);
                else if (const auto* command = std::get_if<psrp::AcknowledgeCommand>(&*action))
                    client_.command_opened(command->pipeline);
            }
            while (auto event = client_.next_event()) {
                moved = true;
                if (auto* output = std::get_if<psrp::OutputReceived>(&*event)) {
                    output_ = output->value;
                    memory_ = std::move(output->memory);
                }
            }
        }
    }

    Guid pipeline_ = numbered(1);
    psrp::ClientPool client_;
    psrp::ServerPool server_;
    psrp::Memory memory_; // of the last object
    Value input_;
    Value output_;
};

std::string text_of(Value value)
{
    clixml::WriteOptions options = clixml::message_options();
    std::string text;
    const auto written = clixml::write_value(value, options, text);
    Pair::fail_unless(written.has_value(), "writable");
    return text;
}

template <Value (Pair::*Send)(Value)>
void run(benchmark::State& state, Payload payload)
{
    Pair pair;
    psrp::Arena arena;
    const Value value = make_payload(payload, arena);
    // The answer first: what arrives is what was sent, the type names of a bag aside.
    const Value arrived = (pair.*Send)(value);
    const bool is_same =
        payload == Payload::Bag
            ? arrived.object() != nullptr && arrived.object()->get("Mode").text() == "value of Mode"
            : text_of(arrived) == text_of(value);
    Pair::fail_unless(is_same, "what arrives");
    const std::uint64_t before = allocated_bytes.load();
    for (auto _ : state)
        benchmark::DoNotOptimize((pair.*Send)(value));
    const auto messages = static_cast<double>(state.iterations());
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
    state.counters["allocated_bytes_a_message"] =
        static_cast<double>(allocated_bytes.load() - before) / messages;
}

void input(benchmark::State& state, Payload payload)
{
    run<&Pair::send_input>(state, payload);
}

void output(benchmark::State& state, Payload payload)
{
    run<&Pair::send_output>(state, payload);
}

BENCHMARK_CAPTURE(input, number, Payload::Number);
BENCHMARK_CAPTURE(input, text, Payload::Text);
BENCHMARK_CAPTURE(input, bag, Payload::Bag);
BENCHMARK_CAPTURE(output, number, Payload::Number);
BENCHMARK_CAPTURE(output, text, Payload::Text);
BENCHMARK_CAPTURE(output, bag, Payload::Bag);

} // namespace

BENCHMARK_MAIN();
