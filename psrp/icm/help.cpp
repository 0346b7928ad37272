#include <psrp/icm/completions.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/icm/parameters.hpp>

#include <algorithm>
#include <array>

namespace icm {

namespace {

constexpr std::size_t help_width = 100;
constexpr std::size_t about_column = 33;

constexpr std::array sections = {
    Section::Targets,
    Section::Ssh,
    Section::WinRm,
    Section::Script,
    Section::Input,
    Section::Output,
    Section::Run,
    Section::Other,
};

// "-HostName VALUE", "--summary", with the letter and the other names.
std::string written(const Parameter& row)
{
    std::string text = row.is_ours ? "--" + std::string(row.option) : "-" + std::string(row.name);
    for (const ParameterAlias& letter : parameter_letters()) {
        if (letter.option == row.option) text += ", -" + std::string(letter.name);
    }
    for (const ParameterAlias& alias : parameter_aliases()) {
        if (alias.option == row.option) text += ", -" + std::string(alias.name);
    }
    if (!row.value.empty()) text += " " + std::string(row.value);
    return text;
}

std::string section_text(Section section)
{
    std::string text = std::string(section_title(section)) + "\n";
    for (const Parameter& row : parameters()) {
        if (row.section != section) continue;
        std::string line = "  " + written(row);
        if (line.size() + 2 > about_column) {
            text += line + "\n";
            line.clear();
        }
        line.resize(about_column, ' ');
        text += line + wrapped(row.about, about_column, help_width) + "\n";
    }
    return text + "\n";
}

constexpr std::string_view usage = R"(Usage: icm [TARGETS] [OPTIONS] SCRIPT
       icm [TARGETS] [OPTIONS] -c SCRIPT [-c SCRIPT]...
       icm [TARGETS] [OPTIONS] -FilePath FILE
       icm help [TOPIC]

Runs a PowerShell script on this computer or on others, as Invoke-Command does, and prints the
objects that come back.

)";

constexpr std::string_view spelling =
    R"(Names may be written as in PowerShell (-HostName, any case, shortened, -Port:22) or as
--host-name=VALUE. "--" ends the options.

)";

constexpr std::string_view exit_statuses =
    R"(Exit status: 0 all went well, 1 the script reported errors, 2 the command line is wrong, 3 a target
could not be reached, was lost or had no more time, 130 interrupted by Ctrl-C.

)";

constexpr std::string_view examples =
    R"(Examples
  icm 'Get-Process | Select-Object -First 3'
  icm -HostName web1,admin@web2:2222 -KeyFilePath ~/.ssh/id 'Get-Date'
  icm -HostName @servers.txt --summary --retry 2 -FilePath ./check.ps1
  icm -c '$x = 6' -c '$x * 7'
  icm -HostName web1 -ArgumentList 5,'a b' 'param($n, $name) "$name $n"'
  icm -HostName web1 --using limit=5 'Get-Process | Where-Object Handles -gt $using:limit'
  icm -ComputerName server -Credential me@CORP.EXAMPLE -UseSSL 'Get-Service'
  ls | icm 'Measure-Object'
  icm --output jsonl 'Get-ChildItem /etc' | jq .Name

Subjects: )";

// A section of the manual page, its lines as they are.
std::string manual_section(std::string_view title, std::string_view text)
{
    return ".SH " + std::string(title) + "\n.nf\n" + manual_text(text) + ".fi\n";
}

std::string upper_case(std::string_view text)
{
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return upper;
}

