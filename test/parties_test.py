#!/usr/bin/env python3
"""Parties that share one sky and one service: who sees what, by which rules, how they are told and what they can prove, and how all of this
meets F3548's world; against a running server, with real keys.

  parties_test.py WIDEBERTH
"""
import base64
import json
import os
import statistics
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dss_server import CR, OIR, circle, intent, new_id  # noqa: E402
from party_server import (CONSTRAINTS, INTENTS, Events, PartyServer, Receiver, acknowledgement, declaration,  # noqa: E402
                          feature)

PROGRAM = os.path.abspath(sys.argv[1])
FAR = [0.0]


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
             clear_by=of("up_m down_m earlier_s later_s horizontal_m"))
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
            got[name, "receipt's notice"] = json.loads(got[name, "receipt"])["items"][0]["event"].encode()
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
            random = self.raw(token, method, path.format(new_id(), "x" * 32), body)
            self.assertEqual(random[0], 404, (method, path, random))
            asked = {"the real id": (hidden["id"], hidden["ovn"]), "the real id, a wrong OVN": (hidden["id"], "y" * 32),
                     "another viewer's pseudonym": (others["id"], others["ovn"]),
                     "its reference's id": (hidden["uss_reference_id"], hidden["ovn"]),
                     "of the other kind": (self.pseudonyms[other, "survey"]["id"], self.pseudonyms[other, "survey"]["ovn"])}
            if method != "GET":  # seen, but not the caller's
                asked["the own pseudonym"] = (mine["id"], mine["ovn"])
                asked["the own pseudonym, the real OVN"] = (mine["id"], hidden["ovn"])
            for what, (entity, ovn) in asked.items():
                with self.subTest(method=method, path=path, what=what):
                    self.assertEqual(self.raw(token, method, path.format(entity, ovn), body), random)
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + [a for a in sys.argv[2:]], verbosity=1)
