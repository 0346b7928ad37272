// What sanitizers find in libraries, which are not ours to mend: gss-ntlmssp loses OpenSSL's
// contexts and copies texts that do not end with a zero, PAM loses what it allocated for a service
// that is not there.
#if defined(__SANITIZE_ADDRESS__)

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
    return "fast_unwind_on_malloc=0:malloc_context_size=18"; // see write_ntlm_users
}

#endif
