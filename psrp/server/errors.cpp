#include <psrp/server/errors.hpp>

#include <string>

namespace psrp::server {

namespace {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "psrp.server"; }

    std::string message(int condition) const override
    {
        switch (static_cast<Errc>(condition)) {
        case Errc::SyntaxError:
            return "the script has a syntax error";
        case Errc::NotSupported:
            return "the embedded endpoint does not implement this syntax";
        case Errc::ScriptTooLarge:
            return "the script is too long";
        case Errc::NestedTooDeeply:
            return "the script is nested too deeply";
        case Errc::StatementFailed:
            return "the statement failed";
        case Errc::ScriptFailed:
            return "the script failed";
        case Errc::Stopped:
            return "the pipeline has been stopped";
        case Errc::UpstreamDone:
            return "a command of the pipeline needs no more input";
        case Errc::Returned:
            return "the script block has returned";
        case Errc::StreamsClosed:
            return "nobody takes the output any more";
        case Errc::DuplicateCommand:
            return "a command of that name is registered already";
        }
        return "unknown error";
    }
};

} // namespace

const std::error_category& error_category()
{
    static const Category category;
    return category;
}

std::error_code make_error_code(Errc code)
{
    return {static_cast<int>(code), error_category()};
}

} // namespace psrp::server
