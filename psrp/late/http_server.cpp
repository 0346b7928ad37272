// The same for what only a listener needs: libmicrohttpd, GnuTLS, and what knows the users of a
// computer.
#include <psrp/late/late_function.hpp>

#include <cassert>
#include <crypt.h>
#include <cstdarg>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <security/pam_appl.h>

namespace {

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libmicrohttpd.so.12", name, Function> microhttpd;

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libgnutls.so.30", name, Function> gnutls;

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libpam.so.0", name, Function> pam;

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libcrypt.so.1", name, Function> password_hash;

} // namespace

MHD_Result MHD_add_response_header(MHD_Response* response, const char* header, const char* content)
{
    return microhttpd<"MHD_add_response_header", decltype(MHD_add_response_header)>(
        response, header, content
    );
}

MHD_Response*
MHD_create_response_from_buffer(size_t size, void* buffer, MHD_ResponseMemoryMode mode)
{
    return microhttpd<"MHD_create_response_from_buffer", decltype(MHD_create_response_from_buffer)>(
        size, buffer, mode
    );
}

void MHD_destroy_response(MHD_Response* response)
{
    microhttpd<"MHD_destroy_response", decltype(MHD_destroy_response)>(response);
}

const MHD_ConnectionInfo*
MHD_get_connection_info(MHD_Connection* connection, MHD_ConnectionInfoType kind, ...)
{
    return microhttpd<"MHD_get_connection_info", decltype(MHD_get_connection_info)>(
        connection, kind
    );
}

const MHD_DaemonInfo* MHD_get_daemon_info(MHD_Daemon* daemon, MHD_DaemonInfoType kind, ...)
{
    return microhttpd<"MHD_get_daemon_info", decltype(MHD_get_daemon_info)>(daemon, kind);
}

MHD_Result MHD_get_timeout(MHD_Daemon* daemon, unsigned long long* timeout)
{
    return microhttpd<"MHD_get_timeout", decltype(MHD_get_timeout)>(daemon, timeout);
}

const char*
MHD_lookup_connection_value(MHD_Connection* connection, MHD_ValueKind kind, const char* key)
{
    return microhttpd<"MHD_lookup_connection_value", decltype(MHD_lookup_connection_value)>(
        connection, kind, key
    );
}

MHD_Result
MHD_queue_response(MHD_Connection* connection, unsigned int status_code, MHD_Response* response)
{
    return microhttpd<"MHD_queue_response", decltype(MHD_queue_response)>(
        connection, status_code, response
    );
}

MHD_socket MHD_quiesce_daemon(MHD_Daemon* daemon)
{
    return microhttpd<"MHD_quiesce_daemon", decltype(MHD_quiesce_daemon)>(daemon);
}

void MHD_resume_connection(MHD_Connection* connection)
{
    microhttpd<"MHD_resume_connection", decltype(MHD_resume_connection)>(connection);
}

MHD_Result MHD_run(MHD_Daemon* daemon)
{
    return microhttpd<"MHD_run", decltype(MHD_run)>(daemon);
}

MHD_Daemon* MHD_start_daemon(
    unsigned int flags,
    uint16_t port,
    MHD_AcceptPolicyCallback policy,
    void* policy_state,
    MHD_AccessHandlerCallback handler,
    void* handler_state,
    ...
)
{
    // Options come as one array.
    std::va_list more;
    va_start(more, handler_state);
    const auto kind = va_arg(more, int); // what an enumerator becomes there
    const auto* options = va_arg(more, const MHD_OptionItem*);
    va_end(more);
    assert(kind == MHD_OPTION_ARRAY);
    return microhttpd<"MHD_start_daemon", decltype(MHD_start_daemon)>(
        flags, port, policy, policy_state, handler, handler_state, kind, options, MHD_OPTION_END
    );
}

void MHD_stop_daemon(MHD_Daemon* daemon)
{
    microhttpd<"MHD_stop_daemon", decltype(MHD_stop_daemon)>(daemon);
}

void MHD_suspend_connection(MHD_Connection* connection)
{
    microhttpd<"MHD_suspend_connection", decltype(MHD_suspend_connection)>(connection);
}

const gnutls_datum_t*
gnutls_certificate_get_peers(gnutls_session_t session, unsigned int* list_size)
{
    return gnutls<"gnutls_certificate_get_peers", decltype(gnutls_certificate_get_peers)>(
        session, list_size
    );
}

int gnutls_certificate_verify_peers2(gnutls_session_t session, unsigned int* status)
{
    return gnutls<"gnutls_certificate_verify_peers2", decltype(gnutls_certificate_verify_peers2)>(
        session, status
    );
}

int pam_acct_mgmt(pam_handle_t* handle, int flags)
{
    return pam<"pam_acct_mgmt", decltype(pam_acct_mgmt)>(handle, flags);
}

int pam_authenticate(pam_handle_t* handle, int flags)
{
    return pam<"pam_authenticate", decltype(pam_authenticate)>(handle, flags);
}

int pam_end(pam_handle_t* handle, int pam_status)
{
    return pam<"pam_end", decltype(pam_end)>(handle, pam_status);
}

int pam_set_item(pam_handle_t* handle, int item_type, const void* item)
{
    return pam<"pam_set_item", decltype(pam_set_item)>(handle, item_type, item);
}

int pam_start(
    const char* service_name,
    const char* user,
    const pam_conv* pam_conversation,
    pam_handle_t** handle
)
{
    return pam<"pam_start", decltype(pam_start)>(service_name, user, pam_conversation, handle);
}

int pam_start_confdir(
    const char* service_name,
    const char* user,
    const pam_conv* pam_conversation,
    const char* folder,
    pam_handle_t** handle
)
{
    return pam<"pam_start_confdir", decltype(pam_start_confdir)>(
        service_name, user, pam_conversation, folder, handle
    );
}

int crypt_checksalt(const char* setting)
{
    return password_hash<"crypt_checksalt", decltype(crypt_checksalt)>(setting);
}

char* crypt_r(const char* phrase, const char* setting, crypt_data* state)
{
    return password_hash<"crypt_r", decltype(crypt_r)>(phrase, setting, state);
}
