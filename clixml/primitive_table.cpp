#include <clixml/primitive_table.hpp>

#include <array>

namespace clixml {
namespace {

constexpr std::string_view string_names[] = {"System.String", "System.Object"};
constexpr std::string_view char_names[] = {"System.Char", "System.ValueType", "System.Object"};
constexpr std::string_view boolean_names[] = {
    "System.Boolean", "System.ValueType", "System.Object"};
constexpr std::string_view byte_names[] = {"System.Byte", "System.ValueType", "System.Object"};
constexpr std::string_view sbyte_names[] = {"System.SByte", "System.ValueType", "System.Object"};
constexpr std::string_view uint16_names[] = {"System.UInt16", "System.ValueType", "System.Object"};
constexpr std::string_view uint32_names[] = {"System.UInt32", "System.ValueType", "System.Object"};
constexpr std::string_view uint64_names[] = {"System.UInt64", "System.ValueType", "System.Object"};
constexpr std::string_view int16_names[] = {"System.Int16", "System.ValueType", "System.Object"};
constexpr std::string_view int32_names[] = {"System.Int32", "System.ValueType", "System.Object"};
constexpr std::string_view int64_names[] = {"System.Int64", "System.ValueType", "System.Object"};
constexpr std::string_view single_names[] = {"System.Single", "System.ValueType", "System.Object"};
constexpr std::string_view double_names[] = {"System.Double", "System.ValueType", "System.Object"};
constexpr std::string_view decimal_names[] = {
    "System.Decimal", "System.ValueType", "System.Object"};
constexpr std::string_view date_time_names[] = {
    "System.DateTime", "System.ValueType", "System.Object"};
constexpr std::string_view time_span_names[] = {
    "System.TimeSpan", "System.ValueType", "System.Object"};
constexpr std::string_view bytes_names[] = {"System.Byte[]", "System.Array", "System.Object"};
constexpr std::string_view guid_names[] = {"System.Guid", "System.ValueType", "System.Object"};
constexpr std::string_view uri_names[] = {"System.Uri", "System.Object"};
constexpr std::string_view version_names[] = {"System.Version", "System.Object"};
constexpr std::string_view xml_names[] = {
    "System.Xml.XmlDocument", "System.Xml.XmlNode", "System.Object"};
constexpr std::string_view script_names[] = {
    "System.Management.Automation.ScriptBlock", "System.Object"};
constexpr std::string_view secure_names[] = {"System.Security.SecureString", "System.Object"};
constexpr std::string_view progress_names[] = {
    "System.Management.Automation.ProgressRecord", "System.Object"};

// clang-format off
constexpr std::array<Primitive, 24> table = {{
    {"S",       Kind::String,         "System.String",                               true,  string_names},
    {"C",       Kind::Char,           "System.Char",                                 false, char_names},
    {"B",       Kind::Boolean,        "System.Boolean",                              false, boolean_names},
    {"By",      Kind::Byte,           "System.Byte",                                 false, byte_names},
    {"SB",      Kind::SByte,          "System.SByte",                                false, sbyte_names},
    {"U16",     Kind::UInt16,         "System.UInt16",                               false, uint16_names},
    {"U32",     Kind::UInt32,         "System.UInt32",                               false, uint32_names},
    {"U64",     Kind::UInt64,         "System.UInt64",                               false, uint64_names},
    {"I16",     Kind::Int16,          "System.Int16",                                false, int16_names},
    {"I32",     Kind::Int32,          "System.Int32",                                false, int32_names},
    {"I64",     Kind::Int64,          "System.Int64",                                false, int64_names},
    {"Sg",      Kind::Single,         "System.Single",                               false, single_names},
    {"Db",      Kind::Double,         "System.Double",                               false, double_names},
    {"D",       Kind::Decimal,        "System.Decimal",                              false, decimal_names},
    {"DT",      Kind::DateTime,       "System.DateTime",                             false, date_time_names},
    {"TS",      Kind::TimeSpan,       "System.TimeSpan",                             false, time_span_names},
    {"BA",      Kind::ByteArray,      "System.Byte[]",                               false, bytes_names},
    {"G",       Kind::Guid,           "System.Guid",                                 false, guid_names},
    {"URI",     Kind::Uri,            "System.Uri",                                  true,  uri_names},
    {"Version", Kind::Version,        "System.Version",                              false, version_names},
    {"XD",      Kind::XmlDocument,    "System.Xml.XmlDocument",                      true,  xml_names},
    {"SBK",     Kind::ScriptBlock,    "System.Management.Automation.ScriptBlock",    true,  script_names},
    {"SS",      Kind::SecureString,   "System.Security.SecureString",                false, secure_names},
    {"PR",      Kind::ProgressRecord, "System.Management.Automation.ProgressRecord", false, progress_names},
}};
// clang-format on

constexpr bool rows_follow_kind()
{
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].kind) != i + 1) return false;
    }
    return true;
}
static_assert(rows_follow_kind(), "primitive_of() indexes the table by kind");

} // namespace

std::span<const Primitive> primitive_table()
{
    return table;
}

const Primitive& primitive_of(Kind kind)
{
    return table[static_cast<std::size_t>(kind) - 1];
}

const Primitive* find_primitive(std::string_view tag)
{
    for (const Primitive& row : table) {
        if (row.tag == tag) return &row;
    }
    return nullptr;
}

} // namespace clixml
