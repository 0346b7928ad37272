#include <psrp/http/errors.hpp>
#include <psrp/http/multipart.hpp>

#include <catch2/catch.hpp>

using psrp::EncryptedContentType;
using psrp::EncryptionProtocol;
using psrp::HttpErrc;

namespace {

const std::string soap = "application/soap+xml;charset=UTF-8";

// "ok" or the code's text, then signature, ciphertext and length of each part.
std::string read(const std::string& body, const EncryptedContentType& type)
{
    const auto parts = psrp::read_encrypted_body(body, type);
    if (!parts)
        return parts.error().code == make_error_code(HttpErrc::MalformedMultipart) ? "!" : "?";
    std::string text;
    for (const auto& part : *parts) {
        text += "[" + std::string(part.signature) + "|" + std::string(part.ciphertext) + "|" +
                std::to_string(part.original_bytes) + "]";
    }
    return text;
}

EncryptedContentType spnego()
{
    return {EncryptionProtocol::Spnego, "Encrypted Boundary", false};
}

std::string pair(const std::string& dashes, const std::string& tab, const std::string& tail)
{
    return dashes + "Encrypted Boundary\r\n" + tab +
           "Content-Type: application/HTTP-SPNEGO-session-encrypted\r\n" + tab +
           "OriginalContent: type=" + soap + ";Length=3\r\n" + dashes + "Encrypted Boundary\r\n" +
           tab + "Content-Type: application/octet-stream\r\n" + std::string("\2\0\0\0", 4) +
           "SGxyz" + dashes + "Encrypted Boundary" + tail;
}

} // namespace

TEST_CASE("an encrypted body is read back as it was written")
{
    for (const auto protocol :
         {EncryptionProtocol::Spnego, EncryptionProtocol::Kerberos, EncryptionProtocol::CredSsp}) {
        const auto type = psrp::read_encrypted_content_type(psrp::encrypted_content_type(protocol));
        REQUIRE(type);
        CHECK(type->protocol == protocol);
        CHECK(type->boundary == "Encrypted Boundary");
        for (const std::string cipher :
             {"",
              "x",
              "--Encrypted Boundary--\r\n",
              "\r\n--Encrypted Boundary\r\n",
              "--",
              "\r\n"}) {
            const std::string body = psrp::write_encrypted_body(
                protocol, soap, cipher.size(), "0123456789abcdef", cipher
            );
            CHECK(
                read(body, *type) ==
                "[0123456789abcdef|" + cipher + "|" + std::to_string(cipher.size()) + "]"
            );
        }
    }
}

TEST_CASE("the body has the form that Windows sends")
{
    CHECK(
        psrp::write_encrypted_body(EncryptionProtocol::Spnego, soap, 3, "SG", "xyz") ==
        pair("--", "\t", "--\r\n")
    );
    CHECK(
        psrp::encrypted_content_type(EncryptionProtocol::Spnego) ==
        "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";"
        "boundary=\"Encrypted Boundary\""
    );
}

TEST_CASE("forms of other servers are read")
{
    const std::string expected = "[SG|xyz|3]";
    CHECK(read(pair("--", "\t", "--\r\n"), spnego()) == expected);
    CHECK(read(pair("--", "", "--\r\n\r\n"), spnego()) == expected); // OMI
    CHECK(read(pair("--", "  ", "--"), spnego()) == expected);
    CHECK(read(pair("-- ", "\t", "--\r\n"), spnego()) == expected); // Exchange
    std::string lower = pair("--", "\t", "--\r\n");
    lower.replace(lower.find("Length="), 7, "length=");
    lower.replace(lower.find("OriginalContent"), 15, "originalcontent");
    lower.replace(lower.rfind("Encrypted Boundary"), 18, "ENCRYPTED boundary");
    CHECK(read(lower, spnego()) == expected);
}

