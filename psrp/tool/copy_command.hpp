// `psrp copy`: files and trees to another computer or from one (psrp/copy/README.md).
#pragma once

#include <psrp/tool/copy_options.hpp>

namespace psrp::tool {

// Copies and tells what happens. Gives the exit code, as icm does.
int run_copy(const CopyOptions& options);

} // namespace psrp::tool
