#include <clixml/base64.hpp>
#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/support/skip.hpp>
#include <tests/wsman/recorded_soap.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace wsman = psrp::wsman;
using tests::canonical_xml;

namespace {

std::string where(const tests::SoapConversation& conversation, std::size_t index)
{
    return conversation.name + " " + std::to_string(index);
}

// Puts the streams of a conversation together, by direction and channel, and decodes every message.
class Messages {
public:
    void add(const std::string& channel, wsman::BytesView bytes)
    {
        auto& reassembler = reassemblers_.try_emplace(channel, limits()).first->second;
        REQUIRE(reassembler.receive(bytes));
        for (;;) {
            auto object = reassembler.next();
            REQUIRE(object);
            if (!*object) return;
            const auto message = psrp::read_message((*object)->bytes);
            REQUIRE(message);
            psrp::Arena arena;
            const auto decoded = psrp::decode_any(*message, arena, {});
            INFO(message->text);
            if (!decoded) FAIL(decoded.error().text());
            ++count_;
        }
    }

    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] bool is_whole() const
    {
        for (const auto& [channel, reassembler] : reassemblers_) {
            if (reassembler.buffered_bytes() != 0) return false;
        }
        return true;
    }

private:
    static fragmenter::ReassemblerLimits limits() { return {200ULL << 20, UINT64_MAX}; }

    std::map<std::string, fragmenter::Reassembler> reassemblers_;
    std::size_t count_ = 0;
};

} // namespace

TEST_CASE("every recorded answer of a Windows service is read and written again without loss")
{
    const auto conversations = tests::recorded_soap();
    if (conversations.empty()) return tests::report_skip(tests::no_recorded_soap);
    std::size_t answers = 0;
    std::size_t faults = 0;
    for (const auto& conversation : conversations) {
        for (std::size_t i = 0; i < conversation.exchanges.size(); ++i) {
            const auto& text = conversation.exchanges[i].response;
            INFO(where(conversation, i));
            const auto response = wsman::read_response(text);
            REQUIRE(response);
            CHECK(canonical_xml(wsman::write_response(*response)) == canonical_xml(text));
            ++answers;
            if (std::holds_alternative<wsman::Fault>(response->body)) ++faults;
        }
    }
    CHECK(answers >= 173);
    CHECK(faults >= 6);
}

TEST_CASE("every recorded request of another client is read and written again without loss")
{
    const auto conversations = tests::recorded_soap();
    if (conversations.empty()) return tests::report_skip(tests::no_recorded_soap);
    for (const auto& conversation : conversations) {
        for (std::size_t i = 0; i < conversation.exchanges.size(); ++i) {
            const auto& text = conversation.exchanges[i].request;
            INFO(where(conversation, i));
            const auto request = wsman::read_request(text);
            REQUIRE(request);
            CHECK(
                canonical_xml(wsman::write_request(*request), tests::BlockOrder::Ignored) ==
                canonical_xml(text, tests::BlockOrder::Ignored)
            );
        }
    }
}

TEST_CASE("every PSRP message in the recorded SOAP is decoded")
{
    const auto conversations = tests::recorded_soap();
    if (conversations.empty()) return tests::report_skip(tests::no_recorded_soap);
    std::size_t count = 0;
    for (const auto& conversation : conversations) {
        if (!conversation.is_powershell) continue;
        Messages messages;
        for (std::size_t i = 0; i < conversation.exchanges.size(); ++i) {
            INFO(where(conversation, i));
            const auto request = wsman::read_request(conversation.exchanges[i].request);
            REQUIRE(request);
            const auto* shell_id = request->header.selector("ShellId");
            const std::string shell = shell_id == nullptr ? std::to_string(i) : *shell_id;
            const auto& body = request->body;
            if (const auto* create = std::get_if<wsman::CreateBody>(&body)) {
                if (create->creation_xml)
                    messages.add("create " + std::to_string(i), *create->creation_xml);
            } else if (const auto* command = std::get_if<wsman::CommandBody>(&body)) {
                REQUIRE(command->arguments.size() == 1);
                const auto bytes = clixml::read_base64(command->arguments[0]);
                REQUIRE(bytes);
                // A Windows 7 service gives the command another identifier than was asked for.
                const auto answer = wsman::read_response(conversation.exchanges[i].response);
                REQUIRE(answer);
                const auto* given = std::get_if<wsman::CommandResponse>(&answer->body);
                REQUIRE(given);
                messages.add("C " + given->command_id, *bytes);
            } else if (const auto* send = std::get_if<wsman::SendBody>(&body)) {
                for (const auto& stream : send->streams)
                    messages.add(
                        "C " + (stream.command_id.empty() ? shell : stream.command_id), stream.bytes
                    );
            } else if (const auto* connect = std::get_if<wsman::ConnectBody>(&body)) {
                if (connect->connect_xml)
                    messages.add("connect " + std::to_string(i), *connect->connect_xml);
            }
            const auto response = wsman::read_response(conversation.exchanges[i].response);
            REQUIRE(response);
            if (const auto* received = std::get_if<wsman::ReceiveResponse>(&response->body)) {
                for (const auto& stream : received->streams)
                    messages.add(
                        "S " + (stream.command_id.empty() ? shell : stream.command_id), stream.bytes
                    );
            } else if (const auto* made = std::get_if<wsman::ConnectResponse>(&response->body)) {
                if (made->connect_response_xml)
                    messages.add("connected " + std::to_string(i), *made->connect_response_xml);
            }
        }
        INFO(conversation.name);
        CHECK(messages.is_whole());
        count += messages.count();
    }
    CHECK(count >= 232);
}
