#include <psrp/tool/copy_options.hpp>

#include <algorithm>
#include <utility>

namespace psrp::tool {

namespace {

constexpr std::string_view program = "psrp copy";

tl::unexpected<icm::Instead> usage_error(const std::string& what)
{
    return tl::unexpected<icm::Instead>(
        {"psrp copy: " + what + "\nTry 'psrp copy --help' for more information.\n", true}
    );
}

// Takes a switch of our own out of the arguments: what icm has no parameter for.
bool take_switch(std::vector<std::string>& arguments, std::string_view name)
{
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    const auto rest = std::remove(arguments.begin(), end, name);
    const bool is_given = rest != end;
    arguments.erase(rest, end);
    return is_given;
}

} // namespace

std::optional<RemotePath> read_remote_path(std::string_view text)
{
    std::size_t colon = text.find(':');
    // An address in brackets has colons of its own.
    const std::size_t bracket = text.find('[');
    const bool has_address =
        bracket != std::string_view::npos && (bracket == 0 || text[bracket - 1] == '@');
    if (has_address) {
        const std::size_t end = text.find(']', bracket);
        if (end == std::string_view::npos || !text.substr(end + 1).starts_with(':'))
            return std::nullopt;
        colon = end + 1;
    }
    if (colon == std::string_view::npos || text.find('/') < colon) return std::nullopt;
    return RemotePath{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

tl::expected<CopyOptions, icm::Instead> read_copy_options(const std::vector<std::string>& arguments)
{
    std::vector<std::string> rest = arguments;
    CopyOptions options;
    options.resumes = take_switch(rest, "--resume");
    options.follows_links = take_switch(rest, "--follow-links");
    auto words = icm::connection_words(rest, program);
    if (!words) {
        icm::Instead instead = words.error();
        if (!instead.is_error && instead.text.empty()) instead.text = copy_help_text();
        return tl::unexpected<icm::Instead>(std::move(instead));
    }
    if (words->size() < 2) return usage_error("expected what to copy, and where to");
    std::optional<std::string> target;
    const auto remote_destination = read_remote_path(words->back());
    options.is_download = !remote_destination.has_value();
    options.destination = remote_destination ? remote_destination->path : words->back();
    if (remote_destination) target = remote_destination->target;
    words->pop_back();
    for (const std::string& word : *words) {
        const auto remote = read_remote_path(word);
        if (remote.has_value() != options.is_download) {
            return usage_error(
                options.is_download ? "either the sources or the destination are on another "
                                      "computer: NAME:PATH; write ./NAME where a name has a colon"
                                    : "both sides are on other computers, which is not done here"
            );
        }
        options.sources.push_back(remote ? remote->path : word);
        if (options.sources.back().empty()) return usage_error("a source has no path");
        if (!remote) continue;
        if (target && *target != remote->target) return usage_error("sources are on one computer");
        target = remote->target;
    }
    if (target && !target->empty()) {
        rest.insert(rest.begin(), {"-HostName", *target});
    }
    auto connection = icm::connection_options(rest, program);
    if (!connection) return tl::unexpected<icm::Instead>(connection.error());
    options.connection = std::move(*connection);
    return options;
}

std::string copy_help_text()
{
    return R"(Usage: psrp copy [OPTIONS] SOURCE... NAME:DESTINATION
       psrp copy [OPTIONS] NAME:SOURCE... DESTINATION

Copies files, and folders with all that is in them, to another computer or from one, through a
session of PowerShell or of 'psrp serve'. NAME is [USER@]HOST, reached over SSH, an IPv6 address in
brackets. Without a name (:PATH) it is the target that icm's parameters say: -ComputerName HOST,
-ContainerId ID, --socket PATH, --server-command LINE and the others; without these, this computer.
PATH is one of the other side: C:\Users\me, ~/x, or seen from where its sessions begin.

Where DESTINATION is a folder, or ends in a slash, or there are several sources, they go into it
under their names; else it is what the source becomes. Of '.', '..', '~' or a drive the content is
copied. Wildcards are the shell's; those in paths of the other side are not expanded. Files keep
their times, and their modes where both sides have some. Each is written under another name,
compared by SHA-256 and then renamed, so that none is ever half there.

  --resume            go on with a copy that was cut: what is there already, to the byte, is not
                      sent again. A folder that did not exist before is there now: name the source
                      with /. at the end, so that it is not put into it
  --follow-links      copy what symbolic links in a source point to; else they are left out

OPTIONS are besides these icm's for targets, SSH and WinRM, and --no-progress.

Exit status: 0 all is copied, 1 something could not be copied, 2 the command line is wrong, 3 the
target could not be reached or was lost, 130 interrupted by Ctrl-C.

Examples
  psrp copy notes.txt web1:
  psrp copy -Port 2222 me@web1:/var/log/app ./logs/
  psrp copy --resume image.iso 'win1:C:\Users\me\Downloads'
  psrp copy --socket /run/psrp.sock a b :/tmp
)";
}

} // namespace psrp::tool
