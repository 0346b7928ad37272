#include <clixml/base64.hpp>
#include <clixml/secret.hpp>
#include <psrp/http/challenge.hpp>
#include <psrp/http/errors.hpp>

#include <algorithm>

namespace psrp {

namespace {

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// The end of the piece that begins at `from`: a comma that is in no quotes.
std::size_t end_of_piece(std::string_view value, std::size_t from)
{
    bool is_quoted = false;
    for (std::size_t i = from; i < value.size(); ++i) {
        if (is_quoted && value[i] == '\\') {
            ++i;
        } else if (value[i] == '"') {
            is_quoted = !is_quoted;
        } else if (value[i] == ',' && !is_quoted) {
            return i;
        }
    }
    return value.size();
}

bool is_scheme_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ':' || c == '/' || c == '.';
}

} // namespace

std::vector<Challenge> read_challenges(std::string_view value)
{
    std::vector<Challenge> challenges;
    std::size_t at = 0;
    while (at < value.size()) {
        const std::size_t end = end_of_piece(value, at);
        const std::string_view piece = trimmed(value.substr(at, end - at));
        at = end + 1;
        if (piece.empty()) continue;
        const std::size_t space = std::min(piece.find(' '), piece.size());
        const std::string_view word = piece.substr(0, space);
        if (std::all_of(word.begin(), word.end(), is_scheme_character)) {
            challenges.push_back({word, trimmed(piece.substr(space))});
        } else if (!challenges.empty()) {
            // One more parameter of the challenge before.
            Challenge& last = challenges.back();
            const char* start = last.rest.empty() ? piece.data() : last.rest.data();
            last.rest = {start, static_cast<std::size_t>(piece.data() + piece.size() - start)};
        }
    }
    return challenges;
}

Result<Bytes> read_token(std::string_view text)
{
    auto bytes = clixml::read_base64(text);
    if (!bytes) {
        return clixml::failure(
            HttpErrc::MalformedChallenge, clixml::no_offset, "expected a token in base64"
        );
    }
    return bytes;
}

std::string write_token(std::string_view scheme, BytesView token)
{
    std::string text(scheme);
    text += ' ';
    clixml::append_base64(token, text);
    return text;
}

Result<BasicLogin> read_basic(std::string_view text)
{
    PSRP_TRY(Bytes bytes, read_token(text));
    std::string whole(clixml::text_of(bytes));
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    const std::size_t colon = whole.find(':');
    if (colon == std::string::npos) {
        clixml::wipe(whole);
        return clixml::failure(
            HttpErrc::MalformedChallenge, clixml::no_offset, "expected user:password"
        );
    }
    BasicLogin login{whole.substr(0, colon), whole.substr(colon + 1)};
    clixml::wipe(whole);
    return login;
}

std::string write_basic(std::string_view user, std::string_view password)
{
    std::string whole;
    whole.reserve(user.size() + password.size() + 1);
    whole += user;
    whole += ':';
    whole += password;
    std::string text = write_token("Basic", clixml::bytes_of(whole));
    clixml::wipe(whole);
    return text;
}

} // namespace psrp
