#!/usr/bin/env python3
"""Parties that share one sky and one service: who sees what, by which rules, how they are told and what they can prove, and how all of this
meets F3548's world; against a running server, with real keys.

  parties_test.py WIDEBERTH
"""
import base64
import calendar
import hashlib
import hmac
import http.client
import json
import math
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from described import Described, EveryOperation  # noqa: E402
from dss_server import CR, OIR, SUB, circle, constraint, intent, new_id  # noqa: E402
from party_server import (CONSTRAINTS, INTENTS, Events, PartyServer, Receiver, acknowledgement, base64url,  # noqa: E402
                          declaration, feature, jwk, jws, public_bytes, thumbprint)

PROGRAM = os.path.abspath(sys.argv[1])
FAR = [0.0]
DESCRIBED = Described(lambda path: path.startswith(("/api/v1/", "/ledger/", "/uss/v1/")))


def tearDownModule():
    DESCRIBED.check(all_ran=len(sys.argv) == 2)


def elsewhere():
    """A place that no other test uses."""
    FAR[0] += 0.5
    return {"lat": -40 + FAR[0] % 80, "lng": 20 + FAR[0] // 80 * 5}


def box(place, **others):
    return "?" + urllib.parse.urlencode({"bbox": f"{place['lng'] - .1},{place['lat'] - .1},{place['lng'] + .1},{place['lat'] + .1}", **others})


def paths(value, prefix=""):
    """The names of all members, recursively: {"a", "a.b", "list[].c"}."""
    if isinstance(value, list):
        return set().union(*(paths(one, prefix + "[]") for one in value))
    if not isinstance(value, dict):
        return set()
    names = {f"{prefix}.{name}".lstrip(".") for name in value}
    return names.union(*(paths(one, f"{prefix}.{name}".lstrip(".")) for name, one in value.items()))


class Beside:
    """Asks something again and again, for as long as a block runs, and notes how long each time took."""

    def __init__(self, ask, took):
        self.ask, self.took, self.over = ask, took, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            self.ask()
            self.took.append(time.monotonic() - begin)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def every_text(data):
    """The bytes, and what stands in them as base64 or as JSON within a text, however deep."""
    found, waiting = [], [data]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            inner = [json.loads(one)]
        except ValueError:
            continue
        while inner:
            value = inner.pop()
            if isinstance(value, (dict, list)):
                inner += value.values() if isinstance(value, dict) else value
            elif isinstance(value, str) and len(value) >= 8:
                waiting.append(value.encode())
                try:
                    waiting.append(base64.urlsafe_b64decode(value.replace("+", "-").replace("/", "_") + "=" * (-len(value) % 4)))
                except ValueError:
                    pass
    return b"\n".join(found)


class Parties(unittest.TestCase):
    names = ("alpine", "rescue", "survey", "cargo")
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = PartyServer(PROGRAM, *cls.options, names=cls.names)
        DESCRIBED.read(cls.server)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log
        cls.server.close()
        assert status == 0, (status, log)

    def raw(self, token, method, path, body=None, connection=None):
        """(status, headers but Date, bytes)"""
        own = connection or self.server.connect()
        own.request(method, path, None if body is None else json.dumps(body), {"Authorization": "Bearer " + token} if token else {})
        response = own.getresponse()
        data = response.read()
        if connection is None:
            own.close()
        DESCRIBED.seen.add((method, path.partition("?")[0], response.status))
        return response.status, [(name, value) for name, value in response.getheaders() if name != "Date"], data


# ---- Who sees what.

OWNER, MEMBER, OUTSIDER, OTHER_OUTSIDER = "owner-qx7", "member-qx7", "outsider-qx7", "elsewho-qx7"
GROUP = "group-qx7"
JUNK = "an-ovn-in-the-key-qx7"

# What each relation sees of what was declared with a disclosure.
DISCLOSURES = {
    "full": {"disclosure": "full"},
    "volume": {"disclosure": "volume"},
    "volume, visible_to": {"disclosure": "volume", "visible_to": [GROUP]},
}
SEES = {
    "full": {OWNER: "own", MEMBER: "full", OUTSIDER: "full", OTHER_OUTSIDER: "full"},
    "volume": {OWNER: "own", MEMBER: "volume", OUTSIDER: "volume", OTHER_OUTSIDER: "volume"},
    "volume, visible_to": {OWNER: "own", MEMBER: "full", OUTSIDER: "volume", OTHER_OUTSIDER: "volume"},
}
# What must not be in any byte for who sees it so. Provider and stranger are not parties.
SECRETS = {
    "own": {"key"},
    "full": {"key", "group", "reference id", "reference ovn"},
    "volume": {"key", "group", "reference id", "reference ovn", "name", "id", "ovn"},
    "provider": {"key", "group", "name", "id", "ovn"},
    "stranger": {"key", "group", "reference id", "reference ovn", "name", "id", "ovn"},
}


def of(names="", **inner):
    return {**dict.fromkeys(names.split(), 0), **inner}


FEATURE = of("type", geometry=of("type coordinates"), properties=of("radius_m altitude_lower_m altitude_upper_m time_start time_end"))
DECLARED = {
    ("intent", "own"): of("type kind id ovn disclosure priority party version state visible_to uss_reference_id", features=[FEATURE]),
    ("intent", "full"): of("type kind id ovn disclosure priority party version state", features=[FEATURE]),
    ("intent", "volume"): of("type kind id ovn disclosure priority", features=[FEATURE]),
    ("constraint", "own"): of("type kind id ovn disclosure party version visible_to uss_reference_id", features=[FEATURE]),
    ("constraint", "full"): of("type kind id ovn disclosure party version", features=[FEATURE]),
    ("constraint", "volume"): of("type kind id ovn disclosure", features=[FEATURE]),
}
MET = {
    ("intent", "full"): of("type id ovn disclosure priority party state version possible"),
    ("intent", "volume"): of("type id ovn disclosure priority possible"),
    ("constraint", "full"): of("type id ovn disclosure party version possible"),
    ("constraint", "volume"): of("type id ovn disclosure possible"),
}
for _kind in ("intent", "constraint"):
    MET[_kind, "own"] = MET[_kind, "full"]
MEETING = of("volume other_volume altitude_lower_m altitude_upper_m time_start time_end", outline=of("type coordinates"),
             clear_by=of("up_m down_m earlier_s later_s horizontal_m horizontal_bearing_deg"))
TOLD_MEETING = of("volume other_volume altitude_lower_m altitude_upper_m time_start time_end bbox_deg")
OWN = of("type id ovn version")
# Of a notice; "delivered_at" comes when it was delivered, in whatever way, before.
NOTICE = "id number made_at repeated undelivered_s unacknowledged_s sha256 text"
# What a party gets at each place where the declaration shows, by what shows of it there.
PLACES = {
    "get": lambda kind, how: {kind: DECLARED[kind, how]},
    "list": lambda kind, how: {kind + "s": [DECLARED[kind, how]]},
    "refused": lambda kind, how: of("message", conflicts=[of("in_key needs_key", other=MET[kind, how], meets=[MEETING])]),
    "declared": lambda kind, how: {"intent": DECLARED["intent", "own"],
                                   "conflicts": [of("in_key needs_key", other=MET[kind, how], meets=[MEETING])]},
    "conflicts": lambda kind, how: {"conflicts": [of(own=OWN, other=MET[kind, how], meets=[MEETING])]},
    # The owner is not told of its own: all from here.
    "polled": lambda kind, how: of("more", notices=[of(NOTICE)]),
    "event": lambda kind, how: of(NOTICE),
    "webhook": lambda kind, how: of(NOTICE),
    "text": lambda kind, how: of("id party made_at kind because", own=OWN, other=MET[kind, how], meets=[TOLD_MEETING]),
    "receipt": lambda kind, how: of("format operator_key checkpoint", party_keys=[of("party key")], items=[of("index event salt proof")]),
    "receipt's registration": lambda kind, how: of("at type by name version operator keys_sha256"),
    "receipt's notice": lambda kind, how: of("at type party number", notice=PLACES["text"](kind, how)),
}
INSTANT = of("value format")
ALTITUDE = of("value reference units")
REFERENCE = {
    "intent": of("id manager uss_availability version state ovn uss_base_url subscription_id", time_start=INSTANT, time_end=INSTANT),
    "constraint": of("id manager uss_availability version ovn uss_base_url", time_start=INSTANT, time_end=INSTANT),
}
VOLUMES = [of(time_start=INSTANT, time_end=INSTANT,
              volume=of(altitude_lower=ALTITUDE, altitude_upper=ALTITUDE,
                        outline_circle=of(center=of("lat lng"), radius=of("value units"))))]
DETAILED = {
    "intent": of(operational_intent=of(reference=REFERENCE["intent"], details=of("off_nominal_volumes priority", volumes=VOLUMES))),
    "constraint": of(constraint=of(reference=REFERENCE["constraint"], details=of(volumes=VOLUMES))),
}
DSS_NAME = {"intent": "operational_intent", "constraint": "constraint"}
# Likewise for providers.
PROVIDERS_PLACES = {
    "dss get": lambda kind: {DSS_NAME[kind] + "_reference": REFERENCE[kind]},
    "dss query": lambda kind: {DSS_NAME[kind] + "_references": [REFERENCE[kind]]},
    "dss refused": lambda kind: of("message", **{f"missing_{DSS_NAME[kind]}s": [REFERENCE[kind]]}),
    "uss details": lambda kind: DETAILED[kind],
    "uss notified": lambda kind: of(DSS_NAME[kind] + "_id", subscriptions=[of("subscription_id notification_index")], **DETAILED[kind]),
}


class Disclosure(Parties):
    names = (OWNER, MEMBER, OUTSIDER, OTHER_OUTSIDER)
    options = ("--allow-http-webhooks", "--allow-private-webhooks", "--allow-http-uss")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.by(cls.server.operator, "PUT", "/api/v1/groups/" + GROUP, {"members": [OWNER, MEMBER]}, expect=200)
        cls.receiver = Receiver()
        for at, name in enumerate(cls.names):
            cls.server.by(name, "PUT", "/api/v1/webhook", {"url": f"{cls.receiver.url}/{at}"}, expect=200)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.receiver.close()

    def scene(self, kind, disclosure):
        """Everything that everybody gets of one declaration: ({(relation, place): bytes}, secrets)."""
        server, place, path = self.server, elsewhere(), INTENTS if kind == "intent" else CONSTRAINTS
        members = {**DISCLOSURES[disclosure], "key": [JUNK]}
        if kind == "intent":
            members.update(state="activated", priority=7)  # goes first: needs no key to change
        wide = feature(**place, lower=100, upper=900)
        declared = server.declare(OWNER, wide, path=path, **members)
        secrets = {"name": {OWNER}, "group": {GROUP}, "key": {JUNK}, "id": {declared["id"]}, "ovn": {declared["ovn"]},
                   "reference id": {declared["uss_reference_id"]}, "reference ovn": set()}
        got, events, mine = {}, {}, {}
        for band, name in enumerate(self.names):
            own = feature(**place, lower=110 + 100 * band, upper=120 + 100 * band)
            token = server.token_of(name)

            def ask(what, status, method, path, body=None):
                answer = self.raw(token, method, path, body)
                self.assertEqual(answer[0], status, (what, answer))
                got[name, what] = answer[2]
                return json.loads(answer[2])

            ask("list", 200, "GET", path + box(place, altitude_lower_m=110 + 100 * band, altitude_upper_m=120 + 100 * band))
            other = ask("refused", 409, "POST", INTENTS, declaration(own))["conflicts"][0]["other"]
            ask("get", 200, "GET", f"{path}/{other['id']}")
            mine[name] = ask("declared", 201, "POST", INTENTS, declaration(own, key=[other["ovn"]]))["intent"]["id"]
            ask("conflicts", 200, "GET", "/api/v1/conflicts" + box(place, altitude_lower_m=115 + 100 * band, altitude_upper_m=115 + 100 * band))
            if name == OWNER:  # the zone of its own has conflicts, too
                found = json.loads(got[name, "conflicts"])["conflicts"]
                got[name, "conflicts"] = json.dumps({"conflicts": [one for one in found if one["own"]["id"] == mine[name]]}).encode()
            last = server.by(name, "GET", "/api/v1/notices?limit=1000", expect=200)["notices"]
            events[name] = last[-1]["number"] if last else 0
        in_the_way = self.providers(kind, place, declared, secrets, got)
        members["key"] = [JUNK, in_the_way]
        changed = server.by(OWNER, "PUT", f"{path}/{declared['id']}/{declared['ovn']}", declaration(wide, **members), expect=200)[kind]
        secrets["ovn"].add(changed["ovn"])
        got["provider", "uss notified"] = self.receiver.wait(
            lambda path, _, body, __: path.startswith("/uss") and changed["uss_reference_id"].encode() in body)[2]
        secrets["reference ovn"].add(next(iter(json.loads(got["provider", "uss notified"])[DSS_NAME[kind]].items()))[1]["ovn"])
        for at, name in enumerate(self.names):
            token = server.token_of(name)
            if name == OWNER:
                told = server.by(name, "GET", f"/api/v1/notices?after={events[name]}", expect=200)["notices"]
                self.assertEqual([one for one in told if json.loads(one["text"])["because"] == "changed"], [])
                continue
            got[name, "polled"] = self.raw(token, "GET", f"/api/v1/notices?after={events[name]}")[2]
            notice = json.loads(got[name, "polled"])["notices"][0]
            got[name, "text"] = notice["text"].encode()
            self.assertEqual(json.loads(notice["text"])["own"]["id"], mine[name])
            with Events(server, name, events[name]) as listener:
                number, kind_of_event, got[name, "event"] = listener.next()
                self.assertEqual((int(number), kind_of_event), (notice["number"], b"notice"))
            got[name, "webhook"] = self.receiver.wait(lambda path, headers, *_: path == f"/{at}" and headers["webhook-id"] == notice["id"])[2]
            for what in ("event", "webhook"):
                self.assertEqual(json.loads(got[name, what])["text"], notice["text"])
            status, _, got[name, "receipt"] = self.raw(token, "GET", f"/api/v1/notices/{notice['id']}/receipt")
            self.assertEqual(status, 200, got[name, "receipt"])
            # First who the party is, then what became of the notice.
            items = [one["event"].encode() for one in json.loads(got[name, "receipt"])["items"]]
            got[name, "receipt's registration"], got[name, "receipt's notice"] = items[:2]
        return got, secrets

    def providers(self, kind, place, declared, secrets, got):
        token, folder, reference = self.server.token("uss1"), OIR if kind == "intent" else CR, declared["uss_reference_id"]
        volume = circle(**place, lower=810, upper=820)
        body = intent(volume, subscribe=False, new_subscription={"uss_base_url": self.receiver.url, "notify_for_constraints": True})
        body["uss_base_url"] = self.receiver.url
        for what, status, method, path, sent in (
                ("dss get", 200, "GET", f"{folder}/{reference}", None),
                ("dss query", 200, "POST", f"{folder}/query", {"area_of_interest": volume}),
                ("uss details", 200, "GET", f"/uss/v1/{DSS_NAME[kind]}s/{reference}", None),
                ("dss refused", 409, "PUT", f"{OIR}/{new_id()}", body)):
            answer = self.raw(token, method, path, sent)
            self.assertEqual(answer[0], status, (what, answer))
            got["provider", what] = answer[2]
        ovn = json.loads(got["provider", "uss details"])[DSS_NAME[kind]]["reference"]["ovn"]
        secrets["reference ovn"].add(ovn)
        body["key"] = [ovn]
        status, _, data = self.raw(token, "PUT", f"{OIR}/{new_id()}", body)
        self.assertEqual(status, 201, data)
        return json.loads(data)["operational_intent_reference"]["ovn"]

    def check_secrets(self, how, data, secrets, context):
        everything = every_text(data).lower()
        for secret in SECRETS[how]:
            for value in secrets[secret]:
                for form in {value, value.replace("-", "")}:
                    self.assertNotIn(form.lower().encode(), everything, (*context, secret))

    def test_the_matrix(self):
        seen_ids = {}
        for kind in ("intent", "constraint"):
            for disclosure in DISCLOSURES:
                got, secrets = self.scene(kind, disclosure)
                for relation in self.names:
                    how = SEES[disclosure][relation]
                    for place, shown in PLACES.items():
                        with self.subTest(kind=kind, disclosure=disclosure, relation=relation, place=place):
                            if how == "own" and place not in ("get", "list", "refused", "declared", "conflicts"):
                                self.assertNotIn((relation, place), got)
                                continue
                            data = got[relation, place]
                            names = {one for one in paths(json.loads(data)) if not one.endswith("delivered_at")}
                            self.assertEqual(names, paths(shown(kind, how)), data)
                            self.check_secrets(how, data, secrets, (kind, disclosure, relation, place))
                    seen = json.loads(got[relation, "get"])[kind]
                    seen_ids[kind, disclosure, relation] = seen["id"], seen["ovn"]
                    self.assertEqual(seen["disclosure"], disclosure.split(",")[0])
                for place, shown in PROVIDERS_PLACES.items():
                    with self.subTest(kind=kind, disclosure=disclosure, relation="provider", place=place):
                        data = got["provider", place]
                        self.assertEqual(paths(json.loads(data)), paths(shown(kind)), data)
                        self.check_secrets("provider", data, secrets, (kind, disclosure, "provider", place))
                # Whoever has no token, or one of the other world, is told nothing.
                for path in (f"/api/v1/{kind}s/{next(iter(secrets['id']))}", f"/api/v1/{kind}s", "/api/v1/conflicts", "/api/v1/notices",
                             "/api/v1/events", f"/uss/v1/{DSS_NAME[kind]}s/{next(iter(secrets['reference id']))}", "/ledger/checkpoint",
                             "/ledger/tile/entries/000.p/1"):
                    with self.subTest(kind=kind, disclosure=disclosure, relation="stranger", path=path):
                        status, _, data = self.raw(None, "GET", path)
                        self.assertEqual(status, 200 if path.startswith("/ledger") else 401)
                        self.check_secrets("stranger", data, secrets, (kind, disclosure, "stranger", path))
        # What two outsiders know it by has nothing in common; who sees it in full knows it as its owner does.
        for (kind, disclosure, relation), one in seen_ids.items():
            of_owner = seen_ids[kind, disclosure, OWNER]
            if SEES[disclosure][relation] == "volume":
                self.assertNotEqual(one[0], of_owner[0])
                self.assertNotEqual(one[1], of_owner[1])
            else:
                self.assertEqual(one, of_owner)
            for (*_, other_relation), other in seen_ids.items():
                if relation != other_relation and one != other:
                    # 16 hexadecimal digits in common are no chance.
                    for a, b in zip(one, other):
                        self.assertFalse({a[at:at + 16] for at in range(len(a) - 15)} & {b[at:at + 16] for at in range(len(b) - 15)}, (a, b))


class NotYours(Parties):
    """What is not there and what is not the caller's to see are one: status, headers, bytes, and about the time."""
    names = ("alpine", "rescue", "survey")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server, place = cls.server, elsewhere()
        server.by(server.operator, "PUT", "/api/v1/groups/climbers", {"members": ["alpine"]}, expect=200)
        cls.hidden, cls.pseudonyms = {}, {}
        for path in (INTENTS, CONSTRAINTS):
            cls.hidden[path] = server.declare("alpine", feature(**place, lower=100, upper=200), path=path, disclosure="volume",
                                              **({"priority": 1} if path == INTENTS else {}))
            for name in ("rescue", "survey"):
                found = server.by(name, "GET", path + box(place), expect=200)
                cls.pseudonyms[path, name] = next(iter(found.values()))[0]
            place = elsewhere()
        # A notice of another's.
        place = elsewhere()
        server.declare("alpine", feature(**place))
        server.declare("rescue", feature(**place), priority=1)
        cls.notice = server.by("alpine", "GET", "/api/v1/notices", expect=200)["notices"][-1]

    def operations(self):
        """(method, path with {} for id and OVN, body) of all that name something."""
        for path in (INTENTS, CONSTRAINTS):
            yield "GET", path + "/{}", None
            yield "PUT", path + "/{}/{}", declaration(feature(**elsewhere()))
            yield "DELETE", path + "/{}/{}", None
        yield "POST", INTENTS + "/{}/{}/activate", None
        yield "POST", INTENTS + "/{}/{}/end", None

    def test_every_operation_answers_the_same(self):
        token = self.server.token_of("survey")
        for method, path, body in self.operations():
            folder = next(one for one in (INTENTS, CONSTRAINTS) if path.startswith(one))
            other = next(one for one in (INTENTS, CONSTRAINTS) if one != folder)
            hidden, mine, others = self.hidden[folder], self.pseudonyms[folder, "survey"], self.pseudonyms[folder, "rescue"]
            nothing = self.raw(token, method, path.format(new_id(), "x" * 32), body)
            self.assertEqual(nothing[0], 404, (method, path, nothing))
            asked = {"the real id": (hidden["id"], hidden["ovn"]), "the real id, a wrong OVN": (hidden["id"], "y" * 32),
                     "another viewer's pseudonym": (others["id"], others["ovn"]),
                     "its reference's id": (hidden["uss_reference_id"], hidden["ovn"]),
                     "of the other kind": (self.pseudonyms[other, "survey"]["id"], self.pseudonyms[other, "survey"]["ovn"])}
            if method != "GET":  # seen, but not the caller's
                asked["the own pseudonym"] = (mine["id"], mine["ovn"])
                asked["the own pseudonym, the real OVN"] = (mine["id"], hidden["ovn"])
            for what, (entity, ovn) in asked.items():
                with self.subTest(method=method, path=path, what=what):
                    self.assertEqual(self.raw(token, method, path.format(entity, ovn), body), nothing)
        self.assertEqual(self.raw(token, "GET", f"{INTENTS}/{self.pseudonyms[INTENTS, 'survey']['id']}")[0], 200)
        # Nor does what is seen in full become the caller's.
        place = elsewhere()
        full = self.server.declare("alpine", feature(**place))
        for method, path, body in self.operations():
            if method != "GET" and path.startswith(INTENTS):
                self.assertEqual(self.raw(token, method, path.format(full["id"], full["ovn"]), body),
                                 self.raw(token, method, path.format(new_id(), full["ovn"]), body))

    def test_notices_parties_and_groups(self):
        token = self.server.token_of("survey")
        signature = {"signature": acknowledgement(self.server.key_of("survey"), self.notice)}
        for method, path, hidden, body in (
                ("GET", "/api/v1/notices/{}", self.notice["id"], None),
                ("GET", "/api/v1/notices/{}/receipt", self.notice["id"], None),
                ("POST", "/api/v1/notices/{}/ack", self.notice["id"], signature),
                ("GET", "/api/v1/parties/{}", "alpine", None),
                ("GET", "/api/v1/groups/{}", "climbers", None)):
            with self.subTest(method=method, path=path):
                there = self.raw(token, method, path.format(hidden), body)
                self.assertEqual(there[0], 404, there)
                self.assertEqual(there, self.raw(token, method, path.format(new_id()), body))
        # An operator alone registers, whether it is there or not.
        for path in ("/api/v1/parties/{}", "/api/v1/groups/{}"):
            for body in ({"public_keys": []}, {"members": ["survey"]}):
                answers = [self.raw(token, "PUT", path.format(name), body) for name in ("alpine", "climbers", "nobody")]
                self.assertEqual(answers[0][0], 403)
                self.assertEqual(answers, answers[:1] * 3)

    def test_a_group_that_one_is_not_in_may_be_none(self):
        place = elsewhere()
        answers = [self.server.declare("survey", feature(**place), disclosure="volume", visible_to=[name], expect=400)["message"]
                   for name in ("climbers", "nothings")]
        self.assertEqual(answers[0].replace("climbers", "nothings"), answers[1])

    def test_who_hides_it_keeps_its_readers_time(self):
        token, connection = self.server.token_of("survey"), self.server.connect()
        self.addCleanup(connection.close)
        hidden, others = self.hidden[INTENTS]["id"], self.pseudonyms[INTENTS, "rescue"]["id"]
        ratios = []
        for _ in range(4):  # a busy machine may disturb one
            times = {hidden: [], others: [], None: []}
            for _ in range(200):
                for entity, took in times.items():
                    path = f"{INTENTS}/{entity or new_id()}"
                    begin = time.perf_counter()
                    self.assertEqual(self.raw(token, "GET", path, connection=connection)[0], 404)
                    took.append(time.perf_counter() - begin)
            medians = [statistics.median(took) for took in times.values()]
            ratios.append(max(medians) / min(medians))
            if ratios[-1] < 1.5:
                return
        self.fail(f"the times of what is hidden and what is not there differ: {ratios}")


# ---- Rules.

def changed(change):
    """A declaration with one thing changed: a path of names and places, and the value, or nothing for none."""
    body = declaration(feature(), key=[], disclosure="volume", visible_to=[])
    path, value = change[0], change[1:]
    at = body
    for step in path[:-1]:
        at = at[step]
    if value:
        at[path[-1]] = value[0]
    else:
        del at[path[-1]]
    return body


FIRST = ("features", 0)
PROPERTIES = (*FIRST, "properties")
GEOMETRY = (*FIRST, "geometry")
RING = [[8, 47], [8.01, 47], [8.01, 47.01], [8, 47]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def flat(*rings):
    """A polygon's feature: without a radius."""
    one = feature()
    del one["properties"]["radius_m"]
    one["geometry"] = polygon(*rings)
    return one


# What is wrong with a declaration, and the member that the answer must name.
WRONG = [
    ((("type",),), "type"), ((("type",), "Feature"), "type"), ((("type",), 3), "type"),
    ((("features",),), "features"), ((("features",), []), "features"), ((("features",), {}), "features"),
    ((("features",), [feature()] * 1001), "features"),
    ((("features",), [flat([[8 + i * 1e-6, 47] for i in range(10_001)])]), "features[0].geometry.coordinates"),
    ((("crs",), {}), "crs"),
    ((("disclosure",), "private"), "disclosure"), ((("disclosure",), "none"), "disclosure"), ((("disclosure",), 1), "disclosure"),
    ((("visible_to",), "climbers"), "visible_to"), ((("visible_to",), [""]), "visible_to[0]"), ((("visible_to",), ["x" * 257]), "visible_to[0]"),
    ((("visible_to",), ["g"] * 101), "visible_to"), ((("visible_to",), [3]), "visible_to[0]"), ((("visible_to",), ["no such group"]), "visible_to"),
    ((("priority",), 0.5), "priority"), ((("priority",), 2 ** 31), "priority"), ((("priority",), "1"), "priority"),
    ((("state",), "nonconforming"), "state"), ((("state",), 1), "state"),
    ((("key",), "x"), "key"), ((("key",), [1]), "key[0]"), ((("key",), [""]), "key[0]"), ((("key",), ["x" * 129]), "key[0]"),
    ((("key",), ["x"] * 100_001), "key"),
    (((*FIRST, "type"),), "features[0].type"), (((*FIRST, "type"), "Point"), "features[0].type"),
    (((*FIRST, "geometry"),), "features[0].geometry"), (((*FIRST, "geometry"), None), "features[0].geometry"),
    (((*FIRST, "properties"),), "features[0].properties"),
    (((*GEOMETRY, "type"), "LineString"), "features[0].geometry.type"), (((*GEOMETRY, "coordinates"),), "features[0].geometry.coordinates"),
    (((*GEOMETRY, "coordinates"), [8]), "features[0].geometry.coordinates"), (((*GEOMETRY, "coordinates"), [181, 47]), "features[0].geometry.coordinates"),
    (((*GEOMETRY, "coordinates"), [8, 91]), "features[0].geometry.coordinates"), (((*GEOMETRY, "coordinates"), ["8", 47]), "features[0].geometry.coordinates[0]"), (((*GEOMETRY, "coordinates"), [8, 47, {}]), "features[0].geometry.coordinates[2]"),
    ((GEOMETRY, polygon(RING)), "features[0].properties.radius_m"),
    ((FIRST, flat(RING, RING)), "features[0].geometry.coordinates"), ((FIRST, flat(RING[:3])), "features[0].geometry.coordinates[0]"),
    ((FIRST, flat(RING[:3] + [[8, 48]])), "features[0].geometry.coordinates[0]"), ((FIRST, flat([[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]])), "features[0].geometry.coordinates[0]"),
    ((FIRST, flat([[0, 0], [2, 0], [2, 2], [0, 0]])), "features[0].geometry"),
    (((*PROPERTIES, "radius_m"),), "features[0].properties.radius_m"), (((*PROPERTIES, "radius_m"), 0), "features[0].properties.radius_m"),
    (((*PROPERTIES, "radius_m"), 30_000), "features[0].geometry"), (((*PROPERTIES, "radius_m"), "300"), "features[0].properties.radius_m"),
    (((*PROPERTIES, "altitude_lower_m"),), "features[0].properties.altitude_lower_m"),
    (((*PROPERTIES, "altitude_upper_m"),), "features[0].properties.altitude_upper_m"),
    (((*PROPERTIES, "altitude_lower_m"), 601), "features[0].properties.altitude_lower_m"),
    (((*PROPERTIES, "altitude_upper_m"), 1_000_001), "features[0].properties.altitude_lower_m: with altitude_upper_m"), (((*PROPERTIES, "altitude_lower_m"), "500"), "features[0].properties.altitude_lower_m"),
    (((*PROPERTIES, "time_start"),), "features[0].properties.time_start"), (((*PROPERTIES, "time_end"),), "features[0].properties.time_end"),
    (((*PROPERTIES, "time_start"), "today"), "features[0].properties.time_start"), (((*PROPERTIES, "time_start"), 1), "features[0].properties.time_start"),
    (((*PROPERTIES, "time_end"), "2020-01-01T00:00:00Z"), "features[0].properties: time_start, time_end"), (((*PROPERTIES, "time_end"), "2600-01-01T00:00:00Z"), "features[0].properties.time_end"),
]


def moved(one, up=0.0, later_ns=0):
    """The feature, so many metres higher and nanoseconds later."""
    one = json.loads(json.dumps(one))
    properties = one["properties"]
    for name in ("altitude_lower_m", "altitude_upper_m"):
        properties[name] = round(properties[name] + up, 3)
    for name in ("time_start", "time_end"):
        whole, _, part = properties[name].rstrip("Z").partition(".")
        ns = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10 ** 9 + int(part.ljust(9, "0")) + later_ns
        properties[name] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10 ** 9)) + f".{ns % 10 ** 9:09d}Z"
    return one


