#include <clixml/detail/fast_reader.hpp>
#include <clixml/detail/value_reader.hpp>
#include <clixml/errors.hpp>
#include <clixml/reader.hpp>
#include <clixml/utf.hpp>

namespace clixml {
namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

// How the text is encoded, by its mark or its first characters (clixml 1.6).
TextEncoding encoding_of(std::string_view text)
{
    if (text.size() < 2) return TextEncoding::Utf8;
    auto first = static_cast<unsigned char>(text[0]);
    auto second = static_cast<unsigned char>(text[1]);
    if ((first == 0xFF && second == 0xFE) || (first == '<' && second == 0))
        return TextEncoding::Utf16Le;
    if ((first == 0xFE && second == 0xFF) || (first == 0 && second == '<'))
        return TextEncoding::Utf16Be;
    return TextEncoding::Utf8;
}

// Reads UTF-8 text. `shift` is what has been cut off before it.
Result<std::vector<TopLevelValue>> read_utf8(
    std::string_view text,
    std::size_t shift,
    Arena& arena,
    const ReadOptions& options,
    TextForm& form
)
{
    std::vector<TopLevelValue> values;
    {
        detail::FastReader fast(text, arena, options);
        if (options.form == Form::Document && fast.read_document(values, form)) return values;
        values.clear();
        TopLevelValue value;
        if (options.form == Form::Bare && fast.read_bare(value, form)) {
            values.push_back(value);
            return values;
        }
        TextForm found;
        found.form = options.form;
        found.encoding = form.encoding;
        found.byte_order_mark = form.byte_order_mark;
        form = found;
    }
    detail::ValueReader reader(text, arena, options);
    bool good = false;
    if (options.form == Form::Document) {
        good = reader.read_document(values, form);
    } else {
        values.emplace_back();
        good = reader.read_bare(values.back(), form);
    }
    if (good) return values;
    Error error = reader.scanner().error();
    error.offset += shift;
    return tl::unexpected<Error>(error);
}

// The offset in UTF-16 bytes of an offset in the UTF-8 made from them.
std::uint64_t utf16_offset(std::string_view text, std::uint64_t offset)
{
    return utf16_length(text.substr(0, offset)) * 2;
}

} // namespace

Result<std::vector<TopLevelValue>>
read_values(std::string_view text, Arena& arena, const ReadOptions& options, TextForm* form)
{
    TextForm ignored;
    TextForm& found = form != nullptr ? *form : ignored;
    found = TextForm{};
    found.form = options.form;
    if (text.size() > options.limits.document_bytes_max)
        return failure(Errc::DocumentTooLarge, options.limits.document_bytes_max);
    found.encoding = encoding_of(text);
    if (found.encoding == TextEncoding::Utf8) {
        found.byte_order_mark = text.starts_with(utf8_mark);
        std::size_t mark = found.byte_order_mark ? utf8_mark.size() : 0;
        return read_utf8(text.substr(mark), mark, arena, options, found);
    }
    auto mark = static_cast<unsigned char>(text[0]);
    found.byte_order_mark = mark >= 0xFE;
    std::string_view units = found.byte_order_mark ? text.substr(2) : text;
    std::string_view converted =
        arena.copy(utf8_from_utf16(units, found.encoding == TextEncoding::Utf16Be));
    auto values = read_utf8(converted, 0, arena, options, found);
    if (!values)
        values.error().offset =
            utf16_offset(converted, values.error().offset) + (found.byte_order_mark ? 2 : 0);
    return values;
}

Result<Value> read_message_value(std::string_view text, Arena& arena, const ReadOptions& options)
{
    ReadOptions bare = options;
    bare.form = Form::Bare;
    PSRP_TRY(auto values, read_values(text, arena, bare));
    if (values.front().value.is_nil()) return failure(Errc::NullRoot, 0, "a value expected");
    return values.front().value;
}

Result<Document> Document::read(std::string text, const ReadOptions& options)
{
    Document document;
    document.text_ = std::make_unique<std::string>(std::move(text));
    document.arena_ = std::make_unique<Arena>();
    PSRP_TRY(
        document.values_, read_values(*document.text_, *document.arena_, options, &document.form_)
    );
    if (document.values_.size() == 1) {
        document.value_ = document.values_.front().value;
    } else if (document.values_.size() > 1) {
        Object* array = make_array(*document.arena_);
        for (const TopLevelValue& value : document.values_)
            array->add_item(*document.arena_, value.value);
        document.value_ = Value::object(array);
    }
    return document;
}

OwnedValue::OwnedValue(Value value)
    : arena_(std::make_unique<Arena>()), value_(clone(*arena_, value))
{
}

Arena& OwnedValue::arena()
{
    if (!arena_) arena_ = std::make_unique<Arena>();
    return *arena_;
}

} // namespace clixml
