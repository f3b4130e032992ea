#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS, starting from its corpus in fuzz/corpus/. New inputs go to build/fuzz-corpus/,
# inputs that fail to build/fuzz-failures/. FUZZ_TARGETS="NAME ..." picks some.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}

scripts/setup.sh build test fuzz
scripts/build.sh fuzz fuzz_targets

read -ra targets <<<"${FUZZ_TARGETS:-$(tr '\n' ' ' <build/fuzz/fuzz/targets.txt)}"
mkdir -p build/fuzz-failures
failed=()
for target in "${targets[@]}"; do
  found=build/fuzz-corpus/$target
  mkdir -p "$found"
  seeds=()
  [[ -d fuzz/corpus/$target ]] && seeds=("fuzz/corpus/$target")
  echo "fuzz: $target, $seconds s; log: build/fuzz-corpus/$target.log"
  if ! "build/fuzz/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="build/fuzz-failures/$target-" "$found" "${seeds[@]}" >"build/fuzz-corpus/$target.log" 2>&1; then
    failed+=("$target")
    tail -n 40 "build/fuzz-corpus/$target.log"
  else
    grep -E 'number_of_executed_units|new_units_added' "build/fuzz-corpus/$target.log" | sed 's/^stat::/  /' || true
  fi
done
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "fuzz: failed: ${failed[*]}; the inputs are in build/fuzz-failures/" >&2
  exit 1
fi
