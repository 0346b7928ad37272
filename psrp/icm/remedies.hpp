// What to do about the mistakes that set-ups of WinRM have most often.
#pragma once

#include <clixml/result.hpp>

#include <cstdint>
#include <string_view>

namespace icm {

// The steps on the way to a shell, in their order.
enum class TestStep : std::uint8_t {
    Name,           // the computer's name has an address
    Port,           // somebody listens
    Tls,            // and speaks TLS, with a certificate to trust
    Identify,       // it is WS-Management
    Authentication, // it takes our login
    Shell,          // it opens a session
    Command,        // which computes
};

// "name", "port", ...
std::string_view name_of(TestStep step);

// One or two sentences for the user; empty where nothing is known.
std::string_view remedy_for(TestStep step, const clixml::Error& error);

// For answers of the HTTP server below the level of WS-Management.
std::string_view remedy_for_status(TestStep step, int status);

} // namespace icm
