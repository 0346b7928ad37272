#include <clixml/utf.hpp>
#include <psrp/wsman/detail/request_book.hpp>

#include <algorithm>
#include <utility>

namespace psrp::wsman::detail {
namespace {

// Where no body tells what is wrong (B2).
Errc error_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return Errc::AccessDenied;
    case 404:
        return Errc::UrlNotAvailable;
    case 413:
        return Errc::EnvelopeLimit;
    case 503:
        return Errc::ServiceUnavailable;
    default:
        return Errc::HttpStatus;
    }
}

bool is_soap(const HttpAnswer& answer)
{
    const auto type = clixml::fold_case(clixml::valid_text(answer.content_type));
    if (type.find("XML") != std::string::npos) return type.find("HTML") == std::string::npos;
    return type.empty() && answer.body.find("Envelope") != std::string_view::npos;
}

bool relates(std::string_view relates_to, std::string_view message_id)
{
    const auto left = read_uuid(relates_to);
    const auto right = read_uuid(message_id);
    if (left && right) return *left == *right;
    return relates_to == message_id;
}

std::variant<Response, Failure> read_answer(
    Operation operation,
    std::string_view message_id,
    const HttpAnswer& answer,
    const EnvelopeLimits& limits
)
{
    const bool is_good = answer.status >= 200 && answer.status < 300;
    if (!is_soap(answer)) {
        if (!is_good) return failure_of_status(operation, answer.status);
        return failure_of(operation, {Errc::NotSoap, clixml::no_offset, "expected SOAP"});
    }
    auto response = read_response(answer.body, limits);
    if (!response) {
        // An error page that calls itself XML.
        if (!is_good && response.error().code == Errc::NotAnEnvelope)
            return failure_of_status(operation, answer.status);
        return failure_of(operation, response.error());
    }
    const bool must_relate = operation != Operation::Identify;
    const auto& relates_to = response->header.relates_to;
    if (const auto* fault = std::get_if<Fault>(&response->body)) {
        // A service that could not read our message cannot say which one it was.
        if (must_relate && !relates_to.empty() && !relates(relates_to, message_id))
            return failure_of(operation, {Errc::WrongRelatesTo, clixml::no_offset, ""});
        return failure_of(operation, *fault);
    }
    if (response->operation != operation)
        return failure_of(operation, {Errc::WrongAction, clixml::no_offset, ""});
    if (must_relate && !relates(relates_to, message_id))
        return failure_of(operation, {Errc::WrongRelatesTo, clixml::no_offset, ""});
    return *std::move(response);
}

} // namespace

Failure failure_of(Operation operation, const Fault& fault)
{
    (void)operation; // the service's words say it
    return {{error_of(fault), clixml::no_offset, ""}, text_of(fault), error_id_of(fault), fault};
}

Failure failure_of(Operation operation, const clixml::Error& error)
{
    std::string reason = "The answer to ";
    reason.append(operation_row(operation).name).append(" cannot be used: ");
    return {error, reason + error.text() + ".", "WinRMOperationFailed,PSSessionStateBroken", {}};
}

Failure failure_of_status(Operation operation, int status)
{
    const Errc error = error_of_status(status);
    std::string reason = "The service answered ";
    reason.append(operation_row(operation).name).append(" with the HTTP status ");
    reason.append(std::to_string(status)).append(".");
    std::string id = "WinRMHttpError";
    if (error != Errc::HttpStatus) {
        const auto& row = fault_row(error);
        if (!row.advice.empty()) reason.append(" ").append(row.advice);
        id = row.error_id;
    }
    return {{error, clixml::no_offset, ""}, reason, id + ",PSSessionStateBroken", {}};
}

std::string resource_of(std::string_view configuration)
{
    if (configuration.find("://") != std::string_view::npos) return std::string(configuration);
    return std::string(powershell_resource_prefix).append(configuration);
}

RequestBook::RequestBook(BookOptions options, const Guid& session_id, IdSource& ids)
    : options_(std::move(options)), session_id_(session_id), ids_(&ids)
{
    if (session_id_.is_zero()) session_id_ = ids_->new_guid();
}

std::uint64_t RequestBook::add(Draft draft)
{
    if (!draft.operation_id) draft.operation_id = ids_->new_guid();
    const auto id = ++last_id_;
    due_.push_back(id);
    under_way_.emplace(id, Entry{std::move(draft), {}});
    return id;
}

Request RequestBook::request_of(const Draft& draft, const Guid& message_id) const
{
    Request request;
    request.operation = draft.operation;
    request.body = draft.body;
    if (draft.operation == Operation::Identify) return request;
    RequestHeader& header = request.header;
    header.to = options_.url;
    header.resource_uri = draft.resource_uri;
    header.reply_to = anonymous_address;
    header.action = operation_row(draft.operation).action;
    header.envelope_bytes_max = envelope_bytes_max_;
    header.message_id = write_uuid(message_id);
    header.locale = options_.ui_culture;
    header.data_locale = options_.culture;
    header.session_id = write_uuid(session_id_);
    header.operation_id = write_uuid(draft.operation_id.value_or(Guid{}));
    header.sequence_id = draft.sequence_id;
    if (!draft.shell_id.empty()) header.selectors.push_back({"ShellId", draft.shell_id});
    header.options = draft.options;
    header.operation_timeout = options_.operation_timeout;
    header.compression_type = draft.compression_type;
    return request;
}

std::optional<OutgoingRequest> RequestBook::next()
{
    if (due_.empty()) return std::nullopt;
    const auto id = due_.front();
    due_.pop_front();
    Entry& entry = under_way_.at(id);
    const Request request = request_of(entry.draft, ids_->new_guid());
    entry.message_id = request.header.message_id;
    return OutgoingRequest{
        id,
        entry.draft.operation,
        entry.draft.channel,
        write_request(request),
        options_.operation_timeout,
        entry.draft.delay};
}

std::optional<Answer> RequestBook::on_response(std::uint64_t id, const HttpAnswer& answer)
{
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) return std::nullopt;
    Entry entry = std::move(found->second);
    under_way_.erase(found);
    std::erase(due_, id);
    auto result = read_answer(entry.draft.operation, entry.message_id, answer, options_.limits);
    return Answer{std::move(entry.draft), std::move(result)};
}

std::optional<Answer>
RequestBook::on_failure(std::uint64_t id, const clixml::Error& error, std::string reason)
{
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) return std::nullopt;
    Entry entry = std::move(found->second);
    under_way_.erase(found);
    std::erase(due_, id);
    Failure failure;
    failure.error = error.code ? error : clixml::Error{Errc::RequestFailed, clixml::no_offset, ""};
    failure.reason = std::move(reason);
    failure.error_id = "WinRMOperationFailed,PSSessionStateBroken";
    return Answer{std::move(entry.draft), std::move(failure)};
}

std::optional<std::uint64_t> RequestBook::resend(std::uint64_t id)
{
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) return std::nullopt;
    Draft draft = std::move(found->second.draft);
    under_way_.erase(found);
    std::erase(due_, id);
    return add(std::move(draft));
}

void RequestBook::clear()
{
    due_.clear();
    under_way_.clear();
}

void RequestBook::forget(const Guid& channel)
{
    std::erase_if(under_way_, [&](const auto& entry) {
        if (entry.second.draft.channel != channel) return false;
        std::erase(due_, entry.first);
        return true;
    });
}

bool RequestBook::has(std::uint64_t id) const
{
    return under_way_.contains(id);
}

std::size_t RequestBook::envelope_bytes(const Draft& draft) const
{
    return write_request(request_of(draft, {})).size();
}

} // namespace psrp::wsman::detail
