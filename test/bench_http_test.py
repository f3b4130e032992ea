#!/usr/bin/env python3
"""`wideberth bench http` as its users run it, against `wideberth serve`: its counts are the server's, and it says what is wrong.

  bench_http_test.py WIDEBERTH
"""
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dss_server import OIR, SUB, Server, circle, intent, new_id  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
OIR_ID, OIR_CHANGE, OIR_QUERY, SUB_ID = OIR + "/{}", OIR + "/{}/{}", OIR + "/query", SUB + "/{}"


def bench(*arguments, environment=None, timeout=120):
    return subprocess.run([PROGRAM, "bench", "http", *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          env=environment)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAM, "--metrics-listen", "127.0.0.1:0")
        cls.metrics_url = re.search(r'metrics="?(http://[^"\s]+)', cls.server.log).group(1)
        if not cls.metrics_url.endswith("/metrics"):
            cls.metrics_url += "/metrics"
        cls.base = f"http://127.0.0.1:{cls.server.port}"
        cls.folder = tempfile.mkdtemp(prefix="wideberth-bench-")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.folder)

    def metrics(self):
        """{(method, route, status): requests}, and entities."""
        text = urllib.request.urlopen(self.metrics_url, timeout=10).read().decode()
        requests, entities = collections.Counter(), {}
        for labels, value in re.findall(r"^wideberth_http_requests_total\{(.*)\} ([0-9.e+]+)$", text, re.M):
            label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            requests[label["method"], label["route"], int(label["status"])] = int(float(value))
        for kind, value in re.findall(r'^wideberth_entities\{kind="(\w+)"\} ([0-9.e+]+)$', text, re.M):
            entities[kind] = int(float(value))
        return requests, entities

    def run_well(self, *arguments, subjects=("uss1",), expect=0):
        """Runs it; returns its JSON, and by how much the server's own counts grew."""
        path = os.path.join(self.folder, "figures.json")
        if os.path.exists(path):
            os.remove(path)
        before, entities_before = self.metrics()
        parties = [word for subject in subjects for word in ("--subject", subject)]
        done = bench("--base", self.base, "--token-key", self.server.key + ".pem", "--audience", "localhost", *parties,
                     "--json", path, *arguments)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        after, entities_after = self.metrics()
        with open(path) as file:
            figures = json.load(file)
        after.subtract(before)
        self.text = done.stdout
        return figures, +after, {kind: entities_after[kind] - entities_before[kind] for kind in entities_after}

    def counted(self, figures, *kinds):
        counts = collections.Counter()
        for kind in kinds:
            for status, count in figures["requests"].get(kind, {}).get("statuses", {}).items():
                counts[int(status)] += count
        return counts

    def assert_histograms_add_up(self, figures):
        for kind in [*figures["requests"].values(), figures["all_requests"], figures["intents_accepted"]]:
            self.assertEqual(sum(count for _, count in kind.get("histogram", [])), kind["count"])
            if kind["count"]:
                uppers = [upper for upper, _ in kind["histogram"]]
                self.assertEqual(uppers, sorted(uppers))
                self.assertLessEqual(kind["p50_ms"], kind["p90_ms"])
                self.assertLessEqual(kind["p90_ms"], kind["p99_ms"])
                self.assertLessEqual(kind["p99_ms"], kind["p99.9_ms"])
                self.assertLessEqual(kind["p99.9_ms"], kind["max_ms"])
        self.assertEqual(sum(second["requests"] for second in figures["seconds_series"]), figures["all_requests"]["count"])

    def test_spread_counts_are_the_servers(self):
        figures, served, entities = self.run_well("--requests", 500, "--seed", 7)
        self.assertEqual(self.counted(figures, "create intent"), {201: 500})
        self.assertEqual(served, {("PUT", OIR_ID, 201): 500})
        self.assertEqual(entities["operational_intent"], 500)
        self.assertEqual(entities["subscription"], 0)
        self.assertEqual(figures["intents_accepted"]["count"], 500)
        self.assertEqual((figures["failed"], figures["stopped_early"]), (0, ""))
        self.assertEqual(figures["options"]["seed"], "7")
        self.assert_histograms_add_up(figures)
        self.assertRegex(self.text, r"create intent +500 .* 201 x 500")

    def test_the_same_seed_can_be_run_again(self):
        self.run_well("--requests", 20, "--seed", 99, "--center", "50,10")
        figures, _, _ = self.run_well("--requests", 20, "--seed", 99, "--center", "50,10")
        self.assertEqual(figures["conflicts"]["answers"], 20)  # the same places, so each meets its twin
        self.assertEqual(figures["intents_accepted"]["count"], 20)

    def test_overlapping_ones_are_accepted_at_the_second_try(self):
        for subjects in (["uss1"], ["one", "two", "three"]):
            figures, served, entities = self.run_well("--workload", "overlapping", "--requests", 1000, "--clients", 4,
                                                      "--center", f"{len(subjects)},20", subjects=subjects)
            first, second = self.counted(figures, "create intent"), self.counted(figures, "create intent with key")
            self.assertEqual(first[201] + first[409], 1000)
            self.assertLess(first[201], 100)  # the first of each chain
            self.assertEqual(first[201] + second[201], 1000)
            self.assertEqual(served, {("PUT", OIR_ID, 201): 1000, ("PUT", OIR_ID, 409): first[409] + second[409]})
            self.assertEqual(entities["operational_intent"], 1000)
            named = figures["conflicts"]["intents_named"] / figures["conflicts"]["answers"]
            self.assertTrue(4 < named < 6, named)
            self.assertEqual(figures["all_requests"]["count"], sum(served.values()))

    def test_declarations_over_those_of_others_make_notices(self):
        # One client and a seed, which make the same places each time: by chance, two of a thousand meet now and then.
        figures, served, entities = self.run_well("--workload", "declare", "--requests", 1000, "--override-share", 0.3, "--center", "-30,20",
                                                  "--clients", 1, "--seed", 7, subjects=["one", "two", "three"])
        self.assertEqual(self.counted(figures, "declare intent"), {201: 1000})
        self.assertEqual(served, {("POST", "/api/v1/intents", 201): 1000})
        self.assertEqual(entities["operational_intent"], 1000)  # what stands for them
        overridden = figures["conflicts"]["overridden"]
        self.assertTrue(200 < overridden < 400, overridden)
        told = 0
        for party in ("one", "two", "three"):
            status, list_, _ = self.server.ask("GET", "/api/v1/notices?limit=1000", token=self.server.token(party, ["wideberth.party"]))
            self.assertEqual(status, 200)
            told += len(list_["notices"])
        self.assertEqual(told, overridden)
        self.assertIn(f"whose parties are told: {overridden}\n", self.text)

    def test_refused_declarations_are_accepted_at_the_second_try(self):
        arguments = ["--workload", "declare", "--requests", 50, "--seed", 4, "--center", "-30,60"]
        self.run_well(*arguments)
        figures, _, entities = self.run_well(*arguments)  # the same places
        self.assertEqual(self.counted(figures, "declare intent"), {409: 50})
        self.assertEqual(self.counted(figures, "declare intent with key"), {201: 50})
        self.assertEqual(entities["operational_intent"], 50)

    def test_parties_declare_with_tokens_of_their_own(self):
        keys = []
        for name in ("anna", "bela"):
            keys.append(os.path.join(self.folder, name + ".key"))
            subprocess.run([PROGRAM, "keygen", keys[-1]], check=True, capture_output=True)
        server = Server(PROGRAM, "--party", f"anna={keys[0]}.pub", "--party", f"bela={keys[1]}.pub")
        try:
            base = ["--base", f"http://127.0.0.1:{server.port}", "--audience", "localhost", "--workload", "declare", "--requests", 200]
            done = bench(*base, "--party", f"anna={keys[0]}", "--party", f"bela={keys[1]}", "--override-share", 0.5)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"declare intent +200 .* 201 x 200")
            done = bench(*base, "--party", f"anna={keys[1]}")  # another's key
            self.assertEqual(done.returncode, 1)
            self.assertIn("the token is not good for", done.stdout)
            for wrong, reason in ((["--party", "anna"], "NAME=FILE"), (["--party", f"anna={keys[0]}x"], "keyx"),
                                  (["--party", f"anna={keys[0]}", "--override-share", 0.5], "two parties")):
                done = bench(*base, *wrong)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(reason, done.stderr)
        finally:
            server.close()

    def events(self, *arguments, center="-30,100", expect=0):
        path = os.path.join(self.folder, "events.json")
        done = subprocess.run([PROGRAM, "bench", "events", "--base", self.base, "--token-key", self.server.key + ".pem", "--audience",
                               "localhost", "--json", path, "--center", center, *map(str, arguments)], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        self.text = done.stdout + done.stderr
        if expect != 0:
            return None
        with open(path) as file:
            return json.load(file)

    def test_listeners_get_each_notice_once(self):
        before, _ = self.metrics()
        figures = self.events("--streams", 40, "--rate", 200, "--duration-s", 1, "--server-pid", self.server.process.pid)
        after, _ = self.metrics()
        self.assertEqual((figures["streams"], figures["parties"], figures["declared"]), (40, 40, 200))
        self.assertEqual((figures["notices_made"], figures["to_be_given"], figures["given"]), (200, 200, 200))
        self.assertEqual([figures[wrong] for wrong in ("missed", "twice", "out_of_order", "unknown")], [0] * 4)
        self.assertEqual(figures["failures"], {})
        self.assertEqual(after["POST", "/api/v1/intents", 201] - before["POST", "/api/v1/intents", 201], 240)
        self.assertGreater(figures["notice_from_due"]["p50_ms"], 0)
        self.assertIn("memory of the server", self.text)

    def test_a_second_run_of_listeners_needs_another_place(self):
        self.events("--streams", 3, "--rate", 10, "--duration-s", 1, center="-30,140")
        self.events("--streams", 3, "--rate", 10, "--duration-s", 1, center="-30,140", expect=1)
        self.assertIn("the listeners' intents: 3 x declare: status 409", self.text)

    def test_several_listeners_of_a_party_get_each_notice(self):
        figures = self.events("--streams", 9, "--parties", 3, "--rate", 50, "--duration-s", 1, center="-50,100")
        self.assertEqual((figures["notices_made"], figures["to_be_given"]), (50, 150))
        self.assertEqual(figures["given"], figures["to_be_given"])
        self.assertEqual([figures[wrong] for wrong in ("missed", "twice", "out_of_order", "unknown")], [0] * 4)

    def test_wrong_options_of_events(self):
        for wrong in (["--duration-s", 46], ["--streams", 0], ["--rate", "nan"], ["--base", "https://localhost"], ["--center", "89,0"]):
            self.events(*wrong, expect=2)

    def test_query_after_filling(self):
        figures, served, _ = self.run_well("--workload", "query", "--fill", 3000, "--requests", 400, "--center", "10,10")
        self.assertEqual(self.counted(figures, "query intents"), {200: 400})
        self.assertEqual(served["POST", OIR_QUERY, 200], 400)
        self.assertEqual(served["PUT", OIR_ID, 201], 3000)
        self.assertEqual(list(figures["requests"]), ["query intents"])
        self.assertGreater(figures["results"], 100)

    def test_subscribe(self):
        figures, served, entities = self.run_well("--workload", "subscribe", "--requests", 200, "--center", "-30,-60")
        self.assertEqual(self.counted(figures, "create subscription"), {200: 200})
        self.assertEqual(served, {("PUT", SUB_ID, 200): 200})
        self.assertEqual(entities["subscription"], 200)

    def test_mixed(self):
        figures, served, entities = self.run_well("--workload", "mixed", "--requests", 2000, "--center", "-20,100",
                                                  subjects=["one", "two"])
        created = self.counted(figures, "create intent", "create intent with key")
        updated = self.counted(figures, "update intent", "update intent with key")
        deleted = self.counted(figures, "delete intent")
        self.assertEqual(served["PUT", OIR_ID, 201], created[201])
        self.assertEqual(served["PUT", OIR_CHANGE, 200], updated[200])
        self.assertEqual(served["DELETE", OIR_CHANGE, 200], deleted[200])
        self.assertEqual(served["POST", OIR_QUERY, 200], self.counted(figures, "query intents")[200])
        self.assertEqual(sum(served.values()), figures["all_requests"]["count"])
        self.assertTrue(1100 < figures["requests"]["query intents"]["count"] < 1300)
        self.assertEqual(entities["operational_intent"], created[201] - deleted[200])
        self.assertEqual(entities["subscription"], created[201] - deleted[200])

    def test_fixed_arrivals(self):
        figures, served, _ = self.run_well("--rate", 200, "--duration-s", 1, "--warmup-s", 0.5, "--center", "0,-100")
        self.assertEqual(sum(served.values()), 300)
        self.assertEqual(figures["all_requests"]["count"] + figures["warmup_requests"], 300)
        self.assertEqual(figures["arrivals"]["not_sent"], 0)
        self.assertFalse(figures["arrivals"]["overloaded"])

    def test_closed_loop_for_a_time(self):
        figures, served, _ = self.run_well("--duration-s", 1, "--warmup-s", 0.3, "--center", "-40,20")
        self.assertEqual(figures["all_requests"]["count"] + figures["warmup_requests"], sum(served.values()))
        self.assertTrue(0.9 < figures["seconds"] < 3, figures["seconds"])
        self.assert_histograms_add_up(figures)

    def test_a_plot_by_gnuplot(self):
        path = os.path.join(self.folder, "plot.svg")
        arguments = ["--base", self.base, "--token-key", self.server.key + ".pem", "--audience", "localhost", "--svg", path,
                     "--requests", 200, "--center", "60,-100"]
        if shutil.which("gnuplot"):
            done = bench(*arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path) as file:
                plot = file.read()
            self.assertTrue(plot.rstrip().endswith("</svg>"))
            self.assertIn("create intent", plot)
            os.remove(path)
        before, _ = self.metrics()
        done = bench(*arguments, environment={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("apt-get install gnuplot-nox", done.stderr)
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.metrics()[0], before)  # before anything was asked

    def test_a_server_without_remote_id_or_with_it(self):
        done = bench("--base", self.base, "--token-key", self.server.key + ".pem", "--audience", "localhost", "--workload",
                     "rid", "--requests", 100)
        if done.returncode == 0:
            self.assertRegex(done.stdout, r"create service area +50 ")
            self.assertRegex(done.stdout, r"search service areas +50 ")
        else:
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not serve remote ID (ASTM F3411-22a)", done.stdout)

    def test_entities_of_others_are_given_up(self):
        token = self.server.token("stranger")
        for i in range(24):  # 24 hours of a stack of air that no intent can pass
            status, _, _ = self.server.ask("PUT", f"{OIR}/{new_id()}", intent(
                circle(lat=70, lng=-150, radius=28000, lower=0, upper=20000, start=i * 3600 + 5, end=i * 3600 + 3500),
                subscribe=False), token)
            self.assertEqual(status, 201)
        figures, _, _ = self.run_well("--workload", "city", "--requests", 20, "--center", "70,-150", expect=1)
        self.assertGreater(figures["given_up"]["others_ovn_unknown"], 10)
        self.assertEqual(figures["failed"], figures["given_up"]["others_ovn_unknown"])
        self.assertIn("use an empty DSS", self.text)

    def test_tokens(self):
        good = self.server.token("uss1")
        file = os.path.join(self.folder, "token")
        with open(file, "w") as out:
            out.write(good + "\n")
        far = ["--requests", "5", "--center", "65,100"]
        self.assertEqual(bench("--base", self.base, "--token", good, *far).returncode, 0)
        self.assertEqual(bench("--base", self.base, "--token-file", file, *far).returncode, 0)
        done = bench("--base", self.base, "--token", good[:-9] + "AAAAAAAAA", *far)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the server answers 401", done.stdout)
        self.assertNotIn(good[:60], done.stdout + done.stderr)

    def test_bad_options(self):
        base = ["--base", self.base]
        key = ["--token-key", self.server.key + ".pem"]
        for arguments, said in [
                ([], "--base is required"),
                (base, "no token"),
                (["--base", "127.0.0.1:8082", *key], "--base"),
                (["--base", "http://a\r\nX: y", *key], "--base"),
                ([*base, "--token", "a b"], "token"),
                ([*base, "--token", ""], "token"),
                ([*base, "--token-file", "/nowhere"], "/nowhere"),
                ([*base, "--token-key", self.server.key + ".pub.pem"], "private RSA key"),
                ([*base, "--token", "a", "--subject", "b"], "--token-key"),
                ([*base, *key, "--workload", "lunch"], "--workload"),
                ([*base, *key, "--clients", "0"], "--clients"),
                ([*base, *key, "--rate", "-1"], "--rate"),
                ([*base, *key, "--rate", "nan"], "--rate"),
                ([*base, *key, "--overlap", "0"], "--overlap"),
                ([*base, *key, "--center", "91,0"], "--center"),
                ([*base, *key, "--center", "nan,0"], "--center"),
                ([*base, *key, "--center", "1"], "--center"),
                ([*base, *key, "--duration-s", "7200"], "one hour"),
                ([*base, *key, "--uss-base-url", 'https://"x'], "--uss-base-url"),
                ([*base, *key, "--json", "/nowhere/figures.json"], "/nowhere/figures.json"),
                ([*base, *key, "surplus"], "surplus")]:
            done = bench(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertIn(said, done.stderr, arguments)
            self.assertEqual(done.stdout, "")

    def test_nobody_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            done = bench("--base", f"http://127.0.0.1:{taken.getsockname()[1]}", "--token", "a", "--requests", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot connect", done.stderr)

    def test_a_server_that_dies_meanwhile(self):
        with Server(PROGRAM) as server:
            threading.Timer(1, lambda: server.process.kill()).start()
            done = bench("--base", f"http://127.0.0.1:{server.port}", "--token-key", server.key + ".pem", "--audience",
                         "localhost", "--duration-s", "30", "--warmup-s", "0")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"FAILED \d+ x transport")
        self.assertRegex(done.stdout, r"STOPPED EARLY: cannot connect")
        self.assertRegex(done.stdout, r"create intent +\d+")  # what was measured is told

    def test_interrupted(self):
        process = subprocess.Popen([PROGRAM, "bench", "http", "--base", self.base, "--token-key", self.server.key + ".pem",
                                    "--audience", "localhost", "--duration-s", "60", "--warmup-s", "0", "--center", "-70,0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, out + error)
        self.assertIn("STOPPED EARLY: interrupted", out)
        self.assertRegex(out, r"create intent +\d+")

    def test_more_clients_than_files(self):
        few = ["bash", "-c", 'ulimit -n 100 && exec "$@"', "bash", PROGRAM, "bench", "http", "--base", self.base, "--token", "a"]
        done = subprocess.run([*few, "--clients", "99"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("ulimit -n", done.stderr)

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            chain, key = os.path.join(folder, "chain.pem"), os.path.join(folder, "key.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", chain, "-days",
                            "1", "-subj", "/CN=localhost"], check=True, capture_output=True)
            with Server(PROGRAM, "--tls-cert", chain, "--tls-key", key) as server:
                arguments = ["--base", f"https://localhost:{server.port}", "--token-key", server.key + ".pem", "--requests",
                             "200"]
                done = bench(*arguments, "--insecure")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"create intent +200 .* 201 x 200")
                done = bench(*arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn("TLS: certificate verify failed", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
