#!/usr/bin/env bash
# run.sh [PRESET [BUILD TARGET]]: installs what is missing, configures and builds the preset (release where none is
# given), runs its tests and sums up. With PSRP_RESULTS set, the results are added to that file as well.
set -euo pipefail
exec </dev/null

cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
target=${2:-all}
jobs=${PSRP_JOBS:-$(nproc)}
results=$PWD/build/$preset/results.jsonl
junit=$PWD/build/$preset/tests.xml

.ci/install_packages build test
cmake --preset "$preset"
cmake --build "build/$preset" --target "$target" -j "$jobs"

rm -f "$results" "$junit"
ctest --preset "$preset" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$junit" --test-output-size-passed 65536 --test-output-size-failed 262144 || true
[ -s "$junit" ] || { echo "run.sh: ctest left no results" >&2; exit 1; }
.ci/results junit "$preset" "$junit" "$results"
[ -z "${PSRP_RESULTS:-}" ] || cat "$results" >>"$PSRP_RESULTS"
.ci/results summary "$results"
