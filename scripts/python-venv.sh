#!/usr/bin/env bash
# Makes the Python environment DIR with the packages of REQUIREMENTS, unless it is there: scripts/python-venv.sh DIR REQUIREMENTS
set -euo pipefail
dir=$1
requirements=$2

mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock"
flock 9
if [[ -f $dir/requirements.txt ]] && cmp -s "$requirements" "$dir/requirements.txt"; then
  exit 0
fi

for python in python3 /usr/bin/python3 ""; do
  "${python:-false}" -c 'import ensurepip, venv' 2>/dev/null && break
done
if [[ -z $python ]]; then
  echo "venv: no python3 here has the modules venv and ensurepip (Debian: python3-venv)" >&2
  exit 1
fi
rm -rf "$dir"
"$python" -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 3 --timeout 30 \
  --only-binary :all: -r "$requirements"
cp "$requirements" "$dir/requirements.txt"
