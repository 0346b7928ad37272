#include <clixml/detail/xml_characters.hpp>
#include <clixml/detail/xml_declaration.hpp>

namespace clixml::detail {
namespace {

bool skip_white(std::string_view& text)
{
    bool any = false;
    for (; !text.empty() && is_white(text.front()); any = true)
        text.remove_prefix(1);
    return any;
}

// name = "value", where that name stands.
bool read_pair(std::string_view& text, std::string_view name, std::string_view& value)
{
    if (!text.starts_with(name)) return false;
    std::string_view rest = text.substr(name.size());
    skip_white(rest);
    if (!rest.starts_with('=')) return false;
    rest.remove_prefix(1);
    skip_white(rest);
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return false;
    std::size_t close = rest.find(rest.front(), 1);
    if (close == std::string_view::npos) return false;
    value = rest.substr(1, close - 1);
    text = rest.substr(close + 1);
    return true;
}

} // namespace

std::optional<XmlDeclaration> read_xml_declaration(std::string_view text)
{
    XmlDeclaration declaration;
    std::string_view version;
    if (!skip_white(text) || !read_pair(text, "version", version) || !version.starts_with("1.0") ||
        version.find_first_not_of('0', 3) != std::string_view::npos) {
        return std::nullopt;
    }
    bool apart = skip_white(text);
    if (apart && read_pair(text, "encoding", declaration.encoding)) apart = skip_white(text);
    if (apart && read_pair(text, "standalone", declaration.standalone)) {
        if (declaration.standalone != "yes" && declaration.standalone != "no") return std::nullopt;
        skip_white(text);
    }
    if (!text.empty()) return std::nullopt;
    return declaration;
}

} // namespace clixml::detail
