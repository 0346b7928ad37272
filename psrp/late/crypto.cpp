// OpenSSL's functions that the programs call, under their own names: linked before the library
// itself, which then is not linked at all.
#include <psrp/late/late_function.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdarg>
#include <cstring>

namespace {

template <psrp::detail::LateName name, typename Function>
constexpr psrp::detail::LateFunction<"libcrypto.so.3", name, Function> crypto;

} // namespace

int BIO_free(BIO* object)
{
    return crypto<"BIO_free", decltype(BIO_free)>(object);
}

BIO* BIO_new_mem_buf(const void* bytes, int size)
{
    return crypto<"BIO_new_mem_buf", decltype(BIO_new_mem_buf)>(bytes, size);
}

int BN_bn2lebinpad(const BIGNUM* object, unsigned char* bytes, int size)
{
    return crypto<"BN_bn2lebinpad", decltype(BN_bn2lebinpad)>(object, bytes, size);
}

void BN_clear_free(BIGNUM* object)
{
    crypto<"BN_clear_free", decltype(BN_clear_free)>(object);
}

BIGNUM* BN_lebin2bn(const unsigned char* bytes, int size, BIGNUM* number)
{
    return crypto<"BN_lebin2bn", decltype(BN_lebin2bn)>(bytes, size, number);
}

void CRYPTO_clear_free(void* bytes, size_t count, const char* file, int line)
{
    crypto<"CRYPTO_clear_free", decltype(CRYPTO_clear_free)>(bytes, count, file, line);
}

void CRYPTO_free(void* bytes, const char* file, int line)
{
    crypto<"CRYPTO_free", decltype(CRYPTO_free)>(bytes, file, line);
}

int CRYPTO_memcmp(const void* left, const void* right, size_t size)
{
    return crypto<"CRYPTO_memcmp", decltype(CRYPTO_memcmp)>(left, right, size);
}

void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX* context)
{
    crypto<"EVP_CIPHER_CTX_free", decltype(EVP_CIPHER_CTX_free)>(context);
}

EVP_CIPHER_CTX* EVP_CIPHER_CTX_new()
{
    return crypto<"EVP_CIPHER_CTX_new", decltype(EVP_CIPHER_CTX_new)>();
}

int EVP_CipherFinal_ex(EVP_CIPHER_CTX* context, unsigned char* output, int* output_size)
{
    return crypto<"EVP_CipherFinal_ex", decltype(EVP_CipherFinal_ex)>(context, output, output_size);
}

int EVP_CipherInit_ex(
    EVP_CIPHER_CTX* context,
    const EVP_CIPHER* cipher,
    ENGINE* engine,
    const unsigned char* key,
    const unsigned char* vector,
    int direction
)
{
    return crypto<"EVP_CipherInit_ex", decltype(EVP_CipherInit_ex)>(
        context, cipher, engine, key, vector, direction
    );
}

int EVP_CipherUpdate(
    EVP_CIPHER_CTX* context,
    unsigned char* output,
    int* output_size,
    const unsigned char* input,
    int input_size
)
{
    return crypto<"EVP_CipherUpdate", decltype(EVP_CipherUpdate)>(
        context, output, output_size, input, input_size
    );
}

int EVP_Digest(
    const void* data,
    size_t count,
    unsigned char* digest,
    unsigned int* size,
    const EVP_MD* type,
    ENGINE* engine
)
{
    return crypto<"EVP_Digest", decltype(EVP_Digest)>(data, count, digest, size, type, engine);
}

int EVP_DigestFinal_ex(EVP_MD_CTX* context, unsigned char* digest, unsigned int* size)
{
    return crypto<"EVP_DigestFinal_ex", decltype(EVP_DigestFinal_ex)>(context, digest, size);
}

int EVP_DigestInit_ex(EVP_MD_CTX* context, const EVP_MD* type, ENGINE* engine)
{
    return crypto<"EVP_DigestInit_ex", decltype(EVP_DigestInit_ex)>(context, type, engine);
}

int EVP_DigestUpdate(EVP_MD_CTX* context, const void* bytes, size_t count)
{
    return crypto<"EVP_DigestUpdate", decltype(EVP_DigestUpdate)>(context, bytes, count);
}

