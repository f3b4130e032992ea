#!/usr/bin/env python3
"""Measures `wideberth serve` over HTTP, with nginx as baseline, and prints a table: what, ours, target, a baseline, verdict.

  bench_http.py WIDEBERTH FOLDER [--quick] [--seconds N]

The store lies in FOLDER, so FOLDER decides which disk is measured. Servers listen on loopback only and are ended at the end.
"""
import argparse
import datetime
import http.client
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time

SPREAD_PER_S, SPREAD_P99_MS = 10_000, 10
OVERLAPPING_PER_S = 5_000
DRIVER_PER_S, DRIVER_CPU_US = 60_000, 15
OIR = "/dss/v1/operational_intent_references"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Server:
    """`wideberth serve` with an empty store."""

    def __init__(self, program, folder):
        self.data = os.path.join(folder, "data")
        shutil.rmtree(self.data, ignore_errors=True)
        self.process = subprocess.Popen(
            [program, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--public-key", os.path.join(folder, "key.pub.pem"),
             "--audience", "127.0.0.1", "--log-level", "info"], stderr=subprocess.PIPE)
        text, end = b"", time.monotonic() + 30
        while not (found := re.search(rb'listening url="(http://127\.0\.0\.1:\d+)"', text)):
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            if not part:
                self.process.kill()
                sys.exit("bench: the server did not start: " + text.decode(errors="replace"))
            text += part
        self.url = found.group(1).decode()

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

    def run(self, name, url, *arguments):
        """The figures of one run of the driver."""
        path = os.path.join(self.folder, name)
        command = [self.program, "bench", "http", "--base", url, "--token-key", os.path.join(self.folder, "key.pem"),
                   "--json", path + ".json", "--commit", self.commit, *map(str, arguments)]
        if self.plots:
            command += ["--svg", path + ".svg"]
        done = subprocess.run(command, capture_output=True, text=True)
        with open(path + ".txt", "w") as file:
            file.write(done.stdout)
        if done.returncode != 0:
            sys.exit(f"bench: {name} failed ({' '.join(command)}):\n{done.stdout}{done.stderr}")
        with open(path + ".json") as file:
            return json.load(file)


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true", help="about 10 s in all: to see that all works")
    parser.add_argument("--seconds", type=float, help="how long each workload is measured (10; --quick: 1)")
    options = parser.parse_args()
    seconds = options.seconds or (1 if options.quick else 10)
    how_long = ["--duration-s", seconds, "--warmup-s", min(2, seconds / 4)]
    fill = 2_000 if options.quick else 50_000
    os.makedirs(options.folder, exist_ok=True)
    bench = Bench(os.path.abspath(options.program), options.folder)
    key = os.path.join(options.folder, "key")
    for old in (key + ".pem", key + ".pub.pem"):
        if os.path.exists(old):
            os.remove(old)
    token = subprocess.run([bench.program, "token", "--key", key, "--subject", "uss1", "--audience", "127.0.0.1"], check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()

    notes = []

    def ours(name, *arguments):
        say(f"{name}, our server")
        with Server(bench.program, options.folder) as server:
            figures = bench.run(name, server.url, "--workload", name, *how_long, *arguments)
            cpu_s = server.cpu_s()
            asked = figures["all_requests"]["count"] + figures["warmup_requests"] + (fill if name == "query" else 0)
            notes.append(f"{name}: CPU a request: server {1e6 * cpu_s / asked:.1f} us, driver "
                         f"{figures['driver_cpu']['us_a_request']:.1f} us; p50 {figures['all_requests']['p50_ms']:.2f} ms, "
                         f"p99.9 {figures['all_requests']['p99.9_ms']:.2f} ms")
            created = created_by(server.url, token)
        return figures, created

    spread, created = ours("spread")
    overlapping, _ = ours("overlapping")
    query, _ = ours("query", "--fill", fill)
    mixed, _ = ours("mixed")
    results = query["results"] / query["all_requests"]["count"]
    reference = json.loads(created)["operational_intent_reference"]
    found = json.dumps({"operational_intent_references": [reference] * round(results)}, separators=(",", ":"))
    with Nginx(options.folder, created, found) as nginx:
        say("spread, nginx")
        static = bench.run("nginx-spread", nginx.url, "--workload", "spread", *how_long)
        say("query, nginx")
        static_query = bench.run("nginx-query", nginx.url, "--workload", "query", *how_long)

    table = Table()
    per_s = static["all_requests"]["per_s"]
    nginx_put = f"nginx, static {len(created)} bytes"
    nginx_query = f"nginx, static {len(found)} bytes"
    table.add("spread: PUT answered", spread["all_requests"]["per_s"], "/s", SPREAD_PER_S, baseline=nginx_put, its=per_s)
    table.add("spread: PUT, p99", spread["all_requests"]["p99_ms"], "ms", SPREAD_P99_MS, True, nginx_put,
              static["all_requests"]["p99_ms"])
    table.add("overlapping: PUT answered, 409 and 201", overlapping["all_requests"]["per_s"], "/s", OVERLAPPING_PER_S,
              baseline=nginx_put, its=per_s)
    table.add("overlapping: intents accepted", overlapping["intents_accepted"]["per_s"], "/s")
    table.add("overlapping: PUT, p99", overlapping["all_requests"]["p99_ms"], "ms", less=True, baseline=nginx_put,
              its=static["all_requests"]["p99_ms"])
    table.add("query of 1 km circles: answered", query["all_requests"]["per_s"], "/s", baseline=nginx_query,
              its=static_query["all_requests"]["per_s"])
    table.add("query of 1 km circles: p99", query["all_requests"]["p99_ms"], "ms", less=True, baseline=nginx_query,
              its=static_query["all_requests"]["p99_ms"])
    table.add("mixed: answered", mixed["all_requests"]["per_s"], "/s")
    table.add("mixed: p99", mixed["all_requests"]["p99_ms"], "ms", less=True)
    table.add("the driver with nginx: answered", per_s, "/s", DRIVER_PER_S)
    table.add("the driver with nginx: its CPU a request", static["driver_cpu"]["us_a_request"], "us", DRIVER_CPU_US, True)
    conflicts = overlapping["conflicts"]
    notes += [f"overlapping: each 409 named {conflicts['intents_named'] / max(1, conflicts['answers']):.1f} intents; compared with "
              "the target are PUT requests answered, two for each intent accepted",
              f"query: {fill} intents in the city, {results:.1f} in an answer",
              f"to make 4 KiB durable (fdatasync) takes {fsync_ms(options.folder):.2f} ms on this disk, median; "
              f"load average of the machine {os.getloadavg()[0]:.1f}",
              "measured elsewhere, on such a machine: the DSS in common use answers 244 PUT/s spread (p99 781 ms) and 110 PUT/s "
              "overlapping (p99 1568 ms)"]
    print(f"{spread['options']['clients']} clients, closed loop, {seconds:g} s each, commit {bench.commit or 'unknown'}")
    print(table)
    for note in notes:
        print("- " + note)
    print(f"Figures, histograms{' and plots' if bench.plots else ''}: {options.folder}/")


if __name__ == "__main__":
    main()
