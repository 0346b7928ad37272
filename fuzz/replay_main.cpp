// Runs a harness over files where libFuzzer is not there: every seed and every crash found so far,
// plus a fixed number of seeded mutations of each.
//
//   fuzz_x [--mutations N] FILE|FOLDER...
//
// Folders that do not exist are passed over; no input at all is an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<std::uint8_t>;

// A heap block of exactly the input's size, so that AddressSanitizer sees a read of one byte too
// many.
void run(const Bytes& input)
{
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[input.size()]);
    if (!input.empty()) std::memcpy(exact.get(), input.data(), input.size());
    LLVMFuzzerTestOneInput(exact.get(), input.size());
}

Bytes mutate(Bytes bytes, std::mt19937_64& engine)
{
    const auto place = [&](std::size_t bound) {
        return static_cast<std::ptrdiff_t>(bound == 0 ? 0 : engine() % bound);
    };
    const std::size_t changes = 1 + engine() % 4;
    for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
        const auto at = bytes.begin() + place(bytes.size());
        const auto last =
            at + place(std::min<std::size_t>(32, static_cast<std::size_t>(bytes.end() - at)));
        switch (engine() % 5) {
        case 0:
            bytes.erase(at, bytes.end());
            break;
        case 1:
            bytes.erase(at, last);
            break;
        case 2:
            *at = static_cast<std::uint8_t>(*at ^ (1u << engine() % 8));
            break;
        case 3:
            *at = static_cast<std::uint8_t>(engine());
            break;
        default: {
            const Bytes piece(at, last);
            bytes.insert(bytes.begin() + place(bytes.size()), piece.begin(), piece.end());
        }
        }
    }
    return bytes;
}

std::vector<fs::path> files_below(const fs::path& path)
{
    std::vector<fs::path> files;
    if (fs::is_regular_file(path)) files.push_back(path);
    if (!fs::is_directory(path)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The input in hand lies in this file while it runs: after a crash it is the one to look at.
void keep(const fs::path& path, const Bytes& input)
{
    std::ofstream(path, std::ios::binary)
        .write(
            reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size())
        );
}

} // namespace

int main(int argc, char** argv)
{
    std::size_t mutations = 0;
    std::size_t runs = 0;
    const fs::path in_hand = fs::path(argv[0]).filename().string() + ".input";
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--mutations" && i + 1 < argc) {
            mutations = std::strtoul(argv[++i], nullptr, 10);
            continue;
        }
        for (const auto& file : files_below(argv[i])) {
            std::ifstream stream(file, std::ios::binary);
            const Bytes seed{
                std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
            std::mt19937_64 engine(seed.size());
            for (std::size_t mutation = 0; mutation <= mutations; ++mutation) {
                const Bytes input = mutation == 0 ? seed : mutate(seed, engine);
                keep(in_hand, input);
                run(input);
                ++runs;
            }
        }
    }
    fs::remove(in_hand);
    std::printf("%zu inputs\n", runs);
    return runs == 0 ? 1 : 0;
}
