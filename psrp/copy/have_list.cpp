#include <psrp/copy/errors.hpp>
#include <psrp/copy/have_list.hpp>

namespace psrp::copy {

Result<void> HaveList::add(const HaveFrame& frame)
{
    std::pair key{frame.source, std::string(frame.path)};
    const Have have{frame.is_whole, frame.length, frame.digest};
    if (const auto known = haves_.find(key); known != haves_.end()) {
        known->second = have;
        return {};
    }
    const bool has_room = haves_.size() < limits_.haves_max &&
                          frame.path.size() <= limits_.have_path_bytes_max - path_bytes_;
    if (!has_room) return clixml::failure(CopyErrc::TooManyHeld);
    path_bytes_ += frame.path.size();
    haves_.emplace(std::move(key), have);
    return {};
}

Result<void> HaveList::take(BytesView chunk)
{
    while (!chunk.empty()) {
        PSRP_TRY(const Frame frame, read_frame(chunk));
        if (frame.type != FrameType::Have) return clixml::failure(CopyErrc::OutOfOrder);
        PSRP_TRY(const HaveFrame have, read_have(frame.content));
        PSRP_CHECK(add(have));
    }
    return {};
}

const HaveList::Have* HaveList::find(std::uint32_t source, const std::string& path) const
{
    const auto found = haves_.find({source, path});
    return found == haves_.end() ? nullptr : &found->second;
}

} // namespace psrp::copy
