// icm -AsJob, and `psrp job`, which looks after what that has begun.
#pragma once

#include <psrp/icm/options.hpp>
#include <psrp/icm/run.hpp>

namespace icm {

// Puts the run behind this process and prints the job that it is. Gives the exit code.
int start_job(const RunPlan& plan);

// Does what is asked and prints it. Gives the exit code.
int run_jobs(const JobCommand& command);

} // namespace icm
