#include <clixml/object.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/holder/held_session.hpp>
#include <psrp/holder/holder.hpp>
#include <psrp/icm/background.hpp>
#include <psrp/icm/held_sessions.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/parameters.hpp>
#include <psrp/icm/private_folders.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/sessions.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

int fail(int code, const std::string& text)
{
    std::fprintf(stderr, "psrp session: %s\n", text.c_str());
    return code;
}

std::string transport_name(const Options& options)
{
    if (options.targets.empty()) return "Process";
    const Place& place = options.targets.front();
    if (std::holds_alternative<psrp::SshTarget>(place)) return "SSH";
    if (std::holds_alternative<WinRmPlace>(place)) return "WSMan";
    if (std::holds_alternative<psrp::ContainerTarget>(place)) return "Container";
    if (std::holds_alternative<SocketPlace>(place)) return "Socket";
    return "Process";
}

// A session of ours as Get-PSSession shows one.
struct ListedSession {
    std::string name;
    std::string computer;
    std::string transport;
    std::string state;
    std::string configuration;
    std::string availability;
    std::string id;
};

ListedSession listed(const psrp::HeldDescription& held)
{
    ListedSession session;
    session.name = held.name;
    session.computer = held.computer_name;
    session.transport = held.transport;
    session.state = held.is_open() ? "Opened" : "Broken";
    session.configuration = held.configuration;
    session.availability = !held.is_open()            ? "None"
                           : held.pipeline_count == 0 ? "Available"
                                                      : "Busy";
    session.id = held.runspace_pool_id.text();
    return session;
}

void print(Output& output, const ListedSession& session, std::int32_t number)
{
    using clixml::Value;
    const auto memory = std::make_shared<clixml::Arena>();
    clixml::Object* object = clixml::make_custom_object(*memory);
    object->set_type_names(
        *memory,
        {"Deserialized.System.Management.Automation.Runspaces.PSSession",
         "Deserialized.System.Object"}
    );
    const auto note = [&](std::string_view name, std::string_view text) {
        object->set_note(*memory, name, Value::string(*memory, text));
    };
    object->set_note(*memory, "Id", Value::int32(number));
    note("Name", session.name);
    note("Transport", session.transport);
    note("ComputerName", session.computer);
    note("ComputerType", "RemoteMachine");
    note("State", session.state);
    note("ConfigurationName", session.configuration);
    note("Availability", session.availability);
    note("InstanceId", session.id);
    output.on_output({session.computer, {}, false}, memory, Value::object(object));
}

// The socket's file, as long as it is this one.
class SocketFile {
public:
    explicit SocketFile(std::string path) : path_(std::move(path))
    {
        is_there_ = ::lstat(path_.c_str(), &status_) == 0;
    }
    ~SocketFile() { remove(); }
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

    void remove()
    {
        struct stat now {};
        const bool is_same = is_there_ && ::lstat(path_.c_str(), &now) == 0 &&
                             now.st_ino == status_.st_ino && now.st_dev == status_.st_dev;
        if (is_same) ::unlink(path_.c_str());
        is_there_ = false;
    }

private:
    std::string path_;
    struct stat status_ {};
    bool is_there_ = false;
};

// Options that mean the same in another folder and at another time: paths are whole, and a
// descriptor that was open then is not among them.
std::vector<std::string> lasting_words(const std::vector<std::string>& words)
{
    std::vector<std::string> lasting;
    for (const std::string& word : words) {
        const std::size_t mark = std::min(word.find('='), word.size());
        const Parameter* row = find_option(std::string_view(word).substr(2, mark - 2));
        const bool is_lasting = row != nullptr && row->option != "password-fd" &&
                                (row->section == Section::WinRm ||
                                 row->section == Section::Targets || row->option == "port");
        if (!is_lasting) continue;
        const bool is_path = row->value == "FILE" && mark < word.size();
        std::error_code error;
        std::filesystem::path path;
        if (is_path) path = std::filesystem::absolute(word.substr(mark + 1), error);
        lasting.push_back(is_path && !error ? word.substr(0, mark + 1) + path.string() : word);
    }
    return lasting;
}

