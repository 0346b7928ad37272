// No bytes make the reader of encrypted bodies crash or read over their end; what it takes apart,
// written again, is read the same; one body never gives more bytes than it has.
#include <fuzz/fuzz_input.hpp>
#include <psrp/http/multipart.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(bool is_true)
{
    if (!is_true) std::abort();
}

void read(std::string_view body, const psrp::EncryptedContentType& type)
{
    const auto parts = psrp::read_encrypted_body(body, type);
    if (!parts) return;
    std::size_t bytes = 0;
    for (const auto& part : *parts) {
        bytes += part.signature.size() + part.ciphertext.size();
        const std::string again = psrp::write_encrypted_body(
            type.protocol,
            "application/soap+xml",
            part.original_bytes,
            part.signature,
            part.ciphertext
        );
        const auto known =
            psrp::read_encrypted_content_type(psrp::encrypted_content_type(type.protocol));
        check(known.has_value());
        const auto twice = psrp::read_encrypted_body(again, *known);
        check(twice && twice->size() == 1 && twice->front().signature == part.signature);
        check(twice->front().ciphertext == part.ciphertext);
        check(twice->front().original_bytes == part.original_bytes);
    }
    check(bytes <= body.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    // The first line may be a Content-Type; the body of any is read with the usual boundary.
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto type = psrp::read_encrypted_content_type(text.substr(0, end)))
        read(text.substr(std::min(end + 1, text.size())), *type);
    for (const bool has_several : {false, true})
        read(text, {psrp::EncryptionProtocol::Spnego, "Encrypted Boundary", has_several});
    return 0;
}
