// No bytes make the readers of CredSSP's messages crash or read over their end; what they take is
// read the same once it is written again.
#include <fuzz/fuzz_input.hpp>
#include <psrp/http/ts_request.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const psrp::BytesView input(bytes, size);
    if (const auto request = psrp::read_ts_request(input)) {
        const auto written = psrp::write_ts_request(*request);
        const auto again = psrp::read_ts_request(written);
        fuzz::require(again.has_value(), "a request that is written can be read");
        fuzz::require(
            again->version == request->version && again->tokens == request->tokens &&
                again->credentials == request->credentials && again->binding == request->binding &&
                again->error == request->error && again->nonce == request->nonce,
            "and is the same"
        );
        const auto whole = psrp::ts_request_bytes(input);
        fuzz::require(whole && *whole && **whole == size, "its length is that of its head");
    }
    if (const auto password = psrp::read_ts_credentials(input)) {
        const auto again = psrp::read_ts_credentials(psrp::write_ts_credentials(*password));
        fuzz::require(again.has_value(), "credentials that are written can be read");
    }
    return 0;
}
