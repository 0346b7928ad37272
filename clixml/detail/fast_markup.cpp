// The part of FastReader that reads markup which was not predicted, and learns it.
#include <clixml/detail/fast_reader.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <bit>
#include <cstring>

namespace clixml::detail {
namespace {

constexpr std::string_view deserialized_prefix = "Deserialized.";
// Properties of one bag that are searched for a name one by one; a bag with more of unknown names
// is declined.
constexpr std::size_t searched_properties_max = 256;
// Literals tried at one place, and what is learned at most: this many at first, then one for that
// many bytes, so that texts in which nothing repeats are not learned by heart.
constexpr int alternatives_max = 4;
constexpr std::uint64_t first_lessons = 2048;
constexpr std::uint64_t bytes_a_lesson = 512;
constexpr std::ptrdiff_t literal_bytes_max = 120;
constexpr std::ptrdiff_t tail_bytes_max = 40;

// Notes of these names stand where the methods would (clixml 5.3).
bool is_method_name(std::string_view name)
{
    return (name.size() == 8 && equal_ignoring_case(name, "ToString")) ||
           (name.size() == 7 && equal_ignoring_case(name, "GetType"));
}

// Names of elements of up to eight characters, as numbers.
constexpr std::uint64_t word_of(std::string_view text)
{
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[i])) << i * 8;
    return word;
}

static_assert(std::endian::native == std::endian::little, "word_of() is compared with loads");

// The elements that are values, by a hash without collisions of their names.
struct ValueTag {
    std::uint64_t word = 0;
    std::uint8_t tag = 0;
    Kind kind = Kind::Nil;
};

constexpr std::uint64_t tag_multiplier = 0x9E3779B97F4A7C15ULL;
constexpr std::size_t tag_slots = 256;

constexpr std::size_t slot_of(std::uint64_t word)
{
    return static_cast<std::size_t>((word ^ word >> 13) * tag_multiplier >> 56);
}

ContainerKind container_of(std::uint64_t word)
{
    switch (word) {
    case word_of("LST"):
        return ContainerKind::List;
    case word_of("IE"):
        return ContainerKind::Enumerable;
    case word_of("STK"):
        return ContainerKind::Stack;
    case word_of("QUE"):
        return ContainerKind::Queue;
    case word_of("DCT"):
        return ContainerKind::Dictionary;
    default:
        return ContainerKind::None;
    }
}

std::string_view end_tag_of(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::Enumerable:
        return "</IE>";
    case ContainerKind::Stack:
        return "</STK>";
    case ContainerKind::Queue:
        return "</QUE>";
    case ContainerKind::Dictionary:
        return "</DCT>";
    case ContainerKind::List:
    case ContainerKind::None:
        break;
    }
    return "</LST>";
}

// The name of an element at `at`, as a number; what is longer than that of any, or ends in another
// way than with a blank, / or >, gives that of none.
std::uint64_t read_word(const char*& at, const char* end)
{
    unsigned stops = load_before(at, end).tag_stops();
    unsigned size = stops == 0 ? 16 : static_cast<unsigned>(std::countr_zero(stops));
    if (size - 1 > 7) return 0;
    std::uint64_t word = load8_before(at, end) & ~std::uint64_t{0} >> (64 - size * 8);
    // A zero byte behind a name would look like its end.
    if (word >> (size - 1) * 8 == 0) return 0;
    at += size;
    return word;
}

} // namespace

// Pieces of markup
// ------------------------------------------------------------------------------------------------

// Digits without leading zeros, as PowerShell numbers objects.
const char* FastReader::read_number(const char* at, std::uint64_t& number) const
{
    const char* start = at;
    number = 0;
    while (at != end_ && static_cast<std::uint8_t>(*at - '0') < 10 && at - start <= 10)
        number = number * 10 + static_cast<std::uint64_t>(*at++ - '0');
    auto digits = at - start;
    return digits == 0 || digits > 10 || (digits > 1 && *start == '0') ? nullptr : at;
}

