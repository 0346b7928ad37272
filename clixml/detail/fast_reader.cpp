#include <clixml/detail/fast_reader.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <cstring>

namespace clixml::detail {
namespace {

constexpr std::string_view document_start =
    R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";
constexpr std::string_view deserialized_prefix = "Deserialized.";
// Properties of one bag that are searched for a name one by one; a bag with more of unknown names
// is declined.
constexpr std::size_t searched_properties_max = 256;
// Tags tried at one place, and misses after which prediction is given up where it does not hit.
constexpr int alternatives_max = 4;
constexpr std::uint64_t trial_misses = 1024;

ContainerKind container_of(std::string_view tag)
{
    if (tag == "LST") return ContainerKind::List;
    if (tag == "IE") return ContainerKind::Enumerable;
    if (tag == "STK") return ContainerKind::Stack;
    if (tag == "QUE") return ContainerKind::Queue;
    if (tag == "DCT") return ContainerKind::Dictionary;
    return ContainerKind::None;
}

bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Notes of these names stand where the methods would (clixml 5.3).
bool is_method_name(std::string_view name)
{
    return (name.size() == 8 && equal_ignoring_case(name, "ToString")) ||
           (name.size() == 7 && equal_ignoring_case(name, "GetType"));
}

template <typename T>
ArenaVector<T> take_from(std::vector<T>& stack, std::size_t first, Arena& arena)
{
    std::size_t count = stack.size() - first;
    if (count == 0) return {};
    T* items = arena.allocate_array<T>(count);
    std::memcpy(
        static_cast<void*>(items), static_cast<const void*>(stack.data() + first), count * sizeof(T)
    );
    stack.resize(first);
    return {items, count};
}

} // namespace

FastReader::FastReader(std::string_view text, Arena& arena, const ReadOptions& options)
    : begin_(text.data()), end_(text.data() + text.size()), arena_(arena), options_(options),
      zone_(
          options.reading == Reading::Lossless ? nullptr
          : options.zone != nullptr            ? options.zone
                                               : &utc_zone()
      )
{
}

// Whether a text of this size can go over no limit but those that are looked at while reading.
bool FastReader::limits_allow(std::size_t text_bytes) const
{
    const ReadLimits& limits = options_.limits;
    return limits.elements_max >= text_bytes / 4 && limits.text_bytes_max >= text_bytes &&
           limits.objects_max >= text_bytes / 6 && limits.attributes_max >= 2;
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
    while (true) {
        at = skip_white(at);
        if (starts_with(at, "</Objs>")) break;
        Value value;
        at = read_item(at, value, 1);
        if (at == nullptr) return false;
        values.push_back({value, {}});
    }
    return skip_white(at + 7) == end_;
}

bool FastReader::read_bare(TopLevelValue& value, TextForm& form)
{
    auto text_bytes = static_cast<std::size_t>(end_ - begin_);
    if (!limits_allow(text_bytes) || text_bytes == 0 || *begin_ != '<') return false;
    const char* at = read_item(begin_, value.value, 1);
    if (at == nullptr || skip_white(at) != end_) return false;
    const auto* close = static_cast<const char*>(std::memchr(begin_, '>', text_bytes));
    if (close != nullptr && close + 1 < at && close[-1] != '/') {
        form.crlf = close[1] == '\r';
        form.indented = value.value.is_object() && (close[1] == '\n' || close[1] == '\r');
    }
    return true;
}

// Pieces of markup
// ------------------------------------------------------------------------------------------------

const char* FastReader::skip_white(const char* at) const
{
    while (at != end_ && is_white(*at))
        ++at;
    return at;
}

bool FastReader::starts_with(const char* at, std::string_view text) const
{
    return static_cast<std::size_t>(end_ - at) >= text.size() &&
           std::memcmp(at, text.data(), text.size()) == 0;
}

const char* FastReader::expect(const char* at, std::string_view text) const
{
    return starts_with(at, text) ? at + text.size() : nullptr;
}

// Digits without leading zeros, as PowerShell numbers objects.
const char* FastReader::read_number(const char* at, std::uint64_t& number) const
{
    const char* start = at;
    number = 0;
    while (at != end_ && static_cast<std::uint8_t>(*at - '0') < 10)
        number = number * 10 + static_cast<std::uint64_t>(*at++ - '0');
    auto digits = at - start;
    return digits == 0 || digits > 10 || (digits > 1 && *start == '0') ? nullptr : at;
}

FastReader::Tag FastReader::tag_of(std::string_view name, Kind& kind)
{
    if (name == "S") {
        kind = Kind::String;
        return Tag::Primitive;
    }
    if (name == "Obj") return Tag::Object;
    if (name == "Nil") return Tag::Nil;
    if (name == "Ref") return Tag::Ref;
    const Primitive* row = find_primitive(name);
    if (row == nullptr) return Tag::Other;
    kind = row->kind;
    return Tag::Primitive;
}

// The value of an N attribute up to its closing quote. Names with references or raw controls are
// declined.
const char* FastReader::read_name_attribute(const char* at, const Name*& name)
{
    const auto* quote =
        static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end_ - at)));
    if (quote == nullptr) return nullptr;
    std::string_view text(at, static_cast<std::size_t>(quote - at));
    bool plain = true;
    for (char c : text) {
        if (c == '&' || c == '<' || (c >= 0 && c < ' ')) return nullptr;
        plain = plain && c >= ' ' && c != '_';
    }
    if (!plain) {
        if (first_invalid_utf8(text) || text.find("\xEF\xBF") != std::string_view::npos)
            return nullptr;
        if (has_escape(text)) {
            name = arena_.intern(unescaped(text));
            return quote + 1;
        }
    }
    name = arena_.intern(text);
    return quote + 1;
}