class Rules(Parties):
    def ovn_told(self, name, *features, **members):
        """The OVN of the one conflict that the refusal tells."""
        conflicts = self.server.declare(name, *features, expect=409, **members)["conflicts"]
        self.assertEqual(len(conflicts), 1)
        self.assertEqual((conflicts[0]["in_key"], conflicts[0]["needs_key"]), (False, True))
        return conflicts[0]["other"]["ovn"]

    def test_a_conflict_is_refused_without_the_key_and_accepted_with_it(self):
        for what, first, second, members in (("one's own", "alpine", "alpine", {}), ("another's", "alpine", "rescue", {}),
                                             ("another's, by its pseudonym", "alpine", "rescue", {"disclosure": "volume"})):
            with self.subTest(what):
                one = feature(**elsewhere())
                declared = self.server.declare(first, one, **members)
                ovn = self.ovn_told(second, one)
                self.assertEqual(ovn == declared["ovn"], members == {})
                self.ovn_told(second, one, key=["x" * 32])
                if members:  # the real OVN, from wherever it came, is none of the other's
                    self.ovn_told(second, one, key=[declared["ovn"]])
                answer = self.server.by(second, "POST", INTENTS, declaration(one, key=["x" * 32, ovn]), expect=201)
                self.assertEqual([(c["in_key"], c["needs_key"]) for c in answer["conflicts"]], [(True, True)])
                # With the next change of the one, its OVN is another.
                told = self.server.declare(first, one, expect=409, **members)["conflicts"]
                again = self.server.by(first, "PUT", f"{INTENTS}/{declared['id']}/{declared['ovn']}",
                                       declaration(one, key=[c["other"]["ovn"] for c in told], **members), expect=200)["intent"]
                self.assertEqual((again["version"], again["id"]), (2, declared["id"]))
                self.assertNotEqual(again["ovn"], declared["ovn"])
                path = f"{INTENTS}/{answer['intent']['id']}/{answer['intent']['ovn']}"
                self.assertEqual(self.server.by(second, "PUT", path, declaration(one, key=[ovn]))[0], 409)

    def test_what_is_sent_again_is_not_done_again(self):
        one = feature(**elsewhere())
        first = self.server.declare("alpine", one)
        self.assertEqual(self.server.declare("alpine", one, expect=409)["conflicts"][0]["other"]["id"], first["id"])
        path = f"{INTENTS}/{first['id']}"
        change = ("PUT", f"{path}/{first['ovn']}", declaration(one, priority=3))
        second = self.server.by("alpine", *change, expect=200)["intent"]
        self.assertEqual(self.server.by("alpine", *change)[0], 409)
        activate = ("POST", f"{path}/{second['ovn']}/activate")
        third = self.server.by("alpine", *activate, expect=200)["intent"]
        self.assertEqual(self.server.by("alpine", *activate)[0], 409)
        self.assertEqual(self.server.by("alpine", "GET", path, expect=200)["intent"], third)

    def test_the_higher_priority_goes_first_and_the_other_is_told(self):
        one = feature(**elsewhere())
        low = self.server.declare("alpine", one, priority=-1)
        answer = self.server.by("rescue", "POST", INTENTS, declaration(one), expect=201)
        self.assertEqual([(c["in_key"], c["needs_key"], c["other"]["priority"]) for c in answer["conflicts"]], [(False, False, -1)])
        notice = json.loads(self.server.by("alpine", "GET", "/api/v1/notices?limit=1000", expect=200)["notices"][-1]["text"])
        self.assertEqual((notice["kind"], notice["because"], notice["own"]["id"], notice["other"]["id"], notice["other"]["priority"]),
                         ("conflict", "declared", low["id"], answer["intent"]["id"], 0))
        # Who is as low, or lower, needs the OVNs of both.
        for priority in (-1, -2):
            told = self.server.declare("survey", one, priority=priority, key=[answer["intent"]["ovn"]], expect=409)["conflicts"]
            self.assertEqual({(c["other"]["priority"], c["in_key"], c["needs_key"]) for c in told}, {(0, True, True), (-1, False, True)})

    def test_a_constraint_needs_its_ovn_whatever_the_priority(self):
        one = feature(**elsewhere())
        zone = self.server.declare("alpine", one, path=CONSTRAINTS)
        for priority in (0, 2 ** 31 - 1):
            self.assertEqual(self.ovn_told("rescue", one, priority=priority), zone["ovn"])
        self.server.declare("rescue", one, key=[zone["ovn"]])
        # Zones do not conflict with each other, and lie over intents without asking.
        answer = self.server.by("survey", "POST", CONSTRAINTS, declaration(one), expect=201)
        self.assertEqual([(c["other"]["type"], c["needs_key"]) for c in answer["conflicts"]], [("intent", False)])

    def test_another_ovn_changes_nothing(self):
        for path in (INTENTS, CONSTRAINTS):
            one = feature(**elsewhere())
            declared = self.server.declare("alpine", one, path=path)
            wrong = f"{path}/{declared['id']}/{'x' * 32}"
            for method, more, body in (("PUT", "", declaration(one)), ("DELETE", "", None), ("POST", "/activate", None), ("POST", "/end", None)):
                if path == INTENTS or not more:
                    status, answer, _ = self.server.by("alpine", method, wrong + more, body)
                    self.assertEqual((status, answer["message"].split(":")[0]), (409, "ovn"))
            self.assertEqual(self.server.by("alpine", "GET", f"{path}/{declared['id']}", expect=200)[path[8:-1]], declared)

    def test_a_life(self):
        one = feature(**elsewhere())
        declared = self.server.declare("alpine", one)
        path = f"{INTENTS}/{declared['id']}"
        active = self.server.by("alpine", "POST", f"{path}/{declared['ovn']}/activate", expect=200)["intent"]
        self.assertEqual((active["state"], active["version"]), ("activated", 2))
        # Without a state it stays as it was.
        again = self.server.by("alpine", "PUT", f"{path}/{active['ovn']}", declaration(one), expect=200)["intent"]
        self.assertEqual((again["state"], again["version"]), ("activated", 3))
        other = self.server.declare("rescue", one, key=[again["ovn"]])
        # To fly is to know again of all that is in the way.
        status, answer, _ = self.server.by("alpine", "POST", f"{path}/{again['ovn']}/activate")
        self.assertEqual((status, [c["other"]["ovn"] for c in answer["conflicts"]]), (409, [other["ovn"]]))
        active = self.server.by("alpine", "POST", f"{path}/{again['ovn']}/activate", {"key": [other["ovn"]]}, expect=200)["intent"]
        ended = self.server.by("alpine", "POST", f"{path}/{active['ovn']}/end", expect=200)
        self.assertEqual(ended, {"intent": active})
        self.assertEqual(self.server.by("alpine", "GET", path)[0], 404)
        kinds = [json.loads(one["text"])["kind"] for one in self.server.by("rescue", "GET", "/api/v1/notices", expect=200)["notices"]]
        self.assertEqual(kinds[-1], "conflict_over")
        for path in (INTENTS, CONSTRAINTS):
            declared = self.server.declare("alpine", feature(**elsewhere()), path=path)
            gone = self.server.by("alpine", "DELETE", f"{path}/{declared['id']}/{declared['ovn']}", expect=200)
            self.assertEqual(gone, {path[8:-1]: declared})
            self.assertEqual(self.server.by("alpine", "DELETE", f"{path}/{declared['id']}/{declared['ovn']}")[0], 404)

    def test_what_is_over_is_in_nobodys_way(self):
        place = elsewhere()
        self.assertIn("time_end", self.server.declare("alpine", feature(**place, start=-100, end=-1), expect=400)["message"])
        soon = feature(**place, start=-10, end=1.5)
        declared = self.server.declare("alpine", soon)
        self.ovn_told("rescue", soon)
        time.sleep(2)
        self.assertEqual(self.server.by("rescue", "GET", INTENTS + box(place), expect=200)["intents"], [])
        self.server.declare("rescue", feature(**place, start=-10, end=60))
        status, _, _ = self.server.by("alpine", "POST", f"{INTENTS}/{declared['id']}/{declared['ovn']}/activate")
        self.assertIn(status, (404, 409))

    def test_each_fault_of_a_declaration_is_named(self):
        for path in (INTENTS, CONSTRAINTS):
            for change, member in WRONG:
                with self.subTest(path=path, change=str(change)[:100]):
                    status, answer, _ = self.server.by("alpine", "POST", path, changed(change))
                    self.assertEqual(status, 400, answer)
                    self.assertTrue(answer["message"].startswith(member), answer)
        for name, value in (("priority", 1), ("state", "accepted")):
            self.assertTrue(self.server.declare("alpine", path=CONSTRAINTS, expect=400, **{name: value})["message"].startswith(name))
        self.assertTrue(self.server.declare("alpine", expect=400, visible_to=["g"])["message"].startswith("visible_to"))  # of "full"
        for body in (b"", b"{", b"[]", b"null", b'{"type":"FeatureCollection","type":"FeatureCollection"}', b"\xff"):
            self.assertEqual(self.server.by("alpine", "POST", INTENTS, body)[0], 400, body)
        for suffix in ("", "/activate", "/end"):
            method = "POST" if suffix else "DELETE"
            self.assertEqual(self.server.by("alpine", method, f"{INTENTS}/none/{'x' * 16}{suffix}")[0], 400)
        self.assertEqual(self.server.by("alpine", "POST", f"{INTENTS}/{new_id()}/x/activate", {"key": 1})[0], 400)

    def test_as_much_as_is_allowed(self):
        place = elsewhere()
        # As large as the description says, and no larger.
        status, described, _ = self.server.ask("GET", "/openapi.json")
        largest = described["components"]["schemas"]["DeclaredCircle"]["allOf"][1]["properties"]["radius_m"]["maximum"]
        self.assertEqual(status, 200)
        self.server.declare("survey", feature(**elsewhere(), radius=largest), key=["x" * 32])
        answer = self.server.declare("survey", feature(**elsewhere(), radius=math.nextafter(largest, math.inf)), expect=400)
        self.assertIn("2500 km", answer["message"])
        many = [feature(**place, lower=i, upper=i + 0.5, radius=1) for i in range(1000)]
        declared = self.server.declare("alpine", *many, key=["x" * 32] * 100_000)
        self.assertEqual(len(declared["features"]), 1000)
        # Of what meets so often, the first are told; nobody waits for whoever asks it.
        begin = time.monotonic()
        same = [feature(**place, lower=0, upper=1000, radius=300)] * 300
        for answer in (self.server.declare("rescue", *many, expect=409), self.server.declare("rescue", *same, expect=409)):
            self.assertEqual(len(answer["conflicts"][0]["meets"]), 100)
            self.assertIs(answer["conflicts"][0]["more_meets"], True)
        exactly = self.server.declare("rescue", *many[:100], expect=409)["conflicts"][0]
        self.assertEqual((len(exactly["meets"]), "more_meets" in exactly), (100, False))
        self.assertLess(time.monotonic() - begin, 10)

    def test_what_is_too_entangled_is_possible_and_holds_nobody_up(self):
        place = elsewhere()

        def zigzags(first, count=300):
            """Beside each other, a hand wide, and every second one alone: they never touch, but all their boxes do."""
            shapes = []
            for k in range(first, 2 * count + first, 2):
                south = place["lat"] + k * 2e-6
                there = [[place["lng"] + i * 0.005, south + i % 2 * 0.02] for i in range(5)]
                ring = there + [[lng, lat + 0.6e-6] for lng, lat in reversed(there)]
                shape = feature()
                shape["geometry"] = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
                del shape["properties"]["radius_m"]
                shapes.append(shape)
            return shapes

        first = self.server.declare("alpine", *zigzags(0))
        self.assertEqual(self.server.declare("rescue", *zigzags(1, 3), expect=201)["kind"], "intent", "few are compared exactly")
        took = []
        with Beside(lambda: self.server.by("rescue", "GET", f"{INTENTS}/{new_id()}", expect=404), took):
            refused = self.server.declare("cargo", *zigzags(1), expect=409)
        self.assertLess(max(took), 1, "nobody waits for the minutes that all would take")
        (conflict,) = (one for one in refused["conflicts"] if one["other"]["id"] == first["id"])
        self.assertEqual((conflict["other"]["possible"], conflict["more_meets"], len(conflict["meets"])), (True, True, 100))
        self.assertNotIn("other_volume", conflict["meets"][0])
        before = self.server.by("alpine", "GET", "/api/v1/notices?limit=1000", expect=200)["notices"]
        accepted = self.server.declare("cargo", *zigzags(1), key=[one["other"]["ovn"] for one in refused["conflicts"]])
        told = [json.loads(one["text"]) for one in self.server.by("alpine", "GET", "/api/v1/notices?limit=1000", expect=200)["notices"]
                if one["id"] not in {had["id"] for had in before}]
        self.assertEqual([(one["kind"], one["other"]["id"], one["other"]["possible"]) for one in told], [("conflict", accepted["id"], True)])
        # One page after the other, though each compares but so much: all come.
        others, cursor = [], {}
        for _ in range(20):
            answer = self.server.by("cargo", "GET", "/api/v1/conflicts" + box(place, limit=1, **cursor), expect=200)
            others += [one["other"]["id"] for one in answer["conflicts"]]
            if "next_cursor" not in answer:
                break
            cursor = {"cursor": answer["next_cursor"]}
        self.assertEqual(sorted(others), sorted(one["other"]["id"] for one in refused["conflicts"]))

    def test_what_takes_too_long_to_draw_is_told_by_its_rectangle(self):
        place = elsewhere()

        def comb(teeth, upright):
            """Two of these, one on its side, share a square for each two teeth."""
            ring = [(0, 0)]
            for i in range(teeth):
                left, right = i * 0.02 / teeth, (i + 0.5) * 0.02 / teeth
                ring += [(left, 0.0005), (left, 0.02), (right, 0.02), (right, 0.0005)]
            ring.append((ring[-1][0], 0))
            shape = feature()
            shape["geometry"] = {"type": "Polygon", "coordinates": [
                [[place["lng"] + (x if upright else y), place["lat"] + (y if upright else x)] for x, y in [*ring, ring[0]]]]}
            del shape["properties"]["radius_m"]
            return shape

        for teeth, drawn in ((10, True), (200, False)):
            first = self.server.declare("alpine", comb(teeth, True), expect=201)
            begin = time.monotonic()
            (conflict,) = self.server.declare("rescue", comb(teeth, False), expect=409)["conflicts"]
            self.assertLess(time.monotonic() - begin, 2)
            (meets,) = conflict["meets"]
            self.assertEqual(("outline" in meets, "bbox_deg" in meets, conflict["other"]["possible"]), (drawn, not drawn, False))
            if drawn:
                self.assertGreater(len(meets["outline"]["coordinates"]), 50)
            self.server.by("alpine", "DELETE", f"{INTENTS}/{first['id']}/{first['ovn']}", expect=200)

    def test_a_page_has_no_more_than_can_be_sent(self):
        place = elsewhere()
        sizes = [900, 1, 900, 1, 900]
        for size in sizes:
            ring = [[place["lng"] + 0.0001 * i, place["lat"] + 0.01 * (i % 2)] for i in range(10)]
            ring = ring[::2] + ring[::-2]
            shape = feature()
            shape["geometry"] = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
            del shape["properties"]["radius_m"]
            self.server.declare("alpine", *[shape] * size, key=[one["ovn"] for one in self.all_of("alpine", box(place))])
        pages, cursor = [], {}
        for _ in range(20):
            answer = self.server.by("alpine", "GET", INTENTS + box(place, **cursor), expect=200)
            pages.append([len(one["features"]) for one in answer["intents"]])
            if "next_cursor" not in answer:
                break
            cursor = {"cursor": answer["next_cursor"]}
        self.assertEqual(sorted(sum(pages, [])), sorted(sizes))
        self.assertGreater(len(pages), 1)
        self.assertLess(max(len(page) for page in pages), 5)

    def all_of(self, name, query):
        """What is listed, from page to page."""
        found, cursor = [], ""
        while True:
            answer = self.server.by(name, "GET", INTENTS + query + cursor, expect=200)
            found += answer["intents"]
            if "next_cursor" not in answer:
                return found
            cursor = "&cursor=" + answer["next_cursor"]

    def test_lists_are_of_what_meets_the_filters(self):
        place = elsewhere()
        ids = {}
        for name, one in (("low", feature(**place, lower=0, upper=10)), ("high", feature(**place, lower=1000, upper=1010)),
                          ("late", feature(**place, lower=0, upper=10, start=7200, end=7300)),
                          ("north", feature(lat=place["lat"] + 0.05, lng=place["lng"], lower=0, upper=10)),
                          ("dateline", feature(lat=place["lat"], lng=179.999, radius=1000, lower=0, upper=10))):
            ids[self.server.declare("cargo", one)["id"]] = name
        lat, lng = place["lat"], place["lng"]
        now, later = (feature(start=start)["properties"]["time_start"] for start in (100, 7250))

        def found(**filters):
            listed = self.all_of("cargo", "?" + urllib.parse.urlencode(filters))
            return {ids[one["id"]] for one in listed if one["id"] in ids}

        around = f"{lng - .01},{lat - .01},{lng + .01},{lat + .01}"
        for wanted, filters in (
                ({"low", "high", "late", "north", "dateline"}, {"limit": 1000}),
                ({"low", "high", "late"}, {"bbox": around}),
                ({"low", "late"}, {"bbox": around, "altitude_upper_m": 999.999}),
                ({"high"}, {"bbox": around, "altitude_lower_m": 10.001}),
                ({"low", "late"}, {"bbox": around, "altitude_lower_m": 10, "altitude_upper_m": 11}),
                ({"low", "high"}, {"bbox": around, "time_end": now}),
                ({"late"}, {"bbox": around, "time_start": later}),
                (set(), {"bbox": around, "time_start": later, "altitude_lower_m": 500}),
                ({"low", "high", "late", "north"}, {"bbox": f"{lng - .1},{lat - .1},{lng + .1},{lat + .1}"}),
                ({"dateline"}, {"bbox": f"179.9,{lat - .01},-179.9,{lat + .01}"}),
                ({"dateline"}, {"bbox": f"-180,{lat - .01},-179.995,{lat + .01}"}),
                (set(), {"bbox": f"-179.9,{lat - .01},-170,{lat + .01}"})):
            with self.subTest(filters=filters):
                self.assertEqual(found(**filters), wanted)
        for filters in ("bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=1,2,3,1", "bbox=181,2,3,4", "bbox=1,-91,2,3", "bbox=nan,1,2,3",
                        "altitude_lower_m=x", "altitude_lower_m=10&altitude_upper_m=9", "altitude_upper_m=1000001", "time_start=now",
                        "time_start=2030-01-01T00:00:00Z&time_end=2029-01-01T00:00:00Z", "limit=0", "limit=1001", "limit=x", "cursor=",
                        "cursor=%21", "limit=1&limit=2"):
            for path in (INTENTS, CONSTRAINTS, "/api/v1/conflicts"):
                status, answer, _ = self.server.by("cargo", "GET", f"{path}?{filters}")
                self.assertEqual(status, 400, (filters, answer))
                self.assertIn(filters.split("=")[0].split("_")[0], answer["message"])

    def test_pages_have_all_that_stays_once_whatever_changes(self):
        place = elsewhere()
        body = [declaration(feature(**place, lower=i, upper=i + .5, radius=10), disclosure="volume") for i in range(300)]
        token, connection = self.server.token_of("cargo"), self.server.connect()
        self.addCleanup(connection.close)

        def declare(i):
            return self.server.ask("POST", INTENTS, body[i], token, connection=connection)[1]["intent"]

        declared = [declare(i) for i in range(250)]
        for viewer in ("cargo", "survey"):  # by their ids, and by pseudonyms
            with self.subTest(viewer=viewer):
                before = {one["id"] for one in self.server.by(viewer, "GET", INTENTS + box(place, limit=1000), expect=200)["intents"]}
                gone, seen, cursor, page = set(), [], {}, 0
                while True:
                    answer = self.server.by(viewer, "GET", INTENTS + box(place, limit=40, **cursor), expect=200)
                    seen += [one["id"] for one in answer["intents"]]
                    if "next_cursor" not in answer:
                        break
                    self.assertEqual(len(answer["intents"]), 40)
                    cursor = {"cursor": answer["next_cursor"]}
                    # One in each direction goes, another comes: also the very one that the cursor names.
                    for at in (page, -1 - page):
                        one = declared.pop(at)
                        self.server.by("cargo", "DELETE", f"{INTENTS}/{one['id']}/{one['ovn']}", expect=200)
                    declared.append(declare(250 + page + (25 if viewer == "survey" else 0)))
                    page += 1
                after = {one["id"] for one in self.server.by(viewer, "GET", INTENTS + box(place, limit=1000), expect=200)["intents"]}
                gone = before - after
                self.assertGreater(len(gone), 5)
                self.assertEqual(len(seen), len(set(seen)), "one came twice")
                self.assertLessEqual(before & after, set(seen), "one was left out")

    def test_what_begins_centuries_ago_is_told_too(self):
        place = elsewhere()
        self.server.declare("alpine", feature(**place, start="1687-11-26T10:00:00Z"))
        clear_by = self.server.declare("rescue", feature(**place, start="2013-11-26T10:00:00Z"), expect=409)["conflicts"][0]["meets"][0]["clear_by"]
        self.assertGreater(clear_by["earlier_s"], 300 * 365 * 86_400)

    def test_clear_by_says_the_least_that_clears(self):
        place = elsewhere()
        other = moved(feature(**place, lower=500.123, upper=600.457, start=80_000, end=83_600))
        self.server.declare("alpine", other)
        own = moved(feature(**place, lower=550.25, upper=650.25, start=81_234.5, end=85_000), later_ns=123)
        clear_by = self.server.declare("rescue", own, expect=409)["conflicts"][0]["meets"][0]["clear_by"]
        ns = {name: round(clear_by[name] * 10 ** 9) for name in ("earlier_s", "later_s")}
        for what, clear, not_clear in (
                ("up", {"up": clear_by["up_m"]}, {"up": clear_by["up_m"] - .001}),
                ("down", {"up": -clear_by["down_m"]}, {"up": -clear_by["down_m"] + .001}),
                ("later", {"later_ns": ns["later_s"]}, {"later_ns": ns["later_s"] - 1}),
                ("earlier", {"later_ns": -ns["earlier_s"]}, {"later_ns": -ns["earlier_s"] + 1})):
            with self.subTest(what, clear_by=clear_by):
                self.server.declare("rescue", moved(own, **not_clear), expect=409)
                moved_away = self.server.declare("rescue", moved(own, **clear))
                self.server.by("rescue", "DELETE", f"{INTENTS}/{moved_away['id']}/{moved_away['ovn']}", expect=200)
        self.assertEqual(round(clear_by["horizontal_m"]), 600, "two circles of 300 m in one place")
        # A strip of 4 km by 20 m over the same circle: the short way is across it.
        lat, lng = place["lat"], place["lng"]
        metre_north, metre_east = 1 / 111_000, 1 / (111_320 * math.cos(math.radians(lat)))

        def strip(north_m):
            shape = feature(lower=500, upper=600, start=80_000, end=83_600)
            west, east = lng - 2000 * metre_east, lng + 2000 * metre_east
            south, north = lat + (north_m - 10) * metre_north, lat + (north_m + 10) * metre_north
            shape["geometry"] = {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}
            del shape["properties"]["radius_m"]
            return shape

        clear_by = self.server.declare("rescue", strip(0), expect=409)["conflicts"][0]["meets"][0]["clear_by"]
        self.assertAlmostEqual(clear_by["horizontal_m"], 310, delta=2)
        self.assertAlmostEqual(math.cos(math.radians(clear_by["horizontal_bearing_deg"])) ** 2, 1, places=3)
        self.server.declare("rescue", strip(305), expect=409)
        self.server.declare("rescue", strip(clear_by["horizontal_m"] * 111_000 / 110_567))


