#include <clixml/bytes.hpp>
#include <tests/peers/arrivals.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace tests {

namespace {

constexpr std::size_t fragment_header_bytes = 21;
constexpr std::size_t message_header_bytes = 40;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::uint32_t load_be(std::string_view bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

std::uint32_t load_le(std::string_view bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 4; i > 0; --i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i - 1]);
    return value;
}

std::string value_of(std::string_view data, std::string_view name)
{
    return between(data, "N=\"" + std::string(name) + "\">", "<");
}

// "FullyQualifiedErrorId=x", with a blank in front, or nothing.
std::string error_id_of(std::string_view data)
{
    const std::string id = value_of(data, "FullyQualifiedErrorId");
    return id.empty() ? "" : " FullyQualifiedErrorId=" + id;
}

std::string host_call_summary(std::string_view data)
{
    constexpr std::string_view value_start = "</ToString><I32>";
    const std::string method = between(data, value_start, "<");
    const bool is_read_line = method == "11";
    return (is_read_line ? std::string("ReadLine") : method) + " ci=" + value_of(data, "ci") +
           " mp=";
}

std::string host_response_summary(std::string_view data)
{
    std::string summary = "ci=" + value_of(data, "ci");
    const std::string error = between(data, "N=\"me\"", "N=\"ci\"");
    if (!error.empty()) return summary + " me=" + value_of(error, "FullyQualifiedErrorId");
    const std::string text = between(data, "<S N=\"mr\">", "<");
    return text.empty() ? summary : summary + " mr=S:" + text;
}

std::string availability_summary(std::string_view data)
{
    return value_of(data, "SetMinMaxRunspacesResponse") + " ci=" + value_of(data, "ci");
}

std::string summary_of(std::uint32_t type, std::string_view data)
{
    switch (type) {
    case 0x00010002:
        return "SESSION_CAPABILITY protocolversion=" + value_of(data, "protocolversion") +
               " PSVersion=" + value_of(data, "PSVersion") +
               " SerializationVersion=" + value_of(data, "SerializationVersion");
    case 0x00010004:
        return "INIT_RUNSPACEPOOL Min=" + value_of(data, "MinRunspaces") +
               " Max=" + value_of(data, "MaxRunspaces");
    case 0x00010006:
        return "ENCRYPTED_SESSION_KEY " +
               std::to_string(value_of(data, "EncryptedSessionKey").size()) + " base64 characters";
    case 0x00010007:
        return "PUBLIC_KEY_REQUEST " + std::string(data);
    case 0x00021004:
        return "RUNSPACE_AVAILABILITY " + availability_summary(data);
    case 0x00021005:
        return "RUNSPACEPOOL_STATE " + value_of(data, "RunspaceState");
    case 0x00021006:
        return "CREATE_PIPELINE " + value_of(data, "Cmd") + " NoInput=" + value_of(data, "NoInput");
    case 0x00021009:
        return "APPLICATION_PRIVATE_DATA PSRemotingProtocolVersion=" +
               between(data, "PSRemotingProtocolVersion</S><Version N=\"Value\">", "<");
    case 0x0002100C:
        return "RESET_RUNSPACE_STATE " + std::string(data);
    case 0x00021101:
        return "RUNSPACEPOOL_HOST_RESPONSE " + host_response_summary(data);
    case 0x00041004:
        return "PIPELINE_OUTPUT " + std::string(data);
    case 0x00041005:
        return "ERROR_RECORD" + error_id_of(data);
    case 0x00041006:
        return "PIPELINE_STATE " + value_of(data, "PipelineState") + error_id_of(data);
    case 0x00041011:
        return "INFORMATION_RECORD";
    case 0x00041100:
        return "PIPELINE_HOST_CALL " + host_call_summary(data);
    case 0x00041101:
        return "PIPELINE_HOST_RESPONSE " + host_response_summary(data);
    default:
        return std::string(data);
    }
}

} // namespace

std::string between(std::string_view text, std::string_view before, std::string_view after)
{
    const std::size_t found = text.find(before);
    if (found == std::string_view::npos) return {};
    const std::size_t begin = found + before.size();
    const std::size_t end = text.find(after, begin);
    if (end == std::string_view::npos) return {};
    return std::string(text.substr(begin, end - begin));
}

std::string kind_of_summary(std::string summary)
{
    for (const char* text : {" Message=", " mp="}) {
        if (const std::size_t at = summary.find(text); at != std::string::npos) summary.resize(at);
    }
    return summary;
}

void Arrivals::add(std::string_view bytes)
{
    pending_ += bytes;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', at)) != std::string::npos; at = end + 1)
        add_line(std::string_view(pending_).substr(at, end - at));
    pending_.erase(0, at);
}

void Arrivals::add_line(std::string_view line)
{
    psrp::ElementReader reader(line, sender_);
    for (;;) {
        const auto element = reader.next();
        if (!element) {
            arrivals_.push_back({"text", {}, std::string(line), {}});
            return;
        }
        if (!*element) return;
        if ((*element)->kind == psrp::ElementKind::Data) {
            add_data(**element);
            continue;
        }
        for (const auto& row : psrp::element_table) {
            if (row.kind == (*element)->kind)
                arrivals_.push_back({std::string(row.name), (*element)->channel, {}, {}});
        }
    }
}

void Arrivals::add_data(const psrp::Element& element)
{
    Stream& stream = streams_[{element.channel, element.stream}];
    stream.bytes.append(element.bytes.begin(), element.bytes.end());
    while (stream.bytes.size() >= fragment_header_bytes) {
        const std::string_view bytes = stream.bytes;
        const std::size_t blob_bytes = load_be(bytes, 17);
        if (bytes.size() < fragment_header_bytes + blob_bytes) return;
        const auto flags = static_cast<std::uint8_t>(bytes[16]);
        if ((flags & 1) != 0) stream.object.clear();
        stream.object += bytes.substr(fragment_header_bytes, blob_bytes);
        stream.bytes.erase(0, fragment_header_bytes + blob_bytes);
        if ((flags & 2) != 0) add_message(element, std::exchange(stream.object, {}));
    }
}

void Arrivals::add_message(const psrp::Element& element, std::string_view object)
{
    if (object.size() < message_header_bytes) {
        arrivals_.push_back({"text", element.channel, "a short message", {}});
        return;
    }
    const std::uint32_t type = load_le(object, 4);
    std::array<char, 11> kind{};
    (void)std::snprintf(kind.data(), kind.size(), "0x%08x", static_cast<unsigned>(type));
    std::string_view data = object.substr(message_header_bytes);
    if (data.starts_with(byte_order_mark)) data.remove_prefix(byte_order_mark.size());
    arrivals_.push_back(
        {kind.data(),
         element.channel,
         summary_of(type, data),
         element.stream == psrp::Stream::PromptResponse ? "PromptResponse" : ""}
    );
}

} // namespace tests
