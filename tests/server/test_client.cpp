#include <psrp/protocol/message.hpp>
#include <tests/server/run_script.hpp>
#include <tests/server/test_client.hpp>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace tests {

namespace {

constexpr std::uint32_t pipeline_state_type = 0x00041006;

psrp::Guid numbered(std::uint8_t number)
{
    psrp::Guid guid;
    guid.bytes.fill(0xA0);
    guid.bytes[15] = number;
    return guid;
}

psrp::ClientPoolOptions pool_options(bool has_host)
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = numbered(0);
    options.host_info.is_host_null = !has_host;
    options.host_info.use_runspace_host = false;
    return options;
}

} // namespace

ServedEndpoint::ServedEndpoint(psrp::server::ServeOptions options, int send_buffer_bytes)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw std::runtime_error("no socket pair");
    client_ = ends[0];
    server_ = ends[1];
    if (send_buffer_bytes > 0)
        setsockopt(server_, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    thread_ = std::thread([this, options] {
        outcome_ = psrp::server::serve_on(server_, server_, options);
    });
}

ServedEndpoint::~ServedEndpoint()
{
    finish();
    close(client_);
    close(server_);
}

psrp::server::ServeOutcome ServedEndpoint::finish()
{
    shutdown(client_, SHUT_WR);
    if (thread_.joinable()) thread_.join();
    return outcome_;
}

void RawClient::write(std::string_view text)
{
    while (!text.empty()) {
        const ssize_t count = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return; // the server has gone; what was read shows it
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool RawClient::read_until(const std::function<bool()>& done)
{
    std::vector<char> buffer(64 * 1024);
    while (!done()) {
        const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        pending_.append(buffer.data(), static_cast<std::size_t>(count));
        std::size_t at = 0;
        for (std::size_t end = 0; (end = pending_.find('\n', at)) != std::string::npos;
             at = end + 1) {
            on_line(std::string_view(pending_).substr(at, end - at));
        }
        pending_.erase(0, at);
    }
    return true;
}

void RawClient::on_line(std::string_view line)
{
    psrp::ElementReader reader(line, psrp::ElementSender::Server);
    for (;;) {
        auto element = reader.next();
        if (!element) {
            other_lines.emplace_back(line);
            return;
        }
        if (!*element) return;
        if ((*element)->kind == psrp::ElementKind::Data) {
            auto& reassembler = reassemblers_[(*element)->channel];
            if (!reassembler.receive((*element)->bytes))
                throw std::runtime_error("the server sent no fragments");
            for (;;) {
                const auto object = reassembler.next();
                if (!object) throw std::runtime_error("the server sent broken fragments");
                if (!*object) break;
                const auto message = psrp::read_message((*object)->bytes);
                if (!message) throw std::runtime_error("the server sent no message");
                messages.push_back(
                    {(*element)->channel, message->header.type, std::string(message->text)}
                );
            }
        }
        (*element)->bytes.clear();
        elements.push_back(**element);
    }
}

bool RawClient::has(psrp::ElementKind kind, const psrp::Guid& channel) const
{
    return std::any_of(elements.begin(), elements.end(), [&](const auto& one) {
        return one.kind == kind && one.channel == channel;
    });
}

bool RawClient::has_state(const psrp::Guid& pipeline) const
{
    return std::any_of(messages.begin(), messages.end(), [&](const auto& one) {
        return one.type == pipeline_state_type && one.channel == pipeline;
    });
}

PoolClient::PoolClient(int descriptor, bool has_host)
    : descriptor_(descriptor), pool_(pool_options(has_host))
{
}

bool PoolClient::open()
{
    if (!pool_.open()) return false;
    return wait([this] { return is_open_; });
}

bool PoolClient::close()
{
    pool_.close();
    return wait([this] { return is_closed_; });
}

psrp::Guid PoolClient::start(std::string_view script, bool no_input)
{
    const psrp::Guid pipeline = numbered(next_id_++);
    psrp::Command command;
    command.text = script;
    command.is_script = true;
    psrp::CreatePipeline request;
    request.power_shell.statements = {{command}};
    request.no_input = no_input;
    if (!pool_.start_pipeline(pipeline, request))
        throw std::runtime_error("the pipeline cannot be started");
    return pipeline;
}

PipelineRun PoolClient::run(std::string_view script)
{
    const psrp::Guid pipeline = start(script);
    wait([&] { return runs_[pipeline].state.has_value(); });
    return runs_[pipeline];
}

void PoolClient::on_event(psrp::ClientEvent& event)
{
    if (std::holds_alternative<psrp::PoolOpened>(event)) is_open_ = true;
    if (std::holds_alternative<psrp::PoolClosed>(event) ||
        std::holds_alternative<psrp::PoolBroken>(event))
        is_closed_ = true;
    if (auto* one = std::get_if<psrp::PrivateDataReceived>(&event)) {
        memory_ = one->memory;
        private_data_ = one->application_private_data;
    }
    if (auto* one = std::get_if<psrp::OutputReceived>(&event))
        runs_[one->pipeline].output.push_back(clixml_text(one->value));
    if (auto* one = std::get_if<psrp::ErrorReceived>(&event)) {
        runs_[one->pipeline].errors.emplace_back(one->record.fully_qualified_error_id);
    }
    if (auto* one = std::get_if<psrp::HostCallReceived>(&event))
        runs_[one->pipeline].host_methods.push_back(one->call.method);
    if (auto* one = std::get_if<psrp::PipelineFinished>(&event)) {
        runs_[one->pipeline].state = one->state;
        if (one->error_record)
            runs_[one->pipeline].failure_id = one->error_record->fully_qualified_error_id;
    }
}

void PoolClient::on_transport(psrp::TransportEvent& event)
{
    if (auto* one = std::get_if<psrp::DataReceived>(&event))
        (void)pool_.receive(one->channel, one->bytes); // events tell
    if (auto* one = std::get_if<psrp::DataAcknowledged>(&event)) pool_.data_sent(one->channel);
    if (auto* one = std::get_if<psrp::CommandOpened>(&event)) pool_.command_opened(one->pipeline);
    if (auto* one = std::get_if<psrp::SignalAcknowledged>(&event))
        pool_.signal_acknowledged(one->pipeline);
    if (auto* one = std::get_if<psrp::ChannelClosed>(&event)) pool_.channel_closed(one->channel);
}

// Sends what there is and reads what is there; false at the end of the connection.
bool PoolClient::step()
{
    std::string text;
    while (auto action = pool_.next_action()) {
        if (framing_.perform(*action)) text += framing_.take_output();
    }
    std::vector<std::uint8_t> buffer(64 * 1024);
    for (;;) {
        pollfd entry{descriptor_, static_cast<short>(POLLIN | (text.empty() ? 0 : POLLOUT)), 0};
        if (poll(&entry, 1, -1) < 0) continue;
        if ((entry.revents & POLLOUT) != 0) {
            const ssize_t count =
                send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count > 0) text.erase(0, static_cast<std::size_t>(count));
            if (text.empty() && (entry.revents & POLLIN) == 0) return true;
        }
        if ((entry.revents & ~POLLOUT) == 0) continue;
        const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
        if (count > 0) framing_.receive({buffer.data(), static_cast<std::size_t>(count)});
        if (text.empty()) return true;
    }
}

bool PoolClient::wait(const std::function<bool()>& done)
{
    for (;;) {
        for (;;) {
            auto event = framing_.next_event();
            if (!event || !*event) break;
            on_transport(**event);
        }
        while (auto event = pool_.next_event())
            on_event(*event);
        if (done()) return true;
        if (!step()) return false;
    }
}

} // namespace tests