# ---- Being told.

class Told(Parties):
    options = ("--allow-http-webhooks", "--allow-private-webhooks")

    def meet(self, times=1, who="alpine", by="rescue"):
        """Lets an intent of `who` be met so often; returns the notices, by their own numbers."""
        place, before = elsewhere(), self.newest(who)
        self.server.declare(who, feature(**place, lower=0, upper=1000))
        for i in range(times):
            self.server.declare(by, feature(**place, lower=i, upper=i + .5), priority=1)
        notices = self.server.by(who, "GET", f"/api/v1/notices?after={before}&limit=1000", expect=200)["notices"]
        self.assertEqual(len(notices), times)
        return notices

    def newest(self, who):
        after = 0
        while True:
            answer = self.server.by(who, "GET", f"/api/v1/notices?after={after}&limit=1000", expect=200)
            after = answer["notices"][-1]["number"] if answer["notices"] else after
            if not answer["more"]:
                return after

    def test_polls_come_in_parts(self):
        notices, after, seen = self.meet(7), 0, []
        after = notices[0]["number"] - 1
        for left in (5, 3, 1, 0):
            answer = self.server.by("alpine", "GET", f"/api/v1/notices?after={after}&limit=2", expect=200)
            seen += [one["id"] for one in answer["notices"]]
            after = answer["notices"][-1]["number"]
            self.assertEqual(answer["more"], left > 0)
        self.assertEqual(seen, [one["id"] for one in notices])
        for query in ("after=-1", "after=x", "after=9223372036854775808", "after=", "limit=0", "after=1&after=1"):
            self.assertEqual(self.server.by("alpine", "GET", "/api/v1/notices?" + query)[0], 400, query)
        self.assertEqual(self.server.by("alpine", "GET", "/api/v1/notices?after=9223372036854775807", expect=200), {"notices": [], "more": False})

    def test_events_resume_across_restarts_and_none_is_lost(self):
        # Nobody acknowledges here, or the beginning would be another.
        with PartyServer(PROGRAM, names=("alpine", "rescue")) as server:
            place, ids = elsewhere(), []
            server.declare("alpine", feature(**place, lower=0, upper=1000))

            def declare(count):
                for _ in range(count):
                    at = len(ids)
                    ids.append(server.declare("rescue", feature(**place, lower=at, upper=at + .5), priority=1)["id"])

            def other(data):
                return json.loads(json.loads(data)["text"])["other"]["id"]

            declare(5)
            heard, numbers = [], []

            def listen(count, last):
                with Events(server, "alpine", last) as listener:
                    for _ in range(count):
                        number, _, data = listener.next()
                        self.assertEqual(json.loads(data)["number"], int(number))
                        numbers.append(int(number))
                        heard.append(other(data))

            listen(3, None)  # without a number from the first that is not acknowledged
            # Likewise with one that nobody can have been given.
            for beyond in (2 ** 63 - 1, numbers[-1] + 10 ** 12):
                with Events(server, "alpine", beyond) as listener:
                    self.assertEqual([int(listener.next()[0]) for _ in range(3)], numbers)
            for how, status in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
                with Events(server, "alpine", numbers[-1]) as still_open:
                    still_open.next()
                    self.assertEqual(server.stop(how), status)
                    with self.assertRaises((EOFError, OSError, http.client.HTTPException)):
                        while True:
                            still_open.next()
                server.start()
                listen(2, numbers[-1])
                declare(2)
            listen(2, numbers[-1])
            with Events(server, "alpine", numbers[-1]) as listener:  # as they come, too
                self.assertEqual(listener.response.getheader("Content-Type"), "text/event-stream")
                DESCRIBED.seen.add(("GET", "/api/v1/events", listener.response.status))
                declare(3)
                for _ in range(3):
                    numbers.append(int(listener.next()[0]))
            heard += ids[9:]
            self.assertEqual(heard, ids)
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertEqual([json.loads(one["text"])["other"]["id"] for one in
                              server.by("alpine", "GET", "/api/v1/notices", expect=200)["notices"]], ids)
        for last in ("x", "-1", "9223372036854775808"):
            self.assertEqual(self.server.by("alpine", "GET", "/api/v1/events", headers={"Last-Event-ID": last})[0], 400)

    def test_a_webhook_is_signed_and_tried_again(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        receiver.answers = [500, 503, 302]
        for body in ({}, {"url": 1}, {"url": "ftp://a.example"}, {"url": "http://"}, {"url": "http://a.example:99999"}, []):
            self.assertEqual(self.server.by("survey", "PUT", "/api/v1/webhook", body)[0], 400, body)
        self.assertEqual(self.server.by("survey", "GET", "/api/v1/webhook")[0], 404)
        self.assertEqual(self.server.by("survey", "DELETE", "/api/v1/webhook")[0], 404)
        state = self.server.by("survey", "PUT", "/api/v1/webhook", {"url": receiver.url + "/told"}, expect=200)["webhook"]
        self.assertEqual((state["url"], state["waiting"], state["attempts"]), (receiver.url + "/told", 0, 0))
        notices = self.meet(2, "survey")
        receiver.wait(lambda *one: one[3] == 500)
        state = self.server.by("survey", "GET", "/api/v1/webhook", expect=200)["webhook"]
        self.assertEqual(state["waiting"], 2)
        receiver.wait(lambda _, headers, __, status: status == 204 and headers["webhook-id"] == notices[1]["id"], seconds=60)
        # The first was tried until it was taken, and the second waited for it.
        self.assertEqual([(headers["webhook-id"], status) for _, headers, _, status in receiver.got],
                         [(notices[0]["id"], status) for status in (500, 503, 302, 204)] + [(notices[1]["id"], 204)])
        self.assertTrue(state["public_key"].startswith("whpk_"))
        raw_key = base64.b64decode(state["public_key"][5:])
        public = os.path.join(self.server.folder, "webhook.pub.der")
        with open(public, "wb") as file:
            file.write(bytes.fromhex("302a300506032b6570032100") + raw_key)  # RFC 8410
        for path, headers, body, _ in receiver.got:
            self.assertEqual((path, headers["Content-Type"]), ("/told", "application/json"))
            self.assertLess(abs(int(headers["webhook-timestamp"]) - time.time()), 60)
            version, _, signature = headers["webhook-signature"].partition(",")
            self.assertEqual(version, "v1a")
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            for data, good in ((signed, True), (signed + b" ", False)):
                files = [os.path.join(self.server.folder, name) for name in ("signed", "signature")]
                for name, content in zip(files, (data, base64.b64decode(signature))):
                    with open(name, "wb") as file:
                        file.write(content)
                done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-keyform", "DER", "-rawin", "-in", files[0],
                                       "-sigfile", files[1]], capture_output=True, check=False)
                self.assertEqual(done.returncode == 0, good, done.stderr)
            self.assertIn(json.loads(body)["text"], [one["text"] for one in notices])
        # That it was delivered stands in the notice and in its receipt.
        for _ in range(100):
            notice = self.server.by("survey", "GET", f"/api/v1/notices/{notices[1]['id']}", expect=200)["notice"]
            receipt = self.server.by("survey", "GET", f"/api/v1/notices/{notices[1]['id']}/receipt", expect=200)
            if len(receipt["items"]) > 1:
                break
            time.sleep(.05)
        self.assertIn("delivered_at", notice)
        gone = self.server.by("survey", "DELETE", "/api/v1/webhook", expect=200)["webhook"]
        self.assertEqual(gone["url"], receiver.url + "/told")
        self.assertEqual(self.server.by("survey", "GET", "/api/v1/webhook")[0], 404)
        count = len(receiver.got)
        self.meet(1, "survey")
        time.sleep(.5)
        self.assertEqual(len(receiver.got), count)

    def test_a_webhook_that_is_another_begins_anew(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        with PartyServer(PROGRAM, "--allow-http-webhooks", "--allow-private-webhooks", names=("alpine", "rescue")) as server:
            def put(url):
                return server.by("alpine", "PUT", "/api/v1/webhook", {"url": url}, expect=200)["webhook"]

            place = elsewhere()
            put("http://127.0.0.1:1/typo")
            server.declare("alpine", feature(**place))
            server.declare("rescue", feature(**place), priority=1)
            for _ in range(400):  # pauses grow from about a second
                state = server.by("alpine", "GET", "/api/v1/webhook", expect=200)["webhook"]
                if state["attempts"] >= 4:
                    break
                time.sleep(.05)
            self.assertGreaterEqual(state["attempts"], 4, state)
            self.assertIn("last_error", state)
            server.by("alpine", "DELETE", "/api/v1/webhook", expect=200)
            state = put("http://127.0.0.1:1/typed-again")
            self.assertLessEqual(state["attempts"], 1, state)
            began = time.monotonic()
            put(receiver.url + "/right")
            notice = server.by("alpine", "GET", "/api/v1/notices", expect=200)["notices"][0]
            receiver.wait(lambda path, headers, _, __: (path, headers["webhook-id"]) == ("/right", notice["id"]), seconds=5)
            self.assertLess(time.monotonic() - began, 2)
            for _ in range(100):
                state = server.by("alpine", "GET", "/api/v1/webhook", expect=200)["webhook"]
                if state["waiting"] == 0:
                    break
                time.sleep(.05)
            self.assertEqual((state["waiting"], state["attempts"], state.get("last_error")), (0, 0, None))
            # Another one has nothing of what was told to the one before, and so gets what is not acknowledged.
            put(receiver.url + "/other")
            receiver.wait(lambda path, headers, _, __: (path, headers["webhook-id"]) == ("/other", notice["id"]), seconds=5)
            put(receiver.url + "/other")  # the same one: nothing happens
            time.sleep(.5)
            self.assertEqual([path for path, _, _, _ in receiver.got], ["/right", "/other"])

    def test_nothing_is_sent_to_a_private_address_unless_that_is_allowed(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        with PartyServer(PROGRAM, "--allow-http-webhooks", names=("alpine", "rescue")) as server:
            place, port = elsewhere(), receiver.url.rpartition(":")[2]
            server.declare("alpine", feature(**place))
            server.declare("rescue", feature(**place), priority=1)
            for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                         "10.0.0.1", "[::1]", "[::]", "[fe80::1]", "169.254.169.254"):
                with self.subTest(host=host):
                    refused = server.by("alpine", "PUT", "/api/v1/webhook", {"url": f"http://{host}:{port}/"}, expect=400)
                    self.assertEqual(refused["message"], "url: has a host that is an address which is not public")
                    self.assertEqual(server.by("alpine", "GET", "/api/v1/webhook")[0], 404)
            # What a name is, is known when it is called; what it is inside, is nobody's business outside.
            for host in ("localhost", "nobody.invalid"):
                with self.subTest(host=host):
                    server.by("alpine", "PUT", "/api/v1/webhook", {"url": f"http://{host}:{port}/"}, expect=200)
                    for _ in range(200):
                        state = server.by("alpine", "GET", "/api/v1/webhook", expect=200)["webhook"]
                        if "last_error" in state:
                            break
                        time.sleep(.05)
                    self.assertEqual(state.get("last_error"), f"http://{host}:{port} has no public address", state)
                    self.assertEqual((state["waiting"], state["given_up"]), (1, 0))
                    server.by("alpine", "DELETE", "/api/v1/webhook", expect=200)
            server.stop()
            warned = [line for line in server.log.splitlines() if "no public address" in line]
            self.assertEqual(len(warned), 1, server.log)  # a minute
            self.assertRegex(warned[0], "localhost.*its address is (::1|127.0.0.1), which is not public.*--allow-private-webhooks")
        self.assertEqual(receiver.got, [])
        with PartyServer(PROGRAM, names=("alpine",)) as server:
            self.assertIn("user", server.by("alpine", "PUT", "/api/v1/webhook", {"url": "https://me:secret@a.example/"}, expect=400)["message"])
            self.assertIn("https", server.by("alpine", "PUT", "/api/v1/webhook", {"url": receiver.url}, expect=400)["message"])

    def test_an_acknowledgement_is_of_the_party_and_of_the_notice(self):
        one, two = self.meet(2)
        path = f"/api/v1/notices/{one['id']}"
        key, others_key = self.server.key_of("alpine"), self.server.key_of("rescue")
        digest = hashlib.sha256(one["text"].encode()).digest()
        self.assertEqual(one["sha256"], digest.hex())
        good = acknowledgement(key, one)
        header = good.split(".")[0]
        for what, signature in (
                ("another party's key", acknowledgement(others_key, one)),
                ("another's key under the party's name", jws(others_key, digest, True, kid=thumbprint(key + ".pub"))),
                ("another notice", acknowledgement(key, two)),
                ("the text itself", jws(key, one["text"].encode(), True)),
                ("with its payload", jws(key, digest)),
                ("a key of its own", jws(key, digest, True, jwk=jwk(key + ".pub"))),
                ("no algorithm", base64url(b'{"alg":"none"}') + ".."), ("no signature", header + ".."), ("", ""), ("dots", ".."),
                ("cut off", good[:-2]), ("an unknown header", jws(key, digest, True, crit=["b64"], b64=False)),
                ("another algorithm", jws(key, digest, True, alg="HS256"))):
            with self.subTest(what):
                status, answer, _ = self.server.by("alpine", "POST", path + "/ack", {"signature": signature})
                self.assertEqual(status, 400, answer)
                self.assertTrue(answer["message"].startswith("signature"), answer)
        for body in ({}, {"signature": 1}, [], b""):
            self.assertEqual(self.server.by("alpine", "POST", path + "/ack", body)[0], 400)
        self.assertEqual(self.server.by("rescue", "POST", path + "/ack", {"signature": acknowledgement(others_key, one)})[0], 404)
        self.assertNotIn("acknowledged_at", self.server.by("alpine", "GET", path, expect=200)["notice"])
        first = self.server.by("alpine", "POST", path + "/ack", {"signature": good}, expect=200)["notice"]
        self.assertEqual((first["acknowledgement"], first["text"]), (good, one["text"]))
        for again in (good, jws(key, digest, True, typ="JOSE")):  # the first one stands
            later = self.server.by("alpine", "POST", path + "/ack", {"signature": again}, expect=200)["notice"]
            self.assertEqual(later, first)
        receipt = self.server.by("alpine", "GET", path + "/receipt", expect=200)
        events = [json.loads(item["event"]) for item in receipt["items"]]
        self.assertEqual([event["jws"] for event in events if event["type"] == "notice.acknowledged"], [good])
        # A listener without a number begins after what is acknowledged.
        with Events(self.server, "alpine") as listener:
            self.assertGreater(int(listener.next()[0]), 0)

    def test_a_receipt_says_what_happened_and_none_that_was_changed_passes(self):
        place = elsewhere()
        self.server.declare("cargo", feature(**place))
        self.server.declare("rescue", feature(**place), priority=1)
        listened = self.server.run("listen", "cargo", "--ack", "--once", "--json")
        self.assertEqual(listened.returncode, 0, listened.stderr)
        notice = json.loads(listened.stdout)
        file = os.path.join(self.server.folder, "receipt.json")
        done = self.server.run("receipt", "cargo", notice["id"], "-o", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(file, encoding="utf-8") as opened:
            receipt = json.load(opened)

        def verify(changed=receipt, key="cargo"):
            trusted = ["--operator-key", receipt["operator_key"], "--party-key", f"cargo={self.server.key_of(key)}.pub"]
            text = json.dumps(changed, ensure_ascii=False)
            return subprocess.run([PROGRAM, "verify", "-", *trusted], input=text, capture_output=True, text=True, timeout=60, check=False)

        proven = verify()
        self.assertEqual(proven.returncode, 0, proven.stderr)
        for words in (notice["id"], 'a notice to party "cargo"', 'party "cargo" acknowledged notice', 'of party "rescue"', "because: declared",
                      "the key is one that you gave for this party"):
            self.assertIn(words, proven.stdout)
        # Only what is given counts, and not the key that the ledger and the file have.
        self.assertEqual(verify(key="survey").returncode, 3)
        self.assertIn('the acknowledgement of party "cargo": it is signed with the key', verify(key="survey").stdout)
        chance = random.Random(7)
        for at, item in enumerate(receipt["items"]):
            for name in ("event", "salt"):
                for place in chance.sample(range(len(item[name]) - 2), 12):
                    changed_receipt = json.loads(json.dumps(receipt))
                    text = item[name]
                    changed_receipt["items"][at][name] = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1:]
                    done = verify(changed_receipt)
                    self.assertIn(done.returncode, (2, 3), (name, place, done.stdout))
            changed_receipt = json.loads(json.dumps(receipt))
            changed_receipt["items"][at]["index"] += 1
            self.assertIn(verify(changed_receipt).returncode, (2, 3))
        for place in chance.sample(range(len(receipt["checkpoint"]) - 2), 20):
            text = receipt["checkpoint"]
            done = verify({**receipt, "checkpoint": text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1:]})
            self.assertIn(done.returncode, (2, 3), (place, done.stdout))
        # In the way to the ledger, at each end of each proof.
        for at, item in enumerate(receipt["items"]):
            changed_receipt = json.loads(json.dumps(receipt))
            changed_receipt["items"][at]["proof"] = item["proof"][:-1]
            self.assertIn(verify(changed_receipt).returncode, (2, 3))

    def test_an_acknowledgement_is_proven_whatever_became_of_the_key(self):
        with PartyServer(PROGRAM, names=("rescue",)) as server:
            place = elsewhere()
            keys = [server.key_of(name) for name in ("zero", "one", "two", "three")]

            def put(*which):
                server.by("chief", "PUT", "/api/v1/parties/cargo", {"public_keys": [jwk(keys[i] + ".pub") for i in which]}, expect=200)

            server.party_keys["cargo"] = keys[1]
            for which in ((0,), (0, 1), (1,), (1, 2), (1,)):  # the key that signs is there from the second on
                put(*which)
            server.declare("cargo", feature(**place))
            server.declare("rescue", feature(**place), priority=1)
            notice = server.by("cargo", "GET", "/api/v1/notices", expect=200)["notices"][0]
            path = f"/api/v1/notices/{notice['id']}"
            server.by("cargo", "POST", path + "/ack", {"signature": acknowledgement(keys[1], notice)}, expect=200)
            oauth = server.token("cargo", ["wideberth.party"])

            def verify(receipt, *trusted):
                operator = ["--operator-key", receipt["operator_key"], *trusted]
                return subprocess.run([PROGRAM, "verify", "-", *operator], input=json.dumps(receipt, ensure_ascii=False), capture_output=True,
                                      text=True, timeout=60, check=False)

            def registrations(receipt):
                events = [(item["index"], json.loads(item["event"])) for item in receipt["items"]]
                return {index: event["version"] for index, event in events if event["type"] == "party.put"}

            def receipt_now():
                status, receipt, _ = server.ask("GET", path + "/receipt", token=oauth)
                self.assertEqual(status, 200, receipt)
                return receipt

            receipt = receipt_now()
            self.assertEqual(list(registrations(receipt).values()), [2, 5])
            since = min(registrations(receipt))
            done = verify(receipt)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(f"is good, and entry {since} registered the key for this party: that it is the party's is the operator's word.\n", done.stdout)
            # Rotated twice, some more, and all keys taken away; and after a restart.
            for which in ((2,), (3,), (0,), (2, 3), ()):
                put(*which)
                receipt = receipt_now()
                done = verify(receipt)
                self.assertEqual(done.returncode, 0, done.stdout)
                found = registrations(receipt)
                self.assertEqual(list(found.values())[:3], [2, 5, 6])
                self.assertLessEqual(len(found), 4)
                gone = next(index for index, version in found.items() if version == 6)
                self.assertIn(f"is good, and entry {since} registered the key for this party: that it is the party's is the operator's word; it was the party's then, and is not any more "
                              f"since entry {gone}.\n", done.stdout)
                self.assertNotIn("NOT CHECKED", done.stdout)
            server.stop()
            server.start()
            receipt = receipt_now()
            self.assertEqual(verify(receipt).stdout.split("All of this")[0], done.stdout.split("All of this")[0])
            self.assertEqual([one["key"] for one in receipt["party_keys"]], [jwk(keys[1] + ".pub")["x"]])

            # Another key, or none, in the place of the one that signed proves nothing; nor does a registration that is another.
            for keys_of_file in ([], [{"party": "cargo", "key": jwk(keys[2] + ".pub")["x"]}],
                                 [{**receipt["party_keys"][0], "party": "rescue"}]):
                self.assertIn("NOT CHECKED", verify({**receipt, "party_keys": keys_of_file}).stdout)
            without = [item for item in receipt["items"] if json.loads(item["event"])["type"] != "party.put"]
            self.assertIn("only this file says that the key is the party's", verify({**receipt, "items": without}).stdout)
            acknowledged = next(i for i, item in enumerate(receipt["items"]) if '"notice.acknowledged"' in item["event"])
            forged = json.loads(json.dumps(receipt))
            event = json.loads(forged["items"][acknowledged]["event"])
            for member, value in (("jws", acknowledgement(keys[2], notice)), ("key", jwk(keys[2] + ".pub")["x"])):
                forged["items"][acknowledged]["event"] = json.dumps({**event, member: value}, separators=(",", ":"))
                done = verify(forged)
                self.assertEqual(done.returncode, 3, done.stdout)
                self.assertIn("NOT PROVEN", done.stdout)
            first = receipt["items"][0]
            self.assertIn("party.put", first["event"])
            digests = [hashlib.sha256(public_bytes(keys[i] + ".pub")).hexdigest() for i in (1, 2)]
            self.assertIn(digests[0], first["event"])
            changed_event = {**first, "event": first["event"].replace(*digests)}
            self.assertEqual(verify({**receipt, "items": [changed_event, *receipt["items"][1:]]}).returncode, 3)


