#include <psrp/tool/packed_input.hpp>

#include <zlib.h>

#include <cerrno>
#include <unistd.h>

namespace psrp::tool {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;

tl::unexpected<clixml::Error> failed(int number)
{
    return clixml::failure(std::error_code(number, std::generic_category()));
}

} // namespace

void PackedInput::Closer::operator()(void* file) const
{
    gzclose(static_cast<gzFile>(file));
}

clixml::Result<PackedInput> PackedInput::open(const std::string& path)
{
    errno = 0;
    if (path != "-") {
        const gzFile file = gzopen(path.c_str(), "rb");
        if (file == nullptr) return failed(errno != 0 ? errno : ENOMEM);
        return PackedInput(file);
    }
    const int copy = dup(STDIN_FILENO);
    const gzFile file = copy < 0 ? nullptr : gzdopen(copy, "rb");
    if (file == nullptr) return failed(errno != 0 ? errno : ENOMEM);
    return PackedInput(file);
}

clixml::Result<std::string> PackedInput::read()
{
    std::string chunk(chunk_bytes, '\0');
    errno = 0;
    const gzFile file = static_cast<gzFile>(file_.get());
    const int count = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()));
    int code = Z_OK;
    (void)gzerror(file, &code);
    // A packed file that was cut off gives what it has, then the error.
    if (count < 0 || (count == 0 && code == Z_BUF_ERROR))
        return failed(errno != 0 ? errno : EILSEQ);
    chunk.resize(static_cast<std::size_t>(count));
    return chunk;
}

} // namespace psrp::tool
