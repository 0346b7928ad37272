#include <psrp/http/detail/curl_library.hpp>

#include <dlfcn.h>

namespace psrp::detail {

namespace {

#if defined(__APPLE__)
constexpr const char* library_name = "libcurl.4.dylib";
#else
constexpr const char* library_name = "libcurl.so.4";
#endif

template <typename Function>
bool find(void* library, const char* name, Function& function)
{
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

// Stays loaded: handles are used until the end of the program.
const CurlLibrary* load()
{
    static CurlLibrary curl;
    void* library = dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);
    decltype(&curl_global_init) initialise = nullptr;
    const bool good = library != nullptr && find(library, "curl_global_init", initialise) &&
                      find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                      find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                      find(library, "curl_easy_init", curl.easy_init) &&
                      find(library, "curl_easy_setopt", curl.easy_setopt) &&
                      find(library, "curl_free", curl.free) &&
                      find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                      find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                      find(library, "curl_multi_info_read", curl.multi_info_read) &&
                      find(library, "curl_multi_init", curl.multi_init) &&
                      find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                      find(library, "curl_multi_setopt", curl.multi_setopt) &&
                      find(library, "curl_multi_socket_action", curl.multi_socket_action) &&
                      find(library, "curl_share_cleanup", curl.share_cleanup) &&
                      find(library, "curl_share_init", curl.share_init) &&
                      find(library, "curl_share_setopt", curl.share_setopt) &&
                      find(library, "curl_slist_append", curl.slist_append) &&
                      find(library, "curl_slist_free_all", curl.slist_free_all) &&
                      find(library, "curl_url", curl.url) &&
                      find(library, "curl_url_cleanup", curl.url_cleanup) &&
                      find(library, "curl_url_get", curl.url_get) &&
                      find(library, "curl_url_set", curl.url_set) &&
                      initialise(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return good ? &curl : nullptr;
}

} // namespace

const CurlLibrary* curl_library()
{
    static const CurlLibrary* const library = load();
    return library;
}

} // namespace psrp::detail
