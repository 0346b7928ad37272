#include <psrp/copy/sha256.hpp>

#include <openssl/evp.h>

namespace psrp::copy {

Sha256::Sha256() : context_(EVP_MD_CTX_new())
{
    EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
}

Sha256::Sha256(const Sha256& other) : context_(EVP_MD_CTX_new())
{
    EVP_MD_CTX_copy_ex(context_, other.context_);
}

Sha256& Sha256::operator=(const Sha256& other)
{
    if (this != &other) EVP_MD_CTX_copy_ex(context_, other.context_);
    return *this;
}

Sha256::~Sha256()
{
    EVP_MD_CTX_free(context_);
}

void Sha256::add(clixml::BytesView bytes)
{
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

Digest Sha256::digest() const
{
    const Sha256 ended(*this);
    Digest digest{};
    EVP_DigestFinal_ex(ended.context_, digest.data(), nullptr);
    return digest;
}

} // namespace psrp::copy
