#include <clixml/reader.hpp>
#include <clixml/string_escape.hpp>
#include <psrp/tool/decode_command.hpp>
#include <psrp/tool/recording.hpp>
#include <psrp/tool/value_outline.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <map>
#include <ostream>
#include <string_view>

namespace psrp::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string hexadecimal(std::uint32_t type)
{
    char text[16];
    std::snprintf(text, sizeof text, "0x%08x", type);
    return text;
}

std::string name_of(std::uint32_t type)
{
    const MessageTypeRow* row = find_message_type(type);
    return row != nullptr ? std::string(row->name) : hexadecimal(type);
}

std::string_view element_name(ElementKind kind)
{
    return std::ranges::find(element_table, kind, &ElementRow::kind)->name;
}

// What all forms have in common: failures go to `err` and make the exit code 1.
class Listener : public RecordingListener {
public:
    explicit Listener(std::ostream& err) : err_(err) {}

    void on_failure(const std::string& place, const clixml::Error& error) override
    {
        err_ << "psrp decode: " << place << ": " << error.text() << '\n';
        has_failed_ = true;
    }
    [[nodiscard]] bool has_failed() const { return has_failed_; }
    virtual void finish() {}

private:
    std::ostream& err_;
    bool has_failed_ = false;
};

class JsonForm final : public Listener {
public:
    JsonForm(std::ostream& out, std::ostream& err) : Listener(err), out_(out) {}

    void on_message(const RecordedMessage& recorded) override
    {
        const MessageHeader& header = recorded.message.header;
        Json line{
            {"dir", std::string(1, recorded.direction)},
            {"stream", recorded.stream == Stream::Default ? "Default" : "PromptResponse"},
            {"guid", recorded.channel.text()},
            {"object", recorded.object_id},
            {"fragments", recorded.fragment_count},
            {"to", header.destination},
            {"type", hexadecimal(header.type)},
            {"rpid", header.runspace_pool_id.text()},
            {"pid", header.pipeline_id.text()},
            {"data", recorded.message.text},
        };
        if (const MessageTypeRow* row = find_message_type(header.type)) line["name"] = row->name;
        out_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    }
    void on_element(char, const Element&) override {}
    void on_text(char, std::string_view) override {}

private:
    std::ostream& out_;
};

class PrettyForm final : public Listener {
public:
    PrettyForm(std::ostream& out, std::ostream& err, const DecodeOptions& options)
        : Listener(err), out_(out), colors_(options.colors ? terminal_colors() : plain_colors())
    {
        outline_.colors = colors_;
        if (options.full) outline_.text_bytes_max = outline_.items_max = SIZE_MAX;
    }

    void on_message(const RecordedMessage& recorded) override
    {
        const Message& message = recorded.message;
        start(recorded.direction) << name_of(message.header.type) << colors_.off;
        show_channel(recorded.channel);
        out_ << colors_.type << "  object " << recorded.object_id << ", " << recorded.fragment_count
             << (recorded.fragment_count == 1 ? " fragment, " : " fragments, ")
             << recorded.message_bytes << " bytes";
        if (recorded.stream == Stream::PromptResponse) out_ << ", prompt response";
        if (message.header.pipeline_id != recorded.channel)
            out_ << ", pid " << message.header.pipeline_id.text();
        out_ << colors_.off << '\n';
        show_value(message);
    }

    void on_element(char direction, const Element& element) override
    {
        start(direction) << colors_.off << colors_.type << element_name(element.kind)
                         << colors_.off;
        show_channel(element.channel);
        out_ << '\n';
    }

    void on_text(char direction, std::string_view text) override
    {
        if (direction == 'A') {
            out_ << "arguments: " << clixml::escaped(text) << '\n';
            return;
        }
        start(direction) << colors_.off << colors_.error << clixml::escaped(text) << colors_.off
                         << '\n';
    }

private:
    std::ostream& start(char direction)
    {
        return out_ << (direction == 'C' ? colors_.client : colors_.server)
                    << (direction == 'C' ? "C -> S  " : "S -> C  ");
    }

