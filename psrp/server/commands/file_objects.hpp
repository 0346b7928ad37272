// System.IO.FileInfo and DirectoryInfo objects of this machine's files.
#pragma once

#include <psrp/server/streams.hpp>

#include <optional>
#include <string>
#include <sys/stat.h>

namespace psrp::server {

// The object for the absolute path, with the properties and provider notes of PowerShell; nothing
// where it does not exist. `folder` says what it is: directories, and links to them.
struct FileObject {
    Value value;
    bool folder = false;
    bool link = false;
};
std::optional<FileObject> make_file_object(Arena& arena, const std::string& path);

} // namespace psrp::server