int EVP_MD_CTX_copy_ex(EVP_MD_CTX* output, const EVP_MD_CTX* input)
{
    return crypto<"EVP_MD_CTX_copy_ex", decltype(EVP_MD_CTX_copy_ex)>(output, input);
}

void EVP_MD_CTX_free(EVP_MD_CTX* context)
{
    crypto<"EVP_MD_CTX_free", decltype(EVP_MD_CTX_free)>(context);
}

EVP_MD_CTX* EVP_MD_CTX_new()
{
    return crypto<"EVP_MD_CTX_new", decltype(EVP_MD_CTX_new)>();
}

void EVP_PKEY_CTX_free(EVP_PKEY_CTX* context)
{
    crypto<"EVP_PKEY_CTX_free", decltype(EVP_PKEY_CTX_free)>(context);
}

EVP_PKEY_CTX* EVP_PKEY_CTX_new(EVP_PKEY* key, ENGINE* engine)
{
    return crypto<"EVP_PKEY_CTX_new", decltype(EVP_PKEY_CTX_new)>(key, engine);
}

EVP_PKEY_CTX*
EVP_PKEY_CTX_new_from_name(OSSL_LIB_CTX* library, const char* name, const char* properties)
{
    return crypto<"EVP_PKEY_CTX_new_from_name", decltype(EVP_PKEY_CTX_new_from_name)>(
        library, name, properties
    );
}

int EVP_PKEY_CTX_set_rsa_padding(EVP_PKEY_CTX* context, int padding)
{
    return crypto<"EVP_PKEY_CTX_set_rsa_padding", decltype(EVP_PKEY_CTX_set_rsa_padding)>(
        context, padding
    );
}

EVP_PKEY* EVP_PKEY_Q_keygen(OSSL_LIB_CTX* library, const char* properties, const char* type, ...)
{
    // What follows depends on the type; of RSA it is the number of bits, and that alone is asked
    // for.
    std::va_list more;
    va_start(more, type);
    const auto bits = va_arg(more, std::size_t);
    va_end(more);
    return crypto<"EVP_PKEY_Q_keygen", decltype(EVP_PKEY_Q_keygen)>(
        library, properties, type, bits
    );
}

int EVP_PKEY_decrypt(
    EVP_PKEY_CTX* context,
    unsigned char* output,
    size_t* output_size,
    const unsigned char* input,
    size_t input_size
)
{
    return crypto<"EVP_PKEY_decrypt", decltype(EVP_PKEY_decrypt)>(
        context, output, output_size, input, input_size
    );
}

int EVP_PKEY_decrypt_init(EVP_PKEY_CTX* context)
{
    return crypto<"EVP_PKEY_decrypt_init", decltype(EVP_PKEY_decrypt_init)>(context);
}

int EVP_PKEY_encrypt(
    EVP_PKEY_CTX* context,
    unsigned char* output,
    size_t* output_size,
    const unsigned char* input,
    size_t input_size
)
{
    return crypto<"EVP_PKEY_encrypt", decltype(EVP_PKEY_encrypt)>(
        context, output, output_size, input, input_size
    );
}

int EVP_PKEY_encrypt_init(EVP_PKEY_CTX* context)
{
    return crypto<"EVP_PKEY_encrypt_init", decltype(EVP_PKEY_encrypt_init)>(context);
}

void EVP_PKEY_free(EVP_PKEY* key)
{
    crypto<"EVP_PKEY_free", decltype(EVP_PKEY_free)>(key);
}

int EVP_PKEY_fromdata(EVP_PKEY_CTX* context, EVP_PKEY** key, int selection, OSSL_PARAM* parameters)
{
    return crypto<"EVP_PKEY_fromdata", decltype(EVP_PKEY_fromdata)>(
        context, key, selection, parameters
    );
}

int EVP_PKEY_fromdata_init(EVP_PKEY_CTX* context)
{
    return crypto<"EVP_PKEY_fromdata_init", decltype(EVP_PKEY_fromdata_init)>(context);
}

int EVP_PKEY_get_base_id(const EVP_PKEY* key)
{
    return crypto<"EVP_PKEY_get_base_id", decltype(EVP_PKEY_get_base_id)>(key);
}

int EVP_PKEY_get_bits(const EVP_PKEY* key)
{
    return crypto<"EVP_PKEY_get_bits", decltype(EVP_PKEY_get_bits)>(key);
}

