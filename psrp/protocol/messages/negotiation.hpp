// The messages that open a session: SESSION_CAPABILITY, INIT_RUNSPACEPOOL,
// APPLICATION_PRIVATE_DATA, RUNSPACEPOOL_STATE, CONNECT_RUNSPACEPOOL, RUNSPACEPOOL_INIT_DATA (fact
// sheet psrp 6.1-6.6; MS-PSRP 2.2.2).
#pragma once

#include <clixml/version.hpp>
#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace psrp {

// System.Management.Automation.Runspaces.RunspacePoolState.
enum class RunspacePoolState : std::int32_t {
    BeforeOpen,
    Opening,
    Opened,
    Closed,
    Closing,
    Broken,
    Disconnecting,
    Disconnected,
    Connecting,
};
enum class ThreadOptions : std::int32_t { Default, UseNewThread, ReuseThread, UseCurrentThread };
enum class ApartmentState : std::int32_t { Sta, Mta, Unknown };

struct Coordinates {
    std::int32_t x = 0;
    std::int32_t y = 0;
};
struct Size {
    std::int32_t width = 0;
    std::int32_t height = 0;
};

// What a host tells the server about its screen; values it cannot give are left out (psrp 10.4).
struct HostDefaultData {
    std::optional<std::int32_t> foreground_color;
    std::optional<std::int32_t> background_color;
    std::optional<Coordinates> cursor_position;
    std::optional<Coordinates> window_position;
    std::optional<std::int32_t> cursor_size;
    std::optional<Size> buffer_size;
    std::optional<Size> window_size;
    std::optional<Size> max_window_size;
    std::optional<Size> max_physical_window_size;
    std::optional<std::string_view> window_title;
};

// HostInfo. The default says that there is no host at all and that pipelines use the pool's.
struct HostInfo {
    bool is_host_null = true;
    bool is_host_ui_null = true;
    bool is_host_raw_ui_null = true;
    bool use_runspace_host = true;
    std::optional<HostDefaultData> default_data;
};
Value encode_host_info(const HostInfo& info, Arena& arena);
Result<HostInfo> decode_host_info(Value value, Arena& arena);

struct SessionCapability {
    clixml::Version protocol_version{2, 4};
    clixml::Version ps_version{2, 0};
    clixml::Version serialization_version{1, 1, 0, 1};
    Value time_zone; // ByteArray or absent (null)
};
Value encode_session_capability(const SessionCapability& message, Arena& arena);
Result<SessionCapability> decode_session_capability(Value value, Arena& arena);

struct InitRunspacePool {
    std::int32_t runspaces_min = 1;
    std::int32_t runspaces_max = 1;
    ThreadOptions thread_options = ThreadOptions::Default;
    ApartmentState apartment_state = ApartmentState::Unknown;
    Value application_arguments; // PSPrimitiveDictionary or null
    HostInfo host_info;
};
Value encode_init_runspace_pool(const InitRunspacePool& message, Arena& arena);
Result<InitRunspacePool> decode_init_runspace_pool(Value value, Arena& arena);

struct ApplicationPrivateData {
    Value data; // PSPrimitiveDictionary or null
};
Value encode_application_private_data(const ApplicationPrivateData& message, Arena& arena);
Result<ApplicationPrivateData> decode_application_private_data(Value value, Arena& arena);

struct RunspacePoolStateMessage {
    RunspacePoolState state = RunspacePoolState::Opened;
    std::optional<ErrorRecord> error_record;
};
Value encode_runspace_pool_state(const RunspacePoolStateMessage& message, Arena& arena);
Result<RunspacePoolStateMessage> decode_runspace_pool_state(Value value, Arena& arena);

// CONNECT_RUNSPACEPOOL (numbers the client does not ask for are absent) and RUNSPACEPOOL_INIT_DATA.
struct ConnectRunspacePool {
    std::optional<std::int32_t> runspaces_min;
    std::optional<std::int32_t> runspaces_max;
};
Value encode_connect_runspace_pool(const ConnectRunspacePool& message, Arena& arena);
Result<ConnectRunspacePool> decode_connect_runspace_pool(Value value, Arena& arena);

struct RunspacePoolInitData {
    std::int32_t runspaces_min = 1;
    std::int32_t runspaces_max = 1;
};
Value encode_runspace_pool_init_data(const RunspacePoolInitData& message, Arena& arena);
Result<RunspacePoolInitData> decode_runspace_pool_init_data(Value value, Arena& arena);

} // namespace psrp
