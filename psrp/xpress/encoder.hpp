// Writes compressed WinRM streams (fact sheet transports B13; MS-XCA 2.1). Sans-IO.
#pragma once

#include <clixml/bytes.hpp>

#include <memory>

namespace psrp::xpress {

// Keeps its tables, some 200 KiB, for the next call. Not thread-safe.
class Encoder {
public:
    Encoder();
    ~Encoder();
    Encoder(Encoder&&) noexcept;
    Encoder& operator=(Encoder&&) noexcept;

    // Appends the chunks of `plain` to `sink`. Chunks that do not become smaller are stored: never
    // more than 4 bytes a chunk are added. Takes time linear in the bytes, whatever they are.
    void encode(clixml::BytesView plain, clixml::Bytes& sink);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The stream of `plain`, from an Encoder of its own.
clixml::Bytes encode(clixml::BytesView plain);

} // namespace psrp::xpress
