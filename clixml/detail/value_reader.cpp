#include <clixml/base64.hpp>
#include <clixml/detail/value_reader.hpp>
#include <clixml/detail/xml_document.hpp>
#include <clixml/lexical.hpp>
#include <clixml/secret.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

namespace clixml::detail {
namespace {

constexpr std::string_view power_shell_namespace =
    "http://schemas.microsoft.com/powershell/2004/04";

// A ProgressRecordType as Enum.Parse reads it: a number, or names in any case with commas between,
// which are joined as flags.
bool read_progress_type(std::string_view text, bool& completed)
{
    text = without_white_space_around(text);
    completed = false;
    std::string_view digits =
        text.starts_with('+') || text.starts_with('-') ? text.substr(1) : text;
    std::string_view number = digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() != number.size() || number == "1") {
        completed = number == "1";
        return number.empty() || (completed && !text.starts_with('-'));
    }
    while (true) {
        std::size_t comma = std::min(text.find(','), text.size());
        std::string_view name = without_white_space_around(text.substr(0, comma));
        bool is_completed = equal_ignoring_case(name, "Completed");
        if (!is_completed && !equal_ignoring_case(name, "Processing")) return false;
        completed = completed || is_completed;
        if (comma == text.size()) return true;
        text.remove_prefix(comma + 1);
    }
}

// What object.ToString() gives where it differs from what PowerShell shows.
std::string net_text(const Value& value, std::size_t bytes_max)
{
    switch (value.kind()) {
    case Kind::ByteArray:
        return "System.Byte[]";
    case Kind::XmlDocument:
        return "System.Xml.XmlDocument";
    case Kind::Double:
    case Kind::Single: {
        // The shortest form that keeps the number, with an exponent above fifteen or seven digits.
        double number = value.kind() == Kind::Double ? value.double_value() : value.single_value();
        if (number != number || number - number != 0) break;
        std::string text = lexical_text(value);
        std::size_t end = text.find_first_of(".E");
        std::size_t sign = number < 0 ? 1 : 0;
        std::size_t digits_max = value.kind() == Kind::Double ? 15 : 7;
        if (end != std::string::npos || text.size() - sign <= digits_max) return text;
        std::size_t exponent = text.size() - sign - 1;
        text.erase(std::min(text.find_last_not_of('0') + 1, text.size()));
        if (text.size() > sign + 1) text.insert(sign + 1, 1, '.');
        return text + (exponent < 10 ? "E+0" : "E+") + std::to_string(exponent);
    }
    default:
        break;
    }
    return to_display_text(value, bytes_max);
}

bool starts_with_line_end(const char* at, const char* end, bool& crlf)
{
    crlf = at != end && *at == '\r';
    return at != end && (*at == '\n' || *at == '\r');
}

} // namespace

ValueReader::ValueReader(std::string_view text, Arena& arena, const ReadOptions& options)
    : scanner_(text, options.limits), arena_(arena), options_(options),
      zone_(
          options.reading == Reading::Lossless ? nullptr
          : options.zone != nullptr            ? options.zone
                                               : &utc_zone()
      ),
      display_bytes_left_(text.size())
{
}

bool ValueReader::fail(Errc code, const Tag& tag, const char* detail)
{
    return scanner_.fail(code, tag.at, detail);
}

// Documents
// -------------------------------------------------------------------------------------------------------

bool ValueReader::read_root_version(const Tag& root, TextForm& form)
{
    const Attribute* attribute = scanner_.find_attribute("Version");
    if (attribute == nullptr) return true;
    std::string_view text;
    if (!scanner_.attribute_value(*attribute, attribute_scratch_, text)) return false;
    form.version = arena_.copy(text);
    auto version = Version::read(text);
    if (!version) return fail(Errc::InvalidVersion, root);
    if (version->major != 1) return fail(Errc::UnsupportedVersion, root);
    skip_unknown_ = version->minor > 1;
    return true;
}

