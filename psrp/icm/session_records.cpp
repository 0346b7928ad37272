#include <psrp/holder/held_session.hpp>
#include <psrp/icm/private_folders.hpp>
#include <psrp/icm/session_records.hpp>
#include <psrp/icm/target_lists.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace icm {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view suffix = ".json";

tl::expected<std::filesystem::path, std::string> record_folder()
{
    return state_folder("sessions");
}

std::string record_path(const std::filesystem::path& folder, const std::string& name)
{
    return (folder / (name + std::string(suffix))).string();
}

} // namespace

tl::expected<void, std::string> write_private_file(const std::string& path, std::string_view text)
{
    const std::string fresh = path + ".new";
    const auto failed = [&]() -> tl::unexpected<std::string> {
        const int number = errno;
        ::unlink(fresh.c_str());
        return tl::unexpected(path + ": " + std::strerror(number));
    };
    {
        const psrp::Descriptor file(
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
        );
        if (!file.is_open()) return failed();
        while (!text.empty()) {
            const ssize_t count = ::write(file.number(), text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed();
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        if (::fsync(file.number()) != 0) return failed();
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) return failed();
    return {};
}

tl::expected<void, std::string> write_session_record(const SessionRecord& record)
{
    const auto folder = record_folder();
    if (!folder) return tl::unexpected(folder.error());
    const Json json = {
        {"Name", record.name},
        {"ComputerName", record.computer},
        {"InstanceId", record.id},
        {"ConfigurationName", record.configuration},
        {"Options", record.words}};
    return write_private_file(record_path(*folder, record.name), json.dump() + "\n");
}

std::optional<SessionRecord> read_session_record(const std::string& name)
{
    const auto folder = record_folder();
    if (!folder || !psrp::is_session_name(name)) return std::nullopt;
    const auto text = read_text_file(record_path(*folder, name));
    if (!text) return std::nullopt;
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || text_at(json, "InstanceId").empty()) return std::nullopt;
    SessionRecord record{
        name,
        text_at(json, "ComputerName"),
        text_at(json, "InstanceId"),
        text_at(json, "ConfigurationName"),
        {}};
    const auto words = json.find("Options");
    if (words == json.end() || !words->is_array()) return std::nullopt;
    for (const Json& word : *words) {
        if (word.is_string()) record.words.push_back(word.get<std::string>());
    }
    return record;
}

void remove_session_record(const std::string& name)
{
    const auto folder = record_folder();
    if (folder) ::unlink(record_path(*folder, name).c_str());
}

std::vector<SessionRecord> session_records()
{
    std::vector<SessionRecord> records;
    const auto folder = record_folder();
    if (!folder) return records;
    std::error_code error;
    for (std::filesystem::directory_iterator at(*folder, error), end; !error && at != end;
         at.increment(error)) {
        std::string name = at->path().filename().string();
        if (!name.ends_with(suffix)) continue;
        name.resize(name.size() - suffix.size());
        if (auto record = read_session_record(name)) records.push_back(std::move(*record));
    }
    std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    return records;
}

std::string text_at(const Json& object, std::string_view key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace icm
