#!/usr/bin/env python3
"""Several clients write and read the same few entities at once, while the server is killed and started again now and then;
then the checker, which is not ours, says whether what they were told is linearizable. A history that was tampered with must be refused.

  history.py WIDEBERTH CHECKER [--seconds S] [--seed N]
"""
import argparse
import copy
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from dss_server import OIR, Server, circle, intent, new_id  # noqa: E402

CLIENTS = 8
ENTITIES = 6


def run_client(server, number, seed, entities, history, lock, stop):
    chance = random.Random(seed)
    token = server.token("uss1")
    ovns = {}  # as last seen
    connection = None
    while not stop.is_set():
        # Of this life and of the one before: what survived a kill is asked for, and no history grows long.
        recent = entities[-2 * ENTITIES:]
        place = chance.randrange(len(recent))
        entity = recent[place]
        what = chance.choice(["create", "update", "update", "delete", "get", "get", "get"])
        if what in ("update", "delete") and entity not in ovns:
            what = "get"
        # Each in a part of the sky of its own: no key is needed.
        number_of = entities.index(entity)
        body = intent(circle(lat=number_of % 160 - 80), subscribe=chance.random() < 0.5)
        path = f"{OIR}/{entity}" + (f"/{ovns[entity]}" if what in ("update", "delete") else "")
        request = {"client": number, "entity": entity, "what": what, "ovn": ovns.get(entity, ""), "status": 0, "answer": "",
                   "told": 0}
        try:
            if connection is None:
                connection = server.connect()
                connection.connect()
            request["sent"] = time.monotonic_ns()
            method = {"create": "PUT", "update": "PUT", "delete": "DELETE", "get": "GET"}[what]
            status, answer, _ = server.ask(method, path, body if method == "PUT" else None, token, connection=connection)
            request["told"] = time.monotonic_ns()
            request["status"] = status
            if status in (200, 201) and what != "delete":
                request["answer"] = ovns[entity] = answer["operational_intent_reference"]["ovn"]
        except (OSError, http.client.HTTPException):
            connection = None
            if "sent" not in request:
                time.sleep(0.005)  # it is not there yet
                continue
        with lock:
            history.append(request)


def check(checker, history):
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(history, file)
    try:
        done = subprocess.run([checker, file.name], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    finally:
        os.unlink(file.name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("checker")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"--seed {arguments.seed}")
    chance = random.Random(arguments.seed)
    history, lock, stop = [], threading.Lock(), threading.Event()
    with Server(os.path.abspath(arguments.program)) as server:
        entities = [new_id() for _ in range(ENTITIES)]
        clients = [threading.Thread(target=run_client, args=(server, number, chance.random(), entities, history, lock, stop))
                   for number in range(CLIENTS)]
        for client in clients:
            client.start()
        end = time.monotonic() + arguments.seconds
        kills = 0
        while time.monotonic() < end:
            time.sleep(0.1 + chance.random() / 2)
            server.stop(signal.SIGKILL)
            entities += [new_id() for _ in range(ENTITIES)]
            server.start()
            kills += 1
        stop.set()
        for client in clients:
            client.join()
    answered = [r for r in history if r["told"]]
    print(f"{len(answered)} requests answered and {len(history) - len(answered)} not, in {kills} lives")
    if len(answered) < 200 or not any(r["what"] == "update" and r["status"] == 200 for r in answered):
        print("too little happened for this to mean anything")
        return 1
    status, said = check(arguments.checker, history)
    print(said.strip())
    if status != 0:
        return 1
    # A read that shows what was there before must be noticed.
    false = copy.deepcopy(history)
    doubtful = {r["entity"] for r in false if not r["told"]}
    replaced = {r["ovn"] for r in false if r["what"] == "update" and r["status"] == 200}
    stale = next(r for r in false if r["status"] in (200, 201) and r["answer"] in replaced and r["entity"] not in doubtful)
    late = max(r["told"] for r in false) + 1000
    false.append({"client": 99, "entity": stale["entity"], "what": "get", "ovn": "", "status": 200, "sent": late,
                  "told": late + 1, "answer": stale["answer"]})
    status, said = check(arguments.checker, false)
    if status != 1:
        print("a history with a stale read passed: the checker proves nothing:", said)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
