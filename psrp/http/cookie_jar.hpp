// Cookies in memory, for all connections of one session: load balancers want to see theirs again
// (fact sheet transports B2).
#pragma once

namespace psrp {

// Shared by HttpConnections of one thread; outlives them.
class CookieJar {
public:
    CookieJar();
    ~CookieJar();
    CookieJar(const CookieJar&) = delete;
    CookieJar& operator=(const CookieJar&) = delete;

    // libcurl's own; null where libcurl cannot be loaded.
    [[nodiscard]] void* share() const { return share_; }

private:
    void* share_ = nullptr;
};

} // namespace psrp
