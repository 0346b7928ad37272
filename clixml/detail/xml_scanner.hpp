// XmlScanner: a pull parser over XML text in memory, for the reader. No tree, no copies; no DTD;
// namespaces resolved. Behaves as .NET's XmlReader with PowerShell's settings (fact sheet
// clixml 1.6).
#pragma once

#include <clixml/errors.hpp>
#include <clixml/limits.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clixml::detail {

// A start tag as it was read. Views are borrowed from the text.
struct Tag {
    std::string_view qualified_name;
    std::string_view local_name; // behind the prefix
    const char* at = nullptr;    // its '<'
    bool self_closed = false;
    bool has_prefix = false;
};

struct Attribute {
    std::string_view name;  // qualified
    std::string_view value; // as it stands between the quotes
};

// What stands next inside an element.
enum class Next : std::uint8_t { StartTag, EndTag, EndOfText, Failed };

// Every function that returns bool returns false when the text is at fault; error() then says why.
// After a failure the scanner must not be used any more.
class XmlScanner {
public:
    // `text` is borrowed. It need not be valid: bytes that are not UTF-8 or not allowed in XML are
    // found beforehand, and the text counts as ended there.
    XmlScanner(std::string_view text, const ReadLimits& limits);

    // Whether a DTD may stand here. It is skipped, not applied: references to any entity are then
    // taken, and stand for nothing.
    void set_dtd_allowed(bool allowed) { dtd_allowed_ = allowed; }
    // Whether one has been skipped.
    [[nodiscard]] bool has_dtd() const { return entities_declared_; }

    [[nodiscard]] const Error& error() const { return error_; }
    bool fail(Errc code, const char* at, const char* detail);
    // Whether the text really ends where it seems to; fails where a forbidden byte follows.
    bool finish();
    // Where the scanner stands.
    [[nodiscard]] const char* position() const { return at_; }
    [[nodiscard]] std::uint64_t offset_of(const char* at) const
    {
        return static_cast<std::uint64_t>(at - begin_);
    }

    // Skips white space, comments and processing instructions; text and CDATA fail with
    // UnexpectedNode.
    Next next();
    // The same before and behind the root, where text is simply not XML.
    Next next_outside_root();
    // Skips an XML declaration, if there is one, and gives it.
    bool read_declaration(std::string_view& declaration);
    // Whether white space stands at the current place.
    [[nodiscard]] bool at_white_space() const;
    [[nodiscard]] bool at_white_space_before_markup() const;
    [[nodiscard]] bool at_declaration() const;

    // Reads the start tag at the current place (after next() said StartTag). Its attributes are in
    // attributes().
    bool read_start_tag(Tag& tag);
    // Reads the end tag at the current place; it must be that of `tag`.
    bool read_end_tag(const Tag& tag);
    [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
    // The attribute of exactly that qualified name, or null.
    [[nodiscard]] const Attribute* find_attribute(std::string_view name) const;
    // The value with references resolved and white space normalized: the text itself or, if that
    // changed anything, `scratch`.
    bool attribute_value(const Attribute& attribute, std::string& scratch, std::string_view& value);

    // Reads text up to and including the end tag of `tag`, which has no child elements. Comments
    // and processing instructions are left out, CDATA and references resolved. The result is the
    // text itself or `scratch`.
    bool read_text(const Tag& tag, std::string& scratch, std::string_view& value);
    // Skips everything up to and including the end tag of `tag`.
    bool skip_content(const Tag& tag);

    // The namespace of an element of this name; empty for none. Valid until the next start tag.
    bool resolve_namespace(const Tag& tag, std::string_view& uri);
    // Ends the scope of the namespaces that `tag` declared. Called by read_end_tag, read_text and
    // skip_content.
    void leave(const Tag& tag);

private:
    static constexpr std::size_t no_binding = SIZE_MAX;

    // A declared namespace. Its name is decoded once, and the newest binding of a prefix is found
    // by index or in a tree, so that neither long names nor many of them make elements slow.
    struct Binding {
        std::string_view prefix;
        std::string_view raw_uri;
        std::string decoded_uri;
        bool is_decoded = false;
        const char* declared_at = nullptr;
        std::size_t shadowed = no_binding; // the binding of the same prefix further out

        [[nodiscard]] std::string_view uri() const { return is_decoded ? decoded_uri : raw_uri; }
    };

    bool unexpected_end(const char* detail);
    bool skip_white_reference();
    bool skip_comment();
    bool skip_processing_instruction();
    bool skip_miscellaneous(bool& skipped);
    bool skip_dtd();
    bool read_name(std::string_view& name);
    bool read_attribute();
    bool read_attributes(Tag& tag);
    bool declare_namespaces(const Tag& tag);
    [[nodiscard]] std::size_t newest_binding(std::string_view prefix) const;
    bool read_character_reference(const char*& at, std::string& out);
    bool append_reference(const char*& at, const char* end, std::string& out);
    bool read_mixed_text(
        const Tag& tag, const char* start, std::string& scratch, std::string_view& value
    );
    bool read_cdata(std::string& scratch);

    const char* begin_;
    const char* at_;
    const char* end_;
    const ReadLimits& limits_;
    Error error_;
    Errc hidden_code_{}; // what ends the text early, if anything does
    std::uint64_t elements_ = 0;
    bool dtd_allowed_ = false;
    bool outside_root_ = false;
    bool entities_declared_ = false;
    std::vector<Attribute> attributes_;
    std::vector<Binding> bindings_;
    std::size_t default_binding_ = no_binding;
    std::map<std::string_view, std::size_t> prefixed_bindings_;
};

// Whether `text` is a well-formed document, or holds comments and white space only; used for the
// contents of XD elements. A DTD with internal declarations is skipped, not applied.
bool is_well_formed(std::string_view text, const ReadLimits& limits);

} // namespace clixml::detail
