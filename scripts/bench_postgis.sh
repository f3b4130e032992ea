#!/usr/bin/env bash
# Joins the standard volumes with PostGIS, for `make bench` to print beside ours. Says nothing where PostGIS is not
# installed; otherwise prints the options that bench/main.cc takes: the seconds (index and join) and the pairs found.
# Its own server, in a temporary folder, on a socket there alone; it ends with this script.
#   scripts/bench_postgis.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[[ -n "$bin" && -x "$bin/initdb" ]] || exit 0
version=$(basename "$(dirname "$bin")")
compgen -G "/usr/share/postgresql/$version/extension/postgis.control" >/dev/null || exit 0

dir=$(mktemp -d)
as_server=()
if [[ $(id -u) -eq 0 ]]; then  # PostgreSQL refuses to run as root
  chown nobody "$dir"
  as_server=(setpriv --reuid nobody --clear-groups env HOME="$dir")
fi
server=
end() {
  if [[ -n "$server" ]]; then
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$dir"
}
trap end EXIT

echo "bench: PostGIS: making a server for this run" >&2
"${as_server[@]}" "$bin/initdb" -D "$dir/data" -U bench --auth trust -N >"$dir/log" 2>&1
# One core for it too; memory as for a machine of 8 GB; no durability, which the others do not have either.
"${as_server[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c shared_buffers=2GB -c work_mem=1GB \
  -c maintenance_work_mem=2GB -c max_parallel_workers=0 -c max_parallel_workers_per_gather=0 \
  -c max_parallel_maintenance_workers=0 -c jit=off -c fsync=off -c full_page_writes=off -c autovacuum=off \
  -c max_wal_size=8GB >>"$dir/log" 2>&1 &
server=$!
ask() { "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir" -U bench -d postgres "$@"; }
for _ in $(seq 100); do
  ask -c 'select 1' >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done

"$1" --export "$dir/volumes"
chmod a+rx "$dir"
chmod a+r "$dir/volumes"
echo "bench: PostGIS: loading" >&2
ask -c 'create extension postgis; create extension btree_gist;' \
    -c 'create unlogged table volumes (id int8, altitudes int8range, times int8range, outline geometry)' \
    -c "copy volumes from '$dir/volumes'"
seconds() { date +%s.%N; }
echo "bench: PostGIS: index" >&2
start=$(seconds)
ask -c 'create index on volumes using gist (outline, altitudes, times)' -c 'analyze volumes'
built=$(seconds)
echo "bench: PostGIS: join" >&2
pairs=$(ask -c 'set enable_hashjoin=off; set enable_mergejoin=off;' -c 'select count(*) from volumes a join volumes b
  on a.outline && b.outline and a.altitudes && b.altitudes and a.times && b.times and a.id < b.id
  where ST_Intersects(a.outline, b.outline)')
joined=$(seconds)
awk -v a="$start" -v b="$built" -v c="$joined" -v pairs="$pairs" 'BEGIN {
  printf "bench: PostGIS: %.1f s for the index, %.1f s to join\n", b - a, c - b > "/dev/stderr"
  printf "--postgis-seconds %.3f --postgis-pairs %d\n", c - a, pairs
}'
