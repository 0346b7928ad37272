// Looks at processes through /proc.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tests {

// Processes, of any user, with `text` in their command line, this one excepted.
std::vector<pid_t> processes_with(const std::string& text);
// Waits until there is none; the test's own limit of time decides where that never happens.
void wait_until_gone(const std::string& text);
// The most memory that the running process has had at once, 0 where it is not there.
std::size_t peak_memory_bytes(pid_t id);
// The descriptors it has open.
std::size_t descriptor_count(pid_t id);

} // namespace tests
