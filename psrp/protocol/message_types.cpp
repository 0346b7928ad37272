#include <psrp/protocol/message_types.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace psrp {
namespace {

// clang-format off
constexpr std::array<MessageTypeRow, 33> rows{{
    {MessageType::SessionCapability, "SESSION_CAPABILITY", Sender::Both, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.1"},
    {MessageType::CloseSession, "CLOSE_SESSION", Sender::Nobody, Scope::Session, Channel::Session, Stream::Default, Payload::Empty, ""},
    {MessageType::InitRunspacePool, "INIT_RUNSPACEPOOL", Sender::Client, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.2"},
    {MessageType::PublicKey, "PUBLIC_KEY", Sender::Client, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.3"},
    {MessageType::EncryptedSessionKey, "ENCRYPTED_SESSION_KEY", Sender::Server, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.4"},
    {MessageType::PublicKeyRequest, "PUBLIC_KEY_REQUEST", Sender::Server, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.5"},
    {MessageType::ConnectRunspacePool, "CONNECT_RUNSPACEPOOL", Sender::Client, Scope::Session, Channel::Session, Stream::Default, Payload::Required, "2.2.2.29"},
    {MessageType::SetMaxRunspaces, "SET_MAX_RUNSPACES", Sender::Client, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.6"},
    {MessageType::SetMinRunspaces, "SET_MIN_RUNSPACES", Sender::Client, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.7"},
    {MessageType::RunspaceAvailability, "RUNSPACE_AVAILABILITY", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.8"},
    {MessageType::RunspacePoolState, "RUNSPACEPOOL_STATE", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.9"},
    {MessageType::CreatePipeline, "CREATE_PIPELINE", Sender::Client, Scope::RunspacePool, Channel::Command, Stream::Default, Payload::Required, "2.2.2.10"},
    {MessageType::GetAvailableRunspaces, "GET_AVAILABLE_RUNSPACES", Sender::Client, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.11"},
    {MessageType::UserEvent, "USER_EVENT", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.12"},
    {MessageType::ApplicationPrivateData, "APPLICATION_PRIVATE_DATA", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.13"},
    {MessageType::GetCommandMetadata, "GET_COMMAND_METADATA", Sender::Client, Scope::RunspacePool, Channel::Command, Stream::Default, Payload::Required, "2.2.2.14"},
    {MessageType::RunspacePoolInitData, "RUNSPACEPOOL_INIT_DATA", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.30"},
    {MessageType::ResetRunspaceState, "RESET_RUNSPACE_STATE", Sender::Client, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.31"},
    {MessageType::RunspacePoolHostCall, "RUNSPACEPOOL_HOST_CALL", Sender::Server, Scope::RunspacePool, Channel::Session, Stream::Default, Payload::Required, "2.2.2.15"},
    {MessageType::RunspacePoolHostResponse, "RUNSPACEPOOL_HOST_RESPONSE", Sender::Client, Scope::RunspacePool, Channel::Session, Stream::PromptResponse, Payload::Required, "2.2.2.16"},
    {MessageType::PipelineInput, "PIPELINE_INPUT", Sender::Client, Scope::Pipeline, Channel::Command, Stream::Default, Payload::AnyValue, "2.2.2.17"},
    {MessageType::EndOfPipelineInput, "END_OF_PIPELINE_INPUT", Sender::Client, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Empty, "2.2.2.18"},
    {MessageType::PipelineOutput, "PIPELINE_OUTPUT", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::AnyValue, "2.2.2.19"},
    {MessageType::ErrorRecord, "ERROR_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.20"},
    {MessageType::PipelineState, "PIPELINE_STATE", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.21"},
    {MessageType::DebugRecord, "DEBUG_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.22"},
    {MessageType::VerboseRecord, "VERBOSE_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.23"},
    {MessageType::WarningRecord, "WARNING_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.24"},
    {MessageType::ProgressRecord, "PROGRESS_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.25"},
    {MessageType::InformationRecord, "INFORMATION_RECORD", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.26"},
    {MessageType::StopPowerShell, "STOP_POWERSHELL", Sender::Client, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Empty, ""},
    {MessageType::PipelineHostCall, "PIPELINE_HOST_CALL", Sender::Server, Scope::Pipeline, Channel::Command, Stream::Default, Payload::Required, "2.2.2.27"},
    {MessageType::PipelineHostResponse, "PIPELINE_HOST_RESPONSE", Sender::Client, Scope::Pipeline, Channel::Command, Stream::PromptResponse, Payload::Required, "2.2.2.28"},
}};
// clang-format on

constexpr bool is_ascending()
{
    return std::adjacent_find(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
               return left.type >= right.type;
           }) == rows.end();
}

constexpr bool has_unique_names()
{
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = i + 1; j < rows.size(); ++j) {
            if (rows[i].name == rows[j].name ||
                (!rows[i].section.empty() && rows[i].section == rows[j].section))
                return false;
        }
    }
    return true;
}

constexpr bool has_scopes_that_match_their_numbers()
{
    return std::all_of(rows.begin(), rows.end(), [](const auto& row) {
        return row.scope == scope_of(static_cast<std::uint32_t>(row.type));
    });
}

static_assert(is_ascending(), "find_message_type() searches by halves");
static_assert(has_unique_names());
static_assert(has_scopes_that_match_their_numbers());
static_assert(
    std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.section.empty(); }) ==
        31,
    "MS-PSRP 2.2.2 has 31 messages"
);

} // namespace

std::span<const MessageTypeRow> message_types()
{
    return rows;
}

const MessageTypeRow* find_message_type(std::uint32_t type)
{
    const auto* row =
        std::lower_bound(rows.begin(), rows.end(), type, [](const auto& left, std::uint32_t right) {
            return static_cast<std::uint32_t>(left.type) < right;
        });
    return row != rows.end() && static_cast<std::uint32_t>(row->type) == type ? row : nullptr;
}

const MessageTypeRow& message_type_row(MessageType type)
{
    const auto* row = find_message_type(static_cast<std::uint32_t>(type));
    assert(row != nullptr);
    return *row;
}

} // namespace psrp
