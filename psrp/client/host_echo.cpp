#include <psrp/client/host_echo.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/protocol/host_methods.hpp>
#include <psrp/protocol/host_values.hpp>

#include <utility>

namespace psrp {

void HostEcho::on_record(const InformationalRecord& record)
{
    const auto kind = [&] {
        switch (record.kind) {
        case InformationalKind::Debug:
            return Kind::Debug;
        case InformationalKind::Verbose:
            return Kind::Verbose;
        case InformationalKind::Warning:
            break;
        }
        return Kind::Warning;
    };
    expected_ = Expected{kind(), std::string(record.message)};
}

void HostEcho::on_record(const InformationRecord& record)
{
    expected_ = Expected{Kind::Text, information_text(record)};
}

bool HostEcho::is_echo(const HostCall& call)
{
    const auto expected = std::exchange(expected_, std::nullopt);
    if (!expected) return false;
    const auto says = [&](Kind kind, std::size_t parameter) {
        if (kind != expected->kind) return false;
        const auto parameters = decode_host_parameters(call);
        if (!parameters || parameters->size() <= parameter) return false;
        const auto* text = std::get_if<std::string_view>(&(*parameters)[parameter]);
        if (text == nullptr) return expected->text.empty();
        return kind == Kind::Text ? printable_utf8(*text) == expected->text
                                  : *text == expected->text;
    };
    switch (static_cast<HostMethodId>(call.method)) {
    case HostMethodId::WriteDebugLine:
        return says(Kind::Debug, 0);
    case HostMethodId::WriteVerboseLine:
        return says(Kind::Verbose, 0);
    case HostMethodId::WriteWarningLine:
        return says(Kind::Warning, 0);
    case HostMethodId::Write1:
    case HostMethodId::WriteLine2:
        return says(Kind::Text, 0);
    case HostMethodId::Write2:
    case HostMethodId::WriteLine3:
        return says(Kind::Text, 2);
    default:
        return false;
    }
}

} // namespace psrp
