// What one side wrote on the wire of the out-of-process framing, taken apart: the form in which
// vectors/psrp-bad/ tells it.
#pragma once

#include <psrp/transport/outofproc_framing.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// An acknowledgement or another element, a joined message, or a line that is no element.
struct Arrival {
    std::string kind; // "DataAck", "0x00041006", "text"
    psrp::Guid channel;
    std::string summary; // of a message as in the vectors; the line itself
    std::string stream;  // "PromptResponse" or empty

    [[nodiscard]] bool is_message() const { return kind.starts_with("0x"); }
};

// Takes bytes in any pieces. Every fault of the writer's becomes an arrival of kind "text".
class Arrivals {
public:
    explicit Arrivals(psrp::ElementSender sender) : sender_(sender) {}

    void add(std::string_view bytes);
    [[nodiscard]] const std::vector<Arrival>& all() const { return arrivals_; }

private:
    struct Stream {
        std::string bytes;  // not yet a fragment
        std::string object; // not yet a message
    };

    void add_line(std::string_view line);
    void add_data(const psrp::Element& element);
    void add_message(const psrp::Element& element, std::string_view object);

    psrp::ElementSender sender_;
    std::string pending_;
    std::map<std::pair<psrp::Guid, psrp::Stream>, Stream> streams_;
    std::vector<Arrival> arrivals_;
};

// The text between `before` and `after`, empty where it is not there.
std::string between(std::string_view text, std::string_view before, std::string_view after);

// A summary without what is worded differently by every implementation: the messages of errors.
std::string kind_of_summary(std::string summary);

} // namespace tests
