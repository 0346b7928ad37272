// Every way to authenticate, as a server and a client that fit each other.
#pragma once

#include <psrp/http/client_channel.hpp>
#include <psrp/http/server.hpp>
#include <tests/http/realm.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tests {

struct Way {
    std::string name;
    std::string scheme; // http or https
    psrp::AuthenticationScheme authentication = psrp::AuthenticationScheme::Basic;
    bool is_encrypted = false; // by messages
    std::string user = {};     // where the scheme leaves it open
};

// What the ways need; missing tools leave ways out, and are named.
class Ways {
public:
    Ways();

    [[nodiscard]] const std::vector<Way>& all() const { return ways_; }
    [[nodiscard]] const std::string& missing() const { return missing_; }
    [[nodiscard]] psrp::HttpServerOptions server(const Way& way) const;
    [[nodiscard]] psrp::ChannelOptions client(const Way& way) const;
    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
    [[nodiscard]] const TestCertificate& certificate() const { return certificate_; }
    [[nodiscard]] std::string users_file() const { return users_file_; }
    [[nodiscard]] Realm* realm() const { return realm_.get(); }

private:
    TemporaryFolder folder_;
    std::unique_ptr<Realm> realm_;
    TestCertificate certificate_;
    TestCertificate client_certificate_;
    std::string users_file_;
    std::string ntlm_users_;
    std::string missing_;
    std::vector<Way> ways_;
};

} // namespace tests
