// FastReader: reads in one pass what PowerShell itself writes, and declines everything else. It may
// only decline, never answer otherwise than the general ValueReader, which then reads the same text
// and reports whatever is wrong.
#pragma once

#include <clixml/detail/simd.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/reader.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clixml::detail {

// Reads one text. Every function that takes a place in the text returns the place behind what it
// read, or null to decline. The speed comes from shapes: for each list of type names a tree of the
// start tags that its properties were met with, so that the next tag is compared with the predicted
// one instead of being read (ARCHITECTURE.md).
class FastReader {
public:
    FastReader(std::string_view text, Arena& arena, const ReadOptions& options);

    // False: declined; the arena may hold things that nobody refers to.
    bool read_document(std::vector<TopLevelValue>& values, TextForm& form);
    bool read_bare(TopLevelValue& value, TextForm& form);

private:
    enum class Tag : std::uint8_t { Primitive, Object, Ref, Nil, Other };

    // A start tag with the name of its property, as it stands in the text.
    struct Node {
        char head[32];           // its first bytes, white space before it included
        std::uint32_t head_mask; // which of them count
        std::uint8_t head_size;
        std::uint8_t tail_size; // of what follows the number of a RefId
        Tag tag;
        Kind kind;
        char tail[32];
        const Name* name;
        Node* next;        // tried first after this one
        Node* alternative; // tried when this one does not match
    };

    // What is known of the objects with one list of type names.
    struct Shape {
        const TypeNames* names = nullptr;
        Node adapted{};
        Node extended{};
    };

    struct StartTag {
        Tag tag = Tag::Other;
        Kind kind = Kind::Nil;
        const Name* name = nullptr;
        std::uint64_t ref_id = 0;
        bool has_ref_id = false;
        bool self_closed = false;
        // For nodes: where the number of the RefId starts and ends in the text, if there is one.
        const char* number = nullptr;
        const char* number_end = nullptr;
    };

    [[nodiscard]] bool lossless() const { return options_.reading == Reading::Lossless; }
    [[nodiscard]] bool limits_allow(std::size_t text_bytes) const;
    [[nodiscard]] const char* skip_white(const char* at) const;
    [[nodiscard]] bool starts_with(const char* at, std::string_view text) const;
    [[nodiscard]] const char* expect(const char* at, std::string_view text) const;
    const char* read_number(const char* at, std::uint64_t& number) const;

    const char* read_start_tag(const char* at, StartTag& tag);
    const char* read_name_attribute(const char* at, const Name*& name);
    static Tag tag_of(std::string_view name, Kind& kind);

    const char* read_item(const char* at, Value& value, std::uint32_t depth);
    const char* read_tagged(const char* at, const StartTag& tag, Value& value, std::uint32_t depth);
    const char* read_primitive(const char* at, Kind kind, bool self_closed, Value& value);
    const char* read_contents(const char* at, Kind kind, Value& value);
    const char* read_string(const char* at, std::string_view& text);
    const char* read_escaped_string(const char* start, const char* at, std::string_view& text);
    const char* read_lossless_string(const char* at, Kind kind, Value& value);
    const char* read_general(const char* at, Kind kind, Value& value);
    const char* read_integer(const char* at, Kind kind, Value& value) const;
    const char* read_moment(const char* at, Value& value);
    const char* read_guid(const char* at, Value& value);
    const char* read_double(const char* at, Value& value);
    const char* read_bytes(const char* at, Value& value);
    const char* expect_end(const char* at, Kind kind) const;

    const char* begin_object(const char* at, std::uint64_t ref_id, Object*& object);
    const char* read_object(const char* at, Object& object, std::uint32_t depth);
    const char*
    read_object_part(const char* at, Object& object, Shape*& shape, std::uint32_t depth);
    const char* read_base(const char* at, Object& object);
    const char* read_type_names(const char* at, Object& object, Shape*& shape);
    const char* read_bag(
        const char* at, Node& root, std::string_view end_tag, PropertyBag& bag, std::uint32_t depth
    );
    const char*
    read_predicted(const char* at, Node*& node, Property& property, std::uint32_t depth);
    const char* read_unpredicted(
        const char* at, Node*& node, std::size_t first, Property& property, std::uint32_t depth
    );
    [[nodiscard]] bool matches(const char* at, const Node& node) const;
    Node* add_node(Node& before, const char* start, const char* end, const StartTag& tag);
    [[nodiscard]] bool is_duplicate(std::size_t first, const Name* name) const;
    const char*
    read_container(const char* at, ContainerKind kind, Object& object, std::uint32_t depth);
    const char* read_list(const char* at, std::uint32_t depth);
    const char* read_entries(const char* at, std::uint32_t depth);

    const char* begin_;
    const char* end_;
    Arena& arena_;
    const ReadOptions& options_;
    const LocalZone* zone_;
    std::vector<Property> properties_;
    std::vector<Value> items_;
    std::vector<Object*> objects_;
    std::vector<Shape*> shapes_; // by RefId of the list of type names
    Arena nodes_;
    Shape plain_shape_; // of objects without type names
    const Name* key_name_ = nullptr;
    const Name* value_name_ = nullptr;
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
    std::string scratch_;
};

} // namespace clixml::detail
