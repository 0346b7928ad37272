#include <clixml/detail/element_text.hpp>
#include <clixml/primitive_table.hpp>

#include <cassert>
#include <string>

namespace clixml::detail {
namespace {

std::uint8_t fill(char (&block)[ElementText::block_bytes], const std::string& text)
{
    assert(text.size() <= sizeof block);
    text.copy(block, sizeof block);
    return static_cast<std::uint8_t>(text.size());
}

ElementTexts make_element_texts()
{
    ElementTexts texts{};
    for (const Primitive& row : primitive_table()) {
        ElementText& text = texts[static_cast<std::size_t>(row.kind)];
        const std::string tag(row.tag);
        text.named_size = fill(text.named, "<" + tag + " N=\"");
        text.open_size = fill(text.open, "<" + tag + ">");
        text.close_size = fill(text.close, "</" + tag + ">");
    }
    return texts;
}

} // namespace

const ElementTexts& element_texts()
{
    static const ElementTexts texts = make_element_texts();
    return texts;
}

} // namespace clixml::detail
