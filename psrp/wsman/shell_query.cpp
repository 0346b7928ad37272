#include <clixml/utf.hpp>
#include <psrp/wsman/detail/request_book.hpp>
#include <psrp/wsman/shell_query.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <deque>
#include <utility>

namespace psrp::wsman {

using detail::Answer;
using detail::Draft;
using detail::RequestBook;

namespace {

constexpr std::uint32_t elements_max = 32000;

std::string_view powershell_part(std::string_view resource)
{
    const auto prefix = powershell_resource_prefix;
    if (resource.size() <= prefix.size() ||
        !clixml::equal_ignoring_case(resource.substr(0, prefix.size()), prefix))
        return {};
    return resource.substr(prefix.size());
}

ShellListing listing_of(const ShellDescription& shell)
{
    const auto text = [&](std::string_view name) {
        return std::string(shell.find(name).value_or(""));
    };
    ShellListing listing;
    listing.shell_id = text("ShellId");
    listing.name = text("Name");
    listing.resource_uri = text("ResourceUri");
    listing.owner = text("Owner");
    listing.client_ip = text("ClientIP");
    listing.state = text("State");
    listing.idle_timeout = read_duration(text("IdleTimeOut"));
    listing.buffer_mode = text("BufferMode");
    listing.is_compressed = text("CompressionMode") == xpress_mode;
    listing.run_time = read_duration(text("ShellRunTime"));
    listing.inactivity = read_duration(text("ShellInactivity"));
    return listing;
}

CommandListing listing_of(const CommandDescription& command)
{
    CommandListing listing;
    for (const auto& property : command.properties) {
        if (property.name == "CommandId") listing.command_id = property.value;
        if (property.name == "CommandLine") listing.command_line = property.value;
        if (property.name == "CommandState" || property.name == "State")
            listing.state = property.value;
    }
    return listing;
}

} // namespace

bool ShellListing::is_powershell() const
{
    return !powershell_part(resource_uri).empty();
}

std::string ShellListing::configuration() const
{
    return std::string(powershell_part(resource_uri));
}

struct ShellQuery::Impl {
    // What has come of an enumeration so far.
    struct Enumeration {
        std::string shell_id; // commands of this one; empty: shells
        std::string resource_uri;
        std::vector<ShellListing> shells;
        std::vector<CommandListing> commands;
    };

    Impl(const ShellQueryOptions& given, IdSource& ids)
        : options(given),
          book(
              {given.url, given.ui_culture, given.culture, given.operation_timeout, given.limits},
              {},
              ids
          )
    {
        book.set_envelope_bytes_max(std::max(given.envelope_bytes_max, envelope_bytes_min));
    }

    void ask(Operation operation, std::string_view shell_id, std::string_view resource)
    {
        Draft draft;
        draft.operation = operation;
        draft.shell_id = shell_id;
        draft.resource_uri = resource;
        draft.body = EmptyBody{};
        if (operation == Operation::Identify) draft.body = IdentifyBody{};
        book.add(std::move(draft));
    }

    void enumerate(std::string_view shell_id, std::string_view resource)
    {
        EnumerateBody body;
        body.is_optimized = true;
        body.elements_max = elements_max;
        if (!shell_id.empty()) {
            body.filter_dialect = selector_filter_dialect;
            body.filter = {{"ShellId", std::string(shell_id)}};
        }
        Draft draft;
        draft.operation = Operation::Enumerate;
        draft.resource_uri = resource;
        draft.body = std::move(body);
        draft.tag = ++last_tag;
        enumerations[draft.tag] = {std::string(shell_id), std::string(resource), {}, {}};
        book.add(std::move(draft));
    }

    void on_answer(Answer answer)
    {
        if (auto* failure = std::get_if<Failure>(&answer.result))
            return on_failure(answer.draft, std::move(*failure));
        auto& body = std::get<Response>(answer.result).body;
        const auto& draft = answer.draft;
        switch (draft.operation) {
        case Operation::Get:
            if (const auto* found = std::get_if<ShellResponse>(&body))
                events.emplace_back(ShellFound{draft.shell_id, listing_of(found->shell)});
            else
                on_failure(
                    draft,
                    detail::failure_of(
                        draft.operation, clixml::Error{Errc::UnexpectedBody, clixml::no_offset, ""}
                    )
                );
            return;
        case Operation::Delete:
            events.emplace_back(ShellDeleted{draft.shell_id});
            return;
        case Operation::Identify:
            events.emplace_back(ServiceIdentified{std::get<IdentifyResponse>(std::move(body))});
            return;
        case Operation::Enumerate:
        case Operation::Pull:
            return on_items(draft, std::get<EnumerateResponse>(body));
        case Operation::Create:
        case Operation::Command:
        case Operation::Send:
        case Operation::Receive:
        case Operation::Signal:
        case Operation::Disconnect:
        case Operation::Reconnect:
        case Operation::Connect:
            return; // never asked here
        }
    }