# ---- Two worlds, one sky.

class Settings(unittest.TestCase):
    def test_names_in_settings_follow_the_rule_of_all_names(self):
        with PartyServer(PROGRAM, names=("\u5c71",)) as server:
            key = server.key_of("\u5c71") + ".pub"
            self.assertEqual(server.by("\u5c71", "GET", "/api/v1/notices")[0], 200)
            server.stop()
            for option in ("--party", "--operator"):
                for name, why in ((b"", "is empty"), (b"x" * 257, "257 bytes"), (b"a\x1b", "control character"), (b"a\xc2\x9b", "control character"),
                                  (b"Z\xfcrich", "UTF-8")):
                    done = subprocess.run([PROGRAM.encode(), b"serve", b"--listen", b"127.0.0.1:0", b"--data", server.data.encode(), b"--audience",
                                           b"localhost", option.encode(), name + b"=" + key.encode()], capture_output=True, timeout=30, check=False)
                    self.assertEqual(done.returncode, 2, (option, name))
                    self.assertIn(f"{option}: NAME of NAME=FILE", done.stderr.decode())
                    self.assertIn(why, done.stderr.decode())


class Measured(unittest.TestCase):
    def metrics(self, server):
        """{name and labels: value}, and the names with their types."""
        port = re.search(r'metrics="http://127.0.0.1:(\d+)/metrics"', server.log).group(1)
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}
        return values, dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)), dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))

    def test_what_is_kept_waits_and_is_undelivered(self):
        with PartyServer(PROGRAM, "--metrics-listen", "127.0.0.1:0", "--allow-http-webhooks", "--allow-private-webhooks",
                         "--allow-http-uss", names=("a", "b")) as server:
            def kind(name):
                return f'wideberth_entities{{kind="{name}"}}'

            def expect(**wanted):
                names = {"unacknowledged": "wideberth_unacknowledged_notices", "webhook": 'wideberth_undelivered_messages{to="webhook"}',
                         "uss": 'wideberth_undelivered_messages{to="uss"}'}
                values, _, _ = self.metrics(server)
                self.assertEqual({name: values[names.get(name, kind(name))] for name in wanted}, wanted)

            expect(declared_intent=0, declared_constraint=0, party=3, group=0, notice=0, unacknowledged=0, webhook=0, uss=0)
            before = self.metrics(server)[0]["wideberth_ledger_entries"]
            self.assertGreater(before, 0)
            server.by("chief", "PUT", "/api/v1/groups/g", {"members": ["a"]}, expect=200)
            # Nobody listens there.
            server.by("a", "PUT", "/api/v1/webhook", {"url": "http://127.0.0.1:1/"}, expect=200)
            server.ask("PUT", f"{SUB}/{new_id()}", {"extents": circle(), "uss_base_url": "http://127.0.0.1:1", "notify_for_operational_intents": True},
                       server.token("uss1"))
            server.declare("a", feature())
            zone = server.declare("b", feature(), path=CONSTRAINTS)
            expect(declared_intent=1, declared_constraint=1, party=3, group=1, notice=1, unacknowledged=1, webhook=1, uss=1)
            one = server.by("a", "GET", "/api/v1/notices", expect=200)["notices"][0]
            server.by("a", "POST", f"/api/v1/notices/{one['id']}/ack", {"signature": acknowledgement(server.key_of("a"), one)}, expect=200)
            server.by("b", "DELETE", f"{CONSTRAINTS}/{zone['id']}/{zone['ovn']}", expect=200)
            expect(declared_intent=1, declared_constraint=0, group=1, notice=2, unacknowledged=1)
            server.stop()
            server.start()
            expect(declared_intent=1, declared_constraint=0, party=3, group=1, notice=2, unacknowledged=1, webhook=1, uss=1)
            values, types, helps = self.metrics(server)
            self.assertGreater(values["wideberth_ledger_entries"], before)
            self.assertEqual(types.keys(), helps.keys())
            for name, of in types.items():
                self.assertRegex(name, r"^wideberth_[a-z][a-z_]*[a-z]$")
                self.assertEqual(of == "counter", name.endswith("_total"), name)


