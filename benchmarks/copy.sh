#!/bin/sh
# psrp copy beside scp, both through an sshd of their own on the loopback: one big file and many small ones, both ways.
# Usage: copy.sh PSRP [MEBIBYTES [FILES [OTHER_PSRP]]]. Prints seconds, and what the client's memory grew to; of two
# psrps, each with itself at the far side, so that a change can be measured in one run.
set -eu
psrp=$(realpath "$1")
mebibytes=${2:-1024}
files=${3:-10000}
other_psrp=${4:+$(realpath "$4")}
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"

ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f key
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > sshd_config <<END
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
AuthorizedKeysFile $folder/key.pub
PidFile none
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
Subsystem powershell $psrp serve --stdio
Subsystem other ${other_psrp:-$psrp} serve --stdio
END
mkdir -p /run/sshd 2>/dev/null || true
"$(command -v sshd || echo /usr/sbin/sshd)" -D -f sshd_config 2> sshd.log &
server=$!
options="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i $folder/key"
until ssh $options -p "$port" 127.0.0.1 true 2> /dev/null; do sleep 0.1; done

head -c "${mebibytes}M" /dev/urandom > big
mkdir small
python3 - "$files" <<END
import os, sys
for i in range(int(sys.argv[1])):
    folder = f"small/{i // 100}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{i}", "wb") as file:
        file.write(os.urandom(i % 4096))
END

measure() { # name, what has to be the same afterwards, command
    name=$1 one=$2 other=$3
    shift 3
    python3 - "$name" "$@" <<'END'
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[2:])
seconds = time.monotonic() - start
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"{sys.argv[1]:24} {seconds:8.2f} s   {memory:5} MiB   exit {done.returncode}", flush=True)
END
    diff -r "$one" "$other"
    rm -rf "$other"
}
copy="-HostName 127.0.0.1 -Port $port -KeyFilePath $folder/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
for what in big small; do
    measure "scp, $what, up" $what up scp -q -r $options -P "$port" $what "127.0.0.1:$folder/up"
    measure "psrp copy, $what, up" $what up "$psrp" copy $copy $what ":$folder/up"
    test -z "$other_psrp" ||
        measure "other psrp, $what, up" $what up "$other_psrp" copy $copy -Subsystem other $what ":$folder/up"
    measure "scp, $what, down" $what down scp -q -r $options -P "$port" "127.0.0.1:$folder/$what" down
    measure "psrp copy, $what, down" $what down "$psrp" copy $copy ":$folder/$what" down
    test -z "$other_psrp" ||
        measure "other psrp, $what, down" $what down "$other_psrp" copy $copy -Subsystem other ":$folder/$what" down
done
