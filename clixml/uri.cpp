#include <clixml/detail/uri_escape.hpp>
#include <clixml/detail/uri_host.hpp>
#include <clixml/uri.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace clixml {
namespace {

using detail::UriPart;
using detail::UriUnescape;

// What a scheme's addresses may have and how they are shown.
enum Trait : std::uint32_t {
    MustHaveAuthority = 1U << 0, // without "//" the text is a relative address
    OptionalAuthority = 1U << 1,
    HasUser = 1U << 2,
    HasPort = 1U << 3,
    HasQuery = 1U << 4,
    EmptyHost = 1U << 5,
    UncHost = 1U << 6,
    AnyHost = 1U << 7,
    FileLike = 1U << 8,
    MailLike = 1U << 9, // an authority without "//"
    UnknownScheme = 1U << 10,
    DosPath = 1U << 11,
    RootedPath = 1U << 12,
    ConvertSlashes = 1U << 13,
    Compress = 1U << 14,
    FilePath = 1U << 15, // dot segments at the very start go, too
    UnescapeDots = 1U << 16,
    HasHost = 1U << 17,
};

constexpr std::uint32_t internet = MustHaveAuthority | HasUser | HasPort | UncHost | HasHost;
constexpr std::uint32_t web =
    internet | HasQuery | RootedPath | ConvertSlashes | Compress | FilePath;
constexpr std::uint32_t file = MustHaveAuthority | EmptyHost | UncHost | HasHost | HasQuery |
                               FileLike | RootedPath | DosPath | ConvertSlashes | Compress |
                               FilePath | UnescapeDots;
constexpr std::uint32_t net_pipe = MustHaveAuthority | HasHost | HasQuery | RootedPath |
                                   ConvertSlashes | Compress | FilePath | UnescapeDots;

struct Scheme {
    std::string_view name;
    std::int32_t port;
    std::uint32_t traits;
};

// clang-format off
constexpr Scheme schemes[] = {
    {"http", 80, web},
    {"https", 443, web},
    {"ws", 80, web},
    {"wss", 443, web},
    {"ftp", 21, web & ~HasQuery},
    {"file", -1, file},
    {"gopher", 70, internet | RootedPath},
    {"nntp", 119, internet | RootedPath},
    {"telnet", 23, internet | RootedPath},
    {"ldap", 389, internet | RootedPath | EmptyHost | HasQuery},
    {"news", -1, 0},
    {"uuid", -1, 0},
    {"mailto", 25, EmptyHost | UncHost | HasHost | HasUser | HasPort | MailLike | HasQuery},
    {"net.tcp", 808, net_pipe | HasPort},
    {"net.pipe", -1, net_pipe},
    {"vsmacros", -1, file & ~(HasQuery | RootedPath)},
};
// clang-format on
constexpr std::uint32_t unknown_traits = UnknownScheme | OptionalAuthority | HasUser | HasPort |
                                         HasQuery | EmptyHost | UncHost | HasHost | RootedPath |
                                         DosPath | ConvertSlashes | Compress;
constexpr Scheme unix_file = {"file", -1, file & ~ConvertSlashes};
constexpr std::size_t scheme_size_max = 1024;

bool is_slash(char16_t c)
{
    return c == '/' || c == '\\';
}

bool is_blank(char16_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_ascii_letter(char16_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char16_t c)
{
    return c >= '0' && c <= '9';
}

std::u16string utf16_of(std::string_view text)
{
    std::u16string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t c = next_code_point(text, at);
        if (c >= 0x10000) {
            out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
            out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            out += static_cast<char16_t>(c);
        }
    }
    return out;
}

std::string utf8_of(std::u16string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (char16_t c : text)
        append_code_unit(c, out);
    return out;
}

// Escapes of dots and slashes resolved before dot segments are looked for. On Unix, a malformed
// escape in a file's address becomes U+FFFF, which is displayed as %FF: recorded as it is.
std::u16string with_dots_unescaped(std::u16string_view path, bool backslashes)
{
    std::u16string out;
    for (std::size_t at = 0; at < path.size();) {
        if (path[at] != '%' || at + 2 >= path.size()) {
            out += path[at++];
            continue;
        }
        auto byte = detail::hex_byte(path[at + 1], path[at + 2]);
        if (!byte && !backslashes)
            out += u'\xFFFF';
        else if (byte && (*byte == '.' || *byte == '/' || (backslashes && *byte == '\\')))
            out += static_cast<char16_t>(*byte);
        else
            out.append(path.substr(at, 3));
        at += 3;
    }
    return out;
}

// Removes segments of one dot, and those of two dots with the segment before them. A first segment
// that no slash stands before is removed only where `first_too`.
std::u16string compressed(std::u16string_view path, bool convert_slashes, bool first_too)
{
    std::u16string text(path);
    if (convert_slashes) std::replace(text.begin(), text.end(), u'\\', u'/');
    bool rooted = !text.empty() && text[0] == '/';
    std::vector<std::u16string_view> kept;
    std::size_t at = rooted ? 1 : 0;
    std::u16string_view rest = text;
    bool ends_with_slash = false;
    while (at <= text.size()) {
        std::size_t end = std::min(text.find(u'/', at), text.size());
        std::u16string_view segment = rest.substr(at, end - at);
        bool is_last = end == text.size();
        bool is_first = !rooted && at == 0;
        bool counts = !is_first || first_too;
        if (counts && segment == u"..") {
            if (!kept.empty() && (rooted || kept.size() > 1 || first_too)) kept.pop_back();
            ends_with_slash = is_last;
        } else if (counts && segment == u".") {
            ends_with_slash = is_last;
        } else {
            kept.push_back(segment);
            ends_with_slash = false;
        }
        at = end + 1;
    }
    std::u16string out;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (rooted || i > 0) out += u'/';
        out += kept[i];
    }
    if (ends_with_slash && (rooted || !kept.empty())) out += u'/';
    return out;
}

