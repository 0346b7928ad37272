// What ClientExchange holds. Its functions are spread over client_exchange.cpp (actions of the
// pool) and client_answers.cpp (one function an operation for what the service says).
#pragma once

#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/detail/first_object.hpp>
#include <psrp/wsman/detail/request_book.hpp>
#include <psrp/wsman/soap.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace psrp::wsman {

namespace detail {

enum class ShellState : std::uint8_t {
    None,
    Opening, // the first bytes, which go with the Create, are waited for
    Creating,
    Connecting,
    Open,
    Disconnecting,
    Disconnected,
    Reconnecting,
    Deleting,
    Gone,
    Failed,
};

// The session's channel or a command's.
struct ClientChannel {
    enum class State : std::uint8_t {
        New,      // the service has not heard of it
        Starting, // Command or Connect is under way
        Open,
        Refused, // the service does not have it
    };

    State state = State::New;
    std::string command_id; // the service's, once it has answered; empty for the session
    bool is_sending = false;
    FirstObject first_object;
    bool may_receive = false;              // Receives are repeated
    std::uint64_t receive = 0;             // the Receive under way; 0: none
    std::optional<Guid> receive_operation; // OperationID of the loop
    std::uint64_t receive_sequence = 0;
    bool is_done = false; // the service has said Done
    bool wants_signal = false;
    bool was_signalled = false;
    bool is_signalling = false;
    bool owes_acknowledgement = false; // of the signal, once the output is quiet
    bool wants_close = false;
    bool is_terminating = false;
};

} // namespace detail

struct ClientExchange::Impl {
    // Whether a failure leaves a shell behind.
    enum class ShellFate : std::uint8_t { MayExist, IsGone };

    static constexpr std::uint64_t terminate_tag = 1;

    Impl(const ClientExchangeOptions& given, IdSource& ids);

    // client_exchange.cpp
    void update_send_bytes_max();
    [[nodiscard]] detail::Draft draft(Operation operation, RequestBody body) const;
    [[nodiscard]] detail::Draft create_draft(Bytes first_bytes) const;
    [[nodiscard]] std::vector<Option> connect_options() const;
    detail::ClientChannel* find(const Guid& channel);
    clixml::Result<void> perform(const ClientAction& action);
    [[nodiscard]] clixml::Result<void> check_idle_timeout() const;
    clixml::Result<void> open_session();
    clixml::Result<void> open_command(const Guid& pipeline);
    clixml::Result<void> send(const psrp::Send& action);
    clixml::Result<void> signal(const Guid& pipeline);
    clixml::Result<void> close_command(const Guid& pipeline);
    void advance_command(const Guid& pipeline, detail::ClientChannel& channel);
    void drop_command(const Guid& pipeline);
    clixml::Result<void> close_session();
    void delete_shell();
    clixml::Result<void> disconnect();
    clixml::Result<void> reconnect(const Guid& channel);
    clixml::Result<void> connect(const psrp::Connect& action);
    void fail(Failure cause, ShellFate fate);
    void abandon();
    [[nodiscard]] bool has_shell() const;
    std::optional<ClientExchangeEvent> next_event();

    // client_answers.cpp
    void on_answer(detail::Answer answer);
    void on_created(const detail::Draft& draft, Response response);
    void on_create_failed(detail::Draft draft, Failure cause);
    void on_command_answer(const detail::Draft& draft, detail::Answer& answer);
    void on_send_answer(const detail::Draft& draft, detail::Answer& answer);
    void on_receive_answer(const detail::Draft& draft, detail::Answer& answer);
    void on_received(const Guid& id, ReceiveResponse response);
    void on_receive_failed(const Guid& id, Failure cause);
    void on_signal_answer(const detail::Draft& draft, detail::Answer& answer);
    void on_delete_answer();
    void on_disconnect_answer(detail::Answer& answer);
    void on_reconnect_answer(const detail::Draft& draft, detail::Answer& answer);
    void on_connect_answer(const detail::Draft& draft, detail::Answer& answer);
    void fail_command(const Guid& pipeline, Failure cause);
    void receive(const Guid& id, detail::ClientChannel& channel);
    void receive_all();
    void finish_signal(const Guid& id, detail::ClientChannel& channel);
    void finish_disconnect();
    void stop_awaiting_receives();
    void left_by_service(Failure cause);
    [[nodiscard]] bool is_receiving() const;
    void set_protocol_version(const clixml::Version& version);
    void emit(ClientExchangeEvent event);

    ClientExchangeOptions options;
    detail::RequestBook book;
    IdSource* id_source;
    std::string resource;
    std::string shell_id;
    std::size_t send_bytes_max = 1;
    bool is_service_known = false;
    detail::ShellState state = detail::ShellState::None;
    bool wants_delete = false; // once Create is answered
    bool disconnect_was_answered = false;
    bool is_farewell_due = false; // the Delete after a failure
    bool is_silent = false;
    std::uint32_t create_retries = 0;
    detail::ClientChannel session;
    std::map<Guid, detail::ClientChannel> commands;
    ShellFacts shell_facts;
    std::optional<Failure> failure_cause;
    std::deque<ClientExchangeEvent> events;
};

} // namespace psrp::wsman
