#include <psrp/icm/completions.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/parameters.hpp>
#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <set>

namespace {

using Strings = std::vector<std::string>;

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

std::string error_of(const Strings& arguments)
{
    const auto options = icm::read_options(arguments);
    return options ? std::string() : options.error().text;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("every parameter of Invoke-Command is known by every name it has")
{
    struct Row {
        std::string name;
        std::string option;
        bool is_taken;
    };
    const std::vector<Row> rows = {
        {"AllowRedirection", "allow-redirection", true},
        {"ApplicationName", "application-name", true},
        {"ArgumentList", "argument-list", true},
        {"Args", "argument-list", true},
        {"AsJob", "as-job", true},
        {"Authentication", "authentication", true},
        {"CertificateThumbprint", "certificate-thumbprint", true},
        {"Cn", "computer-name", true},
        {"Command", "command", true},
        {"ComputerName", "computer-name", true},
        {"ConfigurationName", "configuration-name", true},
        {"ConnectingTimeout", "connecting-timeout", true},
        {"ConnectionUri", "connection-uri", true},
        {"ContainerId", "container-id", true},
        {"Credential", "credential", true},
        {"CU", "connection-uri", true},
        {"Disconnected", "in-disconnected-session", true},
        {"EnableNetworkAccess", "enable-network-access", true},
        {"FilePath", "file-path", true},
        {"HCN", "hide-computer-name", true},
        {"HideComputerName", "hide-computer-name", true},
        {"HostName", "host-name", true},
        {"IdentityFilePath", "key-file-path", true},
        {"InDisconnectedSession", "in-disconnected-session", true},
        {"InputObject", "input-object", true},
        {"JobName", "job-name", true},
        {"KeyFilePath", "key-file-path", true},
        {"NoNewScope", "no-new-scope", true},
        {"Options", "option", true},
        {"Port", "port", true},
        {"PSPath", "file-path", true},
        {"RemoteDebug", "remote-debug", false},
        {"RunAsAdministrator", "run-as-administrator", false},
        {"ScriptBlock", "command", true},
        {"Session", "session", true},
        {"SessionName", "session-name", true},
        {"SessionOption", "session-option", true},
        {"SSHConnection", "ssh-connection", true},
        {"SSHTransport", "ssh-transport", true},
        {"StrictMode", "strict-mode", true},
        {"Subsystem", "subsystem", true},
        {"ThrottleLimit", "throttle-limit", true},
        {"URI", "connection-uri", true},
        {"UserName", "user-name", true},
        {"UseSSL", "use-ssl", true},
        {"VMGuid", "vm-id", false},
        {"VMId", "vm-id", false},
        {"VMName", "vm-name", false},
        {"Debug", "debug", true},
        {"ErrorAction", "error-action", true},
        {"EA", "error-action", true},
        {"InformationAction", "information-action", true},
        {"Verbose", "verbose", true},
        {"VB", "verbose", true},
        {"WarningAction", "warning-action", true},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        for (const std::string& name : {row.name, lower(row.name)}) {
            const auto found = icm::find_parameter(name);
            REQUIRE(found);
            CHECK((*found)->option == row.option);
            CHECK(((*found)->section != icm::Section::Refused) == row.is_taken);
        }
        const icm::Parameter* option = icm::find_option(row.option);
        REQUIRE(option != nullptr);
        CHECK(option->option == row.option);
    }
}

TEST_CASE("every beginning of a parameter's name is that parameter or ambiguous")
{
    for (const icm::Parameter& row : icm::parameters()) {
        for (std::size_t length = 2; length <= row.name.size(); ++length) {
            const auto found = icm::find_parameter(row.name.substr(0, length));
            INFO(row.name.substr(0, length));
            if (!found) {
                CHECK(contains(found.error(), "ambiguous"));
                CHECK(length < row.name.size());
            } else if (length == row.name.size()) {
                CHECK(*found == &row);
            }
        }
    }
    CHECK((*icm::find_parameter("Throttle"))->option == "throttle-limit");
    // One of ours does not take the beginning of one of PowerShell's.
    CHECK((*icm::find_parameter("Ho"))->option == "host-name");
    CHECK((*icm::find_parameter("Cred"))->option == "credential");
    CHECK((*icm::find_parameter("Hosts"))->option == "hosts-file");
}

TEST_CASE("names of options are unique and all of them are understood")
{
    std::set<std::string> names;
    for (const icm::Parameter& row : icm::parameters()) {
        INFO(row.name);
        CHECK(names.insert(lower(std::string(row.name))).second);
        CHECK(names.insert("--" + std::string(row.option)).second);
        CHECK_FALSE(row.about.empty());
        // CLI11 knows what the table has; what is wrong with the value is another matter.
        const std::string option = "--" + std::string(row.option) + (row.value.empty() ? "" : "=1");
        CHECK_FALSE(contains(error_of({option, "x"}), "unknown"));
        CHECK_FALSE(contains(error_of({option, "x"}), "not expected"));
    }
    for (const icm::ParameterAlias& alias : icm::parameter_aliases()) {
        INFO(alias.name);
        CHECK(names.insert(lower(std::string(alias.name))).second);
        CHECK(icm::find_option(alias.option) != nullptr);
    }
}

TEST_CASE("words that help offers for a value are taken")
{
    for (const icm::Parameter& row : icm::parameters()) {
        std::string_view words = row.value;
        if (row.section == icm::Section::Refused || words.find('|') == std::string_view::npos)
            continue;
        while (!words.empty()) {
            const std::size_t end = std::min(words.find('|'), words.size());
            const std::string option = "--" + std::string(row.option);
            Strings arguments = {option, std::string(words.substr(0, end)), "x"};
            if (row.section == icm::Section::WinRm)
                arguments.insert(arguments.begin(), {"-Cn", "a", "-Credential", "me"});
            INFO(arguments[arguments.size() - 2]);
            CHECK(error_of(arguments).empty());
            words.remove_prefix(std::min(end + 1, words.size()));
        }
    }
}

TEST_CASE("what is refused says why and names what stands in the way")
{
    struct Row {
        Strings arguments;
        Strings texts;
    };
    const std::vector<Row> rows = {
        {{"-Cn", "a", "-AsJob", "-Disconnected", "x"}, {"-AsJob and -InDisconnectedSession"}},
        {{"-Cn", "a", "-JobName", "j", "-Disconnected", "x"}, {"-JobName", "exclude"}},
        {{"-Session", "a/b", "x"}, {"'a/b' is no name of a session"}},
        {{"-Session", "a", "-HostName", "b", "x"}, {"-HostName and -Session exclude each other"}},
        {{"-Session", "a", "-UseSSL", "x"}, {"-UseSSL goes with -ComputerName", "-Session"}},
        {{"--idle-timeout", "5", "x"}, {"psrp session new"}},
        {{"--keep", "x"}, {"psrp job receive"}},
        {{"-RemoteDebug", "x"}, {"-RemoteDebug: there is no debugger", "Enter-PSSession"}},
        {{"-RunAs", "x"}, {"-RunAsAdministrator", "containers"}},
        {{"-VMGuid", "1", "x"}, {"-VMGuid", "-VMId", "Hyper-V", "-HostName"}},
        {{"--vm-name=v", "x"}, {"Hyper-V", "-HostName"}},
        {{"-OutVariable", "v", "x"}, {"-OutVariable", "$(icm"}},
        {{"-HostName", "a", "-ComputerName", "b", "x"}, {"-HostName", "-ComputerName", "exclude"}},
        {{"-HostName", "a", "-ConnectionUri", "http://b", "x"}, {"-HostName", "-ConnectionUri"}},
        {{"-HostName", "a", "-ContainerId", "b", "x"}, {"-HostName", "-ContainerId"}},
        {{"-HostName", "a", "-SSHConnection", "{}", "x"}, {"-HostName", "-SSHConnection"}},
        {{"-HostName", "a", "-UseSSL", "x"},
         {"-UseSSL goes with -ComputerName, not with -HostName"}},
        {{"-HostName", "a", "-Credential", "c", "x"},
         {"-Credential", "-ComputerName or -ConnectionUri"}},
        {{"-Cn", "a", "-KeyFilePath", "k", "x"}, {"-KeyFilePath goes with -HostName"}},
        {{"-Cn", "a", "-AllowRedirection", "x"}, {"-AllowRedirection goes with -ConnectionUri"}},
        {{"-CU", "http://a", "-Port", "1", "x"}, {"-Port", "not with -ConnectionUri"}},
        {{"-CU", "http://a", "-UseSSL", "x"}, {"-UseSSL", "-ConnectionUri"}},
        {{"--socket", "s", "-UserName", "u", "x"}, {"-UserName goes with -HostName", "--socket"}},
        {{"-UserName", "u", "x"}, {"-UserName goes with -HostName"}},
        {{"-HostName", "a", "-NoNewScope", "x"}, {"-NoNewScope and -HostName exclude each other"}},
        {{"-HostName", "a", "-StrictMode", "3.0", "x"}, {"-StrictMode and -HostName"}},
        {{"-c", "x", "-FilePath", "f"}, {"-ScriptBlock and -FilePath exclude each other"}},
        {{"-InputObject", "1", "--input", "csv", "x"}, {"-InputObject and --input"}},
        {{"-Cn", "a", "-Cred", "c", "-CertificateThumbprint", "f", "x"},
         {"-Credential and -CertificateThumbprint"}},
        {{"-Cn", "a", "--password-fd", "3", "--password-env", "V", "-Cred", "c", "x"},
         {"--password-env and --password-fd"}},
        {{"-Verbose:maybe", "x"}, {"-Verbose is on or off"}},
        {{"--retry", "-1", "x"}, {"--retry"}},
        {{"--using", "novalue", "x"}, {"--using takes NAME=VALUE"}},
        {{"--using", "a=json:{", "x"}, {"no value"}},
        {{"help", "nothing"}, {"there is no help on nothing"}},
    };
    for (const Row& row : rows) {
        const std::string error = error_of(row.arguments);
        for (const std::string& text : row.texts)
            CHECK_THAT(error, Catch::Contains(text));
    }
    CHECK(error_of({"-AsJob:$false", "x"}).empty());
    CHECK(error_of({"-Cn", "a", "-EnableNetworkAccess", "x"}).empty());
}

TEST_CASE("help, manual page and completions have every option")
{
    const std::string help = icm::help_text();
    const std::string manual = *icm::help_topic("man");
    std::string bash = *icm::help_topic("bash");
    std::replace(bash.begin(), bash.end(), '"', ' ');
    const std::string zsh = *icm::help_topic("zsh");
    const std::string fish = *icm::help_topic("fish");
    for (const icm::Parameter& row : icm::parameters()) {
        const std::string name(row.name);
        const std::string option = "--" + std::string(row.option);
        const std::string shown = row.is_ours ? option : "-" + name;
        INFO(name);
        if (row.section == icm::Section::Lasting) {
            CHECK_FALSE(contains(bash, " " + option + " "));
            CHECK(contains(icm::session_help_text() + icm::job_help_text(), option));
            continue;
        }
        CHECK(contains(manual, icm::manual_text(shown)));
        if (row.section == icm::Section::Refused) continue;
        CHECK(contains(help, "\n  " + shown));
        CHECK(contains(bash, " " + option + " "));
        CHECK(contains(zsh, "'" + option + "["));
        CHECK(contains(fish, " -l " + std::string(row.option) + " "));
        if (row.is_ours) continue;
        CHECK(contains(bash, "-" + name));
        CHECK(contains(zsh, "'-" + name + "["));
        CHECK(contains(fish, " -o " + name + " "));
    }
    for (const icm::HelpTopic& topic : icm::help_topics()) {
        CHECK(contains(help, std::string(topic.name)));
        CHECK(contains(*icm::help_topic(""), std::string(topic.name)));
        CHECK(icm::help_topic(topic.name) == std::string(topic.text));
        CHECK(contains(manual, icm::manual_text(topic.text)));
    }
    CHECK_FALSE(icm::help_topic("nothing"));
}

TEST_CASE("lines of help are as wide as a page and no wider than need be")
{
    const std::string help = icm::help_text();
    for (std::size_t start = 0; start < help.size();) {
        const std::size_t end = help.find('\n', start);
        INFO(help.substr(start, end - start));
        CHECK(end - start <= 104);
        start = end + 1;
    }
    CHECK(icm::wrapped("aa bb cc", 2, 7) == "aa bb\n  cc");
    CHECK(icm::wrapped("abcdefgh ij", 0, 4) == "abcdefgh\nij");
}

TEST_CASE("bash takes the completions and completes with them")
{
    for (const char* program : {"icm", "psrp"}) {
        INFO(program);
        const auto text = tests::run_program({tests::program_path(program), "help", "bash"});
        REQUIRE(text.exit_code == 0);
        const tests::TemporaryFolder folder;
        const std::string file = folder.write("completion", text.output);
        const auto complete = [&](const std::string& words, int index) {
            const std::string script = "source '" + file + "'; COMP_WORDS=(" + words +
                                       "); COMP_CWORD=" + std::to_string(index) + "; _" + program +
                                       "; printf '%s\\n' \"${COMPREPLY[@]}\"";
            const auto result = tests::run_program({"/bin/bash", "-c", script});
            CHECK(result.errors.empty());
            return result.output;
        };
        if (std::string(program) == "icm") {
            CHECK(complete("icm -HostN", 1) == "-HostName\n");
            CHECK(complete("icm --output js", 2) == "json\njsonl\n");
            CHECK(complete("icm -HostName x", 2) == "\n");
        } else {
            CHECK(complete("psrp dec", 1) == "decode\n");
            CHECK(complete("psrp decode --col", 2) == "--color\n");
            CHECK(complete("psrp session --idle", 2) == "--idle-timeout\n");
            CHECK(complete("psrp job --kee", 2) == "--keep\n");
        }
    }
}
