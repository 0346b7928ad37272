// Asks a ServerExchange by hand; its machines are played by the tests.
#pragma once

#include <psrp/wsman/server_exchange.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

namespace tests {

inline constexpr const char* powershell =
    "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
inline const std::string shell_id = "11223344-5566-7788-99AA-BBCCDDEEFF00";
inline const std::string command_id = "AABBCCDD-0011-2233-4455-66778899AABB";

class Asker {
public:
    explicit Asker(const psrp::wsman::ServerExchangeOptions& options = {}) : exchange(options, ids)
    {
    }

    static psrp::wsman::Request request(
        psrp::wsman::Operation operation,
        psrp::wsman::RequestBody body,
        const std::string& shell = shell_id
    )
    {
        psrp::wsman::Request result;
        result.operation = operation;
        result.header.to = "http://host:5985/wsman";
        result.header.resource_uri = powershell;
        result.header.reply_to = psrp::wsman::anonymous_address;
        result.header.action = psrp::wsman::operation_row(operation).action;
        result.header.envelope_bytes_max = 153600;
        result.header.message_id = "uuid:00000000-0000-0000-0000-000000000077";
        result.header.session_id = "uuid:00000000-0000-0000-0000-000000000055";
        result.header.operation_timeout = std::chrono::seconds(20);
        if (!shell.empty()) result.header.selectors = {{"ShellId", shell}};
        result.body = std::move(body);
        return result;
    }

    static psrp::wsman::Request create()
    {
        psrp::wsman::CreateBody body;
        body.shell_id = shell_id;
        body.input_streams = "stdin pr";
        body.output_streams = "stdout";
        body.creation_xml = psrp::Bytes{'h', 'i'};
        auto result = request(psrp::wsman::Operation::Create, body, "");
        result.header.options = {{"protocolversion", "2.3", true}};
        return result;
    }

    static psrp::wsman::Request command(const std::string& id = command_id)
    {
        return request(
            psrp::wsman::Operation::Command, psrp::wsman::CommandBody{id, "x", {"aGk="}}
        );
    }

    // Answers, by the number of the request; nothing yet: empty.
    std::uint64_t ask_text(std::string_view text, const std::string& owner = "user")
    {
        const auto number = ++last_;
        exchange.receive({number, owner, "192.0.2.1", "", text}, now);
        collect();
        return number;
    }

    std::uint64_t ask(const psrp::wsman::Request& request, const std::string& owner = "user")
    {
        return ask_text(psrp::wsman::write_request(request), owner);
    }

    void collect()
    {
        while (auto answer = exchange.next_answer())
            answers[answer->id] = *answer;
        while (auto event = exchange.next_event())
            events.push_back(*std::move(event));
    }

    psrp::wsman::Response answer_to(std::uint64_t number)
    {
        collect();
        REQUIRE(answers.contains(number));
        const auto response = psrp::wsman::read_response(answers[number].body);
        REQUIRE(response);
        const bool is_fault = std::holds_alternative<psrp::wsman::Fault>(response->body);
        CHECK(answers[number].status == (is_fault ? 500 : 200));
        return *response;
    }

    // Nothing where the answer is none.
    std::error_code fault_of(std::uint64_t number)
    {
        const auto response = answer_to(number);
        const auto* fault = std::get_if<psrp::wsman::Fault>(&response.body);
        return fault == nullptr ? std::error_code()
                                : make_error_code(psrp::wsman::error_of(*fault));
    }

    bool is_waiting(std::uint64_t number)
    {
        collect();
        return !answers.contains(number);
    }

    // A shell that is open, with a command where it is wanted.
    void open(bool with_command = false)
    {
        const auto number = ask(create());
        perform(psrp::AcknowledgeData{});
        CHECK(fault_of(number) == std::error_code());
        if (!with_command) return;
        const auto started = ask(command());
        perform(psrp::AcknowledgeData{tests::pipeline_id});
        CHECK(fault_of(started) == std::error_code());
    }

    void perform(const psrp::ServerAction& action)
    {
        exchange.perform(tests::pool_id, action, now);
    }

    std::uint64_t receive(const std::string& command = {})
    {
        return ask(
            request(psrp::wsman::Operation::Receive, psrp::wsman::ReceiveBody{command, "stdout"})
        );
    }

    tests::CountingIds ids;
    psrp::wsman::ServerExchange exchange;
    psrp::wsman::Time now{std::chrono::hours(1)};
    std::map<std::uint64_t, psrp::wsman::OutgoingAnswer> answers;
    std::vector<psrp::wsman::ServerExchangeEvent> events;

private:
    std::uint64_t last_ = 0;
};

} // namespace tests
