#include <clixml/base64.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/tool/packed_input.hpp>
#include <psrp/tool/recording.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/wsman/xpress_codec.hpp>
#include <psrp/xpress/decoder.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace psrp::tool {
namespace {

using clixml::Error;
using clixml::Result;

// Bytes of a recording without lines that are held at once.
constexpr std::size_t envelopes_bytes_max = std::size_t{512} << 20;
// No form tells the direction: every key is the same.
constexpr char unknown_direction = '?';

// Joins the fragments of a recording, each stream of each channel and direction by itself.
class Joiner {
public:
    explicit Joiner(RecordingListener& listener) : listener_(listener) {}

    void
    add(char direction,
        Stream stream,
        const Guid& channel,
        BytesView bytes,
        const std::string& place)
    {
        auto& reassembler = streams_[{direction, channel, stream}];
        if (const auto received = reassembler.receive(bytes); !received) {
            listener_.on_failure(place, received.error());
            return;
        }
        for (;;) {
            const auto object = reassembler.next();
            if (!object) {
                listener_.on_failure(place, object.error());
                // The rest of these bytes may be anything; the next ones start afresh.
                reassembler = fragmenter::Reassembler();
                return;
            }
            if (!*object) return;
            on_object(direction, stream, channel, **object, place);
        }
    }

    // Objects of which only a part was recorded.
    void finish(const std::string& place)
    {
        for (const auto& [key, reassembler] : streams_) {
            if (reassembler.buffered_bytes() > 0) {
                listener_.on_failure(
                    place,
                    {make_error_code(Errc::MessageTooShort),
                     clixml::no_offset,
                     "the recording ends within an object"}
                );
            }
        }
    }

private:
    void on_object(
        char direction,
        Stream stream,
        const Guid& channel,
        const fragmenter::ReceivedObject& object,
        const std::string& place
    )
    {
        const auto message = read_message(object.bytes);
        if (!message) {
            listener_.on_failure(place, message.error());
            return;
        }
        if (direction == unknown_direction)
            direction = message->header.is_for(Destination::Server) ? 'C' : 'S';
        listener_.on_message(
            {direction,
             stream,
             channel,
             object.object_id,
             object.fragment_count,
             object.bytes.size(),
             *message}
        );
    }

    RecordingListener& listener_;
    std::map<std::tuple<char, Guid, Stream>, fragmenter::Reassembler> streams_;
};

// Lines with or without a letter for the direction in front.
class LineForm {
public:
    LineForm(RecordingListener& listener, bool has_letters)
        : listener_(listener), joiner_(listener), has_letters_(has_letters)
    {
    }

    void on_line(std::string_view line)
    {
        place_ = "line " + std::to_string(++number_);
        if (line.empty()) return;
        if (!has_letters_) {
            on_wire_line(unknown_direction, line);
            return;
        }
        const bool has_letter =
            line.size() >= 2 && line[1] == ' ' && std::string_view("ACS").find(line[0]) < 3;
        if (!has_letter) return; // a remark
        if (line[0] == 'A')
            listener_.on_text('A', line.substr(2));
        else
            on_wire_line(line[0], line.substr(2));
    }

    void fail(const Error& error) { listener_.on_failure(place_, error); }
    void finish() { joiner_.finish(place_); }

private:
    void on_wire_line(char direction, std::string_view line)
    {
        // A server's error lines and its noise are part of a recording but carry no messages.
        if (direction != 'C' && !line.starts_with('<')) {
            listener_.on_text('S', line);
            return;
        }
        ElementReader reader(line, sender_of(direction, line));
        for (;;) {
            const auto element = reader.next();
            if (!element) {
                listener_.on_failure(place_, element.error());
                return;
            }
            if (!*element) return;
            on_element(direction, **element);
        }
    }

    static ElementSender sender_of(char direction, std::string_view line)
    {
        if (direction == 'C') return ElementSender::Client;
        if (direction == 'S') return ElementSender::Server;
        const bool is_acknowledgement = line.substr(0, line.find(' ')).ends_with("Ack");
        return is_acknowledgement || line.starts_with("<Data") ? ElementSender::Server
                                                               : ElementSender::Client;
    }

