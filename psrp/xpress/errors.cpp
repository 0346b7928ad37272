#include <psrp/xpress/errors.hpp>

#include <string>

namespace psrp::xpress {
namespace {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "psrp-xpress"; }

    std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
        case Errc::Truncated:
            return "the compressed stream ends inside a chunk";
        case Errc::PlainTooBig:
            return "the compressed stream becomes larger than allowed";
        case Errc::CodeTableTruncated:
            return "a compressed chunk is shorter than its table of code lengths";
        case Errc::IncompleteCode:
            return "the code lengths of a compressed chunk are no complete code";
        case Errc::OversubscribedCode:
            return "the code lengths of a compressed chunk contradict each other";
        case Errc::DataEndEarly:
            return "the data of a compressed chunk end too early";
        case Errc::MatchBeforeStart:
            return "a match begins before its compressed chunk";
        case Errc::MatchPastEnd:
            return "a match goes past the end of its compressed chunk";
        case Errc::InvalidMatchLength:
            return "the length of a match is not possible in the form it has";
        case Errc::TrailingData:
            return "a compressed chunk has data behind its end";
        }
        return "unknown error of a compressed stream";
    }
};

} // namespace

const std::error_category& error_category()
{
    static const Category category;
    return category;
}

} // namespace psrp::xpress
