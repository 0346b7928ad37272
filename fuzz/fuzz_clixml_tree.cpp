// Differential: a text that is read losslessly and written again is the same tree of elements as
// pugixml sees in the text itself, apart from what reader.hpp says is not kept: the order of the
// parts of an Obj, the spelling of names, other attributes. Compared are ASCII texts without
// prefixes and numeric references, of PowerShell's own version, whose objects have no part twice.
#include <clixml/reader.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>
#include <clixml/writer.hpp>
#include <fuzz/fuzz_input.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr unsigned parse_flags = pugi::parse_escapes | pugi::parse_eol | pugi::parse_ws_pcdata |
                                 pugi::parse_cdata | pugi::parse_wconv_attribute;

// Where a part stands in an Obj that PowerShell writes.
int place_of(std::string_view name)
{
    if (name == "TN" || name == "TNRef") return 0;
    if (name == "ToString") return 1;
    if (name == "Props") return 3;
    return name == "MS" ? 4 : 2;
}

bool has_elements(std::string_view name)
{
    static constexpr std::string_view structure[] = {
        "Objs", "Obj", "TN", "Props", "MS", "LST", "IE", "STK", "QUE", "DCT", "En", "PR"};
    return std::find(std::begin(structure), std::end(structure), name) != std::end(structure);
}

std::vector<pugi::xml_node> elements_of(pugi::xml_node node)
{
    std::vector<pugi::xml_node> children;
    for (const pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_element) children.push_back(child);
    }
    if (std::string_view(node.name()) != "Obj") return children;
    std::stable_sort(children.begin(), children.end(), [](auto left, auto right) {
        return place_of(left.name()) < place_of(right.name());
    });
    return children;
}

// An Obj with two parts of one place keeps only one of them.
bool has_doubles(pugi::xml_node node)
{
    const auto children = elements_of(node);
    const bool is_object = std::string_view(node.name()) == "Obj";
    for (std::size_t i = 0; i < children.size(); ++i) {
        const bool same = i > 0 && place_of(children[i].name()) == place_of(children[i - 1].name());
        if ((is_object && same) || has_doubles(children[i])) return true;
    }
    return false;
}

std::string text_of(pugi::xml_node node)
{
    std::string text;
    for (const pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
            text += child.value();
    }
    return text;
}

void compare(pugi::xml_node read, pugi::xml_node written)
{
    const std::string_view name = read.name();
    fuzz::require(name == written.name(), "the same elements in the same order");
    for (const char* attribute : {"N", "S", "RefId"}) {
        // Names are written only where they mean something.
        const std::string_view value = written.attribute(attribute).value();
        const std::string_view wanted = read.attribute(attribute).value();
        // Key and Value of an entry are known in any case.
        const bool in_entry = std::string_view(read.parent().name()) == "En";
        fuzz::require(
            value.empty() || clixml::unescaped(value) == clixml::unescaped(wanted) ||
                (in_entry && clixml::equal_ignoring_case(value, clixml::unescaped(wanted))),
            "the same attributes"
        );
    }
    if (name == "Nil" || name == "Ref" || name == "TNRef") return;
    const auto left = elements_of(read);
    const auto right = elements_of(written);
    fuzz::require(left.size() == right.size(), "as many elements");
    for (std::size_t i = 0; i < left.size(); ++i)
        compare(left[i], right[i]);
    // Of records and type names the meaning is kept, of values the spelling.
    const bool in_record = std::string_view(read.parent().name()) == "PR";
    if (has_elements(name) || in_record) return;
    const std::string text = text_of(read);
    const std::string again = text_of(written);
    const bool decoded = name == "T" || name == "ToString";
    fuzz::require(
        text == again || (decoded && clixml::unescaped(text) == clixml::unescaped(again)),
        "the same text"
    );
}

void check(std::string_view text, clixml::Form form)
{
    clixml::ReadOptions options;
    options.reading = clixml::Reading::Lossless;
    options.form = form;
    clixml::Arena arena;
    clixml::TextForm found;
    const auto values = clixml::read_values(text, arena, options, &found);
    const bool own_version = found.version.empty() || found.version == "1.1.0.1";
    if (!values || !own_version) return;
    std::string written;
    fuzz::require(clixml::write_copy(*values, found, written).has_value(), "it can be written");
    pugi::xml_document left;
    pugi::xml_document right;
    fuzz::require(
        static_cast<bool>(left.load_buffer(text.data(), text.size(), parse_flags)),
        "pugixml reads what was read"
    );
    fuzz::require(
        static_cast<bool>(right.load_buffer(written.data(), written.size(), parse_flags)),
        "pugixml reads what was written"
    );
    if (!has_doubles(left.document_element()))
        compare(left.document_element(), right.document_element());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool ascii = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x80 && c != '\0';
    });
    const bool plain =
        text.find("&#") == std::string_view::npos && text.find("xmlns:") == std::string_view::npos;
    if (!ascii || !plain) return 0;
    check(text, clixml::Form::Document);
    check(text, clixml::Form::Bare);
    return 0;
}
