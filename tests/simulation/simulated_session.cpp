#include <clixml/overloaded.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/simulation/simulated_session.hpp>

#include <algorithm>

namespace tests {
namespace {

constexpr std::int32_t read_line_method = 11;

psrp::Guid numbered(int number)
{
    psrp::Guid id;
    id.bytes[0] = 0x50;
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

psrp::ClientPoolOptions client_options(const SimulationPlan& plan)
{
    psrp::ClientPoolOptions options;
    options.runspace_pool_id = *clixml::Guid::read("11223344-5566-7788-99aa-bbccddeeff00");
    options.runspaces_max = plan.runspaces_max;
    options.limits.send_bytes_max = 4000;
    return options;
}

} // namespace

SimulatedSession::SimulatedSession(const SimulationPlan& plan)
    : plan_(plan), engine_(plan.seed), client_(client_options(plan)), server_({})
{
}

std::string SimulatedSession::input_text(int number) const
{
    return std::to_string(number) + ":" + std::string(plan_.text_bytes, 'x');
}

void SimulatedSession::complain(const std::string& what)
{
    if (complaint.empty()) complaint = what;
}

bool SimulatedSession::run()
{
    if (!client_.open()) complain("open");
    constexpr int idle_max = 200;
    int idle = 0;
    for (int step = 0; step < 2'000'000 && idle < idle_max; ++step) {
        bool moved = false;
        switch (engine_() % 5) {
        case 0:
            moved = step_client();
            break;
        case 1:
            moved = step_server();
            break;
        case 2:
            moved = deliver_to_server();
            break;
        case 3:
            moved = deliver_to_client();
            break;
        default:
            drive_client();
            break;
        }
        idle = moved ? 0 : idle + 1;
        if (!is_cut_ && plan_.cut_after && packets >= *plan_.cut_after) cut();
    }
    return idle >= idle_max;
}

void SimulatedSession::cut()
{
    is_cut_ = true;
    to_server_.clear();
    to_client_.clear();
    client_.transport_failed({}, "cut");
    server_.input_ended();
}

bool SimulatedSession::step_client()
{
    bool moved = false;
    while (auto event = client_.next_event()) {
        note(*event);
        moved = true;
    }
    if (auto action = client_.next_action(1 + engine_() % 700)) {
        if (is_cut_ && std::holds_alternative<psrp::Send>(*action))
            complain("a Send after the cut");
        if (!is_cut_) to_server_.push_back(*std::move(action));
        moved = true;
    }
    return moved;
}

bool SimulatedSession::step_server()
{
    bool moved = false;
    while (auto event = server_.next_event()) {
        serve(*event);
        moved = true;
    }
    for (auto& [id, served] : served_) {
        if (served.is_to_stop && chance(50)) {
            if (!server_.finish(id, psrp::PipelineState::Stopped))
                complain("finish a stopped pipeline");
            served_.erase(id);
            return true;
        }
        if (served.calls_made < plan_.host_calls && chance(20)) {
            ask_host(id, served);
            moved = true;
        }
        if (!served.echoes.empty() && chance(70)) {
            if (!server_.write_output(id, psrp::Value::string(served.echoes.front())))
                complain("write_output");
            served.echoes.pop_front();
            moved = true;
        } else if (served.echoes.empty() && served.input_has_ended && served.open_calls.empty() && served.calls_made >= plan_.host_calls) {
            if (!server_.finish(id, psrp::PipelineState::Completed)) complain("finish");
            served_.erase(id);
            return true;
        }
    }
    if (auto action = server_.next_action()) {
        if (!is_cut_) to_client_.push_back(*std::move(action));
        moved = true;
    }
    return moved;
}

bool SimulatedSession::deliver_to_server()
{
    if (to_server_.empty() || is_cut_) return false;
    const auto action = std::move(to_server_.front());
    to_server_.pop_front();
    ++packets;
    std::visit(
        clixml::Overloaded{
            [](const psrp::OpenSession&) {},
            [&](const psrp::OpenCommand& command) { server_.command_requested(command.pipeline); },
            [&](const psrp::Send& send) {
                if (!server_.receive(send.channel, send.stream, send.bytes))
                    complain("the server's receive");
            },
            [&](const psrp::SignalCommand& command) { server_.signal_requested(command.pipeline); },
            [&](const psrp::CloseCommand& command) { server_.close_requested(command.pipeline); },
            [&](const psrp::CloseSession&) { server_.close_requested(psrp::session_channel); },
            [&](const psrp::Disconnect&) { complain("a disconnect nobody asked for"); },
            [&](const psrp::Reconnect&) { complain("a reconnect nobody asked for"); },
            [&](const psrp::Connect&) { complain("a connect nobody asked for"); },
        },
        action
    );
    return true;
}

void SimulatedSession::receive_in_pieces(const psrp::Guid& channel, psrp::BytesView bytes)
{
    while (!bytes.empty()) {
        const auto count = std::min<std::size_t>(bytes.size(), engine_() % 300);
        if (!client_.receive(channel, bytes.first(count))) complain("the client's receive");
        bytes = bytes.subspan(count);
    }
}

bool SimulatedSession::deliver_to_client()
{
    if (to_client_.empty() || is_cut_) return false;
    auto action = std::move(to_client_.front());
    to_client_.pop_front();
    ++packets;
    // Data of one channel that wait behind each other may arrive as one.
    if (auto* send = std::get_if<psrp::Send>(&action)) {
        while (!to_client_.empty() && chance(30)) {
            const auto* next = std::get_if<psrp::Send>(&to_client_.front());
            if (next == nullptr || next->channel != send->channel) break;
            send->bytes.insert(send->bytes.end(), next->bytes.begin(), next->bytes.end());
            to_client_.pop_front();
        }
        receive_in_pieces(send->channel, send->bytes);
        return true;
    }
    if (const auto* data = std::get_if<psrp::AcknowledgeData>(&action))
        client_.data_sent(data->channel);
    else if (const auto* command = std::get_if<psrp::AcknowledgeCommand>(&action))
        client_.command_opened(command->pipeline);
    else if (const auto* signal = std::get_if<psrp::AcknowledgeSignal>(&action))
        client_.signal_acknowledged(signal->pipeline);
    else if (const auto* close = std::get_if<psrp::AcknowledgeClose>(&action))
        client_.channel_closed(close->channel);
    return true;
}

void SimulatedSession::ask_host(const psrp::Guid& id, ServedPipeline& served)
{
    psrp::HostCall call;
    call.method = read_line_method;
    call.call_id = ++served.calls_made;
    if (!server_.call_host(id, call)) complain("call_host");
    served.open_calls.insert(call.call_id);
}

// Each question has one answer, and that is its own.
void SimulatedSession::on_answer(const psrp::HostResponseReceived& received)
{
    const auto found = served_.find(received.pipeline);
    if (found == served_.end()) return complain("an answer for a pipeline that has ended");
    const std::int64_t id = received.response.call_id;
    if (found->second.open_calls.erase(id) != 1) return complain("an answer nobody waits for");
    const auto& result = received.response.result;
    if (!result || result->text() != std::to_string(id)) complain("the answer to another question");
    ++host_calls_answered;
}

// Some of the questions, in any order.
void SimulatedSession::answer_some()
{
    while (!questions_.empty() && chance(50)) {
        const auto at =
            questions_.begin() + static_cast<std::ptrdiff_t>(engine_() % questions_.size());
        psrp::HostResponse response;
        response.call_id = at->call_id;
        response.method = read_line_method;
        const std::string text = std::to_string(at->call_id);
        response.result = psrp::Value::string(text);
        // The pipeline may have been forgotten meanwhile.
        (void)client_.respond(at->pipeline, response);
        questions_.erase(at);
    }
}

// What the client's owner does when it gets to it.
void SimulatedSession::drive_client()
{
    if (client_.state() != psrp::RunspacePoolState::Opened) return;
    answer_some();
    for (int number = static_cast<int>(pipelines.size()); number < plan_.pipelines; ++number) {
        psrp::CreatePipeline create;
        psrp::Command command;
        command.text = "echo";
        create.power_shell.statements = {{command}};
        create.no_input = false;
        if (!client_.start_pipeline(numbered(number), create)) complain("start_pipeline");
        pipelines[numbered(number)].state = psrp::PipelineState::Running;
        if (chance(50)) break;
    }
    bool all_have_finished = static_cast<int>(pipelines.size()) == plan_.pipelines;
    for (auto& [id, pipeline] : pipelines) {
        if (pipeline.finishes > 0) continue;
        all_have_finished = false;
        const bool is_to_stop = plan_.stopped_pipeline && id == numbered(*plan_.stopped_pipeline);
        if (is_to_stop && chance(5)) {
            if (!client_.stop(id)) complain("stop");
            pipeline.input_has_ended = true;
        }
        if (pipeline.input_has_ended) continue;
        if (pipeline.inputs_written == plan_.inputs) {
            // May have been stopped by a failure meanwhile, of which the event still waits.
            (void)client_.end_input(id);
            pipeline.input_has_ended = true;
            continue;
        }
        const auto text = input_text(pipeline.inputs_written);
        const auto written = client_.write_input(id, psrp::Value::string(text));
        if (written)
            ++pipeline.inputs_written;
        else if (written.error().code != psrp::Errc::WouldBlock && written.error().code != psrp::Errc::UnknownPipeline)
            complain("write_input: " + written.error().text());
    }
    if (all_have_finished && !was_closed_) {
        was_closed_ = true;
        client_.close();
    }
}

void SimulatedSession::serve(const psrp::ServerEvent& event)
{
    std::visit(
        clixml::Overloaded{
            [&](const psrp::PoolRequested&) {
                if (!is_cut_ && !server_.accept_pool({})) complain("accept_pool");
            },
            [&](const psrp::PipelineRequested& request) { served_[request.pipeline]; },
            [&](const psrp::CommandMetadataRequested&) { complain("metadata nobody asked for"); },
            [&](const psrp::RunspaceResetRequested&) { complain("a reset nobody asked for"); },
            [&](const psrp::InputReceived& input) {
                if (const auto found = served_.find(input.pipeline); found != served_.end())
                    found->second.echoes.emplace_back(input.value.text());
            },
            [&](const psrp::InputEnded& ended) {
                if (const auto found = served_.find(ended.pipeline); found != served_.end())
                    found->second.input_has_ended = true;
            },
            [&](const psrp::StopRequested& stop) {
                if (const auto found = served_.find(stop.pipeline); found != served_.end())
                    found->second.is_to_stop = true;
            },
            [&](const psrp::HostResponseReceived& received) { on_answer(received); },
            [&](const psrp::SessionEnded& ended) {
                if (ended.error.code)
                    complain("the session ended in an error: " + ended.error.text());
                if (!served_.empty()) complain("the session ended before its pipelines");
                ++sessions_ended;
            },
        },
        event
    );
}

void SimulatedSession::note(const psrp::ClientEvent& event)
{
    if (std::holds_alternative<psrp::PoolOpened>(event))
        ++opened;
    else if (std::holds_alternative<psrp::PoolClosed>(event))
        ++closed;
    else if (std::holds_alternative<psrp::PoolBroken>(event))
        ++broken;
    else if (const auto* call = std::get_if<psrp::HostCallReceived>(&event))
        questions_.push_back({call->pipeline, call->call.call_id});
    else if (const auto* output = std::get_if<psrp::OutputReceived>(&event)) {
        if (pipelines[output->pipeline].finishes > 0) complain("output after the end");
        pipelines[output->pipeline].outputs.emplace_back(output->value.text());
    } else if (const auto* finished = std::get_if<psrp::PipelineFinished>(&event)) {
        ++pipelines[finished->pipeline].finishes;
        pipelines[finished->pipeline].state = finished->state;
    }
}

} // namespace tests
