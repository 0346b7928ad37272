// Envelopes read by namespace (fact sheet transports B3-B12, B15).
#include <clixml/base64.hpp>
#include <psrp/wsman/detail/xml_tree.hpp>
#include <psrp/wsman/soap.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace psrp::wsman {

using clixml::failure;
using detail::XmlElement;
using detail::XmlTree;

namespace {

template <typename Number>
std::optional<Number> read_number(std::string_view text)
{
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_true(std::optional<std::string_view> value)
{
    return value && (*value == "true" || *value == "1" || *value == "TRUE" || *value == "True");
}

// The parts of a document.
struct Parts {
    XmlElement header; // may be absent
    XmlElement body;
};

Result<Parts> read_parts(const XmlTree& tree)
{
    const XmlElement root = tree.root();
    if (root.local_name() != "Envelope")
        return failure(Errc::NotAnEnvelope, root.offset(), "expected s:Envelope");
    if (root.namespace_uri() != soap_namespace)
        return failure(Errc::SoapVersionMismatch, root.offset(), "expected SOAP 1.2");
    Parts parts;
    for (auto child = root.first_child(); child; child = child.next()) {
        if (child.is(soap_namespace, "Header")) {
            if (parts.header || parts.body)
                return failure(Errc::NotAnEnvelope, child.offset(), "expected one s:Header");
            parts.header = child;
        } else if (child.is(soap_namespace, "Body")) {
            if (parts.body)
                return failure(Errc::NotAnEnvelope, child.offset(), "expected one s:Body");
            parts.body = child;
        } else {
            return failure(Errc::NotAnEnvelope, child.offset(), "expected s:Header and s:Body");
        }
    }
    if (!parts.body) return failure(Errc::NotAnEnvelope, root.offset(), "expected s:Body");
    return parts;
}

// Values ---------------------------------------------------------------------------------------

Result<Bytes> read_bytes(XmlElement element, std::size_t& bytes_left)
{
    std::string scratch;
    const auto text = element.text(scratch);
    auto bytes = clixml::read_base64(text);
    if (!bytes) return failure(Errc::InvalidStreamData, element.offset(), "expected base64");
    if (bytes->size() > bytes_left) return failure(Errc::StreamDataTooBig, element.offset());
    bytes_left -= bytes->size();
    return bytes;
}

Result<std::vector<Selector>> read_selectors(XmlElement set)
{
    std::vector<Selector> selectors;
    for (auto child = set.first_child(); child; child = child.next()) {
        if (!child.is(wsman_namespace, "Selector")) continue;
        const auto name = child.attribute("Name");
        if (!name) return failure(Errc::InvalidHeader, child.offset(), "Selector");
        selectors.push_back({std::string(*name), child.trimmed_text()});
    }
    return selectors;
}

std::vector<ShellProperty> read_properties(XmlElement element)
{
    std::vector<ShellProperty> properties;
    for (auto child = element.first_child(); child; child = child.next()) {
        if (child.namespace_uri() == shell_namespace)
            properties.push_back({std::string(child.local_name()), child.text()});
    }
    return properties;
}

Result<StreamChunk> read_stream(XmlElement element, std::size_t& bytes_left)
{
    StreamChunk chunk;
    const auto name = element.attribute("Name");
    if (!name) return failure(Errc::InvalidElement, element.offset(), "Stream needs Name");
    chunk.name = *name;
    chunk.command_id = element.attribute("CommandId").value_or("");
    chunk.is_end = is_true(element.attribute("End"));
    PSRP_TRY(chunk.bytes, read_bytes(element, bytes_left));
    return chunk;
}

// Headers of requests ----------------------------------------------------------------------------

using HeaderReader = Result<void> (*)(XmlElement, RequestHeader&);

struct HeaderRow {
    std::string_view uri;
    std::string_view local;
    HeaderReader read;
};

Result<void> invalid(XmlElement element, const char* name)
{
    return failure(Errc::InvalidHeader, element.offset(), name);
}

Result<void> read_options(XmlElement element, RequestHeader& header)
{
    for (auto child = element.first_child(); child; child = child.next()) {
        if (!child.is(wsman_namespace, "Option")) continue;
        const auto name = child.attribute("Name");
        if (!name) return invalid(child, "Option");
        header.options.push_back(
            {std::string(*name), child.text(), is_true(child.attribute("MustComply"))}
        );
    }
    return {};
}

Result<void> ignore(XmlElement, RequestHeader&)
{
    return {};
}

constexpr HeaderRow request_header_rows[] = {
    {addressing_namespace,
     "To",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.to = e.trimmed_text();
         return {};
     }},
    {wsman_namespace,
     "ResourceURI",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.resource_uri = e.trimmed_text();
         return {};
     }},
    {addressing_namespace,
     "ReplyTo",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.reply_to = e.child(addressing_namespace, "Address").trimmed_text();
         return {};
     }},
    {addressing_namespace,
     "Action",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.action = e.trimmed_text();
         return {};
     }},
    {wsman_namespace,
     "MaxEnvelopeSize",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         // More than 32 bits are as good as the most of them.
         const auto size = read_number<std::uint64_t>(e.trimmed_text());
         if (!size) return invalid(e, "MaxEnvelopeSize");
         h.envelope_bytes_max =
             static_cast<std::uint32_t>(std::min<std::uint64_t>(*size, UINT32_MAX));
         return {};
     }},
    {addressing_namespace,
     "MessageID",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.message_id = e.trimmed_text();
         return {};
     }},
    {wsman_namespace,
     "Locale",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.locale = e.attribute("lang", xml_namespace).value_or("");
         return {};
     }},
    {wsmv_namespace,
     "DataLocale",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.data_locale = e.attribute("lang", xml_namespace).value_or("");
         return {};
     }},
    {wsmv_namespace,
     "SessionId",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.session_id = e.trimmed_text();
         return {};
     }},
    {wsmv_namespace,
     "OperationID",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.operation_id = e.trimmed_text();
         return {};
     }},
    {wsmv_namespace,
     "SequenceId",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.sequence_id = read_number<std::uint64_t>(e.trimmed_text());
         return h.sequence_id ? Result<void>{} : invalid(e, "SequenceId");
     }},
    {wsman_namespace,
     "SelectorSet",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         PSRP_TRY(h.selectors, read_selectors(e));
         return {};
     }},
    {wsman_namespace, "OptionSet", read_options},
    {wsman_namespace,
     "OperationTimeout",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.operation_timeout = read_duration(e.trimmed_text());
         return h.operation_timeout ? Result<void>{} : invalid(e, "OperationTimeout");
     }},
    {shell_namespace,
     "CompressionType",
     [](XmlElement e, RequestHeader& h) -> Result<void> {
         h.compression_type = e.trimmed_text();
         return {};
     }},
    // Known, and of no use here.
    {wsmv_namespace, "ActivityId", ignore},
    {addressing_namespace, "From", ignore},
    {addressing_namespace, "FaultTo", ignore},
    {wsman_namespace, "RequestEPR", ignore},
    {wsman_namespace, "RequestTotalItemsCountEstimate", ignore},
};

