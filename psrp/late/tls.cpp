// OpenSSL's functions for TLS without sockets and for certificates that the programs call, as
// crypto.cpp has those for keys.
#include <psrp/late/late_function.hpp>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace {

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libcrypto.so.3", name, Function> crypto;

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libssl.so.3", name, Function> ssl;

} // namespace

int ASN1_INTEGER_set_uint64(ASN1_INTEGER* number, uint64_t value)
{
    return crypto<"ASN1_INTEGER_set_uint64", decltype(ASN1_INTEGER_set_uint64)>(number, value);
}

const unsigned char* ASN1_STRING_get0_data(const ASN1_STRING* text)
{
    return crypto<"ASN1_STRING_get0_data", decltype(ASN1_STRING_get0_data)>(text);
}

int ASN1_STRING_length(const ASN1_STRING* text)
{
    return crypto<"ASN1_STRING_length", decltype(ASN1_STRING_length)>(text);
}

size_t BIO_ctrl_pending(BIO* object)
{
    return crypto<"BIO_ctrl_pending", decltype(BIO_ctrl_pending)>(object);
}

BIO* BIO_new(const BIO_METHOD* type)
{
    return crypto<"BIO_new", decltype(BIO_new)>(type);
}

int BIO_read(BIO* object, void* bytes, int size)
{
    return crypto<"BIO_read", decltype(BIO_read)>(object, bytes, size);
}

const BIO_METHOD* BIO_s_mem()
{
    return crypto<"BIO_s_mem", decltype(BIO_s_mem)>();
}

int BIO_write(BIO* object, const void* bytes, int size)
{
    return crypto<"BIO_write", decltype(BIO_write)>(object, bytes, size);
}

void ERR_clear_error()
{
    crypto<"ERR_clear_error", decltype(ERR_clear_error)>();
}

unsigned long ERR_get_error()
{
    return crypto<"ERR_get_error", decltype(ERR_get_error)>();
}

const char* ERR_reason_error_string(unsigned long error)
{
    return crypto<"ERR_reason_error_string", decltype(ERR_reason_error_string)>(error);
}

int RAND_bytes(unsigned char* bytes, int size)
{
    return crypto<"RAND_bytes", decltype(RAND_bytes)>(bytes, size);
}

int X509_NAME_add_entry_by_txt(
    X509_NAME* name,
    const char* field,
    int type,
    const unsigned char* bytes,
    int size,
    int place,
    int set
)
{
    return crypto<"X509_NAME_add_entry_by_txt", decltype(X509_NAME_add_entry_by_txt)>(
        name, field, type, bytes, size, place, set
    );
}

ASN1_BIT_STRING* X509_get0_pubkey_bitstr(const X509* certificate)
{
    return crypto<"X509_get0_pubkey_bitstr", decltype(X509_get0_pubkey_bitstr)>(certificate);
}

ASN1_INTEGER* X509_get_serialNumber(X509* certificate)
{
    return crypto<"X509_get_serialNumber", decltype(X509_get_serialNumber)>(certificate);
}

X509_NAME* X509_get_subject_name(const X509* certificate)
{
    return crypto<"X509_get_subject_name", decltype(X509_get_subject_name)>(certificate);
}

ASN1_TIME* X509_getm_notAfter(const X509* certificate)
{
    return crypto<"X509_getm_notAfter", decltype(X509_getm_notAfter)>(certificate);
}

ASN1_TIME* X509_getm_notBefore(const X509* certificate)
{
    return crypto<"X509_getm_notBefore", decltype(X509_getm_notBefore)>(certificate);
}

ASN1_TIME* X509_gmtime_adj(ASN1_TIME* time, long seconds)
{
    return crypto<"X509_gmtime_adj", decltype(X509_gmtime_adj)>(time, seconds);
}

X509* X509_new()
{
    return crypto<"X509_new", decltype(X509_new)>();
}

int X509_set_issuer_name(X509* certificate, const X509_NAME* name)
{
    return crypto<"X509_set_issuer_name", decltype(X509_set_issuer_name)>(certificate, name);
}

int X509_set_pubkey(X509* certificate, EVP_PKEY* key)
{
    return crypto<"X509_set_pubkey", decltype(X509_set_pubkey)>(certificate, key);
}

int X509_set_version(X509* certificate, long version)
{
    return crypto<"X509_set_version", decltype(X509_set_version)>(certificate, version);
}

int X509_sign(X509* certificate, EVP_PKEY* key, const EVP_MD* type)
{
    return crypto<"X509_sign", decltype(X509_sign)>(certificate, key, type);
}

int SSL_CIPHER_get_cipher_nid(const SSL_CIPHER* cipher)
{
    return ssl<"SSL_CIPHER_get_cipher_nid", decltype(SSL_CIPHER_get_cipher_nid)>(cipher);
}

