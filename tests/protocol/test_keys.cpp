#include <clixml/base64.hpp>
#include <tests/protocol/test_keys.hpp>

#include <catch2/catch.hpp>

#include <string_view>

namespace tests {
namespace {

// PKCS#8 DER as base64: made for these tests with `openssl genrsa`, of no use for anything else.
constexpr std::string_view key_1024 =
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALD0AFRhq1NqKsm7wxMulZ4w9diPQK/F9bslefWkjeCj"
    "kTDDWZc0o12RXRr+YMw1qHzkOUQYyywfEOdEO3JpqC0pRuuKl9xzcAgrJI+BxoDlPh+GGRDW6R75rhJtqTCtrdYlAWW7"
    "qusDpp9kScEqMBoFblBYDp7qF4zJCb1UiR8pAgMBAAECgYA/rvDXbXcdRB42EA76vk82aWRxFc0v9Uykl642y4wMBpHg"
    "PM3nbxhEOmaJqnbnx3/lwrUhXtLwBBYvRQ0n9gKB9RnecRcMkkncoR7r+NIOPT9WSXY8YiQjMqdJzSCCrtqlvGs5NYa9"
    "0ml5V8gYyuf5hZloquyLe1nM0C20ZGXtAQJBANi5dFbhp3XazdcD58SCmKajAQ1jy/+Vk592W+RidCvoEfcinSTQ7z97"
    "5gTJSaIFiktJ70abZna24FQnzh1qmXkCQQDRBW2IGHA9AiXISnPcSQ/piaY5L3a4tnPE5/myFWWH26QxKM+oaeQ49mOo"
    "NRHMXSLNUlp3I09J1jKnhW5r/vcxAkAFckuxL0SVGqWXpLp7XsjVTz1kh8CFsM2f8UqH582BmPhynIUUese4cbWrIx/d"
    "mYQLNlV0Ec22aAwlMUblyFsJAkB1+xpYN3Mi/JNW+q9rJ9JTf97TaHcay+GMw2OtoWYtyUxkcyTDawHnJSwbRdlGAUwj"
    "mNh3ZvbaNo1hAW/ShZgBAkEAsIyD8JEz5H4d37xtNmLYPOJEWuNs1hvF5PBVmXM01SpkZ/RI//YAwv+GWaSGXkM6hwVk"
    "izfwhbOMzrrvk+gdZQ==";

constexpr std::string_view key_2048 =
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQChKSB6P+fEdX9dinjNJ/nmt/5qFIia5Vlhel4uqNxK"
    "KDlZ+h4Pg5U2M8BADfpP+cV1g9EA3SQiMPT+2Kv8BMJ2EOVWpJ4x5tMS/tMc205qZZu39XQyE4pjzuil+uwO2sTSLudH"
    "5KZRm0nPIrzB94O0tPm8HQlNjw4Q+oyb2LRLPuR6TVUi4WsjiA4XbB/PY2zpIafKL98j2NqF8AndPnVPZ6Nq9FVvfvNd"
    "g3/zY4VGawAcuU+CKwbT+1J3N6xsartZ2KSNQRJdUW0TItK4K4UnHu+bfOFoCzYaMxe8D077NUD8UpZyxUdBnM/bqOgh"
    "2paitg0o8NL5gtjWHo4DyiOxAgMBAAECggEAALZaKBArlGkMihD4SGKFLpQ2R1PAktFcBsaar0wcb9DOXWvHQZGhpt6t"
    "r9rKoMXdgzp07F24hiop5bfMHXi2lKety9HocmyvFtC82s4hV5kMCiZx6rK+vtgwRmOIiDxGoxiFTy0J4Hx2OWMm6xiO"
    "os2Ao73hHPr6je/9j8bHwo61JGaCU6DP7bilk/Cf9IodQOGvckBLMhU5J1sNZZW3guDzLY8AIuZdDZY9uZ0LJThCMgGN"
    "5WjHDklo+s9bEPm5lrmlwgNc22+PkgJpgHHjx+7/mYHOr11ZVPz3xKnK9dVG1h04VwJ85bNwAAiiMMlgKoYwHTyQPXil"
    "hAy1952s7QKBgQDUA0BsePCBJv8bizn2xCw43k//s74E4aFHY72S5TVbKOoVcLZT/Zosk/oICAPq934drUG8/jPxy248"
    "SQKqLvqoiilSLkDqd2zvthihU21q6yCXzZTcsJ5Vj0YBfcGe0w45ET4Sdt/qY4U4Nwz3T8sWM5bguMQ2JiECeRW51p4J"
    "4wKBgQDCmPEp8RwFgExKs332hf+1XyBRPUQXM2lyN4UrSPKg121NTqHY4RojoJ+U6v0gtDPPDZbirTOmzKHEYlkO6Meo"
    "XEpwbL1l8Le01PQ8a3d+2J3VvMFB1uqkJektjCtCT2sUPYQPH2Yucyd4S2CHkxtTvqSmBhyT9RDWCvARdRLgWwKBgB39"
    "48Q0i5lJofcMiAOflr3ovRpoG+5m2MDXnD7Gi/i8Xfjwe+p/yqqZuFoggCViI4YhN1Z8A28mHw8KKQVYJf9npBbLEkXY"
    "5SE3+l4ABk+EuZSf8XoSxiNGZFnbp2NHahCqnsRP6rcmovbj2sK1l/4pCCP8H02lsS+/X1JtyOePAoGARw7ICVO0ssGN"
    "mj1+wpVdsWICEAg6I+qvF3j0lMC3cEoZ7H/JE8Pm4pmVjDBerCGBRZslvLIYSVExxN9Qu+P+fBjvSaw7YM0Ml+inIqTv"
    "Zo882z5op10OI1CAnBQx+626YRKxdUA29MEx6XhE0FzEPsk/oCxdJR34vuARl55TfT8CgYEAlrNbuWDpQUPnPM5/gc/g"
    "ku4HQfSd1ri5u2HKWhqFIdpeGtVAMO64lQ47nwNyWVMJVaL5CON8gOQKu4C03WFn9r7pls84Al+adgEtnjM6nN45n1IH"
    "/EqJvio99skC+jn8UzC6ukoamusesoOcfMBApJevHsK1ZpM212ZEn0PaIjU=";

constexpr std::string_view key_4096 =
    "MIIJQwIBADANBgkqhkiG9w0BAQEFAASCCS0wggkpAgEAAoICAQDTSTnf2PLPCPq4fLYcvLxuDH6py/Tu2P/mjAf0CNf1"
    "TtYLKGadF/4Q/be/eYZ9geV6T54Z8Iyk9QmSEptg5kaKAWLv3e+J3Dskw53S7xC3GAKEJJQfZf+8b9sy/3rIE44dTeKv"
    "wi3m1himubz7zIARe04O0KIdDY4z5/fkvynzHex3nyVXCxdQik1nTM671rYxEaYY0JkAkLnij3dFx3mdnB1E1JkDOWAM"
    "S26lOX3T3x9IsCzZ3bojt4XAAhLK2SPAytcLoUnmFUDk+iQgH0ITdu9fCkuXrWxHJ9gXI26WD0se5OZRrB1g0NEURrsl"
    "wl+r7tfqNnW7Nkx/NqqaTcmLeZE763u9Pt3lDYuPBtydB4XS+JvXkroZBYoE6uBwu4necsBr8XpaXJrvo1g2EvhEmiF4"
    "4aEOpZy0Tcd3R01J0y+Tj0tijyoaJMDWqGp/Q+aQJ7aTF7K7tQfmyMCQlNsDN4IDSoqLBMTgWbZkD6XV+T/o1th1ZgHg"
    "7lozDJcLNAo/vUQqGP+ofMe4ya0QzCatd9qnSftmUXUx2D1aN7xEpDojxfRgC8levHNWYVWSF8O8C0BmME+iO2JWtCUN"
    "Y5ngUQSOS/dAXWDN3LX3ll7Hn28DJ5VDET2H/gn7e0IsIZbL4mv87c2b0m9HmXQic8qW4PKJujh/QLMYv4eu8hC4rwID"
    "AQABAoICABIZM3gfD4V4IaN/kBX1sNDFPAbAoTJIeK5ZKZRxoXx/P7FK/HQE1xv1FjIa1dAwbUv4P/TweKVOSOVjUXEp"
    "qIcvx54AAJtqUWkJYwTrh4U3hrFAQa2C2wPBzSDMM5dDdyi/2ctWZc1gYriW/NidoHOSGivSThPd0mPt2q7HrtWgpyqd"
    "mxQ4STH6XT3PakuhM8NDEMHbzg9dvLgeGlU22UFzJ8RHaPTJ8fx7n0NPiAPuS+UgRwDbXMasdMXvje6KtRfrO1dHfjRt"
    "EHCZk+vQez3ky58ngZwngp8bWAfhxOcQixqSK7+sb51lP1Ohgp+hMixgupjZO2Wvwm1VoHC0eXwG8GClMmac4ZMbmKnk"
    "ApmxlbhSfrHdonKqQMRZpTE/vgdB5aMC/LfPCjq2X4m1ZWG9lDvDMTzY/Fea8rADouQVAwtY0xYoJ0H59TIxLCWfnDKH"
    "mVSFPfNkLxnJA5O/5U27eFAz/2B/uYACjN4gzZ8USsiaIM97qcFjTy/Sbj222uHzpdE6egA6/zI8b2H+7IdPREKlCFG7"
    "vLRljfGAvZyUEuCxTtCKeDylr12mv1/hPaFZjF7NtGGkqcV5+GF110/yQk9KS9b6WtwTW48gv0FxIcqWDUL+H9bwzFnT"
    "oDfzyKXfG5Y8FdalOQZ0thC+81LgwS8fTN44Uw4GOCX6PLKZAoIBAQD2IY/eOIZ+yW/kZbekEaAtzaHZLCxxLwVH6Kei"
    "2owi6+HTH0EtNwEZ2xbZzabO9iKx26JnbEO/dvXSyOMCIACLUXpANu+s8EDkvxZmUTT/2LudBrD1ghOiLG3/69cU9JYi"
    "c3t7Q120lMkRNo58JyNnyBdf1NBbOJvi310gh5EHFchWjNW834iY8PgseHCF2eULu7eibIVtVsKBAXy3zAp4HUK6HUuz"
    "N5ROOoyEKbHSYXDn0RcLJvQpQqv/cykE2+rqoFK9yZLplflvR0u1kBInomYdMMDCxd/s4hsvjoYcs6iAybg4uM+jAK6U"
    "80v038fZiQJN1QbuJvFI1I+ZaocbAoIBAQDbwf5M8rUzXwkYOxZ+3tQzm/7zbflQbQxblbMDKrB8OyGJgiJyoTdAtGcl"
    "rqLZohkESF3nnUPFNtYIxpKYdZ1WrrO9vrx7vVTNmh5PG3OqSuTZYlPIrexoEu8rwu6yCqH7Ts7AiAJoBPtdCO/59vbY"
    "7GGr2Rj8dygVrXT2aMJZlMQUV53kqlbNzYVk3jyFJuUyhumc0zgUUYDCC52k5egabQMl5GbyB7GXFvRuxvCF2dW0kjJi"
    "moXgD655p/MP4RvvVN364NpqgYvPaTaofWayH2J3sGgkCbUUf6+hYrvFZngcm6+j+ij90rMPJn0f2jCouLoVURPs9hSi"
    "xUgBb8n9AoIBAA5kN/1OYM7ZCGnaaLp3LV6AP45rPs3/adeiiurCzJ7eG/40PaNfK/lPDi7+D1ramXy80uopMmznj8gb"
    "Zuqg5GdBBFzs2WbLRYAajDy/UtIC4jV0RrSUPoGlB2mHaLQY+Q5aokW60qfUa01OW1Z3E2LmGDfKQcSTssm5NcDJLHm1"
    "lFk7MuQwTdRjgp9XC31IGFRvTXV50vNpt0XDyH8WtyX+0AAB5oM8JLfORJkVtwgOGoPzfd1xEaW3+EaffS6DjWDarvvZ"
    "5XUzB7qx+INNQUKABGiAiUTaPRWkwuIs+zqCZr/hC5yFcd6eE5cyAqb2zsCxeikC47zZGhKgGyVlTTECggEBAJJQHPI6"
    "fi5PzgxV+upJjds2t4534BCOKjYn+2HWYF62N+QHwsuzTshD1JEgLsjbxfA2Bl+ZM2/wzJxXKW9cj38RHhbtES0Jp5ak"
    "UB23V1FAQBIEB2iLc+TvBlKKnMXpkmNx2vIRHBkJiBovQyeYKE3RRE5YYuxkoUmdjUwp/4wJImuw0i1WxCiN94xq8rxs"
    "Yxk6/fsuHh5ZDXMkrLcHY3uErR3jbi8itDi2TdQbnDRiDokE9Yr0+sFtb2sMSSZ/aEv2ozzPzFwxGFbl5EBWDbP2dWbf"
    "CtdDp06YnOTEieQqDzps5Yo1mmk0iYdCxvgYG2GabDqZGr0gMikVVJWwSjkCggEBAKLzZ+17m2uJ+w8+Hju1w8sVBQuJ"
    "743QymMknyDh7nVeDG/On4L0EQ4Ah0/bmGmdtkVK3MA1zbQcz8aocCYP4JuusZAKm652Yk3qEO5j+aIqud3dAQsDCtlz"
    "XFYbT3pXZXJ8ziaNly2801sq9nYtBoMHsp1+cOQCjHg1Z1IvGvSMozsFy6HhBLR6+THnOblzqiLYvNRjKpXTIh49Ru6i"
    "HFyd/dF0u9SpeqrTcSbGnriH146rOzVUURhbJc81hnjky/sDxoPNjjyOZVO7z5b1XqJ0pGjbi85bwFGgE1qwIG06+0zl"
    "tMzNa+r+hr/nyt0JIdrHo4i0q99LpSS5vAX0lGE=";

} // namespace

psrp::RsaPrivateKey rsa_key(int bits)
{
    const auto text = bits == 1024 ? key_1024 : bits == 2048 ? key_2048 : key_4096;
    const auto der = clixml::read_base64(text);
    REQUIRE(der);
    auto key = psrp::RsaPrivateKey::read_der(*der);
    REQUIRE(key);
    return *std::move(key);
}

clixml::Result<void> TestKeys::fill_random(std::span<std::uint8_t> bytes)
{
    if (is_broken)
        return clixml::failure(psrp::Errc::KeyGenerationFailed, clixml::no_offset, "random bytes");
    for (auto& byte : bytes)
        byte = next_byte_++;
    return {};
}

clixml::Result<psrp::RsaPrivateKey> TestKeys::make_rsa_key()
{
    if (is_broken)
        return clixml::failure(psrp::Errc::KeyGenerationFailed, clixml::no_offset, "an RSA key");
    ++keys_made;
    return rsa_key(2048);
}

} // namespace tests
