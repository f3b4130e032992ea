#!/usr/bin/env bash
# Measures `wideberth serve` with `wideberth bench http`, and nginx with a static answer beside it, and prints a table.
#   scripts/bench_http.sh [--quick] [--seconds N]     --quick: about 10 s in all, to see that all works
# Tables, JSON and plots go to build/bench-http/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test bench-http
scripts/build.sh release wideberth
exec python3 scripts/bench_http.py build/release/wideberth build/bench-http "$@"
