// ValueWriter: values to elements, verbatim or as PowerShell serializes them (fact sheet clixml 3,
// 4).
#pragma once

#include <clixml/detail/address_table.hpp>
#include <clixml/detail/tag.hpp>
#include <clixml/detail/text_writer.hpp>
#include <clixml/detail/written_types.hpp>

#include <span>
#include <string>
#include <string_view>

namespace clixml::detail {

// Writes the values of one document: they share numbers, type names and identity. Objects are only
// read, so that several threads may write the same ones. Every function writes at `to` and returns
// the end (text_writer.hpp).
class ValueWriter {
public:
    ValueWriter(TextWriter& text, const WriteOptions& options)
        : text_(text), tags_(primitive_tags()), options_(options),
          verbatim_(options.writing == Writing::Verbatim)
    {
    }

    // One value at the top.
    char* write(char* to, const Value& value, std::string_view stream);
    // What the writer itself has run into: values nested without end.
    [[nodiscard]] bool too_deep() const { return too_deep_; }

private:
    // The attributes that stand on whatever element a value becomes.
    struct Label {
        const Name* name = nullptr;
        const std::string_view* stream = nullptr;
    };

    char* write_value(char* to, const Value& value, Label label, int depth);
    char* write_nil(char* to, Label label);
    char* write_string(char* to, std::string_view text, Label label);
    char* write_progress(char* to, const Value& value, Label label, int depth);

    // value_writer_primitives.cpp
    char* write_primitive(char* to, const Value& value, Label label);
    char* write_start(char* to, const Tag& tag, Label label);
    char* write_bytes(char* to, const Value& value, Label label);
    char* write_lexical(char* to, const Value& value, Label label);

    char* write_object(char* to, const Object& object, Label label, int depth);
    char* write_reference(char* to, const Object& object, std::uint32_t number, Label label);
    char* write_wrapped_primitive(char* to, const Object& object, Label label, int depth);
    char* write_container(char* to, const Object& object, Label label, int depth);
    char* write_as_string(char* to, const Object& object, Label label, int depth);
    char* write_complex(char* to, const Object& object, Label label, int depth);
    char* write_object_in_object(char* to, const Object& object, Label label, int depth);
    char* write_verbatim(char* to, const Object& object, Label label);

    // The attributes S and N.
    char* write_stream_and_name(char* to, Label label);
    // `<Obj ...>`; sets `inside` to the offset behind it.
    char* begin_object(char* to, const Object& object, Label label, std::uint64_t& inside);
    char* end_object(char* to, std::uint64_t inside);
    char* write_type_names(char* to, std::span<const std::string_view> names);
    char* write_verbatim_type_names(char* to, const Object& object);
    char* write_names(char* to, std::span<const std::string_view> names);
    char* write_items(char* to, const Object& object, int depth);
    char* write_entries(char* to, std::span<const Value> items, int depth);
    char* write_members(char* to, const Tag& tag, std::span<const Property> members, int depth);
    char* write_member_set(char* to, const Property& member, int depth, bool in_member_set = false);
    char* write_adapted(char* to, const Object& object, int depth);

    [[nodiscard]] int effective_depth(const Object& object, int depth);

    TextWriter& text_;
    const TagTable& tags_;
    const WriteOptions& options_;
    bool verbatim_;
    bool too_deep_ = false;
    int nesting_ = 0;
    std::uint64_t type_names_count_ = 0;
    AddressTable objects_; // those that a Ref may name
    WrittenTypes types_;
};

} // namespace clixml::detail