// The value of an N attribute up to its closing quote. Names with references or raw controls are
// declined.
const char* FastReader::read_name_attribute(const char* at, const Name*& name)
{
    const char* start = at;
    bool escapes = false;
    bool ascii = true;
    bool plain = true;
    while (true) {
        unsigned stops = load_before(at, end_).escape_stops();
        if (stops == 0) {
            at += 16;
            continue;
        }
        at += std::countr_zero(stops);
        if (at >= end_) return nullptr;
        if (*at == '"') break;
        if (*at == '&' || *at == '<' || (*at >= 0 && *at < ' ')) return nullptr;
        escapes = escapes || *at == '_';
        ascii = ascii && *at >= 0;
        plain = plain && *at == '_' && at + 1 != end_ && (at[1] | 32) != 'x';
        ++at;
    }
    std::string_view text(start, static_cast<std::size_t>(at - start));
    if (!ascii && (first_invalid_utf8(text) || text.find("\xEF\xBF") != std::string_view::npos))
        return nullptr;
    if (escapes && has_escape(text))
        name = arena_.intern(unescaped(text));
    else
        name = arena_.intern(text, plain);
    return at + 1;
}

FastReader::Tag FastReader::tag_of(std::uint64_t word, Kind& kind)
{
    static const std::array<ValueTag, tag_slots> tags = [] {
        std::array<ValueTag, tag_slots> made{};
        auto add = [&](std::string_view name, Tag tag, Kind tag_kind) {
            ValueTag& slot = made[slot_of(word_of(name))];
            slot = {word_of(name), static_cast<std::uint8_t>(tag), tag_kind};
        };
        for (const Primitive& row : primitive_table())
            add(row.tag, Tag::Primitive, row.kind);
        add("Obj", Tag::Object, Kind::Object);
        add("Nil", Tag::Nil, Kind::Nil);
        add("Ref", Tag::Ref, Kind::Nil);
        return made;
    }();
    const ValueTag& found = tags[slot_of(word)];
    if (found.word != word || word == 0) return Tag::Other;
    kind = found.kind;
    return static_cast<Tag>(found.tag);
}

// A start tag with at most one N and one RefId, as PowerShell and its imitators write it. `at`
// stands at its '<'.
const char* FastReader::read_start_tag(const char* at, StartTag& tag)
{
    std::uint64_t word = read_word(++at, end_);
    tag = StartTag{};
    tag.tag = tag_of(word, tag.kind);
    if (tag.tag == Tag::Other) return nullptr;
    while (at != end_ && *at == ' ') {
        if (is_at(at, " N=\"") && tag.name == nullptr) {
            at = read_name_attribute(at + 4, tag.name);
        } else if (is_at(at, " RefId=\"") && !tag.has_ref_id) {
            tag.number = at + 8;
            tag.has_ref_id = true;
            at = read_number(tag.number, tag.ref_id);
            tag.number_end = at;
            if (at != nullptr) at = skip(at, "\"");
        } else {
            break;
        }
        if (at == nullptr) return nullptr;
    }
    if (at == end_) return nullptr;
    if (*at == '>') return at + 1;
    if (*at == ' ') ++at;
    tag.self_closed = true;
    return skip(at, "/>");
}

// What stands at a place
// ------------------------------------------------------------------------------------------------

// Reads the markup at `at` up to what it is followed by, the number of a RefId included. `node`
// says what that is: a new one in `chain`, or temporary_.
const char* FastReader::recognise(const char* at, Node** chain, Node*& node)
{
    temporary_.reset();
    node = &temporary_;
    const char* start = at;
    literal_end_ = nullptr;
    Frame& open = frames_[depth_];
    switch (open.place) {
    case Place::Top:
        if (chain == &stop_) {
            temporary_.op = Op::EndDocument;
            return at;
        }
        at = skip_white(at);
        if (chain != nullptr && is_at(at, "</Objs>")) {
            temporary_.op = Op::EndDocument;
            return at + 7;
        }
        if (at == end_ || *at != '<') return nullptr;
        temporary_.after = open.items;
        at = recognise_value(at, temporary_);
        break;
    case Place::Bag:
        if (chain == nullptr) at = read_properties(at);
        if (at != nullptr) at = recognise_property(at, temporary_);
        break;
    case Place::List:
        at = recognise_in_list(at, temporary_);
        break;
    case Place::Entries:
        at = recognise_in_entries(at, temporary_);
        break;
    case Place::Parts:
        at = recognise_part(at, temporary_);
        break;
    }
    if (at == nullptr) return nullptr;
    if (chain != nullptr && literal_end_ != nullptr && start <= step_end_) {
        if (Node* learned = learn(start, chain)) node = learned;
    }
    return at;
}

