#include <clixml/object.hpp>
#include <psrp/protocol/detail/secrets.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/session_key.hpp>

#include <openssl/crypto.h>

#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace psrp::detail {

using clixml::failure;
using clixml::Object;
using clixml::Property;
using clixml::Result;
using clixml::Value;

namespace {

constexpr std::string_view tag_name = "SS";
constexpr std::string_view end_tag = "</SS>";

// The next SS element of a text of ours from `from` on: where its contents begin and end.
struct Contents {
    std::size_t begin;
    std::size_t end;
};
std::optional<Contents> next_secret(std::string_view text, std::size_t from)
{
    for (;;) {
        // Two letters that stand together much more seldom than a tag begins.
        const std::size_t tag = text.find(tag_name, from);
        if (tag == std::string_view::npos) return std::nullopt;
        std::size_t at = tag + tag_name.size();
        from = tag + 1;
        if (tag == 0 || text[tag - 1] != '<') continue;
        if (at >= text.size() || (text[at] != '>' && text[at] != ' ')) continue;
        bool is_quoted = false;
        while (at < text.size() && (is_quoted || text[at] != '>')) {
            if (text[at] == '"') is_quoted = !is_quoted;
            ++at;
        }
        const std::size_t end = text.find(end_tag, at);
        if (end == std::string_view::npos) return std::nullopt;
        return Contents{at + 1, end};
    }
}

} // namespace

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept
{
    std::swap(message_, other.message_);
    std::swap(secrecy_, other.secrecy_);
    return *this;
}

SecretBytes::~SecretBytes()
{
    if (is_secret() && !message_.empty()) OPENSSL_cleanse(message_.data(), message_.size());
}

std::string SecretBytes::take_public()
{
    assert(!is_secret());
    return std::move(message_);
}

Result<std::string> MissingKeySecrets::encrypt(std::string_view) const
{
    return failure(Errc::KeyExchangeUnsupported);
}

Result<std::string> MissingKeySecrets::decrypt(std::string_view) const
{
    return failure(Errc::KeyExchangeUnsupported);
}

bool has_written_secret(std::string_view text)
{
    return next_secret(text, 0).has_value();
}

bool may_hold_secret(std::string_view text)
{
    constexpr std::string_view behind = "> \t\r\n/";
    for (std::size_t at = text.find("SS"); at != std::string_view::npos;
         at = text.find("SS", at + 1)) {
        const bool opens = at > 0 && (text[at - 1] == '<' || text[at - 1] == ':');
        if (opens && at + 2 < text.size() && behind.find(text[at + 2]) != std::string_view::npos)
            return true;
    }
    return false;
}

Result<void> check_written_secrets(std::string_view text)
{
    const ClearBase64Secrets clear;
    std::size_t from = 0;
    while (const auto contents = next_secret(text, from)) {
        auto secret = clear.decrypt(text.substr(contents->begin, contents->end - contents->begin));
        if (!secret) return failure(Errc::InvalidArgument, clixml::no_offset, "a clear secret");
        clixml::wipe(*secret);
        from = contents->end;
    }
    return {};
}

Result<std::string> encrypt_secrets(std::string_view text, const clixml::SecretCipher& cipher)
{
    const ClearBase64Secrets clear;
    std::string result;
    result.reserve(text.size());
    std::size_t from = message_header_bytes; // what stands in the header is no element
    result.append(text.substr(0, from));
    while (const auto contents = next_secret(text, from)) {
        PSRP_TRY(
            std::string secret,
            clear.decrypt(text.substr(contents->begin, contents->end - contents->begin))
        );
        auto encrypted = cipher.encrypt(secret);
        clixml::wipe(secret);
        if (!encrypted) return tl::unexpected<clixml::Error>(encrypted.error());
        result.append(text.substr(from, contents->begin - from)).append(*encrypted);
        from = contents->end;
    }
    result.append(text.substr(from));
    return result;
}

struct SecretMemory {
    clixml::Arena arena;
    std::vector<std::string_view> secrets; // in `arena`

