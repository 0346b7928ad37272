// The loop of FastReader: predicted markup, objects, bags, containers. Markup that was not
// predicted is in fast_markup.cpp, contents are in fast_values.hpp.
#include <clixml/detail/fast_reader.hpp>
#include <clixml/detail/fast_values.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace clixml::detail {
namespace {

constexpr std::string_view document_start =
    R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";
// A step reads at most a literal, a number of a RefId and what follows it without looking for the
// end.
constexpr std::ptrdiff_t step_bytes_max = 192;
constexpr std::size_t first_stack_bytes = 2048;
constexpr std::size_t first_frames = 16;
constexpr std::size_t first_objects = 64;
// Room that one round of the loop may need on the stack.
constexpr std::ptrdiff_t stack_reserve = 64;

constexpr std::string_view element_of(Kind kind)
{
    switch (kind) {
    case Kind::Int32:
        return "I32";
    case Kind::Int64:
        return "I64";
    case Kind::Boolean:
        return "B";
    case Kind::DateTime:
        return "DT";
    case Kind::Guid:
        return "G";
    case Kind::Double:
        return "Db";
    default:
        return "S";
    }
}

template <Kind kind>
bool ends_here(const char* at)
{
    constexpr EndTag tag = end_tag(element_of(kind));
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return (word & tag.mask) == tag.word;
}

const char* before(const char* begin, const char* end, std::ptrdiff_t bytes)
{
    return end - begin > bytes ? end - bytes : begin;
}

} // namespace

FastReader::FastReader(std::string_view text, Arena& arena, const ReadOptions& options)
    : begin_(text.data()), end_(text.data() + text.size()),
      step_end_(before(begin_, end_, step_bytes_max)),
      contents_end_(before(begin_, end_, short_bytes_max)), arena_(arena),
      scratch_(arena.scratch()), options_(options),
      zone_(
          options.reading == Reading::Lossless ? nullptr
          : options.zone != nullptr            ? options.zone
                                               : &utc_zone()
      ),
      lossless_(options.reading == Reading::Lossless)
{
    scratch_.clear();
    stack_ = static_cast<char*>(scratch_.allocate(first_stack_bytes));
    top_ = stack_;
    stack_end_ = stack_ + first_stack_bytes - stack_reserve;
    frames_ = scratch_.allocate_array<Frame>(first_frames);
    frames_size_ = first_frames;
    frames_[0] = Frame{};
    frames_[0].place = Place::Top;
    frames_[0].items = &document_node_.next;
    objects_ = scratch_.allocate_array<Object*>(first_objects);
    objects_size_ = first_objects;
}

FastReader::~FastReader()
{
    arena_.end_scratch();
}

// Whether a text of this size can go over no limit but those that are looked at while reading.
bool FastReader::limits_allow(std::size_t text_bytes) const
{
    const ReadLimits& limits = options_.limits;
    return limits.elements_max >= text_bytes / 4 && limits.text_bytes_max >= text_bytes &&
           limits.objects_max >= text_bytes / 6 && limits.attributes_max >= 2 &&
           limits.depth_max >= 1;
}

// Documents
// -------------------------------------------------------------------------------------------------------

bool FastReader::read_document(std::vector<TopLevelValue>& values, TextForm& form)
{
    auto text_bytes = static_cast<std::size_t>(end_ - begin_);
    if (!limits_allow(text_bytes) || !starts_with(begin_, document_start)) return false;
    const char* at = begin_ + document_start.size();
    form.version = document_start.substr(15, 7);
    form.crlf = at != end_ && *at == '\r';
    form.indented = at != end_ && (*at == '\n' || *at == '\r');
    at = run(at, frames_[0].items);
    if (at == nullptr || skip_white(at) != end_) return false;
    for (const char* item = stack_; item != top_; item += sizeof(Value)) {
        TopLevelValue value;
        std::memcpy(&value.value, item, sizeof(Value));
        values.push_back(value);
    }
    return true;
}

bool FastReader::read_bare(TopLevelValue& value, TextForm& form)
{
    auto text_bytes = static_cast<std::size_t>(end_ - begin_);
    if (!limits_allow(text_bytes) || text_bytes == 0 || *begin_ != '<') return false;
    frames_[0].items = &stop_;
    // Short contents are read with a look at the sixteen bytes before them.
    if (!is_at(begin_, "<Obj ")) contents_end_ = begin_;
    const char* at = run(begin_, nullptr);
    if (at == nullptr || skip_white(at) != end_) return false;
    std::memcpy(&value.value, stack_, sizeof(Value));
    const auto* close = static_cast<const char*>(std::memchr(begin_, '>', text_bytes));
    if (close != nullptr && close + 1 < at && close[-1] != '/') {
        form.crlf = close[1] == '\r';
        form.indented = value.value.is_object() && (close[1] == '\n' || close[1] == '\r');
    }
    return true;
}

