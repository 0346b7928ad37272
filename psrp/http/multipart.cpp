#include <clixml/bytes.hpp>
#include <clixml/utf.hpp>
#include <psrp/http/errors.hpp>
#include <psrp/http/multipart.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace psrp {

namespace {

constexpr std::string_view default_boundary = "Encrypted Boundary";
constexpr std::size_t length_bytes = 4; // in front of the signature

constexpr std::array<std::string_view, 3> protocol_names = {
    "application/HTTP-SPNEGO-session-encrypted",
    "application/HTTP-Kerberos-session-encrypted",
    "application/HTTP-CredSSP-session-encrypted",
};

tl::unexpected<clixml::Error> malformed(std::size_t offset, const char* expected)
{
    return clixml::failure(HttpErrc::MalformedMultipart, offset, expected);
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (is_blank(text.front()) || text.front() == '\r'))
        text.remove_prefix(1);
    while (!text.empty() && (is_blank(text.back()) || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

bool starts_ignoring_case(std::string_view text, std::string_view beginning)
{
    return text.size() >= beginning.size() &&
           clixml::equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

// The value of a parameter behind the first semicolon; quotes are taken off.
std::optional<std::string_view> parameter(std::string_view value, std::string_view name)
{
    std::size_t at = value.find(';');
    while (at != std::string_view::npos) {
        value.remove_prefix(at + 1);
        const std::size_t mark = value.find_first_of("=;");
        if (mark == std::string_view::npos) return std::nullopt;
        if (value[mark] == ';') {
            at = mark;
            continue;
        }
        const bool is_it = clixml::equal_ignoring_case(trimmed(value.substr(0, mark)), name);
        std::string_view rest = value.substr(mark + 1);
        while (!rest.empty() && is_blank(rest.front()))
            rest.remove_prefix(1);
        std::string_view found;
        if (rest.starts_with('"')) {
            const std::size_t end = rest.find('"', 1);
            if (end == std::string_view::npos) return std::nullopt;
            found = rest.substr(1, end - 1);
            value = rest.substr(end + 1);
        } else {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            found = trimmed(rest.substr(0, end));
            value = rest.substr(end);
        }
        if (is_it) return found;
        at = value.find(';');
    }
    return std::nullopt;
}

// Reads one body from front to back.
class BodyReader {
public:
    BodyReader(
        std::string_view body, const EncryptedContentType& type, const MultipartLimits& limits
    )
        : body_(body), type_(type), limits_(limits)
    {
    }

    Result<std::vector<EncryptedPart>> read()
    {
        if (body_.size() > limits_.body_bytes_max) return malformed(0, "expected a smaller body");
        PSRP_TRY(end_, find_end());
        std::vector<EncryptedPart> parts;
        while (parts.empty() || (type_.has_several_messages && at_ < end_)) {
            if (parts.size() == limits_.messages_max) {
                return malformed(at_, "expected fewer messages");
            }
            PSRP_TRY(parts.emplace_back(), read_pair());
        }
        return parts;
    }

private:
    // The size of the boundary's line without its end at `at`, 0 where there is none.
    [[nodiscard]] std::size_t boundary_size(std::size_t at) const
    {
        std::size_t i = at;
        if (body_.substr(i, 2) != "--") return 0;
        i += 2;
        if (i < body_.size() && body_[i] == ' ') ++i;
        if (!starts_ignoring_case(body_.substr(i), type_.boundary)) return 0;
        return i + type_.boundary.size() - at;
    }

    // Where the last boundary begins: `--boundary--` and line ends.
    [[nodiscard]] Result<std::size_t> find_end() const
    {
        std::size_t end = body_.size();
        while (end > 0 && (body_[end - 1] == '\r' || body_[end - 1] == '\n'))
            --end;
        const std::size_t tail = type_.boundary.size() + 2;
        const std::string_view text = body_.substr(0, end);
        if (!text.ends_with("--") || text.size() < tail + 2) {
            return malformed(end, "expected the last boundary at the end");
        }
        for (const std::size_t front : {std::size_t{2}, std::size_t{3}}) {
            if (end < tail + front) continue;
            const std::size_t at = end - tail - front;
            if (boundary_size(at) == front + type_.boundary.size()) return at;
        }
        return malformed(end, "expected the last boundary at the end");
    }

    Result<void> take_boundary()
    {
        const std::size_t size = boundary_size(at_);
        if (size == 0) return malformed(at_, "expected a boundary");
        at_ += size;
        while (at_ < end_ && is_blank(body_[at_]))
            ++at_;
        if (body_.substr(at_, 2) == "\r\n") {
            at_ += 2;
            return {};
        }
        if (body_.substr(at_, 1) == "\n") {
            at_ += 1;
            return {};
        }
        return malformed(at_, "expected a line end behind the boundary");
    }

    // The next line of headers, without blanks around it.
    Result<std::string_view> take_line()
    {
        const std::size_t stop = body_.find('\n', at_);
        if (stop == std::string_view::npos || stop >= end_ ||
            stop - at_ > limits_.header_bytes_max) {
            return malformed(at_, "expected a header's line");
        }
        const std::string_view line = trimmed(body_.substr(at_, stop - at_));
        at_ = stop + 1;
        return line;
    }

    Result<void> take_first_headers(EncryptedPart& part)
    {
        bool has_type = false;
        bool has_original = false;
        const std::size_t start = at_;
        while (boundary_size(at_) == 0) {
            const std::size_t line_at = at_;
            PSRP_TRY(const std::string_view line, take_line());
            if (at_ - start > limits_.header_bytes_max) {
                return malformed(line_at, "expected fewer headers");
            }
            const std::size_t colon = line.find(':');
            if (line.empty()) continue;
            if (colon == std::string_view::npos) return malformed(line_at, "expected a header");
            const std::string_view name = trimmed(line.substr(0, colon));
            const std::string_view value = trimmed(line.substr(colon + 1));
            if (clixml::equal_ignoring_case(name, "Content-Type")) {
                has_type =
                    clixml::equal_ignoring_case(value, encryption_protocol_name(type_.protocol));
                if (!has_type) return malformed(line_at, "expected the protocol of the header");
            } else if (clixml::equal_ignoring_case(name, "OriginalContent")) {
                PSRP_CHECK(read_original(value, line_at, part));
                has_original = true;
            }
        }
        if (!has_type || !has_original) {
            return malformed(at_, "expected Content-Type and OriginalContent");
        }
        return {};
    }

    // type=application/soap+xml;charset=UTF-8;Length=1234
    static Result<void>
    read_original(std::string_view value, std::size_t offset, EncryptedPart& part)
    {
        std::size_t at = value.size();
        while (at > 0 && !starts_ignoring_case(value.substr(at), "length="))
            --at;
        if (!starts_ignoring_case(value.substr(at), "length=")) {
            return malformed(offset, "expected Length=");
        }
        const std::string_view digits = trimmed(value.substr(at + 7));
        const auto read =
            std::from_chars(digits.data(), digits.data() + digits.size(), part.original_bytes);
        if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
            return malformed(offset, "expected a number as Length");
        }
        std::string_view type = trimmed(value.substr(0, at));
        while (!type.empty() && type.back() == ';')
            type.remove_suffix(1);
        if (starts_ignoring_case(type, "type=")) type.remove_prefix(5);
        part.original_type = type;
        return {};
    }

    // Where the next pair of a body with several begins: a boundary with our headers behind it.
    [[nodiscard]] std::size_t next_pair(std::size_t from) const
    {
        for (std::size_t at = body_.find("--", from); at < end_; at = body_.find("--", at + 1)) {
            BodyReader ahead(body_, type_, limits_);
            ahead.at_ = at;
            ahead.end_ = end_;
            EncryptedPart part;
            if (ahead.take_boundary() && ahead.take_first_headers(part)) return at;
        }
        return end_;
    }

    Result<EncryptedPart> read_pair()
    {
        EncryptedPart part;
        PSRP_CHECK(take_boundary());
        PSRP_CHECK(take_first_headers(part));
        PSRP_CHECK(take_boundary());
        const std::size_t line_at = at_;
        PSRP_TRY(const std::string_view line, take_line());
        const std::size_t colon = line.find(':');
        const bool is_octets =
            colon != std::string_view::npos &&
            clixml::equal_ignoring_case(trimmed(line.substr(0, colon)), "Content-Type") &&
            clixml::equal_ignoring_case(
                trimmed(line.substr(colon + 1)), "application/octet-stream"
            );
        if (!is_octets) return malformed(line_at, "expected application/octet-stream");
        const std::size_t stop = type_.has_several_messages ? next_pair(at_) : end_;
        if (stop - at_ < length_bytes) return malformed(at_, "expected a signature's length");
        const auto* start = reinterpret_cast<const std::uint8_t*>(body_.data()) + at_;
        const std::size_t signature_bytes = clixml::load_le<std::uint32_t>(start);
        const std::size_t rest = stop - at_ - length_bytes;
        if (signature_bytes > rest) return malformed(at_, "expected a shorter signature");
        part.signature = body_.substr(at_ + length_bytes, signature_bytes);
        part.ciphertext =
            body_.substr(at_ + length_bytes + signature_bytes, rest - signature_bytes);
        at_ = stop;
        return part;
    }

    std::string_view body_;
    const EncryptedContentType& type_;
    const MultipartLimits& limits_;
    std::size_t at_ = 0;
    std::size_t end_ = 0; // where the last boundary begins
};

bool is_several(std::string_view media_type)
{
    return clixml::equal_ignoring_case(media_type, "multipart/x-multi-encrypted");
}

} // namespace

std::string_view encryption_protocol_name(EncryptionProtocol protocol)
{
    return protocol_names[static_cast<std::size_t>(protocol)];
}

bool is_encrypted_content_type(std::string_view content_type)
{
    const std::string_view media_type =
        trimmed(content_type.substr(0, std::min(content_type.find(';'), content_type.size())));
    return clixml::equal_ignoring_case(media_type, "multipart/encrypted") || is_several(media_type);
}

Result<EncryptedContentType>
read_encrypted_content_type(std::string_view content_type, const MultipartLimits& limits)
{
    if (!is_encrypted_content_type(content_type)) {
        return malformed(0, "expected multipart/encrypted");
    }
    EncryptedContentType type;
    type.has_several_messages = is_several(
        trimmed(content_type.substr(0, std::min(content_type.find(';'), content_type.size())))
    );
    const auto boundary = parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > limits.boundary_bytes_max) {
        return malformed(0, "expected a boundary");
    }
    type.boundary = *boundary;
    const auto protocol = parameter(content_type, "protocol");
    if (!protocol) return malformed(0, "expected a protocol");
    for (std::size_t i = 0; i < protocol_names.size(); ++i) {
        if (!clixml::equal_ignoring_case(*protocol, protocol_names[i])) continue;
        type.protocol = static_cast<EncryptionProtocol>(i);
        return type;
    }
    return malformed(0, "expected a known protocol");
}

namespace {

std::string content_type_of(std::string_view media_type, EncryptionProtocol protocol)
{
    std::string value(media_type);
    value += ";protocol=\"";
    value += encryption_protocol_name(protocol);
    value += "\";boundary=\"";
    value += default_boundary;
    value += '"';
    return value;
}

} // namespace

std::string encrypted_content_type(EncryptionProtocol protocol)
{
    return content_type_of("multipart/encrypted", protocol);
}

std::string several_encrypted_content_type(EncryptionProtocol protocol)
{
    return content_type_of("multipart/x-multi-encrypted", protocol);
}

Result<std::vector<EncryptedPart>> read_encrypted_body(
    std::string_view body, const EncryptedContentType& type, const MultipartLimits& limits
)
{
    return BodyReader(body, type, limits).read();
}

std::string write_encrypted_body(
    EncryptionProtocol protocol,
    std::string_view original_type,
    std::uint64_t original_bytes,
    std::string_view signature,
    std::string_view ciphertext,
    BodyEnd end
)
{
    std::array<std::uint8_t, length_bytes> size{};
    clixml::store_le(static_cast<std::uint32_t>(signature.size()), size.data());
    std::string body;
    body.reserve(signature.size() + ciphertext.size() + 400);
    body += "--";
    body += default_boundary;
    body += "\r\n\tContent-Type: ";
    body += encryption_protocol_name(protocol);
    body += "\r\n\tOriginalContent: type=";
    body += original_type;
    body += ";Length=";
    body += std::to_string(original_bytes);
    body += "\r\n--";
    body += default_boundary;
    body += "\r\n\tContent-Type: application/octet-stream\r\n";
    body += clixml::text_of(size);
    body += signature;
    body += ciphertext;
    if (end == BodyEnd::No) return body;
    body += "--";
    body += default_boundary;
    body += "--\r\n";
    return body;
}

} // namespace psrp
