#include <psrp/http/detail/der.hpp>
#include <psrp/http/errors.hpp>

namespace psrp::detail {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

Result<DerHead> read_der_head(BytesView bytes)
{
    if (bytes.size() < 2) return DerHead{};
    DerHead head{bytes[0], 2, bytes[1]};
    if (bytes[1] < 0x80) return head;
    const std::size_t count = bytes[1] & 0x7fU;
    if (count == 0 || count > 4)
        return clixml::failure(HttpErrc::MalformedCredSsp, 1, "expected a definite length");
    if (bytes.size() < 2 + count) return DerHead{};
    std::size_t length = 0;
    for (std::size_t i = 0; i < count; ++i)
        length = length << 8U | bytes[2 + i];
    const bool is_shortest = length >= 0x80 && (count == 1 || length >> (8 * (count - 1)) != 0);
    if (!is_shortest)
        return clixml::failure(HttpErrc::MalformedCredSsp, 1, "expected the shortest length");
    head.head_bytes += count;
    head.content_bytes = length;
    return head;
}

tl::unexpected<clixml::Error> DerReader::malformed(const char* expected) const
{
    return clixml::failure(HttpErrc::MalformedCredSsp, offset_, expected);
}

Result<BytesView> DerReader::content(std::uint8_t tag)
{
    if (bytes_.empty() || bytes_[0] != tag) return malformed("expected another element");
    auto head = read_der_head(bytes_);
    if (!head) {
        head.error().offset += offset_;
        return tl::unexpected<clixml::Error>(head.error());
    }
    if (head->head_bytes == 0 || head->content_bytes > bytes_.size() - head->head_bytes)
        return malformed("expected the whole of an element");
    const BytesView content = bytes_.subspan(head->head_bytes, head->content_bytes);
    bytes_ = bytes_.subspan(head->head_bytes + head->content_bytes);
    offset_ += head->head_bytes + head->content_bytes;
    return content;
}

Result<DerReader> DerReader::enter(std::uint8_t tag)
{
    PSRP_TRY(const BytesView inside, content(tag));
    return DerReader(inside, offset_ - inside.size());
}

Result<void> DerReader::pass()
{
    PSRP_CHECK(content(tag()));
    return {};
}

Result<std::uint32_t> DerReader::number()
{
    const DerReader before = *this;
    PSRP_TRY(const BytesView content, content(der_integer));
    // An NTSTATUS is written as a negative number of four bytes, or with a zero before them.
    if (content.empty() || content.size() > 5 || (content.size() == 5 && content[0] != 0))
        return before.malformed("expected a number of 32 bits");
    std::uint32_t value = (content[0] & 0x80U) != 0 ? ~std::uint32_t{0} : 0;
    for (const std::uint8_t byte : content)
        value = value << 8U | byte;
    return value;
}

Result<void> DerReader::end() const
{
    if (!bytes_.empty()) return malformed("expected the end of an element");
    return {};
}

Bytes write_der(std::uint8_t tag, BytesView content)
{
    Bytes element = {tag};
    const std::size_t size = content.size();
    if (size < 0x80) {
        element.push_back(static_cast<std::uint8_t>(size));
    } else {
        unsigned count = 1;
        while (size >> (8 * count) != 0)
            ++count;
        element.push_back(static_cast<std::uint8_t>(0x80U | count));
        while (count-- > 0)
            element.push_back(static_cast<std::uint8_t>(size >> (8 * count)));
    }
    element.insert(element.end(), content.begin(), content.end());
    return element;
}

Bytes write_der_number(std::uint32_t number)
{
    Bytes content;
    for (unsigned shift = 32; shift > 0; shift -= 8) {
        const auto byte = static_cast<std::uint8_t>(number >> (shift - 8));
        if (content.empty() && byte == 0 && shift > 8) continue;
        if (content.empty() && byte >= 0x80) content.push_back(0);
        content.push_back(byte);
    }
    return write_der(der_integer, content);
}

} // namespace psrp::detail
