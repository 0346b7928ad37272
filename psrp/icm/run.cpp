#include <psrp/client/fan_out.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/line_input.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/icm/embedded.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/transport/process_transport.hpp>
#include <psrp/transport/ssh_transport.hpp>

#include <cstdio>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

using LineTaker = std::function<void(std::string_view)>;

tl::unexpected<psrp::ConnectFailure> cannot_connect(const clixml::Error& error, std::string what)
{
    return tl::unexpected<psrp::ConnectFailure>({error, what + ": " + error.text()});
}

psrp::Target ssh_target(const psrp::SshTarget& place, const Options& options)
{
    psrp::Target target;
    target.name = place.host;
    target.is_remote = true;
    target.connect = [place, timeout = options.connecting_timeout](LineTaker take_line) {
        psrp::SshOptions ssh;
        ssh.target = place;
        ssh.connecting_timeout = timeout;
        ssh.on_error_line = std::move(take_line);
        auto transport = psrp::SshTransport::start(std::move(ssh));
        if (!transport) return psrp::Connected(cannot_connect(transport.error(), "ssh"));
        return psrp::Connected(std::move(*transport));
    };
    return target;
}

psrp::Target pwsh_target()
{
    psrp::Target target;
    target.name = "localhost";
    target.connect = [](const LineTaker&) {
        auto transport = psrp::ProcessTransport::start();
        if (!transport) return psrp::Connected(cannot_connect(transport.error(), "pwsh"));
        return psrp::Connected(std::move(*transport));
    };
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

std::vector<psrp::Target> targets_of(const Options& options)
{
    std::vector<psrp::Target> targets;
    for (const psrp::SshTarget& place : options.targets) {
        targets.push_back(ssh_target(place, options));
    }
    if (targets.empty()) targets.push_back(local_target(options.endpoint));
    return targets;
}

// The command line has been checked: every element has a value.
std::vector<clixml::Value> values_of(const std::vector<std::string>& elements, clixml::Arena& arena)
{
    std::vector<clixml::Value> values;
    for (const std::string& element : elements) {
        values.push_back(typed_value(element, arena).value_or(clixml::Value()));
    }
    return values;
}

int exit_code_of(const psrp::FanOutOutcome& outcome, bool output_is_whole)
{
    if (outcome.was_interrupted) return exit_interrupted;
    if (outcome.had_connection_failures) return exit_no_connection;
    const bool had_errors = outcome.had_errors || outcome.exit_code.value_or(0) != 0;
    return had_errors || !output_is_whole ? exit_errors : exit_success;
}

int run_with(psrp::EventLoop& loop, const Options& options, std::vector<std::string> scripts)
{
    const bool reads_standard_input =
        !options.has_input_objects && !options.no_input && psrp::is_input_source(STDIN_FILENO);
    OutputOptions output_options;
    output_options.mode = options.output;
    output_options.depth = options.depth;
    output_options.error_view = options.error_view;
    output_options.names_origin = options.targets.size() > 1;
    Output output(loop, output_options);

    clixml::Arena arena;
    const psrp::MachineZone zone;
    psrp::FanOutOptions what;
    what.scripts = std::move(scripts);
    what.arguments = values_of(options.arguments, arena);
    what.has_input = options.has_input_objects || reads_standard_input;
    what.shows_computer_name = !options.hides_computer_name;
    what.throttle_limit = options.throttle_limit;
    what.open_timeout = options.connecting_timeout;
    what.host_info = psrp::host_info_for(output);
    what.zone = &zone;

    psrp::InputQueue input;
    psrp::RandomIds ids;
    psrp::FanOut fan_out(loop, ids, targets_of(options), std::move(what), input, output, output);
    psrp::LineInput lines(STDIN_FILENO, input);
    if (options.has_input_objects) {
        for (const clixml::Value& value : values_of(options.input_objects, arena)) {
            input.push_value(value);
        }
        input.end();
    } else if (reads_standard_input) {
        loop.add(lines);
    }
    const psrp::InterruptCatcher interrupts(loop);
    const auto outcome = fan_out.run([&] { return interrupts.count(); }, [&] { output.flush(); });
    loop.remove(lines);
    return exit_code_of(outcome, output.finish());
}

} // namespace

int run(const Options& options)
{
    std::vector<std::string> scripts = options.scripts;
    if (!options.file_path.empty()) {
        auto text = psrp::read_script_file(options.file_path);
        if (!text) {
            std::fprintf(
                stderr, "icm: %s: %s\n", options.file_path.c_str(), text.error().text().c_str()
            );
            return exit_usage;
        }
        scripts = {std::move(*text)};
    }
    auto loop = psrp::EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "icm: %s\n", loop.error().text().c_str());
        return exit_no_connection;
    }
    return run_with(*loop, options, std::move(scripts));
}

} // namespace icm
