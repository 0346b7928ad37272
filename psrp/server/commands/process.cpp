// Get-Process, from /proc.
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>
#include <psrp/server/script/pattern.hpp>
#include <psrp/server/system.hpp>

#include <algorithm>
#include <charconv>
#include <dirent.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace psrp::server {

namespace {

struct ProcessFacts {
    std::int32_t id = 0;
    std::int32_t parent_id = 0;
    std::string name;
    std::int32_t session = 0;
    std::int32_t priority = 0;
    std::int32_t nice = 0;
    std::int32_t threads = 0;
    std::int32_t handles = 0;
    double user_seconds = 0;
    double kernel_seconds = 0;
    std::int64_t start_ticks = 0; // clock ticks since the machine started
    std::int64_t virtual_bytes = 0;
    std::int64_t resident_bytes = 0;
    std::int64_t peak_virtual_bytes = 0;
    std::int64_t peak_resident_bytes = 0;
    std::int64_t swap_bytes = 0;
    std::int64_t data_bytes = 0;
    std::string path;
    std::string command_line;
};

// /proc files have no size: read them in one go, up to a limit.
std::string read_small_file(const std::string& path)
{
    constexpr std::size_t bytes_max = 1U << 20;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    std::string part(4096, '\0');
    while (file && text.size() < bytes_max) {
        file.read(part.data(), static_cast<std::streamsize>(part.size()));
        text.append(part, 0, static_cast<std::size_t>(file.gcount()));
    }
    return text;
}

std::int64_t status_kilobytes(const std::string& status, std::string_view key)
{
    const std::size_t at = status.find("\n" + std::string(key) + ":");
    if (at == std::string::npos) return 0;
    std::istringstream rest(status.substr(at + key.size() + 2, 64));
    std::int64_t value = 0;
    rest >> value;
    return value * 1024;
}

std::int32_t count_entries(const std::string& folder)
{
    DIR* stream = opendir(folder.c_str());
    if (stream == nullptr) return 0;
    std::int32_t count = -2; // . and ..
    while (readdir(stream) != nullptr)
        ++count;
    closedir(stream);
    return std::max(count, 0);
}

std::string valid_text(std::string text)
{
    if (!clixml::first_invalid_utf8(text)) return text;
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return text;
}

// Field numbers are those of proc(5).
bool read_stat(const std::string& folder, ProcessFacts& facts)
{
    const std::string text = read_small_file(folder + "/stat");
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) return false;
    facts.name = valid_text(text.substr(open + 1, close - open - 1));
    std::istringstream rest(text.substr(close + 1));
    std::string state;
    std::vector<double> fields;
    rest >> state;
    for (double field = 0; rest >> field;)
        fields.push_back(field);
    if (fields.size() < 21) return false;
    const auto field = [&fields](std::size_t number) { return fields[number - 4]; };
    const double clock_ticks = static_cast<double>(std::max(1L, sysconf(_SC_CLK_TCK)));
    facts.parent_id = static_cast<std::int32_t>(field(4));
    facts.session = static_cast<std::int32_t>(field(6));
    facts.user_seconds = field(14) / clock_ticks;
    facts.kernel_seconds = field(15) / clock_ticks;
    facts.priority = static_cast<std::int32_t>(field(18));
    facts.nice = static_cast<std::int32_t>(field(19));
    facts.threads = static_cast<std::int32_t>(field(20));
    facts.start_ticks = static_cast<std::int64_t>(field(22));
    facts.virtual_bytes = static_cast<std::int64_t>(field(23));
    facts.resident_bytes = static_cast<std::int64_t>(field(24)) * sysconf(_SC_PAGESIZE);
    return true;
}

std::optional<ProcessFacts> read_process(std::int32_t id)
{
    const std::string folder = "/proc/" + std::to_string(id);
    ProcessFacts facts;
    facts.id = id;
    if (!read_stat(folder, facts)) return std::nullopt;
    const std::string status = read_small_file(folder + "/status");
    facts.peak_virtual_bytes = status_kilobytes(status, "VmPeak");
    facts.peak_resident_bytes = status_kilobytes(status, "VmHWM");
    facts.swap_bytes = status_kilobytes(status, "VmSwap");
    facts.data_bytes = status_kilobytes(status, "VmData");
    facts.handles = count_entries(folder + "/fd");
    std::error_code error;
    facts.path = valid_text(std::filesystem::read_symlink(folder + "/exe", error).string());
    facts.command_line = valid_text(read_small_file(folder + "/cmdline"));
    // The kernel cuts names at 15 bytes; the first argument may have it all.
    if (facts.name.size() == 15) {
        const std::string first = facts.command_line.substr(0, facts.command_line.find('\0'));
        const std::string name = first.substr(first.rfind('/') + 1);
        if (name.compare(0, 15, facts.name) == 0) facts.name = name;
    }
    while (!facts.command_line.empty() && facts.command_line.back() == '\0')
        facts.command_line.pop_back();
    std::replace(facts.command_line.begin(), facts.command_line.end(), '\0', ' ');
    return facts;
}

