// Value: one CLIXML value, a 16-byte handle. Primitives are typed; everything bigger lives in an
// Arena. Fact sheet clixml 2.1 (primitives) and 3 (objects); MS-PSRP 2.2.5.
#pragma once

#include <clixml/arena.hpp>
#include <clixml/bytes.hpp>
#include <clixml/date_time.hpp>
#include <clixml/decimal.hpp>
#include <clixml/guid.hpp>
#include <clixml/result.hpp>
#include <clixml/time_span.hpp>
#include <clixml/version.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace clixml {

class Object;
struct ProgressRecord;

// What a Value holds. The order is that of primitive_table(); Object and Nil are no primitives.
enum class Kind : std::uint8_t {
    Nil,
    String,
    Char,
    Boolean,
    Byte,
    SByte,
    UInt16,
    UInt32,
    UInt64,
    Int16,
    Int32,
    Int64,
    Single,
    Double,
    Decimal,
    DateTime,
    TimeSpan,
    ByteArray,
    Guid,
    Uri,
    Version,
    XmlDocument,
    ScriptBlock,
    SecureString,
    ProgressRecord,
    Object,
};

// A System.Char: any UTF-16 code unit.
struct CodeUnit {
    std::uint16_t value = 0;
    friend bool operator==(CodeUnit, CodeUnit) = default;
};

// A value of CLIXML. Trivially copyable; what it points to is borrowed from the Arena it was made
// in (and, for text and bytes, from the text that was read). A default-constructed Value is null.
class Value {
public:
    constexpr Value() = default;

    // Factories. Text and byte arguments are borrowed, not copied: see Arena::copy. Text is WTF-8
    // (utf.hpp).
    static Value string(std::string_view borrowed) { return of_text(Kind::String, borrowed); }
    static Value uri(std::string_view borrowed) { return of_text(Kind::Uri, borrowed); }
    static Value xml_document(std::string_view borrowed)
    {
        return of_text(Kind::XmlDocument, borrowed);
    }
    static Value script_block(std::string_view borrowed)
    {
        return of_text(Kind::ScriptBlock, borrowed);
    }
    // The text as it stands between the tags: base64 or hexadecimal, see secret.hpp.
    static Value secure_string(std::string_view borrowed)
    {
        return of_text(Kind::SecureString, borrowed);
    }
    static Value bytes(BytesView borrowed) { return of_text(Kind::ByteArray, text_of(borrowed)); }
    static Value character(CodeUnit unit) { return of_bits(Kind::Char, unit.value); }
    static Value boolean(bool value) { return of_bits(Kind::Boolean, value ? 1 : 0); }
    static Value byte(std::uint8_t value) { return of_bits(Kind::Byte, value); }
    static Value sbyte(std::int8_t value) { return of_signed(Kind::SByte, value); }
    static Value uint16(std::uint16_t value) { return of_bits(Kind::UInt16, value); }
    static Value uint32(std::uint32_t value) { return of_bits(Kind::UInt32, value); }
    static Value uint64(std::uint64_t value) { return of_bits(Kind::UInt64, value); }
    static Value int16(std::int16_t value) { return of_signed(Kind::Int16, value); }
    static Value int32(std::int32_t value) { return of_signed(Kind::Int32, value); }
    static Value int64(std::int64_t value) { return of_signed(Kind::Int64, value); }
    static Value single(float value)
    {
        return of_bits(Kind::Single, std::bit_cast<std::uint32_t>(value));
    }
    static Value double_precision(double value)
    {
        return of_bits(Kind::Double, std::bit_cast<std::uint64_t>(value));
    }
    static Value date_time(DateTime value);
    // An integer or Char of that kind; `bits` is the number, sign-extended.
    static Value integer(Kind kind, std::uint64_t bits) { return of_bits(kind, bits); }
    static Value time_span(TimeSpan value) { return of_signed(Kind::TimeSpan, value.ticks); }
    static Value decimal(Arena& arena, const Decimal& value);
    static Value guid(Arena& arena, const clixml::Guid& value);
    static Value version(Arena& arena, const clixml::Version& value);
    static Value progress(Arena& arena, const clixml::ProgressRecord& value);
    // Null where `object` is null.
    static Value object(Object* object);
    // A copy of `text` in `arena` as a String.
    static Value string(Arena& arena, std::string_view text) { return string(arena.copy(text)); }

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is_nil() const { return kind_ == Kind::Nil; }
    [[nodiscard]] bool is_object() const { return kind_ == Kind::Object; }
    [[nodiscard]] bool is_primitive() const { return kind_ != Kind::Nil && kind_ != Kind::Object; }

