// clixml::Errc: one enumerator for each broken rule of CLIXML.
#pragma once

#include <system_error>

namespace clixml {

// Who broke the rule is said first: the peer (the text), or the caller.
enum class Errc {
    // The text is not XML
    // -------------------------------------------------------------------------------------
    UnexpectedEnd = 1,         // peer: the text ends inside an element, tag, comment or reference
    MalformedXml,              // peer: not well-formed: what was expected stands in the detail
    MismatchedEndTag,          // peer: an end tag whose name is not that of the open element
    DuplicateAttribute,        // peer: two attributes of one name
    InvalidCharacter,          // peer: a raw character that XML forbids
    InvalidUtf8,               // peer: bytes that are not UTF-8
    InvalidCharacterReference, // peer: &#...; without a number that is a character
    UndeclaredEntity,          // peer: &name; other than the five of XML
    DtdProhibited,             // peer: <!DOCTYPE
    TrailingContent,           // peer: something follows the root element
    MissingRoot,               // peer: no root element
    UnsupportedEncoding,       // peer: bytes in an encoding other than UTF-8 and UTF-16

    // The XML is not CLIXML
    // -----------------------------------------------------------------------------------
    WrongRoot,              // peer: the root is not Objs in PowerShell's namespace
    InvalidVersion,         // peer: the Version attribute is no version
    UnsupportedVersion,     // peer: the major version is not 1
    UnknownElement,         // peer: an element that CLIXML does not have, or not there
    UnexpectedNode,         // peer: text or an element where it may not stand
    WrongNamespace,         // peer: an element in a namespace in which it is not looked for
    MissingName,            // peer: a property without N
    EmptyName,              // peer: an extended property whose N is empty
    MissingRefId,           // peer: Ref or TNRef without RefId
    UnresolvedRef,          // peer: Ref to an object that has not been read
    UnresolvedTypeNamesRef, // peer: TNRef to type names that have not been read
    DictionaryKeyMissing,   // peer: an En without elements
    DictionaryKeyName,      // peer: the first element of an En is not called Key
    DictionaryKeyNull,      // peer: a null key
    DictionaryValueMissing, // peer: an En without a second element
    DictionaryValueName,    // peer: the second element of an En is not called Value
    NullRoot,               // peer: the value of a message is Nil

    // Contents of a primitive
    // ---------------------------------------------------------------------------------
    InvalidPrimitive, // peer: text that is no value of the element's type
    InvalidBase64,    // peer: not base64
    TimeOutOfRange,   // peer: a well-formed date or duration out of range
    InvalidSecret,    // peer: a SecureString that cannot be decrypted or has no form of one

    // Limits (limits.hpp)
    // -------------------------------------------------------------------------------------
    NestedTooDeeply,   // peer: over ReadLimits::depth_max or member_set_depth_max
    TooManyElements,   // peer: over elements_max
    DocumentTooLarge,  // peer: over document_bytes_max
    TextTooLarge,      // peer: over text_bytes_max
    TooManyObjects,    // peer: over objects_max
    TooManyTypeNames,  // peer: over type_names_max or type_name_lists_max
    TooManyAttributes, // peer: over attributes_max

    // Use of this library
    // -------------------------------------------------------------------------------------
    NotConvertible,      // caller: as<T>() of a value that is no T
    UnwritableCharacter, // caller: U+FFFE or U+FFFF in a text written with the character check on
    UnwritableText,      // caller: text that is not WTF-8
    InvalidDepth,        // caller: a depth below 1
    WriteFailed,         // environment: the sink refused
};

// "clixml".
const std::error_category& error_category();
std::error_code make_error_code(Errc code);

} // namespace clixml

template <>
struct std::is_error_code_enum<clixml::Errc> : std::true_type {
};
