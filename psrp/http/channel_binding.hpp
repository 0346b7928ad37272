// tls-server-end-point, what ties an authentication to a TLS connection (fact sheet transports C3,
// RFC 5929 4).
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <string>
#include <string_view>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

// The application data of a binding to the server with this certificate (DER):
// `tls-server-end-point:` and the hash that the certificate is signed with, SHA-256 where that is
// MD5, SHA-1 or unknown.
Bytes server_end_point(BytesView certificate);

// The first certificate of a text in PEM, as DER. Errors: HttpErrc::ServerFileUnusable.
Result<Bytes> read_pem_certificate(std::string_view pem);

// SHA-1 of a certificate in upper-case hexadecimal digits: what Windows calls its thumbprint.
std::string certificate_thumbprint(BytesView certificate);

} // namespace psrp
