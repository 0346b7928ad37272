#include <fragmenter/fragment.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/transport/secret_mask.hpp>
#include <tests/support/segmentations.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

using psrp::Bytes;

// The fragments of a message whose text is `text`, blobs of at most `blob_bytes`.
Bytes fragments_of(std::string_view text, std::size_t blob_bytes)
{
    Bytes object(psrp::message_header_bytes, '<'); // no tag of the text's
    object.insert(object.end(), text.begin(), text.end());
    Bytes out;
    std::uint64_t number = 0;
    for (std::size_t at = 0; at < object.size(); at += blob_bytes) {
        const std::size_t count = std::min(blob_bytes, object.size() - at);
        fragmenter::FragmentHeader header;
        header.object_id = 1;
        header.fragment_id = number++;
        header.is_start = at == 0;
        header.is_end = at + count == object.size();
        header.blob_bytes = static_cast<std::uint32_t>(count);
        out.resize(out.size() + fragmenter::fragment_header_bytes);
        write_fragment_header(header, out.data() + out.size() - fragmenter::fragment_header_bytes);
        out.insert(
            out.end(),
            object.begin() + static_cast<std::ptrdiff_t>(at),
            object.begin() + static_cast<std::ptrdiff_t>(at + count)
        );
    }
    return out;
}

struct Row {
    const char* text;
    const char* masked;
};

// clang-format off
const Row rows[] = {
    {"<S>plain</S>", "<S>plain</S>"},
    {"<SS>eAA=</SS>", "<SS>AAAA</SS>"},
    {"<SS N=\"Password\">eAA=</SS><S>after</S>", "<SS N=\"Password\">AAAA</SS><S>after</S>"},
    {"<SS N='a>b'>eAA=</SS>", "<SS N='a>b'>AAAA</SS>"},
    {"<SS N=\"it's>\">eA==</SS>", "<SS N=\"it's>\">AAAA</SS>"},
    {"<SS\n>eA==</SS >x", "<SS\n>AAAA</SS >x"},
    {"<SS/><S>x</S>", "<SS/><S>x</S>"},
    {"<SS /><S>x</S>", "<SS /><S>x</S>"},
    {"<SS></SS><S>x</S>", "<SS></SS><S>x</S>"},
    {"<SSS>x</SSS><S S=\"Output\">y</S><MS>z</MS>", "<SSS>x</SSS><S S=\"Output\">y</S><MS>z</MS>"},
    {"<p:SS xmlns:p='u'>eA==</p:SS>", "<p:SS xmlns:p='u'>AAAA</p:SS>"},
    {"<SS>a<!-- b -->c<![CDATA[d]]></SS><S>e</S>", "<SS>A<AAAAAAAAAA<AAAAAAAAAAAA</SS><S>e</S>"},
    {"<SS>one</SS><SS>two</SS>", "<SS>AAA</SS><SS>AAA</SS>"},
    {"<S>&lt;SS&gt;no element&lt;/SS&gt;</S>", "<S>&lt;SS&gt;no element&lt;/SS&gt;</S>"},
    {"<SS>cut off", "<SS>AAAAAAA"},
};
// clang-format on

} // namespace

TEST_CASE("the text of every SS element is masked, however fragments and pieces are cut")
{
    for (const Row& row : rows) {
        for (const std::size_t blob_bytes : {1U, 3U, 41U, 1000U}) {
            const Bytes input = fragments_of(row.text, blob_bytes);
            const Bytes expected = fragments_of(row.masked, blob_bytes);
            for (const auto& segmentation : tests::segmentations(input.size(), 3)) {
                INFO(row.text << " blobs of " << blob_bytes << " " << segmentation.name);
                psrp::SecretMask mask;
                Bytes masked;
                bool changed = false;
                tests::feed_in_pieces(input, segmentation, [&](psrp::BytesView piece) {
                    Bytes copy(piece.begin(), piece.end());
                    changed |= mask.mask(copy);
                    masked.insert(masked.end(), copy.begin(), copy.end());
                    return true;
                });
                CHECK(masked == expected);
                CHECK(changed == (std::string_view(row.text) != row.masked));
            }
        }
    }
}

TEST_CASE("an object that was never finished does not hide the next one")
{
    psrp::SecretMask mask;
    Bytes unfinished = fragments_of("<SS>secret", 1000);
    CHECK(mask.mask(unfinished));
    Bytes next = fragments_of("<S>open</S>", 1000);
    const Bytes before = next;
    CHECK_FALSE(mask.mask(next));
    CHECK(next == before);
}

TEST_CASE("what is no fragment passes unchanged")
{
    psrp::SecretMask mask;
    Bytes zeros(200, 0);
    const Bytes before = zeros;
    CHECK_FALSE(mask.mask(zeros));
    CHECK(zeros == before);
}
