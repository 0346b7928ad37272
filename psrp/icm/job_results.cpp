#include <clixml/object.hpp>
#include <clixml/reader.hpp>
#include <clixml/writer.hpp>
#include <psrp/icm/job_results.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/limits.hpp>
#include <psrp/protocol/records.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

using clixml::Value;

// Names of the streams in the file.
constexpr std::string_view output_stream = "Output";
constexpr std::string_view error_stream = "Error";
constexpr std::string_view information_stream = "Information";
constexpr std::string_view host_stream = "Host";
constexpr std::string_view line_stream = "ConnectionLine";
constexpr std::string_view lost_stream = "ConnectionFailure";
constexpr std::string_view timeout_stream = "Timeout";
constexpr std::string_view pipeline_stream = "PipelineFailure";

constexpr std::array<std::pair<psrp::InformationalKind, std::string_view>, 3>
    informational_streams = {
        {{psrp::InformationalKind::Debug, "Debug"},
         {psrp::InformationalKind::Verbose, "Verbose"},
         {psrp::InformationalKind::Warning, "Warning"}}};

// A line ends at its line feed, so none may be in it; in XML a reference is the same character.
std::string on_one_line(std::string text)
{
    for (std::size_t at = 0; (at = text.find_first_of("\r\n", at)) != std::string::npos;) {
        text.replace(at, 1, text[at] == '\n' ? "&#10;" : "&#13;");
    }
    return text;
}

// Secure strings are for who asked for them, and not for a disk: they are kept as empty ones.
std::string without_secrets(std::string text)
{
    constexpr std::string_view end_tag = "</SS>";
    for (std::size_t at = 0; (at = text.find("<SS", at)) != std::string::npos;) {
        const std::size_t open_end = text.find('>', at);
        at = std::min(open_end, text.size() - 1) + 1;
        const bool is_element = open_end != std::string::npos && text[open_end - 1] != '/';
        const std::size_t end = text.find(end_tag, at);
        if (!is_element || end == std::string::npos) continue;
        std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), end - at, '\0');
        text.erase(at, end - at);
    }
    return text;
}

std::string text_of(const clixml::Object& line, std::string_view name)
{
    const Value value = line.get(name);
    return std::string(value.as<std::string_view>().value_or(std::string_view()));
}

} // namespace

JobRecorder::JobRecorder(const Job& job, psrp::Descriptor file, std::uint64_t results_bytes_max)
    : job_(&job), file_(std::move(file)), results_bytes_max_(results_bytes_max)
{
}

tl::expected<JobRecorder, std::string>
JobRecorder::create(const Job& job, std::uint64_t results_bytes_max)
{
    const std::string path = job.results_path();
    psrp::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file.is_open()) return tl::unexpected(path + ": " + std::strerror(errno));
    return JobRecorder(job, std::move(file), results_bytes_max);
}

bool JobRecorder::has_room(std::size_t line_bytes)
{
    const auto is_full = [&] {
        return written_bytes_ - received_bytes_ + line_bytes > results_bytes_max_;
    };
    if (is_full()) received_bytes_ = std::min(job_->received_bytes(), written_bytes_);
    return !is_full();
}

