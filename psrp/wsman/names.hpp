// The names of WS-Management as WinRM uses it: namespaces, actions, resources, options, codes of
// signals (fact sheet transports B1, B4, B9).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace psrp::wsman {

// Namespaces -----------------------------------------------------------------------------------

inline constexpr std::string_view soap_namespace = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view addressing_namespace =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr std::string_view wsman_namespace =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view wsmv_namespace =
    "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view shell_namespace =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
inline constexpr std::string_view transfer_namespace =
    "http://schemas.xmlsoap.org/ws/2004/09/transfer";
inline constexpr std::string_view enumeration_namespace =
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
inline constexpr std::string_view eventing_namespace =
    "http://schemas.xmlsoap.org/ws/2004/08/eventing";
inline constexpr std::string_view fault_namespace =
    "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
inline constexpr std::string_view powershell_namespace = "http://schemas.microsoft.com/powershell";
inline constexpr std::string_view identity_namespace =
    "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
inline constexpr std::string_view config_namespace =
    "http://schemas.microsoft.com/wbem/wsman/1/config";
inline constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view schema_instance_namespace =
    "http://www.w3.org/2001/XMLSchema-instance";

// Addresses and resources ----------------------------------------------------------------------

inline constexpr std::string_view anonymous_address =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
// A session configuration's resource is this and its name.
inline constexpr std::string_view powershell_resource_prefix =
    "http://schemas.microsoft.com/powershell/";
inline constexpr std::string_view default_configuration = "Microsoft.PowerShell";
// All shells; its items are shells.
inline constexpr std::string_view shell_resource = shell_namespace;
// The plain command shell, winrs.
inline constexpr std::string_view command_shell_resource =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
// The commands of a shell.
inline constexpr std::string_view command_resource =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
inline constexpr std::string_view config_resource = config_namespace;
inline constexpr std::string_view selector_filter_dialect =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";

// Actions --------------------------------------------------------------------------------------

enum class Operation : std::uint8_t {
    Create,
    Delete,
    Get,
    Command,
    Send,
    Receive,
    Signal,
    Disconnect,
    Reconnect,
    Connect,
    Enumerate,
    Pull,
    Identify, // has no action: it is known by its body
};

struct OperationRow {
    Operation operation;
    std::string_view name;
    std::string_view action; // a response's is this and "Response"
};

inline constexpr std::array<OperationRow, 13> operation_rows{{
    {Operation::Create, "Create", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"},
    {Operation::Delete, "Delete", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"},
    {Operation::Get, "Get", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"},
    {Operation::Command,
     "Command",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"},
    {Operation::Send, "Send", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send"},
    {Operation::Receive,
     "Receive",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive"},
    {Operation::Signal, "Signal", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal"},
    {Operation::Disconnect,
     "Disconnect",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect"},
    {Operation::Reconnect,
     "Reconnect",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect"},
    {Operation::Connect,
     "Connect",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect"},
    {Operation::Enumerate,
     "Enumerate",
     "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"},
    {Operation::Pull, "Pull", "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull"},
    {Operation::Identify, "Identify", ""},
}};

// The row of an operation.
constexpr const OperationRow& operation_row(Operation operation)
{
    return operation_rows[static_cast<std::size_t>(operation)];
}

// The action of a fault; some services use the second.
inline constexpr std::string_view fault_action = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
inline constexpr std::string_view addressing_fault_action =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault";

// Signals --------------------------------------------------------------------------------------

// Stops a pipeline in good manners; the transposed spelling is the real one.
inline constexpr std::string_view stop_signal = "powershell/signal/crtl_c";
// Closes a command and releases it.
inline constexpr std::string_view terminate_signal =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate";
// To a process of the command shell.
inline constexpr std::string_view ctrl_c_signal =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_c";
inline constexpr std::string_view ctrl_break_signal =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_break";

// States of a command --------------------------------------------------------------------------

inline constexpr std::string_view command_running =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Running";
inline constexpr std::string_view command_pending =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Pending";
inline constexpr std::string_view command_done =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done";

// Options, streams, HTTP -----------------------------------------------------------------------

inline constexpr std::string_view protocol_version_option = "protocolversion";
inline constexpr std::string_view no_profile_option = "WINRS_NOPROFILE";
inline constexpr std::string_view code_page_option = "WINRS_CODEPAGE";
inline constexpr std::string_view skip_cmd_shell_option = "WINRS_SKIP_CMD_SHELL";
inline constexpr std::string_view console_mode_option = "WINRS_CONSOLEMODE_STDIN";
inline constexpr std::string_view keep_alive_option = "WSMAN_CMDSHELL_OPTION_KEEPALIVE";

inline constexpr std::string_view stdin_stream = "stdin";
inline constexpr std::string_view prompt_stream = "pr"; // answers to prompts
inline constexpr std::string_view stdout_stream = "stdout";
inline constexpr std::string_view stderr_stream = "stderr";

// The Content-Type of every body.
inline constexpr std::string_view soap_content_type = "application/soap+xml;charset=UTF-8";

// Sizes of envelopes (transports B3, B14) -------------------------------------------------------

// What no service may go below.
inline constexpr std::uint32_t envelope_bytes_min = 8192;
// Until the peer is known, and for protocol versions before 2.2.
inline constexpr std::uint32_t envelope_bytes_old = 153600;
inline constexpr std::uint32_t envelope_bytes_default = 512000;

} // namespace psrp::wsman
