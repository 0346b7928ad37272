// Questions to a service beside any session: which shells and commands there are, whether one is
// alive, deleting one, what kind of service it is (fact sheet transports B10, B12). Sans-IO.
#pragma once

#include <psrp/protocol/identifiers.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/soap.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace psrp::wsman {

struct ShellQueryOptions {
    std::string url;
    std::string ui_culture = "en-US";
    std::string culture = "en-US";
    Milliseconds operation_timeout{60000};
    std::uint32_t envelope_bytes_max = envelope_bytes_default;
    std::size_t items_max = 32000; // of one enumeration, all its Pulls together
    EnvelopeLimits limits = {};
};

// A shell as Enumerate and Get tell of it.
struct ShellListing {
    std::string shell_id;
    std::string name;
    std::string resource_uri;
    std::string owner;
    std::string client_ip;
    std::string state; // Connected, Disconnected
    std::optional<Milliseconds> idle_timeout;
    std::string buffer_mode;
    bool is_compressed = false;
    std::optional<Milliseconds> run_time;
    std::optional<Milliseconds> inactivity;

    // Whether it is a shell of PowerShell; others cannot be connected to.
    [[nodiscard]] bool is_powershell() const;
    [[nodiscard]] bool is_disconnected() const { return state == "Disconnected"; }
    // The name of its session configuration; empty where it is no shell of PowerShell.
    [[nodiscard]] std::string configuration() const;
};

struct CommandListing {
    std::string command_id;
    std::string command_line;
    std::string state;
};

// Answers, one for each question, in any order.
struct ShellsListed {
    std::vector<ShellListing> shells;
};
struct CommandsListed {
    std::string shell_id;
    std::vector<CommandListing> commands;
};
// `shell` is empty where it is gone, or not ours.
struct ShellFound {
    std::string shell_id;
    std::optional<ShellListing> shell;
};
// Also where it was gone already.
struct ShellDeleted {
    std::string shell_id;
};
struct ServiceIdentified {
    IdentifyResponse service;
};
struct QueryFailed {
    Operation operation = Operation::Get;
    std::string shell_id; // empty where the question was not about one
    Failure failure;
};

using ShellQueryEvent = std::
    variant<ShellsListed, CommandsListed, ShellFound, ShellDeleted, ServiceIdentified, QueryFailed>;

// Asks; each question is one request or, for long lists, several.
class ShellQuery {
public:
    ShellQuery(const ShellQueryOptions& options, IdSource& ids); // `ids` is borrowed
    ~ShellQuery();
    ShellQuery(ShellQuery&&) noexcept;
    ShellQuery& operator=(ShellQuery&&) noexcept;

    void list_shells();
    void list_commands(std::string_view shell_id);
    void find_shell(std::string_view shell_id);
    // `resource_uri` is that of its listing.
    void delete_shell(std::string_view shell_id, std::string_view resource_uri);
    // Needs no shell and, with many services, no login.
    void identify();

    std::optional<OutgoingRequest> next_request();
    void on_response(std::uint64_t id, const HttpAnswer& answer);
    void on_failure(std::uint64_t id, const clixml::Error& error, std::string reason);
    std::optional<ShellQueryEvent> next_event();
    [[nodiscard]] bool is_finished() const; // no request is due or under way

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp::wsman
