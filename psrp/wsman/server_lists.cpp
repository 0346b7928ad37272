// What there is: Get, Enumerate and Pull, Identify (fact sheet transports B12).
#include <clixml/utf.hpp>
#include <psrp/wsman/detail/server_exchange_impl.hpp>
#include <psrp/wsman/detail/xml_writer.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <algorithm>
#include <utility>

namespace psrp::wsman {

namespace {

constexpr std::size_t enumerate_overhead = 1600;

std::string whole_seconds(Time::duration passed)
{
    const auto seconds =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(passed).count());
    std::string text = "P" + std::to_string(seconds / 86400) + "DT";
    text += std::to_string(seconds / 3600 % 24) + "H";
    text += std::to_string(seconds / 60 % 60) + "M";
    return text + std::to_string(seconds % 60) + "S";
}

// What an item takes in an envelope, more or less.
std::size_t item_bytes(const std::vector<ShellProperty>& properties)
{
    std::size_t bytes = 128;
    for (const auto& property : properties) {
        std::string escaped;
        detail::append_xml_text(property.value, escaped, false);
        bytes += 2 * property.name.size() + escaped.size() + 16;
    }
    return bytes;
}

// Moves items of `from` that fit to `to`; at least one, so that it goes on.
template <typename Item>
void move_items(
    std::vector<Item>& from, std::vector<Item>& to, std::size_t& room, std::size_t& count
)
{
    std::size_t taken = 0;
    for (; taken < from.size() && count > 0; ++taken) {
        const auto bytes = item_bytes(from[taken].properties);
        if (bytes > room && !to.empty()) break;
        room -= std::min(room, bytes);
        --count;
        to.push_back(std::move(from[taken]));
    }
    from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(taken));
}

} // namespace

ShellDescription ServerExchange::Impl::describe(const Guid& key, const Shell& shell, Time now) const
{
    ShellDescription result;
    const auto add = [&](std::string_view name, std::string value) {
        result.properties.push_back({std::string(name), std::move(value)});
    };
    add("ShellId", upper_text(key));
    if (!shell.name.empty()) add("Name", shell.name);
    add("ResourceUri", shell.resource_uri);
    add("Owner", shell.owner);
    add("ClientIP", shell.client_address);
    add("IdleTimeOut", write_duration(shell.idle_timeout));
    add("InputStreams", shell.input_streams);
    add("OutputStreams", shell.output_streams);
    if (!shell.is_command_shell) {
        add("MaxIdleTimeOut", write_duration(options.idle_timeout_max));
        add("Locale", shell.ui_culture);
        add("DataLocale", shell.culture);
        add("CompressionMode", shell.is_compressed ? std::string(xpress_mode) : "NoCompression");
        add("ProfileLoaded", "Yes");
        add("Encoding", "UTF8");
        add("BufferMode", shell.mode == BufferMode::Block ? "Block" : "Drop");
        add("State", shell.state == Shell::State::Disconnected ? "Disconnected" : "Connected");
    }
    add("ShellRunTime", whole_seconds(now - shell.created));
    add("ShellInactivity", whole_seconds(now - shell.last_activity));
    return result;
}

void ServerExchange::Impl::on_identify(const Waiting& waiting)
{
    answer(
        waiting,
        IdentifyResponse{
            std::string(wsman_namespace), options.product_vendor, options.product_version}
    );
}

void ServerExchange::Impl::on_get(const Waiting& waiting, Time now)
{
    if (waiting.header.resource_uri == config_resource) {
        ConfigResponse config;
        config.envelope_kib_max = options.limits.envelope_bytes_max / 1024;
        detail::XmlWriter xml;
        xml.open("cfg:Config", {{"xmlns:cfg", config_namespace}});
        xml.element("cfg:MaxEnvelopeSizekb", std::to_string(config.envelope_kib_max));
        xml.close("cfg:Config");
        config.xml = xml.take();
        return answer(waiting, std::move(config));
    }
    Guid key;
    const Shell* shell = find_shell(waiting, key);
    if (shell == nullptr) return; // it has been answered
    answer(waiting, ShellResponse{describe(key, *shell, now)});
}

void ServerExchange::Impl::on_enumerate(const Waiting& waiting, const EnumerateBody& body, Time now)
{
    EnumerateResponse all;
    const auto& resource = waiting.header.resource_uri;
    if (resource == shell_resource) {
        for (const auto& [key, shell] : shells) {
            if (shell.owner != waiting.owner) continue;
            auto item = describe(key, shell, now);
            item.properties.push_back({"ChildProcesses", "0"});
            all.shells.push_back(std::move(item));
        }
    } else if (resource == command_resource) {
        const auto chosen =
            std::find_if(body.filter.begin(), body.filter.end(), [](const Selector& one) {
                return one.name == "ShellId";
            });
        const auto id = chosen == body.filter.end() ? std::nullopt : Guid::read(chosen->value);
        const auto found = id ? shells.find(*id) : shells.end();
        if (body.filter_dialect != selector_filter_dialect || found == shells.end() ||
            found->second.owner != waiting.owner)
            return refuse_request(waiting, Errc::ShellNotFound);
        for (const auto& [command, channel] : found->second.channels) {
            if (command.is_zero()) continue;
            const auto state = channel.is_done          ? command_done
                               : channel.waits_for_host ? command_pending
                                                        : command_running;
            all.commands.push_back(
                {{{"ShellId", upper_text(*id)},
                  {"CommandId", channel.command_id},
                  {"CommandLine", channel.command_line},
                  {"CommandState", std::string(state)}}}
            );
        }
    } else {
        return refuse_request(waiting, Errc::InvalidResourceUri);
    }
    give_items(waiting, std::move(all), body.elements_max);
}

void ServerExchange::Impl::on_pull(const Waiting& waiting, const PullBody& body)
{
    const auto found = enumerations.find(body.context);
    if (found == enumerations.end() || found->second.owner != waiting.owner)
        return refuse_request(
            waiting, Errc::SchemaViolation, "The enumeration context is not known."
        );
    EnumerateResponse rest = std::move(found->second.rest);
    enumerations.erase(found);
    give_items(waiting, std::move(rest), body.elements_max);
}

void ServerExchange::Impl::give_items(
    const Waiting& waiting, EnumerateResponse all, std::optional<std::uint32_t> most
)
{
    const std::size_t allowed = std::min(
        waiting.header.envelope_bytes_max.value_or(envelope_bytes_old),
        options.limits.envelope_bytes_max
    );
    std::size_t room = allowed - std::min(allowed, enumerate_overhead);
    std::size_t count = most.value_or(UINT32_MAX);
    EnumerateResponse page;
    move_items(all.shells, page.shells, room, count);
    move_items(all.commands, page.commands, room, count);
    page.has_items = !page.shells.empty() || !page.commands.empty();
    page.is_end = all.shells.empty() && all.commands.empty();
    if (!page.is_end) {
        if (enumerations.size() >= options.limits.enumerations_max)
            enumerations.erase(enumerations.begin());
        page.context = write_uuid(id_source->new_guid());
        enumerations.emplace(page.context, detail::Enumeration{waiting.owner, std::move(all)});
    }
    answer(waiting, std::move(page));
}

} // namespace psrp::wsman
