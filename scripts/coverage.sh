#!/usr/bin/env bash
# Runs the tests of the preset coverage and reports which lines of src/ they reach.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh build test coverage
scripts/build.sh coverage all
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -j "${JOBS:-$(nproc)}" >build/coverage/ctest.log 2>&1 || {
  tail -n 40 build/coverage/ctest.log
  exit 1
}
report=build/coverage/report
mkdir -p "$report"
gcovr --root . --filter 'src/' --exclude '.*_test\.cc$' --exclude-throw-branches --exclude-unreachable-branches \
  --object-directory build/coverage --json-summary "$report/summary.json" --html-details "$report/index.html" \
  build/coverage >build/coverage/gcovr.log 2>&1 || { tail -n 20 build/coverage/gcovr.log; exit 1; }
python3 - "$report/summary.json" <<'PYTHON'
import collections, json, sys
lines = collections.defaultdict(lambda: [0, 0])
for file in json.load(open(sys.argv[1]))["files"]:
    for key in (file["filename"].split("/")[1], "all"):
        lines[key][0] += file["line_covered"]
        lines[key][1] += file["line_total"]
print(f"{'module':<10} {'lines':>7} {'reached':>8}")
for module in sorted(lines, key=lambda name: (name == "all", name)):
    covered, total = lines[module]
    print(f"{module:<10} {total:>7} {100 * covered / max(total, 1):>7.1f}%")
PYTHON
echo "pages: $report/index.html"
