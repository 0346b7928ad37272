#include <fragmenter/splitter.hpp>
#include <psrp/protocol/message.hpp>
#include <tests/peers/bad_server.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace tests {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string bytes_of_hex(const std::string& hex)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

void append_be(std::uint64_t value, int count, psrp::Bytes& out)
{
    for (int i = count - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void replace_all(std::string& text, std::string_view what, const std::string& with)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

} // namespace

BadServer::BadServer(const nlohmann::json& one_case, Effects effects)
    : steps_(one_case.at("send")), effects_(std::move(effects))
{
    for (const auto& kind : one_case.at("auto"))
        automatic_.insert(kind.get<std::string>());
}

std::string BadServer::name_of(const psrp::Guid& channel)
{
    return channel.is_zero() ? "zero" : "pid";
}

std::string BadServer::take_output()
{
    return std::exchange(output_, {});
}

void BadServer::hear(std::string_view text)
{
    arrivals_.add(text);
    pending_ += text;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', at)) != std::string::npos; at = end + 1)
        answer(std::string_view(pending_).substr(at, end - at));
    pending_.erase(0, at);
    run();
}

void BadServer::go_on()
{
    is_asleep_ = false;
    run();
}

// The acknowledgement of the line's element, and what it tells of identifiers.
void BadServer::answer(std::string_view line)
{
    psrp::ElementReader reader(line, psrp::ElementSender::Client);
    const auto read = reader.next();
    if (!read || !*read) return;
    const psrp::Element& element = **read;
    constexpr std::array answers{
        std::pair{psrp::ElementKind::Data, psrp::ElementKind::DataAck},
        std::pair{psrp::ElementKind::Command, psrp::ElementKind::CommandAck},
        std::pair{psrp::ElementKind::Close, psrp::ElementKind::CloseAck},
        std::pair{psrp::ElementKind::Signal, psrp::ElementKind::SignalAck}};
    for (const auto& [heard, answer] : answers) {
        if (heard != element.kind) continue;
        for (const auto& row : psrp::element_table) {
            if (row.kind == answer && automatic_.contains(std::string(row.name)))
                psrp::append_element(answer, element.channel, output_);
        }
    }
    if (element.kind == psrp::ElementKind::Command && !command_) command_ = element.channel;
    if (element.kind != psrp::ElementKind::Data) return;
    if (!element.channel.is_zero() && !pipeline_) pipeline_ = element.channel;
    // Behind the fragment's header and the message's destination and type.
    constexpr std::size_t runspace_pool_at = 21 + 8;
    if (!runspace_pool_ && element.bytes.size() >= runspace_pool_at + 16)
        runspace_pool_ = psrp::Guid::from_net_bytes(element.bytes.data() + runspace_pool_at);
}

void BadServer::run()
{
    while (!is_done() && !is_asleep_) {
        if (!take(steps_[step_])) return;
        ++step_;
    }
}

// False where the step has to wait.
bool BadServer::take(const nlohmann::json& step)
{
    if (step.is_string()) {
        output_ += expanded(step.get<std::string>()) + "\n";
    } else if (step.contains("raw")) {
        output_ += expanded(step.at("raw").get<std::string>());
    } else if (step.contains("message")) {
        say_message(step.at("message"));
    } else if (step.contains("fragments")) {
        say_fragments(step);
    } else if (step.contains("wait")) {
        return wait_for(step.at("wait"));
    } else if (step.contains("stderr")) {
        effects_.write_error(step.at("stderr").get<std::string>());
    } else if (step.contains("sleep")) {
        is_asleep_ = true;
        effects_.sleep(step.at("sleep").get<double>());
    } else if (step.contains("exit")) {
        is_over_ = true;
        effects_.exit(step.at("exit").get<int>());
    } else {
        throw std::runtime_error("a step of an unknown kind");
    }
    return true;
}

bool BadServer::wait_for(const std::string& kind)
{
    const auto& all = arrivals_.all();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].kind != kind || waited_for_.contains(i)) continue;
        waited_for_.insert(i);
        return true;
    }
    // A client that closes the session does not do anything else any more.
    is_over_ = std::any_of(all.begin(), all.end(), [](const Arrival& one) {
        return one.kind == "Close" && one.channel.is_zero();
    });
    return false;
}

