// Invariant: a fragment that reads without error lies in the input, its header writes back to what
// was read, and every prefix of it asks for exactly the missing bytes of the header or of the
// whole.
#include <fragmenter/fragment.hpp>
#include <fuzz/fuzz_input.hpp>

#include <algorithm>
#include <array>

using namespace fragmenter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input(data, size);
    const std::size_t cut = input.take_below(1024);
    const BytesView bytes = input.rest();
    const auto answer = read_fragment(bytes);
    if (!answer) return 0;
    if (const auto* need = std::get_if<NeedBytes>(&*answer)) {
        fuzz::require(need->count > 0, "a fragment that is not there needs bytes");
        return 0;
    }
    const Fragment& fragment = std::get<Fragment>(*answer);
    const std::size_t total = fragment_header_bytes + fragment.blob.size();
    fuzz::require(
        fragment.blob.size() == fragment.header.blob_bytes, "the blob has its announced size"
    );
    fuzz::require(total <= bytes.size(), "the fragment lies in the input");

    std::array<std::uint8_t, fragment_header_bytes> written{};
    write_fragment_header(fragment.header, written.data());
    const auto again = read_fragment_header(written);
    fuzz::require(
        again && std::get<FragmentHeader>(*again) == fragment.header,
        "a written header reads back the same"
    );

    const std::size_t prefix = std::min(cut, total - 1);
    const auto short_answer = read_fragment(bytes.first(prefix));
    if (!short_answer) return 0;
    const auto* need = std::get_if<NeedBytes>(&*short_answer);
    fuzz::require(need != nullptr, "a prefix is no fragment");
    const std::size_t target = prefix < fragment_header_bytes ? fragment_header_bytes : total;
    fuzz::require(need->count == target - prefix, "a prefix needs what is missing");
    return 0;
}
