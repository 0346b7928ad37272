#include <psrp/protocol/message.hpp>
#include <psrp/transport/secret_mask.hpp>

#include <algorithm>

namespace psrp {
namespace {

// Valid in base64 and in hexadecimal, so what is masked can still be decoded: to zero bytes.
constexpr std::uint8_t base64_zero = 'A';

constexpr std::size_t secret_name_bytes = 2; // "SS"

bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

} // namespace

bool SecretMask::mask(std::span<std::uint8_t> bytes)
{
    bool changed = false;
    while (!bytes.empty() && !is_broken_) {
        if (blob_left_ == 0) {
            const std::size_t count = std::min(header_.size() - header_size_, bytes.size());
            std::copy_n(bytes.begin(), count, header_.begin() + header_size_);
            header_size_ += count;
            bytes = bytes.subspan(count);
            if (header_size_ == header_.size()) on_header();
            continue;
        }
        const std::size_t count = std::min(blob_left_, bytes.size());
        changed |= mask_blob(bytes.first(count));
        blob_left_ -= count;
        bytes = bytes.subspan(count);
    }
    return changed;
}

void SecretMask::on_header()
{
    header_size_ = 0;
    const auto header = fragmenter::read_fragment_header(header_);
    const auto* fragment = header ? std::get_if<fragmenter::FragmentHeader>(&*header) : nullptr;
    if (fragment == nullptr) {
        is_broken_ = true;
        return;
    }
    blob_left_ = fragment->blob_bytes;
    if (!fragment->is_start) return;
    object_offset_ = 0;
    state_ = State::Text;
}

bool SecretMask::mask_blob(std::span<std::uint8_t> blob)
{
    // The message's own header is no text; a < in it means nothing.
    const std::size_t left = message_header_bytes - std::min(message_header_bytes, object_offset_);
    object_offset_ += blob.size();
    bool changed = false;
    for (std::uint8_t& byte : blob.subspan(std::min(left, blob.size())))
        changed |= on_byte(byte);
    return changed;
}

bool SecretMask::on_byte(std::uint8_t& byte)
{
    const char character = static_cast<char>(byte);
    switch (state_) {
    case State::Text:
        if (character == '<') {
            state_ = State::Name;
            matched_ = 0;
        }
        return false;
    case State::Name:
        on_name_byte(character);
        return false;
    case State::Tag:
        if (character == '>') {
            state_ = after_slash_ ? State::Text : State::Secret;
        } else if (character == '"' || character == '\'') {
            quote_ = character;
            state_ = State::TagQuote;
        }
        after_slash_ = character == '/';
        return false;
    case State::TagQuote:
        if (character == quote_) state_ = State::Tag;
        return false;
    case State::SecretMarkup:
        if (character == '/') {
            state_ = State::Text;
            return false;
        }
        state_ = State::Secret;
        [[fallthrough]];
    case State::Secret:
        if (character == '<') {
            state_ = State::SecretMarkup;
            return false;
        }
        byte = base64_zero;
        return true;
    }
    return false;
}

void SecretMask::on_name_byte(char byte)
{
    after_slash_ = false;
    if (byte == ':') { // what stood before was a prefix
        matched_ = 0;
    } else if (byte == '>' || byte == '/' || is_blank(byte)) {
        const bool is_secret = matched_ == static_cast<int>(secret_name_bytes);
        after_slash_ = byte == '/';
        if (!is_secret)
            state_ = State::Text;
        else
            state_ = byte == '>' ? State::Secret : State::Tag;
    } else if (byte == 'S' && matched_ >= 0 && matched_ < static_cast<int>(secret_name_bytes)) {
        ++matched_;
    } else {
        matched_ = -1;
    }
}

} // namespace psrp
