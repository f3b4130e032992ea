#!/usr/bin/env bash
# Builds and runs the benchmarks; arguments go to the program. Where PostGIS is installed (POSTGIS=1 installs it) and no
# argument asks for another workload, it joins the same volumes first. Then the service is measured over HTTP.
set -euo pipefail
cd "$(dirname "$0")/.."

purposes=(build test bench)
[[ "${POSTGIS:-}" == 1 ]] && purposes+=(postgis)
scripts/setup.sh "${purposes[@]}"
scripts/build.sh bench all

program=build/bench/bench/wideberth_bench
postgis=()
if [[ $# -eq 0 && "${POSTGIS:-}" != 0 ]]; then
  read -ra postgis <<<"$(scripts/bench_postgis.sh "$program")"
fi
"$program" "${postgis[@]}" "$@"

# The service over HTTP, unless an argument asks for something else.
if [[ $# -eq 0 || "$*" == --quick ]]; then
  scripts/bench_http.sh "$@"
fi
