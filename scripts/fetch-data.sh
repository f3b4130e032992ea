#!/usr/bin/env bash
# Fetches recorded flights into data/ and writes them as CSV. Once: a second run finds them there.
#
#   scripts/fetch-data.sh             fetch now
#   scripts/fetch-data.sh --patient   the same, but within an hour of a failure do not try again
#
# Exit code: 0 when the data is there, 1 when not (it says why).
set -euo pipefail
cd "$(dirname "$0")/.."

# The recordings are samples that the Python package `traffic` ships. The package itself is not installed.
readonly VERSION=2.13
readonly WHEEL=traffic-$VERSION-py3-none-any.whl
readonly SHA256=5e0cd61d931d03103294361542188f08f959a55e862d5cba80ab61291021e66c
readonly SAMPLES=(firefighting/calfire collections/quickstart collections/switzerland)

# The stamp names the wheel and the converter, so that a change of either writes the CSV again.
stamp=data/.fetched
failed=data/.fetch-failed
wanted_stamp="$SHA256 $(sha256sum scripts/tracks_to_csv.py | cut -d' ' -f1)"
if [[ -f $stamp && "$(<"$stamp")" == "$wanted_stamp" ]]; then
  exit 0
fi
if [[ "${1:-}" == --patient && -n "$(find "$failed" -mmin -60 2>/dev/null)" ]]; then
  echo "data: fetching failed less than an hour ago ($(head -n 1 "$failed")); \`make data\` tries again" >&2
  exit 1
fi

fail() {
  mkdir -p data
  echo "$1" >"$failed"
  echo "data: $1" >&2
  exit 1
}

# A python3 with pip: the first on the path or Debian's own.
find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      python=$candidate
      return 0
    fi
  done
  return 1
}

have_samples=true
for sample in "${SAMPLES[@]}"; do
  [[ -f data/$(basename "$sample").json.gz ]] || have_samples=false
done

if ! $have_samples; then
  find_python || { scripts/setup.sh data && find_python; } || fail "there is no Python with pip to fetch them with"
  echo "data: fetching recorded flights (the package traffic $VERSION from the Python package index, 28 MB, once)" >&2
  mkdir -p data
  work=$(mktemp -d data/.fetch.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  if ! timeout 300 "$python" -m pip download --quiet --disable-pip-version-check --no-input --retries 3 --timeout 30 \
      --no-deps --only-binary :all: -d "$work" "traffic==$VERSION" >"$work/log" 2>&1; then
    tail -n 3 "$work/log" >&2
    fail "the package traffic $VERSION could not be downloaded"
  fi
  got=$(sha256sum "$work/$WHEEL" | cut -d' ' -f1) || fail "the download holds no $WHEEL"
  [[ "$got" == "$SHA256" ]] || fail "$WHEEL is not the file we know: its SHA-256 is $got, not $SHA256; it is not used"
  "$python" - "$work/$WHEEL" "${SAMPLES[@]}" <<'PYTHON' || fail "$WHEEL could not be unpacked"
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for sample in sys.argv[2:]:
        path = f"data/{os.path.basename(sample)}.json.gz"
        with open(path + ".part", "wb") as out:
            out.write(wheel.read(f"traffic/data/samples/{sample}.json.gz"))
        os.replace(path + ".part", path)
PYTHON
fi

for sample in "${SAMPLES[@]}"; do
  name=$(basename "$sample")
  python3 scripts/tracks_to_csv.py "$name" "data/$name.json.gz" "data/$name.csv" || fail "data/$name.json.gz could not be read"
done
rm -f "$failed"
echo "$wanted_stamp" >"$stamp"
