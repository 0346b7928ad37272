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
    char* to = text.buffer().start();
    if (options.form == Form::Document) {
        to = detail::TextWriter::put(text.start_line(to), "<Objs");
        if (!options.version.empty())
            to = text.attribute(to, "Version", options.version, detail::Codec::None);
        to = text.attribute(to, "xmlns", power_shell_namespace, detail::Codec::None);
        to = text.begin_inside(to);
    }
    for (const TopLevelValue& value : values)
        to = writer.write(to, value.value, value.stream);
    if (options.form == Form::Document)
        to = values.empty() ? text.end_empty(to) : text.end(to, detail::Tag("Objs"));
    text.buffer().finish(to);
    const Errc error = writer.too_deep() ? Errc::NestedTooDeeply : text.error();
    if (error == Errc{}) return {};
    text.buffer().discard();
    return failure(error);
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
