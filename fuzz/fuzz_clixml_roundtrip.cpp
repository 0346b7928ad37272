// What PowerShell would hold after reading a text, serialized at any depth, is read again; and from
// the second time on reading and serializing gives the same text (the first time type names get
// their prefix; a relative address may lose one escape a time, and become one that is refused).
// Clones and pieces through a sink are written as the same bytes. The one exception is nesting,
// which serializing may add to.
#include <clixml/errors.hpp>
#include <clixml/reader.hpp>
#include <clixml/writer.hpp>
#include <fuzz/fuzz_input.hpp>

#include <string>
#include <string_view>

namespace {

constexpr std::string_view too_deep = "Serialized XML is nested too deeply.";

class Collector final : public clixml::TextSink {
public:
    bool take(std::string_view piece) override
    {
        text.append(piece);
        return true;
    }
    std::string text;
};

std::string serialize(clixml::Value value, const clixml::WriteOptions& options)
{
    std::string text;
    fuzz::require(
        clixml::write_value(value, options, text).has_value(), "what was read can be serialized"
    );
    return text;
}

void check_copies(
    clixml::Value value, const clixml::WriteOptions& options, const std::string& written
)
{
    const clixml::OwnedValue copy(value);
    fuzz::require(serialize(copy.value(), options) == written, "a clone is written the same");
    Collector sink;
    const clixml::TopLevelValue top{value, {}};
    fuzz::require(
        clixml::write_values({&top, 1}, options, sink).has_value() && sink.text == written,
        "pieces are the text"
    );
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input(data, size);
    const auto decision = input.take_decision();
    clixml::ReadOptions reading;
    reading.form = (decision & 1) != 0 ? clixml::Form::Bare : clixml::Form::Document;
    auto document = clixml::Document::read(std::string(input.rest_text()), reading);
    if (!document || document->values().size() != 1) return 0;

    clixml::WriteOptions options;
    options.form = reading.form;
    options.depth = 1 + (decision >> 1 & 3);
    options.layout = (decision & 8) != 0 ? clixml::Layout::Indented : clixml::Layout::Compact;
    std::string text = serialize(document->value(), options);
    check_copies(document->value(), options, text);
    for (int time = 1; time <= 2; ++time) {
        if (text.find(too_deep) != std::string::npos) return 0;
        const auto again = clixml::Document::read(text, reading);
        if (!again && again.error().code == clixml::Errc::NestedTooDeeply) return 0;
        const bool has_uri = text.find("<URI") != std::string::npos;
        if (!again && has_uri) return 0;
        fuzz::require(again.has_value(), "what was serialized is read");
        const std::string written = serialize(again->value(), options);
        fuzz::require(time == 1 || has_uri || written == text, "serialized text is a fixed point");
        text = written;
    }
    return 0;
}