Result<void> read_request_header(XmlElement block, RequestHeader& header)
{
    std::set<std::string_view> seen;
    for (auto child = block.first_child(); child; child = child.next()) {
        const auto row = std::find_if(
            std::begin(request_header_rows),
            std::end(request_header_rows),
            [&](const HeaderRow& one) { return child.is(one.uri, one.local); }
        );
        if (row == std::end(request_header_rows)) {
            if (is_true(child.attribute("mustUnderstand", soap_namespace)))
                return failure(Errc::NotUnderstood, child.offset());
            continue;
        }
        if (!seen.insert(row->local).second)
            return failure(Errc::DuplicateHeader, child.offset(), row->local.data());
        PSRP_CHECK(row->read(child, header));
    }
    return {};
}

// Bodies of requests -----------------------------------------------------------------------------

Result<XmlElement> body_element(XmlElement body, std::string_view uri, const char* local)
{
    const auto element = body.first_child();
    if (!element) return failure(Errc::MissingElement, body.offset(), local);
    if (!element.is(uri, local)) return failure(Errc::UnexpectedBody, element.offset(), local);
    return element;
}

Result<CreateBody> read_create(XmlElement body, std::size_t& bytes_left)
{
    PSRP_TRY(const auto shell, body_element(body, shell_namespace, "Shell"));
    CreateBody create;
    create.name = shell.attribute("Name").value_or("");
    create.shell_id = shell.attribute("ShellId").value_or("");
    for (auto child = shell.first_child(); child; child = child.next()) {
        if (child.is(powershell_namespace, "creationXml")) {
            PSRP_TRY(create.creation_xml, read_bytes(child, bytes_left));
            continue;
        }
        if (child.namespace_uri() != shell_namespace) continue;
        const auto name = child.local_name();
        if (name == "Name") create.name = child.trimmed_text();
        if (name == "WorkingDirectory") create.working_directory = child.text();
        if (name == "IdleTimeOut") create.idle_timeout = child.trimmed_text();
        if (name == "BufferMode") create.buffer_mode = child.trimmed_text();
        if (name == "InputStreams") create.input_streams = child.trimmed_text();
        if (name == "OutputStreams") create.output_streams = child.trimmed_text();
        if (name != "Environment") continue;
        for (auto one = child.first_child(); one; one = one.next()) {
            if (!one.is(shell_namespace, "Variable")) continue;
            const auto variable = one.attribute("Name");
            if (!variable)
                return failure(Errc::InvalidElement, one.offset(), "Variable needs Name");
            create.environment.push_back({std::string(*variable), one.text()});
        }
    }
    return create;
}

