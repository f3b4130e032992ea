#!/usr/bin/env python3
"""Parties and the service as they meet: what `wideberth declare`, `listen`, `receipt`, `verify`, `audit` and `witness` do with `wideberth serve`.

  party_service_test.py WIDEBERTH
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = os.path.abspath(sys.argv[1])


def run(*arguments, environment=None):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, check=False,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Process:
    """One that listens, until the test ends."""

    def __init__(self, test, *arguments):
        self.process = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.PIPE)
        test.addCleanup(self.stop)
        self.line = self.process.stderr.readline().decode()
        while " listening " not in self.line and self.line:
            self.line = self.process.stderr.readline().decode()
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()
        self.url = re.search(r'url="(http://[0-9.:]+)"', self.line).group(1)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.reader.join(10)
        self.process.stderr.close()


class PartiesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("chief", "alpine", "city", "w"):
            self.assertEqual(run("keygen", self.path(name + ".key"))[0], 0)
        self.service = self.serve()

    def path(self, name):
        return os.path.join(self.folder, name)

    def serve(self, *more):
        parties = [word for name in ("alpine", "city") for word in ("--party", f"{name}={self.path(name)}.key.pub")]
        return Process(self, "serve", "--listen", "127.0.0.1:0", "--data", self.path("data"), "--audience", "127.0.0.1", "--operator",
                       f"chief={self.path('chief.key.pub')}", *parties, *more)

    def plan(self, name, west=8.0, lower=500):
        feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [west, 47.0]},
                   "properties": {"radius_m": 300, "altitude_lower_m": lower, "altitude_upper_m": lower + 100,
                                  "time_start": "2099-06-01T10:00:00Z", "time_end": "2099-06-01T11:00:00Z"}}
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump({"type": "FeatureCollection", "features": [feature]}, file)
        return self.path(name)

    def as_party(self, party, command, *arguments):
        return run(command, *arguments, environment={"WIDEBERTH_URL": self.service.url, "WIDEBERTH_PARTY": party,
                                                     "WIDEBERTH_KEY": self.path(party + ".key")})

    def declared(self, party, *arguments):
        status, out, err = self.as_party(party, "declare", *arguments, "--json")
        self.assertEqual(status, 0, out + err)
        answer = json.loads(out)
        which = answer.get("intent") or answer["constraint"]
        return f"{which['id']}/{which['ovn']}", answer

    def told(self, party, *arguments):
        status, out, err = self.as_party(party, "listen", "--once", "--for", 20, "--json", *arguments)
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def test_from_a_conflict_to_its_proof(self):
        plan = self.plan("f.geojson")
        self.declared("alpine", plan)
        status, out, err = self.as_party("city", "declare", plan, "--disclosure", "volume")
        self.assertEqual(status, 3, out + err)
        self.assertIn("refused: 1 conflict\nCERTAINTY", out)
        self.assertRegex(out, "certain +intent +[0-9a-f-]{36} +alpine +2099-06-01 10:00:00 to 11:00:00 +500 to 600 +47.00000, 8.00000 ")
        which, answer = self.declared("city", plan, "--disclosure", "volume", "--accept-conflicts")
        self.assertEqual([one["other"]["party"] for one in answer["conflicts"]], ["alpine"])

        notice = self.told("alpine", "--ack")
        text = json.loads(notice["text"])
        self.assertEqual((text["kind"], text["party"]), ("conflict", "alpine"))
        self.assertNotIn("city", notice["text"], "who does not show its name is not named")
        self.assertNotIn(which.split("/")[0], notice["text"], "nor its id")

        receipt = self.path("receipt.json")
        status, _, err = self.as_party("alpine", "receipt", notice["id"], "-o", receipt)
        self.assertEqual(status, 0, err)
        with open(receipt, encoding="utf-8") as file:
            key = json.load(file)["operator_key"]
        status, out, err = run("verify", receipt, "--operator-key", key, "--party-key", f"alpine={self.path('alpine.key.pub')}")
        self.assertEqual(status, 0, out + err)
        self.assertIn("acknowledged", out)
        self.assertIn("which you gave", out)
        status, _, _ = self.as_party("city", "receipt", notice["id"])
        self.assertEqual(status, 2, "a notice is its party's alone")

        self.assertEqual(self.as_party("city", "declare", "--withdraw", which)[0], 0)
        over = self.told("alpine", "--after", notice["number"])
        self.assertEqual(json.loads(over["text"])["kind"], "conflict_over")

    def test_an_intent_changes_is_flown_and_ends(self):
        which, _ = self.declared("alpine", self.plan("f.geojson"), "--priority", 4)
        which, answer = self.declared("alpine", self.plan("g.geojson", lower=900), "--update", which)
        self.assertEqual(answer["intent"]["version"], 2)
        which, answer = self.declared("alpine", "--activate", which)
        self.assertEqual(answer["intent"]["state"], "activated")
        old = which.split("/")[0] + "/an-ovn-of-before-123"
        status, _, err = self.as_party("alpine", "declare", "--end", old)
        self.assertEqual(status, 2)
        self.assertIn("ovn", err)
        self.assertEqual(self.as_party("city", "declare", "--end", which)[0], 2, "it is another's")
        self.declared("alpine", "--end", which)

    def test_who_is_not_registered_is_refused_with_the_remedy(self):
        status, _, err = run("declare", self.plan("f.geojson"), "--url", self.service.url, "--key", self.path("w.key"), "--party", "alpine")
        self.assertEqual(status, 2)
        self.assertIn("is the public key registered", err)

    def test_what_the_service_finds_wrong_is_told(self):
        plan = self.plan("f.geojson")
        with open(plan, encoding="utf-8") as file:
            wrong = json.load(file)
        wrong["features"][0]["properties"]["time_end"] = "2098-01-01T00:00:00Z"
        with open(plan, "w", encoding="utf-8") as file:
            json.dump(wrong, file)
        status, _, err = self.as_party("alpine", "declare", plan)
        self.assertEqual(status, 2)
        self.assertIn("time_end", err)

    def test_the_ledger_is_audited_and_witnessed(self):
        self.declared("alpine", self.plan("f.geojson"))
        status, _, err = self.as_party("city", "declare", self.plan("f.geojson"), "--accept-conflicts")
        self.assertEqual(status, 0, err)
        notice = self.told("alpine")
        self.as_party("alpine", "receipt", notice["id"], "-o", self.path("r"))
        with open(self.path("r"), encoding="utf-8") as file:
            key = json.load(file)["operator_key"]
        state = self.path("audit")
        status, out, err = run("audit", self.service.url, "--state", state, "--operator-key", key)
        self.assertEqual(status, 0, out + err)
        self.service.stop()
        shutil.copytree(self.path("data"), self.path("before"))
        witness = Process(self, "witness", "--name", "w.example/w1", "--key", self.path("w.key"), "--ledger", key, "--state", self.path("w.state"),
                          "--new-state", "--listen", "127.0.0.1:0")
        witness_key = re.search(r'witness_key="([^"]+)"', witness.line).group(1)
        self.service = self.serve("--witness", f"{witness_key}={witness.url}")
        self.declared("alpine", self.plan("g.geojson", west=9.0))
        for _ in range(60):
            status, out, err = self.as_party("alpine", "audit", "--state", state, "--witness", witness_key, "--witnesses-min", 1)
            if status == 0:
                break
            self.assertIn("has not signed", out + err)
            threading.Event().wait(0.5)
        self.assertEqual(status, 0, out + err)
        self.assertIn("witness w.example/w1: signed at", out)
        # A store that is put back to what it was shows.
        self.service.stop()
        shutil.rmtree(self.path("data"))
        shutil.copytree(self.path("before"), self.path("data"))
        self.service = self.serve()
        status, out, err = self.as_party("alpine", "audit", "--state", state)
        self.assertEqual(status, 3, out + err)
        self.assertRegex(out, "ROLLED BACK|FORKED")
        self.assertIn("What the operator signed before", err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
