// Get-Content.
#include <clixml/utf.hpp>
#include <psrp/server/commands/paths.hpp>
#include <psrp/server/commands/standard.hpp>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace psrp::server {

namespace {

constexpr int stop_check_ms = 50;

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor()
    {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

class GetContent final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return read(context, path_of(input), true);
    }

    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        const Arguments& arguments = context.arguments();
        for (const std::string& path : arguments.texts("LiteralPath"))
            PSRP_CHECK(read(context, path, true));
        for (const std::string& path : arguments.texts("Path"))
            PSRP_CHECK(read(context, path, false));
        if (arguments.has("Path") || arguments.has("LiteralPath")) return {};
        Failure failure = runtime_failure(
            "Cannot process command because of one or more missing mandatory parameters: Path.",
            "MissingMandatoryParameter," + context.definition().type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.ParameterBindingException";
        return context.fail(std::move(failure));
    }

private:
    static constexpr std::size_t line_bytes_max = std::size_t{64} << 20;
    static constexpr std::size_t raw_bytes_max = std::size_t{256} << 20;

    Result<void> read(CommandContext& context, const std::string& pattern, bool literal)
    {
        for (const std::string& path : expand_path(context.session(), pattern, literal)) {
            PSRP_CHECK(read_file(context, path));
        }
        return {};
    }

    Result<void> read_file(CommandContext& context, const std::string& path)
    {
        // Without waiting: a pipe without a writer would hold us here, deaf to a stop.
        const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        struct stat facts {};
        if (file.number() < 0 || fstat(file.number(), &facts) != 0)
            return open_failed(context, path, errno);
        if (S_ISDIR(facts.st_mode)) return open_failed(context, path, EISDIR);
        const Arguments& arguments = context.arguments();
        raw_ = arguments.flag("Raw");
        head_ = arguments.has("TotalCount") ? arguments.integer("TotalCount") : -1;
        tail_ = arguments.has("Tail") ? arguments.integer("Tail") : -1;
        pending_.clear();
        last_lines_.clear();
        emitted_ = 0;
        at_start_ = true;
        if (head_ == 0) return {};
        std::string buffer(64 * 1024, '\0');
        for (;;) {
            PSRP_CHECK(context.check_stop());
            const ssize_t count = ::read(file.number(), buffer.data(), buffer.size());
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
                pollfd wait{file.number(), POLLIN, 0};
                (void)poll(&wait, 1, stop_check_ms); // whatever it says, the next read shows it
                continue;
            }
            if (count < 0) return open_failed(context, path, errno);
            if (count == 0) break;
            PSRP_CHECK(
                take(context, std::string_view(buffer).substr(0, static_cast<std::size_t>(count)))
            );
            if (head_ >= 0 && emitted_ >= head_ && !raw_) return {};
        }
        return finish(context);
    }

    Result<void> take(CommandContext& context, std::string_view bytes)
    {
        pending_ += bytes;
        if (at_start_ && pending_.size() >= 3) {
            at_start_ = false;
            if (pending_.compare(0, 3, "\xEF\xBB\xBF") == 0) pending_.erase(0, 3);
        }
        if (raw_) {
            if (pending_.size() <= raw_bytes_max) return {};
            return context.fail(runtime_failure(
                "The file is larger than the embedded endpoint reads at once.",
                "psrp.ResultTooLarge",
                ErrorCategory::LimitsExceeded
            ));
        }
        std::size_t at = 0;
        for (std::size_t end = 0; (end = pending_.find('\n', at)) != std::string::npos;
             at = end + 1) {
            PSRP_CHECK(line(context, std::string_view(pending_).substr(at, end - at)));
            if (head_ >= 0 && emitted_ >= head_) return {};
        }
        pending_.erase(0, at);
        if (pending_.size() > line_bytes_max) {
            return context.fail(runtime_failure(
                "A line is longer than the embedded endpoint reads.",
                "psrp.ResultTooLarge",
                ErrorCategory::LimitsExceeded
            ));
        }
        return {};
    }

    Result<void> line(CommandContext& context, std::string_view text)
    {
        if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
        if (tail_ >= 0) {
            last_lines_.push_back(readable(text));
            if (static_cast<std::int64_t>(last_lines_.size()) > tail_) last_lines_.pop_front();
            return {};
        }
        ++emitted_;
        const std::string shown = readable(text);
        return context.emit(Value::string(shown));
    }

    Result<void> finish(CommandContext& context)
    {
        if (at_start_ && pending_.compare(0, 3, "\xEF\xBB\xBF") == 0) pending_.erase(0, 3);
        if (raw_) {
            const std::string text = readable(pending_);
            return text.empty() ? Result<void>{} : context.emit(Value::string(text));
        }
        if (!pending_.empty()) PSRP_CHECK(line(context, pending_));
        for (const std::string& text : last_lines_)
            PSRP_CHECK(context.emit(Value::string(text)));
        return {};
    }

    static Result<void> open_failed(CommandContext& context, const std::string& path, int error)
    {
        if (error == ENOENT || error == ENOTDIR) {
            return context.write_error(path_not_found(path, context.definition().type_name));
        }
        const bool denied = error == EACCES || error == EPERM || error == EISDIR;
        Failure failure = runtime_failure(
            denied ? "Access to the path '" + path + "' is denied."
                   : "Cannot read '" + path + "': " + std::generic_category().message(error),
            (denied ? "GetContentReaderUnauthorizedAccessError," : "GetContentReaderIOError,") +
                context.definition().type_name,
            denied ? ErrorCategory::PermissionDenied : ErrorCategory::ReadError
        );
        failure.exception_type =
            denied ? "System.UnauthorizedAccessException" : "System.IO.IOException";
        failure.set_target(Value::string(path));
        return context.write_error(std::move(failure));
    }

    bool raw_ = false;
    bool at_start_ = true;
    std::int64_t head_ = -1;
    std::int64_t tail_ = -1;
    std::int64_t emitted_ = 0;
    std::string pending_;
    std::deque<std::string> last_lines_;
};

} // namespace

void add_content_command(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<GetContent>(
            "Get-Content",
            "GetContentCommand",
            {{"Path", Type::TextList, 0, false, false, {}},
             {"LiteralPath", Type::TextList, -1, false, false, {"PSPath", "LP"}},
             {"Raw", Type::Switch, -1, false, false, {}},
             {"TotalCount", Type::Int64, -1, false, false, {"First", "Head"}},
             {"Tail", Type::Int32, -1, false, false, {"Last"}}},
            {"cat", "gc", "type"},
            true
        )
    );
}

} // namespace psrp::server
