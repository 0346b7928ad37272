// What authenticates a connection and keeps its messages secret, whatever does it: tokens in both
// roles, then messages (fact sheet transports C2, C5).
#pragma once

#include <clixml/bytes.hpp>
#include <psrp/http/failure.hpp>
#include <psrp/http/multipart.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;

// A message that was encrypted, in the two pieces that HTTP carries.
struct SealedMessage {
    std::string signature;
    std::string ciphertext;
    std::uint64_t original_bytes = 0; // what Length says
};

// Of one connection, in one role. Not thread-safe. After an error it is Broken: nothing but
// destroying it makes sense.
class SecurityContext {
public:
    SecurityContext() = default;
    SecurityContext(const SecurityContext&) = delete;
    SecurityContext& operator=(const SecurityContext&) = delete;
    SecurityContext(SecurityContext&&) noexcept = default;
    SecurityContext& operator=(SecurityContext&&) noexcept = default;
    virtual ~SecurityContext() = default;

    // Takes the peer's token (none at an initiator's start) and gives ours, if there is one.
    virtual HttpResult<std::optional<Bytes>> step(BytesView token) = 0;
    [[nodiscard]] virtual bool is_complete() const = 0;
    // Who the peer is, once complete.
    [[nodiscard]] virtual std::string peer_name() const = 0;
    // Whether an empty token of the peer is one that was waited for.
    [[nodiscard]] virtual bool takes_empty_token() const { return false; }
    // What a peer whose login has failed is told, if its protocol has words for that.
    [[nodiscard]] virtual std::optional<Bytes> farewell() const { return std::nullopt; }

    // Encrypts one message of at most piece_bytes_max() bytes; they must go over the wire in this
    // order.
    virtual HttpResult<SealedMessage> seal(std::string_view message) = 0;
    // Decrypts the next message.
    virtual HttpResult<std::string>
    open(std::string_view signature, std::string_view ciphertext, std::uint64_t original_bytes) = 0;
    [[nodiscard]] virtual std::size_t piece_bytes_max() const
    {
        return std::numeric_limits<std::size_t>::max();
    }
};

// The messages of a multipart body, decrypted in their order and put together, without the zeros
// that OMI fills them up with (fact sheet transports C5). Errors: those of read_encrypted_body()
// and SecurityContext::open().
HttpResult<std::string> open_encrypted_body(
    SecurityContext& context,
    std::string_view body,
    const EncryptedContentType& type,
    const MultipartLimits& limits
);

struct EncryptedBody {
    std::string content_type;
    std::string body;
};

// The multipart body of a message in the clear, in as many pieces as the context needs. Errors:
// those of SecurityContext::seal().
HttpResult<EncryptedBody> seal_body(
    SecurityContext& context,
    EncryptionProtocol protocol,
    std::string_view original_type,
    std::string_view message
);

} // namespace psrp
