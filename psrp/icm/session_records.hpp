// What is kept of a session that was left to its server: enough to find it again, and no secret.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

struct SessionRecord {
    std::string name;
    std::string computer;
    std::string id; // of the shell
    std::string configuration;
    std::vector<std::string> words; // options that it was opened with, as in SessionCommand
};

// A file in the state folder. The error is a sentence.
tl::expected<void, std::string> write_session_record(const SessionRecord& record);
// Nothing where there is none that can be read.
std::optional<SessionRecord> read_session_record(const std::string& name);
void remove_session_record(const std::string& name);
std::vector<SessionRecord> session_records();

// `text` as the whole of a file that only this user can read, in place of what is there; at no
// moment is it half of either. The error is a sentence.
tl::expected<void, std::string> write_private_file(const std::string& path, std::string_view text);

// The text at `key` of a JSON object; empty where there is none.
std::string text_at(const nlohmann::ordered_json& object, std::string_view key);

} // namespace icm
