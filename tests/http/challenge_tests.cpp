#include <clixml/bytes.hpp>
#include <psrp/http/challenge.hpp>
#include <psrp/http/channel_binding.hpp>

#include <catch2/catch.hpp>

#include <iomanip>
#include <sstream>

namespace {

std::string shown(std::string_view header)
{
    std::string text;
    for (const auto& challenge : psrp::read_challenges(header)) {
        text += "[" + std::string(challenge.scheme) + "|" + std::string(challenge.rest) + "]";
    }
    return text;
}

} // namespace

TEST_CASE("challenges are told apart in one header")
{
    CHECK(shown("Negotiate") == "[Negotiate|]");
    CHECK(
        shown("Negotiate, Kerberos,Basic realm=\"WSMAN\"") ==
        "[Negotiate|][Kerberos|][Basic|realm=\"WSMAN\"]"
    );
    CHECK(
        shown("Negotiate YWJj==, basic realm=\"a, b\"") ==
        "[Negotiate|YWJj==][basic|realm=\"a, b\"]"
    );
    CHECK(
        shown("Digest realm=\"x\", nonce=\"a\\\",b\", Basic realm=\"y\"") ==
        "[Digest|realm=\"x\", nonce=\"a\\\",b\"][Basic|realm=\"y\"]"
    );
    CHECK(
        shown("http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual") ==
        "[http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual|]"
    );
    CHECK(shown("") == "");
    CHECK(shown(" , ,") == "");
    CHECK(shown("realm=\"x\"") == "");
}

TEST_CASE("Basic carries users and passwords with any character but a colon in the user")
{
    CHECK(psrp::write_basic("user", "pa:ss") == "Basic dXNlcjpwYTpzcw==");
    const auto login = psrp::read_basic("dXNlcjpwYTpzcw==");
    REQUIRE(login);
    CHECK(login->user == "user");
    CHECK(login->password == "pa:ss");
    CHECK_FALSE(psrp::read_basic("dXNlcg=="));
    CHECK_FALSE(psrp::read_basic("!"));
}

TEST_CASE("the binding to a certificate is that of RFC 5929")
{
    // No certificate at all is hashed with SHA-256 (fact sheet transports C3).
    const auto binding = psrp::server_end_point(clixml::bytes_of("cert"));
    CHECK(binding.size() == 53);
    std::ostringstream hex;
    for (std::size_t i = 21; i < binding.size(); ++i)
        hex << std::hex << std::setw(2) << std::setfill('0') << int{binding[i]};
    CHECK(hex.str().substr(0, 8) == "06298432");
    CHECK(hex.str().substr(56) == "c3190e22");
    CHECK(clixml::text_of(binding).substr(0, 21) == "tls-server-end-point:");
}
