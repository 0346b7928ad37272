// Invariant: the objects and errors of a stream are the same whether it arrives whole, byte by
// byte, or cut by the input's own decisions; and no more is kept than was received.
#include <fragmenter/reassembler.hpp>
#include <fuzz/fuzz_input.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace fragmenter;

namespace {

constexpr std::size_t outcomes_max = 1000;
constexpr ReassemblerLimits limits{.object_bytes_max = 1 << 20};

// Objects and errors in order. A dead stream repeats its error for ever, so an error equal to the
// last one is not noted.
struct Run {
    Reassembler reassembler{limits};
    std::vector<std::string> outcomes;

    void receive(BytesView bytes)
    {
        fuzz::require(
            reassembler.receive(bytes).has_value(), "a channel without limit takes everything"
        );
        while (outcomes.size() < outcomes_max) {
            const auto object = reassembler.next();
            if (object && !*object) break;
            std::string outcome = object ? std::to_string((*object)->object_id) + ' ' +
                                               std::to_string((*object)->fragment_count) + ' ' +
                                               std::string(clixml::text_of((*object)->bytes))
                                         : "error " + object.error().text();
            if (!object && !outcomes.empty() && outcomes.back() == outcome) break;
            outcomes.push_back(std::move(outcome));
        }
        fuzz::require(reassembler.bytes_needed() > 0, "something is needed before the next step");
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input(data, size);
    const std::size_t stride = 1 + input.take_below(256);
    const BytesView stream = input.rest();

    Run whole;
    whole.receive(stream);
    fuzz::require(
        whole.reassembler.buffered_bytes() <= stream.size(), "no more is kept than was received"
    );
    Run single;
    for (std::size_t at = 0; at < stream.size(); ++at)
        single.receive(stream.subspan(at, 1));
    Run cut;
    for (std::size_t at = 0, piece = stride; at < stream.size();
         at += piece, piece = 1 + piece * 7 % stride) {
        cut.receive(stream.subspan(at, std::min(piece, stream.size() - at)));
    }
    fuzz::require(single.outcomes == whole.outcomes, "byte by byte gives what the whole gives");
    fuzz::require(cut.outcomes == whole.outcomes, "pieces give what the whole gives");
    return 0;
}
