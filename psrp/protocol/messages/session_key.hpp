// The messages of the session key exchange, which peers up to 2.3 need for secure strings
// (fact sheet psrp 6.16, 11; MS-PSRP 2.2.2.3-.5).
#pragma once

#include <psrp/protocol/records.hpp>

#include <string_view>

namespace psrp {

// PUBLIC_KEY: base64 of the client's RSA key blob.
struct PublicKey {
    std::string_view key_base64;
};
Value encode_public_key(const PublicKey& message, Arena& arena);
Result<PublicKey> decode_public_key(Value value, Arena& arena);

// ENCRYPTED_SESSION_KEY: base64 of the AES key under the client's RSA key.
struct EncryptedSessionKey {
    std::string_view key_base64;
};
Value encode_encrypted_session_key(const EncryptedSessionKey& message, Arena& arena);
Result<EncryptedSessionKey> decode_encrypted_session_key(Value value, Arena& arena);

// PUBLIC_KEY_REQUEST: says nothing but its type; the data is an empty string.
struct PublicKeyRequest {};
Value encode_public_key_request(const PublicKeyRequest& message, Arena& arena);
Result<PublicKeyRequest> decode_public_key_request(Value value, Arena& arena);

} // namespace psrp
