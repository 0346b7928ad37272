#include <psrp/icm/help.hpp>

#include <array>

namespace icm {

namespace {

constexpr std::string_view targets_text =
    R"(A target is [USER@]HOST[:PORT]; an IPv6 address stands in brackets where a port follows: [::1]:22.
Several have commas between them, or the parameter is repeated. They are contacted in this order,
and one that is named twice is contacted twice.

  icm -HostName web1,admin@web2:2222 SCRIPT
  icm -HostName @servers.txt SCRIPT        a name a line; empty lines and # comments are left out
  lookup | icm -HostName - SCRIPT          the same from standard input, also written @-
  icm --hosts-file hosts -HostName @web SCRIPT
  icm --hosts-file hosts --group web,db SCRIPT

A hosts file has groups:

  gateway.example        # in no group
  [web]
  web1
  admin@web2:2222
  [all-web]
  @web                   # the names of another group
  web3

@all stands for every name in the file. -ComputerName, -ConnectionUri and -ContainerId take lists,
files and groups in the same way.

-ComputerName localhost, or ., is this computer, unless a credential or another parameter of WinRM
is given. One command takes one kind of computers: -HostName, -SSHConnection, -ComputerName,
-ConnectionUri and -ContainerId exclude each other.

At most -ThrottleLimit targets are at work at once (32). --target-timeout and --timeout end what
takes too long; --retry tries those again that failed before they wrote anything; --fail-fast gives
up at the first failure; --summary tells at the end what became of each.
)";

constexpr std::string_view scripts_text =
    R"(SCRIPT is the text of a script block. Quote it for your shell, in single quotes above all, so that
$names stay PowerShell's. With -c given several times all run in one session, one after the other,
which keeps its variables. -FilePath sends the text of a local file.

-ArgumentList binds values to param() or $args by position. --using NAME=VALUE gives $using:NAME a
value; $using:env:NAME is a variable of the environment here. Values are written so:

  5 -1 2.5 1e3            numbers
  $true $false $null      what they say
  'a,b' "a"               text, a doubled quote stands for one
  json:{"a": [1, 2]}      what the JSON says; takes the rest of the list
  textfile:PATH           the text of a file
  credential:PATH         a PSCredential: user and password, the two lines of a file of mode 600
  anything else           text
)";

constexpr std::string_view input_text =
    R"(Where standard input is a pipe or a file, it is the $input of the (first) script, on every target.
--input says what it is:

  lines    each line is a text (without --input, too)
  json     a value, or the values of an array
  jsonl    a value a line, as they come
  csv      an object a row, as ConvertFrom-Csv makes them
  clixml   what Export-Clixml writes

-InputObject gives values on the command line, -NoInput none. A script that is one pipeline and does
not mention $input gets it at its beginning: ls | icm 'Measure-Object'.
)";

constexpr std::string_view output_text =
    R"(--output auto prints objects as PowerShell does: the first one decides, a table up to four
properties, a list above. Objects of other computers say which one in PSComputerName, unless
-HideComputerName is given. table and list make it always so.

json is what ConvertTo-Json makes of all objects, jsonl a value a line, csv what ConvertTo-Csv
-NoTypeInformation writes, clixml one document as of Export-Clixml, text each object as a string.
--depth limits levels of objects in json, jsonl and clixml.

On a terminal there are bars for the progress that scripts report and, with several targets, a line
that counts them; --no-progress leaves both out. NO_COLOR in the environment leaves colours out.
)";

constexpr std::string_view errors_text =
    R"(What goes wrong is written to standard error as PowerShell words it, with the target's name where
there are several. One target that fails does not stop the others, also not by throw.

--error-view concise, normal, category or json chooses the form. -ErrorAction SilentlyContinue hides
errors, -ErrorAction Stop and --fail-fast end the run. -WarningAction and -InformationAction
SilentlyContinue hide warnings and information; -Verbose and -Debug let a script's Write-Verbose and
Write-Debug write, -Verbose:$false hides what is written anyway.

--summary prints a table at the end. Its states: Completed; Failed, the script ended by an error;
Broken, not reached or lost; TimedOut; Stopped, by Ctrl-C or --fail-fast; NotStarted; Disconnected,
left to the server.
)";

constexpr std::string_view credentials_text =
    R"(Over SSH, ssh logs in: with keys, its agent, or by asking. Over WinRM, -Credential names the user:
USER, DOMAIN\USER or USER@REALM. Without it the ticket of kinit is used. The password is asked for
on the terminal, or is

  --credential-file FILE       in a file that nobody else may read: user and password, a line each,
                               or the password alone
  --systemd-credential NAME    the same in the service's credentials (LoadCredential=)
  --password-env NAME          in the environment; it is taken out of it for children
  --password-fd NUMBER         in an open file: --password-fd 3 3<secret

It is never on the command line, where others can read it, and is overwritten after its last use.
)";

constexpr std::string_view ssh_text =
    R"(icm starts ssh, with your configuration, keys and agent. The computer's sshd needs a subsystem:

  Subsystem powershell /usr/bin/pwsh -sshs
  Subsystem powershell /usr/bin/psrp serve --stdio

-UserName, -Port, -KeyFilePath, -Subsystem and -Options (-o KEY=VALUE) go to ssh for targets that do
not say otherwise. -SSHConnection gives each target its own in JSON. ssh -v shows why it will not:
icm -o LogLevel=DEBUG.
)";

constexpr std::string_view winrm_text =
    R"(-ComputerName reaches Windows, and "psrp serve --winrm", on port 5985, or 5986 with -UseSSL.