// What .NET notes about a path, a query or a fragment before it shows it.
struct Findings {
    bool has_escapes = false;      // or something that must be escaped
    bool has_reserved = false;     // that must be escaped
    bool has_dots = false;         // dots at the end of a segment, or slashes in a row
    bool has_escaped_dots = false; // or slashes
    bool has_backslash = false;
};

class Reader {
public:
    explicit Reader(std::u16string text) : text_(std::move(text)) {}

    std::optional<Uri> read()
    {
        while (first_ < text_.size() && is_blank(text_[first_]))
            ++first_;
        switch (read_scheme()) {
        case Outcome::Refused:
            return std::nullopt;
        case Outcome::Relative:
            return relative(detail::needs_iri_form(text_));
        case Outcome::RelativeAsWritten:
            return relative(false);
        case Outcome::Good:
            break;
        }
        end_ = text_.size();
        while (end_ > at_ && is_blank(text_[end_ - 1]))
            --end_;
        iri_ = detail::needs_iri_form(text_);
        switch (read_authority()) {
        case Outcome::Refused:
            return std::nullopt;
        case Outcome::Relative:
        case Outcome::RelativeAsWritten:
            return relative(false);
        case Outcome::Good:
            break;
        }
        read_parts();
        write_text();
        return std::move(uri_);
    }

private:
    enum class Outcome : std::uint8_t { Good, Relative, RelativeAsWritten, Refused };

    [[nodiscard]] bool has(std::uint32_t traits) const { return (scheme_.traits & traits) != 0; }
    [[nodiscard]] char16_t unit(std::size_t at) const { return at < end_ ? text_[at] : u'\0'; }

    std::optional<Uri> relative(bool iri) const
    {
        Uri uri;
        std::u16string form;
        if (iri) detail::append_iri_form(text_, UriPart::Other, form);
        uri.text = utf8_of(iri ? form : text_);
        return uri;
    }