psrp::HolderOptions holder_options(
    const SessionCommand& command, const std::string& name, const Options& options, Output& output
)
{
    psrp::HolderOptions holder;
    holder.name = name;
    holder.transport = transport_name(options);
    holder.configuration = options.winrm.configuration;
    if (holder.configuration.empty() && holder.transport == "WSMan") {
        holder.configuration = psrp::wsman::default_configuration;
    }
    holder.idle_timeout = command.idle_timeout;
    holder.session.host_info = psrp::host_info_for(output);
    holder.session.limits = psrp::Limits::client();
    holder.session.open_timeout = options.connecting_timeout;
    if (options.winrm.session_option.open_timeout) {
        holder.session.open_timeout = options.winrm.session_option.open_timeout;
    }
    holder.console = &output;
    return holder;
}

// One at a time: what a holder has left is replaced, and what another one has just made is not.
psrp::Result<psrp::Descriptor>
listen_at(const std::filesystem::path& folder, const std::string& path)
{
    const psrp::Descriptor turn(
        ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)
    );
    if (turn.is_open()) ::flock(turn.number(), LOCK_EX);
    return psrp::listen_on_unix_socket(path);
}

// In the process that goes on: opens, tells, holds.
int hold(
    Foreground& foreground,
    const SessionCommand& command,
    const std::string& name,
    const Options& options,
    std::shared_ptr<psrp::Identity> identity,
    const std::optional<SessionRecord>& left
)
{
    const auto folder = session_folder();
    auto loop = psrp::EventLoop::create();
    if (!folder || !loop) {
        return fail(exit_no_connection, folder ? loop.error().text() : folder.error());
    }
    Output output(*loop, output_options(options));
    const psrp::MachineZone zone;
    psrp::RandomIds ids;
    const WinRmAccess access{std::move(identity), ids};
    psrp::HolderOptions holding = holder_options(command, name, options, output);
    holding.session.zone = &zone;
    holding.target = targets_of(options, access).front();
    if (left) {
        const auto& place = std::get<WinRmPlace>(options.targets.front());
        const auto id = psrp::Guid::read(left->id).value_or(psrp::Guid{});
        const auto found = find_left_session(*loop, place, options, access, id);
        if (!found) return fail(exit_no_connection, place.name + ": " + found.error());
        holding.target = left_session_target(place, options, access, {id, found->is_compressed});
    }
    if (!holding.target.runspace_pool_id) holding.target.runspace_pool_id = ids.new_guid();
    const psrp::Origin origin{holding.target.name, {}, holding.target.is_remote};
    holding.on_line = [&](std::string_view line) { output.on_connection_line(origin, line); };
    if (holding.transport == "WSMan") {
        const SessionRecord record{
            name,
            holding.target.name,
            holding.target.runspace_pool_id->text(),
            holding.configuration,
            lasting_words(left ? left->words : command.words)};
        holding.on_leaving = [record] { return write_session_record(record); };
        holding.on_not_left = [name] { remove_session_record(name); };
    }
    psrp::Holder holder(*loop, std::move(holding));
    const psrp::InterruptCatcher interrupts(*loop);
    // An ssh that is started now stays on this terminal, for its questions, and is to outlive it.
    ::signal(SIGHUP, SIG_IGN);
    const auto count = [&] { return interrupts.count(); };
    if (const auto opened = holder.open(count); !opened) {
        if (interrupts.count() > 0) return exit_interrupted;
        output.on_connection_failure(origin, opened.error());
        output.finish();
        return exit_no_connection;
    }
    const std::string path = psrp::holder_socket_path(*folder, name);
    auto socket = listen_at(*folder, path);
    if (!socket) return fail(exit_no_connection, path + ": " + socket.error().text());
    SocketFile file(path);
    holder.set_on_end([&] { file.remove(); });
    holder.listen(std::move(*socket));
    if (left) remove_session_record(name);
    print(output, listed(holder.description()), 1);
    if (!output.finish()) return exit_errors;
    foreground.leave();
    holder.forget_console();
    holder.serve(count);
    return exit_success;
}

