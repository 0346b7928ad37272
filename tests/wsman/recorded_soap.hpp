// SOAP conversations with real Windows servers, which are not part of this repository: they lie in
// the folder that the environment variable PSRP_WSMAN_VECTORS names, or in
// ../shared/vectors/wsman beside the source folder. Tests that need them are skipped where there is
// none.
#pragma once

#include <clixml/guid.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

struct SoapExchange {
    std::string request;
    std::string response;
};

struct SoapConversation {
    std::string name; // of its file, without the suffix
    bool is_powershell = false;
    std::vector<SoapExchange> exchanges;
};

// All of them, by name; empty where the folder is absent.
std::vector<SoapConversation> recorded_soap();

inline constexpr std::string_view no_recorded_soap = "no folder of recorded SOAP conversations";

// How two documents are compared.
enum class BlockOrder { Kept, Ignored };

// An XML document, one element or attribute a line, names with their namespaces in place of
// prefixes, attributes sorted. Durations in one form. With BlockOrder::Ignored header blocks
// and the parts of a shell are sorted as well.
std::string canonical_xml(std::string_view text, BlockOrder order = BlockOrder::Kept);

} // namespace tests