    // The object, or null where the value is none.
    [[nodiscard]] Object* object() const { return is_object() ? object_ : nullptr; }

    // The value behind an object that wraps a primitive (notes on an Int32, an enum's number); else
    // the value itself.
    [[nodiscard]] Value unwrapped() const;

    // Conversions that lose nothing or fail (Errc::NotConvertible): integers to any integer type
    // that holds the number, Single to double, text kinds to string_view, ... Objects that wrap a
    // primitive convert as it. T: bool, CodeUnit, (u)int8..64_t, float, double, Decimal, DateTime,
    // TimeSpan, Guid, Version, std::string_view (String, Uri, XmlDocument, ScriptBlock,
    // SecureString), BytesView (ByteArray). Views are borrowed.
    template <typename T>
    [[nodiscard]] Result<T> as() const;

    // Text of String, Uri, XmlDocument, ScriptBlock and SecureString values, bytes of a ByteArray;
    // else empty.
    [[nodiscard]] std::string_view text() const;

    // Unchecked reads for code that has looked at kind().
    [[nodiscard]] std::int64_t signed_bits() const;
    [[nodiscard]] std::uint64_t unsigned_bits() const;
    [[nodiscard]] double double_value() const;
    [[nodiscard]] float single_value() const;
    [[nodiscard]] DateTime date_time_value() const;
    [[nodiscard]] const Decimal& decimal_value() const;
    [[nodiscard]] const Guid& guid_value() const;
    [[nodiscard]] const Version& version_value() const;
    [[nodiscard]] const ProgressRecord& progress_value() const;

    // A primitive that was written in another form than PowerShell's (`+5`, `_x0041_`), read
    // losslessly: that form, between the tags and without XML escapes. Empty pointer for all
    // others. Fact sheet clixml 2.
    [[nodiscard]] const std::string_view* lexical() const
    {
        return has_lexical_ ? lexical_form() : nullptr;
    }
    // The same value with that form attached. `value` must be a primitive. Copies into `arena`.
    static Value with_lexical(Arena& arena, Value value, std::string_view form);

    // What a null carries besides being null: the members of a member set (object.hpp). Null for
    // all others.
    [[nodiscard]] const void* hidden_pointer() const
    {
        return kind_ == Kind::Nil ? pointer_ : nullptr;
    }
    static Value nil_with(const void* pointer);

private:
    struct Lexical;

    static Value of_text(Kind kind, std::string_view text)
    {
        Value value;
        value.kind_ = kind;
        value.text_ = text.data();
        value.size_ = static_cast<std::uint32_t>(text.size());
        return value;
    }
    static Value of_bits(Kind kind, std::uint64_t bits)
    {
        Value value;
        value.kind_ = kind;
        value.bits_ = bits;
        return value;
    }
    static Value of_signed(Kind kind, std::int64_t value)
    {
        return of_bits(kind, static_cast<std::uint64_t>(value));
    }
    [[nodiscard]] Value plain() const { return has_lexical_ ? behind_lexical() : *this; }
    [[nodiscard]] Value behind_lexical() const;
    [[nodiscard]] const std::string_view* lexical_form() const;