std::string BadServer::expanded(std::string text) const
{
    const auto put = [&](std::string_view name, const std::optional<psrp::Guid>& id) {
        if (id) replace_all(text, name, id->text());
    };
    put("$RPID", runspace_pool_);
    put("$PID", pipeline_);
    put("$CMD", command_);
    put("$ZERO", psrp::Guid{});
    return text;
}

psrp::Guid BadServer::guid_of(const std::string& text) const
{
    const auto guid = psrp::Guid::read(expanded(text));
    if (!guid) throw std::runtime_error("no identifier: " + text);
    return *guid;
}

psrp::Bytes BadServer::message_of(const nlohmann::json& fields) const
{
    const std::string channel = fields.value("guid", "$ZERO");
    psrp::MessageHeader header;
    header.destination = fields.value("to", 1U);
    header.type =
        static_cast<std::uint32_t>(std::stoul(fields.at("type").get<std::string>(), nullptr, 16));
    header.runspace_pool_id = guid_of(fields.value("rpid", "$RPID"));
    header.pipeline_id = guid_of(fields.value("pid", channel));
    psrp::Bytes message(psrp::message_header_bytes);
    psrp::write_message_header(header, message.data());
    std::string data = fields.contains("hexdata") ? bytes_of_hex(fields.at("hexdata"))
                                                  : expanded(fields.value("data", ""));
    const bool has_data = fields.contains("data") || fields.contains("hexdata");
    if (has_data && fields.value("bom", true)) data.insert(0, byte_order_mark);
    message.insert(message.end(), data.begin(), data.end());
    return message;
}

void BadServer::say_message(const nlohmann::json& fields)
{
    psrp::Bytes fragments;
    fragmenter::append_fragments(
        message_of(fields), ++last_object_id_, fragmenter::default_fragment_bytes, fragments
    );
    say_data(guid_of(fields.value("guid", "$ZERO")), fragments);
}

void BadServer::say_fragments(const nlohmann::json& step)
{
    psrp::Bytes bytes;
    for (const auto& fragment : step.at("fragments")) {
        psrp::Bytes blob;
        if (fragment.contains("message")) {
            blob = message_of(fragment.at("message"));
        } else {
            const std::string text = bytes_of_hex(fragment.at("hex"));
            blob.assign(text.begin(), text.end());
        }
        if (fragment.contains("slice")) {
            const auto size = blob.size();
            const auto begin = std::min(fragment.at("slice")[0].get<std::size_t>(), size);
            const auto end = std::min(fragment.at("slice")[1].get<std::size_t>(), size);
            blob = psrp::Bytes(
                blob.begin() + static_cast<std::ptrdiff_t>(begin),
                blob.begin() + static_cast<std::ptrdiff_t>(end)
            );
        }
        append_be(fragment.at("object").get<std::uint64_t>(), 8, bytes);
        append_be(fragment.at("fragment").get<std::uint64_t>(), 8, bytes);
        append_be(fragment.at("flags").get<std::uint64_t>(), 1, bytes);
        append_be(fragment.value("length", blob.size()), 4, bytes);
        bytes.insert(bytes.end(), blob.begin(), blob.end());
    }
    const psrp::Guid channel = guid_of(step.at("guid"));
    const std::size_t cut = std::min(step.value("cut", std::size_t{0}), bytes.size());
    if (cut > 0) say_data(channel, psrp::BytesView(bytes).first(cut));
    say_data(channel, psrp::BytesView(bytes).subspan(cut));
}

void BadServer::say_data(const psrp::Guid& channel, psrp::BytesView bytes)
{
    psrp::append_data(channel, psrp::Stream::Default, bytes, output_);
}

} // namespace tests
