#!/usr/bin/env bash
# Installs the Debian packages that a purpose needs and the machine lacks. Silent when none is missing.
#
#   scripts/setup.sh PURPOSE...           install what is missing
#   scripts/setup.sh --list PURPOSE...    print the packages, one a line
set -euo pipefail
cd "$(dirname "$0")/.."

# One list for each purpose. The release named is Debian 12; newer ones have the same names.
packages_for() {
  case "$1" in
    build) echo g++ cmake ninja-build pkg-config libs2-dev libabsl-dev libssl-dev libgeographiclib-dev \
                libsimdjson-dev libcsv-dev nlohmann-json3-dev rapidjson-dev libmimalloc-dev libfmt-dev libcli11-dev libprotobuf-dev protobuf-compiler libsqlite3-dev libsodium-dev zlib1g-dev libboost-dev libcjose-dev libjansson-dev libcurl4-openssl-dev libspdlog-dev prometheus-cpp-dev python3-yaml ;;
    test) echo libgtest-dev libgmock-dev librapidcheck-dev python3 python3-venv openssl \
               $(command -v go >/dev/null || echo golang-go ca-certificates) ;;
    fuzz) echo clang-19 libclang-rt-19-dev ;;
    lint) echo clang-format-19 clang-tidy-19 python3 ;;
    bench) echo libbenchmark-dev libgeos-dev libboost-dev ;;
    bench-http) echo nginx-light gnuplot-nox python3 git ;;
    postgis) echo postgresql-15 postgresql-15-postgis-3 ;;
    coverage) echo gcovr ;;
    data) echo python3 python3-pip ;;
    *)
      echo "setup: there is no purpose \"$1\": build test fuzz lint bench bench-http postgis coverage data" >&2
      exit 2
      ;;
  esac
}

list_only=false
if [[ "${1:-}" == --list ]]; then
  list_only=true
  shift
fi

wanted=()
for purpose in "$@"; do
  read -ra words <<<"$(packages_for "$purpose")"
  wanted+=("${words[@]}")
done
if $list_only; then
  printf '%s\n' "${wanted[@]}" | sort -u
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: no apt here, so nothing is installed. Needed, by their Debian names: ${wanted[*]}" >&2
  exit 0  # they may be there under other names: the build says what it does not find
fi

find_missing() {
  # A package is there if it is installed, or if an installed one provides it.
  declare -A have=()
  local status name provides provided
  while IFS=$'\t' read -r status name provides; do
    [[ "$status" == i* ]] || continue
    have["$name"]=1
    for provided in ${provides//,/ }; do have["$provided"]=1; done
  done < <(dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Provides}\n' 2>/dev/null)
  missing=()
  for name in "${wanted[@]}"; do
    [[ -n "${have[$name]:-}" ]] || missing+=("$name")
  done
}

find_missing
[[ ${#missing[@]} -eq 0 ]] && exit 0

run_as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: ${#missing[@]} Debian packages are missing, and installing them needs root. As root, run:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  run_as_root=(sudo)
  [[ -t 0 ]] || run_as_root=(sudo -n)  # nobody is there to type a password
fi
apt() {
  "${run_as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null >>"$log" 2>&1
}

mkdir -p build
log=build/setup.log
: >"$log"
echo "setup: installing ${#missing[@]} Debian packages for $*, once; this takes a minute or two: ${missing[*]}" >&2

# The package lists are refreshed only when they do not know a package, or when installing from them failed.
fresh=false
update() {
  $fresh && return 0
  apt update && fresh=true
}
if [[ $(apt-cache show --no-all-versions "${missing[@]}" 2>/dev/null | grep -c '^Package:') -lt ${#missing[@]} ]]; then
  update || true
fi
for attempt in 1 2 3; do
  if apt install --no-install-recommends "${missing[@]}"; then
    exit 0
  fi
  sleep $((attempt * 3))
  update || true
done

echo "setup: installing failed three times. The end of $log:" >&2
tail -n 15 "$log" >&2
echo "setup: to try by hand: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
exit 1
