#!/usr/bin/env bash
# Builds and runs every program in bench/; arguments go to each. POSTGIS=1 installs PostGIS to compare with.
set -euo pipefail
cd "$(dirname "$0")/.."

purposes=(build test bench)
[[ "${POSTGIS:-}" == 1 ]] && purposes+=(postgis)
scripts/setup.sh "${purposes[@]}"
scripts/build.sh bench all

mapfile -t programs < <(find build/bench/bench -maxdepth 1 -type f -perm -u+x | sort)
if [[ ${#programs[@]} -eq 0 ]]; then
  echo "bench: there are no benchmarks yet" >&2
  exit 1
fi
for program in "${programs[@]}"; do
  echo "== ${program##*/}"
  "$program" "$@"
done
