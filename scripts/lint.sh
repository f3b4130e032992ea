#!/usr/bin/env bash
# Checks the C++: layout with clang-format, then clang-tidy's list of .clang-tidy, each finding an error.
#   scripts/lint.sh             both
#   scripts/lint.sh --format    lay the files out instead
#   LINT_FILES="FILE.cc ..."    clang-tidy looks at these alone
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t all < <(find src test fuzz bench \( -name '*.h' -o -name '*.cc' \) -print | sort)
if [[ "${1:-}" == --format ]]; then
  clang-format-19 -i "${all[@]}"
  exit 0
fi

scripts/setup.sh build test lint
clang-format-19 --dry-run -Werror "${all[@]}" || {
  echo "lint: layout differs from .clang-format; \`make format\` settles it" >&2
  exit 1
}

# clang-tidy reads how each file is compiled from the dev preset. Headers are seen through the files that include them.
scripts/build.sh dev help >/dev/null
if [[ -n "${LINT_FILES:-}" ]]; then
  read -ra files <<<"$LINT_FILES"
else
  mapfile -t files < <(find src test fuzz bench -name '*.cc' -print | sort | grep -Fxf <(
    python3 -c 'import json, os
for entry in json.load(open("build/dev/compile_commands.json")): print(os.path.relpath(entry["file"]))'))
fi
log=build/lint.log
if ! run-clang-tidy-19 -quiet -p build/dev -j "${JOBS:-$(nproc)}" "${files[@]/#/$PWD/}" >"$log" 2>&1; then
  grep -vE '^(\[|clang-tidy-19 |[0-9]+ warnings? |Suppressed |Use -header-filter|$)' "$log" || true
  echo "lint: the findings above are errors; a NOLINT needs a reason beside it" >&2
  exit 1
fi
echo "lint: ${#all[@]} files laid out, ${#files[@]} sources clean"
