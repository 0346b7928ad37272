#include <benchmarks/clixml_workloads.hpp>
#include <clixml/object.hpp>
#include <clixml/writer.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <new>
#include <random>
#include <stdexcept>

namespace {

std::atomic<std::size_t> allocations{0};
std::size_t live_bytes = 0; // one thread allocates
std::size_t peak_live_bytes = 0;

void* counted_allocate(std::size_t bytes)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::malloc(bytes == 0 ? 1 : bytes);
    live_bytes += malloc_usable_size(memory);
    peak_live_bytes = std::max(peak_live_bytes, live_bytes);
    return memory;
}

void counted_free(void* memory)
{
    live_bytes -= malloc_usable_size(memory);
    std::free(memory);
}

} // namespace

// Not inlined, or GCC takes the calls of free() for mistakes.
[[gnu::noinline]] void* operator new(std::size_t bytes)
{
    if (void* memory = counted_allocate(bytes)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept
{
    counted_free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept
{
    counted_free(memory);
}

namespace workloads {
namespace {

using clixml::Arena;
using clixml::Object;
using clixml::Value;

// Values from a seed.
class Source {
public:
    explicit Source(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

    std::string words(std::uint64_t count_max)
    {
        static constexpr const char* all[] = {
            "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"};
        std::string out;
        for (std::uint64_t n = 1 + below(count_max); n > 0; --n)
            out.append(out.empty() ? "" : " ").append(all[below(std::size(all))]);
        return out;
    }

    Value text(Arena& arena, std::uint64_t words_max)
    {
        return Value::string(arena, words(words_max));
    }
    Value int32() { return Value::int32(static_cast<std::int32_t>(engine_())); }
    Value int64() { return Value::int64(static_cast<std::int64_t>(below(1ULL << 44))); }
    Value boolean() { return Value::boolean(below(2) == 0); }
    Value number()
    {
        return Value::double_precision(static_cast<double>(engine_() >> 11) * 0x1p-33 - 1e6);
    }

    Value moment()
    {
        constexpr std::uint64_t ten_years = 3'155'760'000'000'000;
        const auto ticks =
            clixml::ticks_of_day(2015, 1, 1) + static_cast<std::int64_t>(below(ten_years));
        return Value::date_time({ticks, clixml::DateTimeKind::Utc, 0});
    }

    Value guid(Arena& arena)
    {
        clixml::Guid guid;
        for (auto& byte : guid.bytes)
            byte = static_cast<std::uint8_t>(engine_());
        return Value::guid(arena, guid);
    }

private:
    std::mt19937_64 engine_;
};

std::string text_of(Value value)
{
    clixml::WriteOptions options;
    options.depth = 4;
    std::string text;
    if (!clixml::write_value(value, options, text)) text.clear();
    return text;
}

std::string bags()
{
    Arena arena;
    Source source(1);
    Object* list = clixml::make_array_list(arena);
    for (int i = 0; i < 10000; ++i) {
        Object* bag = clixml::make_custom_object(arena);
        bag->add_note(arena, "Id", Value::int32(i));
        bag->add_note(arena, "Count", source.int64());
        bag->add_note(arena, "Name", source.text(arena, 3));
        bag->add_note(
            arena, "Path", Value::string(arena, "C:\\Program Files\\" + source.words(4) + ".dll")
        );
        bag->add_note(arena, "Created", source.moment());
        bag->add_note(arena, "Enabled", source.boolean());
        bag->add_note(arena, "Key", source.guid(arena));
        bag->add_note(arena, "Score", source.number());
        list->add_item(arena, Value::object(bag));
    }
    return text_of(Value::object(list));
}

Object* process_module(Arena& arena, Source& source)
{
    Object* part = clixml::make_live(
        arena,
        {"System.Diagnostics.ProcessModule", "System.ComponentModel.Component", "System.Object"},
        "System.Diagnostics.ProcessModule"
    );
    part->add_adapted(arena, "ModuleName", Value::string(arena, source.words(1) + ".dll"));
    part->add_adapted(
        arena,
        "FileName",
        Value::string(arena, "C:\\Windows\\System32\\" + source.words(1) + ".dll")
    );
    part->add_adapted(arena, "BaseAddress", source.int64());
    part->add_adapted(arena, "ModuleMemorySize", source.int32());
    part->add_adapted(arena, "EntryPointAddress", source.int64());
    return part;
}

Object* process(Arena& arena, Source& source)
{
    Object* object = clixml::make_live(
        arena,
        {"System.Diagnostics.Process",
         "System.ComponentModel.Component",
         "System.MarshalByRefObject",
         "System.Object"},
        "System.Diagnostics.Process (" + source.words(1) + ")"
    );
    for (int i = 0; i < 13; ++i)
        object->add_adapted(arena, "MemorySize" + std::to_string(i), source.int32());
    for (int i = 0; i < 14; ++i)
        object->add_adapted(arena, "PeakVirtualMemorySize" + std::to_string(i), source.int64());
    for (int i = 0; i < 4; ++i)
        object->add_adapted(arena, "HasExited" + std::to_string(i), source.boolean());
    for (const char* name : {"PrivilegedProcessorTime", "TotalProcessorTime", "UserProcessorTime"})
        object->add_adapted(
            arena, name, Value::time_span({static_cast<std::int64_t>(source.below(1ULL << 40))})
        );
    for (int i = 0; i < 8; ++i)
        object->add_adapted(arena, "Standard" + std::to_string(i), Value());
    for (int i = 0; i < 12; ++i)
        object->add_adapted(arena, "Title" + std::to_string(i), source.text(arena, 3));
    object->add_adapted(arena, "Arguments", Value::string("--level \"<q>\" & --x"));
    object->add_adapted(arena, "StartTime", source.moment());
    Object* modules = clixml::make_array_list(arena);
    Object* threads = clixml::make_array_list(arena);
    for (int i = 0; i < 16; ++i) {
        modules->add_item(arena, Value::object(process_module(arena, source)));
        threads->add_item(arena, source.int32());
    }
    object->add_adapted(arena, "Modules", Value::object(modules));
    object->add_adapted(arena, "Threads", Value::object(threads));
    object->add_note(arena, "__NounName", Value::string("Process"));
    return object;
}

std::string processes()
{
    Arena arena;
    Source source(2);
    Object* list = clixml::make_array_list(arena);
    for (int i = 0; i < 200; ++i)
        list->add_item(arena, Value::object(process(arena, source)));
    return text_of(Value::object(list));
}

// 4 MiB of text, one character of a hundred a line end or one that XML escapes.
std::string text_with_escapes()
{
    Source source(3);
    std::string text;
    while (text.size() < std::size_t{4} << 20) {
        if (source.below(100) == 0)
            text += "\n\t<&>"[source.below(5)];
        else
            text += static_cast<char>('a' + source.below(26));
    }
    return text_of(Value::string(text));
}

std::string bytes()
{
    Source source(4);
    clixml::Bytes bytes(std::size_t{16} << 20);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(source.below(256));
    return text_of(Value::bytes(bytes));
}

std::string deep_and_wide()
{
    Arena arena;
    Source source(5);
    Object* list = clixml::make_array_list(arena);
    for (int i = 0; i < 240; ++i) {
        Object* inner = nullptr;
        for (int level = 40; level > 0; --level) {
            Object* bag = clixml::make_custom_object(arena);
            bag->add_note(arena, "Level", Value::int32(level));
            bag->add_note(arena, "Name", source.text(arena, 2));
            bag->add_note(arena, "Flag", source.boolean());
            bag->add_note(arena, "Next", Value::object(inner));
            inner = bag;
        }
        list->add_item(arena, Value::object(inner));
    }
    return text_of(Value::object(list));
}

std::string numbers()
{
    Arena arena;
    Source source(6);
    Object* list = clixml::make_array_list(arena);
    for (int i = 0; i < 100'000; ++i)
        list->add_item(arena, source.int32());
    return text_of(Value::object(list));
}

std::string shapes()
{
    Arena arena;
    Source source(7);
    Object* list = clixml::make_array_list(arena);
    for (int i = 0; i < 5000; ++i) {
        const std::string number = std::to_string(i);
        Object* object = clixml::make_live(arena, {"x", "System.Object"}, "object " + number);
        const std::string type = "Contoso.Type" + number;
        object->set_type_names(arena, {type, "System.Object"});
        object->add_adapted(arena, source.words(1) + "Id" + number, source.int32());
        object->add_adapted(arena, source.words(1) + "Name" + number, source.text(arena, 3));
        object->add_adapted(arena, source.words(1) + "Flag" + number, source.boolean());
        object->add_adapted(arena, source.words(1) + "Size" + number, source.int64());
        object->add_adapted(arena, source.words(1) + "When" + number, source.moment());
        object->add_adapted(arena, source.words(1) + "Rate" + number, source.number());
        list->add_item(arena, Value::object(object));
    }
    return text_of(Value::object(list));
}

} // namespace

std::vector<Workload> generated()
{
    return {
        {"W1", bags()},
        {"W2", processes()},
        {"W3", text_with_escapes()},
        {"W4", bytes()},
        {"W5", deep_and_wide()},
        {"W6", numbers()},
        {"W7", shapes()},
    };
}

std::vector<Workload> in_folder(const std::string& folder)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".xml") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Workload> all;
    for (const auto& path : paths) {
        std::ifstream stream(path, std::ios::binary);
        if (!stream) throw std::runtime_error(path.string() + ": cannot be opened");
        std::string text(std::istreambuf_iterator<char>(stream), {});
        all.push_back({path.filename().string(), std::move(text), false});
    }
    return all;
}

std::vector<Workload> from_arguments(int& count, char** arguments)
{
    constexpr std::string_view flag = "--data=";
    std::vector<Workload> all = generated();
    int kept = 0;
    for (int i = 0; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (!argument.starts_with(flag)) {
            arguments[kept++] = arguments[i];
            continue;
        }
        for (Workload& workload : in_folder(std::string(argument.substr(flag.size()))))
            all.push_back(std::move(workload));
    }
    count = kept;
    return all;
}

std::string copy_of(std::string_view text)
{
    Arena arena;
    clixml::ReadOptions reading;
    reading.reading = clixml::Reading::Lossless;
    clixml::TextForm form;
    const auto values = clixml::read_values(text, arena, reading, &form);
    if (!values) return {};
    clixml::WriteOptions writing;
    writing.writing = clixml::Writing::Verbatim;
    writing.version = form.version;
    std::string copy;
    if (!clixml::write_values(*values, writing, copy)) copy.clear();
    return copy;
}

const char* fault(const Workload& workload)
{
    const std::string copy = copy_of(workload.text);
    if (copy.empty()) return "the text is not read";
    if (workload.is_exact && copy != workload.text) return "the copy is another text";
    if (copy_of(copy) != copy) return "the copy of the copy is another text";
    return nullptr;
}

std::size_t allocation_count()
{
    return allocations.load(std::memory_order_relaxed);
}

std::size_t peak_bytes(const std::function<void()>& work)
{
    const std::size_t before = live_bytes;
    peak_live_bytes = before;
    work();
    return peak_live_bytes - before;
}

void count_pugixml_allocations()
{
    pugi::set_memory_management_functions(counted_allocate, counted_free);
}

std::string pugixml_label()
{
    return "pugixml " + std::to_string(PUGIXML_VERSION / 1000) + "." +
           std::to_string(PUGIXML_VERSION / 10 % 100);
}

} // namespace workloads
