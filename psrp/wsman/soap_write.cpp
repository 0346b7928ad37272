// Envelopes as XML: requests in the form of the native client, responses in that of the Windows
// service (fact sheet transports B3-B12, B15).
#include <clixml/overloaded.hpp>
#include <psrp/wsman/detail/xml_writer.hpp>
#include <psrp/wsman/soap.hpp>

#include <array>
#include <initializer_list>

namespace psrp::wsman {

using detail::XmlWriter;

namespace {

constexpr std::string_view understood = "s:mustUnderstand";

// An attribute that is left out where its value is empty.
constexpr std::pair<std::string_view, std::string_view>
where_given(std::string_view name, std::string_view value)
{
    return {value.empty() ? std::string_view() : name, value};
}

void element_where_given(XmlWriter& xml, std::string_view name, std::string_view value)
{
    if (!value.empty()) xml.element(name, value);
}

void write_selectors(
    XmlWriter& xml,
    const std::vector<Selector>& selectors,
    std::string_view set = "w:SelectorSet",
    std::string_view selector = "w:Selector"
)
{
    xml.open(set);
    for (const auto& one : selectors)
        xml.element(selector, one.value, {{"Name", one.name}});
    xml.close(set);
}

// The order of the native client (B3).
void write_request_header(XmlWriter& xml, const RequestHeader& header)
{
    xml.open("s:Header");
    element_where_given(xml, "a:To", header.to);
    if (!header.resource_uri.empty())
        xml.element("w:ResourceURI", header.resource_uri, {{understood, "true"}});
    if (!header.reply_to.empty()) {
        xml.open("a:ReplyTo");
        xml.element("a:Address", header.reply_to, {{understood, "true"}});
        xml.close("a:ReplyTo");
    }
    if (!header.action.empty()) xml.element("a:Action", header.action, {{understood, "true"}});
    if (header.envelope_bytes_max)
        xml.element(
            "w:MaxEnvelopeSize", std::to_string(*header.envelope_bytes_max), {{understood, "true"}}
        );
    element_where_given(xml, "a:MessageID", header.message_id);
    if (!header.locale.empty())
        xml.empty("w:Locale", {{"xml:lang", header.locale}, {understood, "false"}});
    if (!header.data_locale.empty())
        xml.empty("p:DataLocale", {{"xml:lang", header.data_locale}, {understood, "false"}});
    if (!header.session_id.empty())
        xml.element("p:SessionId", header.session_id, {{understood, "false"}});
    if (!header.operation_id.empty())
        xml.element("p:OperationID", header.operation_id, {{understood, "false"}});
    if (header.sequence_id)
        xml.element("p:SequenceId", std::to_string(*header.sequence_id), {{understood, "false"}});
    if (!header.selectors.empty()) write_selectors(xml, header.selectors);
    if (!header.options.empty()) {
        xml.open("w:OptionSet", {{"xmlns:xsi", schema_instance_namespace}, {understood, "true"}});
        for (const auto& option : header.options)
            xml.element(
                "w:Option",
                option.value,
                {{"Name", option.name}, where_given("MustComply", option.must_comply ? "true" : "")}
            );
        xml.close("w:OptionSet");
    }
    if (header.operation_timeout)
        xml.element("w:OperationTimeout", write_duration(*header.operation_timeout));
    if (!header.compression_type.empty())
        xml.element(
            "rsp:CompressionType",
            header.compression_type,
            {{understood, "true"}, {"xmlns:rsp", shell_namespace}}
        );
    xml.close("s:Header");
}

void write_stream(XmlWriter& xml, const StreamChunk& chunk)
{
    const detail::Attributes attributes = {
        {"Name", chunk.name},
        where_given("CommandId", chunk.command_id),
        where_given("End", chunk.is_end ? "true" : "")};
    xml.base64("rsp:Stream", chunk.bytes, attributes);
}

void write_create(XmlWriter& xml, const CreateBody& body)
{
    xml.open(
        "rsp:Shell",
        {{"xmlns:rsp", shell_namespace},
         where_given("Name", body.name),
         where_given("ShellId", body.shell_id)}
    );
    if (!body.environment.empty()) {
        xml.open("rsp:Environment");
        for (const auto& variable : body.environment)
            xml.element("rsp:Variable", variable.value, {{"Name", variable.name}});
        xml.close("rsp:Environment");
    }
    element_where_given(xml, "rsp:WorkingDirectory", body.working_directory);
    element_where_given(xml, "rsp:IdleTimeOut", body.idle_timeout);
    element_where_given(xml, "rsp:BufferMode", body.buffer_mode);
    xml.element("rsp:InputStreams", body.input_streams);
    xml.element("rsp:OutputStreams", body.output_streams);
    if (body.creation_xml)
        xml.base64("creationXml", *body.creation_xml, {{"xmlns", powershell_namespace}});
    xml.close("rsp:Shell");
}

void write_command(XmlWriter& xml, const CommandBody& body)
{
    xml.open(
        "rsp:CommandLine",
        {{"xmlns:rsp", shell_namespace}, where_given("CommandId", body.command_id)}
    );
    xml.element("rsp:Command", body.command);
    for (const auto& argument : body.arguments)
        xml.element("rsp:Arguments", argument);
    xml.close("rsp:CommandLine");
}

void write_enumerate(XmlWriter& xml, const EnumerateBody& body)
{
    xml.open("n:Enumerate", {{"xmlns:n", enumeration_namespace}});
    if (body.is_optimized) xml.empty("w:OptimizeEnumeration");
    if (body.elements_max) xml.element("w:MaxElements", std::to_string(*body.elements_max));
    if (!body.filter_dialect.empty()) {
        xml.open("w:Filter", {{"Dialect", body.filter_dialect}});
        write_selectors(xml, body.filter);
        xml.close("w:Filter");
    }
    xml.close("n:Enumerate");
}

void write_body(XmlWriter& xml, const RequestBody& body)
{
    const std::pair<std::string_view, std::string_view> rsp{"xmlns:rsp", shell_namespace};
    std::visit(
        clixml::Overloaded{
            [](const EmptyBody&) {},
            [&](const CreateBody& one) { write_create(xml, one); },
            [&](const CommandBody& one) { write_command(xml, one); },
            [&](const ReceiveBody& one) {
                xml.open("rsp:Receive", {rsp});
                xml.element(
                    "rsp:DesiredStream", one.streams, {where_given("CommandId", one.command_id)}
                );
                xml.close("rsp:Receive");
            },
            [&](const SendBody& one) {
                xml.open("rsp:Send", {rsp});
                for (const auto& stream : one.streams)
                    write_stream(xml, stream);
                xml.close("rsp:Send");
            },
            [&](const SignalBody& one) {
                xml.open("rsp:Signal", {rsp, where_given("CommandId", one.command_id)});
                xml.element("rsp:Code", one.code);
                xml.close("rsp:Signal");
            },
            [&](const DisconnectBody& one) {
                xml.open("rsp:Disconnect", {rsp});
                element_where_given(xml, "rsp:IdleTimeOut", one.idle_timeout);
                element_where_given(xml, "rsp:BufferMode", one.buffer_mode);
                xml.close("rsp:Disconnect");
            },
            [&](const ReconnectBody& one) {
                xml.open("rsp:Reconnect", {rsp, where_given("CommandId", one.command_id)});
                element_where_given(xml, "rsp:BufferMode", one.buffer_mode);
                xml.close("rsp:Reconnect");
            },
            [&](const ConnectBody& one) {
                xml.open("rsp:Connect", {rsp, where_given("CommandId", one.command_id)});
                if (one.connect_xml)
                    xml.base64("connectXml", *one.connect_xml, {{"xmlns", powershell_namespace}});
                xml.close("rsp:Connect");
            },
            [&](const EnumerateBody& one) { write_enumerate(xml, one); },
            [&](const PullBody& one) {
                xml.open("n:Pull", {{"xmlns:n", enumeration_namespace}});
                xml.element("n:EnumerationContext", one.context);
                if (one.elements_max)
                    xml.element("n:MaxElements", std::to_string(*one.elements_max));
                xml.close("n:Pull");
            },
            [&](const IdentifyBody&) {
                xml.empty("wsmid:Identify", {{"xmlns:wsmid", identity_namespace}});
            },
        },
        body
    );
}

// Responses ------------------------------------------------------------------------------------

// Which of the namespaces the service declares on the envelope, besides s, a and w; in its order.
struct EnvelopeNamespaces {
    bool transfer = false;
    bool eventing = false;
    bool enumeration = false;
    bool shell = false;
};

EnvelopeNamespaces namespaces_of(const Response& response)
{
    if (std::holds_alternative<Fault>(response.body))
        return {.transfer = true, .eventing = true, .enumeration = true};
    switch (response.operation) {
    case Operation::Create:
    case Operation::Command:
    case Operation::Send:
    case Operation::Signal:
    case Operation::Connect:
        return {.transfer = true, .shell = true};
    case Operation::Receive:
        return {.shell = true};
    case Operation::Get:
        return {.transfer = true};
    case Operation::Enumerate:
    case Operation::Pull:
        return {.enumeration = true};
    case Operation::Delete:
    case Operation::Disconnect:
    case Operation::Reconnect:
    case Operation::Identify:
        break;
    }
    return {};
}

void write_response_header(XmlWriter& xml, const ResponseHeader& header)
{
    xml.open("s:Header");
    element_where_given(xml, "a:Action", header.action);
    element_where_given(xml, "a:MessageID", header.message_id);
    element_where_given(xml, "p:OperationID", header.operation_id);
    if (header.sequence_id) xml.element("p:SequenceId", std::to_string(*header.sequence_id));
    element_where_given(xml, "p:ActivityId", header.activity_id);
    element_where_given(xml, "a:To", header.to);
    element_where_given(xml, "a:RelatesTo", header.relates_to);
    xml.close("s:Header");
}

// The names of properties are a service's; ours are valid names, and what we read was one too.
void write_description(
    XmlWriter& xml, std::string_view name, const std::vector<ShellProperty>& properties
)
{
    xml.open(name, {{"xmlns:rsp", shell_namespace}});
    for (const auto& property : properties)
        xml.element("rsp:" + property.name, property.value);
    xml.close(name);
}

void write_created(XmlWriter& xml, const ResourceCreated& body)
{
    xml.open("x:ResourceCreated");
    xml.element("a:Address", body.address);
    xml.open("a:ReferenceParameters");
    xml.element("w:ResourceURI", body.resource_uri);
    write_selectors(xml, body.selectors);
    xml.close("a:ReferenceParameters");
    xml.close("x:ResourceCreated");
    if (body.shell) write_description(xml, "rsp:Shell", body.shell->properties);
}

void write_received(XmlWriter& xml, const ReceiveResponse& body)
{
    xml.open("rsp:ReceiveResponse");
    for (const auto& stream : body.streams)
        write_stream(xml, stream);
    if (body.state) {
        xml.open(
            "rsp:CommandState",
            {where_given("CommandId", body.state->command_id), {"State", body.state->state}}
        );
        if (body.state->exit_code)
            xml.element("rsp:ExitCode", std::to_string(*body.state->exit_code));
        xml.close("rsp:CommandState");
    }
    xml.close("rsp:ReceiveResponse");
}

void write_enumerated(XmlWriter& xml, Operation operation, const EnumerateResponse& body)
{
    const bool is_pull = operation == Operation::Pull;
    const std::string_view name = is_pull ? "n:PullResponse" : "n:EnumerateResponse";
    xml.open(name);
    if (body.has_context) xml.element("n:EnumerationContext", body.context);
    // Pull has the items and the end of WS-Enumeration itself, Enumerate those of WS-Management.
    const std::string_view items = is_pull ? "n:Items" : "w:Items";
    if (body.has_items) {
        xml.open(items);
        for (const auto& shell : body.shells)
            write_description(xml, "rsp:Shell", shell.properties);
        for (const auto& command : body.commands)
            write_description(xml, "rsp:Command", command.properties);
        xml.close(items);
    }
    if (body.is_end) xml.empty(is_pull ? "n:EndOfSequence" : "w:EndOfSequence");
    xml.close(name);
}

void write_wsman_fault(XmlWriter& xml, const Fault& fault)
{
    const std::pair<std::string_view, std::string_view> f{"xmlns:f", fault_namespace};
    xml.open("f:WSManFault", {f, {"Code", std::to_string(fault.code)}, {"Machine", fault.machine}});
    if (fault.provider.empty()) {
        xml.element("f:Message", fault.message);
    } else {
        xml.open("f:Message");
        xml.open(
            "f:ProviderFault",
            {{"provider", fault.provider}, where_given("path", fault.provider_path)}
        );
        if (fault.provider_code != 0) {
            xml.open(
                "f:WSManFault",
                {f,
                 {"Code", std::to_string(fault.provider_code)},
                 {"Machine", fault.provider_machine}}
            );
            xml.element("f:Message", fault.message);
            xml.close("f:WSManFault");
        } else {
            xml.text(fault.message);
        }
        xml.close("f:ProviderFault");
        xml.close("f:Message");
    }
    xml.close("f:WSManFault");
}

std::string qualified(const Fault& fault)
{
    if (fault.subcode_namespace == addressing_namespace) return "a:" + fault.subcode;
    if (fault.subcode_namespace == enumeration_namespace) return "n:" + fault.subcode;
    if (fault.subcode_namespace == eventing_namespace) return "e:" + fault.subcode;
    return "w:" + fault.subcode;
}

void write_fault(XmlWriter& xml, const Fault& fault)
{
    xml.open("s:Fault");
    xml.open("s:Code");
    const bool is_understanding = fault.subcode.empty() && error_of(fault) == Errc::MustUnderstand;
    if (is_understanding)
        xml.element("s:Value", "s:MustUnderstand");
    else
        xml.element("s:Value", fault.side == FaultSide::Sender ? "s:Sender" : "s:Receiver");
    if (!fault.subcode.empty()) {
        xml.open("s:Subcode");
        xml.element("s:Value", qualified(fault));
        xml.close("s:Subcode");
    }
    xml.close("s:Code");
    xml.open("s:Reason");
    xml.element("s:Text", fault.reason, {{"xml:lang", fault.reason_language}});
    xml.close("s:Reason");
    if (!fault.detail.empty() || fault.code != 0) {
        xml.open("s:Detail");
        element_where_given(xml, "w:FaultDetail", fault.detail);
        if (fault.code != 0) write_wsman_fault(xml, fault);
        xml.close("s:Detail");
    }
    xml.close("s:Fault");
}

void write_body(XmlWriter& xml, const Response& response)
{
    std::visit(
        clixml::Overloaded{
            [](const EmptyResponse&) {},
            [&](const ResourceCreated& one) { write_created(xml, one); },
            [&](const CommandResponse& one) {
                xml.open("rsp:CommandResponse");
                xml.element("rsp:CommandId", one.command_id);
                xml.close("rsp:CommandResponse");
            },
            [&](const ReceiveResponse& one) { write_received(xml, one); },
            [&](const DoneResponse&) {
                xml.empty(
                    response.operation == Operation::Send ? "rsp:SendResponse"
                                                          : "rsp:SignalResponse"
                );
            },
            [&](const ConnectResponse& one) {
                if (one.input_streams.empty() && !one.connect_response_xml) {
                    xml.empty("rsp:ConnectResponse");
                    return;
                }
                xml.open("rsp:ConnectResponse");
                xml.element("rsp:InputStreams", one.input_streams);
                xml.element("rsp:OutputStreams", one.output_streams);
                if (one.connect_response_xml)
                    xml.base64(
                        "connectResponseXml",
                        *one.connect_response_xml,
                        {{"xmlns", powershell_namespace}}
                    );
                xml.close("rsp:ConnectResponse");
            },
            [&](const EnumerateResponse& one) { write_enumerated(xml, response.operation, one); },
            [&](const ShellResponse& one) {
                write_description(xml, "rsp:Shell", one.shell.properties);
            },
            [&](const ConfigResponse& one) { xml.raw(one.xml); },
            [&](const IdentifyResponse& one) {
                xml.open("wsmid:IdentifyResponse", {{"xmlns:wsmid", identity_namespace}});
                xml.element("wsmid:ProtocolVersion", one.protocol_version);
                xml.element("wsmid:ProductVendor", one.product_vendor);
                xml.element("wsmid:ProductVersion", one.product_version);
                xml.close("wsmid:IdentifyResponse");
            },
            [&](const Fault& one) { write_fault(xml, one); },
        },
        response.body
    );
}

} // namespace

std::string write_request(const Request& request)
{
    XmlWriter header;
    write_request_header(header, request.header);
    const std::string header_text = header.take();
    XmlWriter xml;
    // An Identify asks for nothing else (B4), unless somebody has written more.
    const bool is_bare =
        request.operation == Operation::Identify && header_text == "<s:Header></s:Header>";
    if (is_bare)
        xml.open("s:Envelope", {{"xmlns:s", soap_namespace}});
    else
        xml.open(
            "s:Envelope",
            {{"xmlns:s", soap_namespace},
             {"xmlns:a", addressing_namespace},
             {"xmlns:w", wsman_namespace},
             {"xmlns:p", wsmv_namespace}}
        );
    xml.raw(header_text);
    xml.open("s:Body");
    write_body(xml, request.body);
    xml.close("s:Body");
    xml.close("s:Envelope");
    return xml.take();
}

std::string write_response(const Response& response)
{
    XmlWriter xml;
    const auto given = namespaces_of(response);
    const auto uri = [](bool is_given, std::string_view text) {
        return is_given ? text : std::string_view();
    };
    xml.open(
        "s:Envelope",
        {{"xml:lang", "en-US"},
         {"xmlns:s", soap_namespace},
         {"xmlns:a", addressing_namespace},
         where_given("xmlns:x", uri(given.transfer, transfer_namespace)),
         where_given("xmlns:e", uri(given.eventing, eventing_namespace)),
         where_given("xmlns:n", uri(given.enumeration, enumeration_namespace)),
         {"xmlns:w", wsman_namespace},
         where_given("xmlns:rsp", uri(given.shell, shell_namespace)),
         {"xmlns:p", wsmv_namespace}}
    );
    write_response_header(xml, response.header);
    xml.open("s:Body");
    write_body(xml, response);
    xml.close("s:Body");
    xml.close("s:Envelope");
    return xml.take();
}

} // namespace psrp::wsman
