// Limits of the embedded endpoint: what a client's scripts may cost.
#pragma once

#include <psrp/protocol/limits.hpp>

#include <cstddef>
#include <cstdint>

namespace psrp::server {

// Every limit is inclusive. Going over one is an error record of the pipeline, never the end of the
// session.
struct ScriptLimits {
    // Bytes of one script.
    std::size_t script_bytes_max = 4U << 20;
    // Parentheses, braces and operators inside each other. Evaluation recurses as deep as that.
    std::uint32_t depth_max = 256;
    // Items that one range, array or collected pipeline may hold.
    std::size_t items_max = 10'000'000;
    // Bytes of one text made by an operator ('z' * 200000).
    std::size_t text_bytes_max = 256U << 20;
    // Bytes of memory that one statement or one collected result of a pipeline may hold.
    std::size_t pipeline_bytes_max = 256U << 20;
    // Lists, dictionaries and bags inside each other in one kept value.
    std::uint32_t value_depth_max = 100;
    // Variables of a session, and the bytes of memory they hold.
    std::size_t variables_max = 4096;
    std::size_t session_bytes_max = 1U << 30;
};

// Every limit is inclusive.
struct ServerLimits {
    Limits protocol = {};
    ScriptLimits script = {};
    // Output waiting for the client before the pipeline waits too.
    std::size_t output_bytes_max = 1U << 20;
    // Input objects waiting for a script before the client's data is no longer acknowledged.
    std::size_t input_objects_max = 1024;
    // Pipelines waiting for the runspace. More are answered Failed.
    std::size_t waiting_pipelines_max = 100;
};

} // namespace psrp::server