// A start tag with at most one N and one RefId, as PowerShell and its imitators write it. `at`
// stands at its '<'.
const char* FastReader::read_start_tag(const char* at, StartTag& tag)
{
    const char* name = ++at;
    while (at != end_ &&
           ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9')))
        ++at;
    tag = StartTag{};
    tag.tag = tag_of({name, static_cast<std::size_t>(at - name)}, tag.kind);
    if (tag.tag == Tag::Other) return nullptr;
    while (at != end_ && *at == ' ') {
        if (starts_with(at, " N=\"") && tag.name == nullptr) {
            at = read_name_attribute(at + 4, tag.name);
        } else if (starts_with(at, " RefId=\"") && !tag.has_ref_id) {
            tag.number = at + 8;
            tag.has_ref_id = true;
            at = read_number(tag.number, tag.ref_id);
            tag.number_end = at;
            if (at != nullptr) at = expect(at, "\"");
        } else {
            break;
        }
        if (at == nullptr) return nullptr;
    }
    if (at == end_) return nullptr;
    if (*at == '>') return at + 1;
    if (*at == ' ') ++at;
    tag.self_closed = true;
    return expect(at, "/>");
}

// Values
// ------------------------------------------------------------------------------------------------------------

const char* FastReader::read_item(const char* at, Value& value, std::uint32_t depth)
{
    if (depth > options_.limits.depth_max || at == end_ || *at != '<') return nullptr;
    StartTag tag;
    at = read_start_tag(at, tag);
    return at == nullptr ? nullptr : read_tagged(at, tag, value, depth);
}

// What follows a start tag that has just been read.
const char*
FastReader::read_tagged(const char* at, const StartTag& tag, Value& value, std::uint32_t depth)
{
    switch (tag.tag) {
    case Tag::Primitive:
        return tag.has_ref_id ? nullptr : read_primitive(at, tag.kind, tag.self_closed, value);
    case Tag::Nil:
        value = Value();
        return tag.self_closed ? at : nullptr;
    case Tag::Ref:
        if (!tag.has_ref_id || !tag.self_closed || tag.ref_id >= objects_.size()) return nullptr;
        value = Value::object(objects_[tag.ref_id]);
        return at;
    case Tag::Object: {
        Object* object = nullptr;
        if (!tag.has_ref_id) return nullptr;
        at = begin_object(at, tag.ref_id, object);
        value = Value::object(object);
        if (at == nullptr || tag.self_closed) return at;
        return read_object(at, *object, depth);
    }
    case Tag::Other:
        break;
    }
    return nullptr;
}

const char* FastReader::begin_object(const char* at, std::uint64_t ref_id, Object*& object)
{
    // Numbers in order are what PowerShell writes.
    if (ref_id != objects_.size()) return nullptr;
    object = arena_.make<Object>();
    objects_.push_back(object);
    return at;
}

const char* FastReader::read_object(const char* at, Object& object, std::uint32_t depth)
{
    Shape* shape = &plain_shape_;
    while (true) {
        if (at != end_ && *at != '<') at = skip_white(at);
        if (end_ - at < 6 || *at != '<') return nullptr;
        if (at[1] == '/') return expect(at, "</Obj>");
        at = read_object_part(at, object, shape, depth);
        if (at == nullptr) return nullptr;
    }
}

const char*
FastReader::read_object_part(const char* at, Object& object, Shape*& shape, std::uint32_t depth)
{
    if (starts_with(at, "<TNRef RefId=\"")) {
        std::uint64_t number = 0;
        at = read_number(at + 14, number);
        if (at == nullptr || number >= shapes_.size()) return nullptr;
        shape = shapes_[number];
        object.set_type_names(shape->names);
        return starts_with(at, "\" />") ? at + 4 : expect(at, "\"/>");
    }
    if (starts_with(at, "<MS>")) {
        if (object.has_extended()) return nullptr;
        object.set_has_extended(true);
        return read_bag(at + 4, shape->extended, "</MS>", object.extended_bag(), depth + 1);
    }
    if (starts_with(at, "<Props>")) {
        if (object.has_adapted()) return nullptr;
        object.set_has_adapted(true);
        object.set_deserialized(true);
        return read_bag(at + 7, shape->adapted, "</Props>", object.adapted_bag(), depth + 1);
    }
    if (starts_with(at, "<TN RefId=\"")) return read_type_names(at, object, shape);
    if (starts_with(at, "<ToString>")) {
        std::string_view text;
        at = read_string(at + 10, text);
        if (at == nullptr) return nullptr;
        object.set_text(text);
        return expect(at, "</ToString>");
    }
    const char* name_end = at + 1;
    while (name_end != end_ && *name_end >= 'A' && *name_end <= 'Z')
        ++name_end;
    ContainerKind kind = container_of({at + 1, static_cast<std::size_t>(name_end - at - 1)});
    if (kind != ContainerKind::None) return read_container(name_end, kind, object, depth);
    return read_base(at, object);
}

// A primitive that the object wraps. Objects inside objects are left to the general reader.
const char* FastReader::read_base(const char* at, Object& object)
{
    StartTag tag;
    at = read_start_tag(at, tag);
    if (at == nullptr || tag.tag != Tag::Primitive || tag.name != nullptr || tag.has_ref_id)
        return nullptr;
    Value base;
    at = read_primitive(at, tag.kind, tag.self_closed, base);
    object.set_base(base);
    return at;
}

const char* FastReader::read_type_names(const char* at, Object& object, Shape*& shape)
{
    std::uint64_t number = 0;
    at = read_number(at + 11, number);
    if (at == nullptr || number != shapes_.size() ||
        shapes_.size() == options_.limits.type_name_lists_max)
        return nullptr;
    at = expect(at, "\">");
    if (at == nullptr) return nullptr;
    std::vector<std::string_view> names;
    while (true) {
        at = skip_white(at);
        if (starts_with(at, "</TN>")) break;
        std::string_view text;
        at = expect(at, "<T>");
        if (at != nullptr) at = read_string(at, text);
        if (at != nullptr) at = expect(at, "</T>");
        if (at == nullptr || text.empty() || names.size() == options_.limits.type_names_max)
            return nullptr;
        bool has_prefix =
            text.size() >= deserialized_prefix.size() &&
            equal_ignoring_case(text.substr(0, deserialized_prefix.size()), deserialized_prefix);
        if (!lossless() && !has_prefix) {
            std::size_t size = deserialized_prefix.size() + text.size();
            char* joined = arena_.allocate_array<char>(size);
            std::memcpy(joined, deserialized_prefix.data(), deserialized_prefix.size());
            std::memcpy(joined + deserialized_prefix.size(), text.data(), text.size());
            text = {joined, size};
        }
        names.push_back(text);
    }
    if (names.empty()) return nullptr;
    auto* copies = arena_.allocate_array<std::string_view>(names.size());
    std::uninitialized_copy(names.begin(), names.end(), copies);
    shape = nodes_.make<Shape>();
    shape->names = arena_.make<TypeNames>(TypeNames{{copies, names.size()}});
    shapes_.push_back(shape);
    object.set_type_names(shape->names);
    return at + 5;
}

// Containers
// --------------------------------------------------------------------------------------------------------

const char*
FastReader::read_container(const char* at, ContainerKind kind, Object& object, std::uint32_t depth)
{
    if (object.container() != ContainerKind::None) return nullptr;
    std::size_t first = items_.size();
    if (starts_with(at, " />")) {
        at += 3;
    } else {
        std::string_view name(
            at - (kind == ContainerKind::Enumerable ? 2 : 3),
            kind == ContainerKind::Enumerable ? 2 : 3
        );
        at = expect(at, ">");
        if (at != nullptr)
            at = kind == ContainerKind::Dictionary ? read_entries(at, depth + 1)
                                                   : read_list(at, depth + 1);
        if (at == nullptr) return nullptr;
        at += 2;
        if (!starts_with(at, name) || end_ - at < 4 || at[name.size()] != '>') return nullptr;
        at += name.size() + 1;
    }
    object.set_container(
        kind == ContainerKind::Enumerable && !lossless() ? ContainerKind::List : kind
    );
    object.set_items(take_from(items_, first, arena_));
    return at;
}

// Items up to an end tag, at which the result stands. The tag of one item predicts that of the
// next.
const char* FastReader::read_list(const char* at, std::uint32_t depth)
{
    if (depth > options_.limits.depth_max) return nullptr;
    Kind last_kind = Kind::Nil;
    std::uint64_t head = 0;
    std::uint64_t head_mask = 0;
    std::size_t head_size = 0;
    while (true) {
        Value value;
        if (head_size != 0 && (load8_before(at, end_) & head_mask) == head) {
            at = read_contents(at + head_size, last_kind, value);
            if (at != nullptr) at = expect_end(at, last_kind);
            if (at == nullptr) return nullptr;
            items_.push_back(value);
            continue;
        }
        if (at != end_ && *at != '<') at = skip_white(at);
        if (end_ - at < 2 || *at != '<') return nullptr;
        if (at[1] == '/') return at;
        const char* start = at;
        StartTag tag;
        at = read_start_tag(at, tag);
        if (at == nullptr) return nullptr;
        head_size = 0;
        if (tag.tag == Tag::Primitive && !tag.self_closed && at - start <= 8) {
            last_kind = tag.kind;
            head_size = static_cast<std::size_t>(at - start);
            std::uint8_t mask[8] = {};
            std::memset(mask, 0xFF, head_size);
            std::memcpy(&head_mask, mask, 8);
            head = load8_before(start, end_) & head_mask;
        }
        at = read_tagged(at, tag, value, depth);
        if (at == nullptr) return nullptr;
        items_.push_back(value);
    }
}

const char* FastReader::read_entries(const char* at, std::uint32_t depth)
{
    if (depth > options_.limits.depth_max) return nullptr;
    if (key_name_ == nullptr) {
        key_name_ = arena_.intern("Key");
        value_name_ = arena_.intern("Value");
    }
    while (true) {
        at = skip_white(at);
        if (end_ - at < 2 || *at != '<') return nullptr;
        if (at[1] == '/') return at;
        at = expect(at, "<En>");
        for (const Name* expected : {key_name_, value_name_}) {
            if (at == nullptr) return nullptr;
            at = skip_white(at);
            if (at == end_ || *at != '<') return nullptr;
            StartTag tag;
            at = read_start_tag(at, tag);
            if (at == nullptr || tag.name == nullptr || tag.name->text() != expected->text())
                return nullptr;
            Value value;
            at = read_tagged(at, tag, value, depth);
            // Keys that may be the same object twice are looked at by the general reader.
            bool is_key = expected == key_name_;
            if (at == nullptr || (is_key && (value.is_nil() || tag.tag == Tag::Ref ||
                                             (tag.kind == Kind::String && value.text().empty()))))
                return nullptr;
            items_.push_back(value);
        }
        at = expect(skip_white(at), "</En>");
        if (at == nullptr) return nullptr;
    }
}

// Bags and their shapes
// -----------------------------------------------------------------------------------------------

bool FastReader::matches(const char* at, const Node& node) const
{
    if (end_ - at < 32) [[unlikely]]
        return starts_with(at, {node.head, node.head_size});
    unsigned low = Block16::load(at).equal(Block16::load(node.head));
    unsigned high = Block16::load(at + 16).equal(Block16::load(node.head + 16));
    return (~(low | high << 16) & node.head_mask) == 0;
}

const char* FastReader::read_bag(
    const char* at, Node& root, std::string_view end_tag, PropertyBag& bag, std::uint32_t depth
)
{
    if (depth > options_.limits.depth_max) return nullptr;
    std::size_t first = properties_.size();
    Node* node = &root;
    while (true) {
        Node* found = node != nullptr ? node->next : nullptr;
        while (found != nullptr && !matches(at, *found))
            found = found->alternative;
        Property property;
        if (found != nullptr) [[likely]] {
            const char* start = at;
            node = found;
            at = read_predicted(at, node, property, depth);
            if (at == nullptr) return nullptr;
            if (node != nullptr) [[likely]] {
                properties_.push_back(property);
                continue;
            }
            at = start;
        }
        if (at != end_ && *at != '<') {
            const char* next = skip_white(at);
            if (starts_with(next, end_tag)) at = next;
        }
        if (starts_with(at, end_tag)) break;
        at = read_unpredicted(at, node, first, property, depth);
        if (at == nullptr) return nullptr;
        properties_.push_back(property);
    }
    bag = take_from(properties_, first, arena_);
    return at + end_tag.size();
}

// Reads the property whose tag is that of `node`. Where the tag goes on otherwise behind its
// number, `node` becomes null and nothing has been read.
const char*
FastReader::read_predicted(const char* at, Node*& node, Property& property, std::uint32_t depth)
{
    const Node& predicted = *node;
    property.name = predicted.name;
    at += predicted.head_size;
    ++hits_;
    if (predicted.tag == Tag::Primitive) {
        at = read_contents(at, predicted.kind, property.value);
        return at == nullptr ? nullptr : expect_end(at, predicted.kind);
    }
    if (predicted.tag == Tag::Nil) return at;
    std::uint64_t number = 0;
    at = read_number(at, number);
    if (at == nullptr || !starts_with(at, {predicted.tail, predicted.tail_size})) {
        node = nullptr;
        return begin_;
    }
    at += predicted.tail_size;
    if (predicted.tag == Tag::Ref) {
        if (number >= objects_.size()) return nullptr;
        property.value = Value::object(objects_[number]);
        return at;
    }
    Object* object = nullptr;
    at = begin_object(at, number, object);
    if (at == nullptr) return nullptr;
    property.value = Value::object(object);
    return read_object(at, *object, depth);
}

const char* FastReader::read_unpredicted(
    const char* at, Node*& node, std::size_t first, Property& property, std::uint32_t depth
)
{
    const char* start = at;
    at = skip_white(at);
    if (at == end_ || *at != '<') return nullptr;
    StartTag tag;
    at = read_start_tag(at, tag);
    if (at == nullptr || tag.name == nullptr || tag.name->size == 0) return nullptr;
    if (properties_.size() - first >= searched_properties_max) return nullptr;
    if (!lossless() && (is_duplicate(first, tag.name) || is_method_name(tag.name->text())))
        return nullptr;
    ++misses_;
    bool predict = node != nullptr && (misses_ < trial_misses || hits_ > misses_);
    node = predict ? add_node(*node, start, at, tag) : nullptr;
    property.name = tag.name;
    return read_tagged(at, tag, property.value, depth);
}

bool FastReader::is_duplicate(std::size_t first, const Name* name) const
{
    for (std::size_t i = first; i < properties_.size(); ++i) {
        const Name* other = properties_[i].name;
        if (other == name) return true;
        if (other->folded_hash == name->folded_hash &&
            equal_ignoring_case(other->text(), name->text()))
            return true;
    }
    return false;
}

// Remembers the tag between `start` and `end` as one that may follow `before`; null where it cannot
// be predicted. The new node comes first: what was met last is most likely to be met next.
FastReader::Node*
FastReader::add_node(Node& before, const char* start, const char* end, const StartTag& tag)
{
    bool numbered = tag.tag == Tag::Object || tag.tag == Tag::Ref;
    if (tag.self_closed && (tag.tag == Tag::Primitive || tag.tag == Tag::Object)) return nullptr;
    if (numbered != tag.has_ref_id) return nullptr;
    const char* head_end = numbered ? tag.number : end;
    auto head_size = static_cast<std::size_t>(head_end - start);
    std::size_t tail_size = numbered ? static_cast<std::size_t>(end - tag.number_end) : 0;
    if (head_size > sizeof(Node::head) || tail_size > sizeof(Node::tail)) return nullptr;
    int alternatives = 0;
    for (Node* other = before.next; other != nullptr; other = other->alternative)
        ++alternatives;
    if (alternatives >= alternatives_max) return nullptr;
    auto* node = nodes_.make<Node>(Node{});
    std::memcpy(node->head, start, head_size);
    node->head_size = static_cast<std::uint8_t>(head_size);
    node->head_mask = head_size == 32 ? 0xFFFFFFFFU : (1U << head_size) - 1;
    if (numbered) std::memcpy(node->tail, tag.number_end, tail_size);
    node->tail_size = static_cast<std::uint8_t>(tail_size);
    node->tag = tag.tag;
    node->kind = tag.kind;
    node->name = tag.name;
    node->alternative = before.next;
    before.next = node;
    return node;
}

} // namespace clixml::detail
