#!/usr/bin/env bash
# Builds and runs every test; ctest's summary comes last.
#   SAN=           the preset dev, and each fuzz target for some seconds on its corpus
#   SAN=address    the preset asan (address and undefined behaviour)
#   SAN=thread     the preset tsan
set -euo pipefail
cd "$(dirname "$0")/.."

case "${SAN:-}" in
  "") preset=dev ;;
  address) preset=asan ;;
  thread) preset=tsan ;;
  *)
    echo "test: SAN is address, thread or nothing, not \"$SAN\"" >&2
    exit 2
    ;;
esac

if [[ $preset == dev ]]; then
  scripts/setup.sh build test fuzz
else
  scripts/setup.sh build test
fi
scripts/build.sh "$preset" all

# One ctest run over the trees, so that one summary counts everything.
trees=("$PWD/build/$preset")
if [[ $preset == dev ]]; then
  scripts/build.sh fuzz fuzz_targets
  trees+=("$PWD/build/fuzz/fuzz")
fi
together=build/test-$preset
mkdir -p "$together"
printf 'subdirs("%s")\n' "${trees[@]}" >"$together/CTestTestfile.cmake"
ctest --test-dir "$together" --output-on-failure --no-tests=error -j "${JOBS:-$(nproc)}" \
  --output-junit "$PWD/$together/results.xml" | grep --line-buffered -vE '^ +Start +[0-9]+: '
