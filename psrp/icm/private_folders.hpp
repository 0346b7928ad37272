// Where what outlives one command is kept: folders of this user's that nobody else can enter.
#pragma once

#include <tl/expected.hpp>

#include <filesystem>
#include <string>

namespace icm {

// These make the folder, mode 0700, where it is not there. The error is a sentence: it cannot be
// made, or belongs to somebody else.

// The sockets of held sessions: below XDG_RUNTIME_DIR, or, without one, below the state folder.
tl::expected<std::filesystem::path, std::string> session_folder();

// What is kept across a restart: below XDG_STATE_HOME, or ~/.local/state. `name` is a part of it.
tl::expected<std::filesystem::path, std::string> state_folder(const std::string& name);

} // namespace icm
