#!/usr/bin/env bash
# quickstart.sh ARGUMENTS...: builds the release programs (installing what is missing with apt) and runs icm with the
# arguments. Quiet unless something goes wrong; the build's output is in build/quickstart.log.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$root/build"
log=$root/build/quickstart.log

build() {
    cd "$root" &&
        .ci/install_packages build &&
        { [ -f build/release/build.ninja ] || configure; } &&
        cmake --build build/release --target bin/icm bin/psrp
}

configure() {
    cmake --preset release -DPSRP_BUILD_TESTS=OFF -DPSRP_BUILD_BENCHMARKS=OFF
}

if ! [ -x "$root/build/release/bin/icm" ]; then
    echo "Building icm; this takes a few minutes the first time ..." >&2
fi
if ! build </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    echo "quickstart.sh: the build failed; its output is above and in $log" >&2
    exit 1
fi
exec "$root/build/release/bin/icm" "$@"
