// What sanitizers find in libraries, which are not ours to mend: gss-ntlmssp loses OpenSSL's
// contexts and copies texts that do not end with a zero, PAM loses what it allocated for a service
// that is not there.
#if defined(__SANITIZE_ADDRESS__)

#include <tests/http/library_reports.hpp>

extern "C" const char* __asan_default_suppressions()
{
    return "interceptor_via_lib:gssntlmssp\n";
}

extern "C" const char* __lsan_default_suppressions()
{
    return "leak:gssntlmssp\nleak:libpam.so\n";
}

extern "C" const char* __asan_default_options()
{
    return tests::unwinding_options;
}

#endif
