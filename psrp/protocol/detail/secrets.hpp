// Between secrets as owners of the machines see them, clear base64 whatever the peer's version, and
// secrets as they travel (fact sheet psrp 11).
#pragma once

#include <clixml/arena.hpp>
#include <clixml/bytes.hpp>
#include <clixml/result.hpp>
#include <clixml/secret.hpp>
#include <clixml/value.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace psrp::detail {

// Whether bytes have clear secrets in them.
enum class Secrecy : std::uint8_t { Public, Secret };

// A message that may have clear secrets in it: move-only, wiped when it goes if it has.
class SecretBytes {
public:
    explicit SecretBytes(std::string message, Secrecy secrecy = Secrecy::Secret)
        : message_(std::move(message)), secrecy_(secrecy)
    {
    }
    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] clixml::BytesView bytes() const { return clixml::bytes_of(message_); }
    [[nodiscard]] std::string_view text() const { return message_; }
    [[nodiscard]] bool is_secret() const { return secrecy_ == Secrecy::Secret; }
    // The message itself, which nobody wipes any more; only where is_secret() is false.
    std::string take_public();

private:
    std::string message_;
    Secrecy secrecy_;
};

// Stands for the key that is not there: Errc::KeyExchangeUnsupported for everything.
class MissingKeySecrets final : public clixml::SecretCipher {
public:
    [[nodiscard]] clixml::Result<std::string> encrypt(std::string_view utf16le) const override;
    [[nodiscard]] clixml::Result<std::string> decrypt(std::string_view text) const override;
};

// Whether an SS element stands in a text of ours. Quick: every message is asked.
bool has_written_secret(std::string_view text);

// Whether an SS element may stand in a received text: comments and the like give false alarms.
bool may_hold_secret(std::string_view text);

// Errc::InvalidArgument unless each SS of a text of ours is clear base64.
clixml::Result<void> check_written_secrets(std::string_view text);

// The message, written by us with clear secrets, with each of them under `cipher`.
clixml::Result<std::string>
encrypt_secrets(std::string_view text, const clixml::SecretCipher& cipher);

// An arena that wipes what received secrets it has been told of before it gives its memory back.
struct SecretMemory;
std::shared_ptr<SecretMemory> make_secret_memory();
std::shared_ptr<clixml::Arena> arena_of(const std::shared_ptr<SecretMemory>& memory);

// Replaces each secret in `root`, which has just been read into the arena, by its clear form. Null
// for `cipher`: they are clear already and only checked. Errc::InvalidSecret.
clixml::Result<void>
reveal_secrets(clixml::Value& root, SecretMemory& memory, const clixml::SecretCipher* cipher);

} // namespace psrp::detail
