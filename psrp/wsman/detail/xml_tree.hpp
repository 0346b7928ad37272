// An XML text of a peer as a tree: under limits, without document type or entities, with names
// resolved to namespaces. The only place that knows pugixml for reading.
#pragma once

#include <clixml/result.hpp>
#include <psrp/wsman/limits.hpp>

#include <pugixml.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace psrp::wsman::detail {

// An element, or nothing. Borrowed from its XmlTree.
class XmlElement {
public:
    XmlElement() = default;
    explicit XmlElement(pugi::xml_node node) : node_(node) {}

    explicit operator bool() const { return !node_.empty(); }
    [[nodiscard]] std::string_view local_name() const;
    [[nodiscard]] std::string_view namespace_uri() const;
    // What a prefix in its text stands for; empty where it is not declared.
    [[nodiscard]] std::string_view namespace_of_prefix(std::string_view prefix) const;
    [[nodiscard]] bool is(std::string_view uri, std::string_view local) const;

    // Child elements; nothing where there is none.
    [[nodiscard]] XmlElement first_child() const;
    [[nodiscard]] XmlElement next() const;
    [[nodiscard]] XmlElement child(std::string_view uri, std::string_view local) const;
    // The attribute of this local name, without a namespace or of `uri`.
    [[nodiscard]] std::optional<std::string_view>
    attribute(std::string_view local, std::string_view uri = {}) const;
    // All text directly inside. `scratch` holds it where it lies in pieces.
    [[nodiscard]] std::string_view text(std::string& scratch) const;
    [[nodiscard]] std::string text() const;
    // text() without white space around it.
    [[nodiscard]] std::string trimmed_text() const;
    // The byte of the document where it stands.
    [[nodiscard]] std::uint64_t offset() const;
    // The element and what is inside as XML.
    [[nodiscard]] std::string xml() const;

private:
    pugi::xml_node node_;
};

class XmlTree {
public:
    // Errors: EnvelopeTooBig, UnsupportedEncoding, DtdRefused, UnknownEntity, NestingTooDeep,
    // TooManyElements, MalformedXml, UnknownPrefix. NULs behind the document are taken (OMI's
    // padding, transports C5).
    static clixml::Result<XmlTree> read(std::string_view text, const EnvelopeLimits& limits);

    [[nodiscard]] XmlElement root() const;

private:
    XmlTree() = default;
    std::unique_ptr<std::string> text_; // pugixml works in it
    std::unique_ptr<pugi::xml_document> document_;
};

} // namespace psrp::wsman::detail
