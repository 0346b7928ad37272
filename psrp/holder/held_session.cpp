#include <psrp/holder/held_session.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_transport.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace psrp {

namespace {

constexpr std::string_view socket_suffix = ".session";
constexpr std::size_t name_bytes_max = 64;
// A holder answers at once; one that has been stopped does not.
constexpr std::chrono::seconds answer_wait{30};

// A holder takes what follows only once the computer has acknowledged what is before it.
OutOfProcTransportLimits holder_limits()
{
    OutOfProcTransportLimits limits;
    limits.sends_outstanding_max = 1;
    return limits;
}

// The connection to a session that is there already.
class HeldTransport final : public OutOfProcTransport {
public:
    HeldTransport(std::string name, Descriptor reader, Descriptor writer)
        : OutOfProcTransport(std::move(reader), std::move(writer), holder_limits()),
          name_(std::move(name))
    {
    }

    // The framing has no word for Connect: what the request holds is the first that is said.
    Result<void> perform(const ClientAction& action) override
    {
        const auto* connect = std::get_if<Connect>(&action);
        if (connect == nullptr || !connect->channel.is_zero()) {
            return OutOfProcTransport::perform(action);
        }
        return OutOfProcTransport::perform(Send{session_channel, Stream::Default, connect->request}
        );
    }

    // What the holder says last is why.
    Result<std::optional<TransportEvent>> next_event() override
    {
        auto event = OutOfProcTransport::next_event();
        auto* told = event && *event ? std::get_if<PeerReportedError>(&**event) : nullptr;
        if (told != nullptr) told->text = "The session " + name_ + " is broken: " + told->text;
        return event;
    }

private:
    void on_input_end() override
    {
        fail_at_end(
            {TransportErrc::StreamEnded, clixml::no_offset, "expected CloseAck before the end"},
            "The session " + name_ + " is gone: the process that held it has ended."
        );
        end_client_input();
    }

    std::string name_;
};

tl::unexpected<std::string> cannot(std::string_view name, const std::string& why)
{
    return tl::unexpected("The session " + std::string(name) + " " + why);
}

// Waits until the descriptor can be read.
bool wait_for_bytes(int descriptor, Clock::time_point until)
{
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        pollfd entry{descriptor, POLLIN, 0};
        const int ready = ::poll(&entry, 1, std::max(0, static_cast<int>(left.count())));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

// The holder's line. Nothing is read behind it: a holder says nothing more before it is spoken to.
std::optional<std::string> read_line(int descriptor)
{
    const auto until = Clock::now() + answer_wait;
    std::string text;
    while (text.size() < holder_line_bytes_max) {
        if (!wait_for_bytes(descriptor, until)) return std::nullopt;
        const auto outcome = read_some(descriptor, 1, text);
        if (!outcome || *outcome == ReadOutcome::End) return std::nullopt;
        if (text.ends_with('\n')) {
            text.pop_back();
            return text;
        }
    }
    return std::nullopt;
}

} // namespace

bool is_session_name(std::string_view name)
{
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    return !name.empty() && name.size() <= name_bytes_max && name.front() != '-' &&
           name.front() != '.' && std::all_of(name.begin(), name.end(), is_good);
}

std::string holder_socket_path(const std::filesystem::path& folder, std::string_view name)
{
    return (folder / (std::string(name) + std::string(socket_suffix))).string();
}

std::vector<std::string> held_session_names(const std::filesystem::path& folder)
{
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        std::string name = at->path().filename().string();
        if (!name.ends_with(socket_suffix)) continue;
        name.resize(name.size() - socket_suffix.size());
        if (is_session_name(name)) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

tl::expected<HolderAnswer, std::string>
ask_holder(const std::filesystem::path& folder, std::string_view name, HolderRequest request)
{
    if (!is_session_name(name)) {
        return tl::unexpected("'" + std::string(name) + "' is no name of a session");
    }
    auto socket = connect_unix_socket(holder_socket_path(folder, name));
    if (!socket) {
        const clixml::Error& error = socket.error();
        const bool is_system = error.code.category() == std::system_category();
        if (is_system && error.code.value() == ENOENT) {
            return tl::unexpected(
                "There is no session " + std::string(name) + "; 'psrp session new' opens one."
            );
        }
        if (is_system && error.code.value() == ECONNREFUSED) {
            return cannot(name, "is gone: the process that held it has ended.");
        }
        return cannot(name, "cannot be reached: " + error.text());
    }
    const auto peer = socket_peer(socket->number());
    if (!peer || peer->user_id != ::geteuid()) {
        return cannot(name, "is another user's.");
    }
    const auto written = write_some(socket->number(), write_holder_request(request));
    auto line = written ? read_line(socket->number()) : std::nullopt;
    if (!line) return cannot(name, "does not answer.");
    auto description = read_held_description(*line);
    if (!description) {
        return cannot(name, "is held by another version of this program, or refuses us.");
    }
    return HolderAnswer{std::move(*description), std::move(*socket)};
}

std::unique_ptr<Transport> held_transport(HolderAnswer answer)
{
    Descriptor writer(fcntl(answer.socket.number(), F_DUPFD_CLOEXEC, 0));
    return std::make_unique<HeldTransport>(
        answer.description.name, std::move(answer.socket), std::move(writer)
    );
}

Target held_target(const std::filesystem::path& folder, std::string_view name)
{
    Target target;
    target.name = name;
    target.is_remote = true;
    target.takes_up_session = true;
    const auto failed = [](const std::string& reason) {
        const auto code = TransportErrc::StreamEnded;
        return tl::unexpected<ConnectFailure>({{code, clixml::no_offset, "a session"}, reason});
    };
    const auto found = ask_holder(folder, name, HolderRequest::Look);
    if (!found) {
        target.connect = [failed, reason = found.error()](const auto&) {
            return Connected(failed(reason));
        };
        return target;
    }
    const HeldDescription& description = found->description;
    target.name = description.computer_name;
    target.runspace_pool_id = description.runspace_pool_id;
    target.using_form = using_form(description.transport == "WSMan", std::nullopt);
    target.connect = [failed, folder, name = std::string(name)](const auto&) -> Connected {
        auto answer = ask_holder(folder, name, HolderRequest::Use);
        if (!answer) return failed(answer.error());
        if (!answer->description.is_open()) {
            return failed(
                "The session " + name + " is broken: " + answer->description.broken_reason +
                "\n'psrp session remove " + name + "' forgets it."
            );
        }
        return held_transport(std::move(*answer));
    };
    return target;
}

} // namespace psrp
