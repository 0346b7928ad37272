#include <fragmenter/fragment.hpp>
#include <fragmenter/splitter.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <variant>

namespace tests {
namespace {

constexpr std::string_view suffix = ".messages.jsonl";

} // namespace

const std::string_view capability_payload =
    "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.4</Version><Version "
    "N=\"PSVersion\">2.0</Version>"
    "<Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>";
const std::string_view opened_payload =
    "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>";
const std::string_view completed_payload =
    "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">4</I32></MS></Obj>";

psrp::Guid guid(std::string_view text)
{
    const auto read = clixml::Guid::read(text);
    REQUIRE(read);
    return *read;
}

psrp::Bytes RecordedMessage::bytes() const
{
    return message_bytes(
        static_cast<psrp::Destination>(header.destination),
        header.type,
        header.runspace_pool_id,
        header.pipeline_id,
        payload
    );
}

std::vector<RecordedMessage> read_conversation(std::string_view name)
{
    std::vector<RecordedMessage> messages;
    for (const auto& line : read_vector_file("psrp/" + std::string(name) + std::string(suffix))) {
        RecordedMessage message;
        message.is_from_client = line.text("dir") == "C";
        message.stream =
            line.text("stream") == "Default" ? psrp::Stream::Default : psrp::Stream::PromptResponse;
        message.channel = guid(line.text("guid"));
        message.header.destination = line.fields.at("to").get<std::uint32_t>();
        message.header.type =
            static_cast<std::uint32_t>(std::stoul(line.text("type"), nullptr, 16));
        message.header.runspace_pool_id = guid(line.text("rpid"));
        message.header.pipeline_id = guid(line.text("pid"));
        if (line.fields.at("data").is_string()) message.payload = line.text("data");
        messages.push_back(std::move(message));
    }
    return messages;
}

std::vector<std::string> conversation_names()
{
    std::vector<std::string> names;
    for (const auto& file : list_vector_files("psrp", suffix)) {
        const auto name = file.substr(file.rfind('/') + 1);
        names.push_back(name.substr(0, name.size() - suffix.size()));
    }
    return names;
}

psrp::Bytes message_bytes(
    psrp::Destination destination,
    std::uint32_t type,
    const psrp::Guid& pool,
    const psrp::Guid& pipeline,
    std::string_view payload
)
{
    psrp::Bytes bytes(psrp::message_header_bytes);
    psrp::write_message_header(
        {static_cast<std::uint32_t>(destination), type, pool, pipeline}, bytes.data()
    );
    const std::string text =
        payload.empty() ? std::string() : "\xEF\xBB\xBF" + std::string(payload);
    bytes.insert(bytes.end(), text.begin(), text.end());
    return bytes;
}

psrp::Bytes fragments_of(psrp::BytesView message, std::uint64_t object_id)
{
    psrp::Bytes bytes;
    fragmenter::append_fragments(message, object_id, fragmenter::default_fragment_bytes, bytes);
    return bytes;
}

void SentMessages::add(const psrp::Send& send)
{
    const auto is_same = [&](const Pending& pending) {
        return pending.channel == send.channel && pending.stream == send.stream;
    };
    auto found = std::find_if(pending_.begin(), pending_.end(), is_same);
    if (found == pending_.end())
        found = pending_.insert(pending_.end(), {send.channel, send.stream, {}});
    found->bytes.insert(found->bytes.end(), send.bytes.begin(), send.bytes.end());
    // Walk over whole objects only: what is left waits for its rest.
    psrp::Bytes object;
    std::size_t at = 0;
    std::size_t done = 0;
    while (at < found->bytes.size()) {
        const auto fragment = fragmenter::read_fragment(psrp::BytesView(found->bytes).subspan(at));
        REQUIRE(fragment);
        const auto* whole = std::get_if<fragmenter::Fragment>(&*fragment);
        if (whole == nullptr) break;
        object.insert(object.end(), whole->blob.begin(), whole->blob.end());
        at += fragmenter::fragment_header_bytes + whole->blob.size();
        if (!whole->header.is_end) continue;
        const auto message = psrp::read_message(object);
        REQUIRE(message);
        const bool is_from_client = message->header.is_for(psrp::Destination::Server);
        messages_.push_back(
            {is_from_client, send.stream, send.channel, message->header, std::string(message->text)}
        );
        object.clear();
        done = at;
    }
    found->bytes.erase(
        found->bytes.begin(), found->bytes.begin() + static_cast<std::ptrdiff_t>(done)
    );
}

} // namespace tests
