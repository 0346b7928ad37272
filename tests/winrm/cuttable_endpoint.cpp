#include <tests/winrm/cuttable_endpoint.hpp>
#include <tests/winrm/served_programs.hpp>

#include <chrono>

namespace tests {

CuttableEndpoint::CuttableEndpoint(const EndpointOptions& options)
    : place_(options),
      credential_(credential_file(
          place_.folder, "credential", std::string(realm_user), std::string(realm_password)
      ))
{
    thread_ = std::thread([this] {
        while (!is_over_) {
            if (wants_down_ != is_down_) {
                place_.relay.is_down = wants_down_;
                if (wants_down_) place_.relay.cut_all();
                is_down_ = wants_down_.load();
            }
            place_.endpoint.turn();
        }
    });
}

CuttableEndpoint::~CuttableEndpoint()
{
    is_over_ = true;
    place_.endpoint.loop().wake();
    thread_.join();
}

void CuttableEndpoint::cut()
{
    set_down(true);
}

void CuttableEndpoint::mend()
{
    set_down(false);
}

void CuttableEndpoint::set_down(bool is_down)
{
    wants_down_ = is_down;
    place_.endpoint.loop().wake();
    while (is_down_ != is_down)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::vector<std::string> CuttableEndpoint::access() const
{
    return {
        "-ComputerName",
        "localhost",
        "-Port",
        std::to_string(place_.relay.port()),
        "-Authentication",
        "Basic",
        "--allow-basic-over-http",
        "-SessionOption",
        R"({"NoEncryption": true})",
        "--credential-file",
        credential_};
}

} // namespace tests
