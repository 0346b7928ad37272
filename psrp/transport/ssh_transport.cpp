#include <psrp/transport/errors.hpp>
#include <psrp/transport/ssh_failures.hpp>
#include <psrp/transport/ssh_transport.hpp>

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace psrp {

SshTransport::SshTransport(SshOptions options)
    : ChildTransport(options.limits), options_(std::move(options))
{
}

Result<std::unique_ptr<SshTransport>> SshTransport::start(SshOptions options)
{
    ChildProgram program;
    PSRP_TRY(program.arguments, ssh_arguments(options.target));
    if (!options.target.key_file.empty() && ::access(options.target.key_file.c_str(), F_OK) != 0) {
        return clixml::failure(
            TransportErrc::KeyFileNotFound, clixml::no_offset, "expected an existing file"
        );
    }
    program.error_stream = ErrorStream::Capture;
    // ssh asks for passwords and host keys on the terminal, which a process group of its own could
    // not read.
    program.interrupt_shield = InterruptShield::IgnoredSignals;
    std::unique_ptr<SshTransport> transport(new SshTransport(std::move(options)));
    PSRP_CHECK(transport->ChildTransport::start(std::move(program)));
    if (transport->options_.connecting_timeout) {
        transport->connect_until_ = Clock::now() + *transport->options_.connecting_timeout;
    }
    return transport;
}

bool SshTransport::is_connected() const
{
    // Bytes not yet looked at have the benefit of the doubt: they came in time.
    return client().has_received_line() || client().buffered_bytes() > 0;
}

std::optional<Clock::time_point> SshTransport::deadline() const
{
    const auto child = ChildTransport::deadline();
    if (!connect_until_ || !is_reading()) return child;
    return child ? std::min(*child, *connect_until_) : *connect_until_;
}

void SshTransport::on_deadline(Clock::time_point now)
{
    ChildTransport::on_deadline(now);
    if (!connect_until_ || *connect_until_ > now || !is_reading()) return;
    connect_until_ = std::nullopt;
    if (is_connected()) return;
    // Whole seconds, as the reference says it.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*options_.connecting_timeout);
    fail(
        {TransportErrc::SshConnectTimedOut,
         clixml::no_offset,
         "expected the server's first line in time"},
        with_error_lines(
            "SSH connection attempt failed after time out: " + std::to_string(seconds.count()) +
            " seconds."
        )
    );
}

void SshTransport::on_error_line(std::string_view line)
{
    if (options_.on_error_line) options_.on_error_line(line);
}

clixml::Error SshTransport::end_error() const
{
    const SshFailure failure = explain_ssh_end(kept_error_lines(), client().has_received_line());
    return {failure.code, clixml::no_offset, "expected CloseAck before the end"};
}

std::string SshTransport::end_text() const
{
    const SshFailure failure = explain_ssh_end(kept_error_lines(), client().has_received_line());
    const std::string what = make_error_code(failure.code).message();
    if (failure.line.empty()) {
        return with_error_lines("The SSH client session has ended with error message: " + what);
    }
    std::string text = options_.target.host + ": " + what + ": " + std::string(failure.line);
    if (!failure.advice.empty()) text += '\n' + std::string(failure.advice);
    return text;
}

std::string SshTransport::with_error_lines(std::string text) const
{
    if (const std::string lines = error_lines(); !lines.empty()) text += '\n' + lines;
    return text;
}

} // namespace psrp
