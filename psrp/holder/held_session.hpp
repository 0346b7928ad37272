// A held session as the programs find it: by its name, behind a socket in a folder of the user's.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/holder/holder_words.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// Whether a session can have this name: letters, digits, '-', '_', '.', not first '-' or '.', 1 to
// 64 of them.
bool is_session_name(std::string_view name);

// Where the holder of this session listens.
std::string holder_socket_path(const std::filesystem::path& folder, std::string_view name);

// The names of the sessions that have a socket there, those whose holder has ended among them.
std::vector<std::string> held_session_names(const std::filesystem::path& folder);

// A holder that has answered.
struct HolderAnswer {
    HeldDescription description;
    Descriptor socket; // what follows the description
};

// Asks the holder of the session `name`, and waits for its answer, but not for ever. The error is a
// sentence that names the session: there is none, its holder has ended, another user listens there.
tl::expected<HolderAnswer, std::string>
ask_holder(const std::filesystem::path& folder, std::string_view name, HolderRequest request);

// The transport on the socket of a holder that was asked for Use. It takes up sessions and does not
// open them.
std::unique_ptr<Transport> held_transport(HolderAnswer answer);

// The session `name` as a target: Session::connect(), not open(), belongs to it, and its name is
// the computer's. Where it cannot be used its connect() says why.
Target held_target(const std::filesystem::path& folder, std::string_view name);

} // namespace psrp
