#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/message.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

namespace {

// RUNSPACEPOOL_STATE Opened of pool 11223344-5566-7788-99aa-bbccddeeff00, written by hand from the
// specification.
psrp::Bytes opened_message()
{
    const std::uint8_t header[] = {0x01, 0x00, 0x00, 0x00, 0x05, 0x10, 0x02, 0x00,
                                   0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77,
                                   0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00};
    psrp::Bytes bytes(std::begin(header), std::end(header));
    bytes.resize(40, 0);
    const std::string text = "\xEF\xBB\xBF" + std::string(tests::opened_payload);
    bytes.insert(bytes.end(), text.begin(), text.end());
    return bytes;
}

} // namespace

TEST_CASE("a message header is read field by field")
{
    const tests::ExactBuffer buffer(opened_message());
    const auto message = psrp::read_message(buffer.bytes());
    REQUIRE(message);
    CHECK(message->header.destination == 1);
    CHECK(message->header.type == 0x00021005);
    CHECK(message->header.runspace_pool_id.text() == "11223344-5566-7788-99aa-bbccddeeff00");
    CHECK(message->header.pipeline_id.is_zero());
    CHECK(message->has_byte_order_mark);
    CHECK(message->text == tests::opened_payload);
}

TEST_CASE("a message is written with a byte order mark, as PowerShell does")
{
    clixml::Arena arena;
    const auto value =
        psrp::encode_runspace_pool_state({psrp::RunspacePoolState::Opened, std::nullopt}, arena);
    const psrp::MessageHeader header{
        1, 0x00021005, tests::guid("11223344-5566-7788-99aa-bbccddeeff00"), {}};
    const auto bytes = psrp::write_message(header, value, clixml::message_options());
    REQUIRE(bytes);
    CHECK(*bytes == opened_message());
    CHECK(bytes->size() == 103);
}

TEST_CASE("a message without a value is its header alone")
{
    const psrp::MessageHeader header{
        2,
        0x00041003,
        tests::guid("11223344-5566-7788-99aa-bbccddeeff00"),
        tests::guid("aabbccdd-0011-2233-4455-66778899aabb")};
    const auto bytes = psrp::write_message(header, {}, clixml::message_options());
    REQUIRE(bytes);
    CHECK(bytes->size() == psrp::message_header_bytes);
    const auto message = psrp::read_message(*bytes);
    REQUIRE(message);
    CHECK(message->header == header);
    CHECK(message->text.empty());
    CHECK_FALSE(message->has_byte_order_mark);
}

TEST_CASE("every prefix of a message header is MessageTooShort at its end")
{
    const auto whole = opened_message();
    for (std::size_t size = 0; size < psrp::message_header_bytes; ++size) {
        const tests::ExactBuffer buffer(psrp::BytesView(whole).first(size));
        const auto message = psrp::read_message(buffer.bytes());
        REQUIRE_FALSE(message);
        CHECK(message.error().code == psrp::Errc::MessageTooShort);
        CHECK(message.error().offset == size);
    }
}

TEST_CASE("every prefix of a message's text is an error inside it")
{
    const auto whole = opened_message();
    for (std::size_t size = psrp::message_header_bytes; size < whole.size(); ++size) {
        const tests::ExactBuffer buffer(psrp::BytesView(whole).first(size));
        const auto message = psrp::read_message(buffer.bytes());
        REQUIRE(message);
        psrp::Arena arena;
        const auto decoded = psrp::decode_any(*message, arena, {});
        INFO(size);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().offset != clixml::no_offset);
    }
}

TEST_CASE("one byte behind a message's text is an error unless it is white space")
{
    for (const char extra : {'x', '<', '\0', '\xFF', ' '}) {
        auto bytes = opened_message();
        bytes.push_back(static_cast<std::uint8_t>(extra));
        const tests::ExactBuffer buffer(bytes);
        const auto message = psrp::read_message(buffer.bytes());
        REQUIRE(message);
        psrp::Arena arena;
        INFO(static_cast<int>(extra));
        CHECK(psrp::decode_any(*message, arena, {}).has_value() == (extra == ' '));
    }
}

TEST_CASE("a byte order mark may be absent but not stand twice or alone")
{
    struct Case {
        std::string text;
        bool is_good;
    };
    const std::string mark = "\xEF\xBB\xBF";
    const std::string payload(tests::opened_payload);
    for (const auto& row :
         {Case{payload, true},
          Case{mark + payload, true},
          Case{mark + mark + payload, false},
          Case{mark, false}}) {
        auto bytes = opened_message();
        bytes.resize(psrp::message_header_bytes);
        bytes.insert(bytes.end(), row.text.begin(), row.text.end());
        const auto message = psrp::read_message(bytes);
        REQUIRE(message);
        psrp::Arena arena;
        INFO(row.text);
        CHECK(psrp::decode_any(*message, arena, {}).has_value() == row.is_good);
    }
}

TEST_CASE("a destination is met by its own bit alone")
{
    using psrp::Destination;
    CHECK(psrp::MessageHeader{3, 0, {}, {}}.is_for(Destination::Client));
    CHECK(psrp::MessageHeader{3, 0, {}, {}}.is_for(Destination::Server));
    CHECK_FALSE(psrp::MessageHeader{4, 0, {}, {}}.is_for(Destination::Client));
    CHECK_FALSE(psrp::MessageHeader{1, 0, {}, {}}.is_for(Destination::Server));
}
