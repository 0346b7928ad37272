#include <clixml/large_memory.hpp>
#include <psrp/protocol/detail/secrets.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/message.hpp>

#include <algorithm>
#include <string>

namespace psrp {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// More than stands around one text.
constexpr std::size_t markup_bytes = 2048;

} // namespace

void write_message_header(const MessageHeader& header, std::uint8_t* to)
{
    clixml::store_le(header.destination, to);
    clixml::store_le(header.type, to + 4);
    const auto pool = header.runspace_pool_id.net_bytes();
    std::copy(pool.begin(), pool.end(), to + 8);
    const auto pipeline = header.pipeline_id.net_bytes();
    std::copy(pipeline.begin(), pipeline.end(), to + 24);
}

Result<Message> read_message(BytesView bytes)
{
    if (bytes.size() < message_header_bytes)
        return clixml::failure(Errc::MessageTooShort, bytes.size(), "a header of 40 bytes");
    Message message;
    message.header.destination = clixml::load_le<std::uint32_t>(bytes.data());
    message.header.type = clixml::load_le<std::uint32_t>(bytes.data() + 4);
    message.header.runspace_pool_id = Guid::from_net_bytes(bytes.data() + 8);
    message.header.pipeline_id = Guid::from_net_bytes(bytes.data() + 24);
    message.text = clixml::text_of(bytes.subspan(message_header_bytes));
    // A mark with nothing behind it is no empty payload: PowerShell takes it for broken XML.
    if (message.text.size() > byte_order_mark.size() && message.text.starts_with(byte_order_mark)) {
        message.text.remove_prefix(byte_order_mark.size());
        message.has_byte_order_mark = true;
    }
    return message;
}

Result<void> append_message(
    const MessageHeader& header, Value value, const clixml::WriteOptions& options, std::string& out
)
{
    const std::size_t start = out.size();
    // A text of its own tells how long it becomes at least; growing would copy it again and again.
    if (value.kind() == clixml::Kind::String) {
        out.reserve(start + message_header_bytes + value.text().size() + markup_bytes);
        clixml::expect_large_use(out.data() + start, out.capacity() - start);
    }
    out.resize(start + message_header_bytes);
    write_message_header(header, reinterpret_cast<std::uint8_t*>(out.data() + start));
    if (value.is_nil()) return {};
    out += byte_order_mark;
    return clixml::write_value(value, options, out);
}

Result<Bytes>
write_message(const MessageHeader& header, Value value, const clixml::WriteOptions& options)
{
    std::string text;
    PSRP_CHECK(append_message(header, value, options, text));
    const BytesView view = clixml::bytes_of(text);
    Bytes bytes(view.begin(), view.end());
    if (detail::has_written_secret(text)) clixml::wipe(text);
    return bytes;
}

} // namespace psrp