// Objects
// -------------------------------------------------------------------------------------------------------

void FastReader::NextId::advance()
{
    ++number;
    if (number % 10 != 0 && size <= 8) {
        word += std::uint64_t{1} << (size * 8 - 16);
        return;
    }
    char* end = std::to_chars(text, text + sizeof text - 1, number).ptr;
    *end++ = '"';
    size = static_cast<unsigned>(end - text);
    std::memcpy(&word, text, 8);
}

void FastReader::grow_stack()
{
    auto used = static_cast<std::size_t>(top_ - stack_);
    auto size = static_cast<std::size_t>(stack_end_ - stack_ + stack_reserve) * 2;
    auto* grown = static_cast<char*>(scratch_.allocate(size));
    std::memcpy(grown, stack_, used);
    stack_ = grown;
    top_ = grown + used;
    stack_end_ = grown + size - stack_reserve;
}

// Moves what lies on the stack from `first` on into the arena.
template <typename T>
ArenaVector<T> FastReader::take(std::size_t first)
{
    char* from = stack_ + first;
    auto bytes = static_cast<std::size_t>(top_ - from);
    top_ = from;
    if (bytes == 0) return {};
    T* items = arena_.allocate_array<T>(bytes / sizeof(T));
    std::memcpy(static_cast<void*>(items), from, bytes);
    return {items, bytes / sizeof(T)};
}

// A new object, which is the value of what has just been pushed.
Object* FastReader::add_object()
{
    auto* object = arena_.make<Object>();
    if (object_count_ == objects_size_) {
        auto** grown = scratch_.allocate_array<Object*>(objects_size_ * 2);
        std::memcpy(grown, objects_, objects_size_ * sizeof(Object*));
        objects_ = grown;
        objects_size_ *= 2;
    }
    objects_[object_count_++] = object;
    next_id_.advance();
    return object;
}

bool FastReader::open_object(Object* object, Node** resume)
{
    if (depth_ == options_.limits.depth_max) return false;
    if (++depth_ == frames_size_) {
        Frame* grown = scratch_.allocate_array<Frame>(frames_size_ * 2);
        std::memcpy(static_cast<void*>(grown), frames_, frames_size_ * sizeof(Frame));
        frames_ = grown;
        frames_size_ *= 2;
    }
    Frame& opened = frames_[depth_];
    opened.object = object;
    opened.shape = &plain_shape_;
    opened.resume = resume;
    opened.place = Place::Parts;
    return true;
}

bool FastReader::open_bag(bool adapted)
{
    Frame& open = frames_[depth_];
    Object& object = *open.object;
    if (depth_ == options_.limits.depth_max) return false;
    if (adapted ? object.has_adapted() : object.has_extended()) return false;
    if (adapted) {
        object.set_has_adapted(true);
        object.set_deserialized(true);
    } else {
        object.set_has_extended(true);
    }
    open.adapted = adapted;
    open.first = static_cast<std::size_t>(top_ - stack_);
    open.place = Place::Bag;
    return true;
}

void FastReader::close_bag()
{
    Frame& open = frames_[depth_];
    PropertyBag& bag = open.adapted ? open.object->adapted_bag() : open.object->extended_bag();
    bag = take<Property>(open.first);
    open.place = Place::Parts;
}

bool FastReader::open_items(const Node& node)
{
    Frame& open = frames_[depth_];
    if (depth_ == options_.limits.depth_max) return false;
    if (open.object->container() != ContainerKind::None) return false;
    open.container = node.container;
    open.first = static_cast<std::size_t>(top_ - stack_);
    open.closed = open.first;
    open.place = node.container == ContainerKind::Dictionary ? Place::Entries : Place::List;
    return true;
}

bool FastReader::close_items()
{
    Frame& open = frames_[depth_];
    if (open.object->container() != ContainerKind::None) return false;
    ContainerKind kind = open.container;
    if (kind == ContainerKind::Enumerable && !lossless_) kind = ContainerKind::List;
    open.object->set_container(kind);
    open.object->set_items(take<Value>(open.first));
    open.place = Place::Parts;
    return true;
}

// The loop
// -------------------------------------------------------------------------------------------------------