clixml::DateTime start_time(const ProcessFacts& facts)
{
    static constexpr std::int64_t nanoseconds = 1'000'000'000;
    const std::string stat = read_small_file("/proc/stat");
    const std::size_t at = stat.find("\nbtime ");
    std::int64_t boot = 0;
    if (at != std::string::npos)
        std::from_chars(stat.data() + at + 7, stat.data() + stat.size(), boot);
    const std::int64_t hertz = std::max(1L, sysconf(_SC_CLK_TCK));
    return local_time(
        boot + facts.start_ticks / hertz, facts.start_ticks % hertz * (nanoseconds / hertz)
    );
}

std::string_view priority_class(std::int32_t nice)
{
    if (nice < -15) return "RealTime";
    if (nice < -10) return "High";
    if (nice < -5) return "AboveNormal";
    if (nice < 5) return "Normal";
    return nice < 15 ? "BelowNormal" : "Idle";
}

Value seconds_span(double seconds)
{
    return Value::time_span(
        {static_cast<std::int64_t>(seconds * static_cast<double>(clixml::ticks_per_second))}
    );
}

void add_properties(Arena& arena, Object& object, const ProcessFacts& facts)
{
    const auto number = [&](std::string_view name, std::int32_t value) {
        object.add_adapted(arena, name, Value::int32(value));
    };
    const auto bytes = [&](std::string_view name, std::int64_t value) {
        object.add_adapted(arena, name, Value::int64(value));
    };
    const auto text = [&](std::string_view name, std::string_view value) {
        object.add_adapted(arena, name, Value::string(arena, value));
    };
    number("BasePriority", facts.priority);
    object.add_adapted(arena, "HasExited", Value::boolean(false));
    object.add_adapted(arena, "StartTime", Value::date_time(start_time(facts)));
    number("Id", facts.id);
    text("MachineName", ".");
    bytes("NonpagedSystemMemorySize64", 0);
    bytes("PagedMemorySize64", facts.swap_bytes);
    bytes("PagedSystemMemorySize64", 0);
    bytes("PeakPagedMemorySize64", 0);
    bytes("PeakWorkingSet64", facts.peak_resident_bytes);
    bytes("PeakVirtualMemorySize64", facts.peak_virtual_bytes);
    text("PriorityClass", priority_class(facts.nice));
    bytes("PrivateMemorySize64", facts.data_bytes);
    text("ProcessName", facts.name);
    number("SessionId", facts.session);
    bytes("VirtualMemorySize64", facts.virtual_bytes);
    bytes("WorkingSet64", facts.resident_bytes);
    number("HandleCount", facts.handles);
    object.add_adapted(arena, "Responding", Value::boolean(true));
    object.add_adapted(arena, "PrivilegedProcessorTime", seconds_span(facts.kernel_seconds));
    object.add_adapted(
        arena, "TotalProcessorTime", seconds_span(facts.kernel_seconds + facts.user_seconds)
    );
    object.add_adapted(arena, "UserProcessorTime", seconds_span(facts.user_seconds));
    // PowerShell has the threads themselves here; over remoting they are texts.
    Object* threads = clixml::make_container(
        arena,
        clixml::ContainerKind::List,
        {"System.Diagnostics.ProcessThreadCollection", "System.Object"}
    );
    for (std::int32_t i = 0; i < std::min(facts.threads, 10'000); ++i) {
        threads->add_item(arena, Value::string("System.Diagnostics.ProcessThread"));
    }
    object.add_adapted(arena, "Threads", Value::object(threads));
}

void add_notes(Arena& arena, Object& object, const ProcessFacts& facts)
{
    const auto text_or_null = [&](const std::string& text) {
        return text.empty() ? Value{} : Value::string(arena, text);
    };
    object.add_note(arena, "Name", Value::string(arena, facts.name));
    object.add_note(arena, "SI", Value::int32(facts.session));
    object.add_note(arena, "Handles", Value::int32(facts.handles));
    object.add_note(arena, "VM", Value::int64(facts.virtual_bytes));
    object.add_note(arena, "WS", Value::int64(facts.resident_bytes));
    object.add_note(arena, "PM", Value::int64(facts.swap_bytes));
    object.add_note(arena, "NPM", Value::int64(0));
    object.add_note(arena, "Path", text_or_null(facts.path));
    object.add_note(arena, "CommandLine", text_or_null(facts.command_line));
    std::string parent;
    ProcessFacts parent_facts;
    if (facts.parent_id > 0 &&
        read_stat("/proc/" + std::to_string(facts.parent_id), parent_facts)) {
        parent = "System.Diagnostics.Process (" + parent_facts.name + ")";
    }
    object.add_note(arena, "Parent", text_or_null(parent));
    object.add_note(arena, "Company", Value{});
    object.add_note(
        arena, "CPU", Value::double_precision(facts.kernel_seconds + facts.user_seconds)
    );
    for (const char* name : {"FileVersion", "ProductVersion", "Description", "Product"})
        object.add_note(arena, name, Value{});
    object.add_note(arena, "__NounName", Value::string("Process"));
}

Value process_object(Arena& arena, const ProcessFacts& facts)
{
    Object* object = clixml::make_live(
        arena,
        {"System.Diagnostics.Process",
         "System.ComponentModel.Component",
         "System.MarshalByRefObject",
         "System.Object"},
        "System.Diagnostics.Process (" + facts.name + ")"
    );
    add_properties(arena, *object, facts);
    add_notes(arena, *object, facts);
    return Value::object(object);
}

std::vector<std::int32_t> process_ids()
{
    std::vector<std::int32_t> ids;
    DIR* stream = opendir("/proc");
    if (stream == nullptr) return ids;
    while (const dirent* entry = readdir(stream)) {
        const std::string_view name = entry->d_name;
        std::int32_t id = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
        if (read.ec == std::errc{} && read.ptr == name.data() + name.size()) ids.push_back(id);
    }
    closedir(stream);
    std::sort(ids.begin(), ids.end());
    return ids;
}

Failure
no_process(const CommandContext& context, std::string message, std::string_view id, Value target)
{
    Failure failure = runtime_failure(
        std::move(message),
        std::string(id) + "," + context.definition().type_name,
        ErrorCategory::ObjectNotFound
    );
    failure.exception_type = "Microsoft.PowerShell.Commands.ProcessCommandException";
    failure.set_target(target);
    return failure;
}

class GetProcess final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        const Object* object = input.object();
        if (object != nullptr && object->find("Id") != nullptr) {
            return show_id(context, to_integer(object->get("Id")).value_or(-1));
        }
        return show_names(context, {clixml::to_display_text(input)});
    }

    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        const Arguments& arguments = context.arguments();
        if (arguments.has("Id")) {
            for (const Value id : as_list(arguments.value("Id"), context.arena())) {
                PSRP_CHECK(show_id(context, to_integer(id).value_or(-1)));
            }
            return {};
        }
        return show_names(
            context, arguments.has("Name") ? arguments.texts("Name") : std::vector<std::string>{"*"}
        );
    }