Authentication is Negotiate (Kerberos, then NTLM) unless -Authentication says otherwise; over HTTP
all messages are encrypted with it. Basic needs -UseSSL.

-Authentication Credssp delegates: it hands your user name and password to the server, which can
then be you anywhere. It is for scripts that go on to a third computer; use it with servers that you
would trust with the password. The server is proven to be who you log in to before the password
leaves. Servers whose CredSSP is older than version 5 can be impersonated and are refused; the
session option CredSspVersionMin lowers that. Kerberos with --delegate hands over a ticket that
expires instead.

-SessionOption takes the names of New-PSSessionOption as JSON: '{"SkipCACheck": true}'. Streams are
compressed where the server can, unless it says NoCompression. A proxy is the
one of the environment, where ProxyAccessType is not None; ProxyCredential names a file like that of
--credential-file.

A network that fails is waited for, four minutes long; then the session is disconnected, and can be
connected. MaxConnectionRetryCount says how often a connection is tried that does not come about.

-InDisconnectedSession leaves the script to the server; "psrp session" lists, connects, receives and
removes what was left.
)";

constexpr std::string_view sessions_text =
    R"(Without more each command has sessions of its own, which end with it. "psrp session new" opens one
that stays, here, over SSH, over WinRM or behind a socket:

  psrp session new web1 admin@web.example
  psrp session new db -ComputerName db.example -Credential me@CORP.EXAMPLE
  icm -Session web1 '$x = 1'
  icm -Session web1 '$x'
  icm -Session web1,db 'Get-Date'
  psrp session list
  psrp session remove web1 db

A process behind it holds the session until it is removed, nobody has used it for two hours
(--idle-timeout SECONDS) or the user's processes end. Its socket lies below XDG_RUNTIME_DIR, for this
user alone; all terminals of the user see the same sessions. Several commands may use one session at
once; it runs their scripts one after the other. A command that is killed takes its script with it,
and not the session. When the computer is lost, the session is Broken and the next command says so.

Over WinRM "psrp session disconnect NAME" leaves the session to the server, and "psrp session connect
NAME" takes it up again, also after a restart. See "psrp session --help".
)";

constexpr std::string_view jobs_text =
    R"(-AsJob, or -JobName NAME, puts the run behind the command, which prints the job and ends:

  icm -HostName web1,web2 -JobName check -FilePath ./check.ps1
  psrp job list
  psrp job wait check
  psrp job receive check
  psrp job remove check

What the targets write is kept until it is received; secure strings among it are kept as empty ones.
A job has no terminal: ssh cannot ask it for a password, and scripts cannot ask anything. Where ssh
would, open sessions first and give -Session.
See "psrp job --help".
)";

constexpr std::string_view exit_status_text = R"(0     all went well
1     a script reported an error, or ended by one; or output could not be written
2     the command line is wrong; nothing has been run
3     a target could not be reached, was lost, or had no more time
130   interrupted by Ctrl-C

Of several the last one in this list counts.
)";

constexpr std::string_view examples_text = R"(A script file on a server, and a command
  icm -HostName server01 -FilePath ./disk.ps1
  icm -HostName server01 'Get-Culture'

Several commands in one session
  icm -HostName server01 -c '$p = Get-Process' -c '$p | Measure-Object'

Several computers, this one among them
  icm -ComputerName server01,server02,localhost 'Get-Date'

The version on all computers of a file, kept as JSON
  icm -HostName @machines.txt --output json '$PSVersionTable.PSVersion' >versions.json

Values of this side
  icm -HostName server01 --using log=System 'Get-WinEvent -LogName $using:log -MaxEvents 5'
  icm -HostName server01 -ArgumentList 'a*' 'param($name) Get-Process $name'

Objects of a file
  icm -HostName server01 --input csv '$input | Where-Object Size -gt 10' <files.csv

WinRM by address, without looking at certificates
  icm -ConnectionUri https://server01:5986/wsman -Authentication Basic -Credential me 'Get-Date'
  icm -ComputerName server01 -UseSSL -SessionOption '{"SkipCACheck":true,"SkipCNCheck":true}' hostname

State that stays between commands, and a job in it
  psrp session new server01 me@server01
  icm -Session server01 '$p = Get-Process'
  icm -Session server01 -JobName count '$p | Measure-Object'
  psrp job wait count && psrp job receive count

A long run in sessions that are left to the servers
  icm -ComputerName @machines.txt -InDisconnectedSession -FilePath ./long.ps1
  psrp session list -ComputerName server01

SSH as ssh does it
  icm -HostName me@server01 -KeyFilePath ~/.ssh/id -o Compression=yes 'Get-Process'
  icm -SSHConnection '[{"HostName": "a", "Port": 22}, {"HostName": "b", "UserName": "me"}]' hostname
)";

constexpr std::array<HelpTopic, 12> topics = {{
    {"targets", "lists, files and groups of targets", targets_text},
    {"scripts", "scripts and their values", scripts_text},
    {"input", "objects from standard input", input_text},
    {"output", "forms of output", output_text},
    {"errors", "errors and other streams", errors_text},
    {"credentials", "users and passwords", credentials_text},
    {"ssh", "computers behind ssh", ssh_text},
    {"winrm", "computers behind WinRM", winrm_text},
    {"sessions", "sessions that stay open between commands", sessions_text},
    {"jobs", "runs that go on behind the command", jobs_text},
    {"exit-status", "exit status", exit_status_text},
    {"examples", "examples", examples_text},
}};

} // namespace

std::span<const HelpTopic> help_topics()
{
    return topics;
}

} // namespace icm
