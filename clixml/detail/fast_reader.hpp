// FastReader: reads in one pass what PowerShell itself writes, and declines everything else. It may
// only decline, never answer otherwise than the general ValueReader, which then reads the same text
// and reports whatever is wrong.
#pragma once

#include <clixml/detail/simd.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/reader.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace clixml::detail {

// What the literal text of a Node is followed by, and what is to be done there. The first ones are
// the kinds of primitives whose contents follow.
enum class Op : std::uint8_t {
    String = static_cast<std::uint8_t>(Kind::String),
    Boolean = static_cast<std::uint8_t>(Kind::Boolean),
    Int32 = static_cast<std::uint8_t>(Kind::Int32),
    Int64 = static_cast<std::uint8_t>(Kind::Int64),
    DateTime = static_cast<std::uint8_t>(Kind::DateTime),
    Guid = static_cast<std::uint8_t>(Kind::Guid),
    Double = static_cast<std::uint8_t>(Kind::Double),
    Nil = static_cast<std::uint8_t>(Kind::Object) + 1,
    EmptyText, // an empty String
    EmptyBytes,
    Object,      // the number of its RefId follows
    EmptyObject, // likewise; never predicted
    Ref,         // likewise
    FirstStructure,
    Adapted = FirstStructure, // <Props>
    Extended,                 // <MS>
    Text,                     // <ToString>; its contents follow
    Base,                     // a primitive that an object wraps; its contents follow
    Items,                    // <LST> and its like
    NoItems,                  // <LST />
    EndBag,
    EndBagAndObject,
    EndItems,
    EndItemsAndObject,
    EndEntry,
    EndObject,
    EndDocument,
};

constexpr Op op_of(Kind kind)
{
    return static_cast<Op>(kind);
}

// Literal text between two values as it stands in the text that is read, white space before it
// included. Nodes make trees: `next` is what followed this one, in the order it was met.
struct Node {
    char head[32];               // the first bytes of the literal
    std::uint32_t head_mask = 0; // which of them count
    std::uint8_t size = 0;       // of the whole literal
    std::uint8_t tail_size = 0;  // of what follows the number of a RefId
    Op op = Op::Nil;
    Kind kind = Kind::Nil;         // of a primitive
    const char* literal = nullptr; // borrowed from the text
    const char* tail = nullptr;    // likewise
    const Name* name = nullptr;    // of a property
    Node** after = nullptr;        // where to look for what follows the value; null: do not look
    Node* next = nullptr;
    Node* alternative = nullptr;   // tried when this one does not match
    struct Shape* shape = nullptr; // the type names that the literal refers to, if it does
    ContainerKind container = ContainerKind::None;

    // Makes it one that says nothing, but for its head.
    void reset()
    {
        op = Op::Nil;
        kind = Kind::Nil;
        tail_size = 0;
        tail = nullptr;
        name = nullptr;
        after = nullptr;
        next = nullptr;
        alternative = nullptr;
        shape = nullptr;
        container = ContainerKind::None;
    }
};

// What is known of the objects with one list of type names.
struct Shape {
    const TypeNames* names = nullptr;
    Node* adapted = nullptr;
    Node* extended = nullptr;
};

// Reads one text. Every function that takes a place in the text returns the place behind what it
// read, or null to decline. The speed comes from shapes: for each list of type names a tree of the
// markup that its properties were met with, so that the next markup is compared with the predicted
// one instead of being read (ARCHITECTURE.md).
class FastReader {
public:
    FastReader(std::string_view text, Arena& arena, const ReadOptions& options);
    ~FastReader();
    FastReader(const FastReader&) = delete;
    FastReader& operator=(const FastReader&) = delete;

    // False: declined; the arena may hold things that nobody refers to.
    bool read_document(std::vector<TopLevelValue>& values, TextForm& form);
    bool read_bare(TopLevelValue& value, TextForm& form);

private:
    enum class Tag : std::uint8_t { Primitive, Object, Ref, Nil, Other };
    enum class Place : std::uint8_t { Top, Parts, Bag, List, Entries };

    struct StartTag {
        Tag tag = Tag::Other;
        Kind kind = Kind::Nil;
        const Name* name = nullptr;
        std::uint64_t ref_id = 0;
        bool has_ref_id = false;
        bool self_closed = false;
        // Where the number of the RefId starts and ends in the text, if there is one.
        const char* number = nullptr;
        const char* number_end = nullptr;
    };

    // An object that is being read, or the document.
    struct Frame {
        Object* object = nullptr;
        Shape* shape = nullptr;
        Node** resume = nullptr; // Node::after of the object
        std::size_t first = 0;   // where its properties or items start on the stack
        Node** items = nullptr;  // Node::after of its items
        Place place = Place::Parts;
        std::size_t closed = 0; // where the last whole entry of a dictionary ends on the stack
        bool adapted = false;   // which bag is open
        ContainerKind container = ContainerKind::None;
    };

    // The number and closing quote of the next RefId, as they stand in the text.
    struct NextId {
        std::uint64_t word = '0' | '"' << 8; // the first eight characters
        unsigned size = 2;
        char text[24] = {'0', '"'}; // all of them, where there are more
        std::uint64_t number = 0;

        void advance();
        [[nodiscard]] bool is_at(const char* at) const
        {
            std::uint64_t there = 0;
            std::memcpy(&there, at, 8);
            return size <= 8 ? (there ^ word) << (64 - size * 8) == 0
                             : std::memcmp(at, text, size) == 0;
        }
    };