Result<CommandBody> read_command(XmlElement body)
{
    PSRP_TRY(const auto line, body_element(body, shell_namespace, "CommandLine"));
    CommandBody command;
    command.command_id = line.attribute("CommandId").value_or("");
    const auto text = line.child(shell_namespace, "Command");
    if (!text) return failure(Errc::MissingElement, line.offset(), "Command");
    command.command = text.text();
    for (auto child = line.first_child(); child; child = child.next()) {
        if (child.is(shell_namespace, "Arguments")) command.arguments.push_back(child.text());
    }
    return command;
}

Result<ReceiveBody> read_receive(XmlElement body)
{
    PSRP_TRY(const auto receive, body_element(body, shell_namespace, "Receive"));
    const auto desired = receive.child(shell_namespace, "DesiredStream");
    if (!desired) return failure(Errc::MissingElement, receive.offset(), "DesiredStream");
    return ReceiveBody{
        std::string(desired.attribute("CommandId").value_or("")), desired.trimmed_text()};
}

Result<SendBody> read_send(XmlElement body, std::size_t& bytes_left)
{
    PSRP_TRY(const auto send, body_element(body, shell_namespace, "Send"));
    SendBody result;
    for (auto child = send.first_child(); child; child = child.next()) {
        if (!child.is(shell_namespace, "Stream")) continue;
        PSRP_TRY(auto chunk, read_stream(child, bytes_left));
        result.streams.push_back(std::move(chunk));
    }
    if (result.streams.empty()) return failure(Errc::MissingElement, send.offset(), "Stream");
    return result;
}

Result<SignalBody> read_signal(XmlElement body)
{
    PSRP_TRY(const auto signal, body_element(body, shell_namespace, "Signal"));
    const auto code = signal.child(shell_namespace, "Code");
    if (!code) return failure(Errc::MissingElement, signal.offset(), "Code");
    return SignalBody{std::string(signal.attribute("CommandId").value_or("")), code.trimmed_text()};
}

Result<EnumerateBody> read_enumerate(XmlElement body)
{
    PSRP_TRY(const auto element, body_element(body, enumeration_namespace, "Enumerate"));
    EnumerateBody enumerate;
    for (auto child = element.first_child(); child; child = child.next()) {
        if (child.is(wsman_namespace, "OptimizeEnumeration")) enumerate.is_optimized = true;
        if (child.is(wsman_namespace, "MaxElements")) {
            enumerate.elements_max = read_number<std::uint32_t>(child.trimmed_text());
            if (!enumerate.elements_max || *enumerate.elements_max == 0)
                return failure(Errc::InvalidElement, child.offset(), "MaxElements");
        }
        if (!child.is(wsman_namespace, "Filter")) continue;
        enumerate.filter_dialect = child.attribute("Dialect").value_or("");
        PSRP_TRY(enumerate.filter, read_selectors(child.child(wsman_namespace, "SelectorSet")));
    }
    return enumerate;
}

