#!/usr/bin/env bash
# Three parties declare recorded flights to a service, with the program built by `make build`; without the recording, a
# made-up sample. ONCE=1 ends after the story, otherwise the service goes on until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

file=data/calfire.csv
if ! scripts/fetch-data.sh --patient; then
  file=test/sample/made-up-flights.csv
  echo "run: the recorded flights are not here, so this is the made-up sample $file" >&2
fi

once=()
[[ -n "${ONCE:-}" && "${ONCE:-}" != 0 ]] && once=(--once)
exec build/release/wideberth demo "$file" --receipt build/demo-receipt.json "${once[@]}"
