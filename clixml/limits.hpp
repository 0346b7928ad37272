// Limits of the CLIXML reader: what a hostile text may cost.
#pragma once

#include <cstdint>

namespace clixml {

// Every limit is inclusive: the named amount is read, one more is Errc::...LimitExceeded.
struct ReadLimits {
    // Values inside values. PowerShell's own number; its writer stops there too (fact sheet
    // clixml 5.9).
    std::uint32_t depth_max = 49;
    // Member sets inside member sets, which PowerShell does not limit. Real data has one or two.
    std::uint32_t member_set_depth_max = 64;
    // XML elements of one document: 64 Mi, some 4 GB of ordinary text.
    std::uint64_t elements_max = 64ULL * 1024 * 1024;
    // Bytes of one document. Lengths inside values are 32 bits wide, so never more than 4 GiB - 1.
    std::uint64_t document_bytes_max = 0xFFFFFFFFULL;
    // Bytes of one text, name or attribute.
    std::uint64_t text_bytes_max = 1024ULL * 1024 * 1024;
    // Obj elements that can be referred to.
    std::uint64_t objects_max = 32ULL * 1024 * 1024;
    // Names of one type-name list, and lists of one document.
    std::uint32_t type_names_max = 1024;
    std::uint32_t type_name_lists_max = 1024 * 1024;
    // Attributes of one element. PowerShell writes at most three.
    std::uint32_t attributes_max = 64;
};

} // namespace clixml
