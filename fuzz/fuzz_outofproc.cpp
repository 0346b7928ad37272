// Invariant: both sides' adapters give the same events and errors whether the text arrives whole,
// byte by byte or in pieces; and every element that is read writes a line that reads back the same.
#include <fuzz/fuzz_input.hpp>
#include <psrp/transport/outofproc_client.hpp>
#include <psrp/transport/outofproc_server.hpp>

#include <algorithm>
#include <string>

using namespace psrp;

namespace {

constexpr LineLimits line_limits{.line_bytes_max = 4096};

// What an adapter makes of the text, as lines; `stride` is the size of the pieces.
template <typename Adapter>
std::string outcome(Adapter adapter, BytesView text, std::size_t stride)
{
    std::string out;
    const auto drain = [&] {
        while (true) {
            const auto event = adapter.next_event();
            if (!event) return out += "error " + event.error().text() + '\n', false;
            if (!*event) return true;
            out += "event " + std::to_string((*event)->index()) + '\n';
            if (const auto* data = std::get_if<0>(&**event)) {
                out += data->channel.text();
                out += clixml::text_of(data->bytes);
            }
        }
    };
    for (std::size_t at = 0; at < text.size(); at += stride) {
        adapter.receive(text.subspan(at, std::min(stride, text.size() - at)));
        if (!drain()) return out;
    }
    adapter.receive_end();
    drain();
    return out;
}

template <typename Adapter, typename Limits>
void check_segmentations(const Limits& limits, BytesView text, std::size_t stride)
{
    const std::string whole = outcome(Adapter(limits), text, std::max<std::size_t>(text.size(), 1));
    fuzz::require(
        outcome(Adapter(limits), text, 1) == whole, "byte by byte gives what the whole gives"
    );
    fuzz::require(
        outcome(Adapter(limits), text, stride) == whole, "pieces give what the whole gives"
    );
}

void check_elements(std::string_view line, ElementSender sender)
{
    ElementReader reader(line, sender, line_limits);
    while (true) {
        const auto element = reader.next();
        if (!element || !*element) return;
        std::string written;
        append_element(**element, written);
        written.pop_back();
        ElementReader again(written, sender, line_limits);
        const auto copy = again.next();
        // Data of blanks-free but empty base64 cannot be written again: its element would have no
        // text.
        if ((*element)->kind == ElementKind::Data && (*element)->bytes.empty()) continue;
        fuzz::require(
            copy && *copy && **copy == **element, "a written element reads back the same"
        );
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input(data, size);
    const std::size_t stride = 1 + input.take_below(100);
    check_segmentations<OutOfProcClient>(
        OutOfProcClientLimits{.lines = line_limits}, input.rest(), stride
    );
    check_segmentations<OutOfProcServer>(
        OutOfProcServerLimits{.lines = line_limits}, input.rest(), stride
    );
    const std::string_view line = input.rest_text().substr(0, input.rest_text().find('\n'));
    check_elements(line, ElementSender::Client);
    check_elements(line, ElementSender::Server);
    return 0;
}
