// The same for MIT's GSSAPI.
#include <psrp/late/late_function.hpp>

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

namespace {

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libgssapi_krb5.so.2", name, Function> gss;

} // namespace

OM_uint32 gss_accept_sec_context(
    OM_uint32* minor,
    gss_ctx_id_t* context,
    gss_cred_id_t credential,
    gss_buffer_t token,
    gss_channel_bindings_t bindings,
    gss_name_t* peer,
    gss_OID* mechanism,
    gss_buffer_t answer,
    OM_uint32* flags,
    OM_uint32* lifetime,
    gss_cred_id_t* delegated
)
{
    return gss<"gss_accept_sec_context", decltype(gss_accept_sec_context)>(
        minor,
        context,
        credential,
        token,
        bindings,
        peer,
        mechanism,
        answer,
        flags,
        lifetime,
        delegated
    );
}

OM_uint32 gss_acquire_cred(
    OM_uint32* minor,
    gss_name_t name,
    OM_uint32 lifetime,
    gss_OID_set mechanisms,
    gss_cred_usage_t usage,
    gss_cred_id_t* credential,
    gss_OID_set* actual,
    OM_uint32* actual_lifetime
)
{
    return gss<"gss_acquire_cred", decltype(gss_acquire_cred)>(
        minor, name, lifetime, mechanisms, usage, credential, actual, actual_lifetime
    );
}

OM_uint32 gss_acquire_cred_with_password(
    OM_uint32* minor,
    const gss_name_t name,
    const gss_buffer_t password,
    OM_uint32 lifetime,
    const gss_OID_set mechanisms,
    gss_cred_usage_t usage,
    gss_cred_id_t* credential,
    gss_OID_set* actual,
    OM_uint32* actual_lifetime
)
{
    return gss<"gss_acquire_cred_with_password", decltype(gss_acquire_cred_with_password)>(
        minor, name, password, lifetime, mechanisms, usage, credential, actual, actual_lifetime
    );
}

OM_uint32 gss_delete_sec_context(OM_uint32* minor, gss_ctx_id_t* context, gss_buffer_t token)
{
    return gss<"gss_delete_sec_context", decltype(gss_delete_sec_context)>(minor, context, token);
}

OM_uint32 gss_display_name(OM_uint32* minor, gss_name_t name, gss_buffer_t text, gss_OID* type)
{
    return gss<"gss_display_name", decltype(gss_display_name)>(minor, name, text, type);
}

OM_uint32 gss_display_status(
    OM_uint32* minor,
    OM_uint32 status,
    int type,
    gss_OID mechanism,
    OM_uint32* more,
    gss_buffer_t text
)
{
    return gss<"gss_display_status", decltype(gss_display_status)>(
        minor, status, type, mechanism, more, text
    );
}

OM_uint32 gss_import_name(OM_uint32* minor, gss_buffer_t text, gss_OID type, gss_name_t* name)
{
    return gss<"gss_import_name", decltype(gss_import_name)>(minor, text, type, name);
}

OM_uint32 gss_init_sec_context(
    OM_uint32* minor,
    gss_cred_id_t credential,
    gss_ctx_id_t* context,
    gss_name_t target,
    gss_OID mechanism,
    OM_uint32 wanted,
    OM_uint32 lifetime,
    gss_channel_bindings_t bindings,
    gss_buffer_t token,
    gss_OID* actual,
    gss_buffer_t answer,
    OM_uint32* flags,
    OM_uint32* actual_lifetime
)
{
    return gss<"gss_init_sec_context", decltype(gss_init_sec_context)>(
        minor,
        credential,
        context,
        target,
        mechanism,
        wanted,
        lifetime,
        bindings,
        token,
        actual,
        answer,
        flags,
        actual_lifetime
    );
}

OM_uint32 gss_inquire_context(
    OM_uint32* minor,
    gss_ctx_id_t context,
    gss_name_t* initiator,
    gss_name_t* acceptor,
    OM_uint32* lifetime,
    gss_OID* mechanism,
    OM_uint32* flags,
    int* is_local,
    int* is_open
)
{
    return gss<"gss_inquire_context", decltype(gss_inquire_context)>(
        minor, context, initiator, acceptor, lifetime, mechanism, flags, is_local, is_open
    );
}

OM_uint32 gss_release_buffer(OM_uint32* minor, gss_buffer_t buffer)
{
    return gss<"gss_release_buffer", decltype(gss_release_buffer)>(minor, buffer);
}

OM_uint32 gss_release_cred(OM_uint32* minor, gss_cred_id_t* credential)
{
    return gss<"gss_release_cred", decltype(gss_release_cred)>(minor, credential);
}

OM_uint32 gss_release_iov_buffer(OM_uint32* minor, gss_iov_buffer_desc* parts, int part_count)
{
    return gss<"gss_release_iov_buffer", decltype(gss_release_iov_buffer)>(
        minor, parts, part_count
    );
}

OM_uint32 gss_release_name(OM_uint32* minor, gss_name_t* name)
{
    return gss<"gss_release_name", decltype(gss_release_name)>(minor, name);
}

OM_uint32
gss_set_neg_mechs(OM_uint32* minor, gss_cred_id_t credential, const gss_OID_set mechanisms)
{
    return gss<"gss_set_neg_mechs", decltype(gss_set_neg_mechs)>(minor, credential, mechanisms);
}

OM_uint32 gss_unwrap(
    OM_uint32* minor,
    gss_ctx_id_t context,
    gss_buffer_t input,
    gss_buffer_t output,
    int* is_secret,
    gss_qop_t* protection
)
{
    return gss<"gss_unwrap", decltype(gss_unwrap)>(
        minor, context, input, output, is_secret, protection
    );
}

OM_uint32 gss_wrap(
    OM_uint32* minor,
    gss_ctx_id_t context,
    int wants_secret,
    gss_qop_t protection,
    gss_buffer_t input,
    int* is_secret,
    gss_buffer_t output
)
{
    return gss<"gss_wrap", decltype(gss_wrap)>(
        minor, context, wants_secret, protection, input, is_secret, output
    );
}

OM_uint32 gss_wrap_iov(
    OM_uint32* minor,
    gss_ctx_id_t context,
    int wants_secret,
    gss_qop_t protection,
    int* is_secret,
    gss_iov_buffer_desc* parts,
    int part_count
)
{
    return gss<"gss_wrap_iov", decltype(gss_wrap_iov)>(
        minor, context, wants_secret, protection, is_secret, parts, part_count
    );
}
