// Who may log in with a user name and a password: a file of crypt(3) hashes, or PAM (fact sheet
// transports C1).
#pragma once

#include <psrp/http/failure.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace psrp {

// Judges passwords. Calls may take some hundred milliseconds, as hashes are meant to be slow, or as
// long as PAM wants. Any thread may call.
class UserStore {
public:
    virtual ~UserStore() = default;
    // Whether this user has this password. Takes as long for users it does not know.
    [[nodiscard]] virtual bool accepts(const std::string& user, const std::string& password) = 0;
};

// Lines `user:hash`, hashes as crypt(3) writes them (`openssl passwd -6`, `mkpasswd`); empty lines
// and lines that begin with # are skipped. Names are compared without case, as Windows does.
class UserFile final : public UserStore {
public:
    // Errors: ServerFileUnusable, where it cannot be read, has a line that is none, or may be
    // written by everybody.
    static HttpResult<std::unique_ptr<UserFile>> read(const std::string& path);

    [[nodiscard]] bool accepts(const std::string& user, const std::string& password) override;

private:
    std::map<std::string, std::string> hashes_; // by the name in lower case
};

// The system's own users, by the PAM service of this name, which is described in `folder`; empty:
// where the system keeps them. One login after the other: not every module is made for threads.
class PamUsers final : public UserStore {
public:
    explicit PamUsers(std::string service, std::string folder = {})
        : service_(std::move(service)), folder_(std::move(folder))
    {
    }

    [[nodiscard]] bool accepts(const std::string& user, const std::string& password) override;

private:
    std::string service_;
    std::string folder_;
    std::mutex mutex_;
};

// Lines `THUMBPRINT user`: whose a client certificate is, by its SHA-1 in hexadecimal digits.
HttpResult<std::map<std::string, std::string>> read_certificate_map(const std::string& path);

} // namespace psrp
