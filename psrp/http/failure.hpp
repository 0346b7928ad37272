// A failure with words for people: what an Error may not hold (names of hosts and schemes, the
// words of GSSAPI and TLS) and a user needs.
#pragma once

#include <clixml/result.hpp>
#include <psrp/http/errors.hpp>

#include <string>
#include <utility>

namespace psrp {

using clixml::Result;

// `text` is for display only: it may quote the peer, but never a secret.
struct HttpFailure {
    clixml::Error error;
    std::string text;
};

template <typename T>
using HttpResult = tl::expected<T, HttpFailure>;

// A failure whose text is that of its code, with `more` behind a colon where there is any.
inline tl::unexpected<HttpFailure> http_failure(HttpErrc code, const std::string& more = {})
{
    HttpFailure failure{{code, clixml::no_offset, ""}, {}};
    failure.text = failure.error.text();
    if (!more.empty()) failure.text += ": " + more;
    return tl::unexpected<HttpFailure>(std::move(failure));
}

// The same for an error that is there already.
inline tl::unexpected<HttpFailure> http_failure(const clixml::Error& error)
{
    return tl::unexpected<HttpFailure>({error, error.text()});
}

} // namespace psrp
