// The requests of a client that are due or under way: their headers, and what their answers mean
// (fact sheet transports B2, B3, B15).
#pragma once

#include <psrp/protocol/identifiers.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/soap.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace psrp::wsman::detail {

struct BookOptions {
    std::string url;
    std::string ui_culture;
    std::string culture;
    Milliseconds operation_timeout{};
    EnvelopeLimits limits;
};

// One request before it has its identifiers.
struct Draft {
    Operation operation = Operation::Get;
    std::string resource_uri;
    std::string shell_id; // selector; empty: none
    std::vector<Option> options;
    RequestBody body;
    std::string compression_type;
    Guid channel;
    std::uint64_t tag = 0;            // the owner's
    std::optional<Guid> operation_id; // nothing: one of its own
    std::uint64_t sequence_id = 1;
    Milliseconds delay{};
};

// What came for a request.
struct Answer {
    Draft draft;
    std::variant<Response, Failure> result;
};

class RequestBook {
public:
    RequestBook(BookOptions options, const Guid& session_id, IdSource& ids);

    void set_envelope_bytes_max(std::uint32_t bytes) { envelope_bytes_max_ = bytes; }
    [[nodiscard]] std::uint32_t envelope_bytes_max() const { return envelope_bytes_max_; }
    [[nodiscard]] const Guid& session_id() const { return session_id_; }

    std::uint64_t add(Draft draft);
    std::optional<OutgoingRequest> next();
    // Takes the request away. Nothing for an unknown one.
    std::optional<Answer> on_response(std::uint64_t id, const HttpAnswer& answer);
    std::optional<Answer>
    on_failure(std::uint64_t id, const clixml::Error& error, std::string reason);
    std::optional<std::uint64_t> resend(std::uint64_t id);
    // Forgets all; answers to what is under way are of no interest any more.
    void clear();
    // Forgets the requests of a channel.
    void forget(const Guid& channel);
    [[nodiscard]] bool is_empty() const { return due_.empty() && under_way_.empty(); }
    [[nodiscard]] bool has(std::uint64_t id) const;
    // Bytes of the envelope that `draft` becomes, with room for identifiers that are longer.
    [[nodiscard]] std::size_t envelope_bytes(const Draft& draft) const;

private:
    struct Entry {
        Draft draft;
        std::string message_id;
    };

    [[nodiscard]] Request request_of(const Draft& draft, const Guid& message_id) const;

    BookOptions options_;
    Guid session_id_;
    IdSource* ids_;
    std::uint32_t envelope_bytes_max_ = envelope_bytes_default;
    std::uint64_t last_id_ = 0;
    std::deque<std::uint64_t> due_;
    std::map<std::uint64_t, Entry> under_way_; // also those that are due
};

// A failure that quotes a fault, or tells of an error in the answer to `operation`.
Failure failure_of(Operation operation, const Fault& fault);
Failure failure_of(Operation operation, const clixml::Error& error);
Failure failure_of_status(Operation operation, int status);

// A name in the prefix of PowerShell's resources, or the whole URI.
std::string resource_of(std::string_view configuration);

} // namespace psrp::wsman::detail
