#!/usr/bin/env bash
# Checks recorded flights for conflicts with the program built by `make build`; without the recording, a made-up sample.
set -euo pipefail
cd "$(dirname "$0")/.."

file=data/calfire.csv
if ! scripts/fetch-data.sh --patient; then
  file=test/sample/made-up-flights.csv
  echo "run: the recorded flights are not here, so this is the made-up sample $file" >&2
fi

status=0
build/release/wideberth check "$file" || status=$?
# 3 means that conflicts were found: an answer, not a failure.
[[ $status -eq 3 ]] && status=0
exit $status
