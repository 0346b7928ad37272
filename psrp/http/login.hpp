// A user and a password that are wiped with the object.
#pragma once

#include <clixml/secret.hpp>

#include <string>
#include <utility>

namespace psrp {

// Text in UTF-8. Move-only, so that no copy is forgotten.
class Login {
public:
    Login(std::string user, std::string password)
        : user_(std::move(user)), password_(std::move(password))
    {
    }
    Login(Login&& other) noexcept
        : user_(std::move(other.user_)), password_(std::move(other.password_))
    {
        clixml::wipe(other.password_); // a short text is copied by a move
    }
    Login& operator=(Login&& other) noexcept
    {
        if (this == &other) return *this;
        clixml::wipe(password_);
        user_ = std::move(other.user_);
        password_ = std::move(other.password_);
        clixml::wipe(other.password_);
        return *this;
    }
    Login(const Login&) = delete;
    Login& operator=(const Login&) = delete;
    ~Login() { clixml::wipe(password_); }

    [[nodiscard]] const std::string& user() const { return user_; }
    [[nodiscard]] const std::string& password() const { return password_; }

private:
    std::string user_;
    std::string password_;
};

} // namespace psrp