Result<PullBody> read_pull(XmlElement body)
{
    PSRP_TRY(const auto element, body_element(body, enumeration_namespace, "Pull"));
    const auto context = element.child(enumeration_namespace, "EnumerationContext");
    if (!context) return failure(Errc::MissingElement, element.offset(), "EnumerationContext");
    PullBody pull;
    pull.context = context.trimmed_text();
    if (const auto most = element.child(enumeration_namespace, "MaxElements")) {
        pull.elements_max = read_number<std::uint32_t>(most.trimmed_text());
        if (!pull.elements_max || *pull.elements_max == 0)
            return failure(Errc::InvalidElement, most.offset(), "MaxElements");
    }
    return pull;
}

Result<ConnectBody> read_connect(XmlElement body, std::size_t& bytes_left)
{
    PSRP_TRY(const auto connect, body_element(body, shell_namespace, "Connect"));
    ConnectBody result;
    result.command_id = connect.attribute("CommandId").value_or("");
    if (const auto xml = connect.child(powershell_namespace, "connectXml")) {
        PSRP_TRY(result.connect_xml, read_bytes(xml, bytes_left));
    }
    return result;
}

Result<RequestBody>
read_request_body(Operation operation, XmlElement body, const EnvelopeLimits& limits)
{
    std::size_t bytes_left = limits.stream_bytes_max;
    const auto text_of = [](XmlElement element, const char* name) {
        return element.child(shell_namespace, name).trimmed_text();
    };
    switch (operation) {
    case Operation::Create:
        return read_create(body, bytes_left);
    case Operation::Command:
        return read_command(body);
    case Operation::Receive:
        return read_receive(body);
    case Operation::Send:
        return read_send(body, bytes_left);
    case Operation::Signal:
        return read_signal(body);
    case Operation::Disconnect: {
        PSRP_TRY(const auto element, body_element(body, shell_namespace, "Disconnect"));
        return DisconnectBody{text_of(element, "IdleTimeOut"), text_of(element, "BufferMode")};
    }
    case Operation::Reconnect: {
        if (!body.first_child()) return EmptyBody{}; // some clients write nothing
        PSRP_TRY(const auto element, body_element(body, shell_namespace, "Reconnect"));
        return ReconnectBody{
            std::string(element.attribute("CommandId").value_or("")),
            text_of(element, "BufferMode")};
    }
    case Operation::Connect:
        return read_connect(body, bytes_left);
    case Operation::Enumerate:
        return read_enumerate(body);
    case Operation::Pull:
        return read_pull(body);
    case Operation::Delete:
    case Operation::Get:
        return EmptyBody{};
    case Operation::Identify:
        return IdentifyBody{};
    }
    return EmptyBody{};
}

// Responses --------------------------------------------------------------------------------------

Result<ResponseHeader> read_response_header(XmlElement block)
{
    ResponseHeader header;
    if (!block) return header;
    for (auto child = block.first_child(); child; child = child.next()) {
        const auto local = child.local_name();
        const auto uri = child.namespace_uri();
        if (uri == addressing_namespace) {
            if (local == "Action") header.action = child.trimmed_text();
            if (local == "MessageID") header.message_id = child.trimmed_text();
            if (local == "To") header.to = child.trimmed_text();
            if (local == "RelatesTo") header.relates_to = child.trimmed_text();
        } else if (uri == wsmv_namespace) {
            if (local == "OperationID") header.operation_id = child.trimmed_text();
            if (local == "ActivityId") header.activity_id = child.trimmed_text();
            if (local == "SequenceId") {
                header.sequence_id = read_number<std::uint64_t>(child.trimmed_text());
                if (!header.sequence_id)
                    return failure(Errc::InvalidHeader, child.offset(), "SequenceId");
            }
        }
    }
    return header;
}

// "w:TimedOut" as its local name and namespace.
void read_qualified(XmlElement element, std::string& local, std::string& uri)
{
    const auto text = element.trimmed_text();
    const auto colon = text.find(':');
    local = colon == std::string::npos ? text : text.substr(colon + 1);
    uri = element.namespace_of_prefix(
        colon == std::string::npos ? std::string_view() : std::string_view(text).substr(0, colon)
    );
}

