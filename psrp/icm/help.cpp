#include <psrp/icm/help.hpp>

namespace icm {

std::string help_text()
{
    return R"(Usage: icm [TARGETS] [OPTIONS] SCRIPT
       icm [TARGETS] [OPTIONS] -c SCRIPT [-c SCRIPT]...
       icm [TARGETS] [OPTIONS] -FilePath FILE

Runs a PowerShell script on this computer or on others, as Invoke-Command does, and prints the
objects that come back.

Targets
  -HostName [USER@]HOST[:PORT][,...]  computers reached over SSH; may be repeated. Their sshd needs
                                 a PowerShell subsystem: "Subsystem powershell /usr/bin/pwsh -sshs",
                                 or "Subsystem powershell /usr/bin/psrp serve --stdio".
                                 Without it the script runs here.
  -UserName NAME, -l NAME        user for targets that name none
  -Port NUMBER, -p NUMBER        port for targets that name none
  -KeyFilePath FILE, -i FILE     private key for ssh
  -Options KEY=VALUE, -o ...     an option for ssh, as its -o; may be repeated
  -Subsystem NAME                SSH subsystem to ask for (powershell)
  -SSHConnection JSON            a table, or a list of tables, a target each: {"HostName": "web1",
                                 "UserName": "me", "Port": 22, "KeyFilePath": "k", "Subsystem": "s",
                                 "ConnectingTimeout": 5000, "Options": {"Compression": "yes"}}
  -ComputerName NAME[,...]       computers reached over WinRM, see below
  -ConnectionUri URI[,...]       the same by address: https://server:5986/wsman
  -ContainerId ID[,...]          containers, by id or name, with pwsh in them
  -ContainerEngine PROGRAM       what runs them (docker or podman, whichever is on PATH)
  -ProcessId ID, -ProcessName NAME  a running PowerShell of this computer
  -CustomPipeName NAME           the same, by the name it was started with
  --socket PATH                  a server behind a Unix socket, as of "psrp serve --socket PATH"
  --server-command COMMAND       a program that serves on its standard streams: 'pwsh -s',
                                 'kubectl exec -i POD -- pwsh -s'. No shell is involved.
  -ConnectingTimeout MS          milliseconds for a session to open (-1: no limit)
  -ThrottleLimit NUMBER          targets at once (32)
  --endpoint pwsh|embedded|auto  what runs the script here: "pwsh -s", or the small endpoint built
                                 into icm. auto takes pwsh where it is on PATH.

WinRM
  -Port NUMBER, -UseSSL          5985, or 5986 with -UseSSL
  -Authentication SCHEME         Default (Negotiate), Kerberos, Ntlm, Basic (with -UseSSL),
                                 Certificate, Digest. Over HTTP messages are encrypted with what
                                 Negotiate, Kerberos and Ntlm have agreed on.
  -Credential USER               USER, DOMAIN\USER or USER@REALM; without it the Kerberos ticket.
                                 The password is asked for, unless it is in a file (its second
                                 line, behind the user's; or its only one): --credential-file FILE;
                                 in the environment: --password-env NAME; or in an open file:
                                 --password-fd NUMBER.
  -ConfigurationName NAME        session configuration (Microsoft.PowerShell)
  -ApplicationName NAME          last part of the address (wsman)
  -CertificateThumbprint FILE    client certificate: PEM with its key, or PKCS#12;
                                 --certificate-key FILE where the key is elsewhere
  --certificate-authority FILE   who signs the servers' certificates, instead of the system's
  -SessionOption JSON            as New-PSSessionOption has them: '{"SkipCACheck": true,
                                 "IdleTimeout": 7200000, "OutputBufferingMode": "Drop"}'
  -AllowRedirection              go where the server says
  -InDisconnectedSession         start the script, leave it to the server and tell which session it
                                 is in; "psrp session receive" gets its output. -SessionName NAME
  --delegate                     hand the Kerberos ticket on to the server
  --allow-basic-over-http        let everybody on the way see the password

Script
  SCRIPT                         the text to run; quote it for your shell
  -c SCRIPT, -ScriptBlock SCRIPT the same; given several times all run in one session, which keeps
                                 its variables
  -FilePath FILE                 the text of a local file
  -ArgumentList VALUES           arguments for param() or $args: values with commas between them.
                                 1 and 2.5 are numbers; $true, $false and $null what they say;
                                 'a,b' is text; json:TEXT is what the JSON says and takes the rest;
                                 anything else is text. May be repeated.
  -InputObject VALUES            objects for $input, written the same way
  -NoInput, -n                   do not read standard input. Otherwise, where it is a pipe or a
                                 file, its lines are the $input of the (first) script.

Output
  --output FORM                  auto: as PowerShell prints it. table, list: always so. json: what
                                 ConvertTo-Json makes of all objects. jsonl: one value a line. csv:
                                 as ConvertTo-Csv -NoTypeInformation. clixml: one document, as
                                 Export-Clixml writes it. text: as strings. none: nothing.
  --depth N                      levels of objects in json, jsonl and clixml (2)
  --error-view VIEW              concise, normal or category, as $ErrorView has them, or json: one
                                 line a record
  -HideComputerName              do not show which computer an object came from
  --capture FILE                 record the conversation for "psrp decode" (gzip where the name ends
                                 in .gz; a file a target where there are several). Passwords in
                                 credentials and secure strings are masked, unless
                                 --capture-secrets is given.

Errors, warnings and what Write-Host and Write-Information write go to standard error.

Names may be written as in PowerShell (-HostName, any case, shortened, -Port:22) or as
--host-name=VALUE. "--" ends the options.

Exit status: 0 all went well, 1 the script reported errors, 2 the command line is wrong, 3 a target
could not be reached or was lost, 130 interrupted by Ctrl-C.

Examples
  icm 'Get-Process | Select-Object -First 3'
  icm -HostName web1,admin@web2:2222 -KeyFilePath ~/.ssh/id 'Get-Date'
  icm -c '$x = 6' -c '$x * 7'
  icm -HostName web1 -ArgumentList 5,'a b' 'param($n, $name) "$name $n"'
  icm -ComputerName server -Credential me@CORP.EXAMPLE -UseSSL 'Get-Service'
  ls | icm 'Measure-Object'
  icm --output jsonl 'Get-ChildItem /etc' | jq .Name
)";
}

std::string session_help_text()
{
    return R"(Usage: psrp session list    -ComputerName HOST[,...] [OPTIONS]
       psrp session connect SESSION... -ComputerName HOST -c SCRIPT [OPTIONS]
       psrp session receive SESSION... -ComputerName HOST [OPTIONS]
       psrp session remove  SESSION... -ComputerName HOST [OPTIONS]

Sessions that "icm -InDisconnectedSession" has left on servers: which there are; running another
script in one, which is left again; getting the output of what runs in one, which is removed at the
end; removing one with all that runs in it. SESSION is its identifier or its name.

OPTIONS are those of icm for WinRM and for output.
)";
}

std::string version_text()
{
    return "icm " PSRP_VERSION "\n";
}

} // namespace icm
