#include <psrp/http/gss.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <vector>

namespace psrp {

namespace {

// GSSAPI wants its identifiers as objects that can be written.
gss_OID_desc spnego_oid = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
gss_OID_desc kerberos_oid = {9, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")};
gss_OID_desc ntlm_oid = {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")};

constexpr std::size_t ntlm_signature_bytes = 16;
constexpr std::uint64_t kerberos_padding_max = 8; // RC4 pads by one, DES3 by up to eight

gss_OID oid_of(GssMechanism mechanism)
{
    switch (mechanism) {
    case GssMechanism::Negotiate:
        return &spnego_oid;
    case GssMechanism::Kerberos:
        return &kerberos_oid;
    case GssMechanism::Ntlm:
        return &ntlm_oid;
    }
    return &spnego_oid;
}

bool is_same(gss_const_OID left, gss_const_OID right)
{
    return left != nullptr && right != nullptr && left->length == right->length &&
           std::memcmp(left->elements, right->elements, left->length) == 0;
}

gss_buffer_desc buffer_of(std::string_view text)
{
    return {text.size(), const_cast<char*>(text.data())};
}

// A buffer that GSSAPI allocated.
struct OwnBuffer {
    OwnBuffer() = default;
    OwnBuffer(const OwnBuffer&) = delete;
    OwnBuffer& operator=(const OwnBuffer&) = delete;
    ~OwnBuffer()
    {
        OM_uint32 minor = 0;
        gss_release_buffer(&minor, &buffer);
    }
    [[nodiscard]] std::string_view text() const
    {
        return {static_cast<const char*>(buffer.value), buffer.length};
    }

    gss_buffer_desc buffer = GSS_C_EMPTY_BUFFER;
};

struct NameDeleter {
    void operator()(gss_name_t name) const
    {
        OM_uint32 minor = 0;
        gss_release_name(&minor, &name);
    }
};
using Name = std::unique_ptr<std::remove_pointer_t<gss_name_t>, NameDeleter>;

void append_status(std::string& text, OM_uint32 value, int type, gss_OID mechanism)
{
    OM_uint32 more = 0;
    do {
        OM_uint32 minor = 0;
        OwnBuffer line;
        if (GSS_ERROR(gss_display_status(&minor, value, type, mechanism, &more, &line.buffer))) {
            return;
        }
        if (line.buffer.length == 0) continue;
        if (!text.empty()) text += "; ";
        text += line.text();
    } while (more != 0);
}

// What a Kerberos library's code says that a user can act on.
std::optional<HttpErrc> kerberos_error(OM_uint32 minor)
{
    switch (static_cast<krb5_error_code>(minor)) {
    case KRB5KRB_AP_ERR_TKT_EXPIRED:
        return HttpErrc::TicketExpired;
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5_KDCREP_SKEW:
        return HttpErrc::ClockSkew;
    case KRB5_REALM_UNKNOWN:
    case KRB5_REALM_CANT_RESOLVE:
    case KRB5_KDC_UNREACH:
        return HttpErrc::RealmUnreachable;
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
        return HttpErrc::PrincipalUnknown;
    case KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN:
        return HttpErrc::ServiceUnknown;
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        return HttpErrc::PasswordRefused;
    case KRB5_FCC_NOFILE:
    case KRB5_CC_NOTFOUND:
    case KRB5_CC_END:
        return HttpErrc::TicketMissing;
    default:
        return std::nullopt;
    }
}

HttpFailure gss_failure(OM_uint32 major, OM_uint32 minor, gss_OID mechanism, HttpErrc otherwise)
{
    HttpErrc code = kerberos_error(minor).value_or(otherwise);
    const OM_uint32 routine = GSS_ROUTINE_ERROR(major);
    if (routine == GSS_S_CREDENTIALS_EXPIRED) code = HttpErrc::TicketExpired;
    if (routine == GSS_S_NO_CRED && code == otherwise) code = HttpErrc::TicketMissing;
    std::string words;
    if (minor != 0) append_status(words, minor, GSS_C_MECH_CODE, mechanism);
    if (words.empty()) append_status(words, major, GSS_C_GSS_CODE, mechanism);
    return http_failure(code, words).value();
}

// The same where a peer's token led to it: clocks and tickets are named; that keys do not fit says
// nothing of a password.
HttpFailure peer_failure(OM_uint32 major, OM_uint32 minor, gss_OID mechanism)
{
    HttpFailure failure = gss_failure(major, minor, mechanism, HttpErrc::LoginRefused);
    const bool is_named = failure.error == HttpErrc::TicketExpired ||
                          failure.error == HttpErrc::ClockSkew ||
                          failure.error == HttpErrc::LoginRefused;
    if (is_named) return failure;
    const std::string words = failure.text.substr(failure.error.text().size());
    failure.error.code = HttpErrc::LoginRefused;
    failure.text = failure.error.text() + words;
    return failure;
}

HttpResult<Name> import_name(std::string_view text, gss_OID type)
{
    OM_uint32 minor = 0;
    gss_name_t name = GSS_C_NO_NAME;
    gss_buffer_desc buffer = buffer_of(text);
    const OM_uint32 major = gss_import_name(&minor, &buffer, type, &name);
    if (GSS_ERROR(major)) {
        return tl::unexpected(gss_failure(major, minor, GSS_C_NO_OID, HttpErrc::SecurityFailed));
    }
    return Name(name);
}

// DOMAIN\user as Kerberos writes it.
std::string principal_of(const std::string& user)
{
    const std::size_t mark = user.find('\\');
    if (mark == std::string::npos) return user;
    return user.substr(mark + 1) + "@" + user.substr(0, mark);
}

} // namespace

struct GssCredential::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl()
    {
        OM_uint32 minor = 0;
        gss_release_cred(&minor, &credential);
    }

    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
};

GssCredential::GssCredential(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GssCredential::GssCredential(GssCredential&&) noexcept = default;
GssCredential& GssCredential::operator=(GssCredential&&) noexcept = default;
GssCredential::~GssCredential() = default;

HttpResult<GssCredential> GssCredential::log_in(GssMechanism mechanism, const Login& login)
{
    const bool is_ntlm = mechanism == GssMechanism::Ntlm;
    const std::string user = is_ntlm ? login.user() : principal_of(login.user());
    auto name = import_name(user, GSS_C_NT_USER_NAME);
    if (!name) return tl::unexpected(name.error());
    auto impl = std::make_unique<Impl>();
    gss_buffer_desc password = buffer_of(login.password());
    gss_OID_set_desc mechanisms = {1, oid_of(mechanism)};
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_acquire_cred_with_password(
        &minor,
        name->get(),
        &password,
        GSS_C_INDEFINITE,
        &mechanisms,
        GSS_C_INITIATE,
        &impl->credential,
        nullptr,
        nullptr
    );
    if (GSS_ERROR(major)) {
        return tl::unexpected(gss_failure(major, minor, oid_of(mechanism), HttpErrc::SecurityFailed)
        );
    }
    return GssCredential(std::move(impl));
}

HttpResult<GssCredential>
GssCredential::serve(const std::string& keytab, const std::string& ntlm_users)
{
    // gss-ntlmssp makes a client of whoever comes with a store of its own, so that files are named
    // where both libraries look by themselves.
    std::vector<gss_OID_desc> offered;
    if (!keytab.empty()) {
        ::setenv("KRB5_KTNAME", keytab.c_str(), 1);
        offered.push_back(kerberos_oid);
    }
    if (!ntlm_users.empty()) {
        ::setenv("NTLM_USER_FILE", ntlm_users.c_str(), 1);
        offered.push_back(ntlm_oid);
    }
    if (offered.empty())
        return http_failure(HttpErrc::ServerFileUnusable, "neither keytab nor users");
    gss_OID_set_desc inner = {offered.size(), offered.data()};
    std::vector<gss_OID_desc> all = offered;
    all.push_back(spnego_oid);
    gss_OID_set_desc mechanisms = {all.size(), all.data()};
    auto impl = std::make_unique<Impl>();
    OM_uint32 minor = 0;
    OM_uint32 major = gss_acquire_cred(
        &minor,
        GSS_C_NO_NAME,
        GSS_C_INDEFINITE,
        &mechanisms,
        GSS_C_ACCEPT,
        &impl->credential,
        nullptr,
        nullptr
    );
    if (!GSS_ERROR(major)) major = gss_set_neg_mechs(&minor, impl->credential, &inner);
    if (GSS_ERROR(major)) {
        HttpFailure failure =
            gss_failure(major, minor, &kerberos_oid, HttpErrc::ServerFileUnusable);
        failure.error.code = HttpErrc::ServerFileUnusable;
        return tl::unexpected(std::move(failure));
    }
    return GssCredential(std::move(impl));
}

struct GssContext::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl()
    {
        OM_uint32 minor = 0;
        gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
        gss_release_cred(&minor, &delegated);
    }

    [[nodiscard]] gss_channel_bindings_t binding_pointer()
    {
        return binding.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings;
    }
    void bind(Bytes application_data)
    {
        binding = std::move(application_data);
        bindings.application_data = {binding.size(), binding.data()};
    }
    HttpResult<std::optional<Bytes>>
    after_step(OM_uint32 major, OM_uint32 minor, const OwnBuffer& token);
    void settle();

    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL; // owned
    Name target;                                   // of an initiator
    Name peer;                                     // of an acceptor
    gss_OID mechanism = GSS_C_NO_OID;
    bool is_initiator = true;
    bool needs_channel_binding = false;
    OM_uint32 wanted_flags = 0;
    OM_uint32 flags = 0;
    Bytes binding;
    gss_channel_bindings_struct bindings{};
    bool is_complete = false;
    bool is_ntlm = false;
    Bytes error_token;
};

GssContext::GssContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GssContext::GssContext(GssContext&&) noexcept = default;
GssContext& GssContext::operator=(GssContext&&) noexcept = default;
GssContext::~GssContext() = default;

HttpResult<GssContext> GssContext::initiate(const GssInitiatorOptions& options)
{
    auto impl = std::make_unique<Impl>();
    HttpResult<Name> target =
        options.port
            ? import_name(
                  options.service + "/" + options.host + ":" + std::to_string(*options.port),
                  const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME)
              )
            : import_name(options.service + "@" + options.host, GSS_C_NT_HOSTBASED_SERVICE);
    if (!target) return tl::unexpected(target.error());
    impl->target = std::move(*target);
    impl->mechanism = oid_of(options.mechanism);
    impl->wanted_flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                         GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG |
                         (options.delegates ? GSS_C_DELEG_FLAG : 0U);
    if (options.credential != nullptr) impl->credential = options.credential->impl_->credential;
    impl->bind(options.channel_binding);
    return GssContext(std::move(impl));
}

GssContext GssContext::accept(const GssAcceptorOptions& options)
{
    auto impl = std::make_unique<Impl>();
    impl->is_initiator = false;
    impl->needs_channel_binding = options.needs_channel_binding;
    if (options.credential != nullptr) impl->credential = options.credential->impl_->credential;
    impl->bind(options.channel_binding);
    return GssContext(std::move(impl));
}

HttpResult<std::optional<Bytes>> GssContext::step(BytesView token)
{
    Impl& impl = *impl_;
    gss_buffer_desc input = buffer_of(clixml::text_of(token));
    OwnBuffer output;
    OM_uint32 minor = 0;
    OM_uint32 major = 0;
    if (impl.is_initiator) {
        gss_OID actual = GSS_C_NO_OID;
        major = gss_init_sec_context(
            &minor,
            impl.credential,
            &impl.context,
            impl.target.get(),
            impl.mechanism,
            impl.wanted_flags,
            0,
            impl.binding_pointer(),
            token.empty() ? GSS_C_NO_BUFFER : &input,
            &actual,
            &output.buffer,
            &impl.flags,
            nullptr
        );
    } else {
        gss_name_t name = GSS_C_NO_NAME;
        major = gss_accept_sec_context(
            &minor,
            &impl.context,
            impl.credential,
            &input,
            impl.binding_pointer(),
            &name,
            &impl.mechanism,
            &output.buffer,
            &impl.flags,
            nullptr,
            &impl.delegated
        );
        if (name != GSS_C_NO_NAME) impl.peer.reset(name);
    }
    return impl.after_step(major, minor, output);
}

HttpResult<std::optional<Bytes>>
GssContext::Impl::after_step(OM_uint32 major, OM_uint32 minor, const OwnBuffer& token)
{
    if (GSS_ERROR(major)) {
        const BytesView words = clixml::bytes_of(token.text());
        error_token.assign(words.begin(), words.end());
        if (is_initiator && context == GSS_C_NO_CONTEXT)
            return tl::unexpected(gss_failure(major, minor, mechanism, HttpErrc::SecurityFailed));
        return tl::unexpected(peer_failure(major, minor, mechanism));
    }
    is_complete = major == GSS_S_COMPLETE;
    if (is_complete) settle();
    if (is_complete && needs_channel_binding && (flags & GSS_C_CHANNEL_BOUND_FLAG) == 0) {
        is_complete = false;
        return http_failure(HttpErrc::LoginRefused, "no channel binding");
    }
    if (token.buffer.length == 0) return std::optional<Bytes>();
    const BytesView bytes = clixml::bytes_of(token.text());
    return std::optional<Bytes>(Bytes(bytes.begin(), bytes.end()));
}

// What mechanism came about in the end.
void GssContext::Impl::settle()
{
    OM_uint32 minor = 0;
    gss_OID actual = GSS_C_NO_OID;
    const OM_uint32 major = gss_inquire_context(
        &minor, context, nullptr, nullptr, nullptr, &actual, &flags, nullptr, nullptr
    );
    is_ntlm = !GSS_ERROR(major) && is_same(actual, &ntlm_oid);
}

bool GssContext::is_complete() const
{
    return impl_->is_complete;
}

bool GssContext::can_encrypt() const
{
    return impl_->is_complete && (impl_->flags & GSS_C_CONF_FLAG) != 0;
}

bool GssContext::is_ntlm() const
{
    return impl_->is_ntlm;
}

std::string GssContext::peer_name() const
{
    const gss_name_t name = impl_->is_initiator ? impl_->target.get() : impl_->peer.get();
    if (name == GSS_C_NO_NAME) return {};
    OM_uint32 minor = 0;
    OwnBuffer text;
    if (GSS_ERROR(gss_display_name(&minor, name, &text.buffer, nullptr))) return {};
    // gss-ntlmssp counts the zero behind its text.
    std::string_view shown = text.text();
    while (!shown.empty() && shown.back() == 0)
        shown.remove_suffix(1);
    return std::string(shown);
}

bool GssContext::has_delegated_credential() const
{
    return impl_->is_complete && impl_->delegated != GSS_C_NO_CREDENTIAL;
}

const Bytes& GssContext::error_token() const
{
    return impl_->error_token;
}

HttpResult<SealedMessage> GssContext::seal(std::string_view message)
{
    if (!can_encrypt()) return http_failure(HttpErrc::EncryptionUnavailable);
    Impl& impl = *impl_;
    OM_uint32 minor = 0;
    int is_secret = 0;
    SealedMessage sealed;
    if (impl.is_ntlm) {
        gss_buffer_desc input = buffer_of(message);
        OwnBuffer output;
        const OM_uint32 major = gss_wrap(
            &minor, impl.context, 1, GSS_C_QOP_DEFAULT, &input, &is_secret, &output.buffer
        );
        if (GSS_ERROR(major) || output.buffer.length < ntlm_signature_bytes) {
            return tl::unexpected(gss_failure(major, minor, &ntlm_oid, HttpErrc::SecurityFailed));
        }
        sealed.signature = output.text().substr(0, ntlm_signature_bytes);
        sealed.ciphertext = output.text().substr(ntlm_signature_bytes);
        sealed.original_bytes = message.size();
    } else {
        sealed.ciphertext = message;
        std::array<gss_iov_buffer_desc, 3> parts{};
        parts[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
        parts[1].type = GSS_IOV_BUFFER_TYPE_DATA;
        parts[1].buffer = {sealed.ciphertext.size(), sealed.ciphertext.data()};
        parts[2].type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE;
        const OM_uint32 major = gss_wrap_iov(
            &minor,
            impl.context,
            1,
            GSS_C_QOP_DEFAULT,
            &is_secret,
            parts.data(),
            static_cast<int>(parts.size())
        );
        if (GSS_ERROR(major)) {
            return tl::unexpected(gss_failure(major, minor, &kerberos_oid, HttpErrc::SecurityFailed)
            );
        }
        const auto text_of = [](const gss_iov_buffer_desc& part) {
            return std::string_view(
                static_cast<const char*>(part.buffer.value), part.buffer.length
            );
        };
        sealed.signature = text_of(parts[0]);
        sealed.original_bytes = message.size() + parts[2].buffer.length;
        sealed.ciphertext += text_of(parts[2]);
        gss_release_iov_buffer(&minor, parts.data(), static_cast<int>(parts.size()));
    }
    if (is_secret == 0) return http_failure(HttpErrc::EncryptionUnavailable);
    return sealed;
}

HttpResult<std::string> GssContext::open(
    std::string_view signature, std::string_view ciphertext, std::uint64_t original_bytes
)
{
    if (!can_encrypt()) return http_failure(HttpErrc::EncryptionUnavailable);
    // Joined, both pieces are the token of gss_wrap, whoever cut it and wherever (F).
    std::string token;
    token.reserve(signature.size() + ciphertext.size());
    token += signature;
    token += ciphertext;
    // gss-ntlmssp takes the signature off without a look whether it is there.
    if (impl_->is_ntlm && token.size() < ntlm_signature_bytes) {
        return http_failure(HttpErrc::MessageTampered);
    }
    gss_buffer_desc input = buffer_of(token);
    OwnBuffer output;
    OM_uint32 minor = 0;
    int is_secret = 0;
    const OM_uint32 major =
        gss_unwrap(&minor, impl_->context, &input, &output.buffer, &is_secret, nullptr);
    // Repeated, old and missing messages are said beside the result.
    if (major != GSS_S_COMPLETE || is_secret == 0) {
        return http_failure(HttpErrc::MessageTampered);
    }
    const std::uint64_t size = output.buffer.length;
    const bool is_padded =
        !impl_->is_ntlm && original_bytes > size && original_bytes - size <= kerberos_padding_max;
    if (size != original_bytes && !is_padded) return http_failure(HttpErrc::LengthMismatch);
    return std::string(output.text());
}

HttpResult<std::string> open_encrypted_body(
    GssContext& context,
    std::string_view body,
    const EncryptedContentType& type,
    const MultipartLimits& limits
)
{
    const auto parts = read_encrypted_body(body, type, limits);
    if (!parts) return http_failure(parts.error());
    std::string whole;
    for (const EncryptedPart& part : *parts) {
        auto opened = context.open(part.signature, part.ciphertext, part.original_bytes);
        if (!opened) return opened;
        whole += *opened;
    }
    // In UTF-16 every second byte may be zero, the last one among them.
    const bool is_utf16 =
        whole.size() >= 2 && (whole[0] == 0 || whole[1] == 0 || whole.starts_with("\xFF\xFE") ||
                              whole.starts_with("\xFE\xFF"));
    while (!is_utf16 && !whole.empty() && whole.back() == 0)
        whole.pop_back();
    return whole;
}

} // namespace psrp
