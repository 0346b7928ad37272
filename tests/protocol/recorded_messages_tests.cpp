#include <psrp/protocol/any_message.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace {

clixml::WriteOptions verbatim()
{
    clixml::WriteOptions options;
    options.writing = clixml::Writing::Verbatim;
    options.form = clixml::Form::Bare;
    options.layout = clixml::Layout::Compact;
    return options;
}

std::string payload_of(const psrp::Bytes& bytes)
{
    const auto message = psrp::read_message(bytes);
    REQUIRE(message);
    return std::string(message->text);
}

} // namespace

TEST_CASE("every recorded message decodes to its typed form and encodes to the same bytes")
{
    std::size_t count = 0;
    for (const auto& name : tests::conversation_names()) {
        for (const auto& recorded : tests::read_conversation(name)) {
            INFO(
                name << " " << psrp::message_type_row(recorded.type()).name << " "
                     << recorded.payload
            );
            const auto bytes = recorded.bytes();
            psrp::Arena arena;
            const tests::ExactBuffer buffer(bytes);
            const auto message = psrp::read_message(buffer.bytes());
            REQUIRE(message);
            clixml::ReadOptions options;
            options.reading = clixml::Reading::Lossless;
            const auto decoded = psrp::decode_any(*message, arena, options);
            if (!decoded) FAIL(decoded.error().text());
            CHECK(psrp::type_of(*decoded) == recorded.type());
            const auto value = psrp::encode_any(*decoded, arena);
            const auto again = psrp::write_message(message->header, value, verbatim());
            if (!again) FAIL(again.error().text());
            CHECK(payload_of(*again) == recorded.payload);
            CHECK(*again == bytes);
            ++count;
        }
    }
    CHECK(count >= 600);
}

// The messages that are all ours are written by us as PowerShell writes them, without any text to
// copy from.
TEST_CASE("messages without values of users are written as PowerShell serializes them")
{
    std::size_t count = 0;
    for (const auto& name : tests::conversation_names()) {
        for (const auto& recorded : tests::read_conversation(name)) {
            const auto type = recorded.type();
            const auto& row = psrp::message_type_row(type);
            // A bag that was read gets names of its own when it is serialized again, so values of
            // users are left out.
            const bool is_all_ours =
                row.scope == psrp::Scope::Session || type == psrp::MessageType::PipelineState ||
                type == psrp::MessageType::RunspacePoolState ||
                type == psrp::MessageType::ProgressRecord || row.name == "DEBUG_RECORD" ||
                row.name == "VERBOSE_RECORD" || row.name == "WARNING_RECORD";
            const bool has_exception = recorded.payload.find("Exception") != std::string::npos;
            if (!is_all_ours || has_exception) continue;
            INFO(name << " " << recorded.payload);
            const auto bytes = recorded.bytes();
            psrp::Arena arena;
            const auto message = psrp::read_message(bytes);
            REQUIRE(message);
            clixml::ReadOptions options;
            options.reading = clixml::Reading::Lossless;
            const auto decoded = psrp::decode_any(*message, arena, options);
            REQUIRE(decoded);
            const auto again = psrp::write_message(
                message->header, psrp::encode_any(*decoded, arena), clixml::message_options()
            );
            REQUIRE(again);
            CHECK(payload_of(*again) == recorded.payload);
            ++count;
        }
    }
    CHECK(count >= 200);
}