private:
    static Result<void> show_id(CommandContext& context, std::int64_t id)
    {
        const auto facts =
            read_process(static_cast<std::int32_t>(std::clamp<std::int64_t>(id, -1, INT32_MAX)));
        if (facts) return context.emit(process_object(context.arena(), *facts));
        return context.write_error(no_process(
            context,
            "Cannot find a process with the process identifier " + std::to_string(id) + ".",
            "NoProcessFoundForGivenId",
            Value::int32(
                static_cast<std::int32_t>(std::clamp<std::int64_t>(id, INT32_MIN, INT32_MAX))
            )
        ));
    }

    // PowerShell lists processes by name, then by number.
    static Result<void>
    show_names(CommandContext& context, const std::vector<std::string>& patterns)
    {
        std::vector<ProcessFacts> all;
        for (const std::int32_t id : process_ids()) {
            PSRP_CHECK(context.check_stop());
            if (auto read = read_process(id)) all.push_back(std::move(*read));
        }
        std::stable_sort(all.begin(), all.end(), [](const ProcessFacts& a, const ProcessFacts& b) {
            return clixml::fold_case(a.name) < clixml::fold_case(b.name);
        });
        for (const std::string& pattern : patterns) {
            bool found = false;
            for (const ProcessFacts& facts : all) {
                if (!matches_wildcard(pattern, facts.name)) continue;
                found = true;
                PSRP_CHECK(context.emit(process_object(context.arena(), facts)));
                context.forget_values();
            }
            if (found || has_wildcard(pattern)) continue;
            PSRP_CHECK(context.write_error(no_process(
                context,
                "Cannot find a process with the name \"" + pattern +
                    "\". Verify the process name and call the cmdlet again.",
                "NoProcessFoundForGivenName",
                Value::string(pattern)
            )));
        }
        return {};
    }
};

} // namespace

void add_process_command(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<GetProcess>(
            "Get-Process",
            "GetProcessCommand",
            {{"Name", Type::TextList, 0, false, false, {"ProcessName"}},
             {"Id", Type::Int32List, -1, false, false, {"PID"}}},
            {"ps", "gps"},
            true
        )
    );
}

} // namespace psrp::server
