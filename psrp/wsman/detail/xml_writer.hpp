// Pieces of XML appended to a text.
#pragma once

#include <clixml/base64.hpp>
#include <clixml/bytes.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace psrp::wsman::detail {

// Attributes of an element; those with an empty name are left out.
using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Names and attribute names are literals of ours; values may be anything.
class XmlWriter {
public:
    void open(std::string_view name, Attributes attributes = {});
    void close(std::string_view name);
    void empty(std::string_view name, Attributes attributes = {});
    void element(std::string_view name, std::string_view value, Attributes attributes = {});
    void base64(std::string_view name, clixml::BytesView bytes, Attributes attributes = {});
    void raw(std::string_view text) { out_.append(text); }
    void text(std::string_view value);

    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void start(std::string_view name, Attributes attributes);

    std::string out_;
};

// Appends `text` so that it reads back the same: markup escaped, what XML cannot say as U+FFFD.
void append_xml_text(std::string_view text, std::string& out, bool is_attribute);

} // namespace psrp::wsman::detail
