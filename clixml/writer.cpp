#include <clixml/detail/text_writer.hpp>
#include <clixml/detail/value_writer.hpp>
#include <clixml/errors.hpp>
#include <clixml/utf.hpp>
#include <clixml/writer.hpp>

#include <utility>

namespace clixml {
namespace {

constexpr std::string_view power_shell_namespace =
    "http://schemas.microsoft.com/powershell/2004/04";

Result<void> write(
    std::span<const TopLevelValue> values,
    const WriteOptions& options,
    std::string& out,
    TextSink* sink
)
{
    if (options.writing == Writing::Serialize && options.depth < 1)
        return failure(Errc::InvalidDepth);
    detail::TextWriter text(out, sink, options);
    detail::ValueWriter writer(text, options);
    if (options.form == Form::Document) {
        text.begin("Objs");
        if (!options.version.empty()) text.attribute_plain("Version", options.version);
        text.attribute_plain("xmlns", power_shell_namespace);
        for (const TopLevelValue& value : values)
            writer.write(value.value, value.stream);
        text.end("Objs");
    } else {
        for (const TopLevelValue& value : values)
            writer.write(value.value, value.stream);
    }
    text.flush();
    if (writer.too_deep()) return failure(Errc::NestedTooDeeply);
    if (!text.good()) return failure(text.error());
    return {};
}

} // namespace

WriteOptions document_options(int depth)
{
    WriteOptions options;
    options.depth = depth;
    options.layout = Layout::Indented;
    options.check_characters = true;
    return options;
}

WriteOptions message_options()
{
    WriteOptions options;
    options.form = Form::Bare;
    return options;
}

Result<void>
write_values(std::span<const TopLevelValue> values, const WriteOptions& options, std::string& out)
{
    return write(values, options, out, nullptr);
}

Result<void>
write_values(std::span<const TopLevelValue> values, const WriteOptions& options, TextSink& sink)
{
    std::string piece;
    piece.reserve(detail::TextWriter::piece_bytes * 2);
    return write(values, options, piece, &sink);
}

Result<void>
write_copy(std::span<const TopLevelValue> values, const TextForm& form, std::string& out)
{
    WriteOptions options;
    options.writing = Writing::Verbatim;
    options.form = form.form;
    options.layout = form.indented ? Layout::Indented : Layout::Compact;
    options.crlf = form.crlf;
    options.version = form.version;
    std::size_t start = out.size();
    if (form.byte_order_mark) out += "\xEF\xBB\xBF";
    out += form.declaration;
    PSRP_CHECK(write(values, options, out, nullptr));
    if (form.encoding == TextEncoding::Utf8) return {};
    std::string units = utf16le_from_utf8(std::string_view(out).substr(start));
    if (form.encoding == TextEncoding::Utf16Be) {
        for (std::size_t i = 0; i + 1 < units.size(); i += 2)
            std::swap(units[i], units[i + 1]);
    }
    out.replace(start, std::string::npos, units);
    return {};
}

Result<void> write_value(Value value, const WriteOptions& options, std::string& out)
{
    TopLevelValue top{value, {}};
    return write({&top, 1}, options, out, nullptr);
}

} // namespace clixml
