#!/usr/bin/env python3
"""Every endpoint of F3548-21's DSS, and every status of each, against a running server; tokens; bad bodies; failures.

  dss_test.py WIDEBERTH
"""
import base64
import copy
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from described import Described, EveryOperation, raw  # noqa: E402
from dss_server import (ALL_SCOPES, CR, OIR, SUB, Server, altitude, at, circle, constraint, intent, new_id,  # noqa: E402
                        polygon, subscription)

PROGRAM = os.path.abspath(sys.argv[1])
SC, CM, CP, CMSA, AA = ALL_SCOPES
FAR = [0.0]
DESCRIBED = Described(lambda path: path.startswith("/dss/") or path.count("/") == 1)


def tearDownModule():
    DESCRIBED.check(all_ran=len(sys.argv) == 2)


def elsewhere():
    """A place that no other test uses."""
    FAR[0] += 0.5
    return {"lat": 10 + FAR[0] % 40, "lng": -170 + FAR[0] // 40 * 5}


class Dss(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAM)
        cls.one = cls.server.token("uss1")
        cls.two = cls.server.token("uss2")
        DESCRIBED.read(cls.server)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log
        cls.server.close()
        assert status == 0, (status, log)

    def ask(self, method, path, body=None, token=None, expect=None, **others):
        status, answer, headers = self.server.ask(method, path, body, self.one if token is None else token, **others)
        if expect is not None:
            self.assertEqual(status, expect, (method, path, answer))
        self.assertEqual(headers.get("Content-Type"), "application/json")
        if status >= 400 and answer is not None:
            self.assertTrue(answer.get("message") or answer.get("error_message"), answer)
        return answer

    def put(self, body, token=None, expect=201, entity=None):
        entity = entity or new_id()
        return entity, self.ask("PUT", f"{OIR}/{entity}", body, token, expect)


class OperationalIntents(Dss):
    def test_create_get_query_update_delete(self):
        place = elsewhere()
        entity, made = self.put(intent(circle(**place)))
        reference = made["operational_intent_reference"]
        self.assertEqual((reference["id"], reference["manager"], reference["version"], reference["state"]),
                         (entity, "uss1", 1, "Accepted"))
        self.assertEqual(reference["uss_availability"], "Unknown")
        self.assertTrue(16 <= len(reference["ovn"]) <= 128)
        self.assertEqual(made["subscribers"], [{"uss_base_url": "https://uss.example", "subscriptions": [
            {"subscription_id": reference["subscription_id"], "notification_index": 1}]}])
        got = self.ask("GET", f"{OIR}/{entity}", expect=200)["operational_intent_reference"]
        self.assertEqual(got, reference)
        seen = self.ask("GET", f"{OIR}/{entity}", token=self.two, expect=200)["operational_intent_reference"]
        self.assertEqual(seen["ovn"], "Available from USS")
        found = self.ask("POST", f"{OIR}/query", {"area_of_interest": circle(**place)}, expect=200)
        self.assertEqual([r["id"] for r in found["operational_intent_references"]], [entity])
        for other in (circle(**place, lower=601, upper=700), circle(**place, start=3700, end=3800),
                      circle(lat=place["lat"] + 0.1, lng=place["lng"])):
            found = self.ask("POST", f"{OIR}/query", {"area_of_interest": other}, expect=200)
            self.assertEqual(found["operational_intent_references"], [])
        updated = self.ask("PUT", f"{OIR}/{entity}/{reference['ovn']}", intent(circle(**place), state="Activated"),
                           expect=200)["operational_intent_reference"]
        self.assertEqual((updated["version"], updated["state"]), (2, "Activated"))
        self.assertNotEqual(updated["ovn"], reference["ovn"])
        self.assertNotEqual(updated["subscription_id"], reference["subscription_id"])
        self.ask("GET", f"{SUB}/{reference['subscription_id']}", expect=404)
        gone = self.ask("DELETE", f"{OIR}/{entity}/{updated['ovn']}", expect=200)
        self.assertEqual(gone["operational_intent_reference"]["id"], entity)
        self.assertEqual(len(gone["subscribers"]), 1)
        self.ask("GET", f"{OIR}/{entity}", expect=404)
        self.ask("GET", f"{SUB}/{updated['subscription_id']}", expect=404)

    def test_statuses_of_create_update_and_delete(self):
        place = elsewhere()
        entity, made = self.put(intent(circle(**place), subscribe=False))
        ovn = made["operational_intent_reference"]["ovn"]
        self.assertEqual(made["operational_intent_reference"]["subscription_id"], "00000000-0000-4000-8000-000000000000")
        body = intent(circle(**place))
        self.put(body, expect=409, entity=entity)
        self.put(body, self.two, 403, entity)
        self.put(body, entity="not-a-uuid", expect=400)
        self.put(body, entity="00000000-0000-1000-8000-000000000000", expect=400)
        self.ask("PUT", f"{OIR}/{new_id()}/{ovn}", body, expect=400)
        self.ask("PUT", f"{OIR}/{entity}/{ovn}", body, self.two, 403)
        self.ask("PUT", f"{OIR}/{entity}/wrong-ovn-of-length", body, self.two, 403)
        wrong = self.ask("PUT", f"{OIR}/{entity}/wrong-ovn-of-length", body, expect=409)
        self.assertNotIn(ovn, json.dumps(wrong))
        self.ask("DELETE", f"{OIR}/{new_id()}/{ovn}", expect=404)
        self.ask("DELETE", f"{OIR}/{entity}/{ovn}", token=self.two, expect=403)
        self.ask("DELETE", f"{OIR}/{entity}/wrong-ovn-of-length", expect=409)
        for method in ("PUT", "DELETE"):
            self.assertIn(self.server.ask(method, f"{OIR}/{entity}/", body, self.one)[0], (400, 404, 409))
        self.ask("GET", f"{OIR}/nonsense", expect=400)

    def test_states_and_subscriptions(self):
        place = elsewhere()
        for state in ("Activated", "Nonconforming", "Contingent", "Ended", "", 5):
            self.put(intent(circle(**place), state=state), expect=400)
        coordination = self.server.token("uss1", [SC])
        entity, made = self.put(intent(circle(**place)), coordination)
        ovn = made["operational_intent_reference"]["ovn"]
        path = f"{OIR}/{entity}/{ovn}"
        self.ask("PUT", path, intent(circle(**place), state="Contingent"), coordination, 403)
        self.ask("PUT", path, intent(circle(**place), state="Activated", subscribe=False), expect=400)
        subscribed = new_id()
        self.ask("PUT", f"{SUB}/{subscribed}", subscription(circle(**place, start=0, end=7200, radius=2000, lower=0, upper=1000)), expect=200)
        self.ask("PUT", path, intent(circle(**place), subscription_id=subscribed), expect=400)  # and new_subscription
        self.ask("PUT", path, intent(circle(**place), subscribe=False, subscription_id=new_id()), expect=400)
        other = new_id()
        self.ask("PUT", f"{SUB}/{other}", subscription(circle(**place, start=0)), self.two, 200)
        self.ask("PUT", path, intent(circle(**place), subscribe=False, subscription_id=other), expect=403)
        moved = circle(lat=place["lat"] + 0.2, lng=place["lng"])
        self.ask("PUT", path, intent(moved, subscribe=False, subscription_id=subscribed), expect=400)
        done = self.ask("PUT", path, intent(circle(**place), subscribe=False, subscription_id=subscribed, state="Contingent"), expect=200)
        self.assertEqual(done["operational_intent_reference"]["subscription_id"], subscribed)
        version = self.ask("GET", f"{SUB}/{subscribed}", expect=200)["subscription"]["version"]
        seen = self.ask("GET", f"{SUB}/{subscribed}", expect=200)["subscription"]
        self.assertEqual(seen["dependent_operational_intents"], [entity])
        self.ask("DELETE", f"{SUB}/{subscribed}/{version}", expect=400)

    def test_the_key(self):
        place = elsewhere()
        first, made = self.put(intent(circle(**place)))
        ovn = made["operational_intent_reference"]["ovn"]
        second = new_id()
        conflict = self.ask("PUT", f"{OIR}/{second}", intent(circle(**place)), self.two, 409)
        missing = conflict["missing_operational_intents"]
        self.assertEqual([(m["id"], m["ovn"]) for m in missing], [(first, "Available from USS")])
        self.assertNotIn("missing_constraints", conflict)
        self.ask("GET", f"{OIR}/{second}", token=self.two, expect=404)
        own = self.ask("PUT", f"{OIR}/{second}", intent(circle(**place)), expect=409)
        self.assertEqual(own["missing_operational_intents"][0]["ovn"], ovn)
        self.put(intent(circle(**place), key=["surplus-ovn-0123456789", ovn]), self.two, 201, second)

    def test_constraints_in_the_key(self):
        place = elsewhere()
        zone = new_id()
        made = self.ask("PUT", f"{CR}/{zone}", constraint(circle(**place)), self.two, 201)
        asks = intent(circle(**place), new_subscription={"uss_base_url": "https://uss.example", "notify_for_constraints": True})
        conflict = self.put(asks, expect=409)[1]
        self.assertEqual([m["id"] for m in conflict["missing_constraints"]], [zone])
        asks["key"] = [made["constraint_reference"]["ovn"]]
        self.put(asks)
        # Above the zone nobody asks for it.
        self.put(intent(circle(**place, lower=700, upper=800), new_subscription=asks["new_subscription"]))

    def test_union_of_volumes(self):
        # Two extents far apart in altitude act as one from the lowest to the highest.
        place = elsewhere()
        self.put(intent(circle(**place, lower=0, upper=10), circle(**place, lower=900, upper=1000)))
        self.put(intent(circle(**place, lower=400, upper=500)), self.two, 409)

    def test_requested_ovn_suffix(self):
        place = elsewhere()
        suffix = uuid7()
        entity, made = self.put(intent(circle(**place), requested_ovn_suffix=suffix))
        ovn = made["operational_intent_reference"]["ovn"]
        self.assertEqual(ovn, f"{entity}_{suffix}")
        self.ask("PUT", f"{OIR}/{entity}/{ovn}", intent(circle(**place), requested_ovn_suffix=suffix), expect=409)
        for bad in ("", new_id(), uuid7(-400), uuid7(400), 7):
            self.put(intent(circle(**elsewhere()), requested_ovn_suffix=bad), expect=400)
            # Whether the entity exists matters only once every field is right.
            self.ask("PUT", f"{OIR}/{entity}", intent(circle(**place), requested_ovn_suffix=bad), expect=400)

    def test_what_clients_send_besides(self):
        body = intent(circle(**elsewhere()))
        body["request_id"] = "x"
        del body["key"]
        volume = body["extents"][0]["volume"]
        volume["outline_polygon"] = None
        body["subscription_id"] = None
        self.put(body)


class Constraints(Dss):
    def test_create_get_query_update_delete(self):
        place = elsewhere()
        entity = new_id()
        path = f"{CR}/{entity}"
        body = constraint(circle(**place))
        reference = self.ask("PUT", path, body, expect=201)["constraint_reference"]
        self.ask("PUT", path, body, expect=409)
        self.ask("PUT", path, body, self.two, 403)
        self.assertEqual(self.ask("GET", path, expect=200)["constraint_reference"], reference)
        self.assertEqual(self.ask("GET", path, token=self.two, expect=200)["constraint_reference"]["ovn"], "Available from USS")
        found = self.ask("POST", f"{CR}/query", {"area_of_interest": circle(**place)}, expect=200)
        self.assertEqual([c["id"] for c in found["constraint_references"]], [entity])
        self.ask("PUT", f"{path}/{reference['ovn']}", body, self.two, 403)
        self.ask("PUT", f"{path}/wrong-ovn-of-length", body, expect=409)
        self.ask("PUT", f"{CR}/{new_id()}/{reference['ovn']}", body, expect=409)
        updated = self.ask("PUT", f"{path}/{reference['ovn']}", body, expect=200)["constraint_reference"]
        self.assertEqual(updated["version"], 2)
        self.ask("DELETE", f"{path}/{reference['ovn']}", expect=409)
        self.ask("DELETE", f"{path}/{updated['ovn']}", token=self.two, expect=403)
        self.ask("DELETE", f"{path}/{updated['ovn']}", expect=200)
        self.ask("DELETE", f"{path}/{updated['ovn']}", expect=404)
        self.ask("GET", path, expect=404)
        self.ask("POST", f"{CR}/query", {}, expect=400)
        self.ask("POST", f"{CR}/query", {"area_of_interest": circle(radius=60_000)}, expect=400)
        self.ask("PUT", f"{CR}/nonsense", body, expect=400)

    def test_subscribers_to_constraints_are_told(self):
        place = elsewhere()
        subscribed = new_id()
        self.ask("PUT", f"{SUB}/{subscribed}", subscription(circle(**place, start=0), intents=False, constraints=True), self.two, 200)
        made = self.ask("PUT", f"{CR}/{new_id()}", constraint(circle(**place)), expect=201)
        self.assertEqual(made["subscribers"][0]["subscriptions"], [{"subscription_id": subscribed, "notification_index": 1}])
        # No altitudes: all of them.
        unbounded = constraint(circle(**place))
        del unbounded["extents"][0]["volume"]["altitude_lower"]
        del unbounded["extents"][0]["volume"]["altitude_upper"]
        self.ask("PUT", f"{CR}/{new_id()}", unbounded, expect=201)


class Subscriptions(Dss):
    def test_create_get_query_update_delete(self):
        place = elsewhere()
        relevant, _ = self.put(intent(circle(**place)), self.two)
        entity = new_id()
        path = f"{SUB}/{entity}"
        body = subscription(circle(**place, start=0))
        made = self.ask("PUT", path, body, expect=200)
        self.assertEqual([r["id"] for r in made["operational_intent_references"]], [relevant])
        self.assertNotIn("constraint_references", made)
        version = made["subscription"]["version"]
        self.assertEqual(made["subscription"]["notification_index"], 0)
        self.ask("PUT", path, body, expect=409)
        self.ask("GET", path, token=self.two, expect=403)
        self.ask("GET", f"{SUB}/{new_id()}", expect=404)
        mine = self.ask("POST", f"{SUB}/query", {"area_of_interest": circle(**place)}, expect=200)
        self.assertIn(entity, [s["id"] for s in mine["subscriptions"]])
        theirs = self.ask("POST", f"{SUB}/query", {"area_of_interest": circle(**place)}, self.two, 200)
        self.assertNotIn(entity, [s["id"] for s in theirs["subscriptions"]])
        self.ask("PUT", f"{path}/wrong", body, self.two, 409)
        self.ask("PUT", f"{path}/{version}", body, self.two, 403)
        self.ask("PUT", f"{SUB}/{new_id()}/{version}", body, expect=400)
        # Told of a write: the index rises and the version stays.
        self.put(intent(circle(**elsewhere())), self.two)
        _, told = self.put(intent(circle(**place), key=[self.ask("GET", f"{OIR}/{relevant}", token=self.two)["operational_intent_reference"]["ovn"]]), self.two)
        indexes = {s["subscription_id"]: s["notification_index"] for u in told["subscribers"] for s in u["subscriptions"]}
        self.assertEqual(indexes[entity], 1)
        seen = self.ask("GET", path, expect=200)["subscription"]
        self.assertEqual((seen["version"], seen["notification_index"]), (version, 1))
        updated = self.ask("PUT", f"{path}/{version}", body, expect=200)["subscription"]
        self.assertEqual(updated["notification_index"], 1)
        self.assertNotEqual(updated["version"], version)
        self.ask("DELETE", f"{path}/{updated['version']}", token=self.two, expect=403)
        self.ask("DELETE", f"{path}/{version}", expect=409)
        self.ask("DELETE", f"{path}/", expect=400)
        self.ask("DELETE", f"{path}/{updated['version']}", expect=200)
        self.ask("DELETE", f"{path}/{updated['version']}", expect=404)

    def test_times(self):
        place = elsewhere()

        def put(expect, start=None, end=None):
            volume = circle(**place)
            for name, value in (("time_start", start), ("time_end", end)):
                if value is None:
                    del volume[name]
                else:
                    volume[name] = at(value)
            return self.ask("PUT", f"{SUB}/{new_id()}", subscription(volume), expect=expect)

        put(200)
        put(200, -290, 100)
        put(400, -310, 100)
        put(200, 0, 86_399)
        put(400, 0, 86_402)
        put(400, 100, 99)
        put(400, -200, -100)
        self.ask("PUT", f"{SUB}/{new_id()}", subscription(circle(), intents=False), expect=400)
        self.ask("PUT", f"{SUB}/00000000-0000-4000-8000-000000000000", subscription(circle()), expect=400)
        self.ask("POST", f"{SUB}/query", {"area_of_interest": circle(radius=60_000)}, expect=413)

    def test_an_implicit_one_that_is_put_becomes_explicit(self):
        place = elsewhere()
        entity, made = self.put(intent(circle(**place)))
        reference = made["operational_intent_reference"]
        implicit = self.ask("GET", f"{SUB}/{reference['subscription_id']}", expect=200)["subscription"]
        self.assertTrue(implicit["implicit_subscription"])
        wide = subscription(circle(**place, radius=1000, lower=0, upper=1000, start=0))
        now = self.ask("PUT", f"{SUB}/{implicit['id']}/{implicit['version']}", wide, expect=200)["subscription"]
        self.assertFalse(now["implicit_subscription"])
        self.ask("DELETE", f"{OIR}/{entity}/{reference['ovn']}", expect=200)
        self.ask("GET", f"{SUB}/{implicit['id']}", expect=200)


class AvailabilityAndReports(Dss):
    def test_availability(self):
        path = "/dss/v1/uss_availability/uss%20x"
        unknown = self.ask("GET", path, expect=200)
        self.assertEqual(unknown, {"version": "", "status": {"uss": "uss x", "availability": "Unknown"}})
        first = self.ask("PUT", path, {"old_version": "", "availability": "down"}, expect=200)
        self.assertEqual(first["status"]["availability"], "Down")
        self.ask("PUT", path, {"old_version": "", "availability": "Normal"}, expect=409)
        self.ask("PUT", path, {"old_version": first["version"], "availability": "Gone"}, expect=400)
        self.ask("PUT", path, "null", expect=400)
        self.ask("PUT", path, {"old_version": first["version"], "availability": "Normal"},
                 self.server.token("uss1", [SC]), 403)
        second = self.ask("PUT", path, {"old_version": first["version"], "availability": "Normal"}, expect=200)
        self.assertNotEqual(second["version"], first["version"])

    def test_a_down_uss_may_not_accept_nor_delete(self):
        three = self.server.token("uss3")
        place = elsewhere()
        entity, made = self.put(intent(circle(**place)), three)
        ovn = made["operational_intent_reference"]["ovn"]
        self.ask("PUT", "/dss/v1/uss_availability/uss3", {"old_version": "", "availability": "Down"}, expect=200)
        self.put(intent(circle(**elsewhere())), three, 412)
        self.ask("PUT", f"{OIR}/{entity}/{ovn}", intent(circle(**place), state="Activated"), three, 412)
        self.ask("DELETE", f"{OIR}/{entity}/{ovn}", token=three, expect=412)
        seen = self.ask("GET", f"{OIR}/{entity}", expect=200)["operational_intent_reference"]
        self.assertEqual(seen["uss_availability"], "Down")
        self.put(intent(circle(**place)))  # its accepted intents are not asked for
        self.ask("PUT", f"{OIR}/{entity}/{ovn}", intent(circle(**place), state="Contingent"), three, 200)
        self.put(intent(circle(**place)), self.two, 409)

    def test_reports(self):
        report = {"exchange": {"url": "https://x", "method": "GET", "headers": ["a: b"], "recorder_role": "Client",
                               "request_time": at(0), "request_body": "", "response_code": 500, "problem": "x"}}
        made = self.ask("POST", "/dss/v1/reports", report, expect=201)
        self.assertEqual(made["exchange"], report["exchange"])
        self.assertTrue(0 < len(made["report_id"]) <= 128)
        for bad in ({}, {"exchange": {}}, {"exchange": {**report["exchange"], "request_time": "now"}}, "null", "", "x"):
            self.ask("POST", "/dss/v1/reports", bad, expect=400)


def uuid7(seconds=0):
    ms = int((time.time() + seconds) * 1000)
    text = f"{ms:012x}7{os.urandom(2).hex()[:3]}8{os.urandom(8).hex()[:15]}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


class BadBodies(Dss):
    def test_every_bad_member_is_named(self):
        good = intent(polygon((47, 8), (47, 8.01), (47.01, 8.01)), circle())
        volume = ["extents", 0, "volume"]
        ring = [*volume, "outline_polygon", "vertices"]
        around = ["extents", 1, "volume", "outline_circle"]
        absent = object()
        cases = [
            (["extents"], [absent, None, [], {}, "x"], "extents"),
            (["extents", 0], [None, 5, {}], "extents[0]"),
            (volume, [absent, None, 5], "extents[0].volume"),
            (ring, [absent, [], [{"lat": 47, "lng": 8}] * 3, [{"lat": 47, "lng": 8}, {"lat": 47, "lng": 9}], 5,
                    [{"lat": a, "lng": b} for a, b in ((47, 8), (47.1, 8.1), (47, 8.1), (47.1, 8))],
                    [{"lat": a, "lng": b} for a, b in ((47, 8), (47, 8.1), (47.1, 8.1), (47, 8))]],
             "extents[0].volume.outline_polygon.vertices"),
            ([*ring, 1, "lat"], [absent, None, "47", 91, -91, 1e300], "vertices[1].lat"),
            ([*ring, 2, "lng"], [absent, None, [], 181, -180.5], "vertices[2].lng"),
            ([*volume, "outline_circle"], [good["extents"][1]["volume"]["outline_circle"]], "extents[0].volume"),
            ([*around, "center"], [absent, None, 5], "extents[1].volume.outline_circle.center"),
            ([*around, "radius"], [absent, None, 5, {"units": "M"}], "outline_circle.radius"),
            ([*around, "radius", "value"], [0, -1, "5", 1e9], "radius.value"),
            ([*around, "radius", "units"], ["FT", absent, 5], "radius.units"),
            ([*volume, "altitude_lower"], [absent, None, 5], "altitude_lower"),
            ([*volume, "altitude_lower", "value"], ["x", 1e9, 601, absent], "altitude_lower"),
            ([*volume, "altitude_lower", "reference"], ["SFC", absent], "reference"),
            ([*volume, "altitude_upper", "units"], ["FT", absent], "units"),
            (["extents", 0, "time_start"], [absent, None, "now"], "time_start"),
            (["extents", 0, "time_start", "value"], ["yesterday", 5, "2020-13-01T00:00:00Z"], "time_start.value"),
            (["extents", 0, "time_start", "format"], ["RFC1123", absent], "time_start.format"),
            (["extents", 0, "time_end"], [at(10)], "extents[0]"),
            (["state"], [absent, None, "Flying"], "state"),
            (["uss_base_url"], [absent, None, "", "uss.example", "http://uss.example", "https://", "ftp://x", 5,
                                "https://" + "x" * 3000], "uss_base_url"),
            (["key"], ["x", [5], [None]], "key"),
            (["subscription_id"], ["x", 5, "00000000-0000-1000-8000-000000000000"], "subscription_id"),
            (["new_subscription"], [5, {}, {"uss_base_url": ""}], "new_subscription"),
            (["requested_ovn_suffix"], ["x", 5], "requested_ovn_suffix"),
        ]
        for path, values, named in cases:
            for value in values:
                with self.subTest(path=path, value=value if value is not absent else "absent"):
                    body = copy.deepcopy(good)
                    if path in (["subscription_id"],):
                        del body["new_subscription"]
                    at_ = body
                    for step in path[:-1]:
                        at_ = at_[step]
                    if value is absent:
                        del at_[path[-1]]
                    else:
                        at_[path[-1]] = value
                    answer = self.put(body, expect=400)[1]
                    self.assertIn(named, answer["message"])

    REPORT = {"exchange": {"url": "https://x", "method": "GET", "headers": ["a: b"], "recorder_role": "Client", "request_time": at(0),
                           "request_body": "", "response_time": at(0), "response_body": "", "response_code": 500, "problem": "x"}}
    # What may be absent; it is checked when it is there.
    OPTIONAL = re.compile(r"key|subscription_id|new_subscription(\.notify_for_constraints)?|notify_for_\w+|old_version"
                          r"|exchange\.(headers|request_body|response_\w+|problem)")
    OPTIONAL_BOUNDS = re.compile(r".*(altitude_(lower|upper)|time_(start|end))")
    # By the end of a member's path: what it must not be besides of another type.
    OUT_OF_RANGE = {
        "lat": [90.001, -90.001, 1e300], "lng": [180.001, -180.001], "radius.value": [0, -1, 5e6 + 1], "altitude_lower.value": [-100_001],
        "altitude_upper.value": [1_000_001], "units": ["FT", "m", ""], "reference": ["SFC", ""], "format": ["RFC1123", ""],
        "time_start.value": ["", "now", "2020-13-01T00:00:00Z", "2020-02-30T00:00:00Z", "2020-01-01T00:00:00", "1600-01-01T00:00:00Z"],
        "time_end.value": ["2020-01-01T24:00:00Z"], "request_time.value": ["", "now"], "response_time.value": ["now"],
        "vertices": [[], [{"lat": 1, "lng": 1}] * 2, [{"lat": 1, "lng": 1}] * 3], "extents": [[]], "state": ["", "Ended", "accepted"],
        "uss_base_url": ["", "https://", "http://x", "https:///x", "https://x y", "https://x\u00e9", "https://x/" + "x" * 2000],
        "key": [["x"] * 100_001], "subscription_id": ["x", new_id()[:-1]], "availability": ["Up", "Normal "],
        "exchange.url": [""], "exchange.method": [""], "recorder_role": ["", "client"], "response_code": [0.5, 2**31],
    }

    def test_each_member_of_each_body_is_checked_and_named(self):
        volume = polygon((47, 8), (47, 8.01), (47.01, 8.01))
        area = {"area_of_interest": circle()}
        update = intent(volume, subscribe=False, state="Activated", subscription_id=new_id(), key=["x" * 16])
        bodies = [("PUT", f"{OIR}/{new_id()}", intent(circle(), volume, key=["x" * 16]), False), ("PUT", f"{OIR}/{new_id()}/x", update, False),
                  ("PUT", f"{CR}/{new_id()}", constraint(volume), "altitudes"), ("PUT", f"{CR}/{new_id()}/x", constraint(circle()), "altitudes"),
                  ("PUT", f"{SUB}/{new_id()}", subscription(constraints=True), True), ("PUT", f"{SUB}/{new_id()}/x", subscription(volume, constraints=True), True),
                  ("POST", f"{OIR}/query", area, True), ("POST", f"{CR}/query", area, True), ("POST", f"{SUB}/query", area, True),
                  ("PUT", "/dss/v1/uss_availability/x", {"old_version": "", "availability": "Normal"}, False),
                  ("POST", "/dss/v1/reports", self.REPORT, False)]
        wrong_types = {str: [5, True, [], {}], int: ["x", True, [], {}], float: ["5", False, [], {}], bool: [0, "true", [], {}],
                       list: [5, "x", {}], dict: [5, "x", []]}
        connection = self.server.connect()
        tried = 0

        def members(value, steps=(), name=""):
            yield steps, name, value
            inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for step, member in inside:
                yield from members(member, (*steps, step), f"{name}[{step}]" if isinstance(step, int) else f"{name}.{step}".lstrip("."))

        absent = object()
        for method, path, good, unbounded in bodies:
            for steps, name, value in members(good):
                bad = list(wrong_types[type(value)])
                for end, values in self.OUT_OF_RANGE.items():
                    if name == end or name.endswith("." + end):
                        bad += values
                optional = self.OPTIONAL.fullmatch(name) or unbounded and self.OPTIONAL_BOUNDS.fullmatch(name) and (
                    unbounded is True or "altitude" in name)
                if not optional:
                    bad += [None] if not steps or isinstance(steps[-1], int) else [None, absent]
                for instead in bad:
                    body = instead
                    if steps:
                        body = copy.deepcopy(good)
                        inside = body
                        for step in steps[:-1]:
                            inside = inside[step]
                        if instead is absent:
                            del inside[steps[-1]]
                        else:
                            inside[steps[-1]] = instead
                    status, answer, _ = self.server.ask(method, path, json.dumps(body), self.one, connection=connection)
                    tried += 1
                    # Which of the two outlines is missing, it cannot know.
                    named = re.sub(r"\.outline_\w+$", "", name) if instead in (None, absent) else name
                    with self.subTest(method=method, path=path, member=name, instead=repr(instead)[:60]):
                        self.assertEqual(status, 400, answer)
                        self.assertIn(named or "body", answer["message"])
                        self.assertTrue(answer["message"].startswith(named[:7] or "body"), answer)
        connection.close()
        self.assertGreater(tried, 1500)

    def test_of_two_members_with_one_name_the_one_that_is_kept_is_checked(self):
        good = json.dumps(self.REPORT)
        self.ask("POST", "/dss/v1/reports", '{"exchange": 5, ' + good[1:], expect=201)
        self.assertIn("exchange", self.ask("POST", "/dss/v1/reports", good[:-1] + ', "exchange": 5}', expect=400)["message"])

    def test_bodies_that_are_no_json(self):
        for body in ("", "{", "[]", "null", "5", "\xff", "{\"extents\":" + "[" * 100_000, b"\x00" * 100):
            self.put(body.encode("latin-1") if isinstance(body, str) else body, expect=400)

    def test_areas_that_are_too_large(self):
        big = polygon((47, 8), (47, 9), (48, 9), (48, 8))
        self.put(intent(big), expect=400)
        self.put(intent(circle(radius=29_000)), expect=400)
        self.ask("POST", f"{OIR}/query", {"area_of_interest": big}, expect=400)
        self.ask("POST", f"{OIR}/query", {"area_of_interest": {"time_start": at(0)}}, expect=400)
        self.put(intent(*[circle() for _ in range(1001)]), expect=400)

    def test_what_has_passed(self):
        self.put(intent(circle(start=-100, end=-1)), expect=400)
        self.put(intent(circle(**elsewhere(), start=-100, end=100)))


class Http(EveryOperation, Dss):
    described, program = DESCRIBED, PROGRAM

    def test_paths_and_methods(self):
        for path in ("/", "/dss", "/dss/v1/operational_intent_references", "/dss/v1/subscriptions/a/b/c", "//", "/%2e%2e"):
            status, _, headers = self.server.ask("GET", path, token=self.one)
            self.assertEqual(status, 404, path)
            self.assertEqual(headers["Content-Type"], "application/json")
        for method, path, allow in (("DELETE", f"{OIR}/{new_id()}", "GET, HEAD, PUT"), ("GET", "/dss/v1/reports", "POST"),
                                    ("PATCH", f"{SUB}/x/y", "PUT, DELETE"), ("GET", f"{SUB}/query", "POST"),
                                    ("PUT", f"{OIR}/query", "POST"), ("HEAD", f"{CR}/query", "POST"),
                                    ("OPTIONS", "/dss/v1/uss_availability/x", "GET, HEAD, PUT"), ("TRACE", f"{CR}/x", "GET, HEAD, PUT"),
                                    ("POST", "/healthy", "GET, HEAD"), ("DELETE", "/openapi.json", "GET, HEAD")):
            status, _, headers = self.server.ask(method, path, token=self.one)
            self.assertEqual((status, headers.get("Allow")), (405, allow), (method, path))
        self.assertEqual(self.server.ask("GET", "/healthy")[0], 200)
        self.assertEqual(self.server.ask("GET", "/ready")[0], 200)

    def raw(self, data):
        return raw(self.server, data)

    def test_limits(self):
        self.assertIn(b" 413 ", self.raw(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 431 ", self.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 400 ", self.raw(b"nonsense\r\n\r\n").split(b"\r\n")[0])
        chunked = b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 70
        self.assertIn(b" 413 ", self.raw(chunked).split(b"\r\n")[0])

    def test_head_is_get_without_the_body(self):
        entity, _ = self.put(intent(circle(**elsewhere())))
        for path in (f"{OIR}/{entity}", f"{OIR}/{new_id()}", "/dss/v1/uss_availability/x", "/healthy", "/openapi.json"):
            got, head = self.server.ask("GET", path, token=self.one), self.server.ask("HEAD", path, token=self.one)
            self.assertEqual((head[0], head[2]), (got[0], got[2]), path)
            self.assertIsNone(head[1])
        self.assertEqual(self.server.ask("HEAD", f"{OIR}/{entity}")[0], 401)

    def test_what_stands_in_a_path(self):
        status = self.ask("PUT", "/dss/v1/uss_availability/a%2Fb%20%C3%A9", {"availability": "Normal"}, expect=200)["status"]
        self.assertEqual(status["uss"], "a/b \u00e9")
        self.ask("GET", "/dss/v1/uss_availability/" + "x" * 256, expect=200)
        self.ask("GET", "/dss/v1/uss_availability/" + "x" * 257, expect=400)
        self.assertEqual(self.server.ask("GET", f"{OIR}/%32f8343be-6482-4d1b-a474-16847e01af1e", token=self.one)[0], 404)
        for path in ("/dss/v1/uss_availability/%", "/dss/v1/uss_availability/%4", "/dss/v1/uss_availability/%zz", "x", "*"):
            self.assertTrue(self.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 400 "))
        self.assertIn(b" 200 ", self.raw(b"GET http://host:80/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").split(b"\r\n")[0])

    def test_a_name_that_is_no_text_is_refused_and_the_store_is_read_again(self):
        with Server(PROGRAM) as server:
            one = server.token("uss1")
            for name in ("%ff", "%C3%28", "%ED%A0%80", "%C0%AF"):
                status, answer, _ = server.ask("PUT", "/dss/v1/uss_availability/" + name, {"availability": "Down"}, one)
                self.assertEqual(status, 400)
                self.assertIn("UTF-8", answer["message"])
            self.assertEqual(server.ask("PUT", "/dss/v1/uss_availability/%00%7f", {"availability": "Down"}, one)[0], 200)
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual(server.ask("GET", "/dss/v1/uss_availability/%00%7f", token=one)[1]["status"]["availability"], "Down")

    def test_a_body_in_chunks(self):
        body = json.dumps(intent(circle(**elsewhere()))).encode()
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:100], body[100:])) + b"0\r\n\r\n"
        answer = self.raw(f"PUT {OIR}/{new_id()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {self.one}\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n".encode() + pieces)
        self.assertTrue(answer.startswith(b"HTTP/1.1 201 "), answer)

    def test_a_slow_client_is_cut_off(self):
        started = time.monotonic()
        answer = self.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        self.assertLess(time.monotonic() - started, 15)
        self.assertNotIn(b" 200 ", answer)

    def test_requests_one_after_the_other_on_one_connection(self):
        connection = self.server.connect()
        for _ in range(50):
            self.assertEqual(self.server.ask("GET", f"{OIR}/{new_id()}", token=self.one, connection=connection)[0], 404)
        connection.close()

    def test_requests_sent_ahead_are_all_answered(self):
        one = b"GET /healthy HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = self.raw(one * 20 + b"GET /healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 21)

    def test_scopes(self):
        wants = [("GET", f"{OIR}/{new_id()}", {SC, CMSA}), ("POST", f"{OIR}/query", {SC, CMSA}),
                 ("PUT", f"{OIR}/{new_id()}", {SC, CMSA}), ("PUT", f"{OIR}/{new_id()}/x", {SC, CMSA}),
                 ("DELETE", f"{OIR}/{new_id()}/x", {SC, CMSA}),
                 ("GET", f"{CR}/{new_id()}", {CM, CP}), ("POST", f"{CR}/query", {CM, CP}), ("PUT", f"{CR}/{new_id()}", {CM}),
                 ("PUT", f"{CR}/{new_id()}/x", {CM}), ("DELETE", f"{CR}/{new_id()}/x", {CM}),
                 ("GET", f"{SUB}/{new_id()}", {SC, CP}), ("POST", f"{SUB}/query", {SC, CP}), ("PUT", f"{SUB}/{new_id()}", {SC, CP}),
                 ("PUT", f"{SUB}/{new_id()}/x", {SC, CP}), ("DELETE", f"{SUB}/{new_id()}/x", {SC, CP}),
                 ("GET", "/dss/v1/uss_availability/x", {AA, SC, CMSA}), ("PUT", "/dss/v1/uss_availability/x", {AA}),
                 ("POST", "/dss/v1/reports", set(ALL_SCOPES))]
        for method, path, scopes in wants:
            self.assertEqual(self.server.ask(method, path, "{}")[0], 401)
            for scope in ALL_SCOPES + ["other"]:
                status, _, headers = self.server.ask(method, path, "{}", self.server.token("uss1", [scope]))
                self.assertEqual(status == 403, scope not in scopes, (method, path, scope, status))
                if status == 403:
                    self.assertIn("insufficient_scope", headers["WWW-Authenticate"])


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens(Dss):
    def sign(self, header, claims, key=None, how=("dgst", "-sha256")):
        return self.sign_text(json.dumps(header), json.dumps(claims), key, how)

    def sign_text(self, header, claims, key=None, how=("dgst", "-sha256")):
        signed = b64(header.encode()) + "." + b64(claims.encode())
        done = subprocess.run(["openssl", how[0], how[1], *how[2:], "-sign", key or self.server.key + ".pem"],
                              input=signed.encode(), capture_output=True, check=True)
        return signed + "." + b64(done.stdout)

    def test_every_attack_is_refused(self):
        now = int(time.time())
        header = {"alg": "RS256", "typ": "JWT"}
        claims = {"iss": "x", "sub": "uss1", "aud": "localhost", "scope": " ".join(ALL_SCOPES), "exp": now + 600}
        path = f"{OIR}/{new_id()}"

        def status(token, scheme="Bearer "):
            got, answer, headers = self.server.ask("GET", path, headers={"Authorization": scheme + token})
            if got == 401:
                self.assertIn("WWW-Authenticate", headers)
                self.assertTrue(answer["message"])
                self.assertNotIn(token[:20], json.dumps(answer)) if len(token) > 20 else None
            return got

        good = self.sign(header, claims)
        self.assertEqual(status(good), 404)
        self.assertEqual(status(good, "bearer "), 404)
        self.assertEqual(status(self.sign(header, {**claims, "aud": ["other", "localhost"]})), 404)
        self.assertEqual(status(self.sign(header, {**claims, "iat": now - 5, "nbf": now - 5})), 404)

        with open(self.server.key + ".pub.pem", "rb") as file:
            public = file.read()
        with tempfile.TemporaryDirectory() as folder:
            other = os.path.join(folder, "other.pem")
            subprocess.run(["openssl", "genrsa", "-out", other, "2048"], check=True, capture_output=True)
            stranger = self.sign(header, claims, other)
            modulus = subprocess.run(["openssl", "rsa", "-in", other, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
            strangers_jwk = {"kty": "RSA", "e": "AQAB", "n": b64(bytes.fromhex(modulus.strip().split("=")[1]))}
            signed = {}  # the folder is gone by the time that the table is made
            for more in ({"jwk": strangers_jwk}, {"jku": "https://evil.example/keys"}, {"x5c": ["AAAA"]}, {"x5u": "https://evil.example"},
                         {"kid": "../../dev/null"}, {"kid": 5}):
                signed[json.dumps(more)] = self.sign({**header, **more}, claims, other)
            stranger_with = lambda more: signed[json.dumps(more)]  # noqa: E731
        head, body, signature = good.split(".")
        unsigned = b64(json.dumps({"alg": "none"}).encode()) + "." + body + "."
        hs_head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        hs = f"{hs_head}.{body}." + b64(hmac.new(public, f"{hs_head}.{body}".encode(), hashlib.sha256).digest())
        without = lambda name: {k: v for k, v in claims.items() if k != name}  # noqa: E731
        flip = "B" if signature[9] != "B" else "C"
        attacks = {
            "alg none": unsigned, "alg None": b64(b'{"alg":"None"}') + "." + body + ".", "hs256 with the public key": hs,
            "no alg": b64(b"{}") + "." + body + "." + signature,
            "rs384": self.sign({"alg": "RS384"}, claims, how=("dgst", "-sha384")),
            "rs512": self.sign({"alg": "RS512"}, claims, how=("dgst", "-sha512")),
            "says RS384, is RS256": self.sign({"alg": "RS384"}, claims),
            "ps256": self.sign({"alg": "PS256"}, claims, how=("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss")),
            "another key": stranger,
            "wrong audience": self.sign(header, {**claims, "aud": "other"}),
            "audience in part": self.sign(header, {**claims, "aud": "localhost.evil"}),
            "audience null": self.sign(header, {**claims, "aud": None}), "no audience": self.sign(header, without("aud")),
            "expired": self.sign(header, {**claims, "exp": now - 1}), "no exp": self.sign(header, without("exp")),
            "far exp": self.sign(header, {**claims, "exp": now + 7200}), "exp text": self.sign(header, {**claims, "exp": str(now + 60)}),
            "not yet": self.sign(header, {**claims, "nbf": now + 600}), "issued later": self.sign(header, {**claims, "iat": now + 600}),
            "no issuer": self.sign(header, without("iss")), "no subject": self.sign(header, without("sub")),
            "empty subject": self.sign(header, {**claims, "sub": ""}), "subject a number": self.sign(header, {**claims, "sub": 5}),
            "claims with two subjects": self.sign_text(json.dumps(header), json.dumps(claims)[:-1] + ', "sub": "uss2"}'),
            "claims with two audiences": self.sign_text(json.dumps(header), '{"aud": "other", ' + json.dumps(claims)[1:]),
            "header with two algorithms": self.sign_text('{"alg": "none", "alg": "RS256"}', json.dumps(claims)),
            "header with two others": self.sign_text('{"alg": "RS256", "x": {"y": 1, "y": 2}}', json.dumps(claims)),
            "its own key (jwk)": stranger_with({"jwk": strangers_jwk}), "its own key (jku)": stranger_with({"jku": "https://evil.example/keys"}),
            "its own certificate (x5c)": stranger_with({"x5c": ["AAAA"]}), "its own certificate (x5u)": stranger_with({"x5u": "https://evil.example"}),
            "kid that is a path": stranger_with({"kid": "../../dev/null"}), "kid that is a number": stranger_with({"kid": 5}),
            "es256": b64(b'{"alg":"ES256"}') + "." + body + "." + signature, "alg in lower case": self.sign({"alg": "rs256"}, claims),
            "alg a list": self.sign({"alg": ["RS256"]}, claims), "header an array": b64(b"[]") + "." + body + "." + signature,
            "encrypted": ".".join([b64(b'{"alg":"RSA-OAEP","enc":"A256GCM"}'), "AA", "AA", "AA", "AA"]),
            "four parts": good + ".AA", "no signature": head + "." + body + ".", "padded": good + "=", "padding within the header": "A=AA.AAAA.AAAA",
            "padding within the claims": head + ".A=AA." + signature, "padding within the signature": head + "." + body + ".A=AA", "newline": good[:40] + "%0a" + good[40:],
            "other base 64": head + "." + body + "." + signature.replace("-", "+").replace("_", "/") + "+",
            "exp negative": self.sign(header, {**claims, "exp": -1}), "exp huge": self.sign(header, {**claims, "exp": 1e300}),
            "exp null": self.sign(header, {**claims, "exp": None}), "nbf text": self.sign(header, {**claims, "nbf": "x"}),
            "iat null": self.sign(header, {**claims, "iat": None}), "audience empty": self.sign(header, {**claims, "aud": []}),
            "audience in capitals": self.sign(header, {**claims, "aud": "LOCALHOST"}),
            "twice": f"{good}, Bearer {good}", "with a comma": good + ",", "two schemes": good + ", Basic dTpw",
            "critical header": self.sign({**header, "crit": ["x"], "x": 1}, claims),
            "claims an array": self.sign(header, []), "truncated": good[:-10], "two parts": head + "." + body,
            "one changed character": f"{head}.{body}." + signature[:9] + flip + signature[10:],
            "another's claims under this signature": head + "." + b64(json.dumps({**claims, "sub": "uss2"}).encode()) + "." + signature,
            "another's header": b64(json.dumps({**header, "x": 1}).encode()) + "." + body + "." + signature,
            "empty": "", "dots": "..", "huge": good + "A" * 9000, "not base 64": "%%%.%%%.%%%", "spaces": good + " x",
        }
        for name, token in attacks.items():
            with self.subTest(name):
                self.assertEqual(status(token), 401)
        for scheme in ("Basic ", "", "Bearer", "Bearer  ", "Bearer\t", "Bearer: ", "Bearer =", "JWT ", "Basic dTpw, Bearer ", "Bearer Bearer "):
            with self.subTest(scheme=scheme):
                self.assertEqual(status(good, scheme), 401)
        for value in ("", " ", "Bearer", "Bearer ", "\t"):
            with self.subTest(header=value):
                got, answer, headers = self.server.ask("GET", path, headers={"Authorization": value})
                self.assertEqual((got, bool(answer["message"])), (401, True))
                self.assertIn("Bearer", headers["WWW-Authenticate"])
        for first, second in ((good, good), (good, stranger), (stranger, good)):
            connection = self.server.connect()
            connection.putrequest("GET", path)
            connection.putheader("Authorization", "Bearer " + first)
            connection.putheader("Authorization", "Bearer " + second)
            connection.endheaders()
            answer = connection.getresponse()
            self.assertEqual(answer.status, 401)
            self.assertIn("invalid_token", answer.headers["WWW-Authenticate"])
            connection.close()
        self.assertEqual(self.server.ask("GET", path)[0], 401)
        # And a bad token with a bad body and a bad id is still a bad token.
        self.assertEqual(self.server.ask("PUT", f"{OIR}/x", "{", "nonsense")[0], 401)
        # What was refused did not spoil what is good, nor end the server.
        self.assertEqual(status(good), 404)

    def test_a_key_that_has_an_id_serves_for_it_alone(self):
        now = int(time.time())
        claims = {"iss": "x", "sub": "u", "aud": "localhost", "scope": SC, "exp": now + 600}
        modulus = subprocess.run(["openssl", "rsa", "-in", self.server.key + ".pem", "-noout", "-modulus"], check=True, capture_output=True,
                                 text=True).stdout
        with tempfile.TemporaryDirectory() as folder:
            jwks, other = os.path.join(folder, "keys.jwks"), os.path.join(folder, "other.pem")
            with open(jwks, "w", encoding="utf-8") as file:
                json.dump({"keys": [{"kty": "RSA", "kid": "ours", "e": "AQAB", "n": b64(bytes.fromhex(modulus.strip().split("=")[1]))}]}, file)
            # The key of the file is another: only the JWKS has the one that signs.
            with Server(PROGRAM, "--jwks", jwks) as server:
                for kid, expected in (({"kid": "ours"}, 404), ({}, 404), ({"kid": "theirs"}, 401), ({"kid": "OURS"}, 401), ({"kid": "ours "}, 401)):
                    token = self.sign({"alg": "RS256", **kid}, claims)
                    self.assertEqual(server.ask("GET", f"{OIR}/{new_id()}", token=token)[0], expected, kid)

    def test_a_token_that_was_good_expires(self):
        now = int(time.time())
        token = self.sign({"alg": "RS256"}, {"iss": "x", "sub": "u", "aud": "localhost", "scope": SC, "exp": now + 3})
        path = f"{OIR}/{new_id()}"
        self.assertEqual(self.server.ask("GET", path, token=token)[0], 404)
        time.sleep(3.2)
        self.assertEqual(self.server.ask("GET", path, token=token)[0], 401)


class Running(unittest.TestCase):
    def test_what_was_answered_is_there_after_a_kill_and_after_a_stop(self):
        with Server(PROGRAM) as server:
            one = server.token("uss1")
            entity = new_id()
            status, made, _ = server.ask("PUT", f"{OIR}/{entity}", intent(), one)
            self.assertEqual(status, 201)
            for how, ends in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
                self.assertEqual(server.stop(how), ends)
                server.start()
                got = server.ask("GET", f"{OIR}/{entity}", token=one)[1]
                self.assertEqual(got["operational_intent_reference"], made["operational_intent_reference"])
            check = subprocess.run([PROGRAM, "data", "check", server.data], capture_output=True, text=True, check=False)
            self.assertEqual(check.returncode, 0, check.stderr)
            self.assertIn("1 operational intents", check.stdout)
            copy_ = os.path.join(server.folder, "copy.db")
            self.assertEqual(subprocess.run([PROGRAM, "data", "backup", server.data, copy_], check=False).returncode, 0)
            again = subprocess.run([PROGRAM, "data", "backup", server.data, copy_], capture_output=True, text=True, check=False)
            self.assertEqual(again.returncode, 1)
            self.assertIn(copy_, again.stderr)
            self.assertEqual(server.stop(), 0)
            os.remove(os.path.join(server.data, "wideberth.db"))
            os.rename(copy_, os.path.join(server.data, "wideberth.db"))
            server.start()
            self.assertEqual(server.ask("GET", f"{OIR}/{entity}", token=one)[0], 200)

    def test_a_damaged_page_stops_the_start(self):
        with Server(PROGRAM) as server:
            one = server.token("uss1")
            for i in range(60):
                self.assertEqual(server.ask("PUT", f"{OIR}/{new_id()}", intent(circle(lat=i)), one)[0], 201)
            server.stop()
            path = os.path.join(server.data, "wideberth.db")
            with open(path, "r+b") as file:
                size = file.seek(0, 2)
                file.seek(size // 2)
                file.write(os.urandom(3000))
            with self.assertRaises(RuntimeError) as failed:
                server.start()
            self.assertIn("wideberth.db", str(failed.exception))
            check = subprocess.run([PROGRAM, "data", "check", server.data], capture_output=True, text=True, check=False)
            self.assertEqual(check.returncode, 2)
            self.assertIn("wideberth.db", check.stderr)

    def test_a_ledger_that_was_changed_stops_the_start_and_is_found(self):
        with Server(PROGRAM) as server:
            one = server.token("uss1")

            def write(count, lng=0):
                for i in range(count):
                    self.assertEqual(server.ask("PUT", f"{OIR}/{new_id()}", intent(circle(lat=i, lng=lng)), one)[0], 201)

            def run(*arguments):
                return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)

            write(3)
            self.assertEqual(run("audit", "--data", server.data).returncode, 0, "beside the running server")
            server.stop()
            path = os.path.join(server.data, "wideberth.db")
            with open(path, "rb") as file:
                whole = file.read()
            with open(os.path.join(server.data, "ledger.pub"), encoding="ascii") as file:
                key = file.read().strip()
            good = run("audit", "--data", server.data)
            self.assertEqual(good.returncode, 0, good.stderr)
            self.assertIn(key, good.stdout)
            self.assertIn("beside the store", good.stdout)
            given = run("audit", "--data", server.data, "--operator-key", key)
            self.assertEqual(given.returncode, 0, given.stderr)
            self.assertNotIn("beside the store", given.stdout)
            other = "localhost/ledger+1aedfdbf+AT0O22yPvXemqgqAxbpb2k0MhcQlvbPsdgEkZiggFMRU"
            self.assertEqual(run("audit", "--data", server.data, "--operator-key", other).returncode, 3)
            # Nobody can seal it anew without the key.
            unsigned = "localhost/ledger\n3\n" + "A" * 43 + "=\nrows " + "A" * 43 + "=\n"
            last = "(SELECT max(number) FROM ledger)"
            for change in (f"UPDATE ledger SET event = replace(event, 'uss1', 'uss2') WHERE number = {last}",
                           f"UPDATE ledger SET readers = x'000475737332' WHERE number = {last}",
                           f"UPDATE ledger SET subject = 1 WHERE number = {last}", f"DELETE FROM ledger WHERE number = {last}",
                           f"INSERT INTO ledger SELECT {last} + 1, salt, event, readers, subject FROM ledger WHERE number = 0",
                           "DELETE FROM seal", f"UPDATE seal SET text = '{unsigned}'",
                           "UPDATE seal SET text = replace(text, 'localhost/ledger', 'other')"):
                with open(path, "wb") as file:
                    file.write(whole)
                with sqlite3.connect(path) as database:
                    self.assertEqual(database.execute(change).rowcount, 1, change)
                database.close()
                for arguments, status in ((("data", "check", server.data), 2), (("audit", "--data", server.data), 3)):
                    done = run(*arguments)
                    self.assertEqual(done.returncode, status, (change, done.stderr))
                    self.assertIn("wideberth.db", done.stderr)
                with self.assertRaises(RuntimeError) as failed:
                    server.start()
                self.assertIn("wideberth.db", str(failed.exception))
                self.assertIn("backup", str(failed.exception))
            with open(path, "wb") as file:
                file.write(whole)
            server.start()
            write(1, lng=10)
            server.stop(signal.SIGKILL)
            server.start()
            self.assertEqual(run("data", "check", server.data).returncode, 0)
            # A key that is lost: another one signs from then on, and the store is sealed with it.
            server.stop()
            for name in ("ledger.key", "ledger.pub"):
                os.remove(os.path.join(server.data, name))
            server.start()
            server.stop()
            server.start()
            self.assertEqual(run("audit", "--data", server.data).returncode, 0)
            self.assertEqual(run("audit", "--data", server.data, "--operator-key", key).returncode, 3)

    def test_a_full_disk_stops_it_and_loses_nothing(self):
        # A file size limit is what a full disk looks like from inside.
        import resource
        with Server(PROGRAM) as server:
            one = server.token("uss1")
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
            answered = {}
            for i in range(2000):
                entity = new_id()
                try:
                    status, made, _ = server.ask("PUT", f"{OIR}/{entity}", intent(circle(lat=i % 80, lng=i // 80)), one)
                except (OSError, Exception):  # noqa: B014
                    break
                if status == 201:
                    answered[entity] = made["operational_intent_reference"]
            self.assertLess(len(answered), 2000, "it never ran into the limit")
            server.process.wait(10)
            log = server.process.stderr.read().decode()
            server.process.stderr.close()
            server.process = None
            self.assertIn("wideberth.db", log)
            server.start()
            for entity, reference in answered.items():
                self.assertEqual(server.ask("GET", f"{OIR}/{entity}", token=one)[1]["operational_intent_reference"], reference)

    def test_bad_settings_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            run = lambda *a: subprocess.run([PROGRAM, "serve", *a], capture_output=True, text=True, timeout=20, check=False)  # noqa: E731
            for arguments, named, status in (([], "--data", 2), (["--data", folder], "--public-key", 2),
                                             (["--data", folder, "--public-key", "/none.pem", "--audience", "x"], "/none.pem", 1)):
                done = run(*arguments)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(named, done.stderr)
            with Server(PROGRAM) as server:
                second = run("--listen", "127.0.0.1:0", "--data", server.data, "--public-key", server.key + ".pub.pem", "--audience", "x")
                self.assertEqual(second.returncode, 1)
                self.assertIn("another process", second.stderr)
                busy = run("--listen", f"127.0.0.1:{server.port}", "--data", folder, "--public-key", server.key + ".pub.pem", "--audience", "x")
                self.assertEqual(busy.returncode, 1)
                self.assertIn(str(server.port), busy.stderr)

    def test_tls_jwks_config_and_metrics(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key,
                            "-out", certificate, "-days", "2"], check=True, capture_output=True)
            config = os.path.join(folder, "c.toml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f'tls-cert = "{certificate}"\ntls-key = "{key}"\nmetrics-listen = "127.0.0.1:0"\nlog-level = "debug"\n')
            with Server(PROGRAM, "--config", config) as server:
                import ssl
                import http.client
                import re
                context = ssl.create_default_context(cafile=certificate)
                context.check_hostname = False
                connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=20)
                one = server.token("uss1")
                for _ in range(3):
                    self.assertEqual(server.ask("GET", f"{OIR}/{new_id()}", token=one, connection=connection)[0], 404)
                connection.close()
                old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                old.check_hostname = False
                old.verify_mode = ssl.CERT_NONE
                with self.assertRaises((ssl.SSLError, OSError, ValueError)):
                    old.set_ciphers("ALL:@SECLEVEL=0")
                    old.minimum_version = ssl.TLSVersion.TLSv1
                    old.maximum_version = ssl.TLSVersion.TLSv1_1
                    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
                        old.wrap_socket(plain).close()
                metrics = re.search(r'metrics="http://127.0.0.1:(\d+)/metrics"', server.log).group(1)
                connection = http.client.HTTPConnection("127.0.0.1", int(metrics), timeout=20)
                connection.request("GET", "/metrics")
                text = connection.getresponse().read().decode()
                connection.close()
                self.assertIn('wideberth_http_requests_total{method="GET",route="/dss/v1/operational_intent_references/{}",status="404"} 3', text)
                self.assertEqual(server.stop(), 0)
                self.assertNotIn(one, server.log)
                self.assertIn("status=404", server.log)

    def test_the_demonstration_names_every_conflict_and_proves_what_was_told(self):
        sample = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sample", "made-up-flights.csv")
        with tempfile.TemporaryDirectory() as folder:
            receipt = os.path.join(folder, "receipt.json")
            done = subprocess.run([PROGRAM, "demo", sample, "--once", "--listen", "127.0.0.1:0", "--receipt", receipt], capture_output=True,
                                  text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            verified = subprocess.run([PROGRAM, "verify", receipt], capture_output=True, text=True, timeout=60, check=False)
            again = subprocess.run([PROGRAM, "demo", sample, "--once", "--data", folder], capture_output=True, text=True, timeout=60, check=False)
        table = subprocess.run([PROGRAM, "check", sample], capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("\n\n" + table.stdout, done.stdout)
        count = re.search(r"(\d+) conflicts between", table.stdout).group(1)
        self.assertIn(f"The service named these {count} exactly", done.stdout)
        # Who is told whose name: cedar is outside the group and shows volumes alone, amber shows all, birch shows the group.
        told = re.findall(r"^(amber|birch|cedar)   \S+ +[0-9a-f]{8}  (\S+(?: \(possible\))?) +2", done.stdout, re.MULTILINE)
        seen = {"amber": {"birch", "(pseudonym)"}, "birch": {"amber", "(pseudonym)"}, "cedar": {"amber", "(pseudonym)"}}
        for party, other in told:
            self.assertIn(other, seen[party] | {"visitor (possible)"})
        self.assertIn(("amber", "(pseudonym)"), told)
        self.assertIn(("birch", "amber"), told)
        self.assertIn("visitor (possible)", {other for _, other in told})
        self.assertRegex(done.stdout, r"409 from the DSS, which\s+names\s+[0-9a-f]{8}\s+of\s+wideberth")
        self.assertEqual(verified.returncode, 0, verified.stdout)
        self.assertIn('party "amber" acknowledged notice', verified.stdout)
        self.assertEqual((again.returncode, again.stdout), (1, ""), "what was declared before would be in the story")
        self.assertIn("is not empty", again.stderr)

    def test_clients_that_write_the_same_place_at_once_see_each_other(self):
        with Server(PROGRAM) as server:
            accepted = []
            lock = threading.Lock()

            def fly(subject):
                token = server.token(subject)
                connection = server.connect()
                for _ in range(15):
                    entity, key, known = new_id(), [], set()
                    while True:
                        status, answer, _ = server.ask("PUT", f"{OIR}/{entity}", intent(key=key, subscribe=False), token, connection=connection)
                        if status == 201:
                            with lock:
                                accepted.append((entity, answer["operational_intent_reference"]["ovn"], set(key)))
                            break
                        # Others' OVNs come from their USS: here, from what they noted.
                        wanted = {m["id"] for m in answer["missing_operational_intents"]} | known
                        with lock:
                            key = [ovn for other, ovn, _ in accepted if other in wanted or other in known]
                            known.update(wanted)

                connection.close()

            threads = [threading.Thread(target=fly, args=(f"uss{i}",)) for i in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            # In whatever order they were accepted, each knew of all before it.
            self.assertEqual(len(accepted), 90)
            known = sorted(len(key) for _, _, key in accepted)
            ovns = {ovn for _, ovn, _ in accepted}
            self.assertEqual(len(ovns), 90)
            for (a, ovn_a, key_a) in accepted:
                for (b, ovn_b, key_b) in accepted:
                    if a != b:
                        self.assertTrue(ovn_a in key_b or ovn_b in key_a, "two that overlap know nothing of each other")
            self.assertEqual(known[-1], 89)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + [a for a in sys.argv[2:]], verbosity=1)
