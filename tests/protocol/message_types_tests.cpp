#include <psrp/protocol/message_types.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

using psrp::MessageType;

namespace {

struct SpecRow {
    std::uint32_t type;
    const char* name;
    const char* section;
};

// The list of MS-PSRP 2.2.1, in the order of 2.2.2.
const std::vector<SpecRow> spec_rows = {
    {0x00010002, "SESSION_CAPABILITY", "2.2.2.1"},
    {0x00010004, "INIT_RUNSPACEPOOL", "2.2.2.2"},
    {0x00010005, "PUBLIC_KEY", "2.2.2.3"},
    {0x00010006, "ENCRYPTED_SESSION_KEY", "2.2.2.4"},
    {0x00010007, "PUBLIC_KEY_REQUEST", "2.2.2.5"},
    {0x00021002, "SET_MAX_RUNSPACES", "2.2.2.6"},
    {0x00021003, "SET_MIN_RUNSPACES", "2.2.2.7"},
    {0x00021004, "RUNSPACE_AVAILABILITY", "2.2.2.8"},
    {0x00021005, "RUNSPACEPOOL_STATE", "2.2.2.9"},
    {0x00021006, "CREATE_PIPELINE", "2.2.2.10"},
    {0x00021007, "GET_AVAILABLE_RUNSPACES", "2.2.2.11"},
    {0x00021008, "USER_EVENT", "2.2.2.12"},
    {0x00021009, "APPLICATION_PRIVATE_DATA", "2.2.2.13"},
    {0x0002100A, "GET_COMMAND_METADATA", "2.2.2.14"},
    {0x00021100, "RUNSPACEPOOL_HOST_CALL", "2.2.2.15"},
    {0x00021101, "RUNSPACEPOOL_HOST_RESPONSE", "2.2.2.16"},
    {0x00041002, "PIPELINE_INPUT", "2.2.2.17"},
    {0x00041003, "END_OF_PIPELINE_INPUT", "2.2.2.18"},
    {0x00041004, "PIPELINE_OUTPUT", "2.2.2.19"},
    {0x00041005, "ERROR_RECORD", "2.2.2.20"},
    {0x00041006, "PIPELINE_STATE", "2.2.2.21"},
    {0x00041007, "DEBUG_RECORD", "2.2.2.22"},
    {0x00041008, "VERBOSE_RECORD", "2.2.2.23"},
    {0x00041009, "WARNING_RECORD", "2.2.2.24"},
    {0x00041010, "PROGRESS_RECORD", "2.2.2.25"},
    {0x00041011, "INFORMATION_RECORD", "2.2.2.26"},
    {0x00041100, "PIPELINE_HOST_CALL", "2.2.2.27"},
    {0x00041101, "PIPELINE_HOST_RESPONSE", "2.2.2.28"},
    {0x00010008, "CONNECT_RUNSPACEPOOL", "2.2.2.29"},
    {0x0002100B, "RUNSPACEPOOL_INIT_DATA", "2.2.2.30"},
    {0x0002100C, "RESET_RUNSPACE_STATE", "2.2.2.31"},
};

} // namespace

TEST_CASE("the catalogue holds every message of the specification")
{
    for (const auto& expected : spec_rows) {
        INFO(expected.name);
        const auto* row = psrp::find_message_type(expected.type);
        REQUIRE(row != nullptr);
        CHECK(row->name == expected.name);
        CHECK(row->section == expected.section);
    }
}

TEST_CASE("what the catalogue holds beyond the specification has no section")
{
    std::set<std::string_view> others;
    for (const auto& row : psrp::message_types()) {
        if (row.section.empty()) others.insert(row.name);
    }
    CHECK(others == std::set<std::string_view>{"CLOSE_SESSION", "STOP_POWERSHELL"});
    CHECK(psrp::message_types().size() == spec_rows.size() + others.size());
}

TEST_CASE("numbers that are no message have no row")
{
    for (const std::uint32_t type :
         {0U,
          1U,
          0x12U,
          0x00010001U,
          0x00010009U,
          0x0002100DU,
          0x0004100AU,
          0x00041013U,
          0x00041102U,
          0xFFFFFFFFU}) {
        CHECK(psrp::find_message_type(type) == nullptr);
    }
}

TEST_CASE("the scope of a number is that of the bits PowerShell looks at")
{
    CHECK(psrp::scope_of(0x00041013) == psrp::Scope::Pipeline);
    CHECK(psrp::scope_of(0x0002100F) == psrp::Scope::RunspacePool);
    CHECK(psrp::scope_of(0x00010009) == psrp::Scope::Session);
    CHECK(psrp::scope_of(0x00000012) == psrp::Scope::None);
    CHECK(psrp::scope_of(0) == psrp::Scope::None);
}

TEST_CASE("only host responses travel on the prompt response stream")
{
    for (const auto& row : psrp::message_types()) {
        INFO(row.name);
        const bool is_response = row.name.ends_with("HOST_RESPONSE");
        CHECK((row.stream == psrp::Stream::PromptResponse) == is_response);
    }
}