    // A scheme, or a path of a file without one.
    Outcome read_scheme()
    {
        std::u16string_view rest = std::u16string_view(text_).substr(first_);
        if (rest.starts_with(u"/") && (rest.size() < 2 || !is_slash(rest[1])))
            return Outcome::RelativeAsWritten;
        if (rest.size() < 3 || rest[0] == ':') return Outcome::Relative;
        if (rest[1] == ':' || rest[1] == '|') {
            if (!is_ascii_letter(rest[0])) return Outcome::Relative;
            if (!is_slash(rest[2])) return Outcome::Refused;
            implicit_file_ = dos_path_ = true;
        } else if (is_slash(rest[0])) {
            if (!is_slash(rest[1])) return Outcome::Relative;
            if (!text_.starts_with(u"\\\\")) return Outcome::RelativeAsWritten;
            implicit_file_ = unc_ = true;
        }
        if (implicit_file_) {
            uri_.has_authority = true;
            set_scheme("file");
            at_ = first_;
            while (unc_ && at_ < text_.size() && is_slash(text_[at_]))
                ++at_;
            return Outcome::Good;
        }
        return read_named_scheme(rest);
    }

    Outcome read_named_scheme(std::u16string_view rest)
    {
        std::size_t colon = rest.find(u':');
        if (colon == std::u16string_view::npos) return Outcome::Relative;
        std::string name;
        for (char16_t c : rest.substr(0, colon)) {
            bool good = is_ascii_letter(c) ||
                        (!name.empty() && (is_digit(c) || c == '+' || c == '-' || c == '.'));
            if (!good) return Outcome::Relative;
            name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        if (name.size() > scheme_size_max) return Outcome::Refused;
        set_scheme(name);
        at_ = first_ + colon + 1;
        return Outcome::Good;
    }

    void set_scheme(std::string_view name)
    {
        uri_.scheme = name;
        scheme_ = {{}, -1, unknown_traits};
        for (const Scheme& row : schemes) {
            if (row.name == name) scheme_ = row;
        }
        uri_.port = scheme_.port;
    }

    void set_unix_file()
    {
        scheme_ = unix_file;
        uri_.scheme = unix_file.name;
    }

    // Slashes behind the scheme, a drive, a share: what kind of address it is.
    Outcome find_path_of_file()
    {
        std::size_t start = at_;
        std::size_t next = at_;
        while (is_slash(unit(next)))
            ++next;
        std::size_t slashes = next - start;
        if (!has(FileLike) && slashes > 3) return Outcome::Good;
        if (slashes >= 2) uri_.has_authority = true;
        char16_t second = unit(next + 1);
        if (is_ascii_letter(unit(next)) && (second == ':' || second == '|')) {
            if (!is_slash(unit(next + 2))) return has(FileLike) ? Outcome::Refused : Outcome::Good;
            dos_path_ = true;
            if (has(MustHaveAuthority)) uri_.has_authority = true;
            at_ = slashes != 0 && slashes != 2 ? next - 1 : next;
        } else if (has(FileLike) && slashes >= 2 && slashes != 3 && next < end_ && unit(next) != '?' && unit(next) != '#') {
            unc_ = true;
            at_ = next;
        } else if (has(FileLike) && slashes == 3 && unit(next - 1) == '/') {
            set_unix_file();
            unix_path_ = uri_.has_authority = true;
            at_ += 2;
        }
        return Outcome::Good;
    }

    Outcome read_authority()
    {
        if ((scheme_.traits & EmptyHost) != 0 && has(DosPath) && !implicit_file_ &&
            at_ + 1 < end_) {
            if (auto outcome = find_path_of_file(); outcome != Outcome::Good) return outcome;
        }
        bool expects_host = unc_ || dos_path_ || unix_path_ || has(MailLike);
        if (!expects_host && at_ + 1 < end_) {
            bool double_slash = is_slash(unit(at_)) && is_slash(unit(at_ + 1));
            if (has(MustHaveAuthority)) {
                if (!double_slash) return Outcome::RelativeAsWritten;
            } else if (!has(OptionalAuthority) || !(uri_.has_authority || (unit(at_) == '/' && unit(at_ + 1) == '/'))) {
                return Outcome::Good;
            }
            uri_.has_authority = true;
            at_ += 2;
        } else if (!expects_host) {
            return has(MustHaveAuthority) ? Outcome::RelativeAsWritten : Outcome::Good;
        }
        if (dos_path_) {
            if (uri_.has_authority) uri_.host_type = UriHostType::Basic;
            return Outcome::Good;
        }
        if (!read_host()) return Outcome::Refused;
        if (at_ >= end_) return Outcome::Good;
        if (unit(at_) == '\\' && !implicit_file_ && !has(DosPath)) return Outcome::Refused;
        if (unit(at_) == '/' && !implicit_file_ && unc_ && scheme_.name == "file") set_unix_file();
        return Outcome::Good;
    }

    // The user in front of the first @, if that comes before the path and is not the end.
    void read_user(std::size_t& at)
    {
        if (!has(HasUser)) return;
        for (std::size_t i = at; i + 1 < end_; ++i) {
            char16_t c = text_[i];
            if (c == '?' || c == '#' || is_slash(c)) return;
            if (c != '@') continue;
            std::u16string_view user = std::u16string_view(text_).substr(at, i - at);
            if (iri_)
                detail::append_iri_form(user, UriPart::Other, user_);
            else
                user_ = user;
            is_rewritten_ = is_rewritten_ || user_ != user;
            has_user_ = true;
            at = i + 1;
            return;
        }
    }

    bool read_host()
    {
        char16_t c = unit(at_);
        if (at_ >= end_ || c == '/' || (c == '\\' && has(FileLike)) || c == '#' || c == '?') {
            if (!has(EmptyHost) || implicit_file_) return false;
            unc_ = false;
            uri_.host_type = UriHostType::Basic;
            uri_.is_loopback = true;
            return true;
        }
        std::size_t at = at_;
        read_user(at);
        detail::UriHostRules rules;
        rules.implicit_file = implicit_file_;
        rules.allow_host = has(HasHost);
        rules.allow_unc = has(UncHost);
        rules.dotted_quads_only = has(UnknownScheme);
        detail::UriHost host =
            detail::read_uri_host(std::u16string_view(text_).substr(at, end_ - at), rules);
        std::size_t end = at + host.size;
        bool known = host.type != UriHostType::Unknown;
        if (known && unit(end) == '\\' && !has(FileLike)) {
            if (has(UnknownScheme)) return false;
            known = false;
        } else if (unit(end) == ':') {
            if (!has(HasPort))
                known = false;
            else if (!read_port(end))
                return false;
        }
        if (!known) return read_dots(at);
        uri_.host_type = host.type;
        uri_.is_loopback = host.is_loopback;
        uri_.host = utf8_of(host.text);
        is_rewritten_ = is_rewritten_ || host.is_rewritten;
        at_ = end;
        return true;
    }

    // ":" and digits, which may be missing.
    bool read_port(std::size_t& at)
    {
        std::int32_t port = 0;
        std::size_t start = ++at;
        for (; at < end_ && unit(at) != '/' && unit(at) != '?' && unit(at) != '#'; ++at) {
            if (!is_digit(unit(at))) return false;
            port = port * 10 + (unit(at) - '0');
            if (port > 0xFFFF) return false;
        }
        if (at > start && port != uri_.port) {
            uri_.port = port;
            uri_.is_default_port = false;
        }
        return true;
    }

    // Schemes that .NET does not know may have one or two dots for a host.
    bool read_dots(std::size_t at)
    {
        if (!has(UnknownScheme)) return false;
        has_user_ = false;
        std::size_t end = at;
        while (end < end_ && end < at + 2 && unit(end) == '.')
            ++end;
        bool ended = end >= end_ || unit(end) == '/' || unit(end) == '?' || unit(end) == '#';
        if (end == at || !ended) return false;
        uri_.host_type = UriHostType::Basic;
        uri_.host = utf8_of(std::u16string_view(text_).substr(at, end - at));
        at_ = end;
        return true;
    }

    // Where .NET rewrites the text, it takes trailing blanks along unless nothing else changed.
    void read_parts()
    {
        std::size_t end = iri_ ? text_.size() : end_;
        std::size_t query = end;
        std::size_t fragment = end;
        for (std::size_t i = at_; !implicit_file_ && i < end; ++i) {
            if (text_[i] == '?' && query == end && has(HasQuery)) query = i;
            if (text_[i] != '#') continue;
            fragment = i;
            break;
        }
        query = std::min(query, fragment);
        find_rewritten_start();
        path_ = part(at_, query, UriPart::Other);
        query_ = part(query, fragment, UriPart::Query);
        fragment_ = part(fragment, end, UriPart::Other);
        if (!fragment_.empty())
            trim(fragment_, 1);
        else if (!is_rewritten_)
            trim(query_.empty() ? path_ : query_, query_.empty() ? 0 : 1);
    }

    static void trim(std::u16string& part, std::size_t size_min)
    {
        while (part.size() > size_min && is_blank(part.back()))
            part.pop_back();
    }

    // A file without a host is written anew from its scheme on.
    void find_rewritten_start()
    {
        if (!iri_) return;
        std::u16string start;
        if (has(FileLike) && !unc_ && !implicit_file_) start = utf16_of(uri_.scheme + "://");
        if (has(FileLike) && !unc_)
            is_rewritten_ = is_rewritten_ || std::u16string_view(text_).substr(0, at_) != start;
        else if (dos_path_)
            is_rewritten_ = true;
    }

    std::u16string part(std::size_t from, std::size_t to, UriPart kind)
    {
        std::u16string_view text = std::u16string_view(text_).substr(from, to - from);
        if (!iri_) return std::u16string(text);
        std::u16string out;
        detail::append_iri_form(text, kind, out);
        is_rewritten_ = is_rewritten_ || out != text;
        return out;
    }

    [[nodiscard]] Findings look_at(std::u16string_view text, bool is_path) const
    {
        Findings found;
        for (std::size_t i = 0; i < text.size(); ++i) {
            char16_t c = text[i];
            char16_t next = i + 1 < text.size() ? text[i + 1] : u'\0';
            bool is_last = i + 1 == text.size();
            if (c <= 0x1F || (c >= 0x7F && c <= 0x9F) ||
                (is_path && c == '?' && (implicit_file_ || !has(HasQuery))) ||
                (c == '#' && implicit_file_)) {
                found.has_escapes = found.has_reserved = true;
            } else if (is_slash(c)) {
                found.has_backslash = found.has_backslash || c == '\\';
                found.has_dots = found.has_dots || is_slash(next);
            } else if (c == '.') {
                found.has_dots = found.has_dots || is_last || next == '.' || is_slash(next) ||
                                 next == '?' || next == '#';
            } else if (c == '%') {
                found.has_escapes = true;
                if (i + 2 >= text.size()) continue;
                auto byte = detail::hex_byte(next, text[i + 2]);
                if (!byte) continue;
                found.has_escaped_dots =
                    found.has_escaped_dots || *byte == '.' || *byte == '/' || *byte == '\\';
                i += 2;
            }
        }
        return found;
    }

    [[nodiscard]] std::u16string shown_path() const
    {
        std::u16string out;
        if (uri_.has_authority && has(RootedPath) && (path_.empty() || !is_slash(path_[0])))
            out += u'/';
        if (path_.empty()) return out;
        Findings found = look_at(path_, true);
        bool unescape = false;
        bool compress = false;
        if (dos_path_ || (uri_.has_authority && has(Compress | ConvertSlashes | UnescapeDots))) {
            unescape = (found.has_escaped_dots && has(UnescapeDots)) ||
                       (found.has_backslash && has(ConvertSlashes));
            compress = has(Compress) && (unescape || found.has_dots);
        }
        unescape = unescape || (found.has_escapes && (!implicit_file_ || found.has_reserved));
        std::u16string path = path_;
        if (compress && has(UnescapeDots) && unescape && !implicit_file_)
            path = with_dots_unescaped(path, has(ConvertSlashes));
        std::size_t drive = !dos_path_ ? 0 : is_slash(path[0]) ? 3 : 2;
        drive = std::min(drive, path.size());
        if (drive > 0 && path[drive - 1] == '|') path[drive - 1] = u':';
        if (compress) {
            path = path.substr(0, drive) +
                   compressed(
                       std::u16string_view(path).substr(drive), has(ConvertSlashes), has(FilePath)
                   );
            if (!path.empty() && path[0] == '\\') path[0] = u'/';
        }
        if (!unescape) return out + path;
        detail::append_display_form(
            path,
            u"?#\xFFFF",
            UriPart::Other,
            implicit_file_ ? UriUnescape::EscapeOnly : UriUnescape::SafeEscapes,
            out
        );
        return out;
    }

    // A query or a fragment behind its first character.
    [[nodiscard]] std::u16string shown_part(std::u16string_view text, UriPart kind) const
    {
        if (text.empty()) return {};
        std::u16string out(text.substr(0, 1));
        text.remove_prefix(1);
        if (!look_at(text, false).has_escapes) return out.append(text);
        detail::append_display_form(text, u"#\xFFFF", kind, UriUnescape::SafeEscapes, out);
        return out;
    }

    void write_text()
    {
        uri_.is_absolute = true;
        uri_.is_unc = unc_;
        uri_.path = utf8_of(shown_path());
        uri_.query = utf8_of(shown_part(query_, UriPart::Query));
        uri_.fragment = utf8_of(shown_part(fragment_, UriPart::Other));
        if (has_user_) uri_.user_info = utf8_of(user_);
        uri_.text = uri_.scheme + (uri_.has_authority ? "://" : ":");
        if (has_user_) uri_.text.append(uri_.user_info).append("@");
        uri_.text += uri_.host;
        if (!uri_.is_default_port) uri_.text.append(":").append(std::to_string(uri_.port));
        uri_.text.append(uri_.path).append(uri_.query).append(uri_.fragment);
    }

    std::u16string text_;
    std::size_t first_ = 0; // behind leading blanks
    std::size_t at_ = 0;
    std::size_t end_ = 0; // before trailing blanks
    Scheme scheme_ = {};
    bool iri_ = false;
    bool implicit_file_ = false; // a path of a file without a scheme
    bool dos_path_ = false;
    bool unc_ = false;
    bool unix_path_ = false;
    bool has_user_ = false;
    bool is_rewritten_ = false; // not only in the case of letters
    std::u16string user_;
    std::u16string path_;
    std::u16string query_;
    std::u16string fragment_;
    Uri uri_;
};

} // namespace

std::optional<Uri> Uri::read(std::string_view text)
{
    return Reader(utf16_of(text)).read();
}

bool is_plain_relative_uri(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != ':' && c != '|' && c != '%' && c != '\\';
    });
}

std::string escaped_uri_text(std::string_view text)
{
    static constexpr std::string_view kept = "!#$&'()*+,-./:;=?@[]_~%";
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        auto byte = static_cast<std::uint8_t>(c);
        if (byte < 0x80 &&
            (is_ascii_letter(byte) || is_digit(byte) || kept.find(c) != std::string_view::npos)) {
            out += c;
            continue;
        }
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

} // namespace clixml