int EVP_PKEY_get_bn_param(const EVP_PKEY* key, const char* name, BIGNUM** number)
{
    return crypto<"EVP_PKEY_get_bn_param", decltype(EVP_PKEY_get_bn_param)>(key, name, number);
}

int EVP_PKEY_get_size(const EVP_PKEY* key)
{
    return crypto<"EVP_PKEY_get_size", decltype(EVP_PKEY_get_size)>(key);
}

const EVP_CIPHER* EVP_aes_256_cbc()
{
    return crypto<"EVP_aes_256_cbc", decltype(EVP_aes_256_cbc)>();
}

const EVP_MD* EVP_get_digestbyname(const char* name)
{
    return crypto<"EVP_get_digestbyname", decltype(EVP_get_digestbyname)>(name);
}

const EVP_MD* EVP_sha1()
{
    return crypto<"EVP_sha1", decltype(EVP_sha1)>();
}

const EVP_MD* EVP_sha256()
{
    return crypto<"EVP_sha256", decltype(EVP_sha256)>();
}

int OBJ_find_sigid_algs(int signature, int* digest, int* key)
{
    return crypto<"OBJ_find_sigid_algs", decltype(OBJ_find_sigid_algs)>(signature, digest, key);
}

const char* OBJ_nid2sn(int number)
{
    return crypto<"OBJ_nid2sn", decltype(OBJ_nid2sn)>(number);
}

void OPENSSL_cleanse(void* bytes, size_t size)
{
    // Called for every buffer that might hold a secret, mostly where none was ever made.
    ::explicit_bzero(bytes, size);
}

void OSSL_PARAM_BLD_free(OSSL_PARAM_BLD* builder)
{
    crypto<"OSSL_PARAM_BLD_free", decltype(OSSL_PARAM_BLD_free)>(builder);
}

OSSL_PARAM_BLD* OSSL_PARAM_BLD_new()
{
    return crypto<"OSSL_PARAM_BLD_new", decltype(OSSL_PARAM_BLD_new)>();
}

int OSSL_PARAM_BLD_push_BN(OSSL_PARAM_BLD* builder, const char* key, const BIGNUM* number)
{
    return crypto<"OSSL_PARAM_BLD_push_BN", decltype(OSSL_PARAM_BLD_push_BN)>(builder, key, number);
}

OSSL_PARAM* OSSL_PARAM_BLD_to_param(OSSL_PARAM_BLD* builder)
{
    return crypto<"OSSL_PARAM_BLD_to_param", decltype(OSSL_PARAM_BLD_to_param)>(builder);
}

void OSSL_PARAM_free(OSSL_PARAM* parameters)
{
    crypto<"OSSL_PARAM_free", decltype(OSSL_PARAM_free)>(parameters);
}

X509* PEM_read_bio_X509(
    BIO* output, X509** certificate, pem_password_cb* callback, void* callback_state
)
{
    return crypto<"PEM_read_bio_X509", decltype(PEM_read_bio_X509)>(
        output, certificate, callback, callback_state
    );
}

int RAND_priv_bytes(unsigned char* bytes, int count)
{
    return crypto<"RAND_priv_bytes", decltype(RAND_priv_bytes)>(bytes, count);
}

void X509_free(X509* object)
{
    crypto<"X509_free", decltype(X509_free)>(object);
}

int X509_get_signature_nid(const X509* certificate)
{
    return crypto<"X509_get_signature_nid", decltype(X509_get_signature_nid)>(certificate);
}

EVP_PKEY* d2i_AutoPrivateKey(EVP_PKEY** object, const unsigned char** bytes, long size)
{
    return crypto<"d2i_AutoPrivateKey", decltype(d2i_AutoPrivateKey)>(object, bytes, size);
}

X509* d2i_X509(X509** object, const unsigned char** input, long size)
{
    return crypto<"d2i_X509", decltype(d2i_X509)>(object, input, size);
}

int i2d_PrivateKey(const EVP_PKEY* object, unsigned char** bytes)
{
    return crypto<"i2d_PrivateKey", decltype(i2d_PrivateKey)>(object, bytes);
}

int i2d_X509(const X509* object, unsigned char** output)
{
    return crypto<"i2d_X509", decltype(i2d_X509)>(object, output);
}
