// One visitor made of several functions, for std::visit.
#pragma once

namespace clixml {

// Overloaded{[](const A&) {...}, [](const B&) {...}}: a call goes to the function that fits.
template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

} // namespace clixml
