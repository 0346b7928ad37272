#include <clixml/object.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/icm/background.hpp>
#include <psrp/icm/job_results.hpp>
#include <psrp/icm/job_store.hpp>
#include <psrp/icm/jobs.hpp>
#include <psrp/icm/output.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace icm {

namespace {

// How long a job may take to end before remove takes its folder away all the same.
constexpr std::chrono::seconds end_wait{30};
constexpr int exit_timed_out = exit_no_connection;

int fail(int code, const std::string& text, const char* program = "psrp job")
{
    std::fprintf(stderr, "%s: %s\n", program, text.c_str());
    return code;
}

std::string name_of(const Place& place)
{
    struct Names {
        std::string operator()(const HerePlace& one) const { return one.name; }
        std::string operator()(const psrp::SshTarget& one) const { return one.host; }
        std::string operator()(const WinRmPlace& one) const { return one.name; }
        std::string operator()(const psrp::ContainerTarget& one) const { return one.id; }
        std::string operator()(const SocketPlace& one) const { return one.path; }
        std::string operator()(const CustomPipePlace& one) const { return one.name; }
        std::string operator()(const HostProcessPlace& one) const
        {
            return one.process_id != 0 ? std::to_string(one.process_id) : one.name;
        }
        std::string operator()(const CommandPlace& one) const { return one.arguments.front(); }
        std::string operator()(const HeldPlace& one) const { return one.name; }
    };
    return std::visit(Names(), place);
}

JobDescription description_of(const RunPlan& plan)
{
    JobDescription description;
    description.name = plan.options.job_name;
    for (const Place& place : plan.options.targets)
        description.location += (description.location.empty() ? "" : ",") + name_of(place);
    if (plan.options.targets.empty()) description.location = "localhost";
    for (const std::string& script : plan.scripts)
        description.command += (description.command.empty() ? "" : "; ") + script;
    description.target_count = std::max<std::size_t>(plan.options.targets.size(), 1);
    return description;
}

// A job as Get-Job shows one.
void print(Output& output, const Job& job, const JobProgress& progress)
{
    using clixml::Value;
    const auto memory = std::make_shared<clixml::Arena>();
    clixml::Object* object = clixml::make_custom_object(*memory);
    object->set_type_names(
        *memory, {"Deserialized.System.Management.Automation.Job", "Deserialized.System.Object"}
    );
    const auto note = [&](std::string_view name, std::string_view text) {
        object->set_note(*memory, name, Value::string(*memory, text));
    };
    object->set_note(*memory, "Id", Value::int32(job.number()));
    note("Name", job.description().name);
    note("PSJobTypeName", "RemoteJob");
    note("State", job_state_name(progress.state));
    object->set_note(*memory, "HasMoreData", Value::boolean(job.has_more_results()));
    note("Location", job.description().location);
    note("Command", job.description().command);
    if (!progress.reason.empty()) note("StatusMessage", progress.reason);
    output.on_output({}, memory, Value::object(object));
}

JobProgress
progress_of(const std::optional<psrp::FanOutOutcome>& outcome, const JobRecorder& recorder)
{
    if (!outcome) {
        return {JobState::Failed, exit_usage, "Standard input is not what it should be."};
    }
    JobProgress progress{JobState::Completed, exit_code_of(*outcome, true), recorder.failure()};
    const auto has_failed = [](const psrp::TargetReport& report) {
        return report.state == psrp::TargetState::Failed ||
               report.state == psrp::TargetState::Broken ||
               report.state == psrp::TargetState::TimedOut;
    };
    if (std::any_of(outcome->targets.begin(), outcome->targets.end(), has_failed)) {
        progress.state = JobState::Failed;
    }
    if (outcome->was_interrupted) progress.state = JobState::Stopped;
    if (!progress.reason.empty()) {
        progress.state = JobState::Failed;
        progress.exit_code = exit_errors;
    }
    return progress;
}

// In the process that goes on.
int run_job(Foreground& foreground, const RunPlan& plan, const Job& job)
{
    auto running = RunningJob::take(job);
    if (!running) return fail(exit_errors, running.error(), "icm");
    auto recorder = JobRecorder::create(job, plan.options.results_bytes_max);
    if (!recorder) return fail(exit_errors, recorder.error(), "icm");
    auto loop = psrp::EventLoop::create();
    if (!loop) return fail(exit_errors, loop.error().text(), "icm");
    const bool keeps_input = reads_standard_input(plan.options);
    const psrp::InterruptCatcher interrupts(*loop);
    {
        Output output(*loop, output_options(plan.options));
        print(output, job, {JobState::Running, 0, {}});
        if (!output.finish()) return exit_errors;
    }
    foreground.leave(keeps_input ? KeepsInput::Yes : KeepsInput::No);
    // What cannot be kept is not worth running.
    const auto wishes = [&] { return interrupts.count() + (recorder->failure().empty() ? 0 : 1); };
    const auto outcome = run_targets(plan, {*loop, *recorder, *recorder, wishes, [] {}});
    const bool is_told = running->set_progress(progress_of(outcome, *recorder)).has_value();
    return is_told ? exit_success : exit_errors;
}

// Asks the process that runs the job to end, as Ctrl-C does.
void stop(const Job& job)
{
    if (const auto process = job.process()) ::kill(*process, SIGTERM);
}

int list(const std::vector<Job>& jobs, Output& output)
{
    for (const Job& job : jobs)
        print(output, job, job.progress());
    return exit_success;
}

int wait_for(const std::vector<Job>& jobs, const Options& options)
{
    std::optional<psrp::Clock::time_point> until;
    if (options.timeout) until = psrp::Clock::now() + *options.timeout;
    int code = exit_success;
    for (const Job& job : jobs) {
        if (!job.wait(until)) return exit_timed_out;
        if (job.progress().state != JobState::Completed) code = exit_errors;
    }
    return code;
}

int receive(const Job& job, const JobCommand& command, psrp::EventLoop& loop)
{
    const JobProgress progress = job.progress(); // what it has written before is there
    OutputOptions options = output_options(command.options);
    options.names_origin = job.description().target_count > 1;
    Output output(loop, options);
    const psrp::MachineZone zone;
    const auto received = receive_results(
        job,
        {output, output, &zone},
        command.keeps_results ? AfterReceiving::Keep : AfterReceiving::Forget
    );
    if (!progress.reason.empty()) {
        output.on_pipeline_failure({job.description().name, {}, false}, progress.reason);
    }
    const bool is_whole = output.finish();
    if (!received) return fail(exit_errors, received.error());
    const bool is_over =
        progress.state != JobState::Running && progress.state != JobState::NotStarted;
    if (is_over && progress.exit_code != exit_success) return progress.exit_code;
    return *received || !is_whole ? exit_errors : exit_success;
}

int remove(const Job& job)
{
    stop(job);
    if (!job.wait(psrp::Clock::now() + end_wait)) {
        if (const auto process = job.process()) ::kill(*process, SIGKILL);
        (void)job.wait(psrp::Clock::now() + end_wait); // nothing survives that for long
    }
    const auto removed = job.remove();
    return removed ? exit_success : fail(exit_errors, removed.error());
}

int act_on(const std::vector<Job>& jobs, const JobCommand& command, psrp::EventLoop& loop)
{
    using Action = JobCommand::Action;
    switch (command.action) {
    case Action::List: {
        Output output(loop, output_options(command.options));
        const int code = list(jobs, output);
        return output.finish() ? code : exit_errors;
    }
    case Action::Wait:
        return wait_for(jobs, command.options);
    case Action::Receive:
    case Action::Stop:
    case Action::Remove:
        break;
    }
    int code = exit_success;
    for (const Job& job : jobs) {
        if (command.action == Action::Receive) code = std::max(code, receive(job, command, loop));
        if (command.action == Action::Stop) stop(job);
        if (command.action == Action::Remove) code = std::max(code, remove(job));
    }
    for (const Job& job : jobs) {
        if (command.action == Action::Stop)
            (void)job.wait(psrp::Clock::now() + end_wait); // list says how far it is
    }
    return code;
}

} // namespace

int start_job(const RunPlan& plan)
{
    const auto job = Job::create(description_of(plan));
    if (!job) return fail(exit_errors, job.error(), "icm");
    const int code =
        run_behind([&](Foreground& foreground) { return run_job(foreground, plan, *job); });
    if (code != exit_success) (void)job->remove(); // it never was one
    return code;
}

int run_jobs(const JobCommand& command)
{
    auto loop = psrp::EventLoop::create();
    if (!loop) return fail(exit_errors, loop.error().text());
    std::vector<Job> jobs;
    if (command.jobs.empty()) jobs = Job::all();
    int code = exit_success;
    for (const std::string& word : command.jobs) {
        auto found = Job::find(word);
        if (found.empty()) code = fail(exit_errors, "there is no job " + word);
        jobs.insert(jobs.end(), found.begin(), found.end());
    }
    return std::max(code, act_on(jobs, command, *loop));
}

} // namespace icm
