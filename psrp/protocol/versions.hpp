// What each protocol version brought: the one table of differences between 2.0 and 2.4 (fact sheet
// psrp 7, 6.7, 6.5, 11.1; MS-PSRP 1.7).
#pragma once

#include <clixml/version.hpp>

#include <array>
#include <string_view>

namespace psrp {

enum class Feature {
    CommandMetadata,    // GET_COMMAND_METADATA
    ServerAsksForKey,   // PUBLIC_KEY_REQUEST
    KeyBeforeExchange,  // a server makes the key it writes with by itself; the client asks for it
    SeveralStatements,  // ExtraCmds
    StreamRedirections, // MergeError, MergeWarning, MergeVerbose, MergeDebug
    NestedPipelines,    // IsNested of CREATE_PIPELINE is read
    Disconnection,      // disconnect, reconnect, connect
    InformationRedirection, // MergeInformation, the information stream
    RunspaceReset,          // RESET_RUNSPACE_STATE
    ClearSecrets,           // secure strings rely on the transport, there is no session key
};

// One row: the version from which on both sides may use `feature`.
struct FeatureRow {
    Feature feature;
    clixml::Version since;
    std::string_view name; // of what an older peer cannot do; a literal
};

// clang-format off
inline constexpr std::array<FeatureRow, 10> features{{
    {Feature::CommandMetadata,        {2, 1}, "command metadata"},
    {Feature::ServerAsksForKey,       {2, 1}, "a request for a public key"},
    {Feature::KeyBeforeExchange,      {2, 2}, "a key made before it is asked for"},
    {Feature::SeveralStatements,      {2, 2}, "several statements"},
    {Feature::StreamRedirections,     {2, 2}, "a redirected stream"},
    {Feature::NestedPipelines,        {2, 2}, "nested pipelines"},
    {Feature::Disconnection,          {2, 2}, "disconnection"},
    {Feature::InformationRedirection, {2, 3}, "the information stream"},
    {Feature::RunspaceReset,          {2, 3}, "a reset of the runspace"},
    {Feature::ClearSecrets,           {2, 4}, "secrets without a session key"},
}};
// clang-format on

// The row of `feature`.
constexpr const FeatureRow& feature_row(Feature feature)
{
    for (const auto& row : features) {
        if (row.feature == feature) return row;
    }
    return features.back(); // there is a row for each
}

// Whether peers that speak `version` may use `feature`.
constexpr bool supports(const clixml::Version& version, Feature feature)
{
    return version >= feature_row(feature).since;
}

// An entry of a server's private data that says, with $true, that it takes all packets in the order
// in which they come. A client then sends a pipeline's request right behind its Command instead of
// waiting for the acknowledgement. PowerShell, which handles packets on several threads at once,
// does not have it, and ignores it.
inline constexpr std::string_view in_order_entry = "PsrpInOrder";

} // namespace psrp
