// The tree of a script: what the parser makes and the interpreter walks. See psrp/server/README.md
// for the subset.
#pragma once

#include <clixml/value.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace psrp::server {

struct Block;

// A part of the script's text, in bytes from its start.
struct Extent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

enum class ExpressionKind : std::uint8_t {
    Number,         // number
    Text,           // text
    ExpandableText, // operands in order: Text and what is put between them
    Variable,       // text: its name without scope
    Environment,    // $env:text
    Using,          // $using:text
    List,           // a, b, c
    ArrayBlock,     // @( block )
    Subexpression,  // $( block )
    Parenthesis,    // ( block ), one statement
    Hashtable,      // operands: keys and values in turn
    ScriptBlock,    // { text }
    Unary,          // operation, one operand
    Binary,         // operation, two operands
    Member,         // operands[0].text
    Index,          // operands[0][operands[1]]
    HostCall,       // $Host.UI.text(operands)
    MethodCall,     // operands[0].text()
    NewCredential,  // [System.Net.NetworkCredential]::new(operands)
    Cast,           // [text] operands[0]
};

enum class Operation : std::uint8_t {
    None,
    // binary
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Like,
    NotLike,
    Match,
    NotMatch,
    Contains,
    NotContains,
    In,
    NotIn,
    Replace,
    Split,
    Join,
    And,
    Or,
    Xor,
    BitAnd,
    BitOr,
    BitXor,
    Format,
    Range,
    // unary
    Negate,
    Plus,
    Not,
    BitNot,
    MakeList,
};

struct Expression {
    ExpressionKind kind = ExpressionKind::Text;
    Operation operation = Operation::None;
    bool case_sensitive = false;
    std::uint32_t depth = 1;       // levels of expressions below and including this one
    std::int32_t using_index = -1; // which $using: of the script this is or is rooted in; -1: none
    Extent extent;
    clixml::Value number; // never borrows
    std::string text;
    std::string using_key; // the key under which the client sent this expression's value
    std::vector<Expression> operands;
    std::shared_ptr<const Block> block;
};

// One word of a command: a parameter, a value, or both (-Name:value).
struct ArgumentSyntax {
    std::string parameter; // without the dash; empty: positional
    std::optional<Expression> value;
    bool attached = false; // -Name:value
    std::string source;    // the value as typed, for parameters that take text
    Extent extent;
};

struct CommandSyntax {
    std::string name;
    std::vector<ArgumentSyntax> arguments;
    Extent extent;
};

struct PipelineSyntax {
    std::optional<Expression> source; // an expression at the front
    std::vector<CommandSyntax> commands;
    Extent extent;
};

enum class StatementKind : std::uint8_t { Pipeline, Assignment, If, ForEach, Throw, Return };

struct Statement {
    StatementKind kind = StatementKind::Pipeline;
    Extent extent;
    std::string variable;                  // Assignment, ForEach
    Operation operation = Operation::None; // Assignment: +=, -=, ...
    bool increment = false;                // Assignment: ++ and --
    PipelineSyntax pipeline; // also the value of Assignment, Throw, Return and what ForEach walks
    std::vector<PipelineSyntax> conditions; // If
    std::vector<std::shared_ptr<const Block>>
        blocks; // If: one a condition and maybe one more; ForEach: one
};

struct ParameterSyntax {
    std::string name;
    std::optional<Expression> default_value;
};

// A script or the inside of a script block.
struct Block {
    std::uint32_t depth = 1; // levels of expressions and blocks inside
    bool has_parameters = false;
    std::vector<ParameterSyntax> parameters;
    std::vector<Statement> statements;
};

} // namespace psrp::server