    void on_element(char direction, const Element& element)
    {
        if (element.kind == ElementKind::Data) {
            joiner_.add(direction, element.stream, element.channel, element.bytes, place_);
            return;
        }
        const auto row = std::ranges::find(element_table, element.kind, &ElementRow::kind);
        if (direction == unknown_direction) direction = row->client_sends ? 'C' : 'S';
        listener_.on_element(direction, element);
    }

    RecordingListener& listener_;
    Joiner joiner_;
    bool has_letters_;
    std::size_t number_ = 0;
    std::string place_ = "line 1";
};

Result<void> read_lines(PackedInput& input, std::string_view head, LineForm& form)
{
    LineReader lines;
    std::string chunk(head);
    while (!chunk.empty()) {
        lines.receive(clixml::bytes_of(chunk));
        for (;;) {
            const auto line = lines.next();
            if (!line) {
                form.fail(line.error());
                return {};
            }
            if (!*line) break;
            form.on_line((*line)->text);
        }
        PSRP_TRY(chunk, input.read());
    }
    if (const auto line = lines.rest()) form.on_line(line->text);
    form.finish();
    return {};
}

Result<void> read_fragments(PackedInput& input, std::string_view head, RecordingListener& listener)
{
    Joiner joiner(listener);
    std::string chunk(head);
    std::size_t offset = 0;
    while (!chunk.empty()) {
        const std::string place = "byte " + std::to_string(offset);
        joiner.add(
            unknown_direction, Stream::Default, session_channel, clixml::bytes_of(chunk), place
        );
        offset += chunk.size();
        PSRP_TRY(chunk, input.read());
    }
    joiner.finish("byte " + std::to_string(offset));
    return {};
}

// WinRM envelopes (fact sheet transports B3 to B8)
// -----------------------------------------------------------------------------------------------

std::string_view local_name(const pugi::xml_node& node)
{
    const std::string_view name = node.name();
    return name.substr(name.find(':') + 1); // npos + 1 is 0
}

// The tag name of an Envelope that starts at `at`, or empty.
std::string_view envelope_name(std::string_view text, std::size_t at)
{
    const std::string_view rest = text.substr(at + 1, 64);
    const std::string_view name = rest.substr(0, rest.find_first_of(" \t\r\n>/"));
    const bool is_envelope = name == "Envelope" || name.ends_with(":Envelope");
    return is_envelope ? name : std::string_view();
}

class EnvelopeForm {
public:
    explicit EnvelopeForm(RecordingListener& listener) : listener_(listener), joiner_(listener) {}

    void read(std::string_view text)
    {
        for (std::size_t at = text.find('<'); at != std::string_view::npos;
             at = text.find('<', at + 1)) {
            const std::string_view name = envelope_name(text, at);
            if (name.empty()) continue;
            place_ = "envelope " + std::to_string(++number_);
            const std::string end_tag = "</" + std::string(name) + ">";
            const std::size_t end = text.find(end_tag, at);
            if (end == std::string_view::npos) {
                fail("no end tag");
                return;
            }
            read_envelope(text.substr(at, end + end_tag.size() - at));
            at = end;
        }
        joiner_.finish(place_);
    }

private:
    void fail(const char* detail)
    {
        listener_.on_failure(
            place_, {make_error_code(TransportErrc::MalformedXml), clixml::no_offset, detail}
        );
    }

    void read_envelope(std::string_view text)
    {
        pugi::xml_document document;
        const auto parsed = document.load_buffer(text.data(), text.size());
        if (!parsed) {
            fail(parsed.description());
            return;
        }
        direction_ = 'C';
        for (const auto& part : document.document_element().children()) {
            if (local_name(part) == "Header") read_header(part);
        }
        for (const auto& part : document.document_element().children()) {
            if (local_name(part) != "Body") continue;
            note_compression(part);
            for (const auto& node : part.children())
                read_body(node, session_channel);
        }
    }

    void read_header(const pugi::xml_node& header)
    {
        for (const auto& node : header.children()) {
            const std::string_view text = node.child_value();
            if (local_name(node) == "ResourceURI") is_command_shell_ = text.ends_with("/cmd");
            if (local_name(node) != "Action") continue;
            const bool is_answer =
                text.ends_with("Response") || text.find("fault") != std::string_view::npos;
            direction_ = is_answer ? 'S' : 'C';
        }
    }

