#include <psrp/http/cookie_jar.hpp>
#include <psrp/http/detail/curl_library.hpp>

namespace psrp {

CookieJar::CookieJar()
{
    if (detail::curl_library() == nullptr) return;
    share_ = detail::curl().share_init();
    if (share_ != nullptr)
        detail::curl().share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
}

CookieJar::~CookieJar()
{
    if (share_ != nullptr) detail::curl().share_cleanup(share_);
}

} // namespace psrp