bool ValueReader::read_document(std::vector<TopLevelValue>& values, TextForm& form)
{
    std::string_view declaration;
    if (!scanner_.read_declaration(declaration)) return false;
    form.declaration = declaration;
    Next found = scanner_.next_outside_root();
    if (found == Next::Failed) return false;
    if (found == Next::EndOfText)
        return scanner_.finish() &&
               scanner_.fail(Errc::MissingRoot, scanner_.position(), "<Objs> expected");
    Tag root;
    if (found == Next::EndTag)
        return scanner_.fail(Errc::MalformedXml, scanner_.position(), "a start tag expected");
    if (!scanner_.read_start_tag(root)) return false;
    bool matches = false;
    if (!in_namespace(root, matches)) return false;
    if (!matches || root.local_name != "Objs") return fail(Errc::WrongRoot, root);
    if (!read_root_version(root, form)) return false;
    form.indented = scanner_.at_white_space() &&
                    starts_with_line_end(scanner_.position(), scanner_.position() + 1, form.crlf);
    while (!root.self_closed) {
        found = scanner_.next();
        if (found == Next::Failed) return false;
        if (found == Next::EndOfText)
            return scanner_.finish() &&
                   scanner_.fail(Errc::UnexpectedEnd, scanner_.position(), "</Objs> expected");
        if (found == Next::EndTag) {
            if (!scanner_.read_end_tag(root)) return false;
            break;
        }
        Tag tag;
        TopLevelValue value;
        if (!scanner_.read_start_tag(tag)) return false;
        if (const Attribute* stream = scanner_.find_attribute("S")) {
            std::string_view text;
            if (!scanner_.attribute_value(*stream, attribute_scratch_, text)) return false;
            value.stream = arena_.intern(text)->text();
        }
        if (!read_value(tag, Place::TopLevel, value.value)) return false;
        values.push_back(value);
    }
    // PowerShell reads one node more: where that is white space in front of markup, it never sees
    // what else there is (clixml/trailing.jsonl).
    if (!lossless() && scanner_.at_white_space_before_markup()) return scanner_.finish();
    found = scanner_.next_outside_root();
    if (found == Next::Failed) return false;
    if (found != Next::EndOfText)
        return scanner_.fail(Errc::TrailingContent, scanner_.position(), "");
    return scanner_.finish();
}

bool ValueReader::read_bare(TopLevelValue& value, TextForm& form)
{
    // PowerShell starts reading at the element itself: neither white space nor a declaration may
    // stand before it.
    if (scanner_.at_white_space())
        return scanner_.fail(
            Errc::UnexpectedNode, scanner_.position(), "an element expected, not white space"
        );
    if (scanner_.at_declaration())
        return scanner_.fail(
            Errc::UnexpectedNode, scanner_.position(), "an element expected, not a declaration"
        );
    Next found = scanner_.next_outside_root();
    if (found == Next::Failed) return false;
    if (found == Next::EndOfText)
        return scanner_.finish() &&
               scanner_.fail(Errc::MissingRoot, scanner_.position(), "an element expected");
    Tag tag;
    if (found == Next::EndTag)
        return scanner_.fail(Errc::MalformedXml, scanner_.position(), "a start tag expected");
    if (!scanner_.read_start_tag(tag)) return false;
    form.indented = !tag.self_closed && scanner_.at_white_space() &&
                    starts_with_line_end(scanner_.position(), scanner_.position() + 1, form.crlf);
    if (!read_value(tag, Place::TopLevel, value.value)) return false;
    found = scanner_.next_outside_root();
    if (found == Next::Failed) return false;
    if (found != Next::EndOfText)
        return scanner_.fail(Errc::TrailingContent, scanner_.position(), "");
    return scanner_.finish();
}

// Namespaces (clixml 1.7-1.9)
// ---------------------------------------------------------------------------------------

bool ValueReader::in_namespace(const Tag& tag, bool& matches)
{
    std::string_view uri;
    if (!scanner_.resolve_namespace(tag, uri)) return false;
    matches = options_.form == Form::Document ? uri == power_shell_namespace : uri.empty();
    return true;
}

bool ValueReader::expect_namespace(const Tag& tag)
{
    bool matches = false;
    if (!in_namespace(tag, matches)) return false;
    return matches || fail(Errc::WrongNamespace, tag);
}

// Values
// ------------------------------------------------------------------------------------------------------------

