// Every parameter of icm in one table: the command line, its help, the manual page and the shells'
// completions are made of it (fact sheet invoke-command, "Parameters").
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace icm {

// Part of the help in which a parameter stands.
enum class Section : std::uint8_t {
    Targets,
    Ssh,
    WinRm,
    Script,
    Input,
    Output,
    Run,
    Other,
    Refused, // a parameter of PowerShell that is not taken; `about` says why, and what does instead
};

// Kinds of targets, as bits: PowerShell's parameter sets, and ours.
inline constexpr std::uint8_t to_ssh = 1;
inline constexpr std::uint8_t to_ssh_table = 2;
inline constexpr std::uint8_t to_computer = 4;
inline constexpr std::uint8_t to_uri = 8;
inline constexpr std::uint8_t to_container = 16;
inline constexpr std::uint8_t to_here = 32; // no target at all
inline constexpr std::uint8_t to_winrm = to_computer | to_uri;
inline constexpr std::uint8_t to_any = 0;

// One parameter.
struct Parameter {
    std::string_view name;   // as PowerShell has it, or would
    std::string_view option; // its name behind two dashes
    std::string_view value;  // what stands for its value in help; empty: a switch
    Section section = Section::Other;
    std::uint8_t goes_with = to_any; // kinds of targets it means something for
    bool is_ours = false;            // PowerShell has none of this name
    std::string_view about = {};     // for help
};

// Another name of a parameter.
struct ParameterAlias {
    std::string_view name;
    std::string_view option;
};

// A target's parameter and the kind it makes.
struct TargetKind {
    std::string_view option;
    std::uint8_t kind;
};

// Two parameters that exclude each other.
struct Exclusion {
    std::string_view option;
    std::string_view other;
    std::string_view instead = {}; // an advice
};

std::span<const Parameter> parameters();
std::span<const ParameterAlias> parameter_aliases();
// The single letters: POSIX users' own, never taken for the beginning of a name.
std::span<const ParameterAlias> parameter_letters();
std::span<const TargetKind> target_kinds();
std::span<const Exclusion> exclusions();

// Whether it says how a single session is connected, see connection_options() in options.hpp.
bool is_for_connections(const Parameter& parameter);

// The parameter of this long option, or null. `--cn` and other aliases are known, too.
const Parameter* find_option(std::string_view option);

// The parameter that `name` is, in any case, or the only one whose name begins so: among
// PowerShell's first, then among ours. The error is a sentence.
tl::expected<const Parameter*, std::string> find_parameter(std::string_view name);

// Whether these parameters, each by its long option, may stand together. The error is a sentence
// that names both of two that may not.
tl::expected<void, std::string> check_together(std::span<const std::string_view> options);

// "Targets", and so on.
std::string_view section_title(Section section);

} // namespace icm
