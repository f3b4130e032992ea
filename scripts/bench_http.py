#!/usr/bin/env python3
"""Measures `wideberth serve` over HTTP, with nginx as baseline, and prints a table: what, ours, target, a baseline, verdict.

  bench_http.py WIDEBERTH FOLDER [--quick] [--seconds N] [--only PART]

The store lies in FOLDER, so FOLDER decides which disk is measured. Servers listen on loopback only and are ended at the end.
"""
import argparse
import collections
import datetime
import http.client
import json
import os
import re
import resource
import select
import shutil
import socket
import subprocess
import sys
import time

SPREAD_PER_S, SPREAD_P99_MS = 15_000, 10
OVERLAPPING_PER_S = 10_000  # of intents accepted, each by its second PUT
HALF_P99_MS = 5             # at half of SPREAD_PER_S, fixed arrivals
QUERY_PER_S = 15_000
GROWTH = 1.3                # CPU a request with 1,000,000 references, of that with 10,000
OVERLOAD_USEFUL = 0.8       # of the peak, at three times the peak
FLOODED_P99 = 3             # a party's p99 while another floods, of without
IDLE_CONNECTIONS, IDLE_MB = 10_000, 100
DRIVER_PER_S, DRIVER_CPU_US = 60_000, 15
LEDGER_TIMES = 1.5          # a PUT with the ledger, of one without it
DECLARE_TIMES = 2           # a declaration with ledger and notices, of a plain PUT
LISTENERS, LISTENED_PER_S = 10_000, 1_000
LISTENED_P99_MS = 100       # from the 201 until the listener has the notice
LISTENER_BYTES = 20_000
OIR = "/dss/v1/operational_intent_references"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Server:
    """`wideberth serve` with an empty store."""

    def __init__(self, program, folder, *arguments, name="data"):
        self.data = os.path.join(folder, name)
        shutil.rmtree(self.data, ignore_errors=True)
        self.process = subprocess.Popen(
            [program, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--public-key", os.path.join(folder, "key.pub.pem"),
             "--audience", "127.0.0.1", "--log-level", "info", *arguments], stderr=subprocess.PIPE)
        text, end = b"", time.monotonic() + 30
        while not (found := re.search(rb'listening url="(http://127\.0\.0\.1:\d+)"', text)):
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            if not part:
                self.process.kill()
                sys.exit("bench: the server did not start: " + text.decode(errors="replace"))
            text += part
        self.url = found.group(1).decode()

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1000

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.data, ignore_errors=True)