    SecretMemory() = default;
    SecretMemory(const SecretMemory&) = delete;
    SecretMemory& operator=(const SecretMemory&) = delete;
    ~SecretMemory()
    {
        // The arena's memory is nobody's constant.
        for (const auto secret : secrets)
            OPENSSL_cleanse(const_cast<char*>(secret.data()), secret.size());
    }
};

std::shared_ptr<SecretMemory> make_secret_memory()
{
    return std::make_shared<SecretMemory>();
}

std::shared_ptr<clixml::Arena> arena_of(const std::shared_ptr<SecretMemory>& memory)
{
    return {memory, &memory->arena};
}

namespace {

// Walks over all values below one, each object once.
class Revealer {
public:
    Revealer(SecretMemory& memory, const clixml::SecretCipher* cipher)
        : memory_(memory), cipher_(cipher)
    {
    }

    Result<void> reveal_all(Value& root)
    {
        PSRP_CHECK(visit(root));
        while (!pending_.empty()) {
            Object& object = *pending_.back();
            pending_.pop_back();
            PSRP_CHECK(visit_parts(object));
        }
        return {};
    }

private:
    Result<void> visit(Value& value)
    {
        if (Object* object = value.object()) {
            if (visited_.insert(object).second) pending_.push_back(object);
        } else if (value.kind() == clixml::Kind::SecureString) {
            PSRP_TRY(value, reveal(value.text()));
        }
        return {};
    }

    Result<void> visit_parts(Object& object)
    {
        Value base = object.base();
        if (!base.is_nil()) {
            PSRP_CHECK(visit(base));
            if (base.kind() == clixml::Kind::SecureString) object.set_base(base);
        }
        PSRP_CHECK(visit_items(object));
        PSRP_CHECK(visit_properties(object.adapted_bag()));
        return visit_properties(object.extended_bag());
    }

    Result<void> visit_items(Object& object)
    {
        const auto items = object.items();
        if (items.empty()) return {};
        Value* copies = nullptr; // made where one changes
        for (std::size_t i = 0; i < items.size(); ++i) {
            Value item = items[i];
            PSRP_CHECK(visit(item));
            if (item.kind() != clixml::Kind::SecureString) continue;
            if (copies == nullptr) {
                copies = memory_.arena.allocate_array<Value>(items.size());
                std::copy(items.begin(), items.end(), copies);
            }
            copies[i] = item;
        }
        if (copies != nullptr) object.set_items({copies, items.size()});
        return {};
    }

    Result<void> visit_properties(clixml::PropertyBag& bag)
    {
        for (Property& property : bag.items()) {
            if (const auto* members = property.members()) {
                // They lie in the arena that is ours to change.
                PSRP_CHECK(visit_properties(const_cast<clixml::PropertyBag&>(*members)));
            } else {
                PSRP_CHECK(visit(property.value));
            }
        }
        return {};
    }

    Result<Value> reveal(std::string_view text)
    {
        const ClearBase64Secrets clear;
        if (cipher_ == nullptr) {
            memory_.secrets.push_back(text);
            PSRP_TRY(std::string secret, clear.decrypt(text));
            clixml::wipe(secret);
            return Value::secure_string(text);
        }
        PSRP_TRY(std::string secret, cipher_->decrypt(text));
        auto base64 = clear.encrypt(secret);
        clixml::wipe(secret);
        if (!base64) return failure(Errc::InvalidSecret);
        const std::string_view kept = memory_.arena.copy(*base64);
        clixml::wipe(*base64);
        memory_.secrets.push_back(kept);
        return Value::secure_string(kept);
    }

    SecretMemory& memory_;
    const clixml::SecretCipher* cipher_;
    std::vector<Object*> pending_;
    std::unordered_set<const Object*> visited_;
};

} // namespace

Result<void> reveal_secrets(Value& root, SecretMemory& memory, const clixml::SecretCipher* cipher)
{
    return Revealer(memory, cipher).reveal_all(root);
}

} // namespace psrp::detail
