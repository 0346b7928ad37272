#include <clixml/secret.hpp>
#include <psrp/http/user_store.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <crypt.h>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <security/pam_appl.h>
#include <sys/stat.h>

namespace psrp {

namespace {

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

// What an unknown user's password is compared with, so that it takes as long.
constexpr const char* nobodys_hash =
    "$6$nobody$"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345";

// A hash that is worth its name; crypt(3) calls SHA-256's old-fashioned, as it does DES's.
bool is_hash(const std::string& text)
{
    const int verdict = crypt_checksalt(text.c_str());
    return verdict == CRYPT_SALT_OK ||
           (verdict == CRYPT_SALT_METHOD_LEGACY && text.starts_with("$5$"));
}

HttpResult<std::ifstream> open_safely(const std::string& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return http_failure(HttpErrc::ServerFileUnusable, path + " cannot be read");
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return http_failure(HttpErrc::ServerFileUnusable, path + " may be written by everybody");
    }
    std::ifstream file(path);
    if (!file) return http_failure(HttpErrc::ServerFileUnusable, path + " cannot be read");
    return file;
}

bool is_skipped(std::string_view line)
{
    return line.empty() || line.starts_with('#');
}

int answer_pam(int count, const pam_message** messages, pam_response** responses, void* password)
{
    auto* answers = static_cast<pam_response*>(
        std::calloc(static_cast<std::size_t>(count), sizeof(pam_response))
    );
    if (answers == nullptr) return PAM_BUF_ERR;
    for (int i = 0; i < count; ++i) {
        const int style = messages[i]->msg_style;
        if (style == PAM_PROMPT_ECHO_OFF) {
            answers[i].resp = ::strdup(static_cast<const std::string*>(password)->c_str());
        }
    }
    *responses = answers;
    return PAM_SUCCESS;
}

void wait_not(int, unsigned, void*) {}

} // namespace

HttpResult<std::unique_ptr<UserFile>> UserFile::read(const std::string& path)
{
    auto file = open_safely(path);
    if (!file) return tl::unexpected(file.error());
    auto users = std::make_unique<UserFile>();
    std::string line;
    for (int number = 1; std::getline(*file, line); ++number) {
        if (is_skipped(line)) continue;
        const std::size_t colon = line.find(':');
        const bool is_one = colon != std::string::npos && colon > 0 && colon + 1 < line.size() &&
                            is_hash(line.substr(colon + 1));
        if (!is_one) {
            return http_failure(
                HttpErrc::ServerFileUnusable,
                path + ", line " + std::to_string(number) + ": expected user:hash"
            );
        }
        users->hashes_[lower_case(std::string_view(line).substr(0, colon))] =
            line.substr(colon + 1);
    }
    return users;
}

bool UserFile::accepts(const std::string& user, const std::string& password)
{
    const auto found = hashes_.find(lower_case(user));
    const std::string hash = found != hashes_.end() ? found->second : nobodys_hash;
    auto room = std::make_unique<crypt_data>();
    const char* made = crypt_r(password.c_str(), hash.c_str(), room.get());
    const bool is_same = made != nullptr && std::strlen(made) == hash.size() &&
                         CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
    OPENSSL_cleanse(room.get(), sizeof *room);
    // crypt(3) ends a password at its first zero.
    return is_same && found != hashes_.end() && password.find('\0') == std::string::npos;
}

bool PamUsers::accepts(const std::string& user, const std::string& password)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string secret = password;
    const pam_conv conversation = {&answer_pam, &secret};
    pam_handle_t* handle = nullptr;
    const int started =
        folder_.empty()
            ? pam_start(service_.c_str(), user.c_str(), &conversation, &handle)
            : pam_start_confdir(
                  service_.c_str(), user.c_str(), &conversation, folder_.c_str(), &handle
              );
    if (started != PAM_SUCCESS) {
        clixml::wipe(secret);
        return false;
    }
    // Others wait for this thread, so PAM's own waiting is left out.
    pam_set_item(handle, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&wait_not));
    int code = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (code == PAM_SUCCESS) code = pam_acct_mgmt(handle, PAM_SILENT);
    pam_end(handle, code);
    clixml::wipe(secret);
    return code == PAM_SUCCESS;
}

HttpResult<std::map<std::string, std::string>> read_certificate_map(const std::string& path)
{
    auto file = open_safely(path);
    if (!file) return tl::unexpected(file.error());
    std::map<std::string, std::string> users;
    std::string line;
    for (int number = 1; std::getline(*file, line); ++number) {
        if (is_skipped(line)) continue;
        constexpr std::size_t digits = 40;
        const std::size_t space = line.find(' ');
        if (space != digits || line.size() <= digits + 1) {
            return http_failure(
                HttpErrc::ServerFileUnusable,
                path + ", line " + std::to_string(number) + ": expected a thumbprint and a user"
            );
        }
        std::string thumbprint = line.substr(0, digits);
        std::transform(thumbprint.begin(), thumbprint.end(), thumbprint.begin(), [](char c) {
            return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        users[thumbprint] = line.substr(digits + 1);
    }
    return users;
}

} // namespace psrp
