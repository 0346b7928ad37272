// A file or the standard input, unpacked on the way where it is gzip.
#pragma once

#include <clixml/result.hpp>

#include <memory>
#include <string>

namespace psrp::tool {

// Read from start to end. Move-only.
class PackedInput {
public:
    // "-" is the standard input. Error: the errno value.
    static clixml::Result<PackedInput> open(const std::string& path);

    // The next bytes, as many as there are for the moment; none at the end. Error: the errno value,
    // or EILSEQ for broken gzip.
    clixml::Result<std::string> read();

private:
    struct Closer {
        void operator()(void* file) const;
    };
    explicit PackedInput(void* file) : file_(file) {}

    std::unique_ptr<void, Closer> file_; // a gzFile
};

} // namespace psrp::tool
