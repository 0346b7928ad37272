// ValueReader: elements of CLIXML to values. The only place where the meaning of an element is
// decided. Fact sheet clixml 1.7-1.9, 5.
#pragma once

#include <clixml/detail/reference_table.hpp>
#include <clixml/detail/xml_scanner.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/reader.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clixml::detail {

// Reads one text. Functions that return bool return false after a failure; scanner().error() says
// which.
class ValueReader {
public:
    ValueReader(std::string_view text, Arena& arena, const ReadOptions& options);

    // The whole of an <Objs> document.
    bool read_document(std::vector<TopLevelValue>& values, TextForm& form);
    // The whole of a bare text: exactly one element.
    bool read_bare(TopLevelValue& value, TextForm& form);

    [[nodiscard]] const XmlScanner& scanner() const { return scanner_; }

private:
    // Where a value stands, which decides what its N attribute is for.
    enum class Place : std::uint8_t { TopLevel, Item, Key, EntryValue, Adapted, Extended, Base };

    // ToString and Props bring the methods ToString and GetType, which stand among the notes: a
    // note of that name takes the method's place, and a later method that of the note
    // (clixml 5.3). Places count notes; GetType's is behind ToString's where they are equal and it
    // came later.
    struct MethodPlaces {
        static constexpr std::size_t none = SIZE_MAX;
        std::size_t to_string = none;
        std::size_t get_type = none;
        bool get_type_is_later = false;
    };

    bool fail(Errc code, const Tag& tag, const char* detail = "");
    [[nodiscard]] bool lossless() const { return options_.reading == Reading::Lossless; }
    bool read_root_version(const Tag& root, TextForm& form);

    bool in_namespace(const Tag& tag, bool& matches);
    bool expect_namespace(const Tag& tag);

    bool read_value(const Tag& tag, Place place, Value& value);
    bool read_primitive(const Tag& tag, const Primitive& row, Value& value);
    bool keep_lexical(const Primitive& row, std::string_view raw, Value& value);
    bool read_string_text(const Tag& tag, std::string_view& text);
    bool read_progress(const Tag& tag, Value& value);
    bool read_progress_text(std::string_view name, std::string_view& text, Tag& tag);
    bool read_progress_number(std::string_view name, std::int32_t& number);
    bool next_progress_child(std::string_view name, Tag& tag);

    bool read_ref(const Tag& tag, Value& value);
    bool read_object(const Tag& tag, Value& value);
    bool read_object_child(const Tag& tag, Object& object, MethodPlaces& methods);
    bool read_base(const Tag& tag, Object& object);
    bool read_type_names(const Tag& tag, Object& object);
    bool add_type_name(const Tag& tag, std::vector<std::string_view>& names);
    bool read_type_names_ref(const Tag& tag, Object& object);
    bool read_to_string(const Tag& tag, Object& object);
    bool read_adapted(const Tag& tag, Object& object);
    bool read_extended(
        const Tag& tag, PropertyBag& bag, std::uint32_t depth, MethodPlaces* methods = nullptr
    );
    std::size_t place_of_note(std::size_t first, const Name* name, MethodPlaces* methods) const;
    void add_method(Object& object, std::string_view name, MethodPlaces& methods);
    bool read_member(const Tag& tag, Place place, std::uint32_t depth, Property& property);
    bool read_container(const Tag& tag, ContainerKind kind, Object& object);
    bool read_dictionary(const Tag& tag);
    bool read_entry(const Tag& tag);
    bool read_entry_part(const Tag& entry, std::string_view name, Value& value);

    // Goes on to the next child of `parent`: true with `ended` unset where `child` has been read as
    // a start tag, true with `ended` set behind the end tag of `parent`.
    bool next_child(const Tag& parent, Tag& child, bool& ended);
    // Reads the N attribute of the tag just read.
    bool read_name(const Tag& tag, bool may_be_empty, const Name*& name);
    bool
    attribute_text(const Tag& tag, std::string_view name, Errc missing, std::string_view& text);
    bool register_object(const Tag& tag, Object& object);
    bool structural(const Tag& tag);

    XmlScanner scanner_;
    Arena& arena_;
    const ReadOptions& options_;
    const LocalZone* zone_;
    std::string scratch_;
    std::string attribute_scratch_;
    std::string lexical_scratch_;
    std::vector<Property> properties_; // of the open bags, innermost last
    std::vector<Value> items_;         // of the open containers, innermost last
    std::uint32_t depth_ = 0;
    // What the texts of objects in progress records may still take: together no more than was read,
    // which shared objects could exceed without bound.
    std::size_t display_bytes_left_ = 0;
    bool skip_unknown_ = false; // minor version above 1

    ReferenceTable<Object*> objects_;
    std::uint64_t object_count_ = 0;
    ReferenceTable<const TypeNames*> type_names_;
    std::uint32_t type_names_count_ = 0;
};

} // namespace clixml::detail
