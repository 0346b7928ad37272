// ShownObject: a value as PowerShell's formatting sees it: type names, properties in display order,
// and where it came from.
#pragma once

#include <clixml/object.hpp>

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// One property as it is shown.
struct ShownProperty {
    std::string_view name;
    clixml::Value value;
};

// A view of one value. Values of types that PowerShell rebuilds or knows
// (Version, Guid, TimeSpan, DateTime, Uri, XmlDocument, enums, addresses, collections) get the
// properties they have there. Borrows the value; move-only.
class ShownObject {
public:
    explicit ShownObject(clixml::Value value);
    ShownObject(ShownObject&&) = default;
    ShownObject& operator=(ShownObject&&) = default;

    [[nodiscard]] const clixml::Value& value() const { return value_; }
    // The primitive inside, or null for bags and objects.
    [[nodiscard]] const clixml::Value& base() const { return base_; }
    // Most specific first, with or without "Deserialized.".
    [[nodiscard]] std::span<const std::string_view> type_names() const;
    // Whether one of the names is `name`, with or without "Deserialized.", ignoring case.
    [[nodiscard]] bool is_type(std::string_view name) const;

    // All properties, notes first, PSShowComputerName included: what PowerShell counts.
    [[nodiscard]] const std::vector<ShownProperty>& properties() const { return properties_; }
    // Those a list or table shows: without PSShowComputerName, and without PSComputerName where
    // that says so.
    [[nodiscard]] std::vector<ShownProperty> visible_properties() const;
    // The value of `name`, ignoring case; null where there is none.
    [[nodiscard]] clixml::Value get(std::string_view name) const;

    [[nodiscard]] bool has(std::string_view name) const;

    // Whether PSComputerName is to be shown beside it, and its text.
    [[nodiscard]] bool shows_computer_name() const { return shows_computer_name_; }
    [[nodiscard]] std::string computer_name() const;

    // Printed as its text and nothing more: strings, numbers, and the like.
    [[nodiscard]] bool is_scalar() const;
    // Has no properties but those that tell where it came from: printed as its text. A bag without
    // a text whose computer's name is hidden counts as having one, as in PowerShell.
    [[nodiscard]] bool has_no_own_properties() const;

private:
    void add(std::string_view name, clixml::Value value) { properties_.push_back({name, value}); }
    std::string_view keep(std::string text);
    void add_primitive_properties();
    void add_version_properties(const clixml::Version& version);
    void add_time_span_properties(std::int64_t ticks);
    void add_date_properties(const clixml::DateTime& date);
    void add_type_properties(const clixml::Object& object);
    void add_uri_properties(std::string_view uri);
    void add_collection_properties(const clixml::Object& collection);
    void add_dictionary_properties(const clixml::Object& dictionary);
    void add_array_properties(std::size_t count);

    clixml::Value value_;
    clixml::Value base_;
    std::vector<ShownProperty> properties_;
    clixml::Arena collections_;     // made here
    std::deque<std::string> texts_; // made here; addresses stay when the deque grows or moves
    bool shows_computer_name_ = false;
};

} // namespace psrp
