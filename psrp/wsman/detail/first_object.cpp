#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>
#include <fragmenter/fragment.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/wsman/detail/first_object.hpp>
#include <psrp/wsman/detail/xml_writer.hpp>

#include <algorithm>

namespace psrp::wsman::detail {
namespace {

// The text of an element that ends before `<`, with XML's own entities resolved.
std::string resolved(std::string_view text)
{
    struct Entity {
        std::string_view written;
        char character;
    };
    constexpr std::array<Entity, 5> entities{
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    std::string result;
    while (!text.empty()) {
        const auto* found = std::find_if(entities.begin(), entities.end(), [&](const auto& one) {
            return text.starts_with(one.written);
        });
        if (found != entities.end()) {
            result += found->character;
            text.remove_prefix(found->written.size());
        } else {
            result += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

// At most `count` characters, and no more than fit into command_text_bytes_max when written.
std::string cut(std::string_view text, std::size_t count)
{
    std::size_t at = 0;
    std::string written;
    for (; count > 0 && at < text.size(); --count) {
        std::size_t next = at;
        (void)clixml::next_code_point(text, next);
        append_xml_text(text.substr(at, next - at), written, false);
        if (written.size() > command_text_bytes_max) break;
        at = next;
    }
    return std::string(text.substr(0, at));
}

} // namespace

void FirstObject::add(clixml::BytesView bytes)
{
    while (!is_complete_ && !bytes.empty()) {
        if (header_bytes_ < header_.size()) {
            const auto count = std::min(header_.size() - header_bytes_, bytes.size());
            std::copy_n(bytes.data(), count, header_.data() + header_bytes_);
            header_bytes_ += count;
            bytes = bytes.subspan(count);
            if (header_bytes_ < header_.size()) return;
            const auto read = fragmenter::read_fragment_header(header_);
            const auto* header = read ? std::get_if<fragmenter::FragmentHeader>(&*read) : nullptr;
            // Only our own machine writes here; whatever else it were would not be waited for.
            is_last_ = header == nullptr || header->is_end;
            blob_left_ = header == nullptr ? 0 : header->blob_bytes;
        }
        const auto count = std::min(blob_left_, bytes.size());
        bytes = bytes.subspan(count);
        blob_left_ -= count;
        if (blob_left_ != 0) return;
        header_bytes_ = 0;
        is_complete_ = is_last_;
    }
}

std::string command_text(clixml::BytesView bytes)
{
    constexpr std::size_t characters_whole_max = 256; // longer ones are cut to one less
    constexpr std::string_view mark = "<S N=\"Cmd\">";
    constexpr std::size_t headers = fragmenter::fragment_header_bytes + message_header_bytes;
    const std::string nothing = " ";
    if (bytes.size() < headers) return nothing;
    std::string_view text = clixml::text_of(bytes.subspan(headers));
    const auto start = text.find(mark);
    if (start == std::string_view::npos) return nothing;
    text = text.substr(start + mark.size());
    // More than enough for what is shown; the rest may be cut off by the end of the packet.
    text = text.substr(0, std::min<std::size_t>(text.find('<'), 16384));
    std::string shown = clixml::unescaped(clixml::valid_text(resolved(text)));
    shown = clixml::valid_text(shown);
    const bool is_long = clixml::utf16_length(shown) > characters_whole_max;
    shown = cut(shown, is_long ? characters_whole_max - 1 : characters_whole_max);
    return shown.empty() ? nothing : shown;
}

} // namespace psrp::wsman::detail