bool ValueReader::read_value(const Tag& tag, Place place, Value& value)
{
    // What is the base of an object belongs to it; everything else is one level deeper
    // (clixml 5.9).
    bool counts = place != Place::Base || tag.local_name == "Obj";
    if (counts && ++depth_ > options_.limits.depth_max) return fail(Errc::NestedTooDeeply, tag);
    bool good = false;
    const Primitive* row = find_primitive(tag.local_name);
    bool matches = true;
    bool checked = row == nullptr || row->escaped || row->kind == Kind::ProgressRecord;
    bool by_name_only = options_.form == Form::Bare && row == nullptr;
    if (!in_namespace(tag, matches)) return false;
    if (checked && !matches && !by_name_only) return fail(Errc::UnknownElement, tag);
    if (row != nullptr)
        good = row->kind == Kind::ProgressRecord ? read_progress(tag, value)
                                                 : read_primitive(tag, *row, value);
    else if (tag.local_name == "Obj")
        good = read_object(tag, value);
    else if (tag.local_name == "Nil" && place != Place::Base)
        good = scanner_.skip_content(tag);
    else if (tag.local_name == "Ref" && place != Place::Base)
        good = read_ref(tag, value);
    else
        return fail(Errc::UnknownElement, tag);
    if (counts) --depth_;
    return good;
}

bool ValueReader::read_string_text(const Tag& tag, std::string_view& text)
{
    std::string_view raw;
    if (!scanner_.read_text(tag, scratch_, raw)) return false;
    bool in_scratch = raw.data() == scratch_.data() && !raw.empty();
    if (has_escape(raw)) {
        lexical_scratch_.clear();
        append_unescaped(raw, lexical_scratch_);
        text = arena_.copy(lexical_scratch_);
        return true;
    }
    text = in_scratch ? arena_.copy(raw) : raw;
    if (text.data() == nullptr) text = std::string_view("", 0);
    return true;
}

bool ValueReader::read_primitive(const Tag& tag, const Primitive& row, Value& value)
{
    const char* contents = scanner_.position();
    std::string_view raw;
    if (row.escaped && !lossless()) {
        if (!read_string_text(tag, raw)) return false;
    } else {
        if (!scanner_.read_text(tag, scratch_, raw)) return false;
        if (raw.data() == nullptr) raw = std::string_view("", 0);
    }
    std::string_view decoded = raw;
    if (lossless() && row.escaped && has_escape(raw)) {
        lexical_scratch_.clear();
        append_unescaped(raw, lexical_scratch_);
        decoded = arena_.copy(lexical_scratch_);
    } else if (raw.data() == scratch_.data() && !raw.empty()) {
        decoded = arena_.copy(raw);
    }
    // A script block is read as a String by PowerShell, always (clixml 2.1).
    Kind kind = row.kind == Kind::ScriptBlock && !lossless() ? Kind::String : row.kind;
    auto read = read_lexical(kind, decoded, arena_, zone_);
    if (!read)
        return scanner_.fail(
            static_cast<Errc>(read.error().code.value()), contents, read.error().detail
        );
    value = *read;
    if (kind == Kind::XmlDocument && !lossless()) {
        auto document = outer_xml(decoded, options_.limits);
        if (!document)
            return scanner_.fail(
                Errc::InvalidPrimitive, contents, "a well-formed XML document expected"
            );
        if (*document != decoded) value = Value::xml_document(arena_.copy(*document));
    }
    if (kind == Kind::SecureString && !lossless() && options_.form == Form::Document) {
        auto clear = hexadecimal_secrets().decrypt(decoded);
        if (!clear) return scanner_.fail(Errc::InvalidSecret, contents, clear.error().detail);
        wipe(*clear);
    }
    return !lossless() || keep_lexical(row, raw, value);
}

// Attaches the text as it stood where PowerShell would have written another one.
bool ValueReader::keep_lexical(const Primitive& row, std::string_view raw, Value& value)
{
    if (row.kind == Kind::SecureString) return true;
    if (row.kind == Kind::ByteArray) {
        bool canonical = raw.size() == base64_size(value.text().size());
        if (canonical && !raw.empty()) {
            std::size_t tail = (value.text().size() - 1) / 3 * 3;
            std::string last;
            append_base64(bytes_of(value.text()).subspan(tail), last);
            canonical = raw.ends_with(last);
        }
        if (!canonical) value = Value::with_lexical(arena_, value, raw);
        return true;
    }
    if (row.escaped) {
        bool plain = first_to_escape(raw) == raw.size() && !has_escape(raw);
        if (plain && row.kind != Kind::Uri) return true;
        if (escaped(value.text()) != raw) value = Value::with_lexical(arena_, value, raw);
        return true;
    }
    lexical_scratch_.clear();
    append_lexical(value, lexical_scratch_);
    if (lexical_scratch_ != raw) value = Value::with_lexical(arena_, value, raw);
    return true;
}

