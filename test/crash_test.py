#!/usr/bin/env python3
"""Clients write, the server is killed at random instants, or its disk tears, fails or fills; it starts again, and every write
that was answered must be there.

  crash_test.py WIDEBERTH FAULTY_DISK [--cycles N] [--seed S]
"""
import argparse
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dss_server import OIR, SUB, Server, circle, intent, new_id  # noqa: E402

CLIENTS = 4
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
    with Server(program) as server:
        clients = [Client(server, number, chance.random()) for number in range(CLIENTS)]
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
            if cycle % 20 == 0:
                server.stop()
                check = subprocess.run([program, "data", "check", server.data], capture_output=True, text=True, check=False)
                if check.returncode != 0:
                    print(f"cycle {cycle}: {check.stderr}")
                    return 1
        answered = sum(client.answered for client in clients)
        print(f"{answered} writes answered, none lost; ended by {faults}")
        if answered < 5 * arguments.cycles or min(faults.values()) == 0 and arguments.cycles >= 100:
            print("too little was written for this to mean anything")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
