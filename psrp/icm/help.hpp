// The texts of icm --help and --version.
#pragma once

#include <string>

namespace icm {

std::string help_text();
std::string version_text();

} // namespace icm
