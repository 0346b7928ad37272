#include <psrp/holder/held_session.hpp>
#include <psrp/icm/embedded.hpp>
#include <psrp/icm/private_folders.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/transport/capture.hpp>
#include <psrp/transport/container_engine.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/host_pipe.hpp>
#include <psrp/transport/process_transport.hpp>
#include <psrp/transport/socket_transport.hpp>
#include <psrp/transport/ssh_transport.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

namespace icm {

namespace {

// How long PowerShell's own client waits for a process that serves somebody else.
constexpr std::chrono::milliseconds pipe_patience{60'000};

using LineTaker = std::function<void(std::string_view)>;

tl::unexpected<psrp::ConnectFailure> cannot_connect(const clixml::Error& error, std::string what)
{
    return tl::unexpected<psrp::ConnectFailure>({error, what + ": " + error.text()});
}

// Children do not outlive icm, however it ends.
psrp::ChildTransportLimits child_limits()
{
    psrp::ChildTransportLimits limits;
    limits.parent_loss = psrp::ParentLoss::Terminate;
    return limits;
}

psrp::Target target_for(const psrp::SshTarget& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.host;
    target.is_remote = true;
    auto timeout = options.connecting_timeout;
    if (place.connecting_timeout) timeout = place.connecting_timeout;
    if (timeout && timeout->count() < 0) timeout = std::nullopt;
    target.connect = [place, timeout](LineTaker take_line) {
        psrp::SshOptions ssh;
        ssh.target = place;
        ssh.connecting_timeout = timeout;
        ssh.on_error_line = std::move(take_line);
        ssh.limits = child_limits();
        auto transport = psrp::SshTransport::start(std::move(ssh));
        if (transport) return psrp::Connected(std::move(*transport));
        const clixml::Error& error = transport.error();
        if (error == psrp::TransportErrc::ProgramNotFound) {
            return psrp::Connected(
                cannot_connect(error, "ssh is not on PATH (the package openssh-client has it)")
            );
        }
        if (error == psrp::TransportErrc::KeyFileNotFound) {
            return psrp::Connected(cannot_connect(error, place.key_file));
        }
        return psrp::Connected(cannot_connect(error, "ssh"));
    };
    return target;
}

psrp::Connected started(psrp::ProcessOptions process)
{
    const std::string program = process.arguments.front();
    process.limits = child_limits();
    auto transport = psrp::ProcessTransport::start(std::move(process));
    if (!transport) return cannot_connect(transport.error(), program);
    return std::move(*transport);
}

psrp::Target target_for(const psrp::ContainerTarget& place, const Options&, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.id;
    target.is_remote = true;
    target.connect = [container = place](LineTaker take_line) mutable -> psrp::Connected {
        auto engine = psrp::find_container_engine(container.engine);
        if (!engine) {
            return cannot_connect(
                engine.error(),
                container.engine.empty() ? "neither docker nor podman is on PATH" : container.engine
            );
        }
        container.engine = std::move(*engine);
        psrp::ProcessOptions process;
        auto arguments = psrp::container_arguments(container);
        if (!arguments) return cannot_connect(arguments.error(), container.id);
        process.arguments = std::move(*arguments);
        process.error_lines = psrp::ErrorLines::PassOn;
        process.on_error_line = std::move(take_line);
        return started(std::move(process));
    };
    return target;
}

psrp::Target target_for(const CommandPlace& place, const Options&, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.arguments.front();
    target.connect = [arguments = place.arguments](LineTaker take_line) {
        psrp::ProcessOptions process;
        process.arguments = arguments;
        process.error_lines = psrp::ErrorLines::PassOn;
        process.on_error_line = std::move(take_line);
        // It may ask for a password, as ssh and sudo do.
        process.interrupt_shield = psrp::InterruptShield::IgnoredSignals;
        return started(std::move(process));
    };
    return target;
}

// `patience` is for servers that may be busy or about to start; what the user says goes before it.
psrp::Connected connected(
    const std::string& path,
    psrp::SocketOwner owner,
    std::chrono::milliseconds patience,
    std::optional<std::chrono::milliseconds> wait
)
{
    psrp::SocketOptions socket;
    socket.path = path;
    socket.owner = owner;
    socket.connect_wait = wait.value_or(patience);
    auto transport = psrp::SocketTransport::start(std::move(socket));
    if (!transport) return cannot_connect(transport.error(), path);
    return std::move(*transport);
}

psrp::Target target_for(const SocketPlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.path;
    target.connect = [place, wait = options.connecting_timeout](const LineTaker&) {
        return connected(place.path, psrp::SocketOwner::Anybody, {}, wait);
    };
    return target;
}

psrp::Target target_for(const CustomPipePlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.name;
    target.connect = [place,
                      wait = options.connecting_timeout](const LineTaker&) -> psrp::Connected {
        const auto places = psrp::default_host_pipe_places();
        const auto path = psrp::custom_pipe_path(places.pipe_folder, place.name);
        if (!path) {
            const auto code = psrp::TransportErrc::SocketPathTooLong;
            return cannot_connect({code, clixml::no_offset, "expected a shorter name"}, place.name);
        }
        return connected(*path, psrp::SocketOwner::CurrentUser, pipe_patience, wait);
    };
    return target;
}

psrp::Target target_for(const HostProcessPlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.process_id != 0 ? std::to_string(place.process_id) : place.name;
    target.connect = [place,
                      wait = options.connecting_timeout](const LineTaker&) -> psrp::Connected {
        const auto places = psrp::default_host_pipe_places();
        const auto pipe = place.process_id != 0 ? psrp::find_host_pipe(place.process_id, places)
                                                : psrp::find_host_pipe(place.name, places);
        if (!pipe) {
            return tl::unexpected<psrp::ConnectFailure>({pipe.error().error, pipe.error().text});
        }
        return connected(pipe->path, psrp::SocketOwner::CurrentUser, pipe_patience, wait);
    };
    return target;
}

// `left` is a session that is taken up; none: a new one.
psrp::Target winrm_target(
    const WinRmPlace& place,
    const Options& options,
    const WinRmAccess& access,
    std::optional<LeftSession> left
)
{
    psrp::Target target;
    target.name = place.name;
    target.is_remote = true;
    target.takes_up_session = left.has_value();
    target.runspace_pool_id = left ? left->id : access.ids.new_guid();
    target.using_form = psrp::using_form(true, std::nullopt);
    target.connect = [place,
                      winrm = options.winrm,
                      id = *target.runspace_pool_id,
                      leaves_sessions = options.leaves_sessions,
                      is_compressed = left && left->is_compressed,
                      &access](LineTaker take_line) -> psrp::Connected {
        auto transport = transport_options(place.url, winrm, access.identity, access.ids);
        transport.exchange.shell_id = id;
        transport.exchange.connects_compressed = is_compressed;
        transport.exchange.leaves_output = leaves_sessions;
        transport.on_line = std::move(take_line);
        return std::make_unique<psrp::WinRmTransport>(std::move(transport));
    };
    return target;
}

psrp::Target target_for(const WinRmPlace& place, const Options& options, const WinRmAccess& access)
{
    return winrm_target(place, options, access, std::nullopt);
}

psrp::Target target_for(const HeldPlace& place, const Options&, const WinRmAccess&)
{
    const auto folder = session_folder();
    if (folder) return psrp::held_target(*folder, place.name);
    psrp::Target target;
    target.name = place.name;
    target.connect = [reason = folder.error()](const LineTaker&) {
        const clixml::Error error{psrp::TransportErrc::ActionNotAllowed, clixml::no_offset, ""};
        return psrp::Connected(tl::unexpected<psrp::ConnectFailure>({error, reason}));
    };
    return target;
}

psrp::Target pwsh_target()
{
    psrp::Target target;
    target.name = "localhost";
    target.connect = [](const LineTaker&) { return started({}); };
    return target;
}

psrp::Target embedded_target()
{
    psrp::Target target;
    target.name = "localhost";
    target.connect = [](const LineTaker&) {
        auto transport = start_embedded();
        if (!transport) return psrp::Connected(cannot_connect(transport.error(), "endpoint"));
        return psrp::Connected(std::move(*transport));
    };
    return target;
}

psrp::Target local_target(Endpoint endpoint)
{
    if (endpoint == Endpoint::Pwsh) return pwsh_target();
    if (endpoint == Endpoint::Automatic) {
        if (psrp::find_program("pwsh")) return pwsh_target();
        std::fputs(
            "icm: pwsh is not on PATH; the embedded endpoint runs this, which knows some twenty "
            "commands (--endpoint embedded says that this is meant)\n",
            stderr
        );
    }
    return embedded_target();
}

// This computer, as one among others: what comes from it says so.
psrp::Target target_for(const HerePlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target = local_target(options.endpoint);
    target.name = place.name;
    target.is_remote = true;
    return target;
}

// Records what passes on the way to the target. Where the file cannot be made nothing is connected.
void record(psrp::Target& target, const std::string& path, psrp::CaptureSecrets secrets)
{
    target.connect = [connect = std::move(target.connect), path, secrets](LineTaker take_line) {
        auto capture = psrp::Capture::create(path, secrets);
        if (!capture) return psrp::Connected(cannot_connect(capture.error(), path));
        const std::shared_ptr<psrp::Capture> tap(capture->release(), [path](psrp::Capture* whole) {
            const std::unique_ptr<psrp::Capture> owner(whole);
            if (const auto done = owner->finish(); !done) {
                std::fprintf(stderr, "icm: %s: %s\n", path.c_str(), done.error().text().c_str());
            }
        });
        auto transport = connect(std::move(take_line));
        if (!transport) return transport;
        (*transport)->set_tap(tap);
        return transport;
    };
}

} // namespace

psrp::Target left_session_target(
    const WinRmPlace& place,
    const Options& options,
    const WinRmAccess& access,
    const LeftSession& left
)
{
    return winrm_target(place, options, access, left);
}

std::vector<psrp::Target> targets_of(const Options& options, const WinRmAccess& access)
{
    std::vector<psrp::Target> targets;
    for (const Place& place : options.targets) {
        targets.push_back(
            std::visit([&](const auto& one) { return target_for(one, options, access); }, place)
        );
    }
    if (targets.empty()) targets.push_back(local_target(options.endpoint));
    const auto secrets =
        options.captures_secrets ? psrp::CaptureSecrets::Written : psrp::CaptureSecrets::Masked;
    for (std::size_t i = 0; i < targets.size() && !options.capture_path.empty(); ++i) {
        record(
            targets[i], psrp::capture_path(options.capture_path, i + 1, targets.size()), secrets
        );
    }
    return targets;
}

tl::expected<std::shared_ptr<psrp::Identity>, std::string> identity_for(const Options& options)
{
    const bool has_winrm =
        std::any_of(options.targets.begin(), options.targets.end(), [](const Place& place) {
            return std::holds_alternative<WinRmPlace>(place);
        });
    if (!has_winrm) return std::make_shared<psrp::Identity>();
    return winrm_identity(options.winrm);
}

} // namespace icm
