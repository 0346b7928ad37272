// The ciphers and key blobs of the session key exchange (fact sheet psrp 11, 19).
#include <clixml/base64.hpp>
#include <clixml/utf.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/session_key.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/protocol/test_keys.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <numeric>
#include <string>
#include <vector>

namespace {

using psrp::Errc;

psrp::SessionKey counting_key()
{
    std::array<std::uint8_t, psrp::session_key_bytes> bytes{};
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return psrp::SessionKey(bytes);
}

std::string hex(std::string_view base64)
{
    const auto bytes = clixml::read_base64(base64);
    REQUIRE(bytes);
    std::string text;
    for (const auto byte : *bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

psrp::Bytes decoded(std::string_view base64)
{
    const auto bytes = clixml::read_base64(base64);
    REQUIRE(bytes);
    return *bytes;
}

std::string encoded(const psrp::Bytes& bytes)
{
    std::string text;
    clixml::append_base64(bytes, text);
    return text;
}

} // namespace

TEST_CASE("secrets under the session key have the bytes of the fact sheet, and come back")
{
    struct Row {
        const char* text;
        const char* encrypted; // empty: only the way back counts
    };
    const psrp::SessionKeySecrets secrets(counting_key());
    for (const auto& row : {
             Row{"abc", "a6d808e28fa17ede4eb0f0c015343a4b"},
             Row{"", "9f3b7504926f8bd36e3118e903a4cd4a"},
             Row{"exactly8", ""}, // a block, and one of padding
             Row{"a longer secret with \xC3\xA9 and \xF0\x9F\x98\x80", ""},
         }) {
        INFO(row.text);
        const auto clear = clixml::utf16le_from_utf8(row.text);
        const auto encrypted = secrets.encrypt(clear);
        REQUIRE(encrypted);
        if (*row.encrypted != '\0') CHECK(hex(*encrypted) == row.encrypted);
        CHECK(decoded(*encrypted).size() == (clear.size() / 16 + 1) * 16);
        const auto back = secrets.decrypt(*encrypted);
        REQUIRE(back);
        CHECK(*back == clear);
    }
    CHECK(secrets.encrypt("odd").error().code == Errc::InvalidArgument);
}

TEST_CASE("what is not under the session key is an InvalidSecret")
{
    const psrp::SessionKeySecrets secrets(counting_key());
    const psrp::SessionKeySecrets others{psrp::SessionKey{}};
    const auto foreign = others.encrypt(clixml::utf16le_from_utf8("abc"));
    REQUIRE(foreign);
    for (const std::string& text : std::vector<std::string>{
             "",
             "ptgI4o+hft5OsPDAFTQ6",
             "YQBiAGMA",
             "not base64!",
             "ptgI4o+hft5OsPDAFTQ6SwAA",
             *foreign}) {
        INFO(text);
        const auto clear = secrets.decrypt(text);
        REQUIRE_FALSE(clear);
        CHECK(clear.error().code == Errc::InvalidSecret);
    }
}

TEST_CASE("a key that was moved from is wiped")
{
    psrp::SessionKey key = counting_key();
    const psrp::SessionKey taken = std::move(key);
    for (const auto byte : key.bytes()) // NOLINT(bugprone-use-after-move): that is the question
        CHECK(byte == 0);
    CHECK(taken.bytes()[31] == 31);
}

TEST_CASE("a public key blob has CryptoAPI's layout")
{
    for (const int bits : {1024, 2048, 4096}) {
        const auto blob = tests::rsa_key(bits).public_blob();
        REQUIRE(blob);
        const auto bytes = decoded(*blob);
        REQUIRE(bytes.size() == 20U + static_cast<std::size_t>(bits) / 8);
        const auto header = encoded(psrp::Bytes(bytes.begin(), bytes.begin() + 20));
        CHECK(hex(header).substr(0, 24) == "0602000000a4000052534131");
        CHECK(
            clixml::load_le<std::uint32_t>(bytes.data() + 12) == static_cast<std::uint32_t>(bits)
        );
        CHECK(clixml::load_le<std::uint32_t>(bytes.data() + 16) == 65537);
        CHECK(bytes.back() >= 0x80); // the highest byte of the modulus stands last
    }
    CHECK(tests::rsa_key(2048).public_blob()->size() == 368);
}

TEST_CASE("a session key goes through the exchange")
{
    for (const int bits : {1024, 2048, 4096}) {
        const auto pair = tests::rsa_key(bits);
        tests::TestKeys source;
        const auto blob = psrp::encrypt_session_key(counting_key(), *pair.public_blob(), source);
        REQUIRE(blob);
        const auto bytes = decoded(*blob);
        CHECK(bytes.size() == 12U + static_cast<std::size_t>(bits) / 8);
        CHECK(hex(*blob).substr(0, 24) == "010200001066000000a40000");
        const auto key = pair.decrypt(*blob);
        REQUIRE(key);
        CHECK(std::equal(key->bytes().begin(), key->bytes().end(), counting_key().bytes().begin()));
        // Only the length of the header counts.
        auto other_header = bytes;
        std::fill(other_header.begin(), other_header.begin() + 12, std::uint8_t{0xFF});
        CHECK(pair.decrypt(encoded(other_header)));
    }
}

TEST_CASE("public keys are taken and refused as PowerShell does")
{
    struct Row {
        const char* name;
        std::size_t at; // of the byte that is changed
        std::uint8_t value;
        std::ptrdiff_t more; // bytes added at the end, or taken away
        bool is_taken;
    };
    const auto good = decoded(*tests::rsa_key(2048).public_blob());
    for (const auto& row : {
             Row{"as it is", 0, 0x06, 0, true},
             Row{"another type", 0, 0x07, 0, false},
             Row{"another version", 1, 0x03, 0, false},
             Row{"reserved byte set", 2, 0x01, 0, false},
             Row{"another algorithm", 5, 0x24, 0, true},
             Row{"RSA2", 11, '2', 0, false},
             Row{"fourth byte of the exponent", 19, 0x01, 0, true},
             Row{"bytes behind it", 0, 0x06, 7, true},
             Row{"one byte short", 0, 0x06, -1, false},
             Row{"only a header", 0, 0x06, -256, false},
             Row{"shorter than a header", 0, 0x06, -260, false},
             Row{"bits that are no bytes", 12, 0x01, 0, false},
             Row{"a length of 256 MiB", 15, 0x7F, 0, false},
             Row{"an even modulus", 20, 0x00, 0, false},
             Row{"a modulus with a zero above", 275, 0x00, 0, false},
         }) {
        INFO(row.name);
        auto bytes = good;
        bytes[row.at] = row.value;
        bytes.resize(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(bytes.size()) + row.more)
        );
        tests::TestKeys source;
        const auto blob = psrp::encrypt_session_key(counting_key(), encoded(bytes), source);
        CHECK(blob.has_value() == row.is_taken);
        if (!blob) CHECK(blob.error().code == Errc::InvalidPublicKey);
    }
    tests::TestKeys source;
    for (const char* text : {"", "????", "AAAA"}) {
        const auto blob = psrp::encrypt_session_key(counting_key(), text, source);
        REQUIRE_FALSE(blob);
        CHECK(blob.error().code == Errc::InvalidPublicKey);
    }
    source.is_broken = true;
    CHECK(
        psrp::encrypt_session_key(counting_key(), encoded(good), source).error().code ==
        Errc::KeyGenerationFailed
    );
}

TEST_CASE("every prefix of an encrypted session key is an InvalidSessionKey")
{
    const auto pair = tests::rsa_key(1024);
    tests::TestKeys source;
    const auto blob =
        decoded(*psrp::encrypt_session_key(counting_key(), *pair.public_blob(), source));
    for (std::size_t size = 0; size < blob.size(); ++size) {
        const auto key = pair.decrypt(
            encoded(psrp::Bytes(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size)))
        );
        REQUIRE_FALSE(key);
        CHECK(key.error().code == Errc::InvalidSessionKey);
    }
    auto longer = blob;
    longer.push_back(0);
    CHECK(pair.decrypt(encoded(longer)).error().code == Errc::InvalidSessionKey);
    auto changed = blob;
    changed[40] ^= 1;
    CHECK(pair.decrypt(encoded(changed)).error().code == Errc::InvalidSessionKey);
    CHECK(pair.decrypt("$").error().code == Errc::InvalidSessionKey);
    // Under the key of somebody else.
    const auto other =
        psrp::encrypt_session_key(counting_key(), *tests::rsa_key(2048).public_blob(), source);
    CHECK(pair.decrypt(*other).error().code == Errc::InvalidSessionKey);
}

TEST_CASE("private keys are read from DER, and nothing else is")
{
    CHECK(psrp::RsaPrivateKey::read_der({}).error().code == Errc::InvalidArgument);
    const psrp::Bytes nonsense{0x30, 0x03, 0x02, 0x01, 0x00};
    CHECK(psrp::RsaPrivateKey::read_der(nonsense).error().code == Errc::InvalidArgument);
}

TEST_CASE("the recorded secrets are clear base64")
{
    const psrp::ClearBase64Secrets secrets;
    struct Row {
        const char* conversation;
        const char* expected;
    };
    for (const auto& row : {Row{"securestring", "p@ss"}, Row{"securestring-output", "out"}}) {
        INFO(row.conversation);
        bool found = false;
        for (const auto& message : tests::read_conversation(row.conversation)) {
            const auto begin = message.payload.find("<SS");
            if (begin == std::string::npos) continue;
            const auto text = message.payload.find('>', begin) + 1;
            const auto end = message.payload.find("</SS>", text);
            const auto clear = secrets.decrypt(message.payload.substr(text, end - text));
            REQUIRE(clear);
            CHECK(clixml::utf8_from_utf16(*clear, false) == row.expected);
            found = true;
        }
        CHECK(found);
    }
}
