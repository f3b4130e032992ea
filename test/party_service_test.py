#!/usr/bin/env python3
"""Parties and the service as they meet: what `wideberth declare`, `listen`, `receipt`, `verify`, `audit` and `witness` do with `wideberth serve`.

  party_service_test.py WIDEBERTH
"""
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
import unittest
import urllib.request

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

    def witness(self, name, key):
        self.assertEqual(run("keygen", self.path(name + ".key"))[0], 0)
        witness = Process(self, "witness", "--name", f"{name}.example/w", "--key", self.path(name + ".key"), "--ledger", key, "--state",
                          self.path(name + ".state"), "--new-state", "--listen", "127.0.0.1:0")
        return witness, re.search(r'witness_key="([^"]+)"', witness.line).group(1)

    def ledger_key(self):
        with open(self.path("data/ledger.pub"), encoding="utf-8") as file:
            return file.read().strip()

    def checkpoint(self):
        with urllib.request.urlopen(self.service.url + "/ledger/checkpoint", timeout=30) as answer:
            return answer.read().decode()

    def test_what_is_served_is_witnessed_while_it_grows(self):
        self.service.stop()
        key = self.ledger_key()
        witnesses = [self.witness(name, key) for name in ("w1", "w2")]
        # One that takes connections and never answers, first.
        deaf = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(deaf.close)
        self.assertEqual(run("keygen", self.path("deaf.key"))[0], 0)
        deaf_key = re.search(r'witness_key="([^"]+)"', Process(
            self, "witness", "--name", "deaf.example/w", "--key", self.path("deaf.key"), "--ledger", key, "--state", self.path("deaf.state"),
            "--new-state", "--listen", "127.0.0.1:0").line).group(1)
        self.service = self.serve("--witness", f"{deaf_key}=http://127.0.0.1:{deaf.getsockname()[1]}",
                                  *[word for witness, name in witnesses for word in ("--witness", f"{name}={witness.url}")])
        over = threading.Event()
        sizes = []

        def declare():
            for number in range(10_000):
                if over.is_set():
                    return
                self.declared("alpine", self.plan("many.geojson", west=-100 + number / 50))

        def look():
            while not over.is_set():
                text = self.checkpoint()
                sizes.append((int(text.split("\n")[1]), text.count(".example/w ")))

        threads = [threading.Thread(target=declare), threading.Thread(target=look)]
        for thread in threads:
            thread.start()
        audits = []
        for _ in range(5):
            audits.append(run("audit", self.service.url, "--state", self.path("audit"), "--operator-key", key, "--witnesses-min", 2,
                              *[word for _, name in witnesses for word in ("--witness", name)]))
            over.wait(1)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual([status for status, _, _ in audits], [0] * 5, audits)
        self.assertEqual({signed for _, signed in sizes}, {2}, "each that was served has what both signed")
        self.assertEqual(sizes, sorted(sizes), "it never goes back")
        self.assertGreater(len({size for size, _ in sizes}), 3, "and goes on")
        # A receipt of what happened just now, and one of what is published.
        status, _, err = self.as_party("city", "declare", self.plan("over.geojson", west=-100), "--accept-conflicts")
        self.assertEqual(status, 0, err)
        notice = self.told("alpine")
        self.assertEqual(self.as_party("alpine", "receipt", notice["id"], "-o", self.path("r"))[0], 0)
        for _ in range(60):
            self.as_party("alpine", "receipt", notice["id"], "-o", self.path("r2"))
            with open(self.path("r2"), encoding="utf-8") as file:
                signatures = json.load(file)["checkpoint"].count(".example/w ")
            if signatures == 2:
                break
            over.wait(0)
        self.assertEqual(signatures, 2)
        # A witness that ends takes no signature but its own away.
        witnesses[0][0].stop()
        self.declared("alpine", self.plan("many.geojson", west=150))
        for _ in range(100):
            if "w1.example" not in self.checkpoint():
                break
            threading.Event().wait(0.1)
        self.assertNotIn("w1.example", self.checkpoint())
        self.assertIn("w2.example", self.checkpoint())

    def test_a_store_that_lost_its_end_is_not_served(self):
        for number in range(30):
            self.declared("alpine", self.plan("f.geojson", west=-100 + number))
        size = int(self.checkpoint().split("\n")[1])
        self.service.process.kill()
        self.service.process.wait(30)
        log = self.path("data/wideberth.db-wal")
        with open(log, "r+b") as file:
            content = bytearray(file.read())
            # In the frames of this log; what is after the last is of none.
            used = 32
            while content[used + 8:used + 16] == content[16:24]:
                used += 24 + 4096
            content[used // 2] ^= 1
            file.seek(0)
            file.write(content)
        shutil.copytree(self.path("data"), self.path("lost"))
        for status, arguments in ((2, ("data", "check", self.path("data"))), (3, ("audit", "--data", self.path("data"))),
                                  (1, ("serve", "--listen", "127.0.0.1:0", "--data", self.path("data"), "--audience", "127.0.0.1"))):
            ended, out, err = run(*arguments)
            self.assertEqual(ended, status, out + err)
            self.assertIn(f"one of {size} was published: the store lost its end", err)
            self.assertIn("--ledger-origin", err)
        with open(log, "rb") as file:
            self.assertEqual(file.read(), bytes(content), "what is left stays as it was found")
        # What the message says.
        os.remove(self.path("data/ledger.pub"))
        os.remove(self.path("data/ledger.head"))
        self.service = self.serve("--ledger-origin", "sky.example/second")
        self.assertIn("sky.example/second", self.checkpoint())
        self.assertEqual(run("data", "check", self.path("data"))[0], 0)

    def test_a_head_that_cannot_be_kept_is_given_to_nobody(self):
        before = self.checkpoint()
        os.mkdir(self.path("data/ledger.head.partial"))
        self.declared("alpine", self.plan("f.geojson"))
        status, _, err = self.as_party("city", "declare", self.plan("f.geojson"), "--accept-conflicts")
        self.assertEqual(status, 0, err)
        self.assertEqual(self.checkpoint(), before)
        notice = self.told("alpine")
        status, _, err = self.as_party("alpine", "receipt", notice["id"], "-o", self.path("r"))
        self.assertEqual(status, 1, err)
        self.assertIn("head cannot be kept", err)
        os.rmdir(self.path("data/ledger.head.partial"))
        for _ in range(100):
            if self.checkpoint() != before:
                break
            threading.Event().wait(0.1)
        self.assertNotEqual(self.checkpoint(), before)
        with open(self.path("data/ledger.head"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.checkpoint())
        self.assertEqual(self.as_party("alpine", "receipt", notice["id"], "-o", self.path("r"))[0], 0)

    def test_a_head_that_is_damaged_is_refused(self):
        self.service.stop()
        head = self.path("data/ledger.head")
        with open(head, encoding="utf-8") as file:
            good = file.read()
        for wrong in ("", good[:-3], good.replace("127.0.0.1/ledger", "other.example/ledger")):
            with open(head, "w", encoding="utf-8") as file:
                file.write(wrong)
            for arguments in (("data", "check", self.path("data")), ("audit", "--data", self.path("data")),
                              ("serve", "--listen", "127.0.0.1:0", "--data", self.path("data"), "--audience", "127.0.0.1")):
                status, out, err = run(*arguments)
                self.assertEqual(status, 3 if arguments[0] == "audit" else 2, out + err)
                self.assertIn("ledger.head: is not the head", err)

    def test_a_witness_that_is_named_twice_is_refused(self):
        self.service.stop()
        witness, key = self.witness("w1", self.ledger_key())
        status, _, err = run("serve", "--listen", "127.0.0.1:0", "--data", self.path("data"), "--audience", "127.0.0.1", "--witness",
                             f"{key}={witness.url}", "--witness", f"{key}=http://127.0.0.1:1")
        self.assertEqual(status, 2)
        self.assertIn("is given twice", err)

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
