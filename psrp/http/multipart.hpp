// The bodies of encrypted messages: multipart/encrypted and multipart/x-multi-encrypted (fact sheet
// transports C5, F; MS-WSMV 2.2.9.1). Pure functions on bytes; the encryption is elsewhere.
#pragma once

#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

using clixml::Result;

// What a peer may send. Every limit is inclusive.
struct MultipartLimits {
    std::size_t body_bytes_max = std::size_t{64} << 20;
    // Pairs of parts in one body.
    std::size_t messages_max = 4096;
    // Bytes of one part's headers.
    std::size_t header_bytes_max = 4096;
    std::size_t boundary_bytes_max = 70; // RFC 2046 5.1.1
};

// Which GSSAPI framing a body is in, by the name in its Content-Type.
enum class EncryptionProtocol : std::uint8_t { Spnego, Kerberos, CredSsp };

// application/HTTP-SPNEGO-session-encrypted and its kin.
std::string_view encryption_protocol_name(EncryptionProtocol protocol);

// What a Content-Type header says of an encrypted body.
struct EncryptedContentType {
    EncryptionProtocol protocol = EncryptionProtocol::Spnego;
    std::string boundary;
    bool has_several_messages = false; // multipart/x-multi-encrypted
};

// Whether a Content-Type is one of the two multipart types of encrypted bodies.
bool is_encrypted_content_type(std::string_view content_type);

// Reads the header's value: names in any case, parameters quoted or not, in any order. Errors:
// MalformedMultipart, also for an unknown protocol or a boundary that is missing or too long.
Result<EncryptedContentType>
read_encrypted_content_type(std::string_view content_type, const MultipartLimits& limits = {});

// The header's value for a body of write_encrypted_body().
std::string encrypted_content_type(EncryptionProtocol protocol);
// The same for several bodies, one behind the other.
std::string several_encrypted_content_type(EncryptionProtocol protocol);

// One encrypted message: a pair of parts. Borrowed from the body.
struct EncryptedPart {
    std::string_view original_type;   // application/soap+xml;charset=UTF-8
    std::uint64_t original_bytes = 0; // of the message in the clear
    std::string_view signature;       // or header; may be empty
    std::string_view ciphertext;
};

// Reads a body of known length. Header names and the boundary in any case; tab, blanks or nothing
// in front of headers; a blank behind the dashes (Exchange); a line end more behind the last
// boundary (OMI). The end of the only, or last, ciphertext is the last boundary of the body, never
// the first occurrence of its text. Errors: MalformedMultipart with the offset.
Result<std::vector<EncryptedPart>> read_encrypted_body(
    std::string_view body, const EncryptedContentType& type, const MultipartLimits& limits = {}
);

// Whether the last boundary follows, or another message.
enum class BodyEnd : std::uint8_t { No, Yes };

// The body for one message. `original_bytes` is its length in the clear.
std::string write_encrypted_body(
    EncryptionProtocol protocol,
    std::string_view original_type,
    std::uint64_t original_bytes,
    std::string_view signature,
    std::string_view ciphertext,
    BodyEnd end = BodyEnd::Yes
);

} // namespace psrp
