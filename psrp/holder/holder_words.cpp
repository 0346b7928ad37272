#include <psrp/holder/holder_words.hpp>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace psrp {

namespace {

constexpr std::string_view greeting = "psrp-holder-1 ";

constexpr std::array<std::pair<HolderRequest, std::string_view>, 4> requests = {
    {{HolderRequest::Use, "use"},
     {HolderRequest::Look, "look"},
     {HolderRequest::Close, "close"},
     {HolderRequest::Disconnect, "disconnect"}}};

constexpr std::size_t field_count = 7;

void append_field(std::string_view field, std::string& line)
{
    for (const char c : field) {
        if (c == '\\' || c == '\t' || c == '\n') line += '\\';
        line += c == '\t' ? 't' : (c == '\n' ? 'n' : c);
    }
    line += '\t';
}

std::optional<std::vector<std::string>> read_fields(std::string_view line)
{
    std::vector<std::string> fields(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\t') {
            fields.emplace_back();
        } else if (line[i] != '\\') {
            fields.back() += line[i];
        } else if (++i < line.size() && (line[i] == 't' || line[i] == 'n' || line[i] == '\\')) {
            fields.back() += line[i] == 't' ? '\t' : (line[i] == 'n' ? '\n' : '\\');
        } else {
            return std::nullopt;
        }
    }
    // Each field has its end behind it.
    if (fields.size() != field_count + 1 || !fields.back().empty()) return std::nullopt;
    return fields;
}

} // namespace

std::string write_holder_request(HolderRequest request)
{
    std::string line(greeting);
    for (const auto& [one, word] : requests) {
        if (one == request) line += word;
    }
    return line + '\n';
}

std::optional<HolderRequest> read_holder_request(std::string_view line)
{
    if (!line.starts_with(greeting)) return std::nullopt;
    for (const auto& [one, word] : requests) {
        if (word == line.substr(greeting.size())) return one;
    }
    return std::nullopt;
}

std::string write_held_description(const HeldDescription& description)
{
    std::string line(greeting);
    append_field(description.name, line);
    append_field(description.computer_name, line);
    append_field(description.runspace_pool_id.text(), line);
    append_field(description.transport, line);
    append_field(description.configuration, line);
    append_field(description.broken_reason, line);
    append_field(std::to_string(description.pipeline_count), line);
    return line + '\n';
}

std::optional<HeldDescription> read_held_description(std::string_view line)
{
    if (!line.starts_with(greeting)) return std::nullopt;
    auto fields = read_fields(line.substr(greeting.size()));
    if (!fields) return std::nullopt;
    const auto id = clixml::Guid::read((*fields)[2]);
    const std::string& count = (*fields)[6];
    HeldDescription description;
    const auto read =
        std::from_chars(count.data(), count.data() + count.size(), description.pipeline_count);
    const bool is_count = read.ec == std::errc() && read.ptr == count.data() + count.size();
    if (!id || !is_count) return std::nullopt;
    description.name = std::move((*fields)[0]);
    description.computer_name = std::move((*fields)[1]);
    description.runspace_pool_id = *id;
    description.transport = std::move((*fields)[3]);
    description.configuration = std::move((*fields)[4]);
    description.broken_reason = std::move((*fields)[5]);
    // Numbers, identifiers and texts have one form each.
    if (write_held_description(description) != std::string(line) + '\n') return std::nullopt;
    return description;
}

} // namespace psrp