std::string topic_list()
{
    std::string text = "Usage: icm help TOPIC\n\n";
    for (const HelpTopic& topic : help_topics()) {
        std::string line = "  " + std::string(topic.name);
        line.resize(16, ' ');
        text += line + std::string(topic.about) + "\n";
    }
    return text + "\nman, bash, zsh and fish print the manual page and the completions.\n";
}

} // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width)
{
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        if (column != indent && column + 1 + word.size() > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column != indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string help_text()
{
    std::string text(usage);
    for (const Section section : sections)
        text += section_text(section);
    text += "Output goes to standard output; errors, warnings and what Write-Host and\n"
            "Write-Information write go to standard error.\n\n";
    text += spelling;
    text += exit_statuses;
    text += examples;
    std::string names;
    for (const HelpTopic& topic : help_topics())
        names += (names.empty() ? "" : " ") + std::string(topic.name);
    return text + "icm help TOPIC, where TOPIC is one of\n  " + names + "\n";
}

std::string session_help_text()
{
    return R"(Usage: psrp session new NAME [TARGET] [OPTIONS]
       psrp session list
       psrp session remove NAME...
       psrp session disconnect NAME...
       psrp session connect NAME... [OPTIONS]
       psrp session receive NAME... [OPTIONS]

Sessions that stay open between commands. new opens one to TARGET, [USER@]HOST[:PORT] for SSH or
what icm's parameters say (-ComputerName, --socket, ...; without any this computer), and keeps it in
a process behind it, under NAME, for all commands of this user:

  psrp session new web1 admin@web.example
  icm -Session web1 '$x = 1'
  icm -Session web1 '$x'
  psrp session remove web1

What asks for passwords does so before new ends. list tells which sessions there are; one that is
Broken has lost its computer and is there to be removed. A session that nobody uses is closed after
two hours, or --idle-timeout SECONDS.

Over WinRM disconnect leaves a session to the server, connect takes it up again under its name, also
after a restart of this computer, and receive gets the output of what ran in it; it is removed then.

       psrp session list    -ComputerName HOST[,...] [OPTIONS]
       psrp session connect SESSION... -ComputerName HOST -c SCRIPT [OPTIONS]
       psrp session receive SESSION... -ComputerName HOST [OPTIONS]
       psrp session remove  SESSION... -ComputerName HOST [OPTIONS]

The sessions that servers have, those that "icm -InDisconnectedSession" has left there above all:
which there are, whose, how old and for how long idle; running another script in one, which is left
again; getting the output of what runs in one, which is removed at the end; removing one with all
that runs in it. SESSION is its identifier or its name.

OPTIONS are those of icm for targets and for output.
)";
}

std::string job_help_text()
{
    return R"(Usage: psrp job list    [JOB...]
       psrp job wait    JOB... [--timeout SECONDS]
       psrp job receive JOB... [--keep] [OPTIONS]
       psrp job stop    JOB...
       psrp job remove  JOB...

Jobs are the commands that "icm -AsJob" has put behind it. JOB is a job's number or its name. list
tells how far they are, wait waits for their end, receive prints the results that have come since
the last time, as icm would have, stop ends them as Ctrl-C would have, remove stops them and
forgets their results.

Results are kept as CLIXML below XDG_STATE_HOME (~/.local/state), for this user only, until they are
received; --keep leaves them there. A job of which more than --results-max MIB wait is stopped.

receive ends with the exit status that icm would have had, as far as the job is; wait with 1 where a
job has failed or was stopped, 3 where --timeout was over.

OPTIONS are those of icm for output.
)";
}

std::string test_help_text()
{
    return R"(Usage: psrp test TARGET... [OPTIONS]

Walks the way to a computer's shell over WinRM - name, port, TLS, WS-Management's Identify,
authentication, shell, 1+1 - and says which step failed and what to do about it. TARGET is the name
of a computer, or an address such as https://server01:5986/wsman.

OPTIONS are those of icm for WinRM, such as -UseSSL, -Authentication, -Credential, --credential-file;
-ConnectingTimeout limits each step (15 s).
)";
}

std::string version_text()
{
    return "icm " PSRP_VERSION "\n";
}

std::string manual_text(std::string_view text)
{
    std::string out;
    bool is_line_start = true;
    for (const char c : text) {
        if (is_line_start && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
        is_line_start = c == '\n';
    }
    return out;
}

std::string manual_page()
{
    std::string page = ".TH ICM 1 \"\" \"psrp " PSRP_VERSION "\" \"User Commands\"\n"
                       ".SH NAME\nicm \\- run a PowerShell script here or on other computers\n";
    page += manual_section("SYNOPSIS", usage.substr(0, usage.find("\n\n") + 1));
    page += ".SH DESCRIPTION\nRuns a PowerShell script on this computer or on others, as "
            "Invoke\\-Command does, and prints the objects that come back.\n";
    page += manual_text(spelling.substr(0, spelling.size() - 1));
    for (const Section section : sections) {
        page += ".SH " + upper_case(section_title(section)) + "\n";
        for (const Parameter& row : parameters()) {
            if (row.section != section) continue;
            page += ".TP\n.B " + manual_text(written(row)) + "\n";
            if (!row.is_ours) page += "Also \\-\\-" + manual_text(row.option) + ".\n";
            page += manual_text(row.about) + "\n";
        }
    }
    for (const HelpTopic& topic : help_topics())
        page += manual_section(upper_case(topic.about), topic.text);
    page += ".SH PARAMETERS OF POWERSHELL THAT ARE NOT TAKEN\n";
    for (const Parameter& row : parameters()) {
        if (row.section != Section::Refused) continue;
        page += ".TP\n.B " + manual_text(written(row)) + "\n" + manual_text(row.about) + "\n";
    }
    return page + ".SH SEE ALSO\n.BR psrp (1)\n";
}

std::optional<std::string> help_topic(std::string_view topic)
{
    if (topic.empty()) return topic_list();
    if (topic == "man") return manual_page();
    const auto words = completion_words(Program::Icm);
    if (topic == "bash") return bash_completion("icm", words);
    if (topic == "zsh") return zsh_completion("icm", words);
    if (topic == "fish") return fish_completion("icm", words);
    for (const HelpTopic& row : help_topics()) {
        if (row.name == topic) return std::string(row.text);
    }
    return std::nullopt;
}

} // namespace icm
