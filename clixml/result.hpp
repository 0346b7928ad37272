// Result<T>: a value or an Error. Nothing in this project throws for bytes that came from a peer.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <system_error>

namespace clixml {

// Says that an error is not about a place in an input.
inline constexpr std::uint64_t no_offset = UINT64_MAX;

// Why something failed. `code` names the broken rule, `offset` is the byte of the input where it
// was noticed (no_offset where there is none), `detail` is a literal that says what was expected.
// Never holds peer data.
struct [[nodiscard]] Error {
    std::error_code code;
    std::uint64_t offset = no_offset;
    const char* detail = "";

    // One line for people: message, detail, "at byte N".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Error& error, const std::error_code& expected)
    {
        return error.code == expected;
    }
};

template <typename T>
using Result = tl::expected<T, Error>;

// A failure ready to be returned from any function whose result is a Result.
inline tl::unexpected<Error>
failure(std::error_code code, std::uint64_t offset = no_offset, const char* detail = "")
{
    return tl::unexpected<Error>(Error{code, offset, detail});
}

} // namespace clixml

// PSRP_TRY(auto x, f()); gives x the value of f() or returns its error. One a line.
#define PSRP_TRY_NAME2(line) psrp_try_result_##line
#define PSRP_TRY_NAME(line) PSRP_TRY_NAME2(line)
#define PSRP_TRY(declaration, expression)                                                          \
    auto PSRP_TRY_NAME(__LINE__) = (expression);                                                   \
    if (!PSRP_TRY_NAME(__LINE__))                                                                  \
        return tl::unexpected<::clixml::Error>(PSRP_TRY_NAME(__LINE__).error());                   \
    declaration = *std::move(PSRP_TRY_NAME(__LINE__))

// PSRP_CHECK(f()); returns the error of f() if it failed.
#define PSRP_CHECK(expression)                                                                     \
    do {                                                                                           \
        auto psrp_check_result = (expression);                                                     \
        if (!psrp_check_result) return tl::unexpected<::clixml::Error>(psrp_check_result.error()); \
    } while (false)