// Keeps what temporary_ says as the first thing to look for in `chain`: what was met last is most
// likely to be met next. Null where that is not worth it.
Node* FastReader::learn(const char* start, Node** chain)
{
    ++misses_;
    auto consumed = static_cast<std::uint64_t>(start - begin_);
    if (misses_ > first_lessons && misses_ * bytes_a_lesson > consumed) return nullptr;
    std::ptrdiff_t size = literal_end_ - start;
    if (size > literal_bytes_max) return nullptr;
    int alternatives = 0;
    for (const Node* other = *chain; other != nullptr; other = other->alternative)
        ++alternatives;
    if (alternatives >= alternatives_max) return nullptr;
    Node* node = scratch_.make<Node>(temporary_);
    node->literal = start;
    node->size = static_cast<std::uint8_t>(size);
    std::memcpy(node->head, start, sizeof node->head);
    node->head_mask = size >= 32 ? 0xFFFFFFFFU : (1U << size) - 1;
    node->alternative = *chain;
    *chain = node;
    if (node->after == nullptr) node->after = &node->next;
    return node;
}

const char* FastReader::recognise_value(const char* at, Node& node)
{
    StartTag tag;
    at = read_start_tag(at, tag);
    if (at == nullptr) return nullptr;
    node.name = tag.name;
    bool numbered = tag.tag == Tag::Object || tag.tag == Tag::Ref;
    if (numbered != tag.has_ref_id) return nullptr;
    literal_end_ = numbered ? tag.number : at;
    if (numbered) {
        node.tail = tag.number_end + (tag.tag == Tag::Object ? 1 : 0);
        if (at - node.tail > tail_bytes_max)
            literal_end_ = nullptr;
        else
            node.tail_size = static_cast<std::uint8_t>(at - node.tail);
    }
    switch (tag.tag) {
    case Tag::Primitive:
        node.kind = tag.kind;
        node.op = op_of(tag.kind);
        if (!tag.self_closed) return at;
        if (tag.kind != Kind::String && tag.kind != Kind::ByteArray) return nullptr;
        node.op = tag.kind == Kind::String ? Op::EmptyText : Op::EmptyBytes;
        return at;
    case Tag::Nil:
        node.op = Op::Nil;
        return tag.self_closed ? at : nullptr;
    case Tag::Ref:
        if (!tag.self_closed || tag.ref_id >= object_count_) return nullptr;
        node.op = Op::Ref;
        found_ = objects_[tag.ref_id];
        return at;
    case Tag::Object:
        // Numbers in order are what PowerShell writes.
        if (tag.ref_id != object_count_) return nullptr;
        node.op = tag.self_closed ? Op::EmptyObject : Op::Object;
        if (tag.self_closed) literal_end_ = nullptr;
        return at;
    case Tag::Other:
        break;
    }
    return nullptr;
}

// An end tag has been read up to `at`: that of the object may follow.
const char* FastReader::recognise_end(const char* at, Op end, Op end_with_object, Node& node)
{
    const char* next = skip_white(at);
    bool with_object = is_at(next, "</Obj>");
    node.op = with_object ? end_with_object : end;
    literal_end_ = with_object ? next + 6 : at;
    return literal_end_;
}

const char* FastReader::recognise_property(const char* at, Node& node)
{
    at = skip_white(at);
    if (end_ - at < 2 || *at != '<') return nullptr;
    if (at[1] == '/') {
        at = frames_[depth_].adapted ? skip(at, "</Props>") : skip(at, "</MS>");
        return at == nullptr ? nullptr : recognise_end(at, Op::EndBag, Op::EndBagAndObject, node);
    }
    at = recognise_value(at, node);
    if (at == nullptr || node.name == nullptr || node.name->size == 0) return nullptr;
    if (!is_new(node.name)) return nullptr;
    return at;
}

