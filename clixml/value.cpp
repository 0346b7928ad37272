#include <clixml/errors.hpp>
#include <clixml/object.hpp>
#include <clixml/value.hpp>

#include <bit>
#include <limits>
#include <utility>

namespace clixml {

struct Value::Lexical {
    Value value;
    std::string_view form;
};

Value Value::decimal(Arena& arena, const Decimal& value)
{
    Value out;
    out.kind_ = Kind::Decimal;
    out.pointer_ = arena.make<Decimal>(value);
    return out;
}

Value Value::version(Arena& arena, const clixml::Version& value)
{
    Value out;
    out.kind_ = Kind::Version;
    out.pointer_ = arena.make<clixml::Version>(value);
    return out;
}

Value Value::progress(Arena& arena, const clixml::ProgressRecord& value)
{
    Value out;
    out.kind_ = Kind::ProgressRecord;
    out.pointer_ = arena.make<clixml::ProgressRecord>(value);
    return out;
}

Value Value::nil_with(const void* pointer)
{
    Value out;
    out.pointer_ = pointer;
    return out;
}

Value Value::behind_lexical() const
{
    return static_cast<const Lexical*>(pointer_)->value;
}

const std::string_view* Value::lexical_form() const
{
    return &static_cast<const Lexical*>(pointer_)->form;
}

Value Value::with_lexical(Arena& arena, Value value, std::string_view form)
{
    auto* lexical = arena.make<Lexical>(Lexical{value.plain(), arena.copy(form)});
    Value out;
    out.kind_ = value.kind_;
    out.has_lexical_ = true;
    out.pointer_ = lexical;
    return out;
}

Value Value::unwrapped() const
{
    Value value = plain();
    // Objects around objects are rare and shallow, but a caller may have built a ring of them.
    for (int i = 0; i < 64 && value.is_object(); ++i) {
        const Object& object = *value.object_;
        if (object.container() != ContainerKind::None || object.base().is_nil()) return value;
        value = object.base().plain();
    }
    return value;
}

const ProgressRecord& Value::progress_value() const
{
    return *static_cast<const clixml::ProgressRecord*>(plain().pointer_);
}

namespace {

tl::unexpected<Error> not_convertible(const char* wanted)
{
    return failure(Errc::NotConvertible, no_offset, wanted);
}

bool is_signed_integer(Kind kind)
{
    return kind == Kind::SByte || kind == Kind::Int16 || kind == Kind::Int32 || kind == Kind::Int64;
}

bool is_unsigned_integer(Kind kind)
{
    return kind == Kind::Byte || kind == Kind::UInt16 || kind == Kind::UInt32 ||
           kind == Kind::UInt64;
}

template <typename T>
Result<T> to_integer(const Value& wrapped)
{
    Value value = wrapped.unwrapped();
    if (is_signed_integer(value.kind()) && std::in_range<T>(value.signed_bits()))
        return static_cast<T>(value.signed_bits());
    if (is_unsigned_integer(value.kind()) && std::in_range<T>(value.unsigned_bits()))
        return static_cast<T>(value.unsigned_bits());
    return not_convertible("an integer in range expected");
}

} // namespace

// clang-format off
template <> Result<std::int8_t> Value::as() const { return to_integer<std::int8_t>(*this); }
template <> Result<std::int16_t> Value::as() const { return to_integer<std::int16_t>(*this); }
template <> Result<std::int32_t> Value::as() const { return to_integer<std::int32_t>(*this); }
template <> Result<std::int64_t> Value::as() const { return to_integer<std::int64_t>(*this); }
template <> Result<std::uint8_t> Value::as() const { return to_integer<std::uint8_t>(*this); }
template <> Result<std::uint16_t> Value::as() const { return to_integer<std::uint16_t>(*this); }
template <> Result<std::uint32_t> Value::as() const { return to_integer<std::uint32_t>(*this); }
template <> Result<std::uint64_t> Value::as() const { return to_integer<std::uint64_t>(*this); }
// clang-format on

template <>
Result<bool> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::Boolean) return value.bits_ != 0;
    return not_convertible("a Boolean expected");
}

template <>
Result<CodeUnit> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::Char) return CodeUnit{static_cast<std::uint16_t>(value.bits_)};
    return not_convertible("a Char expected");
}

template <>
Result<double> Value::as() const
{
    constexpr std::int64_t exact = 1LL << 53;
    Value value = unwrapped();
    if (value.kind_ == Kind::Double) return value.double_value();
    if (value.kind_ == Kind::Single) return static_cast<double>(value.single_value());
    auto integer = to_integer<std::int64_t>(value);
    if (integer && *integer >= -exact && *integer <= exact) return static_cast<double>(*integer);
    return not_convertible("a number that a Double holds exactly expected");
}

template <>
Result<float> Value::as() const
{
    constexpr std::int64_t exact = 1LL << 24;
    Value value = unwrapped();
    if (value.kind_ == Kind::Single) return value.single_value();
    auto integer = to_integer<std::int64_t>(value);
    if (integer && *integer >= -exact && *integer <= exact) return static_cast<float>(*integer);
    return not_convertible("a number that a Single holds exactly expected");
}

template <>
Result<Decimal> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::Decimal) return value.decimal_value();
    if (is_unsigned_integer(value.kind_)) return Decimal::from_unsigned(value.bits_);
    if (auto integer = to_integer<std::int64_t>(value)) return Decimal::from_integer(*integer);
    return not_convertible("a Decimal or an integer expected");
}

template <>
Result<DateTime> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::DateTime) return value.date_time_value();
    return not_convertible("a DateTime expected");
}

template <>
Result<TimeSpan> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::TimeSpan) return TimeSpan{value.signed_};
    return not_convertible("a TimeSpan expected");
}

template <>
Result<clixml::Guid> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::Guid) return value.guid_value();
    return not_convertible("a Guid expected");
}

template <>
Result<clixml::Version> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::Version) return value.version_value();
    return not_convertible("a Version expected");
}

template <>
Result<std::string_view> Value::as() const
{
    Value value = unwrapped();
    switch (value.kind_) {
    case Kind::String:
    case Kind::Uri:
    case Kind::XmlDocument:
    case Kind::ScriptBlock:
    case Kind::SecureString:
        return value.text();
    default:
        return not_convertible("a text expected");
    }
}

template <>
Result<BytesView> Value::as() const
{
    Value value = unwrapped();
    if (value.kind_ == Kind::ByteArray) return bytes_of(value.text());
    return not_convertible("a byte array expected");
}

} // namespace clixml
