// The messages of CredSSP in DER (fact sheet transports C6).
#include <psrp/http/errors.hpp>
#include <psrp/http/ts_request.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using psrp::Bytes;
using psrp::BytesView;
using psrp::HttpErrc;
using psrp::TsRequest;
using tests::ExactBuffer;

namespace {

// "30 05 a0 03 02 01 06" as bytes.
Bytes bytes_of_hex(const std::string& text)
{
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 3)
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    return bytes;
}

bool is_same(const TsRequest& a, const TsRequest& b)
{
    return a.version == b.version && a.tokens == b.tokens && a.credentials == b.credentials &&
           a.binding == b.binding && a.error == b.error && a.nonce == b.nonce;
}

TsRequest whole_request()
{
    return {6, {{1, 2, 3}, Bytes(300, 4)}, {5}, Bytes(70000, 6), 0xc000006d, Bytes(32, 7)};
}

} // namespace

TEST_CASE("requests are written as DER says, and read again")
{
    CHECK(psrp::write_ts_request({6, {}, {}, {}, {}, {}}) == bytes_of_hex("30 05 a0 03 02 01 06"));
    CHECK(
        psrp::write_ts_request({2, {{0xab}}, {}, {}, {}, {}}) ==
        bytes_of_hex("30 10 a0 03 02 01 02 a1 09 30 07 30 05 a0 03 04 01 ab")
    );
    CHECK(
        psrp::write_ts_request({6, {}, {}, {}, 0xc000006d, {}}) ==
        bytes_of_hex("30 0e a0 03 02 01 06 a4 07 02 05 00 c0 00 00 6d")
    );
    const auto request = whole_request();
    const Bytes bytes = psrp::write_ts_request(request);
    const auto again = psrp::read_ts_request(ExactBuffer(BytesView(bytes)).bytes());
    REQUIRE(again);
    CHECK(is_same(*again, request));
    // An NTSTATUS as the negative number that it is to Windows.
    const auto negative =
        psrp::read_ts_request(bytes_of_hex("30 0d a0 03 02 01 06 a4 06 02 04 c0 00 00 6d"));
    REQUIRE(negative);
    CHECK(negative->error == 0xc000006d);
    // What later versions may add behind.
    const auto later = psrp::read_ts_request(bytes_of_hex("30 0a a0 03 02 01 07 a6 03 02 01 00"));
    REQUIRE(later);
    CHECK(later->version == 7);
}

TEST_CASE("no prefix of a request is one, and none is read over its end")
{
    auto request = whole_request();
    request.binding = Bytes(200, 6);
    const Bytes bytes = psrp::write_ts_request(request);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const ExactBuffer prefix(BytesView(bytes).first(size));
        const auto read = psrp::read_ts_request(prefix.bytes());
        REQUIRE_FALSE(read);
        CHECK(read.error() == HttpErrc::MalformedCredSsp);
        const auto whole = psrp::ts_request_bytes(prefix.bytes());
        REQUIRE(whole);
        if (*whole) CHECK(**whole == bytes.size());
    }
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(psrp::read_ts_request(longer));
}

TEST_CASE("what is no request is refused")
{
    for (const char* text : {
             "31 05 a0 03 02 01 06",                               // a set
             "30 80 a0 03 02 01 06 00 00",                         // an indefinite length
             "30 81 05 a0 03 02 01 06",                            // a length longer than needed
             "30 82 00 05 a0 03 02 01 06",                         //
             "30 85 00 00 00 00 05 a0 03 02 01 06",                // of more than 32 bits
             "30 00",                                              // no version
             "30 05 a0 03 04 01 06",                               // a version that is no number
             "30 04 a0 02 02 00",                                  // an empty one
             "30 0a a0 08 02 06 01 00 00 00 00 00",                // one of 48 bits
             "30 06 a0 04 02 01 06 00",                            // something behind it
             "30 0a a0 03 02 01 06 a0 03 02 01 06",                // a version twice
             "30 09 a0 03 02 01 06 a3 02 04 00",                   // an empty proof
             "30 0f a0 03 02 01 06 a3 03 04 01 01 a2 03 04 01 01", // out of order
             "30 08 a0 03 02 01 06 a1 01 30",                      // a list cut short
         }) {
        INFO(text);
        const Bytes bytes = bytes_of_hex(text);
        const auto read = psrp::read_ts_request(ExactBuffer(BytesView(bytes)).bytes());
        REQUIRE_FALSE(read);
        CHECK(read.error() == HttpErrc::MalformedCredSsp);
    }
}

TEST_CASE("limits of requests hold at their number and not one above")
{
    const TsRequest request{6, {{1}, {2}, {3}}, {}, {}, {}, {}};
    const Bytes bytes = psrp::write_ts_request(request);
    CHECK(psrp::read_ts_request(bytes, {bytes.size() - 2, 3}));
    CHECK_FALSE(psrp::read_ts_request(bytes, {bytes.size() - 3, 3}));
    CHECK_FALSE(psrp::read_ts_request(bytes, {bytes.size() - 2, 2}));
    // Refused by its announced length, before the bytes are there.
    CHECK_FALSE(psrp::ts_request_bytes(bytes_of_hex("30 83 10 00 00")));
}

TEST_CASE("credentials are written and read again, in UTF-16")
{
    const psrp::TsPassword password{"DOMAIN", "m\xc3\xbcller", "p\xf0\x9f\x94\x91w"};
    const Bytes bytes = psrp::write_ts_credentials(password);
    const auto again = psrp::read_ts_credentials(ExactBuffer(BytesView(bytes)).bytes());
    REQUIRE(again);
    CHECK(again->domain == password.domain);
    CHECK(again->user == password.user);
    CHECK(again->password == password.password);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(psrp::read_ts_credentials(ExactBuffer(BytesView(bytes).first(size)).bytes()));
    // A smart card's.
    CHECK_FALSE(psrp::read_ts_credentials(bytes_of_hex("30 0b a0 03 02 01 02 a1 04 04 02 30 00")));
}
