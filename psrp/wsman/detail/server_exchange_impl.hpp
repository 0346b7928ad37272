// What ServerExchange holds. Its functions are spread over server_exchange.cpp (requests in,
// answers out, time), server_requests.cpp (one function an operation), server_output.cpp (streams
// and what machines and processes say) and server_lists.cpp (Get, Enumerate, Pull, Identify).
#pragma once

#include <psrp/wsman/server_exchange.hpp>
#include <psrp/wsman/soap.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace psrp::wsman {

namespace detail {

// A request that is not answered yet.
struct WaitingRequest {
    std::uint64_t id = 0; // the listener's
    std::string owner;
    Operation operation = Operation::Get;
    RequestHeader header;
    Guid shell;
    Guid channel;
    std::size_t acknowledgements = 1; // that must come before it is answered
    std::optional<Time> deadline;     // Receive
    std::string streams;              // Receive: those that are wanted
};

// Whole fragments, or a piece of a process's output.
struct OutputChunk {
    std::string stream;
    Bytes bytes;
};

// What Receives take from: the session's channel or a command's.
struct ServerChannel {
    std::string command_id; // empty: the session's
    std::string command_line;
    std::deque<OutputChunk> output;
    std::size_t taken = 0; // bytes of the first chunk that have left
    // What the last answer took away, until the next Receive says that it has come.
    std::vector<OutputChunk> unconfirmed;
    bool is_final_message = false; // the message being written is PIPELINE_STATE
    bool is_finished = false;
    bool is_done = false;        // the client has been told
    bool waits_for_host = false; // a host call is unanswered: Pending
    std::uint32_t exit_code = 0;
    std::uint64_t receive = 0; // waiting requests, by our number; 0: none
    std::uint64_t command = 0;
    std::uint64_t signal = 0;
    std::uint64_t close = 0;
    std::deque<std::uint64_t> sends;
};

struct ServerShell {
    enum class State : std::uint8_t { Creating, Connected, Disconnected };

    State state = State::Creating;
    std::string owner;
    std::string client_address;
    std::string resource_uri;
    std::string name;
    std::string culture;
    std::string ui_culture;
    std::string input_streams;
    std::string output_streams;
    bool is_command_shell = false;
    bool has_ended = false;
    bool is_left_alone = false; // Disconnected because its client is silent
    bool is_compressed = false; // what streams carry
    BufferMode mode = BufferMode::Block;
    std::optional<Guid> session_id;
    Milliseconds idle_timeout{};
    Time created;
    Time last_activity;
    std::map<Guid, ServerChannel> channels; // the zero Guid: the session's
    std::size_t output_bytes = 0;
    std::uint64_t create = 0; // waiting requests
    std::uint64_t connect = 0;
    std::uint64_t close = 0;
};

// An answer for a request that may come again (B18).
struct RememberedAnswer {
    std::string owner;
    Guid operation_id;
    std::uint64_t sequence_id = 0;
    Response response;
    std::size_t bytes = 0;
};

// The rest of an enumeration, for Pull.
struct Enumeration {
    std::string owner;
    EnumerateResponse rest;
};

} // namespace detail

struct ServerExchange::Impl {
    using Waiting = detail::WaitingRequest;
    using Shell = detail::ServerShell;
    using Channel = detail::ServerChannel;

    Impl(const ServerExchangeOptions& given, IdSource& ids) : options(given), id_source(&ids) {}

