// The texts of icm --help and --version, and of psrp session --help.
#pragma once

#include <string>

namespace icm {

std::string help_text();
std::string session_help_text();
std::string version_text();

} // namespace icm