void JobRecorder::keep(
    std::string_view stream, const psrp::Origin& origin, clixml::Arena& arena, Value value
)
{
    if (!failure_.empty()) return;
    clixml::Object* line = clixml::make_custom_object(arena);
    line->set_note(arena, "Stream", Value::string(arena, stream));
    line->set_note(arena, "ComputerName", Value::string(arena, origin.computer_name));
    line->set_note(arena, "IsRemote", Value::boolean(origin.is_remote));
    line->set_note(arena, "Value", value);
    clixml::WriteOptions options = clixml::message_options();
    options.writing = clixml::Writing::Verbatim;
    std::string text;
    if (const auto made = clixml::write_value(Value::object(line), options, text); !made) {
        failure_ = "A result cannot be kept: " + made.error().text();
        return;
    }
    text = on_one_line(without_secrets(std::move(text))) + "\n";
    if (!has_room(text.size())) {
        failure_ = "The results that wait to be received are more than " +
                   std::to_string(results_bytes_max_ >> 20) + " MiB (--results-max).";
        return;
    }
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t count = ::write(file_.number(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            failure_ = std::string("The results cannot be kept: ") + std::strerror(errno) + ".";
            // The part of a line that was written is none.
            const auto whole = static_cast<off_t>(written_bytes_);
            [[maybe_unused]] const int cut = ::ftruncate(file_.number(), whole);
            return;
        }
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    written_bytes_ += text.size();
}

void JobRecorder::keep_text(
    std::string_view stream, const psrp::Origin& origin, std::string_view text
)
{
    clixml::Arena arena;
    keep(stream, origin, arena, Value::string(arena, text));
}

void JobRecorder::on_output(const psrp::Origin& origin, const psrp::Memory& memory, Value value)
{
    keep(output_stream, origin, *memory, value);
}

void JobRecorder::on_error(const psrp::Origin& origin, const psrp::ErrorRecord& record)
{
    clixml::Arena arena;
    keep(error_stream, origin, arena, psrp::encode_error_record(record, arena));
}

void JobRecorder::on_informational(
    const psrp::Origin& origin, const psrp::InformationalRecord& record
)
{
    clixml::Arena arena;
    for (const auto& [kind, stream] : informational_streams) {
        if (kind == record.kind) {
            keep(stream, origin, arena, psrp::encode_informational_record(record, arena));
        }
    }
}

void JobRecorder::on_information(const psrp::Origin& origin, const psrp::InformationRecord& record)
{
    clixml::Arena arena;
    keep(information_stream, origin, arena, psrp::encode_information_record(record, arena));
}

void JobRecorder::on_connection_line(const psrp::Origin& origin, std::string_view line)
{
    keep_text(line_stream, origin, line);
}

void JobRecorder::on_connection_failure(const psrp::Origin& origin, std::string_view reason)
{
    keep_text(lost_stream, origin, reason);
}

void JobRecorder::on_timeout(const psrp::Origin& origin, std::string_view reason)
{
    keep_text(timeout_stream, origin, reason);
}

void JobRecorder::on_pipeline_failure(const psrp::Origin& origin, std::string_view reason)
{
    keep_text(pipeline_stream, origin, reason);
}

void JobRecorder::write(std::string_view text)
{
    keep_text(host_stream, {}, text);
}

namespace {

// Gives one line to the receiver; true where it was an error.
clixml::Result<bool> receive_line(std::string_view text, const JobReceiver& receiver)
{
    const auto memory = std::make_shared<clixml::Arena>();
    clixml::ReadOptions options;
    options.form = clixml::Form::Bare;
    options.zone = receiver.zone;
    options.limits = psrp::Limits::client().clixml;
    PSRP_TRY(const Value read, clixml::read_message_value(memory->copy(text), *memory, options));
    const clixml::Object* line = read.object();
    if (line == nullptr) return clixml::failure(psrp::Errc::InvalidArgument);
    const std::string stream = text_of(*line, "Stream");
    psrp::Origin origin;
    origin.computer_name = text_of(*line, "ComputerName");
    origin.is_remote = line->get("IsRemote").as<bool>().value_or(false);
    const Value value = line->get("Value");
    psrp::ResultSink& sink = receiver.sink;
    if (stream == output_stream) {
        sink.on_output(origin, memory, value);
        return false;
    }
    if (stream == error_stream) {
        PSRP_TRY(const auto record, psrp::decode_error_record(value, *memory));
        sink.on_error(origin, record);
        return true;
    }
    if (stream == information_stream) {
        PSRP_TRY(const auto record, psrp::decode_information_record(value, *memory));
        sink.on_information(origin, record);
        return false;
    }
    for (const auto& [kind, name] : informational_streams) {
        if (stream != name) continue;
        PSRP_TRY(const auto record, psrp::decode_informational_record(value, kind, *memory));
        sink.on_informational(origin, record);
        return false;
    }
    const std::string said = text_of(*line, "Value");
    if (stream == host_stream) return receiver.console.write(said), false;
    if (stream == line_stream) return sink.on_connection_line(origin, said), false;
    if (stream == lost_stream) sink.on_connection_failure(origin, said);
    if (stream == timeout_stream) sink.on_timeout(origin, said);
    if (stream == pipeline_stream) sink.on_pipeline_failure(origin, said);
    return true;
}

// What has been received takes no room any more, where the file system can do that.
void give_back(const std::string& path, std::uint64_t count)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    const psrp::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open()) return;
    [[maybe_unused]] const int given = ::fallocate(
        file.number(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(count)
    );
#endif
}

} // namespace

tl::expected<bool, std::string>
receive_results(const Job& job, const JobReceiver& receiver, AfterReceiving after)
{
    const std::string path = job.results_path();
    // One after the other: nobody gets what another one gets.
    const psrp::Descriptor turn(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!turn.is_open()) {
        if (errno == ENOENT) return false; // nothing has been kept yet
        return tl::unexpected(path + ": " + std::strerror(errno));
    }
    if (::flock(turn.number(), LOCK_EX) != 0) {
        return tl::unexpected(path + ": " + std::strerror(errno));
    }
    std::ifstream file(path, std::ios::binary);
    std::uint64_t received = job.received_bytes();
    file.seekg(static_cast<std::streamoff>(received));
    bool had_errors = false;
    std::string line;
    while (std::getline(file, line) && !file.eof()) { // at the end: one that is being written
        const auto is_error = receive_line(line, receiver);
        if (!is_error) return tl::unexpected(path + ": " + is_error.error().text());
        had_errors = *is_error || had_errors;
        received += line.size() + 1;
    }
    if (after == AfterReceiving::Forget) {
        job.set_received_bytes(received);
        give_back(path, received);
    }
    return had_errors;
}

} // namespace icm
