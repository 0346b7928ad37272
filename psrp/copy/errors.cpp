#include <psrp/copy/errors.hpp>

#include <string>

namespace psrp::copy {

namespace {

class CopyCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "psrp.copy"; }

    [[nodiscard]] std::string message(int code) const override
    {
        switch (static_cast<CopyErrc>(code)) {
        case CopyErrc::BadFrame:
            return "the other side sent something that is no part of a copy";
        case CopyErrc::OutOfOrder:
            return "the other side sent the parts of a copy out of order";
        case CopyErrc::UnsafePath:
            return "the other side sent a path that leaves the destination";
        case CopyErrc::TooManyHeld:
            return "there are too many files to go on with";
        case CopyErrc::TooManyFolders:
            return "there are too many folders in one source";
        case CopyErrc::StreamCut:
            return "the copy was cut before it was whole";
        case CopyErrc::DiskFull:
            return "the disk of the destination is full";
        case CopyErrc::NoDestination:
            return "the destination cannot be used";
        }
        return "unknown error";
    }
};

} // namespace

const std::error_category& copy_error_category()
{
    static const CopyCategory category;
    return category;
}

} // namespace psrp::copy