// Properties whose values are primitives, as far as they follow each other: for bags that are not
// learned. The result stands at what is something else.
const char* FastReader::read_properties(const char* at)
{
    // A bit for each hash of a name that has been met, so that most names need not be compared.
    auto bit_of = [](const Name* name) { return std::uint64_t{1} << (name->folded_hash & 63); };
    std::uint64_t met = 0;
    for (const char* other = stack_ + frames_[depth_].first; other != top_;
         other += sizeof(Property)) {
        const Name* name = nullptr;
        std::memcpy(&name, other, sizeof name);
        met |= bit_of(name);
    }
    while (at <= step_end_ && top_ <= stack_end_ && *at == '<') {
        unsigned size =
            static_cast<unsigned>(std::countr_zero(Block16::load(at + 1).tag_stops() | 0x10000U));
        const char* name_start = at + 1 + size + 4;
        if (size - 1 > 2 || std::memcmp(name_start - 4, " N=\"", 4) != 0) return at;
        std::uint64_t word = load8_before(at + 1, end_) & ~std::uint64_t{0} >> (64 - size * 8);
        Kind kind = Kind::Nil;
        if (tag_of(word, kind) != Tag::Primitive) return at;
        const Name* name = nullptr;
        const char* next = read_name_attribute(name_start, name);
        if (next == nullptr || next == end_ || *next != '>' || name->size == 0) return at;
        std::uint64_t bit = bit_of(name);
        if (((met & bit) != 0 || is_method_name(name->text())) && !is_new(name)) return at;
        met |= bit;
        std::memcpy(top_, &name, sizeof name);
        at = read_frequent(next + 1, kind, *new (top_ + sizeof name) Value);
        if (at == nullptr) return nullptr;
        top_ += sizeof(Property);
    }
    return at;
}

// Whether a property of that name may be added to the bag that is open.
bool FastReader::is_new(const Name* name) const
{
    std::size_t bytes = static_cast<std::size_t>(top_ - stack_) - frames_[depth_].first;
    if (bytes >= searched_properties_max * sizeof(Property)) return false;
    return lossless_ || (!is_duplicate(name) && !is_method_name(name->text()));
}

bool FastReader::is_duplicate(const Name* name) const
{
    for (const char* at = stack_ + frames_[depth_].first; at != top_; at += sizeof(Property)) {
        const Name* other = nullptr;
        std::memcpy(&other, at, sizeof other);
        if (other == name) return true;
        if (other->folded_hash == name->folded_hash &&
            equal_ignoring_case(other->text(), name->text()))
            return true;
    }
    return false;
}

const char* FastReader::recognise_in_list(const char* at, Node& node)
{
    const Frame& open = frames_[depth_];
    at = skip_white(at);
    if (end_ - at < 2 || *at != '<') return nullptr;
    if (at[1] == '/') {
        at = expect(at, end_tag_of(open.container));
        return at == nullptr ? nullptr
                             : recognise_end(at, Op::EndItems, Op::EndItemsAndObject, node);
    }
    node.after = open.items;
    return recognise_value(at, node);
}

const char* FastReader::recognise_in_entries(const char* at, Node& node)
{
    const Frame& open = frames_[depth_];
    std::size_t parts = (static_cast<std::size_t>(top_ - stack_) - open.closed) / sizeof(Value);
    at = skip_white(at);
    if (parts == 2) {
        node.op = Op::EndEntry;
        literal_end_ = skip(at, "</En>");
        return literal_end_;
    }
    if (parts == 0) {
        if (const char* end = skip(at, "</DCT>"))
            return recognise_end(end, Op::EndItems, Op::EndItemsAndObject, node);
        at = skip(at, "<En>");
        if (at == nullptr) return nullptr;
        at = skip_white(at);
    }
    if (at == end_ || *at != '<') return nullptr;
    at = recognise_value(at, node);
    if (at == nullptr || node.name == nullptr) return nullptr;
    if (node.name->text() != (parts == 0 ? "Key" : "Value")) return nullptr;
    // Keys that may be the same object twice are looked at by the general reader.
    if (parts == 0 && (node.op == Op::Nil || node.op == Op::Ref)) return nullptr;
    return at;
}

// Parts of objects
// ------------------------------------------------------------------------------------------------

