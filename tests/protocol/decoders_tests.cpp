// Every decoder on broken bytes: errors, never more.
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <random>

namespace {

// The shortest recorded message with data of each type.
std::map<psrp::MessageType, psrp::Bytes> samples()
{
    std::map<psrp::MessageType, psrp::Bytes> samples;
    for (const auto& name : tests::conversation_names()) {
        for (const auto& recorded : tests::read_conversation(name)) {
            auto bytes = recorded.bytes();
            auto& kept = samples[recorded.type()];
            if (kept.empty() || bytes.size() < kept.size()) kept = std::move(bytes);
        }
    }
    return samples;
}

} // namespace

TEST_CASE("every prefix of a message of every recorded type is an error with an offset")
{
    for (const auto& [type, bytes] : samples()) {
        const auto& row = psrp::message_type_row(type);
        if (row.payload == psrp::Payload::Empty) continue;
        INFO(row.name);
        const std::size_t step = bytes.size() > 1500 ? 7 : 1;
        for (std::size_t size = 0; size < bytes.size(); size += step) {
            const tests::ExactBuffer buffer(psrp::BytesView(bytes).first(size));
            const auto message = psrp::read_message(buffer.bytes());
            if (size < psrp::message_header_bytes) {
                REQUIRE_FALSE(message);
                continue;
            }
            REQUIRE(message);
            // Without data at all such a message is a null object, which is good.
            if (size == psrp::message_header_bytes && row.payload == psrp::Payload::AnyValue)
                continue;
            psrp::Arena arena;
            const auto decoded = psrp::decode_any(*message, arena, {});
            INFO(size);
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error().offset != clixml::no_offset);
        }
    }
}

TEST_CASE("messages with flipped bytes decode or fail, and what decodes can be encoded")
{
    std::mt19937 engine(3);
    std::size_t failures = 0;
    for (const auto& [type, bytes] : samples()) {
        INFO(psrp::message_type_row(type).name);
        for (int round = 0; round < 200; ++round) {
            auto broken = bytes;
            for (int flips = 0; flips < 3; ++flips)
                broken[engine() % broken.size()] = static_cast<std::uint8_t>(engine());
            const tests::ExactBuffer buffer(broken);
            const auto message = psrp::read_message(buffer.bytes());
            REQUIRE(message);
            psrp::Arena arena;
            const auto decoded = psrp::decode_any(*message, arena, {});
            if (!decoded) {
                ++failures;
                CHECK(decoded.error().code);
                continue;
            }
            (void)psrp::write_message(
                message->header, psrp::encode_any(*decoded, arena), clixml::message_options()
            );
        }
    }
    CHECK(failures > 1000);
}

TEST_CASE("every message type refuses data of another form")
{
    for (const auto& row : psrp::message_types()) {
        if (row.payload != psrp::Payload::Required) continue;
        for (const char* text : {"<I32>1</I32>", "<Obj RefId=\"0\"><MS /></Obj>", "<Nil />", ""}) {
            const auto bytes = tests::message_bytes(
                psrp::Destination::Client, static_cast<std::uint32_t>(row.type), {}, {}, text
            );
            const auto message = psrp::read_message(bytes);
            REQUIRE(message);
            psrp::Arena arena;
            INFO(row.name << " " << text);
            // These two take anything: one says nothing, the other only optional things.
            const std::string_view data(text);
            const bool is_value = !data.empty() && data != "<Nil />";
            const bool takes_any =
                (row.type == psrp::MessageType::PublicKeyRequest && is_value) ||
                (row.type == psrp::MessageType::ConnectRunspacePool && data.starts_with("<Obj"));
            CHECK(psrp::decode_any(*message, arena, {}).has_value() == takes_any);
        }
    }
}

TEST_CASE("unknown message types are refused by name")
{
    const auto bytes =
        tests::message_bytes(psrp::Destination::Client, 0x00041013, {}, {}, "<S>x</S>");
    const auto message = psrp::read_message(bytes);
    REQUIRE(message);
    psrp::Arena arena;
    const auto decoded = psrp::decode_any(*message, arena, {});
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == psrp::Errc::UnknownMessageType);
}
