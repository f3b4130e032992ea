#!/usr/bin/env python3
"""Clients write, the server is killed at random instants, or its disk tears, fails or fills; it starts again, and every write
that was answered must be there. So must be what the ledger and the parties were promised: each answered write has its entry and each entry what it
tells of; each notice is told, under one id and with one text; no checkpoint that was shown is taken back.

  crash_test.py WIDEBERTH FAULTY_DISK [--cycles N] [--seed S]
"""
import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dss_server import OIR, SUB, Server, at, circle, intent, new_id  # noqa: E402

CLIENTS = 4
PARTIES = 2
ENTITIES = 12  # of each client


class Client:
    """Writes its own entities in its own part of the world, and knows what it was told of each."""

    def __init__(self, server, number, seed):
        self.server, self.number = server, number
        self.random = random.Random(seed)
        self.token = server.token(f"uss{number}")
        self.known = {}    # id -> the reference as last answered
        self.doubtful = {}  # id -> what an unanswered write may have made of it: ("put", old) or ("delete", old)
        self.answered = 0
        self.wrong = []

    def volume(self):
        return circle(lat=-60 + 30 * self.number + self.random.random() * 20, lng=self.random.random() * 100,
                      radius=100 + self.random.random() * 300)

    def run(self, stop):
        try:
            connection = self.server.connect()
            while not stop.is_set():
                self.step(connection)
        except (OSError, http.client.HTTPException):
            pass  # killed

    def step(self, connection):
        roll = self.random.random()
        if len(self.known) >= ENTITIES or (self.known and roll < 0.5):
            entity = self.random.choice(sorted(self.known))
            old = self.known.pop(entity)
            if roll < 0.2:
                self.doubtful[entity] = ("delete", old)
                status, answer, _ = self.server.ask("DELETE", f"{OIR}/{entity}/{old['ovn']}", token=self.token, connection=connection)
                del self.doubtful[entity]
                if status == 503:
                    self.known[entity] = old
                    return
                if status != 200:
                    self.wrong.append(("delete", entity, status, answer))
                self.answered += 1
                return
            path = f"{OIR}/{entity}/{old['ovn']}"
        else:
            entity, old = new_id(), None
            path = f"{OIR}/{entity}"
        self.doubtful[entity] = ("put", old)
        body = intent(self.volume(), state="Contingent" if old else "Accepted")
        status, answer, _ = self.server.ask("PUT", path, body, self.token, connection=connection)
        if status == 503 or status == 409 and "missing_operational_intents" in answer:
            # Stopping; or by chance on top of another of its own: nothing was changed.
            del self.doubtful[entity]
            if old:
                self.known[entity] = old
            return
        if status != (200 if old else 201):
            self.wrong.append(("put", entity, status, answer))
            return
        del self.doubtful[entity]
        self.known[entity] = answer["operational_intent_reference"]
        self.answered += 1

    def compare(self):
        """What the server has against what it answered."""
        connection = self.server.connect()
        for entity, reference in self.known.items():
            status, answer, _ = self.server.ask("GET", f"{OIR}/{entity}", token=self.token, connection=connection)
            if status != 200 or answer["operational_intent_reference"] != reference:
                self.wrong.append(("lost or changed", entity, reference, status, answer))
            else:
                subscribed = reference["subscription_id"]
                status, answer, _ = self.server.ask("GET", f"{SUB}/{subscribed}", token=self.token, connection=connection)
                if status != 200 or answer["subscription"]["dependent_operational_intents"] != [entity]:
                    self.wrong.append(("its subscription", entity, subscribed, status, answer))
        for entity, (what, old) in list(self.doubtful.items()):
            # Either it was done or it was not; nothing between.
            status, answer, _ = self.server.ask("GET", f"{OIR}/{entity}", token=self.token, connection=connection)
            reference = answer["operational_intent_reference"] if status == 200 else None
            undone = reference == old
            done = reference is None if what == "delete" else (reference is not None and reference["version"] == (old["version"] + 1 if old else 1))
            if not (undone or done):
                self.wrong.append(("half done", what, entity, old, status, answer))
            if reference is not None:
                self.known[entity] = reference
            del self.doubtful[entity]
        connection.close()