class Nginx:
    """One worker that answers a PUT and a query with fixed texts."""

    def __init__(self, folder, created, found):
        self.folder = os.path.abspath(os.path.join(folder, "nginx"))
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        temporary = "\n".join(f"  {kind}_temp_path {self.folder}/{kind};" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # A parameter in its configuration has at most 4 KiB, so a longer text is put together.
        parts = [found[i:i + 3000] for i in range(0, len(found), 3000)]
        sets = " ".join(f"set $part{i} '{part}';" for i, part in enumerate(parts))
        whole = "".join(f"${{part{i}}}" for i in range(len(parts)))
        configuration = os.path.join(self.folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(f"""worker_processes 1;
daemon off;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  default_type application/json;
{temporary}
  server {{
    listen 127.0.0.1:{self.port};
    location / {{ return 201 '{created}'; }}
    location = {OIR}/query {{ {sets} return 200 "{whole}"; }}
  }}
}}
""")
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, "-e", f"{self.folder}/error.log", "-c", configuration])
        self.url = f"http://127.0.0.1:{self.port}"
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        sys.exit("bench: nginx did not start: see " + self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
        self.commit = commit.stdout.strip()
        self.plots = shutil.which("gnuplot") is not None

    def key(self):
        return os.path.join(self.folder, "key.pem")

    def start(self, name, url, *arguments):
        """A run of the driver in the background."""
        return subprocess.Popen([self.program, "bench", "http", "--base", url, "--token-key", os.path.join(self.folder, "key.pem"),
                                 "--json", os.path.join(self.folder, name) + ".json", "--commit", self.commit,
                                 *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def figures(self, name):
        with open(os.path.join(self.folder, name) + ".json") as file:
            return json.load(file)

    def run(self, name, url, *arguments, refusals=False, token_key=True):
        """The figures of one run of the driver. With `refusals`, 429 and 503 are what is to come."""
        path = os.path.join(self.folder, name)
        command = [self.program, "bench", "http", "--base", url, *(["--token-key", self.key()] if token_key else []),
                   "--json", path + ".json", "--commit", self.commit, *map(str, arguments)]
        if self.plots:
            command += ["--svg", path + ".svg"]
        done = subprocess.run(command, capture_output=True, text=True)
        with open(path + ".txt", "w") as file:
            file.write(done.stdout)
        if done.returncode != 0 and not refusals:
            sys.exit(f"bench: {name} failed ({' '.join(command)}):\n{done.stdout}{done.stderr}")
        return self.figures(name)


def growth(bench, table, notes, sizes, how_long):
    """What a durable PUT costs with few and with many references live, and a plot of it."""
    rows = []
    for size in sizes:
        say(f"spread, {size} references live")
        with Server(bench.program, bench.folder) as server:
            bench.run(f"fill-{size}", server.url, "--workload", "spread", "--requests", size, "--warmup-s", 0, "--clients", 64)
            before_s = server.cpu_s()
            figures = bench.run(f"spread-{size}", server.url, "--workload", "spread", *how_long)
            asked = figures["all_requests"]["count"] + figures["warmup_requests"]
            rows.append((size, 1e6 * (server.cpu_s() - before_s) / asked, figures["all_requests"]["per_s"],
                         figures["all_requests"]["p99_ms"], server.resident_mb()))
    table.add(f"growth: CPU a PUT, {sizes[-1]:,} references of {sizes[0]:,}", rows[-1][1] / rows[0][1], "x", GROWTH, True)
    notes += [f"growth: {size:,} references live: {cpu_us:.1f} us of CPU a PUT, {per_s:.0f}/s, p99 {p99_ms:.2f} ms, {mb:.0f} MB of "
              "memory at the end" for size, cpu_us, per_s, p99_ms, mb in rows]
    if bench.plots:
        data = os.path.join(bench.folder, "growth.dat")
        with open(data, "w") as file:
            file.writelines(" ".join(map(str, row)) + "\n" for row in rows)
        subprocess.run(["gnuplot", "-e", f"set terminal svg size 800,480 background 'white'; "
                        f"set output '{os.path.join(bench.folder, 'growth.svg')}'; set logscale x; set yrange [0:*]; set grid; "
                        "set xlabel 'references live'; set ylabel 'us of CPU a durable PUT'; set key off; "
                        f"plot '{data}' using 1:2 with linespoints pointtype 7"], check=True)


def overload(bench, table, notes, peak_per_s, seconds):
    """Three times what it can: how much of its useful work is left, what the excess is told, and how soon it is over."""
    say("overload: three times the peak, 2,000 connections")
    how_long = ["--duration-s", seconds, "--warmup-s", 2]
    with Server(bench.program, bench.folder) as server:
        peak = bench.run("overload-peak", server.url, "--workload", "spread", "--clients", 256, *how_long)
        useful_peak = peak["intents_accepted"]["per_s"]
        flooded = bench.run("overload", server.url, "--workload", "spread", "--clients", 2000, "--rate", 3 * useful_peak,
                            *how_long, refusals=True)
        after = bench.run("overload-after", server.url, "--workload", "spread", "--rate", useful_peak / 4, "--duration-s", 1,
                          "--warmup-s", 0)
    useful = flooded["intents_accepted"]["per_s"]
    table.add("overload: accepted at 3 x the peak, of the peak", useful / useful_peak, "x", OVERLOAD_USEFUL)
    table.add("overload: p99 in the second after it", after["all_requests"]["p99_ms"], "ms", 10 * HALF_P99_MS, True)
    statuses = collections.Counter()
    for kind in flooded["requests"].values():
        statuses.update(kind["statuses"])
    notes.append(f"overload: peak {useful_peak:.0f}/s with 256 clients; at 3 x that {useful:.0f}/s accepted; statuses {dict(statuses)}")


def flood(bench, table, notes, peak_per_s, seconds):
    """What a party with 200 requests a second notices of another that floods."""
    say("one party's flood, another's p99")
    quiet = ["--workload", "spread", "--center", "10,100", "--clients", 16, "--rate", 200, "--subject", "quiet", "--duration-s", seconds, "--warmup-s", 1]
    with Server(bench.program, bench.folder) as server:
        # The machine is as busy without the flood: with another party's load that the server bears.
        alone = bench.run("quiet-alone", server.url, *quiet)
        loaded = bench.start("loaded", server.url, "--workload", "spread", "--subject", "other", "--clients", 64, "--rate",
                             peak_per_s / 2, "--duration-s", seconds + 3, "--warmup-s", 0)
        time.sleep(1)
        beside = bench.run("quiet-beside", server.url, *quiet)
        loaded.wait()
        flooding = bench.start("flooding", server.url, "--workload", "spread", "--subject", "flood", "--clients", 1000, "--rate",
                               3 * peak_per_s, "--duration-s", seconds + 3, "--warmup-s", 0)
        time.sleep(1)
        flooded = bench.run("quiet-flooded", server.url, *quiet)
        flooding.wait()
    p99 = [figures["all_requests"]["p99_ms"] for figures in (alone, beside, flooded)]
    table.add("flood: another party's p99, of beside half the peak", p99[2] / p99[1], "x", FLOODED_P99, True)
    notes.append(f"flood: p99 of a party with 200 PUT/s: {p99[0]:.2f} ms alone, {p99[1]:.2f} ms beside one with half of what the "
                 f"server can, {p99[2]:.2f} ms beside one that asks for three times of it")


def idle(bench, table, notes):
    say(f"{IDLE_CONNECTIONS} idle connections")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE_CONNECTIONS + 100:
        notes.append(f"idle connections: left out, this machine allows {hard} open files")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE_CONNECTIONS + 100), hard))
    with Server(bench.program, bench.folder) as server:
        before = server.resident_mb()
        host, port = server.url.removeprefix("http://").split(":")
        connections = []
        for _ in range(IDLE_CONNECTIONS):
            connections.append(socket.create_connection((host, int(port)), 10))
            connections[-1].sendall(b"GET /healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        answered = sum(b" 200 " in connection.recv(4096) for connection in connections)
        took = server.resident_mb() - before
        for connection in connections:
            connection.close()
    if answered != IDLE_CONNECTIONS:
        sys.exit(f"bench: of {IDLE_CONNECTIONS} connections {answered} were answered")
    table.add(f"{IDLE_CONNECTIONS:,} idle connections: memory", took, "MB", IDLE_MB, True)


def median(values):
    return sorted(values)[(len(values) - 1) // 2]


def ledger(bench, table, notes, seconds, rounds):
    """The same PUTs to a server with the ledger and to one without it, by turns."""
    say("spread, with and without the ledger")
    got = {"on": [], "off": []}
    with Server(bench.program, bench.folder, "--ledger", "on", name="data-on") as on, \
            Server(bench.program, bench.folder, "--ledger", "off", name="data-off") as off:
        for i in range(rounds):
            for name, server in sorted({"on": on, "off": off}.items(), reverse=i % 2 == 1):
                before_s = server.cpu_s()
                figures = bench.run(f"ledger-{name}-{i}", server.url, "--workload", "spread", "--duration-s", seconds,
                                    "--warmup-s", min(1, seconds / 4))
                asked = figures["all_requests"]["count"] + figures["warmup_requests"]
                got[name].append((figures["all_requests"]["per_s"], figures["all_requests"]["p99_ms"],
                                  1e6 * (server.cpu_s() - before_s) / asked))
    pairs = list(zip(got["on"], got["off"]))
    table.add("ledger: PUT answered without it, of with it", median([off[0] / on[0] for on, off in pairs]), "x", LEDGER_TIMES, True)
    table.add("ledger: PUT, p99 with it, of without it", median([on[1] / off[1] for on, off in pairs]), "x", LEDGER_TIMES, True)
    table.add("ledger: CPU a PUT with it, of without it", median([on[2] / off[2] for on, off in pairs]), "x", LEDGER_TIMES, True)
    for name, rows in got.items():
        per_s, p99_ms, cpu_us = (median(column) for column in zip(*rows))
        notes.append(f"ledger {name}: {per_s:.0f} PUT/s, p99 {p99_ms:.2f} ms, {cpu_us:.1f} us of CPU in the server for each "
                     f"(medians of {rounds} rounds)")


def declarations(bench, table, notes, seconds, rounds):
    """What parties declare with tokens of their own, of what a plain PUT costs, by turns on one server with the ledger."""
    say("declarations and PUTs")
    parties = []
    for i in range(8):
        key = os.path.join(bench.folder, f"party{i}.key")
        for old in (key, key + ".pub"):
            if os.path.exists(old):
                os.remove(old)
        subprocess.run([bench.program, "keygen", key], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        parties.append((f"party{i}", key))
    registered = [word for name, key in parties for word in ("--party", f"{name}={key}.pub")]
    as_parties = [word for name, key in parties for word in ("--party", f"{name}={key}")]
    # Each kind has a country of its own in each round: none meets what another left.
    def center(latitude, i):
        return f"{latitude},{-170 + 20 * i}"

    as_providers = [word for name, _ in parties for word in ("--subject", name)]
    kinds = {"put": ["--workload", "spread", *as_providers],
             "declare": ["--workload", "declare", "--audience", "127.0.0.1", *as_parties],
             "declare-noticed": ["--workload", "declare", "--override-share", 0.2, "--audience", "127.0.0.1", *as_parties]}
    latitudes = {"put": 47, "declare": 10, "declare-noticed": -30}
    got = {kind: [] for kind in kinds}
    told = 0
    with Server(bench.program, bench.folder, *registered) as server:
        for i in range(rounds):
            for kind in sorted(kinds, reverse=i % 2 == 1):
                before_s = server.cpu_s()
                figures = bench.run(f"{kind}-{i}", server.url, *kinds[kind], "--center", center(latitudes[kind], i), "--duration-s", seconds,
                                    "--warmup-s", min(1, seconds / 4), token_key=kind == "put")
                asked = figures["all_requests"]["count"] + figures["warmup_requests"]
                got[kind].append((figures["all_requests"]["p50_ms"], figures["all_requests"]["per_s"],
                                  1e6 * (server.cpu_s() - before_s) / asked, figures["all_requests"]["p99_ms"]))
                told += figures["conflicts"]["overridden"]
    names = {"declare": "declare", "declare-noticed": "declare, 20 % of them over another's intent"}
    for kind, name in names.items():
        pairs = list(zip(got[kind], got["put"]))
        table.add(f"{name}: p50, of a PUT's", median([ours[0] / put[0] for ours, put in pairs]), "x", DECLARE_TIMES, True)
        table.add(f"{name}: PUT answered, of these", median([put[1] / ours[1] for ours, put in pairs]), "x", DECLARE_TIMES, True)
        table.add(f"{name}: CPU, of a PUT's", median([ours[2] / put[2] for ours, put in pairs]), "x", DECLARE_TIMES, True)
    for kind, rows in got.items():
        p50_ms, per_s, cpu_us, p99_ms = (median(column) for column in zip(*rows))
        notes.append(f"{kind}: {per_s:.0f}/s, p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms, {cpu_us:.1f} us of CPU in the server for each "
                     f"(medians of {rounds} rounds)")
    notes.append(f"declare-noticed: {told} intents of other parties lay below, each of which is a notice")


def listeners(bench, table, notes, seconds, streams):
    """Many listeners, each a party of its own, while intents come that concern them."""
    say(f"{streams} listeners")
    path = os.path.join(bench.folder, "listeners")
    with Server(bench.program, bench.folder) as server:
        done = subprocess.run([bench.program, "bench", "events", "--base", server.url, "--token-key", bench.key(), "--streams", str(streams),
                               "--rate", str(LISTENED_PER_S), "--duration-s", str(seconds), "--server-pid", str(server.process.pid),
                               "--json", path + ".json"], capture_output=True, text=True)
    with open(path + ".txt", "w") as file:
        file.write(done.stdout + done.stderr)
    if not os.path.exists(path + ".json") or not os.path.getsize(path + ".json"):
        sys.exit(f"bench: the listeners failed:\n{done.stdout}{done.stderr}")
    with open(path + ".json") as file:
        figures = json.load(file)
    wrong = sum(figures[what] for what in ("missed", "twice", "out_of_order", "unknown"))
    what = f"{figures['streams']:,} listeners of {figures['parties']:,} parties, {LISTENED_PER_S:,} intents/s"
    table.add(f"{what}: notices missed, twice or out of order", wrong, "", 0, True)
    table.add(f"{what}: accepted", figures["accepted_per_s"], "/s", 0.98 * LISTENED_PER_S)
    if figures["given"]:
        table.add(f"{what}: from the 201 to the notice, p99", figures["notice_from_answer"]["p99_ms"], "ms", LISTENED_P99_MS, True)
        table.add(f"{what}: from when it was due to the notice, p99", figures["notice_from_due"]["p99_ms"], "ms", less=True)
    table.add(f"{what}: memory of the server each", figures["server_bytes_a_stream"], "bytes", LISTENER_BYTES, True)
    notes += ["listeners: " + line for line in done.stdout.strip().splitlines()]


def created_by(url, token):
    """What our server answers to a PUT: nginx is to answer the same."""
    at = [(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%S.123Z")
          for h in (1, 2)]
    altitude = {"reference": "W84", "units": "M"}
    body = {"extents": [{"volume": {"outline_circle": {"center": {"lat": -60, "lng": 100}, "radius": {"value": 300, "units": "M"}},
                                    "altitude_lower": {"value": 100, **altitude}, "altitude_upper": {"value": 130, **altitude}},
                         "time_start": {"value": at[0], "format": "RFC3339"}, "time_end": {"value": at[1], "format": "RFC3339"}}],
            "state": "Accepted", "key": [], "uss_base_url": "https://uss.example"}
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("PUT", OIR + "/2f8343be-6482-4d1b-a474-16847e01af1e", json.dumps(body),
                       {"Authorization": "Bearer " + token})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    if response.status != 201 or "'" in text or "$" in text:
        sys.exit(f"bench: the server answered {response.status} to a PUT: {text}")
    return text


def fsync_ms(folder, times=50):
    """The median time to make 4 KiB durable on the store's disk."""
    path = os.path.join(folder, "fsync")
    taken = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(times):
            file.write(os.urandom(4096))
            start = time.monotonic()
            os.fdatasync(file.fileno())
            taken.append(time.monotonic() - start)
    os.remove(path)
    return sorted(taken)[times // 2] * 1e3


def figure(value, unit):
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{decimals}f} {unit}"


class Table:
    def __init__(self):
        self.rows = [["what", "ours", "target", "baseline", "its figure", "ratio", "verdict"]]

    def add(self, what, ours, unit, target=None, less=False, baseline="-", its=None):
        aim = "-" if target is None else ("<= " if less else ">= ") + figure(target, unit)
        verdict = "-" if target is None else "ok" if (ours <= target if less else ours >= target) else "short"
        ratio = "-" if its is None else f"{its / ours if less else ours / its:.2f}x"
        self.rows.append([what, figure(ours, unit), aim, baseline, "-" if its is None else figure(its, unit), ratio, verdict])

    def __str__(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(7)]
        lines = ["".join("| " + (cell.rjust if i in (1, 2, 4, 5) else cell.ljust)(widths[i]) + " "
                         for i, cell in enumerate(row)) + "|" for row in self.rows]
        lines.insert(1, "".join("|" + "-" * (width + 2) for width in widths) + "|")
        return "\n".join(lines)


def service(bench, table, notes, options, seconds):
    """What F3548 and F3411 ask for, and nginx beside it."""
    how_long = ["--duration-s", seconds, "--warmup-s", min(2, seconds / 4)]
    fill = 2_000 if options.quick else 20_000
    token = subprocess.run([bench.program, "token", "--key", bench.key().removesuffix(".pem"), "--subject", "uss1", "--audience",
                            "127.0.0.1"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()

    def ours(name, *arguments, workload=None):
        say(f"{name}, our server")
        with Server(bench.program, options.folder) as server:
            figures = bench.run(name, server.url, "--workload", workload or name, *how_long, *arguments)
            cpu_s = server.cpu_s()
            asked = figures["all_requests"]["count"] + figures["warmup_requests"] + {"query": fill, "query-crowded": 3 * fill}.get(name, 0)
            notes.append(f"{name}: CPU a request: server {1e6 * cpu_s / asked:.1f} us, driver "
                         f"{figures['driver_cpu']['us_a_request']:.1f} us; p50 {figures['all_requests']['p50_ms']:.2f} ms, "
                         f"p99.9 {figures['all_requests']['p99.9_ms']:.2f} ms")
            created = created_by(server.url, token)
        return figures, created

    spread, created = ours("spread")
    overlapping, _ = ours("overlapping")
    query, _ = ours("query", "--fill", fill)
    crowded, _ = ours("query-crowded", "--fill", 3 * fill, workload="query")
    mixed, _ = ours("mixed")
    subscribe, _ = ours("subscribe")
    rid, _ = ours("rid")
    half, _ = ours("spread-half", "--rate", SPREAD_PER_S / 2, workload="spread")
    results = query["results"] / query["all_requests"]["count"]
    reference = json.loads(created)["operational_intent_reference"]
    found = json.dumps({"operational_intent_references": [reference] * round(results)}, separators=(",", ":"))
    with Nginx(options.folder, created, found) as nginx:
        say("spread, nginx")
        static = bench.run("nginx-spread", nginx.url, "--workload", "spread", *how_long)
        say("query, nginx")
        static_query = bench.run("nginx-query", nginx.url, "--workload", "query", *how_long)

    per_s = static["all_requests"]["per_s"]
    nginx_put = f"nginx, static {len(created)} bytes"
    nginx_query = f"nginx, static {len(found)} bytes"
    table.add("spread: PUT answered", spread["all_requests"]["per_s"], "/s", SPREAD_PER_S, baseline=nginx_put, its=per_s)
    table.add("spread: PUT, p99", spread["all_requests"]["p99_ms"], "ms", SPREAD_P99_MS, True, nginx_put,
              static["all_requests"]["p99_ms"])
    table.add(f"spread: PUT, p99 at {SPREAD_PER_S // 2:,}/s, fixed arrivals", half["all_requests"]["p99_ms"], "ms", HALF_P99_MS, True)
    table.add("overlapping: PUT answered, 409 and 201", overlapping["all_requests"]["per_s"], "/s", baseline=nginx_put, its=per_s)
    table.add("overlapping: intents accepted", overlapping["intents_accepted"]["per_s"], "/s", OVERLAPPING_PER_S)
    table.add("overlapping: PUT, p99", overlapping["all_requests"]["p99_ms"], "ms", less=True, baseline=nginx_put,
              its=static["all_requests"]["p99_ms"])
    table.add("query of 1 km circles: answered", query["all_requests"]["per_s"], "/s", QUERY_PER_S, baseline=nginx_query,
              its=static_query["all_requests"]["per_s"])
    table.add("query of 1 km circles: p99", query["all_requests"]["p99_ms"], "ms", less=True, baseline=nginx_query,
              its=static_query["all_requests"]["p99_ms"])
    table.add("query, three times as many there: answered", crowded["all_requests"]["per_s"], "/s")
    table.add("mixed: answered", mixed["all_requests"]["per_s"], "/s")
    table.add("mixed: p99", mixed["all_requests"]["p99_ms"], "ms", less=True)
    table.add("subscriptions: PUT answered", subscribe["all_requests"]["per_s"], "/s")
    table.add("remote ID: PUT and search answered", rid["all_requests"]["per_s"], "/s")
    idle(bench, table, notes)
    if not options.quick:
        growth(bench, table, notes, [10_000, 100_000, 1_000_000], how_long)
        overload(bench, table, notes, spread["all_requests"]["per_s"], seconds)
        flood(bench, table, notes, spread["all_requests"]["per_s"], seconds)
    table.add("the driver with nginx: answered", per_s, "/s", DRIVER_PER_S)
    table.add("the driver with nginx: its CPU a request", static["driver_cpu"]["us_a_request"], "us", DRIVER_CPU_US, True)
    conflicts = overlapping["conflicts"]
    notes += [f"overlapping: each 409 named {conflicts['intents_named'] / max(1, conflicts['answers']):.1f} intents, and a second PUT "
              "with their OVNs was accepted; compared with the target are intents accepted, half of the PUTs",
              f"query: {fill} intents in the city, {results:.1f} in an answer; {3 * fill}, "
              f"{crowded['results'] / crowded['all_requests']['count']:.1f} in an answer",
              "measured elsewhere, on such a machine: the DSS in common use answers 244 PUT/s spread (p99 781 ms) and 110 PUT/s "
              "overlapping (p99 1568 ms)"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true", help="about 10 s in all: to see that all works")
    parser.add_argument("--seconds", type=float, help="how long each workload is measured (10; --quick: 1)")
    parser.add_argument("--only", choices=["service", "ledger", "declare", "listeners"], help="one part alone")
    options = parser.parse_args()
    seconds = options.seconds or (1 if options.quick else 10)
    os.makedirs(options.folder, exist_ok=True)
    bench = Bench(os.path.abspath(options.program), options.folder)
    key = os.path.join(options.folder, "key")
    for old in (key + ".pem", key + ".pub.pem"):
        if os.path.exists(old):
            os.remove(old)
    subprocess.run([bench.program, "token", "--key", key, "--subject", "uss1", "--audience", "127.0.0.1"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    table, notes = Table(), []
    parts = {"service": lambda: service(bench, table, notes, options, seconds),
             "ledger": lambda: ledger(bench, table, notes, seconds / 2, 2 if options.quick else 7),
             "declare": lambda: declarations(bench, table, notes, seconds / 2, 2 if options.quick else 7),
             "listeners": lambda: listeners(bench, table, notes, seconds, 500 if options.quick else LISTENERS)}
    for name, run in parts.items():
        if options.only in (None, name):
            run()
    notes.append(f"to make 4 KiB durable (fdatasync) takes {fsync_ms(options.folder):.2f} ms on this disk, median; "
                 f"load average of the machine {os.getloadavg()[0]:.1f}")
    print(f"16 clients, closed loop, {seconds:g} s each, commit {bench.commit or 'unknown'}")
    print(table)
    for note in notes:
        print("- " + note)
    print(f"Figures, histograms{' and plots' if bench.plots else ''}: {options.folder}/")


if __name__ == "__main__":
    main()