std::uint32_t read_code(XmlElement wsman_fault)
{
    const auto text = wsman_fault.attribute("Code").value_or("");
    if (const auto code = read_number<std::uint32_t>(text)) return *code;
    // Some write it signed.
    if (const auto code = read_number<std::int32_t>(text)) return static_cast<std::uint32_t>(*code);
    return 0;
}

void read_wsman_fault(XmlElement element, Fault& fault)
{
    fault.code = read_code(element);
    fault.machine = element.attribute("Machine").value_or("");
    const auto message = element.child(fault_namespace, "Message");
    const auto provider = message.child(fault_namespace, "ProviderFault");
    fault.message = message.text();
    if (!provider) return;
    fault.provider = provider.attribute("provider").value_or("");
    fault.provider_path = provider.attribute("path").value_or("");
    const auto inner = provider.child(fault_namespace, "WSManFault");
    if (!inner) {
        // Own words of a provider, or XML of its own.
        fault.message = provider.text();
        for (auto at = provider.first_child(); at && fault.message.empty(); at = at.first_child())
            fault.message = at.trimmed_text();
        return;
    }
    fault.provider_code = read_code(inner);
    fault.provider_machine = inner.attribute("Machine").value_or("");
    // The innermost message is the useful one (B15).
    auto deepest = inner;
    for (;;) {
        const auto words = deepest.child(fault_namespace, "Message");
        fault.message = words.text();
        const auto next =
            words.child(fault_namespace, "ProviderFault").child(fault_namespace, "WSManFault");
        if (!next) return;
        deepest = next;
    }
}

// The first absolute address in the words of a redirection (B16).
std::string address_in(std::string_view text)
{
    auto at = text.find("http://");
    if (at == std::string_view::npos) at = text.find("https://");
    if (at == std::string_view::npos) return {};
    const auto rest = text.substr(at);
    return std::string(rest.substr(0, rest.find_first_of(" \t\r\n\"'<>")));
}

Fault read_fault(XmlElement element)
{
    Fault fault;
    const auto code = element.child(soap_namespace, "Code");
    std::string side;
    std::string side_namespace;
    read_qualified(code.child(soap_namespace, "Value"), side, side_namespace);
    fault.side = side == "Receiver" ? FaultSide::Receiver : FaultSide::Sender;
    const auto subcode = code.child(soap_namespace, "Subcode").child(soap_namespace, "Value");
    if (subcode) read_qualified(subcode, fault.subcode, fault.subcode_namespace);
    const auto reason = element.child(soap_namespace, "Reason").child(soap_namespace, "Text");
    fault.reason = reason.text();
    fault.reason_language = reason.attribute("lang", xml_namespace).value_or("");
    const auto detail = element.child(soap_namespace, "Detail");
    fault.detail = detail.child(wsman_namespace, "FaultDetail").trimmed_text();
    if (const auto wsman_fault = detail.child(fault_namespace, "WSManFault"))
        read_wsman_fault(wsman_fault, fault);
    if (side == "MustUnderstand" && fault.code == 0)
        fault.code = fault_row(Errc::MustUnderstand).code;
    if (error_of(fault) == Errc::RedirectRequested)
        fault.redirect_location = address_in(fault.message);
    return fault;
}

Result<ResourceCreated> read_created(XmlElement body)
{
    // The two stand in either order.
    const auto created = body.child(transfer_namespace, "ResourceCreated");
    const auto shell = body.child(shell_namespace, "Shell");
    if (!created && !shell) return failure(Errc::MissingElement, body.offset(), "ResourceCreated");
    ResourceCreated result;
    if (created) {
        result.address = created.child(addressing_namespace, "Address").trimmed_text();
        const auto parameters = created.child(addressing_namespace, "ReferenceParameters");
        result.resource_uri = parameters.child(wsman_namespace, "ResourceURI").trimmed_text();
        PSRP_TRY(
            result.selectors, read_selectors(parameters.child(wsman_namespace, "SelectorSet"))
        );
    }
    if (shell) result.shell = ShellDescription{read_properties(shell)};
    return result;
}

