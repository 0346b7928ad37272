// SecureString and PSCredential through a cipher (fact sheet clixml 2.8, 6.7).
#include <clixml/secret.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

TEST_CASE("a credential is written as PowerShell writes it, and read again")
{
    Arena arena;
    const SecretCipher& cipher = hexadecimal_secrets();
    const auto credential = make_credential(arena, {"u", "ab\xE2\x82\xAC"}, cipher);
    REQUIRE(credential);
    const std::string written = tests::serialized(*credential);
    CHECK(
        written ==
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.PSCredential</T>"
        "<T>System.Object</T></TN><ToString>System.Management.Automation.PSCredential</ToString>"
        "<Props><S N=\"UserName\">u</S><SS N=\"Password\">61006200ac20</SS></Props></Obj>"
    );
    const tests::ReadText read(written, tests::bare_options());
    const auto again = read_credential(read.value(), cipher);
    REQUIRE(again);
    CHECK(again->user_name == "u");
    CHECK(again->password == "ab\xE2\x82\xAC");
    CHECK(rehydrated_type(*read.value().object()) == "System.Management.Automation.PSCredential");
    // At depth 0 it is still written in full (clixml 4.2).
    Object* holder = make_live(arena, {"A"}, "a");
    holder->set_adapted(arena, "c", Value::object(*credential));
    CHECK(tests::serialized(holder).find("<SS N=\"Password\">") != std::string::npos);
}

TEST_CASE("the empty credential has neither name nor password")
{
    Arena arena;
    const auto credential = make_credential(arena, {}, hexadecimal_secrets());
    REQUIRE(credential);
    CHECK((*credential)->get("UserName").is_nil());
    const auto again = read_credential(Value::object(*credential), hexadecimal_secrets());
    REQUIRE(again);
    CHECK(again->user_name.empty());
}

TEST_CASE("what is no credential or secret is refused")
{
    Arena arena;
    const SecretCipher& cipher = hexadecimal_secrets();
    const auto code_of = [](const auto& result) { return result.error().code; };
    CHECK(code_of(read_credential(Value::int32(1), cipher)) == Errc::NotConvertible);
    CHECK(
        code_of(read_credential(Value::object(make_custom_object(arena)), cipher)) ==
        Errc::NotConvertible
    );
    Object* bare = make_live(arena, {"System.Management.Automation.PSCredential"}, "");
    CHECK(code_of(read_credential(Value::object(bare), cipher)) == Errc::NotConvertible);
    bare->set_adapted(arena, "UserName", Value::string("u"));
    bare->set_adapted(arena, "Password", Value::string("p"));
    CHECK(code_of(read_credential(Value::object(bare), cipher)) == Errc::NotConvertible);
    bare->set_adapted(arena, "Password", Value::secure_string("6100zz00"));
    CHECK(code_of(read_credential(Value::object(bare), cipher)) == Errc::InvalidSecret);
    CHECK(code_of(read_secure_string(Value::string("6100"), cipher)) == Errc::NotConvertible);
    CHECK(*read_secure_string(Value::secure_string("6100"), cipher) == "a");
}
