#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/tool/clixml_command.hpp>
#include <psrp/tool/decode_command.hpp>
#include <psrp/transport/outofproc_framing.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <ostream>
#include <string_view>
#include <tuple>

namespace psrp::tool {
namespace {

using Json = nlohmann::ordered_json;

// Joins the fragments of one conversation, each stream of each channel and direction by itself.
class ConversationDecoder {
public:
    ConversationDecoder(std::ostream& out) : out_(out) {}

    Result<void> on_line(std::string_view line)
    {
        if (line.size() < 2 || line[1] != ' ' || line[0] == 'A') return {};
        ElementSender sender = line[0] == 'C' ? ElementSender::Client : ElementSender::Server;
        if (line[0] != 'C' && line[0] != 'S') return {};
        // A server's error lines and its noise are part of a recording but carry no messages.
        if (sender == ElementSender::Server && !line.substr(2).starts_with('<')) return {};
        ElementReader reader(line.substr(2), sender);
        while (true) {
            PSRP_TRY(auto element, reader.next());
            if (!element) return {};
            if (element->kind == ElementKind::Data) PSRP_CHECK(on_data(line[0], *element));
        }
    }

private:
    Result<void> on_data(char direction, const Element& element)
    {
        auto& reassembler = streams_[{direction, element.channel, element.stream}];
        PSRP_CHECK(reassembler.receive(BytesView(element.bytes)));
        while (true) {
            PSRP_TRY(auto object, reassembler.next());
            if (!object) return {};
            PSRP_CHECK(on_object(direction, element, *object));
        }
    }

    Result<void>
    on_object(char direction, const Element& element, const fragmenter::ReceivedObject& object)
    {
        PSRP_TRY(Message message, read_message(object.bytes));
        char type[16];
        std::snprintf(type, sizeof type, "0x%08x", message.header.type);
        Json line{
            {"dir", std::string(1, direction)},
            {"stream", element.stream == Stream::Default ? "Default" : "PromptResponse"},
            {"guid", element.channel.text()},
            {"object", object.object_id},
            {"fragments", object.fragment_count},
            {"to", message.header.destination},
            {"type", type},
            {"rpid", message.header.runspace_pool_id.text()},
            {"pid", message.header.pipeline_id.text()},
            {"data", message.text},
        };
        if (const MessageTypeRow* row = find_message_type(message.header.type))
            line["name"] = row->name;
        out_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        return {};
    }

    std::ostream& out_;
    std::map<std::tuple<char, Guid, Stream>, fragmenter::Reassembler> streams_;
};

} // namespace

int run_decode(const DecodeOptions& options, std::ostream& out, std::ostream& err)
{
    std::string text;
    if (!read_input(options.file, text, err)) return 1;
    ConversationDecoder decoder(out);
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (auto result = decoder.on_line(line); !result) {
            err << "psrp decode: line " << number << ": " << result.error().text() << '\n';
            return 1;
        }
    }
    return 0;
}

} // namespace psrp::tool