Result<ReceiveResponse> read_received(XmlElement body, std::size_t& bytes_left)
{
    PSRP_TRY(const auto element, body_element(body, shell_namespace, "ReceiveResponse"));
    ReceiveResponse result;
    for (auto child = element.first_child(); child; child = child.next()) {
        if (child.is(shell_namespace, "Stream")) {
            PSRP_TRY(auto chunk, read_stream(child, bytes_left));
            result.streams.push_back(std::move(chunk));
        } else if (child.is(shell_namespace, "CommandState")) {
            CommandState state;
            state.command_id = child.attribute("CommandId").value_or("");
            state.state = child.attribute("State").value_or("");
            if (const auto code = child.child(shell_namespace, "ExitCode")) {
                const auto text = code.trimmed_text();
                state.exit_code = read_number<std::uint32_t>(text);
                if (const auto number = read_number<std::int32_t>(text))
                    state.exit_code = static_cast<std::uint32_t>(*number);
            }
            result.state = std::move(state);
        }
    }
    return result;
}

void read_items(XmlElement items, EnumerateResponse& result)
{
    if (!items) return;
    result.has_items = true;
    for (auto child = items.first_child(); child; child = child.next()) {
        if (child.is(shell_namespace, "Shell")) result.shells.push_back({read_properties(child)});
        if (child.is(shell_namespace, "Command"))
            result.commands.push_back({read_properties(child)});
    }
}

Result<EnumerateResponse> read_enumerated(XmlElement body, const char* name)
{
    PSRP_TRY(const auto element, body_element(body, enumeration_namespace, name));
    EnumerateResponse result;
    const auto context = element.child(enumeration_namespace, "EnumerationContext");
    result.has_context = static_cast<bool>(context);
    result.context = context.trimmed_text();
    read_items(element.child(wsman_namespace, "Items"), result);
    read_items(element.child(enumeration_namespace, "Items"), result);
    result.is_end = element.child(wsman_namespace, "EndOfSequence") ||
                    element.child(enumeration_namespace, "EndOfSequence");
    return result;
}

Result<ConnectResponse> read_connected(XmlElement body, std::size_t& bytes_left)
{
    PSRP_TRY(const auto element, body_element(body, shell_namespace, "ConnectResponse"));
    ConnectResponse result;
    result.input_streams = element.child(shell_namespace, "InputStreams").trimmed_text();
    result.output_streams = element.child(shell_namespace, "OutputStreams").trimmed_text();
    if (const auto xml = element.child(powershell_namespace, "connectResponseXml")) {
        PSRP_TRY(result.connect_response_xml, read_bytes(xml, bytes_left));
    }
    return result;
}

Result<ResponseBody> read_got(XmlElement body)
{
    const auto element = body.first_child();
    if (element.is(shell_namespace, "Shell"))
        return ShellResponse{ShellDescription{read_properties(element)}};
    if (element.is(config_namespace, "Config")) {
        ConfigResponse config;
        config.xml = element.xml();
        const auto size = read_number<std::uint32_t>(
            element.child(config_namespace, "MaxEnvelopeSizekb").trimmed_text()
        );
        config.envelope_kib_max = size.value_or(0);
        return config;
    }
    return failure(Errc::UnexpectedBody, body.offset(), "expected a shell or a configuration");
}

Result<ResponseBody>
read_response_body(Operation operation, XmlElement body, const EnvelopeLimits& limits)
{
    std::size_t bytes_left = limits.stream_bytes_max;
    switch (operation) {
    case Operation::Create:
        return read_created(body);
    case Operation::Command: {
        PSRP_TRY(const auto element, body_element(body, shell_namespace, "CommandResponse"));
        return CommandResponse{element.child(shell_namespace, "CommandId").trimmed_text()};
    }
    case Operation::Receive:
        return read_received(body, bytes_left);
    case Operation::Send:
        PSRP_CHECK(body_element(body, shell_namespace, "SendResponse"));
        return DoneResponse{};
    case Operation::Signal:
        PSRP_CHECK(body_element(body, shell_namespace, "SignalResponse"));
        return DoneResponse{};
    case Operation::Connect:
        return read_connected(body, bytes_left);
    case Operation::Enumerate:
        return read_enumerated(body, "EnumerateResponse");
    case Operation::Pull:
        return read_enumerated(body, "PullResponse");
    case Operation::Get:
        return read_got(body);
    // Decided by the action: the body may be empty or hold an empty element (B11).
    case Operation::Delete:
    case Operation::Disconnect:
    case Operation::Reconnect:
        return EmptyResponse{};
    case Operation::Identify: {
        const auto element = body.first_child();
        IdentifyResponse result;
        result.protocol_version =
            element.child(identity_namespace, "ProtocolVersion").trimmed_text();
        result.product_vendor = element.child(identity_namespace, "ProductVendor").trimmed_text();
        result.product_version = element.child(identity_namespace, "ProductVersion").trimmed_text();
        return result;
    }
    }
    return EmptyResponse{};
}