class Party(Client):
    """Declares its own intents where those of the other party are, too; it is told of that, and acknowledges."""

    def __init__(self, server, number, seed, key):
        super().__init__(server, number, seed)
        self.name, self.key = f"party{number}", key
        self.token = server.token(self.name, ["wideberth.party"])
        self.after = 0        # the number of the last notice that it has
        self.texts = {}       # id -> text of a notice
        self.acknowledged = {}  # id -> signature
        self.shown = 0        # the size of the greatest checkpoint that it was shown

    def declaration(self, key=()):
        feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8 + self.random.random() * 0.05, 47]},
                   "properties": {"radius_m": 300, "altitude_lower_m": 100, "altitude_upper_m": 200, "time_start": at(60)["value"],
                                  "time_end": at(3600)["value"]}}
        return {"type": "FeatureCollection", "features": [feature], "key": list(key), "disclosure": self.random.choice(["full", "volume"])}

    def step(self, connection):
        roll = self.random.random()
        if roll < 0.2:
            return self.read_notices(connection)
        if roll < 0.25:
            return self.see_checkpoint(connection)
        if roll < 0.3 and self.texts:
            return self.acknowledge(connection)
        old = None
        if len(self.known) >= ENTITIES or (self.known and roll < 0.6):
            entity = self.random.choice(sorted(self.known))
            old = self.known.pop(entity)
            if roll < 0.45:
                self.doubtful[entity] = ("delete", old)
                status, answer, _ = self.server.ask("DELETE", f"/api/v1/intents/{entity}/{old['ovn']}", token=self.token, connection=connection)
                del self.doubtful[entity]
                if status == 503:
                    self.known[entity] = old
                elif status != 200:
                    self.wrong.append(("withdraw", entity, status, answer))
                else:
                    self.answered += 1
                return
        key = []
        for _ in range(3):  # what is in the way may have changed since it was named
            if old:
                self.doubtful[entity] = ("put", old)
                status, answer, _ = self.server.ask("PUT", f"/api/v1/intents/{entity}/{old['ovn']}", self.declaration(key), self.token,
                                                    connection=connection)
                del self.doubtful[entity]
            else:
                # One that is not answered has an id that nobody was told.
                status, answer, _ = self.server.ask("POST", "/api/v1/intents", self.declaration(key), self.token, connection=connection)
            if status in (200, 201):
                self.known[answer["intent"]["id"]] = answer["intent"]
                self.answered += 1
                return
            if status == 409 and "conflicts" in answer:
                key = [one["other"]["ovn"] for one in answer["conflicts"]]
                continue
            break
        if old:
            self.known[entity] = old
        if status != 503 and not (status == 409 and "conflicts" in answer):
            self.wrong.append(("declare", status, answer))

    def read_notices(self, connection):
        status, answer, _ = self.server.ask("GET", f"/api/v1/notices?limit=1000&after={self.after}", token=self.token, connection=connection)
        if status != 200:
            return
        for notice in answer["notices"]:
            if self.texts.setdefault(notice["id"], notice["text"]) != notice["text"]:
                self.wrong.append(("two texts of one notice", notice, self.texts[notice["id"]]))
            if notice["number"] <= self.after:
                self.wrong.append(("a number that is not greater", notice, self.after))
            self.after = notice["number"]

    def see_checkpoint(self, connection):
        connection.request("GET", "/ledger/checkpoint")
        text = connection.getresponse().read().decode()
        size = int(text.split("\n")[1])
        if size < self.shown:
            self.wrong.append(("the checkpoint went back", self.shown, size))
        self.shown = max(self.shown, size)

    def acknowledge(self, connection):
        notice = self.random.choice(sorted(self.texts))
        if notice in self.acknowledged:
            return
        signature = self.sign(hashlib.sha256(self.texts[notice].encode()).digest())
        status, answer, _ = self.server.ask("POST", f"/api/v1/notices/{notice}/ack", {"signature": signature}, self.token, connection=connection)
        if status == 200:
            self.acknowledged[notice] = signature
        elif status not in (404, 503):  # it may have gone since, with what it told of
            self.wrong.append(("acknowledge", notice, status, answer))

    def sign(self, payload):
        def url64(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        header = url64(json.dumps({"alg": "EdDSA", "kid": self.key["kid"]}).encode())
        with open(self.key["file"] + f".{self.number}.input", "wb") as file:
            file.write(f"{header}.{url64(payload)}".encode())
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key["file"], "-in", file.name],
                              check=True, capture_output=True)
        return f"{header}..{url64(done.stdout)}"

    def compare(self):
        connection = self.server.connect()
        for entity, intended in list(self.known.items()) + [(entity, old) for entity, (_, old) in self.doubtful.items()]:
            status, answer, _ = self.server.ask("GET", f"/api/v1/intents/{entity}", token=self.token, connection=connection)
            found = answer["intent"] if status == 200 else None
            if entity in self.doubtful:
                what, old = self.doubtful.pop(entity)
                if not (found == old or (what == "delete" and found is None) or (what == "put" and found and found["version"] == old["version"] + 1)):
                    self.wrong.append(("half done", what, entity, old, status, answer))
                if found:
                    self.known[entity] = found
            elif found != intended:
                self.wrong.append(("lost or changed", entity, intended, status, answer))
        self.see_checkpoint(connection)
        self.read_notices(connection)
        for notice, signature in self.acknowledged.items():
            status, answer, _ = self.server.ask("GET", f"/api/v1/notices/{notice}", token=self.token, connection=connection)
            if status == 200 and answer["notice"].get("acknowledgement") != signature:
                self.wrong.append(("an acknowledgement was lost", notice, answer))
        connection.close()


