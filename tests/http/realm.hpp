// A real Kerberos realm on loopback, with users and services of its own, and users for NTLM. Gone,
// with everything it wrote, when the object is. Its environment is that of this process and its
// children.
#pragma once

#include <tests/icm/program_run.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace tests {

inline constexpr std::string_view realm_name = "PSRP.TEST";
inline constexpr std::string_view realm_user = "alice";
inline constexpr std::string_view realm_password = "correct horse 1";

class Realm {
public:
    // Starts a KDC and waits until it gives tickets. Null, with a reason, where MIT's programs are
    // not installed or cannot run here.
    static std::unique_ptr<Realm> start(std::string& reason);
    ~Realm();
    Realm(const Realm&) = delete;
    Realm& operator=(const Realm&) = delete;

    // Keys of HTTP/localhost.
    [[nodiscard]] std::string keytab() const { return (folder_.path() / "http.keytab").string(); }
    // A keytab of the same service with other keys.
    [[nodiscard]] std::string wrong_keytab() const
    {
        return (folder_.path() / "wrong.keytab").string();
    }
    // Makes one more service and a keytab of nothing else.
    [[nodiscard]] std::string keytab_of(const std::string& principal) const;
    // Puts a ticket of the user in the credential cache; false where that failed.
    [[nodiscard]] bool log_in(const std::string& lifetime = "1h") const;
    // How far clocks may differ from now on.
    void set_clock_skew(int seconds) const;
    // Empties the cache.
    void log_out() const;

private:
    Realm() = default;

    bool ask(const std::string& query) const;

    TemporaryFolder folder_;
    int port_ = 0;
    std::unique_ptr<RunningProgram> program_;
};

// A file of NTLM users for gss-ntlmssp, with realm_user of the domain PSRP and realm_password.
std::string write_ntlm_users(const TemporaryFolder& folder);

// Whether GSSAPI has NTLM here.
bool has_ntlm();

// A self-signed certificate for localhost, with its key, made by the openssl program; false where
// there is none.
struct TestCertificate {
    std::string certificate_file;
    std::string key_file;
};
bool make_certificate(
    const TemporaryFolder& folder, const std::string& name, TestCertificate& certificate
);

} // namespace tests
