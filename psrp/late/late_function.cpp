#include <psrp/late/late_function.hpp>

#include <cstdio>
#include <dlfcn.h>
#include <unistd.h>

namespace psrp::detail {

namespace {

constexpr int loader_exit_code = 127;

} // namespace

void* find_late_function(const char* library, const char* name) noexcept
{
    void* const loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    void* const found = loaded != nullptr ? dlsym(loaded, name) : nullptr;
    if (found != nullptr) return found;
    std::fprintf(stderr, "error while loading shared libraries: %s\n", dlerror());
    std::fflush(stderr);
    ::_exit(loader_exit_code);
}

} // namespace psrp::detail
