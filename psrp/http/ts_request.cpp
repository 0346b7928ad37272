#include <clixml/secret.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/detail/der.hpp>
#include <psrp/http/detail/wipe.hpp>
#include <psrp/http/errors.hpp>
#include <psrp/http/ts_request.hpp>

namespace psrp {

namespace {

using detail::der_context;
using detail::DerReader;

constexpr std::uint32_t password_type = 1; // of TSCredentials

void append(Bytes& to, const Bytes& what)
{
    to.insert(to.end(), what.begin(), what.end());
}

// [number] OCTET STRING.
void append_octets(Bytes& to, unsigned number, BytesView content)
{
    Bytes octets = detail::write_der(detail::der_octets, content);
    Bytes element = detail::write_der(der_context(number), octets);
    to.reserve(to.size() + element.size());
    append(to, element);
    detail::wipe(octets);
    detail::wipe(element);
}

void append_number(Bytes& to, unsigned number, std::uint32_t value)
{
    append(to, detail::write_der(der_context(number), detail::write_der_number(value)));
}

// The content of an OCTET STRING in the next element, which must be [number].
Result<BytesView> read_octets(DerReader& reader, unsigned number)
{
    PSRP_TRY(DerReader inside, reader.enter(der_context(number)));
    PSRP_TRY(const BytesView octets, inside.content(detail::der_octets));
    PSRP_CHECK(inside.end());
    return octets;
}

Result<std::uint32_t> read_number(DerReader& reader, unsigned number)
{
    PSRP_TRY(DerReader inside, reader.enter(der_context(number)));
    PSRP_TRY(const std::uint32_t value, inside.number());
    PSRP_CHECK(inside.end());
    return value;
}

Result<void> read_bytes(DerReader& reader, unsigned number, Bytes& to)
{
    if (reader.tag() != der_context(number)) return {};
    const DerReader before = reader;
    PSRP_TRY(const BytesView octets, read_octets(reader, number));
    if (octets.empty()) return before.malformed("expected bytes");
    to.assign(octets.begin(), octets.end());
    return {};
}

Result<std::vector<Bytes>> read_tokens(DerReader& reader, std::size_t tokens_max)
{
    std::vector<Bytes> tokens;
    if (reader.tag() != der_context(1)) return tokens;
    PSRP_TRY(DerReader inside, reader.enter(der_context(1)));
    PSRP_TRY(DerReader list, inside.enter(detail::der_sequence));
    PSRP_CHECK(inside.end());
    while (!list.is_at_end()) {
        if (tokens.size() == tokens_max) return list.malformed("expected fewer tokens");
        PSRP_TRY(DerReader item, list.enter(detail::der_sequence));
        PSRP_TRY(const BytesView token, read_octets(item, 0));
        PSRP_CHECK(item.end());
        tokens.emplace_back(token.begin(), token.end());
    }
    return tokens;
}

// UTF-8 to the UTF-16LE that MS-CSSP asks for.
void append_text(Bytes& to, unsigned number, const std::string& text)
{
    std::string units = clixml::utf16le_from_utf8(text);
    append_octets(to, number, clixml::bytes_of(units));
    clixml::wipe(units);
}

} // namespace

Bytes write_ts_request(const TsRequest& request)
{
    Bytes content;
    append_number(content, 0, request.version);
    if (!request.tokens.empty()) {
        Bytes list;
        for (const Bytes& token : request.tokens) {
            Bytes item;
            append_octets(item, 0, token);
            append(list, detail::write_der(detail::der_sequence, item));
        }
        append(
            content,
            detail::write_der(der_context(1), detail::write_der(detail::der_sequence, list))
        );
    }
    if (!request.credentials.empty()) append_octets(content, 2, request.credentials);
    if (!request.binding.empty()) append_octets(content, 3, request.binding);
    if (request.error) append_number(content, 4, *request.error);
    if (!request.nonce.empty()) append_octets(content, 5, request.nonce);
    return detail::write_der(detail::der_sequence, content);
}

Result<std::optional<std::size_t>> ts_request_bytes(BytesView bytes, const TsRequestLimits& limits)
{
    if (!bytes.empty() && bytes[0] != detail::der_sequence)
        return clixml::failure(HttpErrc::MalformedCredSsp, 0, "expected a sequence");
    PSRP_TRY(const detail::DerHead head, detail::read_der_head(bytes));
    if (head.head_bytes == 0) return std::optional<std::size_t>();
    if (head.content_bytes > limits.message_bytes_max)
        return clixml::failure(HttpErrc::MalformedCredSsp, 0, "expected a shorter message");
    return std::optional<std::size_t>(head.head_bytes + head.content_bytes);
}

Result<TsRequest> read_ts_request(BytesView bytes, const TsRequestLimits& limits)
{
    PSRP_TRY(const auto size, ts_request_bytes(bytes, limits));
    if (!size || *size != bytes.size())
        return clixml::failure(HttpErrc::MalformedCredSsp, 0, "expected one whole message");
    DerReader whole(bytes);
    PSRP_TRY(DerReader reader, whole.enter(detail::der_sequence));
    TsRequest request;
    PSRP_TRY(request.version, read_number(reader, 0));
    PSRP_TRY(request.tokens, read_tokens(reader, limits.tokens_max));
    PSRP_CHECK(read_bytes(reader, 2, request.credentials));
    PSRP_CHECK(read_bytes(reader, 3, request.binding));
    if (reader.tag() == der_context(4)) {
        PSRP_TRY(request.error, read_number(reader, 4));
    }
    PSRP_CHECK(read_bytes(reader, 5, request.nonce));
    // What later versions may add.
    while (!reader.is_at_end()) {
        if (reader.tag() <= der_context(5)) return reader.malformed("expected a later element");
        PSRP_CHECK(reader.pass());
    }
    return request;
}

Bytes write_ts_credentials(const TsPassword& password)
{
    Bytes fields;
    append_text(fields, 0, password.domain);
    append_text(fields, 1, password.user);
    append_text(fields, 2, password.password);
    Bytes inner = detail::write_der(detail::der_sequence, fields);
    detail::wipe(fields);
    Bytes content;
    append_number(content, 0, password_type);
    append_octets(content, 1, inner);
    detail::wipe(inner);
    Bytes credentials = detail::write_der(detail::der_sequence, content);
    detail::wipe(content);
    return credentials;
}

Result<TsPassword> read_ts_credentials(BytesView bytes)
{
    const auto text_of = [](BytesView units) -> Result<std::string> {
        if (units.size() % 2 != 0)
            return clixml::failure(HttpErrc::MalformedCredSsp, 0, "expected UTF-16");
        return clixml::utf8_from_utf16(clixml::text_of(units), false);
    };
    DerReader whole(bytes);
    PSRP_TRY(DerReader reader, whole.enter(detail::der_sequence));
    PSRP_CHECK(whole.end());
    PSRP_TRY(const std::uint32_t type, read_number(reader, 0));
    if (type != password_type) return reader.malformed("expected a password");
    PSRP_TRY(const BytesView inner, read_octets(reader, 1));
    PSRP_CHECK(reader.end());
    DerReader inside(inner);
    PSRP_TRY(DerReader fields, inside.enter(detail::der_sequence));
    PSRP_CHECK(inside.end());
    TsPassword result;
    PSRP_TRY(const BytesView domain, read_octets(fields, 0));
    PSRP_TRY(result.domain, text_of(domain));
    PSRP_TRY(const BytesView user, read_octets(fields, 1));
    PSRP_TRY(result.user, text_of(user));
    PSRP_TRY(const BytesView password, read_octets(fields, 2));
    PSRP_CHECK(fields.end());
    PSRP_TRY(result.password, text_of(password));
    return result;
}

} // namespace psrp
