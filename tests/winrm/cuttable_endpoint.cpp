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
    const auto speaks_of_output = [](const std::string& message, const char* operation) {
        return message.find(operation) != std::string::npos &&
               message.find("CommandId=") != std::string::npos;
    };
    place_.relay.on_request = [this, speaks_of_output](const std::string& message) -> Passage {
        if (speaks_of_output(message, "shell/Receive<")) has_reader_ = true;
        return {Passage::Kind::On, message};
    };
    place_.relay.on_answer = [this, speaks_of_output](const std::string& message) -> Passage {
        if (speaks_of_output(message, "shell/ReceiveResponse<")) has_reader_ = false;
        return {Passage::Kind::On, message};
    };
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

void CuttableEndpoint::wait_for_reader() const
{
    while (!has_reader_)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
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
