#!/usr/bin/env bash
# Configures a preset if that was not done yet, and builds the targets named: scripts/build.sh PRESET TARGET...
# Prints compiler messages and, on a terminal, progress; otherwise nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift

dir=build/$preset
if [[ ! -f $dir/build.ninja ]]; then
  mkdir -p "$dir"
  echo "build: the first build of \"$preset\" takes a few minutes, later ones seconds" >&2
  if ! cmake --preset "$preset" >"$dir/configure.log" 2>&1; then
    cat "$dir/configure.log" >&2
    exit 1
  fi
fi

build() {
  cmake --build "$dir" ${JOBS:+-j "$JOBS"} --target "$@"
}
if [[ -t 1 ]]; then
  build "$@"
else
  build "$@" -- --quiet | { grep -v '^ninja: no work to do\.$' || true; }
fi
