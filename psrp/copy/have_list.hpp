// HaveList: the files, and beginnings of files, that the receiving side has already.
#pragma once

#include <psrp/copy/frames.hpp>

#include <map>
#include <string>
#include <utility>

namespace psrp::copy {

class HaveList {
public:
    struct Have {
        bool is_whole = false;
        std::int64_t length = 0;
        Digest digest{};
    };

    explicit HaveList(const CopyLimits& limits = {}) : limits_(limits) {}

    // Takes what one frame says. Error: CopyErrc::TooManyHeld.
    Result<void> add(const HaveFrame& frame);
    // Takes all frames of a chunk, which are of the type Have. Errors: those of read_have(),
    // CopyErrc::OutOfOrder, CopyErrc::TooManyHeld.
    Result<void> take(BytesView chunk);
    // Null where nothing is there.
    [[nodiscard]] const Have* find(std::uint32_t source, const std::string& path) const;
    [[nodiscard]] bool is_empty() const { return haves_.empty(); }
    // All of it in chunks, handed over one by one.
    template <typename Taker>
    void write(Taker take_chunk, std::size_t chunk_bytes) const
    {
        Bytes chunk;
        for (const auto& [key, have] : haves_) {
            write_have({key.first, have.is_whole, have.length, have.digest, key.second}, chunk);
            if (chunk.size() < chunk_bytes) continue;
            take_chunk(std::exchange(chunk, {}));
        }
        if (!chunk.empty()) take_chunk(std::move(chunk));
    }

private:
    CopyLimits limits_;
    std::size_t path_bytes_ = 0;
    std::map<std::pair<std::uint32_t, std::string>, Have> haves_;
};

} // namespace psrp::copy
