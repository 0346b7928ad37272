#include <psrp/wsman/detail/xml_tree.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/wsman/recorded_soap.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace tests {

namespace wsman = psrp::wsman;
using wsman::detail::XmlElement;

namespace {

std::filesystem::path soap_folder()
{
    if (const char* given = std::getenv("PSRP_WSMAN_VECTORS")) return given;
    return std::filesystem::path(PSRP_SOURCE_DIR).parent_path() / "shared/vectors/wsman";
}

std::string text_in_one_form(XmlElement element)
{
    const auto text = element.text();
    const auto local = element.local_name();
    if (local == "OperationTimeout") {
        if (const auto duration = wsman::read_duration(text))
            return wsman::write_duration(*duration);
    }
    return element.first_child() ? std::string() : text;
}

std::string describe(XmlElement element, const pugi::xml_node& node, int depth, BlockOrder order)
{
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    std::string text = indent + "{" + std::string(element.namespace_uri()) + "}" +
                       std::string(element.local_name());
    std::map<std::string, std::string> attributes;
    for (const auto attribute : node.attributes()) {
        const std::string name = attribute.name();
        if (name == "xmlns" || name.starts_with("xmlns:")) continue;
        std::string value = attribute.value();
        if (name == "End" && value == "TRUE") value = "true";
        attributes[name.substr(name.find(':') + 1)] = value;
    }
    for (const auto& [name, value] : attributes)
        text.append(" ").append(name).append("=\"").append(value).append("\"");
    const auto words = text_in_one_form(element);
    if (!words.empty()) text.append(" = ").append(words);
    text += '\n';
    std::vector<std::string> children;
    for (auto child = node.first_child(); child; child = child.next_sibling()) {
        if (child.type() == pugi::node_element)
            children.push_back(describe(XmlElement(child), child, depth + 1, order));
    }
    const auto local = element.local_name();
    if (order == BlockOrder::Ignored && (local == "Header" || local == "Shell"))
        std::sort(children.begin(), children.end());
    for (const auto& child : children)
        text += child;
    return text;
}

} // namespace

std::vector<SoapConversation> recorded_soap()
{
    std::vector<SoapConversation> conversations;
    const auto folder = soap_folder();
    if (!std::filesystem::is_directory(folder)) return conversations;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") continue;
        const auto json = nlohmann::json::parse(read_whole_file(entry.path()));
        SoapConversation one;
        one.name = entry.path().stem().string();
        one.is_powershell = json.at("powershell").get<bool>();
        for (const auto& message : json.at("messages"))
            one.exchanges.push_back(
                {message.at("request").get<std::string>(),
                 message.at("response").get<std::string>()}
            );
        conversations.push_back(std::move(one));
    }
    std::sort(conversations.begin(), conversations.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    return conversations;
}

std::string canonical_xml(std::string_view text, BlockOrder order)
{
    pugi::xml_document document;
    REQUIRE(document.load_buffer(
        text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single
    ));
    const auto root = document.document_element();
    return describe(XmlElement(root), root, 0, order);
}

} // namespace tests
