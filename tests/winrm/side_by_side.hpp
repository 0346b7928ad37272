// Many pieces of work that mostly wait, each in a process of its own, all at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tests {

// Does work(0) to work(count - 1) and gives what each returned; what ended it otherwise, in words.
// A requirement of Catch that fails in one is printed, and is such an end.
std::vector<std::string> side_by_side(int count, const std::function<std::string(int)>& work);

} // namespace tests