bool ValueReader::attribute_text(
    const Tag& tag, std::string_view name, Errc missing, std::string_view& text
)
{
    const Attribute* attribute = scanner_.find_attribute(name);
    if (attribute == nullptr) return fail(missing, tag);
    return scanner_.attribute_value(*attribute, attribute_scratch_, text);
}

bool ValueReader::read_ref(const Tag& tag, Value& value)
{
    std::string_view id;
    if (!attribute_text(tag, "RefId", Errc::MissingRefId, id)) return false;
    Object* object = objects_.find(id);
    if (object == nullptr) return fail(Errc::UnresolvedRef, tag);
    value = Value::object(object);
    return scanner_.skip_content(tag);
}

// ProgressRecord (clixml 2.9)
// ----------------------------------------------------------------------------------------

bool ValueReader::next_progress_child(std::string_view name, Tag& tag)
{
    Next found = scanner_.next();
    if (found == Next::Failed) return false;
    if (found == Next::EndOfText)
        return scanner_.finish() &&
               scanner_.fail(Errc::UnexpectedEnd, scanner_.position(), "</PR> expected");
    if (found == Next::EndTag)
        return scanner_.fail(
            Errc::UnexpectedNode, scanner_.position(), "another part of the record expected"
        );
    if (!scanner_.read_start_tag(tag)) return false;
    return name.empty() || tag.local_name == name ||
           fail(Errc::UnexpectedNode, tag, "the parts of the record in their order expected");
}

bool ValueReader::read_progress_text(std::string_view name, std::string_view& text, Tag& tag)
{
    return next_progress_child(name, tag) && expect_namespace(tag) && read_string_text(tag, text);
}

bool ValueReader::read_progress_number(std::string_view name, std::int32_t& number)
{
    Tag tag;
    std::string_view text;
    if (!read_progress_text(name, text, tag)) return false;
    auto value = read_lexical(Kind::Int32, text, arena_, zone_);
    if (!value) return fail(Errc::InvalidPrimitive, tag, "an Int32 expected");
    number = static_cast<std::int32_t>(value->signed_bits());
    return true;
}

bool ValueReader::read_progress(const Tag& tag, Value& value)
{
    if (tag.self_closed) return fail(Errc::UnexpectedNode, tag, "the parts of the record expected");
    if (!structural(tag)) return false;
    ProgressRecord record;
    Tag child;
    std::string_view type;
    if (!read_progress_text("AV", record.activity, child) ||
        !read_progress_number("AI", record.activity_id))
        return false;
    if (!next_progress_child("", child) ||
        !read_value(child, Place::Item, record.current_operation))
        return false;
    if (!read_progress_number("PI", record.parent_activity_id) ||
        !read_progress_number("PC", record.percent_complete) ||
        !read_progress_text("T", type, child)) {
        return false;
    }
    if (!read_progress_type(type, record.completed))
        return fail(Errc::InvalidPrimitive, child, "Processing or Completed expected");
    if (!read_progress_number("SR", record.seconds_remaining) ||
        !read_progress_text("SD", record.status_description, child))
        return false;
    Next found = scanner_.next();
    if (found == Next::Failed) return false;
    if (found == Next::EndOfText)
        return scanner_.finish() &&
               scanner_.fail(Errc::UnexpectedEnd, scanner_.position(), "</PR> expected");
    if (found != Next::EndTag)
        return scanner_.fail(Errc::UnexpectedNode, scanner_.position(), "</PR> expected");
    if (record.activity.empty() || record.status_description.empty() || record.activity_id < 0 ||
        record.percent_complete > 100 || record.parent_activity_id == record.activity_id) {
        return fail(Errc::InvalidPrimitive, tag, "a valid progress record expected");
    }
    // PowerShell keeps the operation as a string, whatever it was, and an empty one not at all.
    if (!lossless() && !record.current_operation.is_nil()) {
        std::string text = net_text(record.current_operation, display_bytes_left_);
        if (text.size() > display_bytes_left_)
            return fail(
                Errc::TextTooLarge, tag, "a current operation with a shorter text expected"
            );
        display_bytes_left_ -= text.size();
        record.current_operation = text.empty() ? Value() : Value::string(arena_, text);
    }
    value = Value::progress(arena_, record);
    return scanner_.read_end_tag(tag);
}

} // namespace clixml::detail
