#include <psrp/client/errors.hpp>

#include <string>

namespace psrp {

namespace {

class ClientCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "psrp.client"; }

    [[nodiscard]] std::string message(int code) const override
    {
        switch (static_cast<ClientErrc>(code)) {
        case ClientErrc::OpenTimedOut:
            return "the session did not open in time";
        case ClientErrc::StopTimedOut:
            return "the pipeline did not stop in time";
        case ClientErrc::CloseTimedOut:
            return "the session did not close in time";
        case ClientErrc::ClosedByServer:
            return "the server closed the session";
        case ClientErrc::CutInObject:
            return "the connection was cut in the middle of an object";
        case ClientErrc::NotOpen:
            return "the session is not open";
        case ClientErrc::ScriptFileUnreadable:
            return "the script file cannot be read";
        case ClientErrc::HostRefused:
            return "the host does not support this";
        case ClientErrc::UsingUndefined:
            return "a $using: variable has no value";
        case ClientErrc::UsingInvalid:
            return "a $using: expression cannot be sent";
        }
        return "unknown error";
    }
};

} // namespace

const std::error_category& client_error_category()
{
    static const ClientCategory category;
    return category;
}

} // namespace psrp
