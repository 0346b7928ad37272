#include <psrp/http/channel_binding.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/winrm/ways.hpp>

#include <catch2/catch.hpp>

#include <crypt.h>

namespace tests {

namespace {

constexpr const char* ntlm_user = "PSRP\\alice";

std::shared_ptr<psrp::Identity> login(const std::string& user)
{
    return std::make_shared<psrp::Identity>(psrp::Login(user, std::string(realm_password)));
}

} // namespace

Ways::Ways()
{
    using Scheme = psrp::AuthenticationScheme;
    std::string reason;
    realm_ = Realm::start(reason);
    if (realm_ && realm_->log_in()) {
        ways_.push_back({"Kerberos with a ticket", "http", Scheme::Kerberos, true});
        ways_.push_back({"Negotiate with a ticket", "http", Scheme::Negotiate, true});
        ways_.push_back({"CredSSP with Kerberos", "http", Scheme::CredSsp, true, "alice@PSRP.TEST"}
        );
    } else {
        missing_ += reason + "; ";
    }
    if (has_ntlm()) {
        ways_.push_back({"NTLM", "http", Scheme::Ntlm, true});
        ways_.push_back({"CredSSP with NTLM", "http", Scheme::CredSsp, true, ntlm_user});
    } else
        missing_ += "gss-ntlmssp is not installed; ";
    crypt_data room{};
    users_file_ = folder_.write(
        "users",
        std::string(realm_user) + ":" +
            crypt_r(std::string(realm_password).c_str(), "$6$salt", &room) + "\n"
    );
    ntlm_users_ = write_ntlm_users(folder_);
    if (make_certificate(folder_, "localhost", certificate_) &&
        make_certificate(folder_, "alice", client_certificate_)) {
        ways_.push_back({"Basic over HTTPS", "https", Scheme::Basic, false});
        ways_.push_back({"a certificate over HTTPS", "https", Scheme::Certificate, false});
        if (has_ntlm()) {
            ways_.push_back({"NTLM over HTTPS", "https", Scheme::Ntlm, false});
            ways_.push_back({"CredSSP over HTTPS", "https", Scheme::CredSsp, false, ntlm_user});
        }
    } else {
        missing_ += "openssl is not installed; ";
    }
}

psrp::HttpServerOptions Ways::server(const Way& way) const
{
    psrp::HttpServerOptions options;
    auto users = psrp::UserFile::read(users_file_);
    if (!users) FAIL(users.error().text);
    options.users = std::move(*users);
    auto credential =
        psrp::GssCredential::serve(realm_ ? realm_->keytab() : "", has_ntlm() ? ntlm_users_ : "");
    if (credential) options.credential = std::move(*credential);
    if (way.authentication == psrp::AuthenticationScheme::CredSsp) {
        auto identity = psrp::TlsIdentity::make("localhost");
        if (!identity) FAIL(identity.error().text);
        options.credssp_identity = std::move(*identity);
    }
    if (way.scheme == "https") {
        options.certificate_file = certificate_.certificate_file;
        options.key_file = certificate_.key_file;
        options.client_authority_file = client_certificate_.certificate_file;
        const auto der =
            psrp::read_pem_certificate(read_whole_file(client_certificate_.certificate_file));
        REQUIRE(der);
        options.certificate_users[psrp::certificate_thumbprint(*der)] = "alice";
    }
    return options;
}

psrp::ChannelOptions Ways::client(const Way& way) const
{
    using Scheme = psrp::AuthenticationScheme;
    psrp::ChannelOptions options;
    options.scheme = way.authentication;
    options.identity = std::make_shared<psrp::Identity>();
    if (way.authentication == Scheme::Ntlm) options.identity = login(ntlm_user);
    if (way.authentication == Scheme::CredSsp) options.identity = login(way.user);
    if (way.authentication == Scheme::Basic) options.identity = login(std::string(realm_user));
    options.connection.tls.authority_file = certificate_.certificate_file;
    if (way.authentication == Scheme::Certificate) {
        options.connection.tls.certificate_file = client_certificate_.certificate_file;
        options.connection.tls.key_file = client_certificate_.key_file;
    }
    return options;
}

} // namespace tests
