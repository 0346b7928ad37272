// The compression that WinRM calls xpress, as the exchanges use it (fact sheet transports B13).
#pragma once

#include <psrp/wsman/client_exchange.hpp>
#include <psrp/xpress/encoder.hpp>

namespace psrp::wsman {

// Its name in the header CompressionType, and in what a service says of a shell.
inline constexpr std::string_view xpress_name = "xpress";
inline constexpr std::string_view xpress_mode = "XpressCompression";

class XpressCodec final : public StreamCodec {
public:
    Bytes compress(BytesView bytes) override;
    clixml::Result<Bytes> expand(BytesView bytes, std::size_t bytes_max) override;

private:
    xpress::Encoder encoder_;
};

// The most bytes that `bytes` become.
std::size_t compressed_bytes_max(std::size_t bytes);
// The most bytes that become `room` at most.
std::size_t compressible_bytes_max(std::size_t room);

} // namespace psrp::wsman
