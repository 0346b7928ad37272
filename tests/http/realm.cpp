#include <psrp/transport/child_process.hpp>
#include <tests/http/library_reports.hpp>
#include <tests/http/realm.hpp>
#include <tests/icm/ssh_server.hpp>

#include <chrono>
#include <cstdlib>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <thread>
#include <unistd.h>

namespace tests {

namespace {

// Debian keeps the programs of servers where a user's PATH does not reach.
std::string server_program(const std::string& name)
{
    for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/", "/sbin/"}) {
        if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
    }
    return psrp::find_program(name).value_or("");
}

std::string client_configuration(const std::string& where, int port, int clock_skew = 300)
{
    const std::string realm(realm_name);
    return "[libdefaults]\n  default_realm = " + realm +
           "\n"
           "  forwardable = true\n  clockskew = " +
           std::to_string(clock_skew) +
           "\n"
           "  dns_lookup_kdc = false\n  dns_lookup_realm = false\n  rdns = false\n"
           "  dns_canonicalize_hostname = false\n  udp_preference_limit = 1\n"
           "  default_ccache_name = FILE:" +
           where +
           "/cache\n"
           "[realms]\n  " +
           realm + " = {\n    kdc = 127.0.0.1:" + std::to_string(port) +
           "\n  }\n"
           "  UNREACHABLE.TEST = {\n    kdc = 127.0.0.1:1\n  }\n"
           "[domain_realm]\n  localhost = " +
           realm + "\n  127.0.0.1 = " + realm + "\n";
}

std::string kdc_configuration(const std::string& where, int port)
{
    const std::string number = std::to_string(port);
    return "[kdcdefaults]\n  kdc_listen = 127.0.0.1:" + number +
           "\n  kdc_tcp_listen = 127.0.0.1:" + number + "\n[realms]\n  " + std::string(realm_name) +
           " = {\n    database_name = " + where + "/principal\n    key_stash_file = " + where +
           "/stash\n    acl_file = " + where +
           "/acl\n    supported_enctypes = aes256-cts-hmac-sha1-96:normal\n"
           "    max_life = 10h 0m 0s\n  }\n";
}

bool runs(const std::vector<std::string>& arguments)
{
    return run_program(arguments).exit_code == 0;
}

} // namespace

std::unique_ptr<Realm> Realm::start(std::string& reason)
{
    const std::string kdc = server_program("krb5kdc");
    const std::string make_database = server_program("kdb5_util");
    const std::string admin = server_program("kadmin.local");
    if (kdc.empty() || make_database.empty() || admin.empty() || !psrp::find_program("kinit")) {
        reason = "krb5-kdc, krb5-admin-server and krb5-user are not installed";
        return nullptr;
    }
    std::unique_ptr<Realm> realm(new Realm());
    const std::string where = realm->folder_.path().string();
    const int port = realm->port_ = free_port();
    const std::string client = realm->folder_.write("krb5.conf", client_configuration(where, port));
    const std::string server = realm->folder_.write("kdc.conf", kdc_configuration(where, port));
    ::setenv("KRB5_CONFIG", client.c_str(), 1);
    ::setenv("KRB5_KDC_PROFILE", server.c_str(), 1);
    ::setenv("KRB5CCNAME", ("FILE:" + where + "/cache").c_str(), 1);
    ::setenv("KRB5RCACHENAME", ("dfl:" + where).c_str(), 1);
    const std::string name(realm_name);
    const auto ask = [&](const std::string& query) { return realm->ask(query); };
    const std::string user(realm_user);
    const bool is_made = runs({make_database, "-r", name, "create", "-s", "-P", "master"}) &&
                         ask("addprinc -pw \"" + std::string(realm_password) + "\" " + user) &&
                         ask("addprinc -randkey HTTP/localhost") &&
                         ask("ktadd -k " + realm->wrong_keytab() + " HTTP/localhost") &&
                         ask("ktadd -k " + realm->keytab() + " HTTP/localhost");
    if (!is_made) {
        reason = "kdb5_util or kadmin.local made no realm";
        return nullptr;
    }
    realm->program_ = std::make_unique<RunningProgram>(std::vector<std::string>{
        kdc, "-n", "-r", name, "-P", where + "/kdc.pid"});
    for (int tries = 0; tries < 200; ++tries) {
        if (realm->log_in()) {
            realm->log_out();
            return realm;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    reason = "the KDC gives no ticket: " + realm->program_->errors();
    return nullptr;
}

bool Realm::ask(const std::string& query) const
{
    return runs({server_program("kadmin.local"), "-r", std::string(realm_name), "-q", query});
}

std::string Realm::keytab_of(const std::string& principal) const
{
    const std::string file = (folder_.path() / "more.keytab").string();
    const bool is_made =
        ask("addprinc -randkey " + principal) && ask("ktadd -k " + file + " " + principal);
    return is_made ? file : std::string();
}

void Realm::set_clock_skew(int seconds) const
{
    folder_.write("krb5.conf", client_configuration(folder_.path().string(), port_, seconds));
}

Realm::~Realm()
{
    for (const char* name : {"KRB5_CONFIG", "KRB5_KDC_PROFILE", "KRB5CCNAME", "KRB5RCACHENAME"})
        ::unsetenv(name);
}

bool Realm::log_in(const std::string& lifetime) const
{
    ProgramInput input;
    input.has_input = true;
    input.input = std::string(realm_password) + "\n";
    const std::string user = std::string(realm_user) + "@" + std::string(realm_name);
    return run_program({*psrp::find_program("kinit"), "-l", lifetime, user}, input).exit_code == 0;
}

void Realm::log_out() const
{
    std::filesystem::remove(folder_.path() / "cache");
}

std::string write_ntlm_users(const TemporaryFolder& folder)
{
    // What sanitized programs of ours are to pass over (see library_reports.cpp).
    const std::string leaks = folder.write("leaks", "leak:gssntlmssp\n");
    const std::string others = folder.write("others", "interceptor_via_lib:gssntlmssp\n");
    ::setenv("LSAN_OPTIONS", ("suppressions=" + leaks).c_str(), 1);
    const std::string options = unwinding_options;
    ::setenv("ASAN_OPTIONS", (options + ":suppressions=" + others).c_str(), 1);
    return folder.write(
        "ntlm_users", "PSRP:" + std::string(realm_user) + ":" + std::string(realm_password) + "\n"
    );
}

bool has_ntlm()
{
    OM_uint32 minor = 0;
    gss_OID_set mechanisms = GSS_C_NO_OID_SET;
    if (GSS_ERROR(gss_indicate_mechs(&minor, &mechanisms))) return false;
    gss_OID_desc ntlm = {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")};
    int is_there = 0;
    gss_test_oid_set_member(&minor, &ntlm, mechanisms, &is_there);
    gss_release_oid_set(&minor, &mechanisms);
    return is_there != 0;
}

bool make_certificate(
    const TemporaryFolder& folder, const std::string& name, TestCertificate& certificate
)
{
    const auto openssl = psrp::find_program("openssl");
    if (!openssl) return false;
    const std::string base = (folder.path() / name).string();
    certificate = {base + ".pem", base + ".key"};
    return runs(
        {*openssl,
         "req",
         "-x509",
         "-newkey",
         "ec",
         "-pkeyopt",
         "ec_paramgen_curve:P-256",
         "-nodes",
         "-keyout",
         certificate.key_file,
         "-out",
         certificate.certificate_file,
         "-days",
         "2",
         "-subj",
         "/CN=" + name,
         "-addext",
         "subjectAltName=DNS:" + name}
    );
}

} // namespace tests
