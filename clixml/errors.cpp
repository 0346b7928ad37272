#include <clixml/errors.hpp>
#include <clixml/result.hpp>

#include <string>

namespace clixml {
namespace {

const char* message_of(Errc code)
{
    switch (code) {
    case Errc::UnexpectedEnd:
        return "the text ends too early";
    case Errc::MalformedXml:
        return "not well-formed XML";
    case Errc::MismatchedEndTag:
        return "the end tag does not match the open element";
    case Errc::DuplicateAttribute:
        return "two attributes of one name";
    case Errc::InvalidCharacter:
        return "a character that XML does not allow";
    case Errc::InvalidUtf8:
        return "not valid UTF-8";
    case Errc::InvalidCharacterReference:
        return "a character reference that denotes no character";
    case Errc::UndeclaredEntity:
        return "a reference to an undeclared entity";
    case Errc::DtdProhibited:
        return "a document type definition is prohibited";
    case Errc::TrailingContent:
        return "content after the root element";
    case Errc::MissingRoot:
        return "the root element is missing";
    case Errc::UnsupportedEncoding:
        return "an encoding other than UTF-8 and UTF-16";
    case Errc::WrongRoot:
        return "the root element is not Objs of PowerShell's namespace";
    case Errc::InvalidVersion:
        return "the Version attribute is not a version";
    case Errc::UnsupportedVersion:
        return "a major version other than 1";
    case Errc::UnknownElement:
        return "an element that is not recognized";
    case Errc::UnexpectedNode:
        return "text or an element where none may stand";
    case Errc::WrongNamespace:
        return "an element in a namespace in which it is not looked for";
    case Errc::MissingName:
        return "a property without an N attribute";
    case Errc::EmptyName:
        return "an extended property with an empty name";
    case Errc::MissingRefId:
        return "a reference without a RefId attribute";
    case Errc::UnresolvedRef:
        return "a reference to an object that has not been read";
    case Errc::UnresolvedTypeNamesRef:
        return "a reference to type names that have not been read";
    case Errc::DictionaryKeyMissing:
        return "a dictionary entry without a key";
    case Errc::DictionaryKeyName:
        return "the first part of a dictionary entry is not named Key";
    case Errc::DictionaryKeyNull:
        return "a null dictionary key";
    case Errc::DictionaryValueMissing:
        return "a dictionary entry without a value";
    case Errc::DictionaryValueName:
        return "the second part of a dictionary entry is not named Value";
    case Errc::NullRoot:
        return "the value of the message is null";
    case Errc::InvalidPrimitive:
        return "the contents of a primitive are not valid";
    case Errc::InvalidBase64:
        return "not valid base64";
    case Errc::TimeOutOfRange:
        return "a date or duration out of range";
    case Errc::InvalidSecret:
        return "a SecureString that cannot be read";
    case Errc::NestedTooDeeply:
        return "nested too deeply";
    case Errc::TooManyElements:
        return "too many elements";
    case Errc::DocumentTooLarge:
        return "the document is too large";
    case Errc::TextTooLarge:
        return "a text is too large";
    case Errc::TooManyObjects:
        return "too many objects";
    case Errc::TooManyTypeNames:
        return "too many type names";
    case Errc::TooManyAttributes:
        return "too many attributes";
    case Errc::NotConvertible:
        return "the value is not of the wanted type";
    case Errc::UnwritableCharacter:
        return "a character that this form of CLIXML cannot hold";
    case Errc::UnwritableText:
        return "a text that is not UTF-8";
    case Errc::InvalidDepth:
        return "the depth must be at least 1";
    case Errc::WriteFailed:
        return "the text could not be written out";
    }
    return "unknown error";
}

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "clixml"; }
    [[nodiscard]] std::string message(int code) const override
    {
        return message_of(static_cast<Errc>(code));
    }
};

} // namespace

const std::error_category& error_category()
{
    static const Category category;
    return category;
}

std::error_code make_error_code(Errc code)
{
    return {static_cast<int>(code), error_category()};
}

std::string Error::text() const
{
    std::string out = code.message();
    if (detail != nullptr && *detail != '\0') out.append(": ").append(detail);
    if (offset != no_offset) out.append(" (at byte ").append(std::to_string(offset)).append(")");
    return out;
}

} // namespace clixml