class LedgerReader:
    """Reads what is new in the stored ledger, and compares all of it with what was answered."""

    def __init__(self):
        self.next = 0
        self.newest = {}  # id -> the newest entry of what is not known to have ended
        self.untold = {}  # id -> entry of a notice that nobody was seen to have
        self.acknowledged = set()

    def read(self, server):
        database = sqlite3.connect(f"file:{server.data}/wideberth.db?mode=ro", uri=True)
        for number, text in database.execute("SELECT number, event FROM ledger WHERE number >= ? ORDER BY number", (self.next,)):
            assert number == self.next, (number, self.next)
            self.next += 1
            event = json.loads(text)
            if event["type"].startswith(("dss.operational_intent.", "intent.")) and event["type"] != "intent.refused":
                self.newest[event["id"]] = event
            elif event["type"] == "notice.made":
                self.untold[event["notice"]["id"]] = event
            elif event["type"] == "notice.acknowledged":
                self.acknowledged.add(event["notice_id"])
        database.close()

    def differences(self, server, clients, parties):
        """The newest entry of each entity is what there is of it, and each notice was told."""
        self.read(server)
        rest = dict(self.newest)
        for client in clients:
            for entity, known in client.known.items():
                entry = rest.pop(entity, None)
                if entry is None or entry["ovn"] != known["ovn"] or entry["version"] != known["version"] or entry["type"].endswith("deleted"):
                    yield "a write without its entry", known, entry
        # What is left has ended, or is an intent whose creation was never answered.
        connection = server.connect()
        tokens = {party.name: party.token for party in parties}
        for entity, entry in rest.items():
            if entry["type"].startswith("dss."):
                gone = entry["type"].endswith("deleted")
                status, _, _ = server.ask("GET", f"{OIR}/{entity}", token=clients[0].token, connection=connection)
            else:
                gone = entry["type"] in ("intent.withdrawn", "intent.ended")
                status, _, _ = server.ask("GET", f"/api/v1/intents/{entity}", token=tokens[entry["by"]], connection=connection)
            if status != (404 if gone else 200):
                yield "an entry without what it tells of", entry, status
            if gone:
                del self.newest[entity]
        connection.close()
        for party in parties:
            for notice in party.texts:
                self.untold.pop(notice, None)
            for notice in party.acknowledged:
                if notice not in self.acknowledged:
                    yield "an acknowledgement without its entry", notice
        for event in self.untold.values():
            yield "a notice that was not told", event