    void on_failure(const Draft& draft, Failure failure)
    {
        const bool is_gone = failure.error.code == make_error_code(Errc::ShellNotFound);
        std::string shell_id = draft.shell_id;
        if (is_gone && draft.operation == Operation::Get) {
            events.emplace_back(ShellFound{shell_id, std::nullopt});
            return;
        }
        if (is_gone && draft.operation == Operation::Delete) {
            events.emplace_back(ShellDeleted{shell_id});
            return;
        }
        if (const auto found = enumerations.find(draft.tag); found != enumerations.end()) {
            shell_id = found->second.shell_id;
            enumerations.erase(found);
        }
        events.emplace_back(QueryFailed{draft.operation, std::move(shell_id), std::move(failure)});
    }

    void on_items(const Draft& draft, const EnumerateResponse& page)
    {
        const auto found = enumerations.find(draft.tag);
        if (found == enumerations.end()) return;
        Enumeration& whole = found->second;
        for (const auto& shell : page.shells)
            whole.shells.push_back(listing_of(shell));
        for (const auto& command : page.commands)
            whole.commands.push_back(listing_of(command));
        const auto count = whole.shells.size() + whole.commands.size();
        // A page without anything and without an end would be pulled for ever.
        const bool is_stuck =
            draft.operation == Operation::Pull && page.shells.empty() && page.commands.empty();
        if (!page.is_end && !page.context.empty() && count < options.items_max && !is_stuck) {
            Draft next;
            next.operation = Operation::Pull;
            next.resource_uri = whole.resource_uri;
            next.body = PullBody{page.context, elements_max};
            next.tag = draft.tag;
            next.operation_id = draft.operation_id;
            next.sequence_id = draft.sequence_id + 1;
            book.add(std::move(next));
            return;
        }
        Enumeration done = std::move(whole);
        enumerations.erase(found);
        if (done.shell_id.empty())
            events.emplace_back(ShellsListed{std::move(done.shells)});
        else
            events.emplace_back(CommandsListed{std::move(done.shell_id), std::move(done.commands)});
    }

    ShellQueryOptions options;
    RequestBook book;
    std::uint64_t last_tag = 0;
    std::map<std::uint64_t, Enumeration> enumerations; // by tag
    std::deque<ShellQueryEvent> events;
};

ShellQuery::ShellQuery(const ShellQueryOptions& options, IdSource& ids)
    : impl_(std::make_unique<Impl>(options, ids))
{
}
ShellQuery::~ShellQuery() = default;
ShellQuery::ShellQuery(ShellQuery&&) noexcept = default;
ShellQuery& ShellQuery::operator=(ShellQuery&&) noexcept = default;

void ShellQuery::list_shells()
{
    impl_->enumerate({}, shell_resource);
}

void ShellQuery::list_commands(std::string_view shell_id)
{
    impl_->enumerate(shell_id, command_resource);
}

void ShellQuery::find_shell(std::string_view shell_id)
{
    impl_->ask(Operation::Get, shell_id, shell_resource);
}

void ShellQuery::delete_shell(std::string_view shell_id, std::string_view resource_uri)
{
    impl_->ask(Operation::Delete, shell_id, resource_uri);
}

void ShellQuery::identify()
{
    impl_->ask(Operation::Identify, {}, {});
}

std::optional<OutgoingRequest> ShellQuery::next_request()
{
    return impl_->book.next();
}

void ShellQuery::on_response(std::uint64_t id, const HttpAnswer& answer)
{
    if (auto taken = impl_->book.on_response(id, answer)) impl_->on_answer(*std::move(taken));
}

void ShellQuery::on_failure(std::uint64_t id, const clixml::Error& error, std::string reason)
{
    if (auto taken = impl_->book.on_failure(id, error, std::move(reason)))
        impl_->on_answer(*std::move(taken));
}

std::optional<ShellQueryEvent> ShellQuery::next_event()
{
    if (impl_->events.empty()) return std::nullopt;
    ShellQueryEvent event = std::move(impl_->events.front());
    impl_->events.pop_front();
    return event;
}

bool ShellQuery::is_finished() const
{
    return impl_->book.is_empty();
}

} // namespace psrp::wsman