// What the holder says behind its answer, up to its end.
std::string read_rest(int descriptor)
{
    std::string text;
    while (true) {
        pollfd entry{descriptor, POLLIN, 0};
        if (::poll(&entry, 1, -1) < 0) return text;
        const auto outcome = psrp::read_some(descriptor, psrp::holder_line_bytes_max, text);
        if (!outcome || *outcome == psrp::ReadOutcome::End) return text;
    }
}

} // namespace

int open_session(
    const SessionCommand& command,
    const std::string& name,
    const Options& options,
    const std::optional<SessionRecord>& left
)
{
    if (!psrp::is_session_name(name)) {
        return fail(
            exit_usage,
            "a session's name is made of letters, digits, '-', '_' and '.', not '" + name + "'"
        );
    }
    const auto folder = session_folder();
    if (!folder) return fail(exit_errors, folder.error());
    if (psrp::ask_holder(*folder, name, psrp::HolderRequest::Look)) {
        return fail(
            exit_errors,
            "there is a session " + name + " already; 'psrp session remove " + name + "' ends it"
        );
    }
    if (!left && read_session_record(name)) {
        return fail(
            exit_errors,
            "the session " + name + " is disconnected; 'psrp session connect " + name +
                "' takes it up, 'psrp session remove " + name + "' removes it"
        );
    }
    auto identity = identity_for(options);
    if (!identity) return fail(exit_usage, identity.error());
    return run_behind([&](Foreground& foreground) {
        return hold(foreground, command, name, options, std::move(*identity), left);
    });
}

int list_sessions(const SessionCommand& command)
{
    const auto folder = session_folder();
    auto loop = psrp::EventLoop::create();
    if (!folder || !loop) return fail(exit_errors, folder ? loop.error().text() : folder.error());
    Output output(*loop, output_options(command.options));
    std::int32_t number = 0;
    for (const std::string& name : psrp::held_session_names(*folder)) {
        const auto answer = psrp::ask_holder(*folder, name, psrp::HolderRequest::Look);
        ListedSession session{name, "", "", "Broken", "", "None", ""};
        if (answer) session = listed(answer->description);
        print(output, session, ++number);
    }
    for (const SessionRecord& record : session_records()) {
        const ListedSession session{
            record.name,
            record.computer,
            "WSMan",
            "Disconnected",
            record.configuration,
            "None",
            record.id};
        print(output, session, ++number);
    }
    return output.finish() ? exit_success : exit_errors;
}

bool has_holder(const std::string& name)
{
    const auto folder = session_folder();
    struct stat status {};
    return folder && psrp::is_session_name(name) &&
           ::lstat(psrp::holder_socket_path(*folder, name).c_str(), &status) == 0;
}

int end_session(const SessionCommand& command, const std::string& name)
{
    const bool leaves = command.action == SessionCommand::Action::Disconnect;
    const auto folder = session_folder();
    if (!folder) return fail(exit_errors, folder.error());
    const auto answer = psrp::ask_holder(
        *folder, name, leaves ? psrp::HolderRequest::Disconnect : psrp::HolderRequest::Close
    );
    if (!answer) {
        // What a holder that has ended has left is forgotten; somebody else's is not.
        const std::string path = psrp::holder_socket_path(*folder, name);
        const auto connected = psrp::connect_unix_socket(path);
        const bool is_stale = !connected && connected.error().code.value() == ECONNREFUSED;
        if (is_stale) ::unlink(path.c_str());
        if (is_stale && !leaves) return exit_success;
        return fail(exit_errors, answer.error());
    }
    const std::string rest = read_rest(answer->socket.number());
    if (!leaves || rest == "left\n") return exit_success;
    std::string reason = rest.substr(0, rest.find('\n'));
    if (reason.empty()) reason = "its holder has ended";
    return fail(exit_errors, "the session " + name + " was not left: " + reason);
}

} // namespace icm
