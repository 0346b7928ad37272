#include <fragmenter/errors.hpp>

#include <string>

namespace fragmenter {
namespace {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "fragmenter"; }

    std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
        case Errc::ObjectIdNotPositive:
            return "the ObjectId of a fragment is less than 1";
        case Errc::FragmentTooBig:
            return "the announced length of a fragment is too big";
        case Errc::ObjectIdsNotMatching:
            return "a fragment belongs to another object than the unfinished one";
        case Errc::FragmentIdsNotInSequence:
            return "the fragments of an object are not in sequence";
        case Errc::ObjectBytesExceeded:
            return "a received object exceeds the allowed size";
        case Errc::ChannelBytesExceeded:
            return "the data received on a channel exceeds the allowed size";
        case Errc::SendQueueFull:
            return "the send queue has no room for the message";
        }
        return "unknown fragmenter error";
    }
};

} // namespace

const std::error_category& error_category()
{
    static const Category category;
    return category;
}

} // namespace fragmenter
