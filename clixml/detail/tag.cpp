#include <clixml/detail/tag.hpp>
#include <clixml/primitive_table.hpp>

namespace clixml::detail {
namespace {

TagTable make_primitive_tags()
{
    TagTable tags{};
    tags[0] = Tag("Nil");
    for (const Primitive& row : primitive_table())
        tags[static_cast<std::size_t>(row.kind)] = Tag(row.tag);
    return tags;
}

} // namespace

const TagTable& primitive_tags()
{
    static const TagTable tags = make_primitive_tags();
    return tags;
}

} // namespace clixml::detail