    [[nodiscard]] bool lossless() const { return lossless_; }
    [[nodiscard]] bool limits_allow(std::size_t text_bytes) const;
    [[nodiscard]] const char* skip_white(const char* at) const
    {
        while (at != end_ && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
            ++at;
        return at;
    }
    [[nodiscard]] bool starts_with(const char* at, std::string_view text) const
    {
        return static_cast<std::size_t>(end_ - at) >= text.size() &&
               std::memcmp(at, text.data(), text.size()) == 0;
    }
    [[nodiscard]] const char* expect(const char* at, std::string_view text) const
    {
        return starts_with(at, text) ? at + text.size() : nullptr;
    }
    // The same for literals, whose comparison the compiler turns into that of numbers.
    template <std::size_t size>
    [[nodiscard]] bool is_at(const char* at, const char (&text)[size]) const
    {
        return static_cast<std::size_t>(end_ - at) >= size - 1 &&
               std::memcmp(at, text, size - 1) == 0;
    }
    template <std::size_t size>
    [[nodiscard]] const char* skip(const char* at, const char (&text)[size]) const
    {
        return is_at(at, text) ? at + (size - 1) : nullptr;
    }
    const char* read_number(const char* at, std::uint64_t& number) const;

    // The loop
    const char* run(const char* at, Node** chain);
    const char* structure(const char* at, Node& node, Node**& chain);
    [[nodiscard]] bool matches(const char* at, const Node& node) const;
    [[nodiscard]] bool follows_id(const char* at, const Node& node) const;
    const char* read_ref(const char* at, const Node& node, Value& value) const;
    void grow_stack();
    template <typename T>
    ArenaVector<T> take(std::size_t first);
    Object* add_object();
    bool open_object(Object* object, Node** resume);
    const char* close_object(const char* at, Node**& chain);
    bool open_bag(bool adapted);
    void close_bag();
    bool open_items(const Node& node);
    bool close_items();

    // Markup that was not predicted
    const char* recognise(const char* at, Node** chain, Node*& node);
    const char* recognise_value(const char* at, Node& node);
    const char* recognise_property(const char* at, Node& node);
    const char* recognise_in_list(const char* at, Node& node);
    const char* recognise_in_entries(const char* at, Node& node);
    const char* recognise_part(const char* at, Node& node);
    const char* recognise_container(const char* at, Node& node);
    const char* recognise_end(const char* at, Op end, Op end_with_object, Node& node);
    Node* learn(const char* start, Node** chain);
    const char* read_start_tag(const char* at, StartTag& tag);
    static Tag tag_of(std::uint64_t word, Kind& kind);
    const char* read_name_attribute(const char* at, const Name*& name);
    const char* read_type_names(const char* at);
    const char* read_type_name(const char* at, std::string_view& name);
    const char* read_properties(const char* at);
    [[nodiscard]] bool is_new(const Name* name) const;
    [[nodiscard]] bool is_duplicate(const Name* name) const;

    // Contents of primitives and the end tags behind them
    const char* read_primitive(const char* at, Kind kind, Value& value);
    const char* read_frequent(const char* at, Kind kind, Value& value);
    template <Kind kind>
    const char* read_short(const char* at, Value& value);
    const char* read_plain_string(const char* at, Value& value);
    const char* read_short_near_end(const char* at, Kind kind, Value& value);
    const char* read_short_contents(const char* at, Kind kind, Value& value);
    const char* read_double(const char* at, Value& value);
    const char* read_unusual(const char* at, Kind kind, Value& value);
    const char* read_string_value(const char* at, Kind kind, Value& value);
    const char* read_string(const char* at, std::string_view& text);
    const char* read_escaped_string(const char* start, const char* at, std::string_view& text);
    const char* read_lossless_string(const char* at, Kind kind, Value& value);
    const char* read_bytes(const char* at, Value& value);
    const char* expect_end(const char* at, Kind kind) const;

    const char* begin_;
    const char* end_;
    const char* step_end_;     // up to here a predicted literal may be compared without looking
    const char* contents_end_; // up to here short contents may be read without looking
    Arena& arena_;
    Arena& scratch_;
    const ReadOptions& options_;
    const LocalZone* zone_;
    bool lossless_;

    // Properties (24 bytes) and items (16 bytes) of what is open, the innermost last.
    char* stack_ = nullptr;
    char* top_ = nullptr;
    char* stack_end_ = nullptr;
    Frame* frames_ = nullptr;
    std::size_t depth_ = 0;
    std::size_t frames_size_ = 0;
    Object** objects_ = nullptr; // by RefId
    std::size_t object_count_ = 0;
    std::size_t objects_size_ = 0;
    NextId next_id_;
    std::vector<Shape*> shapes_; // by RefId of the list of type names
    std::vector<std::string_view> names_;
    Shape plain_shape_; // of objects without type names
    Node document_node_;
    Node temporary_;          // what recognise() found and did not learn
    Object* found_ = nullptr; // what the Ref that it found refers to
    const char* literal_end_ = nullptr;
    Node* stop_ = nullptr; // its address as a place to look at tells run() to stop
    std::uint64_t misses_ = 0;
    bool is_usual_ = true; // whether PowerShell would write the string just read as it stands
    std::string lexical_;
};

} // namespace clixml::detail
