// ValueWriter: values to elements, verbatim or as PowerShell serializes them (fact sheet clixml 3,
// 4).
#pragma once

#include <clixml/detail/text_writer.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace clixml::detail {

// Writes the values of one document: they share numbers, type names and identity.
class ValueWriter {
public:
    ValueWriter(TextWriter& text, const WriteOptions& options) : text_(text), options_(options) {}

    // One value at the top.
    void write(const Value& value, std::string_view stream);
    // What the writer itself has run into: values nested without end.
    [[nodiscard]] bool too_deep() const { return too_deep_; }

private:
    // The attributes that stand on whatever element a value becomes.
    struct Label {
        const std::string_view* name = nullptr;
        std::string_view stream = {};
    };

    void write_value(const Value& value, const Label& label, int depth);
    void write_nil(const Label& label);
    void write_primitive(const Value& value, const Label& label);
    void write_progress(const Value& value, const Label& label, int depth);
    void write_string(std::string_view text, const Label& label);
    bool write_reference(const Object& object, const Label& label);

    void write_object(Object& object, const Label& label, int depth);
    void write_wrapped_primitive(const Object& object, const Label& label, int depth);
    void write_container(const Object& object, const Label& label, int depth);
    void write_as_string(const Object& object, const Label& label, int depth);
    void write_complex(const Object& object, const Label& label, int depth);
    void write_object_in_object(const Object& object, const Label& label, int depth);
    void write_verbatim(const Object& object, const Label& label);

    void begin_object(const Object& object, const Label& label);
    void write_type_names(std::span<const std::string_view> names);
    void write_verbatim_type_names(const Object& object);
    void write_text_element(std::string_view text);
    void write_items(const Object& object, int depth);
    void write_members(std::string_view tag, std::span<const Property> members, int depth);
    void write_member(const Property& member, int depth, bool in_member_set = false);
    void write_adapted(const Object& object, int depth);

    [[nodiscard]] int effective_depth(const Object& object, int depth);
    [[nodiscard]] bool verbatim() const { return options_.writing == Writing::Verbatim; }

    TextWriter& text_;
    const WriteOptions& options_;
    int nesting_ = 0;
    bool too_deep_ = false;
    std::uint64_t object_count_ = 0;
    std::uint64_t type_names_count_ = 0;
    std::unordered_map<const Object*, std::uint64_t> objects_;
    // Lists met before: by the address of their names, and (for lists of other addresses) by their
    // contents.
    struct WrittenNames {
        std::uint64_t number = 0;
        std::string_view id; // instead of the number, where its pointer is not null
    };
    std::unordered_map<const std::string_view*, WrittenNames> type_names_;
    std::unordered_map<std::string, std::uint64_t> type_names_by_text_;
    std::unordered_map<const std::string_view*, int> depth_by_names_;
    std::string scratch_;
};

} // namespace clixml::detail