const char* FastReader::recognise_part(const char* at, Node& node)
{
    const char* names_end = nullptr; // of a list of type names, which is not learned
    while (true) {
        at = skip_white(at);
        if (at == end_ || *at != '<') return nullptr;
        if (is_at(at, "</Obj>")) {
            node.op = Op::EndObject;
            literal_end_ = at + 6;
            break;
        }
        const char* start = at;
        std::uint64_t word = read_word(++at, end_);
        if (word == word_of("TN")) {
            at = read_type_names(at);
            if (at == nullptr) return nullptr;
            node.shape = nullptr;
            names_end = at;
            continue;
        }
        if (word == word_of("TNRef")) {
            std::uint64_t number = 0;
            at = skip(at, " RefId=\"");
            if (at != nullptr) at = read_number(at, number);
            if (at == nullptr || number >= shapes_.size()) return nullptr;
            node.shape = shapes_[number];
            at = is_at(at, "\" />") ? at + 4 : skip(at, "\"/>");
            if (at == nullptr) return nullptr;
            continue;
        }
        node.container = container_of(word);
        if (node.container != ContainerKind::None) {
            node.op = Op::Items;
            if (is_at(at, " />")) {
                node.op = Op::NoItems;
                at += 2;
            }
            literal_end_ = skip(at, ">");
            break;
        }
        if (word == word_of("MS") || word == word_of("Props") || word == word_of("ToString")) {
            node.op = word == word_of("MS")      ? Op::Extended
                      : word == word_of("Props") ? Op::Adapted
                                                 : Op::Text;
            literal_end_ = skip(at, ">");
            break;
        }
        // A primitive that the object wraps. Objects inside objects are left to the general reader.
        StartTag tag;
        literal_end_ = read_start_tag(start, tag);
        if (literal_end_ == nullptr || tag.tag != Tag::Primitive || tag.name != nullptr ||
            tag.has_ref_id || tag.self_closed)
            return nullptr;
        node.op = Op::Base;
        node.kind = tag.kind;
        break;
    }
    at = literal_end_;
    if (names_end != nullptr) literal_end_ = nullptr;
    return at;
}

// One name of a list; `at` stands behind its "<T>".
const char* FastReader::read_type_name(const char* at, std::string_view& name)
{
    at = read_string(at, name);
    if (at == nullptr || name.empty()) return nullptr;
    bool has_prefix =
        (name[0] | 32) == 'd' && name.size() >= deserialized_prefix.size() &&
        equal_ignoring_case(name.substr(0, deserialized_prefix.size()), deserialized_prefix);
    if (!lossless_ && !has_prefix) {
        std::size_t size = deserialized_prefix.size() + name.size();
        char* joined = arena_.allocate_array<char>(size);
        std::memcpy(joined, deserialized_prefix.data(), deserialized_prefix.size());
        std::memcpy(joined + deserialized_prefix.size(), name.data(), name.size());
        name = {joined, size};
    }
    return skip(at, "</T>");
}

// `at` stands behind "<TN".
const char* FastReader::read_type_names(const char* at)
{
    std::uint64_t number = 0;
    at = skip(at, " RefId=\"");
    if (at != nullptr) at = read_number(at, number);
    if (at == nullptr || number != shapes_.size() ||
        shapes_.size() == options_.limits.type_name_lists_max)
        return nullptr;
    at = skip(at, "\">");
    if (at == nullptr) return nullptr;
    names_.clear();
    while (true) {
        at = skip_white(at);
        if (is_at(at, "</TN>")) break;
        std::string_view text;
        at = skip(at, "<T>");
        if (at != nullptr) at = read_type_name(at, text);
        if (at == nullptr || names_.size() == options_.limits.type_names_max) return nullptr;
        names_.push_back(text);
    }
    if (names_.empty()) return nullptr;
    auto* copies = arena_.allocate_array<std::string_view>(names_.size());
    std::uninitialized_copy(names_.begin(), names_.end(), copies);
    auto* shape = scratch_.make<Shape>();
    shape->names = arena_.make<TypeNames>(TypeNames{{copies, names_.size()}});
    shapes_.push_back(shape);
    frames_[depth_].shape = shape;
    frames_[depth_].object->set_type_names(shape->names);
    return at + 5;
}

} // namespace clixml::detail
