// No bytes make the readers of the holder's words crash or read over their end; what they take is,
// written again, the same line, and what is written from any texts is one line that reads back.
#include <fuzz/fuzz_input.hpp>
#include <psrp/holder/held_session.hpp>
#include <psrp/holder/holder_words.hpp>

#include <string>
#include <string_view>

namespace {

std::string without_end(std::string line)
{
    fuzz::require(line.find('\n') + 1 == line.size(), "what is written is one line");
    line.pop_back();
    return line;
}

void read(std::string_view line)
{
    if (const auto request = psrp::read_holder_request(line))
        fuzz::require(without_end(psrp::write_holder_request(*request)) == line, "a request");
    if (const auto held = psrp::read_held_description(line))
        fuzz::require(without_end(psrp::write_held_description(*held)) == line, "a description");
    if (psrp::is_session_name(line)) {
        const bool is_file = line.find_first_of(std::string_view("/\0", 2)) == line.npos;
        fuzz::require(is_file && line.size() <= 64 && line[0] != '.', "a name is a file's");
    }
}

// Texts with anything in them, cut from the input.
void write(fuzz::Input input)
{
    psrp::HeldDescription held;
    held.pipeline_count = input.take_decision();
    for (std::string* text :
         {&held.name,
          &held.computer_name,
          &held.transport,
          &held.configuration,
          &held.broken_reason}) {
        const auto bytes = input.take_bytes(input.take_decision());
        text->assign(bytes.begin(), bytes.end());
    }
    const std::string line = without_end(psrp::write_held_description(held));
    const auto again = psrp::read_held_description(line);
    fuzz::require(again.has_value(), "a description that is written can be read");
    fuzz::require(
        again->name == held.name && again->computer_name == held.computer_name &&
            again->transport == held.transport && again->configuration == held.configuration &&
            again->broken_reason == held.broken_reason &&
            again->pipeline_count == held.pipeline_count,
        "and is the same"
    );
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    read({reinterpret_cast<const char*>(bytes), size});
    write(fuzz::Input(bytes, size));
    return 0;
}
