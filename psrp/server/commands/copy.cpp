// Send-PsrpItem and Receive-PsrpItem: this endpoint's side of `psrp copy` (psrp/copy/README.md). A
// real PowerShell gets a script that does the same instead.
#include <psrp/copy/errors.hpp>
#include <psrp/copy/tree_receiver.hpp>
#include <psrp/copy/tree_sender.hpp>
#include <psrp/server/commands/standard.hpp>

#include <optional>

namespace psrp::server {

namespace {

Result<void> fail_copy(CommandContext& context, const clixml::Error& error)
{
    Failure failure = runtime_failure(
        error.text(),
        "psrp.CopyFailed," + context.definition().type_name,
        ErrorCategory::InvalidData
    );
    failure.exception_type = "System.IO.IOException";
    return context.fail(std::move(failure));
}

// The bytes of an input object; an error record where it is something else.
Result<clixml::BytesView> bytes_of_input(CommandContext& context, Value input)
{
    if (auto bytes = input.unwrapped().as<clixml::BytesView>()) return *bytes;
    PSRP_CHECK(fail_copy(
        context, {copy::CopyErrc::BadFrame, clixml::no_offset, "expected objects of type byte[]"}
    ));
    return clixml::BytesView();
}

class SendItem final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        PSRP_TRY(const auto chunk, bytes_of_input(context, input));
        const auto taken = haves_.take(chunk);
        return taken ? Result<void>() : fail_copy(context, taken.error());
    }

    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        std::vector<copy::SentSource> sources;
        for (const std::string& path : arguments.texts("Path"))
            sources.push_back({context.session().resolve(path), {}});
        copy::SendOptions options;
        options.follows_links = arguments.flag("FollowLinks");
        options.lists_only = arguments.flag("List");
        options.haves = &haves_;
        copy::TreeSender sender(std::move(sources), options);
        while (const auto chunk = sender.next_chunk()) {
            PSRP_CHECK(context.check_stop());
            PSRP_CHECK(context.emit(Value::bytes(*chunk)));
            context.forget_values();
        }
        return {};
    }

private:
    copy::HaveList haves_;
};

class ReceiveItem final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        PSRP_TRY(const auto chunk, bytes_of_input(context, input));
        if (!receiver_) {
            const Arguments& arguments = context.arguments();
            copy::ReceiveOptions options;
            options.destination = context.session().resolve(arguments.text("Destination"));
            options.is_folder = arguments.flag("Folder");
            options.surveys = arguments.flag("Survey");
            receiver_.emplace(std::move(options));
        }
        const auto taken = receiver_->take(chunk);
        consumed_ += chunk.size();
        copy::Bytes answers = receiver_->take_answers();
        copy::write_consumed(consumed_, answers);
        PSRP_CHECK(context.emit(Value::bytes(answers)));
        return taken ? Result<void>() : fail_copy(context, taken.error());
    }

    Result<void> end(CommandContext& context) override
    {
        if (receiver_ && receiver_->is_finished()) return {};
        return fail_copy(context, {copy::CopyErrc::StreamCut, clixml::no_offset, ""});
    }

private:
    std::optional<copy::TreeReceiver> receiver_;
    std::uint64_t consumed_ = 0;
};

} // namespace

void add_copy_commands(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<SendItem>(
            "Send-PsrpItem",
            "SendPsrpItemCommand",
            {{"Path", Type::TextList, 0, true, false, {}},
             {"FollowLinks", Type::Switch, -1, false, false, {}},
             {"List", Type::Switch, -1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<ReceiveItem>(
            "Receive-PsrpItem",
            "ReceivePsrpItemCommand",
            {{"Destination", Type::Text, 0, true, false, {}},
             {"Folder", Type::Switch, -1, false, false, {}},
             {"Survey", Type::Switch, -1, false, false, {}}},
            {},
            true
        )
    );
}

} // namespace psrp::server
