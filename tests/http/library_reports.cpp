// What sanitizers find in gss-ntlmssp, which is not ours to mend: it loses OpenSSL's contexts, and
// copies texts that do not end with a zero.
#if defined(__SANITIZE_ADDRESS__)

extern "C" const char* __asan_default_suppressions()
{
    return "interceptor_via_lib:gssntlmssp\n";
}

extern "C" const char* __lsan_default_suppressions()
{
    return "leak:gssntlmssp\n";
}

extern "C" const char* __asan_default_options()
{
    return "fast_unwind_on_malloc=0";
}

#endif