class TwoWorlds(Parties):
    options = ("--allow-http-webhooks", "--allow-private-webhooks", "--allow-http-uss")

    def setUp(self):
        self.one, self.two = self.server.token("uss1"), self.server.token("uss2")
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def dss(self, method, path, body=None, expect=200, token=None):
        status, answer, _ = self.server.ask(method, path, body, token or self.one)
        self.assertEqual(status, expect, (method, path, answer))
        return answer

    def told(self, name):
        answer = self.server.by(name, "GET", "/api/v1/notices?limit=1000", expect=200)
        return [json.loads(one["text"]) for one in answer["notices"]]

    def notification(self, entity, name, *volumes, version=1, ovn="o" * 20, **members):
        details = {"volumes": list(volumes), **({"off_nominal_volumes": [], "priority": 0} if name == "operational_intent" else {})}
        return {name + "_id": entity, name: {"reference": {"id": entity, "version": version, "ovn": ovn, "uss_base_url": "https://uss.example"},
                                             "details": details},
                "subscriptions": [{"subscription_id": new_id(), "notification_index": 1}], **members}

    def test_a_provider_finds_what_a_party_declared(self):
        place = elsewhere()
        mine = self.server.declare("alpine", feature(**place))
        entity, body = new_id(), intent(circle(**place))
        refused = self.dss("PUT", f"{OIR}/{entity}", body, 409)
        self.assertEqual([(one["id"], one["manager"], one["uss_base_url"], one["ovn"]) for one in refused["missing_operational_intents"]],
                         [(mine["uss_reference_id"], "wideberth", "https://wideberth.example", "Available from USS")])
        details = self.dss("GET", f"/uss/v1/operational_intents/{mine['uss_reference_id']}")["operational_intent"]
        self.assertEqual(details["reference"]["state"], "Accepted")
        volume = details["details"]["volumes"][0]
        self.assertEqual((volume["volume"]["outline_circle"]["radius"]["value"], volume["volume"]["altitude_lower"]["value"]), (300, 500))
        body["key"] = [details["reference"]["ovn"]]
        self.dss("PUT", f"{OIR}/{entity}", body, 201)
        notice = self.told("alpine")[-1]
        self.assertEqual(notice["own"]["id"], mine["id"])
        self.assertEqual(notice["other"], {"type": "operational_intent_reference", "id": entity, "manager": "uss1",
                                           "uss_base_url": "https://uss.example", "version": 1, "possible": True})
        # The OVN is that of the reference: it changes with the intent.
        status, _, _ = self.server.by("alpine", "POST", f"{INTENTS}/{mine['id']}/{mine['ovn']}/activate")
        self.assertEqual(status, 409)
        # What is no reference of this USS, or of the other kind, is not there.
        for path in (f"/uss/v1/operational_intents/{entity}", f"/uss/v1/operational_intents/{mine['id']}",
                     f"/uss/v1/constraints/{mine['uss_reference_id']}", f"/uss/v1/operational_intents/{entity}/telemetry"):
            self.dss("GET", path, expect=404)
        self.dss("GET", "/uss/v1/operational_intents/x", expect=400)
        self.dss("GET", "/uss/v1/operational_intents/x/telemetry", expect=400)
        self.dss("GET", "/uss/v1/constraints/x", expect=400)
        self.dss("GET", f"/uss/v1/operational_intents/{mine['uss_reference_id']}/telemetry", expect=409)
        zone = self.server.declare("alpine", feature(**elsewhere()), path=CONSTRAINTS)
        details = self.dss("GET", f"/uss/v1/constraints/{zone['uss_reference_id']}")["constraint"]
        self.assertEqual(details["reference"]["id"], zone["uss_reference_id"])
        # Nobody but the party changes what stands for its intent.
        for token in (self.one, self.two):
            self.dss("DELETE", f"{CR}/{zone['uss_reference_id']}/{details['reference']['ovn']}", expect=403, token=token)

    def test_a_subscribed_provider_is_told_at_once(self):
        place = elsewhere()
        for kind, path, name in (("notify_for_operational_intents", INTENTS, "operational_intent"), ("notify_for_constraints", CONSTRAINTS, "constraint")):
            with self.subTest(kind):
                place, subscribed = elsewhere(), new_id()
                body = {"extents": circle(**place), "uss_base_url": self.receiver.url + "/" + name, kind: True}
                self.dss("PUT", f"{SUB}/{subscribed}", body, token=self.two)
                declared = self.server.declare("rescue", feature(**place), path=path)
                index = 1

                def told():
                    begin = time.monotonic()
                    got = json.loads(self.receiver.wait(
                        lambda to, _, body, __: to == f"/{name}/uss/v1/{name}s" and f'"notification_index":{index}'.encode() in body, 5)[2])
                    self.assertLess(time.monotonic() - begin, 5)
                    self.assertEqual((got[name + "_id"], got["subscriptions"]),
                                     (declared["uss_reference_id"], [{"subscription_id": subscribed, "notification_index": index}]))
                    return got

                first = told()[name]
                self.assertEqual((first["reference"]["id"], first["reference"]["version"]), (declared["uss_reference_id"], 1))
                self.assertEqual(first["details"]["volumes"][0]["volume"]["altitude_upper"]["value"], 600)
                index = 2
                at = f"{path}/{declared['id']}/{declared['ovn']}"
                again = self.server.by("rescue", "PUT", at, declaration(feature(**place, upper=700)), expect=200)[path[8:-1]]
                second = told()[name]
                self.assertEqual((second["reference"]["version"], second["details"]["volumes"][0]["volume"]["altitude_upper"]["value"]), (2, 700))
                self.assertNotEqual(first["reference"]["ovn"], second["reference"]["ovn"])
                index = 3
                self.server.by("rescue", "DELETE", f"{path}/{again['id']}/{again['ovn']}", expect=200)
                self.assertNotIn(name, told())

    def test_a_party_finds_what_a_provider_holds(self):
        place, entity = elsewhere(), new_id()
        body = intent(circle(**place))
        made = self.dss("PUT", f"{OIR}/{entity}", body, 201)["operational_intent_reference"]
        refused = self.server.declare("alpine", feature(**place), expect=409)["conflicts"]
        self.assertEqual([(one["other"], one["in_key"], one["needs_key"]) for one in refused],
                         [({"type": "operational_intent_reference", "id": entity, "manager": "uss1", "uss_base_url": "https://uss.example",
                            "version": 1, "possible": True}, False, True)])
        mine = self.server.declare("alpine", feature(**place), key=[made["ovn"]])
        shown = self.server.by("alpine", "GET", "/api/v1/conflicts" + box(place), expect=200)["conflicts"]
        self.assertEqual([one["other"]["id"] for one in shown], [entity])
        # The provider tells its volumes: what was possible is certain.
        exact = circle(**place, lower=550, upper=560, start=100, end=3500)
        at_once = self.notification(entity, "operational_intent", exact)
        self.dss("POST", "/uss/v1/operational_intents", at_once, 204)
        notice = self.told("alpine")[-1]
        self.assertEqual((notice["kind"], notice["because"], notice["own"]["id"]), ("conflict", "told_by_provider", mine["id"]))
        certain = {"type": "operational_intent_reference", "id": entity, "manager": "uss1", "uss_base_url": "https://uss.example",
                   "version": 1, "possible": False}
        self.assertEqual(notice["other"], certain)
        self.assertEqual([(one["altitude_lower_m"], one["altitude_upper_m"], one["other_volume"]) for one in notice["meets"]], [(550, 560, 0)])
        shown = self.server.by("alpine", "GET", "/api/v1/conflicts" + box(place), expect=200)["conflicts"]
        self.assertEqual([(one["other"], one["meets"][0]["other_volume"], one["meets"][0]["altitude_upper_m"]) for one in shown], [(certain, 0, 560)])
        # Nobody else tells of it, and nothing old.
        count = len(self.told("alpine"))
        self.dss("POST", "/uss/v1/operational_intents", self.notification(entity, "operational_intent", exact), 403, self.two)
        self.dss("POST", "/uss/v1/operational_intents", self.notification(entity, "operational_intent", exact, version=0), 409)
        self.dss("POST", "/uss/v1/operational_intents", self.notification(entity, "operational_intent", exact, version=2), 409)
        for of in (entity, new_id()):  # known here or not
            others = self.notification(of, "operational_intent", exact)
            others["operational_intent"]["reference"]["manager"] = "uss2"
            self.assertIn("manager: ", self.dss("POST", "/uss/v1/operational_intents", others, 403)["message"])
        own = self.notification(new_id(), "operational_intent", circle(**elsewhere()))
        own["operational_intent"]["reference"]["manager"] = "uss1"
        self.dss("POST", "/uss/v1/operational_intents", own, 403)  # the DSS has no such reference
        own["operational_intent"]["reference"]["manager"] = 7
        self.dss("POST", "/uss/v1/operational_intents", own, 400)
        # Again the same, which tells nobody anything; and something else of the same version.
        self.dss("POST", "/uss/v1/operational_intents", at_once, 204)
        for other in (circle(**place, lower=550, upper=561, start=100, end=3500), circle(**place, lower=501, upper=502, start=100, end=3500)):
            self.dss("POST", "/uss/v1/operational_intents", self.notification(entity, "operational_intent", other), 409)
        for wrong in ({}, [], {"operational_intent_id": "x"}, self.notification("x", "operational_intent", exact),
                      {**self.notification(entity, "operational_intent", exact), "subscriptions": []},
                      {**self.notification(entity, "operational_intent", exact), "operational_intent_id": new_id()},
                      self.notification(entity, "operational_intent", *[exact] * 1001)):
            self.dss("POST", "/uss/v1/operational_intents", wrong, 400)
        self.assertEqual(len(self.told("alpine")), count)
        # Its end is told as well, by the DSS itself.
        self.dss("DELETE", f"{OIR}/{entity}/{made['ovn']}")
        notice = self.told("alpine")[-1]
        self.assertEqual((notice["kind"], notice["other"]["id"]), ("conflict_over", entity))
        gone = {"operational_intent_id": entity, "subscriptions": [{"subscription_id": new_id(), "notification_index": 3}]}
        self.dss("POST", "/uss/v1/operational_intents", gone, 204)
        self.assertEqual(len(self.told("alpine")), count + 1)

    def test_what_was_told_outlives_a_crash_and_ends_what_was_possible(self):
        with PartyServer(PROGRAM, *self.options, names=("alpine", "rescue")) as server:
            provider = server.token("uss1")

            def dss(method, path, body=None, expect=200):
                status, answer, _ = server.ask(method, path, body, provider)
                self.assertEqual(status, expect, (method, path, answer))
                return answer

            def notices():
                return server.by("alpine", "GET", "/api/v1/notices?limit=1000", expect=200)["notices"]

            def told():
                return [(text["kind"], text["because"], text["own"]["id"], text["other"]["possible"])
                        for text in (json.loads(one["text"]) for one in notices())]

            def crash():
                self.assertEqual(server.stop(signal.SIGKILL), -signal.SIGKILL)
                server.start()

            low = server.declare("alpine", feature(lower=500, upper=520))
            high = server.declare("alpine", feature(lower=580, upper=600))
            begin = time.monotonic()
            key = [dss("GET", f"/uss/v1/operational_intents/{one['uss_reference_id']}")["operational_intent"]["reference"]["ovn"] for one in (low, high)]
            entity = new_id()
            reference = dss("PUT", f"{OIR}/{entity}", intent(circle(), key=key), 201)["operational_intent_reference"]
            message = self.notification(entity, "operational_intent", circle(lower=510, upper=550, start=100, end=3500))
            dss("POST", "/uss/v1/operational_intents", message, 204)
            expected = [("conflict", "declared", low["id"], True), ("conflict", "declared", high["id"], True),
                        ("conflict", "told_by_provider", low["id"], False), ("conflict_over", "told_by_provider", high["id"], True)]
            self.assertEqual(sorted(told()), sorted(expected))
            crash()
            # The answer to the sender was lost, perhaps.
            dss("POST", "/uss/v1/operational_intents", message, 204)
            other = self.notification(entity, "operational_intent", circle(lower=510, upper=551, start=100, end=3500))
            dss("POST", "/uss/v1/operational_intents", other, 409)
            self.assertEqual(sorted(told()), sorted(expected))
            # Between the told volumes and the end of the extents: no conflict with the reference, and no key for it.
            server.declare("rescue", feature(lower=551, upper=579))
            conflicts = server.declare("rescue", feature(lower=540, upper=579), priority=1, expect=409)["conflicts"]
            self.assertEqual([(one["other"]["id"], one["other"]["possible"], one["meets"][0]["altitude_upper_m"]) for one in conflicts
                              if one["needs_key"]], [(entity, False, 550)])
            # Again after a minute, but of each pair the last alone.
            time.sleep(max(0, 64 - (time.monotonic() - begin)))
            again = [(one["kind"], one["own"]["id"]) for one in (json.loads(one["text"]) for one in notices() if one["repeated"])]
            self.assertEqual(sorted(again), sorted([("conflict", low["id"]), ("conflict_over", high["id"])]))
            crash()
            dss("DELETE", f"{OIR}/{entity}/{reference['ovn']}")
            self.assertEqual(told()[-1], ("conflict_over", "ended", low["id"], False))
            self.assertEqual(len(told()), 5)
            server.declare("rescue", feature(lower=540, upper=579), priority=1)
            self.assertEqual(server.stop(), 0)

    def test_likewise_for_constraints(self):
        place, entity = elsewhere(), new_id()
        mine = self.server.declare("alpine", feature(**place))
        made = self.dss("PUT", f"{CR}/{entity}", constraint(circle(**place)), 201)["constraint_reference"]
        notice = self.told("alpine")[-1]
        self.assertEqual((notice["kind"], notice["own"]["id"], notice["other"]["type"], notice["other"]["possible"]),
                         ("conflict", mine["id"], "constraint_reference", True))
        refused = self.server.declare("alpine", feature(**place), priority=5, expect=409)["conflicts"]
        self.assertEqual({(one["other"]["id"], one["needs_key"]) for one in refused}, {(entity, True), (mine["id"], False)})
        self.server.declare("alpine", feature(**place), priority=5, key=[made["ovn"]])
        exact = circle(**place, lower=550, upper=560, start=100, end=3500)
        outside = circle(**place, lower=550, upper=601, start=100, end=3500)
        self.assertIn("volume 1 ", self.dss("POST", "/uss/v1/constraints", self.notification(entity, "constraint", exact, outside), 400)["message"])
        for _ in range(2):
            self.dss("POST", "/uss/v1/constraints", self.notification(entity, "constraint", exact), 204)
        notices = self.told("alpine")
        self.assertEqual([(one["because"], one["other"]["type"], one["other"]["possible"]) for one in notices[-3:]],
                         [("declared", "constraint_reference", True)] + [("told_by_provider", "constraint_reference", False)] * 2)
        self.dss("POST", "/uss/v1/constraints", self.notification(entity, "constraint", exact), 403, self.two)
        self.dss("POST", "/uss/v1/constraints", self.notification(entity, "constraint", exact, version=0), 409)
        others = self.notification(new_id(), "constraint", exact)
        others["constraint"]["reference"]["manager"] = "uss2"
        self.dss("POST", "/uss/v1/constraints", others, 403)
        self.dss("POST", "/uss/v1/constraints", {"constraint_id": entity}, 400)
        self.dss("DELETE", f"{CR}/{entity}/{made['ovn']}")
        self.assertEqual({one["kind"] for one in self.told("alpine")[-2:]}, {"conflict_over"})
        self.dss("POST", "/uss/v1/constraints", {"constraint_id": entity, "subscriptions": [{"subscription_id": new_id(), "notification_index": 2}]}, 204)


