#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/messages/session_key.hpp>

namespace psrp {

using detail::BagBuilder;
using detail::Fields;

// MS-PSRP 2.2.2.3
Value encode_public_key(const PublicKey& message, Arena& arena)
{
    return BagBuilder(arena).add_text("PublicKey", message.key_base64).value();
}

Result<PublicKey> decode_public_key(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PSRP_TRY(const auto key, fields.text("PublicKey"));
    return PublicKey{key};
}

// MS-PSRP 2.2.2.4
Value encode_encrypted_session_key(const EncryptedSessionKey& message, Arena& arena)
{
    return BagBuilder(arena).add_text("EncryptedSessionKey", message.key_base64).value();
}

Result<EncryptedSessionKey> decode_encrypted_session_key(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PSRP_TRY(const auto key, fields.text("EncryptedSessionKey"));
    return EncryptedSessionKey{key};
}

// MS-PSRP 2.2.2.5
Value encode_public_key_request(const PublicKeyRequest&, Arena&)
{
    return Value::string("");
}

Result<PublicKeyRequest> decode_public_key_request(Value value, Arena&)
{
    if (value.is_nil()) return clixml::failure(Errc::MissingPayload);
    return PublicKeyRequest{};
}

} // namespace psrp
