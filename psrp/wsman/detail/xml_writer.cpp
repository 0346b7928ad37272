#include <clixml/utf.hpp>
#include <psrp/wsman/detail/xml_writer.hpp>

namespace psrp::wsman::detail {

void append_xml_text(std::string_view text, std::string& out, bool is_attribute)
{
    std::string valid;
    if (clixml::first_invalid_utf8(text)) {
        valid = clixml::valid_text(text);
        text = valid;
    }
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += is_attribute ? "&quot;" : "\"";
            break;
        case '\r':
            out += "&#xD;";
            break;
        case '\n':
            out += is_attribute ? "&#xA;" : "\n";
            break;
        case '\t':
            out += is_attribute ? "&#x9;" : "\t";
            break;
        default:
            // XML 1.0 has no other control characters, not even as references.
            if (static_cast<unsigned char>(c) < 0x20)
                out += "\xEF\xBF\xBD";
            else
                out += c;
        }
    }
}

void XmlWriter::start(std::string_view name, Attributes attributes)
{
    out_.append("<").append(name);
    for (const auto& [attribute, value] : attributes) {
        if (attribute.empty()) continue;
        out_.append(" ").append(attribute).append("=\"");
        append_xml_text(value, out_, true);
        out_ += '"';
    }
}

void XmlWriter::open(std::string_view name, Attributes attributes)
{
    start(name, attributes);
    out_ += '>';
}

void XmlWriter::close(std::string_view name)
{
    out_.append("</").append(name).append(">");
}

void XmlWriter::empty(std::string_view name, Attributes attributes)
{
    start(name, attributes);
    out_ += "/>";
}

void XmlWriter::element(std::string_view name, std::string_view value, Attributes attributes)
{
    open(name, attributes);
    append_xml_text(value, out_, false);
    close(name);
}

void XmlWriter::text(std::string_view value)
{
    append_xml_text(value, out_, false);
}

void XmlWriter::base64(std::string_view name, clixml::BytesView bytes, Attributes attributes)
{
    open(name, attributes);
    out_.reserve(out_.size() + clixml::base64_size(bytes.size()) + name.size() + 3);
    clixml::append_base64(bytes, out_);
    close(name);
}

} // namespace psrp::wsman::detail
