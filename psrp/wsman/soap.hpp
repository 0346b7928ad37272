// Envelopes of both directions as structs, and their XML: written as the native client and the
// Windows service write them, read by namespace, whatever the prefixes (fact sheet transports
// B3-B12).
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/guid.hpp>
#include <clixml/result.hpp>
#include <psrp/wsman/fault.hpp>
#include <psrp/wsman/limits.hpp>
#include <psrp/wsman/names.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace psrp::wsman {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Guid;
using clixml::Result;
using Milliseconds = std::chrono::milliseconds;

// Text forms -----------------------------------------------------------------------------------

// "PT180.000S", always with a dot.
std::string write_duration(Milliseconds duration);
// Any xs:duration of days and less: "P0DT0H1M0S", "PT1M", "PT60.000S". Nothing for what is none,
// is negative, has years or months, or does not fit.
std::optional<Milliseconds> read_duration(std::string_view text);

// The identifier in "uuid:...", "urn:uuid:..." or alone, in any case; nothing where there is none.
std::optional<Guid> read_uuid(std::string_view text);
// "uuid:" and upper case.
std::string write_uuid(const Guid& id);
// Upper case, as ShellId and CommandId travel.
std::string upper_text(const Guid& id);

// Header ---------------------------------------------------------------------------------------

struct Selector {
    std::string name;
    std::string value;
    friend bool operator==(const Selector&, const Selector&) = default;
};

struct Option {
    std::string name;
    std::string value;
    bool must_comply = false;
    friend bool operator==(const Option&, const Option&) = default;
};

// The header blocks of a request (B3). Texts as they stand; empty or nothing where a block is
// absent.
struct RequestHeader {
    std::string to;
    std::string resource_uri;
    std::string reply_to;
    std::string action;
    std::optional<std::uint32_t> envelope_bytes_max;
    std::string message_id;
    std::string locale;
    std::string data_locale;
    std::string session_id;
    std::string operation_id;
    std::optional<std::uint64_t> sequence_id;
    std::vector<Selector> selectors;
    std::vector<Option> options;
    std::optional<Milliseconds> operation_timeout;
    std::string compression_type;

    [[nodiscard]] const std::string* selector(std::string_view name) const;
    [[nodiscard]] const Option* option(std::string_view name) const;
};

struct ResponseHeader {
    std::string action;
    std::string message_id;
    std::string operation_id;
    std::optional<std::uint64_t> sequence_id;
    std::string activity_id;
    std::string to;
    std::string relates_to;
};

// Bodies of requests ---------------------------------------------------------------------------

// rsp:Variable of a command shell.
struct EnvironmentVariable {
    std::string name;
    std::string value;
    friend bool operator==(const EnvironmentVariable&, const EnvironmentVariable&) = default;
};

// rsp:Shell of Create (B5).
struct CreateBody {
    std::string name;
    std::string shell_id;
    std::string working_directory;
    std::vector<EnvironmentVariable> environment;
    std::string idle_timeout; // xs:duration
    std::string buffer_mode;
    std::string input_streams;
    std::string output_streams;
    std::optional<Bytes> creation_xml;
};

// rsp:CommandLine (B6). Arguments of a PowerShell shell are one base64 text.
struct CommandBody {
    std::string command_id; // empty: the service chooses
    std::string command;
    std::vector<std::string> arguments;
};

// rsp:Receive (B7).
struct ReceiveBody {
    std::string command_id; // empty: the shell's own
    std::string streams;
};

// One rsp:Stream of Send or ReceiveResponse (B7, B8).
struct StreamChunk {
    std::string name;
    std::string command_id;
    bool is_end = false;
    Bytes bytes;
    friend bool operator==(const StreamChunk&, const StreamChunk&) = default;
};

struct SendBody {
    std::vector<StreamChunk> streams;
};

// rsp:Signal (B9).
struct SignalBody {
    std::string command_id;
    std::string code;
};

// Delete, Get (B10, B12).
struct EmptyBody {};

// rsp:Disconnect (B11).
struct DisconnectBody {
    std::string idle_timeout;
    std::string buffer_mode;
};

// rsp:Reconnect, or nothing (B11).
struct ReconnectBody {
    std::string command_id;
    std::string buffer_mode;
};

// rsp:Connect (B11).
struct ConnectBody {
    std::string command_id;
    std::optional<Bytes> connect_xml;
};