def party_keys(program, folder):
    """For each party a key of `wideberth keygen`, and the options that register them."""
    keys, options = [], []
    for number in range(PARTIES):
        file = os.path.join(folder, f"party{number}.key")
        told = subprocess.run([program, "keygen", file], check=True, capture_output=True, text=True).stdout
        keys.append({"file": file, "kid": told.split("key id")[1].split()[0]})
        options += ["--party", f"party{number}={file}.pub"]
    return keys, options


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("faulty_disk")
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"{arguments.cycles} cycles, --seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    program = os.path.abspath(arguments.program)
    faults = {"kill": 0, "tear": 0, "sync": 0, "full": 0}
    with tempfile.TemporaryDirectory(prefix="wideberth-crash-") as folder:
        return run(arguments, chance, program, faults, folder)


def run(arguments, chance, program, faults, folder):
    keys, options = party_keys(program, folder)
    audited = os.path.join(folder, "audit")
    with Server(program, *options) as server:
        parties = [Party(server, number, chance.random(), keys[number]) for number in range(PARTIES)]
        clients = [Client(server, number, chance.random()) for number in range(CLIENTS)] + parties
        ledger = LedgerReader()
        with open(os.path.join(server.data, "ledger.pub"), encoding="ascii") as file:
            operator = file.read().strip()
        for cycle in range(arguments.cycles):
            how = chance.choice(["kill", "kill", "tear", "sync", "full"])
            if server.process is not None:
                server.stop(signal.SIGTERM)
            server.environment = dict(os.environ)
            if how != "kill":
                server.environment.update({"LD_PRELOAD": os.path.abspath(arguments.faulty_disk),
                                           f"FAULTY_DISK_{how.upper()}": str(chance.randrange(2, 400))})
            try:
                server.start()
                started = True
            except RuntimeError:
                started = False  # the fault came while it started; all the same nothing may be lost
            if started:
                stop = threading.Event()
                threads = [threading.Thread(target=client.run, args=(stop,)) for client in clients]
                for thread in threads:
                    thread.start()
                if how == "kill":
                    time.sleep(chance.random() * 0.15)
                    server.process.send_signal(signal.SIGKILL)
                try:
                    _, log = server.process.communicate(timeout=20 if how == "kill" else 1.5)
                except subprocess.TimeoutExpired:
                    server.process.kill()  # it did not write often enough to meet its fault
                    _, log = server.process.communicate()
                    how = "kill"
                status = server.process.returncode
                stop.set()
                for thread in threads:
                    thread.join()
                if how in ("sync", "full") and (status != 1 or b"wideberth.db" not in log):
                    print(f"cycle {cycle}: a disk with \"{how}\" ended it with status {status} and said: {log.decode()}")
                    return 1
            server.process = None
            faults[how] += 1
            server.environment = None
            server.start()
            for client in clients:
                client.compare()
                if client.wrong:
                    print(f"cycle {cycle} ({how}): ", *client.wrong[:5], sep="\n  ")
                    return 1
            wrong = list(ledger.differences(server, clients, parties)) if cycle % 5 == 0 or cycle == arguments.cycles - 1 else []
            if wrong:
                print(f"cycle {cycle} ({how}): ", *wrong[:5], sep="\n  ")
                return 1
            if cycle % 20 == 0:
                audit = subprocess.run([program, "audit", f"http://127.0.0.1:{server.port}", "--state", audited, "--operator-key", operator],
                                       capture_output=True, text=True, check=False)
                if audit.returncode != 0:
                    print(f"cycle {cycle}: audit ended with {audit.returncode}: {audit.stdout}{audit.stderr}")
                    return 1
                server.stop()
                check = subprocess.run([program, "data", "check", server.data], capture_output=True, text=True, check=False)
                if check.returncode != 0:
                    print(f"cycle {cycle}: {check.stderr}")
                    return 1
        answered = sum(client.answered for client in clients)
        told = sum(len(party.texts) for party in parties)
        signed = sum(len(party.acknowledged) for party in parties)
        print(f"{answered} writes answered, none lost; {told} notices told, {signed} acknowledged; a ledger of {parties[0].shown} entries; "
              f"ended by {faults}")
        if told < arguments.cycles or signed == 0 and arguments.cycles >= 20:
            print("too little was told for this to mean anything")
            return 1
        if answered < 5 * arguments.cycles or min(faults.values()) == 0 and arguments.cycles >= 100:
            print("too little was written for this to mean anything")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