    void show_channel(const Guid& channel)
    {
        if (channel.is_zero())
            out_ << "  session";
        else
            out_ << "  pipeline " << channel.text();
    }

    void show_value(const Message& message)
    {
        constexpr std::size_t indent = 7;
        if (message.text.empty()) return;
        Arena arena;
        clixml::ReadOptions reading;
        reading.reading = clixml::Reading::Lossless;
        reading.form = clixml::Form::Bare;
        const auto value = clixml::read_message_value(message.text, arena, reading);
        if (!value) {
            on_failure("data of " + name_of(message.header.type), value.error());
            return;
        }
        out_ << value_outline(*value, indent, outline_);
    }

    std::ostream& out_;
    Colors colors_;
    OutlineOptions outline_;
};

class StatsForm final : public Listener {
public:
    StatsForm(std::ostream& out, std::ostream& err) : Listener(err), out_(out) {}

    void on_message(const RecordedMessage& recorded) override
    {
        pipelines_[recorded.channel] += 1;
        for (Count* count :
             {&messages_[{recorded.direction, recorded.message.header.type}],
              &totals_[recorded.direction]}) {
            count->messages += 1;
            count->fragments += recorded.fragment_count;
            count->bytes += recorded.message_bytes;
            count->largest = std::max(count->largest, recorded.message_bytes);
        }
    }
    void on_element(char direction, const Element& element) override
    {
        elements_[{direction, element_name(element.kind)}] += 1;
    }
    void on_text(char direction, std::string_view) override
    {
        if (direction != 'A') other_lines_ += 1;
    }

    void finish() override
    {
        out_ << "messages  fragments         bytes       largest  from    type\n";
        for (const auto& [key, count] : messages_)
            show(count, key.first, name_of(key.second));
        for (const auto& [direction, count] : totals_)
            show(count, direction, "all");
        pipelines_.erase(session_channel);
        out_ << "pipelines: " << pipelines_.size() << '\n';
        for (const auto& [key, count] : elements_)
            out_ << side(key.first) << ' ' << key.second << ": " << count << '\n';
        if (other_lines_ > 0) out_ << "lines that are no elements: " << other_lines_ << '\n';
    }

private:
    struct Count {
        std::uint64_t messages = 0;
        std::uint64_t fragments = 0;
        std::uint64_t bytes = 0;
        std::size_t largest = 0;
    };

    static const char* side(char direction) { return direction == 'C' ? "client" : "server"; }

    void show(const Count& count, char direction, const std::string& name)
    {
        out_ << std::setw(8) << count.messages << std::setw(11) << count.fragments << std::setw(14)
             << count.bytes << std::setw(14) << count.largest << "  " << side(direction) << "  "
             << name << '\n';
    }

    std::ostream& out_;
    std::map<std::pair<char, std::uint32_t>, Count> messages_;
    std::map<char, Count> totals_;
    std::map<std::pair<char, std::string_view>, std::uint64_t> elements_;
    std::map<Guid, std::uint64_t> pipelines_;
    std::uint64_t other_lines_ = 0;
};

int read_into(Listener& listener, const std::string& file, std::ostream& err)
{
    const auto done = read_recording(file, listener);
    listener.finish();
    if (!done) {
        err << "psrp decode: cannot read " << file << ": " << done.error().text() << '\n';
        return 1;
    }
    return listener.has_failed() ? 1 : 0;
}

} // namespace

int run_decode(const DecodeOptions& options, std::ostream& out, std::ostream& err)
{
    switch (options.form) {
    case DecodeOptions::Form::Json: {
        JsonForm form(out, err);
        return read_into(form, options.file, err);
    }
    case DecodeOptions::Form::Pretty: {
        PrettyForm form(out, err, options);
        return read_into(form, options.file, err);
    }
    case DecodeOptions::Form::Stats: {
        StatsForm form(out, err);
        return read_into(form, options.file, err);
    }
    }
    return 1;
}

} // namespace psrp::tool
