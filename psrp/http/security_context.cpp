#include <psrp/http/security_context.hpp>

#include <algorithm>

namespace psrp {

HttpResult<std::string> open_encrypted_body(
    SecurityContext& context,
    std::string_view body,
    const EncryptedContentType& type,
    const MultipartLimits& limits
)
{
    const auto parts = read_encrypted_body(body, type, limits);
    if (!parts) return http_failure(parts.error());
    std::string whole;
    for (const EncryptedPart& part : *parts) {
        auto opened = context.open(part.signature, part.ciphertext, part.original_bytes);
        if (!opened) return opened;
        whole += *opened;
    }
    // In UTF-16 every second byte may be zero, the last one among them.
    const bool is_utf16 =
        whole.size() >= 2 && (whole[0] == 0 || whole[1] == 0 || whole.starts_with("\xFF\xFE") ||
                              whole.starts_with("\xFE\xFF"));
    while (!is_utf16 && !whole.empty() && whole.back() == 0)
        whole.pop_back();
    return whole;
}

HttpResult<EncryptedBody> seal_body(
    SecurityContext& context,
    EncryptionProtocol protocol,
    std::string_view original_type,
    std::string_view message
)
{
    const bool has_several = message.size() > context.piece_bytes_max();
    EncryptedBody sealed{
        has_several ? several_encrypted_content_type(protocol) : encrypted_content_type(protocol),
        {}};
    do {
        const auto piece = message.substr(0, std::min(message.size(), context.piece_bytes_max()));
        message.remove_prefix(piece.size());
        auto one = context.seal(piece);
        if (!one) return tl::unexpected(one.error());
        sealed.body += write_encrypted_body(
            protocol,
            original_type,
            one->original_bytes,
            one->signature,
            one->ciphertext,
            message.empty() ? BodyEnd::Yes : BodyEnd::No
        );
    } while (!message.empty());
    return sealed;
}

} // namespace psrp
