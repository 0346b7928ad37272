// Where an object came from: the notes that Invoke-Command puts on what a remote pipeline gave
// (clixml 5.8).
#pragma once

#include <clixml/object.hpp>

namespace clixml {

// Sets PSComputerName and RunspaceId (replacing what the sender put there) and adds
// PSShowComputerName where it is absent, in this order. A primitive is wrapped; null stays null.
// Returns the value that carries the notes.
Value with_origin(
    Arena& arena,
    Value value,
    std::string_view computer_name,
    const Guid& runspace_id,
    bool show_computer_name
);

// Whether `name` is one of the three notes, ignoring case.
bool is_origin_note(std::string_view name);

} // namespace clixml
