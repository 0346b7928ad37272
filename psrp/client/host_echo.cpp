#include <psrp/client/host_echo.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/protocol/host_methods.hpp>
#include <psrp/protocol/host_values.hpp>

#include <utility>
#include <variant>

namespace psrp {

namespace {

// Whether the call writes `text` as a record of this kind is written.
bool writes(const HostCall& call, std::optional<InformationalKind> kind, const std::string& text)
{
    const auto says = [&](std::optional<InformationalKind> call_kind, std::size_t parameter) {
        if (call_kind != kind) return false;
        const auto parameters = decode_host_parameters(call);
        if (!parameters || parameters->size() <= parameter) return false;
        const auto* said = std::get_if<std::string_view>(&(*parameters)[parameter]);
        return said == nullptr ? text.empty() : printable_utf8(*said) == text;
    };
    switch (static_cast<HostMethodId>(call.method)) {
    case HostMethodId::WriteDebugLine:
        return says(InformationalKind::Debug, 0);
    case HostMethodId::WriteVerboseLine:
        return says(InformationalKind::Verbose, 0);
    case HostMethodId::WriteWarningLine:
        return says(InformationalKind::Warning, 0);
    case HostMethodId::Write1:
    case HostMethodId::WriteLine2:
        return says(std::nullopt, 0);
    case HostMethodId::Write2:
    case HostMethodId::WriteLine3:
        return says(std::nullopt, 2);
    default:
        return false;
    }
}

} // namespace

bool HostEcho::repeats(const ClientEvent& event)
{
    const auto before = std::exchange(before_, std::nullopt);
    if (const auto* call = std::get_if<HostCallReceived>(&event))
        return before && writes(call->call, before->kind, before->text);
    if (const auto* one = std::get_if<InformationalReceived>(&event))
        before_ = Shown{one->record.kind, printable_utf8(one->record.message)};
    else if (const auto* other = std::get_if<InformationReceived>(&event))
        before_ = Shown{std::nullopt, information_text(other->record)};
    return false;
}

} // namespace psrp