    // server_exchange.cpp
    void receive(const IncomingRequest& incoming, Time now);
    void dispatch(Waiting waiting, Request request, const IncomingRequest& incoming, Time now);
    bool answer_again(const Waiting& waiting);
    void request_gone(std::uint64_t id, Time now);
    std::uint64_t wait(Waiting waiting);
    void answer(const Waiting& waiting, ResponseBody body);
    void answer_waiting(std::uint64_t& number, ResponseBody body);
    void refuse_request(const Waiting& waiting, Errc error, std::string_view message = {});
    void write_answer(std::uint64_t id, const RequestHeader& header, Response response);
    [[nodiscard]] Fault fault(Errc error, std::string_view message = {}) const;
    [[nodiscard]] std::optional<Time> deadline() const;
    void on_deadline(Time now);
    void close_idle(Time now);
    void leave_silent(Time now);
    void hand_over(Shell& shell);
    static void take_back_output(Shell& shell);
    [[nodiscard]] bool belongs_to_another(const Waiting& waiting, const Shell& shell) const;
    void take_back(const Waiting& waiting, Shell& shell);
    void forget_answers(const Waiting& waiting);
    [[nodiscard]] bool is_busy(const Guid& shell) const;
    void shut_down();
    void end_channel(Channel& channel, Errc error);
    void erase_shell(const Guid& key);

    // server_requests.cpp
    Shell* find_shell(const Waiting& waiting, Guid& key);
    Channel* find_channel(Shell& shell, std::string_view command_id, Guid& key) const;
    void
    on_create(const Waiting& waiting, CreateBody& body, const IncomingRequest& incoming, Time now);
    [[nodiscard]] std::optional<Errc> check_protocol_version(const RequestHeader& header) const;
    [[nodiscard]] std::optional<Errc>
    check_create(const Waiting& waiting, const CreateBody& body) const;
    void open_command_shell(
        const Waiting& waiting,
        const Guid& key,
        Shell& shell,
        CreateBody& body,
        const IncomingRequest& incoming
    );
    void on_command(Waiting waiting, Shell& shell, CommandBody& body);
    void on_send(Waiting waiting, Shell& shell, SendBody& body);
    bool expand(SendBody& body);
    void on_receive(Waiting waiting, Shell& shell, const ReceiveBody& body, Time now);
    void on_signal(Waiting waiting, Shell& shell, const SignalBody& body);
    void on_delete(const Waiting& waiting, Shell& shell);
    void on_disconnect(const Waiting& waiting, Shell& shell, const DisconnectBody& body);
    void on_reconnect(const Waiting& waiting, Shell& shell, const ReconnectBody& body);
    void on_connect(const Waiting& waiting, Shell& shell, ConnectBody& body);
    void answer_created(Shell& shell, const Guid& key, const Waiting& waiting);
    bool set_idle_timeout(Shell& shell, std::string_view text) const;

    // server_output.cpp
    void perform(const Guid& key, const ServerAction& action, Time now);
    void add_output(Shell& shell, Channel& channel, std::string_view stream, BytesView bytes);
    void watch_messages(Channel& channel, BytesView packet) const;
    void acknowledge_data(const Guid& key, Shell& shell, const Guid& id);
    void acknowledge_close(const Guid& key, Shell& shell, const Guid& id);
    void flush(Shell& shell, Channel& channel);
    [[nodiscard]] ReceiveResponse take_output(Shell& shell, Channel& channel, const Waiting& to);
    [[nodiscard]] bool wants_output(const Guid& key) const;
    void answer_connect(const Guid& key, const clixml::Result<Bytes>& response, Time now);

    // server_lists.cpp
    void on_identify(const Waiting& waiting);
    void on_get(const Waiting& waiting, Time now);
    void on_enumerate(const Waiting& waiting, const EnumerateBody& body, Time now);
    void on_pull(const Waiting& waiting, const PullBody& body);
    void
    give_items(const Waiting& waiting, EnumerateResponse all, std::optional<std::uint32_t> most);
    [[nodiscard]] ShellDescription describe(const Guid& key, const Shell& shell, Time now) const;

    ServerExchangeOptions options;
    IdSource* id_source;
    XpressCodec codec;
    std::uint64_t last_number = 0;
    Time now_last{};                                   // the latest time that we were told
    std::map<std::uint64_t, Waiting> waiting_requests; // by our number
    std::map<Guid, Shell> shells;
    std::deque<detail::RememberedAnswer> remembered;
    std::size_t remembered_bytes = 0;
    std::map<std::string, detail::Enumeration> enumerations; // by context
    std::deque<OutgoingAnswer> answers;
    std::deque<ServerExchangeEvent> events;
};

} // namespace psrp::wsman