    union {
        std::uint64_t bits_ = 0;
        std::int64_t signed_;
        const char* text_;
        Object* object_;
        const void* pointer_;
    };
    std::uint32_t size_ = 0; // of text and bytes
    std::int16_t extra_ = 0; // DateTime: offset in minutes
    Kind kind_ = Kind::Nil;
    bool has_lexical_ = false; // pointer_ is a Lexical
};

static_assert(sizeof(Value) == 16);

inline std::string_view Value::text() const
{
    Value value = plain();
    switch (value.kind_) {
    case Kind::String:
    case Kind::Uri:
    case Kind::XmlDocument:
    case Kind::ScriptBlock:
    case Kind::SecureString:
    case Kind::ByteArray:
        return {value.text_, value.size_};
    default:
        return {};
    }
}

inline std::int64_t Value::signed_bits() const
{
    return plain().signed_;
}

inline std::uint64_t Value::unsigned_bits() const
{
    return plain().bits_;
}

inline double Value::double_value() const
{
    return std::bit_cast<double>(plain().bits_);
}

inline float Value::single_value() const
{
    return std::bit_cast<float>(static_cast<std::uint32_t>(plain().bits_));
}

inline DateTime Value::date_time_value() const
{
    Value value = plain();
    return {
        static_cast<std::int64_t>(value.bits_ & 0x3FFFFFFFFFFFFFFFULL),
        static_cast<DateTimeKind>(value.bits_ >> 62),
        value.extra_};
}

inline const Decimal& Value::decimal_value() const
{
    return *static_cast<const Decimal*>(plain().pointer_);
}

inline const Guid& Value::guid_value() const
{
    return *static_cast<const clixml::Guid*>(plain().pointer_);
}

inline const Version& Value::version_value() const
{
    return *static_cast<const clixml::Version*>(plain().pointer_);
}

inline Value Value::date_time(DateTime moment)
{
    // The kind rides in the two top bits, which ticks never reach.
    Value value = of_bits(
        Kind::DateTime,
        static_cast<std::uint64_t>(moment.ticks) | static_cast<std::uint64_t>(moment.kind) << 62
    );
    value.extra_ = moment.offset_minutes;
    return value;
}

inline Value Value::guid(Arena& arena, const clixml::Guid& value)
{
    Value out;
    out.kind_ = Kind::Guid;
    out.pointer_ = arena.make<clixml::Guid>(value);
    return out;
}

inline Value Value::object(Object* object)
{
    Value out;
    if (object == nullptr) return out;
    out.kind_ = Kind::Object;
    out.object_ = object;
    return out;
}

// clang-format off
template <> Result<bool> Value::as() const;
template <> Result<CodeUnit> Value::as() const;
template <> Result<std::int8_t> Value::as() const;
template <> Result<std::int16_t> Value::as() const;
template <> Result<std::int32_t> Value::as() const;
template <> Result<std::int64_t> Value::as() const;
template <> Result<std::uint8_t> Value::as() const;
template <> Result<std::uint16_t> Value::as() const;
template <> Result<std::uint32_t> Value::as() const;
template <> Result<std::uint64_t> Value::as() const;
template <> Result<float> Value::as() const;
template <> Result<double> Value::as() const;
template <> Result<Decimal> Value::as() const;
template <> Result<DateTime> Value::as() const;
template <> Result<TimeSpan> Value::as() const;
template <> Result<Guid> Value::as() const;
template <> Result<Version> Value::as() const;
template <> Result<std::string_view> Value::as() const;
template <> Result<BytesView> Value::as() const;
// clang-format on

// A System.Management.Automation.ProgressRecord as it stands in a PR element (fact sheet
// clixml 2.9).
struct ProgressRecord {
    std::string_view activity;
    std::int32_t activity_id = 0;
    Value current_operation; // String or null
    std::int32_t parent_activity_id = -1;
    std::int32_t percent_complete = -1;
    bool completed = false;
    std::int32_t seconds_remaining = -1;
    std::string_view status_description;
};

} // namespace clixml