# ---- Tokens.

class Tokens(Parties):
    def rs256(self, **claims):
        """A token of the OAuth server's key with these claims."""
        now = int(time.time())
        claims = {"iss": "wideberth-test", "sub": "uss1", "aud": "localhost", "iat": now, "exp": now + 600, **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        text = base64url(json.dumps(claims.pop("header", {"alg": "RS256", "typ": "JWT"})).encode()) + "." + base64url(json.dumps(claims).encode())
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.server.key + ".pem"], input=text.encode(), capture_output=True, check=True)
        return text + "." + base64url(done.stdout)

    def eddsa(self, key="alpine", header=None, **claims):
        now = int(time.time())
        claims = {"iss": "alpine", "sub": "alpine", "aud": "localhost", "iat": now, "exp": now + 600, **claims}
        return jws(self.server.key_of(key), json.dumps({name: value for name, value in claims.items() if value is not None}).encode(), **(header or {}))

    def status(self, token, method="GET", path=INTENTS, body=None):
        return self.raw(token, method, path, body)[0]

    def hmac(self, head, claims, secret):
        text = base64url(json.dumps(head).encode()) + "." + base64url(json.dumps(claims).encode())
        return text + "." + base64url(hmac.new(secret, text.encode(), "sha256").digest())

    def test_what_is_no_token_opens_nothing(self):
        now = int(time.time())
        kid = thumbprint(self.server.key_of("alpine") + ".pub")
        claims = {"iss": "alpine", "sub": "alpine", "aud": "localhost", "iat": now, "exp": now + 600, "scope": "wideberth.party utm.strategic_coordination"}
        with open(self.server.key + ".pub.pem", "rb") as file:
            pem = file.read()
        with open(self.server.key_of("alpine") + ".pub", "rb") as file:
            party_pem = file.read()
        good, good_rsa = self.eddsa(), self.rs256(scope="utm.strategic_coordination wideberth.party")
        self.server.key_of("stranger")
        cases = {
            "none": f'{base64url(b"""{"alg":"none"}""")}.{base64url(json.dumps(claims).encode())}.',
            "no signature": good.rpartition(".")[0] + ".", "another payload": ".".join((good.split(".")[0], good_rsa.split(".")[1], good.split(".")[2])),
            "a bit of the signature": good[:-10] + ("A" if good[-10] != "A" else "B") + good[-9:],
            "another party's key": self.eddsa("rescue"),
            "another's key under this one's id": self.eddsa("rescue", {"kid": kid}),
            "a key that nobody registered": self.eddsa("stranger", iss="stranger", sub="stranger"),
            "another subject": self.eddsa(sub="rescue"), "another issuer": self.eddsa(iss="rescue"),
            "another party": self.eddsa(sub="rescue", iss="rescue"), "the operator": self.eddsa(sub="chief", iss="chief"),
            "expired": self.eddsa(exp=now - 1), "expires never": self.eddsa(exp=None), "expires late": self.eddsa(exp=now + 90_000),
            "is valid later": self.eddsa(iat=now + 3600), "another audience": self.eddsa(aud="elsewhere"), "no audience": self.eddsa(aud=None),
            "an audience like it": self.eddsa(aud="localhost.example"), "no kid": self.eddsa(header={"kid": ""}),
            "a key of its own": self.eddsa("stranger", {"kid": thumbprint(self.server.key_of("stranger") + ".pub"), "jwk": jwk(self.server.key_of("stranger") + ".pub")}),
            "crit": self.eddsa(header={"crit": ["exp"]}),
            "HS256 with the RSA key": self.hmac({"alg": "HS256"}, claims, pem), "HS256 with the party's key": self.hmac({"alg": "HS256", "kid": kid}, claims, party_pem),
            "HS256 with the party's key's bytes": self.hmac({"alg": "HS256", "kid": kid}, claims, public_bytes(self.server.key_of("alpine") + ".pub")),
            "EdDSA said of RSA's signature": self.rs256(header={"alg": "EdDSA", "kid": kid}, iss="alpine", sub="alpine"),
            "RS256 said of EdDSA's signature": jws(self.server.key_of("alpine"), json.dumps(claims).encode(), alg="RS256"),
            "eddsa": self.eddsa(header={"alg": "eddsa"}), "ES256": self.eddsa(header={"alg": "ES256"}),
            "of RSA, expired": self.rs256(exp=now - 1, scope="wideberth.party"), "of RSA, another audience": self.rs256(aud="elsewhere", scope="wideberth.party"),
            "of RSA, without a subject": self.rs256(sub=None, scope="wideberth.party"), "two tokens": good + "." + good, "nothing": "x",
        }
        for what, token in cases.items():
            for path in (INTENTS, f"{OIR}/{new_id()}", f"/uss/v1/operational_intents/{new_id()}", "/api/v1/parties"):
                with self.subTest(what, path=path):
                    status, headers, data = self.raw(token, "GET", path)
                    self.assertEqual((status, dict(headers).get("WWW-Authenticate")), (401, 'Bearer error="invalid_token"'), data)
        self.assertEqual((self.status(good), self.status(good_rsa)), (200, 200))

    def test_a_partys_token_opens_its_own_world_alone(self):
        wanted = ("utm.strategic_coordination utm.constraint_management utm.constraint_processing utm.conformance_monitoring_sa "
                  "dss.read.identification_service_areas dss.write.identification_service_areas rid.display_provider rid.service_provider "
                  "interuss.pool_status.read interuss.versioning.read_system_versions wideberth.party wideberth.operator")
        description = self.server.ask("GET", "/openapi.json")[1]["paths"]
        asked = 0
        for token in (self.eddsa(), self.eddsa(scope=wanted), self.eddsa("chief", sub="chief", iss="chief", scope=wanted)):
            for path, item in description.items():
                if path.startswith(("/api/", "/ledger")):
                    continue
                for method in item.keys() & {"get", "put", "post", "delete"}:
                    if item[method].get("security"):
                        asked += 1
                        with self.subTest(method=method, path=path):
                            self.assertEqual(self.status(token, method.upper(), re.sub(r"\{\w+\}", new_id(), path), {}), 403)
        self.assertGreater(asked, 90)
        # A scope takes rights away, and adds none.
        self.assertEqual(self.status(self.eddsa(scope=wanted), path="/api/v1/parties"), 403)
        self.assertEqual(self.status(self.eddsa(scope="wideberth.operator")), 403)
        self.assertEqual(self.status(self.eddsa(scope="")), 403)
        chief = {"key": "chief", "sub": "chief", "iss": "chief"}
        self.assertEqual([self.status(self.eddsa(**chief, scope=scope), path="/api/v1/parties")
                          for scope in ("wideberth.operator", "wideberth.party", wanted)], [200, 403, 200])
        # What each operation of parties needs.
        for method, path in (("PUT", "/api/v1/parties/x"), ("GET", "/api/v1/parties"), ("PUT", "/api/v1/groups/x"), ("DELETE", "/api/v1/groups/x")):
            status, headers, _ = self.raw(self.eddsa(), method, path, {})
            self.assertEqual((status, dict(headers)["WWW-Authenticate"]), (403, 'Bearer error="insufficient_scope"'))

    def test_a_token_of_the_oauth_server_works_too(self):
        token = self.rs256(sub="newcomer", scope="wideberth.party")
        place = elsewhere()
        status, answer, _ = self.server.ask("POST", INTENTS, declaration(feature(**place)), token)
        self.assertEqual((status, answer["intent"]["party"]), (201, "newcomer"))
        # It is the party that its subject names, however that one signs.
        mine = self.server.declare("alpine", feature(**place), key=[answer["intent"]["ovn"]])
        same = self.rs256(sub="alpine", scope="wideberth.party")
        self.assertIn("uss_reference_id", self.server.ask("GET", f"{INTENTS}/{mine['id']}", token=same)[1]["intent"])
        notices = self.server.ask("GET", "/api/v1/notices", token=token)[1]["notices"]
        self.assertEqual(len(notices), 1)
        # Whoever has no key here signs nothing here.
        signature = {"signature": acknowledgement(self.server.key_of("alpine"), notices[0])}
        self.assertEqual(self.server.ask("POST", f"/api/v1/notices/{notices[0]['id']}/ack", signature, token)[0], 400)
        self.assertEqual(self.status(self.rs256(scope="wideberth.operator"), path="/api/v1/parties"), 200)
        self.assertEqual(self.status(self.rs256(scope="utm.strategic_coordination")), 403)

    def test_a_key_taken_away_works_no_more_at_once(self):
        self.server.register("leaver")
        self.server.key_of("leaver's new")
        token, new = self.server.token_of("leaver"), self.eddsa("leaver's new", sub="leaver", iss="leaver")
        self.assertEqual((self.status(token), self.status(new)), (200, 401))
        keys = [jwk(self.server.key_of(name) + ".pub") for name in ("leaver", "leaver's new")]

        def put(*public_keys):
            return self.server.by("chief", "PUT", "/api/v1/parties/leaver", {"public_keys": list(public_keys)}, expect=200)["party"]

        self.assertEqual(len(put(*keys)["public_keys"]), 2)
        self.assertEqual((self.status(token), self.status(new)), (200, 200))
        notice_place = elsewhere()
        self.server.declare("leaver", feature(**notice_place))
        self.server.declare("alpine", feature(**notice_place), priority=1)
        notice = self.server.by("leaver", "GET", "/api/v1/notices", expect=200)["notices"][0]
        self.assertEqual(put(keys[1])["version"], 3)
        self.assertEqual((self.status(token), self.status(new)), (401, 200))
        # Nor does it acknowledge any more.
        signature = {"signature": acknowledgement(self.server.key_of("leaver"), notice)}
        self.assertEqual(self.status(new, "POST", f"/api/v1/notices/{notice['id']}/ack", signature), 400)
        self.assertEqual(put()["public_keys"], [])
        self.assertEqual((self.status(token), self.status(new)), (401, 401))
        # A key is of one party.
        self.assertEqual(self.server.by("chief", "PUT", "/api/v1/parties/taker", {"public_keys": [jwk(self.server.key_of("alpine") + ".pub")]})[0], 409)

    def test_parties_and_groups_are_registered(self):
        chief = self.server.operator
        for body in ({}, {"public_keys": {}}, {"public_keys": [1]}, {"public_keys": [{"kty": "RSA"}]}, {"public_keys": [{**jwk(self.server.key_of("alpine") + ".pub"), "d": "x"}]},
                     {"public_keys": [], "operator": 1}, {"public_keys": [jwk(self.server.key_of("alpine") + ".pub")] * 17}):
            self.assertEqual(self.server.by(chief, "PUT", "/api/v1/parties/wrong", body)[0], 400, body)
        for body in ({}, {"members": []}, {"members": [1]}, {"members": ["x"] * 10_001}, {"members": [""]}, {"members": ["x" * 257]},
                     {"members": ["a\0"]}, {"members": ["a", "b\n"]}, {"members": ["\u0085"]}):
            self.assertEqual(self.server.by(chief, "PUT", "/api/v1/groups/wrong", body)[0], 400, body)
        for kind in ("parties", "groups"):
            for name in ("x" * 257, "%00", "%0a", "a%7f", "%C2%85", "%C2%9B31m", "%ff"):
                for method, body in (("PUT", {"public_keys": [], "members": ["x"]}), ("GET", None)):
                    self.assertEqual(self.server.by(chief, method, f"/api/v1/{kind}/{name}", body)[0], 400, name)
        self.assertEqual(self.server.by(chief, "DELETE", "/api/v1/groups/%00")[0], 400)
        self.assertEqual(self.server.by(chief, "GET", "/api/v1/parties/nobody")[0], 404)
        parties, cursor = [], ""
        while True:
            answer = self.server.by(chief, "GET", "/api/v1/parties?limit=2" + cursor, expect=200)
            parties += [one["name"] for one in answer["parties"]]
            if "next_cursor" not in answer:
                break
            cursor = "&cursor=" + answer["next_cursor"]
        self.assertEqual(parties, sorted(set(parties)))
        self.assertLessEqual({"alpine", "cargo", "chief", "rescue", "survey"}, set(parties))
        self.assertEqual(self.server.by("alpine", "GET", "/api/v1/parties/alpine", expect=200)["party"]["public_keys"][0]["kid"],
                         thumbprint(self.server.key_of("alpine") + ".pub"))
        for path in ("/api/v1/parties", "/api/v1/groups"):
            for query in ("limit=0", "cursor=", "limit=1&limit=1"):
                self.assertEqual(self.server.by(chief, "GET", f"{path}?{query}")[0], 400)
        for name, members in (("one", ["rescue", "alpine"]), ("two", ["rescue"]), ("three", ["alpine", "alpine"])):
            made = self.server.by(chief, "PUT", "/api/v1/groups/" + name, {"members": members}, expect=200)["group"]
            self.assertEqual(made, {"name": name, "members": sorted(set(members)), "version": 1})
        self.assertEqual([one["name"] for one in self.server.by("alpine", "GET", "/api/v1/groups", expect=200)["groups"]], ["one", "three"])
        self.assertEqual(self.server.by("alpine", "GET", "/api/v1/groups/one", expect=200)["group"]["members"], ["alpine", "rescue"])
        place = elsewhere()
        hidden = self.server.declare("alpine", feature(**place), disclosure="volume", visible_to=["one"])
        self.assertEqual(self.server.by("rescue", "GET", f"{INTENTS}/{hidden['id']}", expect=200)["intent"]["party"], "alpine")
        gone = self.server.by(chief, "DELETE", "/api/v1/groups/one", expect=200)["group"]
        self.assertEqual(gone, {"name": "one", "members": ["alpine", "rescue"], "version": 1})  # as it was
        self.assertEqual(self.server.by(chief, "DELETE", "/api/v1/groups/one")[0], 404)
        self.assertEqual(self.server.by("rescue", "GET", f"{INTENTS}/{hidden['id']}")[0], 404)  # it shows it to nobody more