TEST_CASE("several messages of one body are told apart")
{
    const std::string one = pair("--", "\t", "");
    const std::string body = one.substr(0, one.size() - 20) + pair("--", "\t", "--\r\n");
    auto type = spnego();
    type.has_several_messages = true;
    CHECK(read(body, type) == "[SG|xyz|3][SG|xyz|3]");
}

TEST_CASE("every prefix of an encrypted body is malformed")
{
    const std::string body = pair("--", "\t", "--");
    for (std::size_t size = 0; size < body.size(); ++size)
        CHECK(read(body.substr(0, size), spnego()) == "!");
}

TEST_CASE("broken bodies are refused")
{
    const std::string good = pair("--", "\t", "--\r\n");
    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string body = good;
        body.replace(body.find(from), from.size(), to);
        return read(body, spnego());
    };
    CHECK(changed("Length=3", "Length=") == "!");
    CHECK(changed("Length=3", "Length=-3") == "!");
    CHECK(changed("Length=3", "Length=99999999999999999999") == "!");
    CHECK(changed("OriginalContent", "Original") == "!");
    CHECK(changed("SPNEGO", "Kerberos") == "!");
    CHECK(changed("octet-stream", "soap") == "!");
    CHECK(changed(std::string("\2\0\0\0", 4), std::string("\6\0\0\0", 4)) == "!");
    CHECK(changed(std::string("\2\0\0\0", 4), "\xff\xff\xff\xff") == "!");
    CHECK(changed(std::string("\2\0\0\0", 4), std::string("\5\0\0\0", 4)) == "[SGxyz||3]");
}

TEST_CASE("limits of an encrypted body hold at N and N + 1")
{
    const std::string body = pair("--", "\t", "--\r\n");
    psrp::MultipartLimits limits;
    limits.body_bytes_max = body.size();
    CHECK(psrp::read_encrypted_body(body, spnego(), limits));
    limits.body_bytes_max = body.size() - 1;
    CHECK_FALSE(psrp::read_encrypted_body(body, spnego(), limits));
    const std::string type = psrp::encrypted_content_type(EncryptionProtocol::Spnego);
    limits.boundary_bytes_max = 18;
    CHECK(psrp::read_encrypted_content_type(type, limits));
    limits.boundary_bytes_max = 17;
    CHECK_FALSE(psrp::read_encrypted_content_type(type, limits));
}

TEST_CASE("content types of encrypted bodies are read in every spelling")
{
    const std::string protocol = "application/HTTP-Kerberos-session-encrypted";
    for (const std::string& type : {
             "multipart/encrypted;protocol=\"" + protocol + "\";boundary=\"B\"",
             "Multipart/Encrypted; BOUNDARY=\"B\"; Protocol=\"" + protocol + "\"",
             "multipart/encrypted ; boundary=B ; protocol=" + protocol,
             "multipart/encrypted;x;boundary=B;protocol=" + protocol,
         }) {
        const auto read = psrp::read_encrypted_content_type(type);
        INFO(type);
        REQUIRE(read);
        CHECK(read->protocol == EncryptionProtocol::Kerberos);
        CHECK(read->boundary == "B");
        CHECK_FALSE(read->has_several_messages);
    }
    const auto several = psrp::read_encrypted_content_type(
        "multipart/x-multi-encrypted;protocol=application/HTTP-CredSSP-session-encrypted;boundary=B"
    );
    REQUIRE(several);
    CHECK(several->has_several_messages);
    for (const char* type :
         {"text/xml",
          "",
          "multipart/encrypted",
          "multipart/encrypted;boundary=B",
          "multipart/encrypted;protocol=x;boundary=B",
          "multipart/encrypted;protocol=application/HTTP-SPNEGO-session-encrypted",
          "multipart/encrypted;boundary=\"B;protocol=application/HTTP-SPNEGO-session-encrypted"}) {
        CHECK_FALSE(psrp::read_encrypted_content_type(type));
    }
}
