#include <psrp/tool/xpress_command.hpp>
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace psrp::tool {

namespace {

// Whatever the bytes look like: a compressed stream may begin as a gzip file does.
bool read_file(const std::string& name, std::string& bytes)
{
    const auto read = [&](std::istream& from) {
        bytes.assign(std::istreambuf_iterator<char>(from), {});
        return !from.bad();
    };
    if (name == "-") return read(std::cin);
    std::ifstream file(name, std::ios::binary);
    return file && read(file);
}

void write(clixml::BytesView bytes, std::ostream& out)
{
    const auto text = clixml::text_of(bytes);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

} // namespace

int run_xpress(const XpressOptions& options, std::ostream& out, std::ostream& err)
{
    std::string bytes;
    if (!read_file(options.file, bytes)) {
        err << "psrp: " << options.file << " cannot be read\n";
        return 1;
    }
    if (options.mode == XpressOptions::Mode::Encode) {
        write(xpress::encode(clixml::bytes_of(bytes)), out);
        return 0;
    }
    const auto plain =
        xpress::decode(clixml::bytes_of(bytes), {std::size_t{options.plain_bytes_max}});
    if (!plain) {
        err << "psrp: " << plain.error().text() << "\n";
        return 1;
    }
    write(*plain, out);
    return 0;
}

} // namespace psrp::tool
