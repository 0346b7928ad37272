// Masks secrets in the bytes of a channel: the text of every <SS> element in the messages that its
// fragments carry (fact sheets psrp 1, clixml 2.8). Sans-IO; nothing is held back, so a recorder
// can write each piece as it comes.
#pragma once

#include <fragmenter/fragment.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psrp {

// One stream of one channel in one direction. Sizes stay as they are, so the length of a secret
// does too. What is no sequence of fragments passes unchanged.
class SecretMask {
public:
    // Masks the next bytes of the stream in place, in any segmentation. True if any was changed.
    bool mask(std::span<std::uint8_t> bytes);

private:
    enum class State : std::uint8_t {
        Text,        // between tags
        Name,        // in the name of a tag
        Tag,         // behind the name, in an SS tag
        TagQuote,    // in a quoted attribute value of it
        Secret,      // in the element
        SecretMarkup // behind a < in the element: the end tag, or more of what is hidden
    };

    void on_header();
    bool mask_blob(std::span<std::uint8_t> blob);
    bool on_byte(std::uint8_t& byte);
    void on_name_byte(char byte);

    std::array<std::uint8_t, fragmenter::fragment_header_bytes> header_{};
    std::size_t header_size_ = 0;   // bytes of header_ that are there
    std::size_t blob_left_ = 0;     // bytes of the current blob still to come
    std::size_t object_offset_ = 0; // bytes of the object so far
    bool is_broken_ = false;        // no fragments: nothing is looked at any more
    State state_ = State::Text;
    int matched_ = 0;          // bytes of "SS" that the name has; -1: it is another name
    char quote_ = 0;           // TagQuote: which one
    bool after_slash_ = false; // Tag: the last byte was a slash
};

} // namespace psrp