inline bool FastReader::follows_id(const char* at, const Node& node) const
{
    if (!next_id_.is_at(at)) return false;
    at += next_id_.size;
    return node.tail_size == 1 ? *at == '>' : std::memcmp(at, node.tail, node.tail_size) == 0;
}

// Whether a literal of up to eight bytes stands there; false for longer ones.
inline bool matches_short(const char* at, const Node& node)
{
    std::uint64_t word = 0;
    std::uint64_t head = 0;
    std::memcpy(&word, at, 8);
    std::memcpy(&head, node.head, 8);
    return node.size < 8 && (word ^ head) << (64 - node.size * 8) == 0;
}

inline bool FastReader::matches(const char* at, const Node& node) const
{
    unsigned low = Block16::load(at).equal(Block16::load(node.head));
    unsigned high = Block16::load(at + 16).equal(Block16::load(node.head + 16));
    if ((~(low | high << 16) & node.head_mask) != 0) return false;
    if (node.size > 32 && std::memcmp(at + 32, node.literal + 32, node.size - 32U) != 0)
        return false;
    return node.op != Op::Object || follows_id(at + node.size, node);
}

// A primitive of up to 64 bytes in PowerShell's usual form, with its end tag; else it is read in
// another way.
template <Kind kind>
inline const char* FastReader::read_short(const char* at, Value& value)
{
    if (at > contents_end_) [[unlikely]]
        return read_short_near_end(at, kind, value);
    const char* end = nullptr;
    if constexpr (kind == Kind::Boolean)
        end = read_short_boolean(at, value);
    else if constexpr (kind == Kind::DateTime)
        end = read_short_moment(at, lossless_, value);
    else if constexpr (kind == Kind::Guid)
        end = read_short_guid(at, lossless_, arena_, value);
    else if constexpr (kind == Kind::Double)
        end = read_double(at, value);
    else
        end = read_short_integer(at, kind, value);
    if (end != nullptr && ends_here<kind>(end)) [[likely]]
        return end + end_tag(element_of(kind)).size;
    return read_unusual(at, kind, value);
}

// A string without anything to decode, with its end tag; else it is read in another way.
inline const char* FastReader::read_plain_string(const char* at, Value& value)
{
    const char* start = at;
    while (at <= contents_end_) {
        unsigned stops = Block16::load(at).text_stops();
        if (stops == 0) {
            at += 16;
            continue;
        }
        at += std::countr_zero(stops);
        if (!ends_here<Kind::String>(at)) break;
        value = Value::string({start, static_cast<std::size_t>(at - start)});
        return at + 4;
    }
    return read_string_value(start, Kind::String, value);
}

// A primitive as read_primitive reads it, the frequent kinds by the shorter way.
const char* FastReader::read_frequent(const char* at, Kind kind, Value& value)
{
    switch (kind) {
    case Kind::String:
        return read_plain_string(at, value);
    case Kind::Int32:
        return read_short<Kind::Int32>(at, value);
    case Kind::Int64:
        return read_short<Kind::Int64>(at, value);
    case Kind::Boolean:
        return read_short<Kind::Boolean>(at, value);
    case Kind::DateTime:
        return read_short<Kind::DateTime>(at, value);
    case Kind::Guid:
        return read_short<Kind::Guid>(at, value);
    case Kind::Double:
        return read_short<Kind::Double>(at, value);
    default:
        return read_primitive(at, kind, value);
    }
}

// The number of a Ref and what follows it.
const char* FastReader::read_ref(const char* at, const Node& node, Value& value) const
{
    std::uint64_t number = 0;
    at = read_number(at, number);
    if (at == nullptr || number >= object_count_) return nullptr;
    value = Value::object(objects_[number]);
    return expect(at, {node.tail, node.tail_size});
}