    // A service's answer to Create says whether the streams of the shell are compressed.
    void note_compression(const pugi::xml_node& body)
    {
        for (const auto& shell : body.children()) {
            if (local_name(shell) != "Shell") continue;
            for (const auto& node : shell.children()) {
                if (local_name(node) == "CompressionMode")
                    is_compressed_ = node.child_value() == wsman::xpress_mode;
            }
        }
    }

    // Everything that carries fragments: Stream, Arguments of a CommandLine, creationXml and its
    // like.
    void read_body(const pugi::xml_node& node, Guid channel)
    {
        for (const auto& attribute : node.attributes()) {
            if (std::string_view(attribute.name()) != "CommandId") continue;
            if (const auto id = Guid::read(attribute.value())) channel = *id;
        }
        const std::string_view name = local_name(node);
        const bool carries = name == "Stream" || name == "Arguments" || name == "creationXml" ||
                             name == "connectXml" || name == "connectResponseXml";
        if (carries && is_command_shell_) return; // a program's text, no fragments
        if (carries) {
            const bool is_prompt = std::string_view(node.attribute("Name").value()) == "pr";
            auto bytes = clixml::read_base64(node.child_value());
            if (bytes && is_compressed_ && name == "Stream")
                bytes = xpress::decode(*bytes, {envelopes_bytes_max});
            if (!bytes)
                listener_.on_failure(place_, bytes.error());
            else if (!bytes->empty())
                joiner_.add(
                    direction_,
                    is_prompt ? Stream::PromptResponse : Stream::Default,
                    channel,
                    *bytes,
                    place_
                );
            return;
        }
        for (const auto& child : node.children())
            read_body(child, channel);
    }

    RecordingListener& listener_;
    Joiner joiner_;
    char direction_ = 'C';
    bool is_command_shell_ = false; // of the last request
    bool is_compressed_ = false;    // the last shell that was created
    std::size_t number_ = 0;
    std::string place_ = "envelope 1";
};

Result<void> read_envelopes(PackedInput& input, std::string text, RecordingListener& listener)
{
    for (;;) {
        PSRP_TRY(const std::string chunk, input.read());
        if (chunk.empty()) break;
        if (text.size() + chunk.size() > envelopes_bytes_max)
            return clixml::failure(
                std::make_error_code(std::errc::file_too_large),
                clixml::no_offset,
                "the envelopes are longer than 512 MiB"
            );
        text += chunk;
    }
    EnvelopeForm(listener).read(text);
    return {};
}

bool is_framing(std::string_view text)
{
    if (text.starts_with(error_line_prefix)) return true;
    return std::ranges::any_of(element_table, [&](const ElementRow& row) {
        return text.starts_with("<" + std::string(row.name));
    });
}

bool has_lettered_line(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();
         at = std::min(text.find('\n', at), text.size() - 1) + 1) {
        const std::string_view line = text.substr(at, 3);
        if (line.starts_with("A ") || line == "C <" || line.starts_with("S ")) return true;
    }
    return false;
}

} // namespace

Result<void> read_recording(const std::string& path, RecordingListener& listener)
{
    PSRP_TRY(PackedInput input, PackedInput::open(path));
    PSRP_TRY(std::string head, input.read());
    if (head.empty()) return {};
    const std::size_t blanks = head.find_first_not_of(" \t\r\n");
    const std::string_view start = std::string_view(head).substr(std::min(blanks, head.size()));
    if (is_framing(start)) {
        LineForm form(listener, false);
        return read_lines(input, head, form);
    }
    if (head[0] == '\0') return read_fragments(input, head, listener);
    if (has_lettered_line(head)) {
        LineForm form(listener, true);
        return read_lines(input, head, form);
    }
    if (head.find("Envelope") != std::string::npos)
        return read_envelopes(input, std::move(head), listener);
    return clixml::failure(
        std::make_error_code(std::errc::invalid_argument),
        0,
        "neither a conversation, framing lines, fragments nor WinRM envelopes"
    );
}

} // namespace psrp::tool