int SSL_CIPHER_is_aead(const SSL_CIPHER* cipher)
{
    return ssl<"SSL_CIPHER_is_aead", decltype(SSL_CIPHER_is_aead)>(cipher);
}

long SSL_CTX_ctrl(SSL_CTX* context, int command, long number, void* object)
{
    return ssl<"SSL_CTX_ctrl", decltype(SSL_CTX_ctrl)>(context, command, number, object);
}

void SSL_CTX_free(SSL_CTX* context)
{
    ssl<"SSL_CTX_free", decltype(SSL_CTX_free)>(context);
}

SSL_CTX* SSL_CTX_new(const SSL_METHOD* method)
{
    return ssl<"SSL_CTX_new", decltype(SSL_CTX_new)>(method);
}

int SSL_CTX_set_num_tickets(SSL_CTX* context, size_t count)
{
    return ssl<"SSL_CTX_set_num_tickets", decltype(SSL_CTX_set_num_tickets)>(context, count);
}

uint64_t SSL_CTX_set_options(SSL_CTX* context, uint64_t options)
{
    return ssl<"SSL_CTX_set_options", decltype(SSL_CTX_set_options)>(context, options);
}

void SSL_CTX_set_verify(SSL_CTX* context, int mode, SSL_verify_cb callback)
{
    ssl<"SSL_CTX_set_verify", decltype(SSL_CTX_set_verify)>(context, mode, callback);
}

int SSL_CTX_use_PrivateKey(SSL_CTX* context, EVP_PKEY* key)
{
    return ssl<"SSL_CTX_use_PrivateKey", decltype(SSL_CTX_use_PrivateKey)>(context, key);
}

int SSL_CTX_use_certificate(SSL_CTX* context, X509* certificate)
{
    return ssl<"SSL_CTX_use_certificate", decltype(SSL_CTX_use_certificate)>(context, certificate);
}

long SSL_ctrl(SSL* connection, int command, long number, void* object)
{
    return ssl<"SSL_ctrl", decltype(SSL_ctrl)>(connection, command, number, object);
}

int SSL_do_handshake(SSL* connection)
{
    return ssl<"SSL_do_handshake", decltype(SSL_do_handshake)>(connection);
}

void SSL_free(SSL* connection)
{
    ssl<"SSL_free", decltype(SSL_free)>(connection);
}

X509* SSL_get0_peer_certificate(const SSL* connection)
{
    return ssl<"SSL_get0_peer_certificate", decltype(SSL_get0_peer_certificate)>(connection);
}

X509* SSL_get_certificate(const SSL* connection)
{
    return ssl<"SSL_get_certificate", decltype(SSL_get_certificate)>(connection);
}

const SSL_CIPHER* SSL_get_current_cipher(const SSL* connection)
{
    return ssl<"SSL_get_current_cipher", decltype(SSL_get_current_cipher)>(connection);
}

int SSL_get_error(const SSL* connection, int result)
{
    return ssl<"SSL_get_error", decltype(SSL_get_error)>(connection, result);
}

int SSL_has_pending(const SSL* connection)
{
    return ssl<"SSL_has_pending", decltype(SSL_has_pending)>(connection);
}

int SSL_is_init_finished(const SSL* connection)
{
    return ssl<"SSL_is_init_finished", decltype(SSL_is_init_finished)>(connection);
}

SSL* SSL_new(SSL_CTX* context)
{
    return ssl<"SSL_new", decltype(SSL_new)>(context);
}

int SSL_read(SSL* connection, void* bytes, int size)
{
    return ssl<"SSL_read", decltype(SSL_read)>(connection, bytes, size);
}

void SSL_set_accept_state(SSL* connection)
{
    ssl<"SSL_set_accept_state", decltype(SSL_set_accept_state)>(connection);
}

void SSL_set_bio(SSL* connection, BIO* input, BIO* output)
{
    ssl<"SSL_set_bio", decltype(SSL_set_bio)>(connection, input, output);
}

void SSL_set_connect_state(SSL* connection)
{
    ssl<"SSL_set_connect_state", decltype(SSL_set_connect_state)>(connection);
}

int SSL_version(const SSL* connection)
{
    return ssl<"SSL_version", decltype(SSL_version)>(connection);
}

int SSL_write_ex(SSL* connection, const void* bytes, size_t size, size_t* written)
{
    return ssl<"SSL_write_ex", decltype(SSL_write_ex)>(connection, bytes, size, written);
}

const SSL_METHOD* TLS_client_method()
{
    return ssl<"TLS_client_method", decltype(TLS_client_method)>();
}

const SSL_METHOD* TLS_server_method()
{
    return ssl<"TLS_server_method", decltype(TLS_server_method)>();
}