// Reads values from `at` on, up to the end of the document or of the one value. `chain` is where to
// look for what stands there.
const char* FastReader::run(const char* at, Node** chain)
{
    std::size_t offset = 0; // of the value in what is pushed: 8 behind the name of a property
    char* top = top_;
    while (true) {
        Node* node = nullptr;
        if (chain != nullptr && at <= step_end_) [[likely]] {
            node = *chain;
            while (node != nullptr && !matches(at, *node))
                node = node->alternative;
        }
        bool predicted = node != nullptr;
        if (predicted) [[likely]] {
            at += node->size;
        } else {
            top_ = top;
            at = recognise(at, chain, node);
            if (at == nullptr) return nullptr;
            top = top_;
        }
        // Straight to its place: made elsewhere in parts and then copied whole, a value would have
        // to wait for its parts to reach the cache.
        std::memcpy(top, &node->name, sizeof(Name*));
        Value& value = *new (top + offset) Value;
        switch (node->op) {
        case Op::String:
            at = read_plain_string(at, value);
            break;
        case Op::Int32:
            at = read_short<Kind::Int32>(at, value);
            // Numbers in a list follow each other.
            if (!predicted || node->after != chain) break;
            while (at != nullptr && at <= step_end_ && top < stack_end_ && matches_short(at, *node)
            ) {
                top += sizeof(Value);
                at = read_short<Kind::Int32>(at + node->size, *new (top) Value);
            }
            break;
        case Op::Int64:
            at = read_short<Kind::Int64>(at, value);
            break;
        case Op::Boolean:
            at = read_short<Kind::Boolean>(at, value);
            break;
        case Op::DateTime:
            at = read_short<Kind::DateTime>(at, value);
            break;
        case Op::Guid:
            at = read_short<Kind::Guid>(at, value);
            break;
        case Op::Double:
            at = read_short<Kind::Double>(at, value);
            break;
        case Op::Nil:
            break;
        case Op::EmptyText:
            value = Value::string({"", 0});
            break;
        case Op::EmptyBytes:
            value = Value::bytes(bytes_of(std::string_view("", 0)));
            break;
        case Op::Ref:
            if (predicted)
                at = read_ref(at, *node, value);
            else
                value = Value::object(found_);
            break;
        case Op::Object:
        case Op::EmptyObject:
            if (predicted) at += next_id_.size + node->tail_size;
            value = Value::object(add_object());
            break;
        default:
            if (node->op < Op::FirstStructure) {
                at = read_primitive(at, node->kind, value);
                break;
            }
            top_ = top;
            at = structure(at, *node, chain);
            if (at == nullptr || chain == &stop_) return at;
            top = top_;
            offset = frames_[depth_].place == Place::Bag ? 8 : 0;
            continue;
        }
        if (at == nullptr) return nullptr;
        top += offset + sizeof(Value);
        chain = node->after;
        if (top > stack_end_) [[unlikely]] {
            top_ = top;
            grow_stack();
            top = top_;
        }
        if (node->op == Op::Object) {
            if (!open_object(value.object(), chain)) return nullptr;
            chain = node == &temporary_ ? nullptr : &node->next;
        }
    }
}

// What is no value: parts of objects, ends of bags, containers and objects. `chain` becomes where
// to look for what follows, or &stop_.
const char* FastReader::structure(const char* at, Node& node, Node**& chain)
{
    Frame& open = frames_[depth_];
    chain = &node == &temporary_ ? nullptr : &node.next;
    if (node.shape != nullptr) {
        open.shape = node.shape;
        open.object->set_type_names(node.shape->names);
    }
    switch (node.op) {
    case Op::Extended:
        chain = &open.shape->extended;
        return open_bag(false) ? at : nullptr;
    case Op::Adapted:
        chain = &open.shape->adapted;
        return open_bag(true) ? at : nullptr;
    case Op::EndBag:
        close_bag();
        return at;
    case Op::EndBagAndObject:
        close_bag();
        return close_object(at, chain);
    case Op::EndObject:
        return close_object(at, chain);
    case Op::Text: {
        std::string_view text;
        at = read_string(at, text);
        if (at == nullptr) return nullptr;
        open.object->set_text(text);
        return expect(at, "</ToString>");
    }
    case Op::Base: {
        Value base;
        at = read_primitive(at, node.kind, base);
        open.object->set_base(base);
        return at;
    }
    case Op::Items:
        if (chain == nullptr) chain = scratch_.make<Node*>(nullptr);
        open.items = chain;
        return open_items(node) ? at : nullptr;
    case Op::NoItems:
        return open_items(node) && close_items() ? at : nullptr;
    case Op::EndItems:
        return close_items() ? at : nullptr;
    case Op::EndItemsAndObject:
        return close_items() ? close_object(at, chain) : nullptr;
    case Op::EndEntry: {
        // .NET has one object for every empty string: whether it may be a key again is for the
        // general reader to say.
        Value key;
        std::memcpy(static_cast<void*>(&key), top_ - 2 * sizeof(Value), sizeof key);
        if (key.kind() == Kind::String && key.text().empty()) return nullptr;
        open.closed = static_cast<std::size_t>(top_ - stack_);
        chain = open.items;
        return at;
    }
    case Op::EndDocument:
        chain = &stop_;
        return at;
    default:
        return nullptr;
    }
}

const char* FastReader::close_object(const char* at, Node**& chain)
{
    chain = frames_[depth_].resume;
    --depth_;
    return at;
}

} // namespace clixml::detail