// n:Enumerate (B12).
struct EnumerateBody {
    bool is_optimized = false;
    std::optional<std::uint32_t> elements_max;
    std::string filter_dialect;
    std::vector<Selector> filter;
};

// n:Pull.
struct PullBody {
    std::string context;
    std::optional<std::uint32_t> elements_max;
};

struct IdentifyBody {};

using RequestBody = std::variant<
    EmptyBody,
    CreateBody,
    CommandBody,
    ReceiveBody,
    SendBody,
    SignalBody,
    DisconnectBody,
    ReconnectBody,
    ConnectBody,
    EnumerateBody,
    PullBody,
    IdentifyBody>;

struct Request {
    Operation operation = Operation::Get;
    RequestHeader header;
    RequestBody body;
};

// Bodies of responses --------------------------------------------------------------------------

// One child of rsp:Shell, by local name.
struct ShellProperty {
    std::string name;
    std::string value;
    friend bool operator==(const ShellProperty&, const ShellProperty&) = default;
};

// rsp:Shell of a service, its children in order (B5, B12).
struct ShellDescription {
    std::vector<ShellProperty> properties;

    // The value, or nothing where the service has not written it.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    friend bool operator==(const ShellDescription&, const ShellDescription&) = default;
};

// CreateResponse: x:ResourceCreated and, from services since 3.0, rsp:Shell.
struct ResourceCreated {
    std::string address;
    std::string resource_uri;
    std::vector<Selector> selectors;
    std::optional<ShellDescription> shell;
};

struct CommandResponse {
    std::string command_id;
};

// rsp:CommandState (B7).
struct CommandState {
    std::string command_id;
    std::string state;
    std::optional<std::uint32_t> exit_code;
    friend bool operator==(const CommandState&, const CommandState&) = default;
};

struct ReceiveResponse {
    std::vector<StreamChunk> streams;
    std::optional<CommandState> state;
};

// SendResponse, SignalResponse.
struct DoneResponse {};

// The empty body of Delete, Disconnect, Reconnect.
struct EmptyResponse {};

struct ConnectResponse {
    std::string input_streams;
    std::string output_streams;
    std::optional<Bytes> connect_response_xml;
};

// rsp:Command of an enumeration (B12), its children in order.
struct CommandDescription {
    std::vector<ShellProperty> properties;
    friend bool operator==(const CommandDescription&, const CommandDescription&) = default;
};

// EnumerateResponse and PullResponse.
struct EnumerateResponse {
    std::string context;
    bool has_context = true;
    bool has_items = false;
    std::vector<ShellDescription> shells;
    std::vector<CommandDescription> commands;
    bool is_end = false; // no Pull is needed
};

// GetResponse of a shell.
struct ShellResponse {
    ShellDescription shell;
};

// GetResponse of .../config: the service's configuration, as it stands.
struct ConfigResponse {
    std::uint32_t envelope_kib_max = 0;
    std::string xml;
};

struct IdentifyResponse {
    std::string protocol_version;
    std::string product_vendor;
    std::string product_version;
};

using ResponseBody = std::variant<
    EmptyResponse,
    ResourceCreated,
    CommandResponse,
    ReceiveResponse,
    DoneResponse,
    ConnectResponse,
    EnumerateResponse,
    ShellResponse,
    ConfigResponse,
    IdentifyResponse,
    Fault>;

struct Response {
    Operation operation = Operation::Get; // of a fault: Get, its header does not say
    ResponseHeader header;
    ResponseBody body;
};

// Reading and writing --------------------------------------------------------------------------

// The envelope of a request as the native client writes it: header blocks in its order, prefixes s,
// a, w, p, rsp (B3).
std::string write_request(const Request& request);
// The same of a response, as the Windows service writes it.
std::string write_response(const Response& response);

// What went wrong with a request, with what was read of its header before: enough for a fault.
struct RequestFailure {
    clixml::Error error;
    RequestHeader header;
};

// Reads a request. Offsets of errors count bytes of `text`.
tl::expected<Request, RequestFailure>
read_request(std::string_view text, const EnvelopeLimits& limits = {});
// Reads a response, also a fault.
Result<Response> read_response(std::string_view text, const EnvelopeLimits& limits = {});

} // namespace psrp::wsman
