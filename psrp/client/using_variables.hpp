// $using: variables of a script block: which it has, and how their values travel (fact sheet psrp
// 14.5).
#pragma once

#include <clixml/object.hpp>
#include <clixml/result.hpp>
#include <clixml/value.hpp>
#include <psrp/protocol/messages/pipeline.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// One $using: expression where it stands in a script. Views are borrowed from the script.
struct UsingExpression {
    std::size_t offset = 0;         // of the dollar sign
    std::string_view text;          // "$using:a.b[0]"
    std::string_view variable;      // "a", "env:path"
    std::string_view variable_text; // "$using:a", "${using:a b}": without members
    std::string_view members;       // ".b[0]"

    [[nodiscard]] bool is_plain() const { return members.empty(); }
    // What its value is found under at the server: lower case for a plain variable, verbatim
    // otherwise.
    [[nodiscard]] std::string key() const;
};

// All of them in order, those in nested blocks and expandable strings included; comments and
// literal strings have none. Error: ClientErrc::UsingInvalid with the offset.
Result<std::vector<UsingExpression>> find_using_expressions(std::string_view script);

// How values travel.
enum class UsingForm {
    ByKey,       // `--%` with a dictionary; the text stays as it is
    ByPosition,  // `--%` with an array; the text stays as it is
    AsParameters // `$__using_x` and a param block: servers before PowerShell 3
};

// The form that PowerShell chooses. `is_wsman`: the transport; `ps_version`: PSVersion of the
// private data of a session that is open already, if it is.
UsingForm using_form(bool is_wsman, const std::optional<clixml::Version>& ps_version);

// The value of a variable, or nothing where there is none.
using VariableSource = std::function<std::optional<Value>(std::string_view name)>;

// A script made ready: its text, and the arguments that carry the values, which come behind those
// of the user.
struct UsingRewrite {
    std::string script;
    std::vector<CommandArgument> arguments; // in the arena
};

// Errors: ClientErrc::UsingUndefined, ClientErrc::UsingInvalid, with the offset of the expression;
// nothing is to be sent then.
Result<UsingRewrite> rewrite_using(
    std::string_view script, UsingForm form, const VariableSource& variables, Arena& arena
);

// The value of `expression`: the variable's, then each member's. Nothing where one is missing.
std::optional<Value>
evaluate_using(const UsingExpression& expression, const VariableSource& variables);

} // namespace psrp