const OperationRow* find_operation(std::string_view action)
{
    const auto found =
        std::find_if(operation_rows.begin(), operation_rows.end(), [&](const auto& row) {
            return !row.action.empty() && row.action == action;
        });
    return found == operation_rows.end() ? nullptr : &*found;
}

} // namespace

const std::string* RequestHeader::selector(std::string_view name) const
{
    const auto found = std::find_if(selectors.begin(), selectors.end(), [&](const Selector& one) {
        return one.name == name;
    });
    return found == selectors.end() ? nullptr : &found->value;
}

const Option* RequestHeader::option(std::string_view name) const
{
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& one) {
        return one.name == name;
    });
    return found == options.end() ? nullptr : &*found;
}

std::optional<std::string_view> ShellDescription::find(std::string_view name) const
{
    const auto found = std::find_if(properties.begin(), properties.end(), [&](const auto& one) {
        return one.name == name;
    });
    if (found == properties.end()) return std::nullopt;
    return found->value;
}

tl::expected<Request, RequestFailure>
read_request(std::string_view text, const EnvelopeLimits& limits)
{
    Request request;
    const auto read = [&]() -> Result<void> {
        PSRP_TRY(const auto tree, XmlTree::read(text, limits));
        PSRP_TRY(const auto parts, read_parts(tree));
        if (parts.header) PSRP_CHECK(read_request_header(parts.header, request.header));
        if (parts.body.child(identity_namespace, "Identify")) {
            request.operation = Operation::Identify;
            request.body = IdentifyBody{};
            return {};
        }
        if (request.header.action.empty())
            return failure(Errc::MissingHeader, tree.root().offset(), "Action");
        if (request.header.message_id.empty())
            return failure(Errc::MissingHeader, tree.root().offset(), "MessageID");
        const auto* row = find_operation(request.header.action);
        if (row == nullptr) return failure(Errc::WrongAction, tree.root().offset());
        request.operation = row->operation;
        PSRP_TRY(request.body, read_request_body(row->operation, parts.body, limits));
        return {};
    };
    if (auto result = read(); !result)
        return tl::unexpected<RequestFailure>({result.error(), std::move(request.header)});
    return request;
}

Result<Response> read_response(std::string_view text, const EnvelopeLimits& limits)
{
    PSRP_TRY(const auto tree, XmlTree::read(text, limits));
    PSRP_TRY(const auto parts, read_parts(tree));
    Response response;
    PSRP_TRY(response.header, read_response_header(parts.header));
    // A fault is known by its body: the action has several forms (B4), the status lies (B2).
    if (const auto fault = parts.body.child(soap_namespace, "Fault")) {
        response.body = read_fault(fault);
        return response;
    }
    if (parts.body.child(identity_namespace, "IdentifyResponse")) {
        response.operation = Operation::Identify;
    } else {
        constexpr std::string_view suffix = "Response";
        std::string_view action = response.header.action;
        if (action.empty()) return failure(Errc::MissingHeader, tree.root().offset(), "Action");
        const OperationRow* row = nullptr;
        if (action.ends_with(suffix)) {
            action.remove_suffix(suffix.size());
            row = find_operation(action);
        }
        if (row == nullptr) return failure(Errc::WrongAction, tree.root().offset());
        response.operation = row->operation;
    }
    PSRP_TRY(response.body, read_response_body(response.operation, parts.body, limits));
    return response;
}

} // namespace psrp::wsman
