// WWW-Authenticate and Authorization: schemes and their tokens (fact sheet transports C1). Pure.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

// One challenge, or what answers it. Borrowed from the header.
struct Challenge {
    std::string_view scheme;
    std::string_view rest; // a token, or the parameters up to the next challenge
};

// The challenges of one header's value; commas between challenges and between parameters are told
// apart. What cannot be understood is left out.
std::vector<Challenge> read_challenges(std::string_view value);

// The bytes of a token. Errors: MalformedChallenge.
Result<Bytes> read_token(std::string_view text);

// `Negotiate dG9rZW4=`.
std::string write_token(std::string_view scheme, BytesView token);

// What a Basic header carries; the caller wipes the password.
struct BasicLogin {
    std::string user;
    std::string password;
};

// Errors: MalformedChallenge.
Result<BasicLogin> read_basic(std::string_view text);

// `Basic ...` for a user and a password in UTF-8; the caller wipes it.
std::string write_basic(std::string_view user, std::string_view password);

} // namespace psrp