class EveryOperationOfParties(Parties, EveryOperation):
    described = DESCRIBED
    program = PROGRAM

    def test_the_ledger_is_public_and_nothing_else_is_under_its_path(self):
        self.server.declare("alpine", feature(**elsewhere()))
        for path, status in (("checkpoint", 200), ("tile/0/000.p/1", 200), ("tile/entries/000.p/1", 200), ("tile/0/000", 404), ("tile/entries/000", 404),
                             ("tile/entries/999", 404), ("tile/64/000", 404), ("tile/0/00", 404), ("tile/0/000.p/0", 404), ("tile/0/000.p/256", 404),
                             ("tile/0/../../checkpoint", 404), ("x", 404), ("", 404)):
            with self.subTest(path=path):
                self.assertEqual(self.server.ask("GET", "/ledger/" + path)[0], status)
        self.assertEqual(self.server.ask("POST", "/ledger/checkpoint")[0], 405)
        # A tree of 300 leaves has a full tile, and 44 in the next.
        for _ in range(300):
            self.server.by("chief", "PUT", "/api/v1/groups/many", {"members": ["alpine"]}, expect=200)
        for path in ("tile/0/000", "tile/entries/000", "tile/1/000.p/1"):
            status, _, data = self.raw(None, "GET", "/ledger/" + path)
            self.assertEqual((status, len(data)), (200, {"tile/0/000": 256 * 32, "tile/entries/000": 256 * 34}.get(path, 32)))
            self.server.ask("GET", "/ledger/" + path)

    def test_without_a_ledger_there_is_none(self):
        with PartyServer(PROGRAM, "--ledger", "off", names=("alpine", "rescue")) as server:
            self.assertEqual(server.ask("GET", "/ledger/checkpoint")[0], 404)
            self.assertEqual(server.ask("GET", "/ledger/tile/0/000")[0], 404)
            place = elsewhere()
            server.declare("alpine", feature(**place))
            server.declare("rescue", feature(**place), priority=1)
            notice = server.by("alpine", "GET", "/api/v1/notices", expect=200)["notices"][0]
            path = f"/api/v1/notices/{notice['id']}"
            server.by("alpine", "POST", path + "/ack", {"signature": acknowledgement(server.key_of("alpine"), notice)}, expect=200)
            self.assertIn("no ledger", server.by("alpine", "GET", path + "/receipt", expect=404)["message"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + [a for a in sys.argv[2:]], verbosity=1)
