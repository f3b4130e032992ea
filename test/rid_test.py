#!/usr/bin/env python3
"""Every endpoint of F3411-19's and F3411-22a's DSS, and every status of each, against a running server; the places where a
DSS is easily wrong: notification indexes, the limit of subscriptions, circles, corners, owners.

  rid_test.py WIDEBERTH
"""
import math
import os
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from described import Described, EveryOperation  # noqa: E402
from dss_server import Server, at, circle, new_id, polygon  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
FAR = [0.0]
DESCRIBED = Described(lambda path: path.startswith(("/v1/dss/", "/rid/v2/dss/")))


def tearDownModule():
    DESCRIBED.check(all_ran=len(sys.argv) == 2)


def elsewhere():
    """A place that no other test uses: latitude, longitude."""
    FAR[0] += 0.5
    return 10 + FAR[0] % 40, -170 + FAR[0] // 40 * 5


def square(lat, lng, side=0.01):
    """South-western corner and side, in degrees."""
    return [(lat, lng), (lat, lng + side), (lat + side, lng + side), (lat + side, lng)]


def area(points):
    return ",".join(f"{lat},{lng}" for lat, lng in points)


class V19:
    """How F3411-19 writes what the tests speak of."""
    name, root = "F3411-19", "/v1/dss"
    read, write = "dss.read.identification_service_areas", "dss.write.identification_service_areas"
    read_area = [read]
    isa_url, own_isa_url = "flights_url", "https://uss.example/v1/uss/flights"
    own_sub_url = "https://uss.example/v1/uss/identification_service_areas"

    @staticmethod
    def extents(points, start=0, end=3600, lower=0, upper=300):
        volume = {"spatial_volume": {"footprint": {"vertices": [{"lat": lat, "lng": lng} for lat, lng in points]},
                                     "altitude_lo": lower, "altitude_hi": upper}}
        if start is not None:
            volume["time_start"] = at(start)["value"]
        if end is not None:
            volume["time_end"] = at(end)["value"]
        return volume

    @classmethod
    def isa(cls, points, **others):
        return {"extents": cls.extents(points, **others), "flights_url": cls.own_isa_url}

    @classmethod
    def sub(cls, points, **others):
        return {"extents": cls.extents(points, **others), "callbacks": {"identification_service_area_url": cls.own_sub_url}}

    @staticmethod
    def url_of_sub(subscription):
        return subscription["callbacks"]["identification_service_area_url"]

    @staticmethod
    def time_of(time_member):
        return time_member


class V22a:
    name, root = "F3411-22a", "/rid/v2/dss"
    read, write = "rid.display_provider", "rid.service_provider"
    read_area = [read, write]
    isa_url, own_isa_url = "uss_base_url", "https://uss.example/v1"
    own_sub_url = "https://uss.example/v1"

    @staticmethod
    def extents(points, start=0, end=3600, lower=0, upper=300):
        volume = polygon(*points, lower=lower, upper=upper)
        for member, value in (("time_start", start), ("time_end", end)):
            if value is None:
                del volume[member]
            else:
                volume[member] = at(value)
        return volume

    @classmethod
    def isa(cls, points, **others):
        return {"extents": cls.extents(points, **others), "uss_base_url": cls.own_isa_url}

    sub = isa

    @staticmethod
    def url_of_sub(subscription):
        return subscription["uss_base_url"]

    @staticmethod
    def time_of(time_member):
        assert time_member["format"] == "RFC3339", time_member
        return time_member["value"]


class Rid(unittest.TestCase):
    version = None  # V19 or V22a

    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAM)
        DESCRIBED.read(cls.server)
        v = cls.version or V22a
        cls.isas, cls.subs = v.root + "/identification_service_areas", v.root + "/subscriptions"
        cls.reader, cls.writer = cls.server.token("uss1", [v.read]), cls.server.token("uss1", [v.write])
        cls.other_reader, cls.other_writer = cls.server.token("uss2", [v.read]), cls.server.token("uss2", [v.write])

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log
        cls.server.close()
        assert status == 0, (status, log)

    def ask(self, method, path, body=None, token=None, expect=200):
        status, answer, headers = self.server.ask(method, path, body, token)
        self.assertEqual(status, expect, (method, path, body, answer))
        self.assertEqual(headers.get("Content-Type"), "application/json")
        if status >= 400:
            self.assertTrue(answer.get("message"), answer)
        self.assertNotIn("Retry-After", headers)  # nothing here is more than the server can do
        return answer

    def put_isa(self, body, token=None, expect=200, isa=None, version=None):
        path = f"{self.isas}/{isa or new_id()}" + ("" if version is None else f"/{version}")
        return self.ask("PUT", path, body, token or self.writer, expect)

    def put_sub(self, body, token=None, expect=200, sub=None, version=None):
        path = f"{self.subs}/{sub or new_id()}" + ("" if version is None else f"/{version}")
        return self.ask("PUT", path, body, token or self.reader, expect)

    def found(self, points, token=None, **times):
        query = urllib.parse.urlencode({"area": area(points), **times})
        answer = self.ask("GET", f"{self.isas}?{query}", token=token or self.reader)
        return [isa["id"] for isa in answer["service_areas"]]

    def told(self, answer):
        return {one["subscription_id"]: one["notification_index"]
                for subscriber in answer["subscribers"] for one in subscriber["subscriptions"]}


class Both:
    """What both versions have in common. (A mix-in: not run by itself.)"""

    # ---- Identification service areas.
    def test_area_create_get_search_update_delete(self):
        v, place = self.version, square(*elsewhere())
        isa = new_id()
        made = self.put_isa(v.isa(place), isa=isa)
        self.assertEqual(made["subscribers"], [])
        one = made["service_area"]
        self.assertEqual((one["id"], one["owner"], one[v.isa_url]), (isa, "uss1", v.own_isa_url))
        self.assertEqual(set(one), {"id", "owner", v.isa_url, "time_start", "time_end", "version"})
        self.assertTrue(v.time_of(one["time_start"]).endswith("Z"))
        self.assertRegex(one["version"], "^[0-9a-v]{10,20}$")
        path = f"{self.isas}/{isa}"
        for token in ([self.reader, self.other_reader] + ([self.writer] if v.write in v.read_area else [])):
            self.assertEqual(self.ask("GET", path, token=token), {"service_area": one})
        self.assertEqual(self.found(place), [isa])
        self.assertEqual(self.found(place, self.other_reader), [isa])
        moved_to = square(*elsewhere())
        updated = self.put_isa(v.isa(moved_to, end=7200), isa=isa, version=one["version"])["service_area"]
        self.assertGreater(updated["version"], one["version"])
        self.assertEqual(self.found(place), [])
        self.assertEqual(self.found(moved_to), [isa])
        self.ask("DELETE", f"{path}/{one['version']}", token=self.writer, expect=409)
        gone = self.ask("DELETE", f"{path}/{updated['version']}", token=self.writer)
        self.assertEqual(gone, {"subscribers": [], "service_area": updated})
        self.ask("GET", path, token=self.reader, expect=404)
        self.ask("DELETE", f"{path}/{updated['version']}", token=self.writer, expect=404)

    def test_area_statuses(self):
        v, place = self.version, square(*elsewhere())
        isa = new_id()
        version = self.put_isa(v.isa(place), isa=isa)["service_area"]["version"]
        path = f"{self.isas}/{isa}"
        self.put_isa(v.isa(place), isa=isa, expect=409)
        self.put_isa(v.isa(place), isa=isa, token=self.other_writer, expect=409)
        self.put_isa(v.isa(place), isa="not-a-uuid", expect=400)
        self.put_isa(v.isa(place), isa=new_id(), version=version, expect=400)  # nothing to update
        self.put_isa(v.isa(place), isa=isa, version=version, token=self.other_writer, expect=403)
        self.put_isa(v.isa(place), isa=isa, version=version[1:-1], token=self.other_writer, expect=403)
        self.put_isa(v.isa(place), isa=isa, version=version[1:-1], expect=409)
        self.ask("DELETE", f"{path}/{version[1:-1]}", token=self.other_writer, expect=409)
        self.ask("DELETE", f"{path}/{version}", token=self.other_writer, expect=403)
        self.ask("DELETE", f"{path}/{version[1:-1]}", token=self.writer, expect=409)
        for bad in ("", "notacorrectversion", "w", "1hqp9iia2ijhX", "0" + version, "%20", "8" + version, "g" + version):
            self.ask("DELETE", f"{path}/{bad}", token=self.writer, expect=400)
            self.ask("PUT", f"{path}/{bad}", v.isa(place), token=self.writer, expect=400)
        self.ask("GET", f"{self.isas}/nonsense", token=self.reader, expect=400)
        self.ask("GET", f"{self.isas}/{new_id()}", token=self.reader, expect=404)
        self.ask("POST", path, {}, self.writer, 405)
        self.ask("GET", path + "/" + version, token=self.reader, expect=405)

    def test_area_bad_bodies(self):
        v, place = self.version, square(*elsewhere())
        for change in (lambda b: b.pop("extents"), lambda b: b.pop(v.isa_url), lambda b: b.update({v.isa_url: ""}),
                       lambda b: b.update({v.isa_url: "http://uss.example"}), lambda b: b.update({v.isa_url: 7}),
                       lambda b: b.update(extents=None), lambda b: b.update(extents=[b["extents"]]),
                       lambda b: b["extents"].pop("time_end"), lambda b: b["extents"].update(time_end="yesterday"),
                       lambda b: b["extents"].pop("spatial_volume" if v is V19 else "volume"),
                       lambda b: self.volume(b).pop("footprint" if v is V19 else "outline_polygon"),
                       lambda b: self.outline(b).update(vertices=[]), lambda b: self.outline(b).pop("vertices"),
                       lambda b: self.outline(b)["vertices"].pop(0) and self.outline(b)["vertices"].pop(0),
                       lambda b: self.outline(b)["vertices"].append(self.outline(b)["vertices"][0]),  # closed
                       lambda b: self.outline(b)["vertices"].insert(1, self.outline(b)["vertices"].pop(2)),  # crossing
                       lambda b: self.outline(b)["vertices"][0].update(lat=91),
                       lambda b: self.outline(b)["vertices"][0].update(lng=-181),
                       lambda b: self.outline(b)["vertices"][0].pop("lat")):
            body = v.isa(place)
            change(body)
            self.put_isa(body, expect=400)
        for text in ("", "null", "[]", "{", "\"x\"", "{}", b"\xff", "[" * 5000):
            self.put_isa(text, expect=400)
            self.put_sub(text, expect=400)
        self.put_isa(v.isa(place, lower=300, upper=299), expect=400)
        self.put_isa(v.isa(place, lower=300, upper=300))

    def volume(self, body):
        return body["extents"]["spatial_volume" if self.version is V19 else "volume"]

    def outline(self, body):
        return self.volume(body)["footprint" if self.version is V19 else "outline_polygon"]

    def test_area_times(self):
        v, place = self.version, square(*elsewhere())
        self.put_isa(v.isa(place, start=-290))
        self.put_isa(v.isa(place, start=-310), expect=400)
        self.put_isa(v.isa(place, start=100, end=99), expect=400)
        self.put_isa(v.isa(place, start=-100, end=-50), expect=400)
        self.put_isa(v.isa(place, end=None), expect=400)
        same = v.isa(place)
        same["extents"]["time_end"] = same["extents"]["time_start"]
        self.put_isa(same, expect=400)
        self.put_isa(v.isa(place, end=30 * 86400))  # no longest duration
        body = v.isa(place, start=-200)
        isa = new_id()
        one = self.put_isa(body, isa=isa)["service_area"]
        sent = v.time_of(body["extents"]["time_start"]).rstrip("Z").rstrip("0").rstrip(".") + "Z"
        self.assertEqual(v.time_of(one["time_start"]), sent)  # echoed, not clamped
        # Without times it stays as it was.
        again = self.put_isa(v.isa(place, start=None, end=None), isa=isa, version=one["version"])["service_area"]
        self.assertEqual((again["time_start"], again["time_end"]), (one["time_start"], one["time_end"]))
        now = self.put_isa(v.isa(place, start=None))["service_area"]
        self.assertLess(abs(self.seconds(now["time_start"]) - time.time()), 5)

    def seconds(self, member):
        text = self.version.time_of(member)
        return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone

    def test_huge_areas_are_400_to_put_and_413_to_search(self):
        v, (lat, lng) = self.version, elsewhere()
        huge = square(lat, lng, 1)
        self.put_isa(v.isa(huge), expect=400)
        self.put_sub(v.sub(huge), expect=400)
        self.ask("GET", f"{self.isas}?area={area(huge)}", token=self.reader, expect=413)
        self.ask("GET", f"{self.subs}?area={area(huge)}", token=self.reader, expect=413)

    def test_searches_that_are_no_searches(self):
        lat, lng = elsewhere()
        good = area(square(lat, lng))
        bad = ["", "area=", "area=1,2,3,4", "area=1,2,3,4,5", f"area={good},{lat}", f"area={good},{lat},{lng}", "area=a,b,c,d,e,f",
               f"area={lat},{lng},{lat + .01},{lng + .01},{lat + .01},{lng},{lat},{lng + .01}", f"area={good}&area={good}",
               "area=91,0,92,0,91,1", "area=1,181,2,181,1,182", "area=nan,0,1,0,0,1", "area=inf,0,1,0,0,1", f"area={good},", f"area={good}%",
               f"area={lat};{lng};1;2;3;4", "area=0x1,0,1,0,0,1", "area=" + "1," * 5000]
        for query in bad:
            for path in (self.isas, self.subs):
                self.ask("GET", f"{path}?{query}", token=self.reader, expect=400)
        for times in ("earliest_time=now", "latest_time=2020-13-01T00:00:00Z", "earliest_time=",
                      "earliest_time=2030-01-01T00:00:00Z&latest_time=2029-01-01T00:00:00Z"):
            self.ask("GET", f"{self.isas}?area={good}&{times}", token=self.reader, expect=400)
        for query in (good, good.replace(",", "%2C"), good.replace(",", ",%20"), good.replace(",", ",+"), good + "&other=1"):
            self.assertEqual(self.ask("GET", f"{self.isas}?area={query}", token=self.reader), {"service_areas": []})
            self.assertEqual(self.ask("GET", f"{self.subs}?area={query}", token=self.reader), {"subscriptions": []})

    def test_searches_by_time(self):
        v, place = self.version, square(*elsewhere())
        isa = new_id()
        self.put_isa(v.isa(place, start=1000, end=2000), isa=isa)

        def when(seconds):
            return at(seconds)["value"]

        self.assertEqual(self.found(place), [isa])
        self.assertEqual(self.found(place, earliest_time=when(2100)), [])
        self.assertEqual(self.found(place, earliest_time=when(1900)), [isa])
        self.assertEqual(self.found(place, latest_time=when(900)), [])
        self.assertEqual(self.found(place, earliest_time=when(-9000), latest_time=when(1100)), [isa])
        self.assertEqual(self.found(place, earliest_time=when(-9000), latest_time=when(-8000)), [])
        # Displays ask for the present by their own clock, which has passed when the question arrives.
        place, isa = square(*elsewhere()), new_id()
        self.put_isa(v.isa(place, start=-200, end=1000), isa=isa)
        present = when(-0.01)
        self.assertEqual(self.found(place, earliest_time=present, latest_time=present), [isa])
        self.assertEqual(self.found(place, earliest_time=when(-150), latest_time=when(-100)), [isa])
        self.assertEqual(self.found(place, earliest_time=when(-9000), latest_time=when(-210)), [])

    def test_an_area_that_is_over_is_found_by_its_id_alone(self):
        v, place = self.version, square(*elsewhere())
        isa, sub = new_id(), new_id()
        self.put_isa(v.isa(place, end=3), isa=isa)
        self.put_sub(v.sub(place, end=3), sub=sub)
        self.assertEqual(self.found(place), [isa])
        time.sleep(3.5)
        self.assertEqual(self.found(place), [])
        self.assertEqual(self.found(place, earliest_time=at(-3600)["value"]), [])
        self.assertEqual(self.ask("GET", f"{self.isas}/{isa}", token=self.reader)["service_area"]["id"], isa)
        self.assertEqual(self.ask("GET", f"{self.subs}?area={area(place)}", token=self.reader)["subscriptions"], [])
        self.assertEqual(self.ask("GET", f"{self.subs}/{sub}", token=self.reader)["subscription"]["id"], sub)
        self.assertEqual(self.put_sub(v.sub(place))["service_areas"], [])
        self.assertEqual(len(self.told(self.put_isa(v.isa(place)))), 1)  # the living one

    # ---- Subscriptions.
    def test_subscription_create_get_search_update_delete(self):
        v, place = self.version, square(*elsewhere())
        isa = new_id()
        announced = self.put_isa(v.isa(place), token=self.other_writer, isa=isa)["service_area"]
        sub = new_id()
        made = self.put_sub(v.sub(place), sub=sub)
        self.assertEqual(made["service_areas"], [announced])
        one = made["subscription"]
        self.assertEqual((one["id"], one["owner"], one["notification_index"], v.url_of_sub(one)), (sub, "uss1", 0, v.own_sub_url))
        path = f"{self.subs}/{sub}"
        for token in (self.reader, self.writer):
            self.assertEqual(self.ask("GET", path, token=token), {"subscription": one})
        search = f"{self.subs}?area={area(place)}"
        self.assertEqual(self.ask("GET", search, token=self.reader), {"subscriptions": [one]})
        self.assertEqual(self.ask("GET", search, token=self.other_reader), {"subscriptions": []})  # own ones only
        moved_to = square(*elsewhere())
        updated = self.put_sub(v.sub(moved_to), sub=sub, version=one["version"])
        self.assertEqual(updated["service_areas"], [])
        self.assertGreater(updated["subscription"]["version"], one["version"])
        self.assertEqual(self.ask("GET", search, token=self.reader), {"subscriptions": []})
        self.ask("DELETE", f"{path}/{one['version']}", token=self.reader, expect=409)
        gone = self.ask("DELETE", f"{path}/{updated['subscription']['version']}", token=self.reader)
        self.assertEqual(gone, {"subscription": updated["subscription"]})
        self.ask("GET", path, token=self.reader, expect=404)
        self.ask("DELETE", f"{path}/{one['version']}", token=self.reader, expect=404)

    def test_subscription_statuses(self):
        v, place = self.version, square(*elsewhere())
        sub = new_id()
        version = self.put_sub(v.sub(place), sub=sub)["subscription"]["version"]
        path = f"{self.subs}/{sub}"
        self.put_sub(v.sub(place), sub=sub, expect=409)
        self.put_sub(v.sub(place), sub="not-a-uuid", expect=400)
        self.put_sub(v.sub(place), sub=new_id(), version=version, expect=400)
        self.put_sub(v.sub(place), sub=sub, version=version[1:-1], token=self.other_reader, expect=409)
        self.put_sub(v.sub(place), sub=sub, version=version, token=self.other_reader, expect=403)
        self.ask("DELETE", f"{path}/{version[1:-1]}", token=self.reader, expect=409)
        self.ask("DELETE", f"{path}/{version}", token=self.other_reader, expect=403)
        for bad in ("", "notacorrectversion", "w", "0" + version):
            self.ask("DELETE", f"{path}/{bad}", token=self.reader, expect=400)
            self.ask("PUT", f"{path}/{bad}", v.sub(place), token=self.reader, expect=400)
        self.ask("GET", f"{self.subs}/nonsense", token=self.reader, expect=400)

    def test_only_its_owner_reads_a_subscription(self):
        sub = new_id()
        self.put_sub(self.version.sub(square(*elsewhere())), sub=sub)
        self.ask("GET", f"{self.subs}/{sub}", token=self.other_reader, expect=403)
        self.ask("GET", f"{self.subs}/{sub}", token=self.other_writer, expect=403)

    def test_subscription_times(self):
        v, place = self.version, square(*elsewhere())
        open_one = self.put_sub(v.sub(place, start=None, end=None))["subscription"]
        self.assertAlmostEqual(self.seconds(open_one["time_end"]) - self.seconds(open_one["time_start"]), 86400, delta=1)
        self.put_sub(v.sub(place, start=-290))
        self.put_sub(v.sub(place, start=-310), expect=400)
        self.put_sub(v.sub(place, start=-200, end=-100), expect=400)
        self.put_sub(v.sub(place, start=100, end=99), expect=400)
        self.put_sub(v.sub(place, start=0, end=86402), expect=400)
        sub = new_id()
        self.put_sub(v.sub(place, start=0, end=86399), sub=sub)
        self.put_sub(v.sub(place, start=0, end=86402), sub=sub, expect=400)  # before 409

    def test_the_index_survives_updates_and_the_version_survives_notices(self):
        v, place = self.version, square(*elsewhere())
        sub = new_id()
        version = self.put_sub(v.sub(place), sub=sub)["subscription"]["version"]
        isa = new_id()
        first = self.put_isa(v.isa(place), isa=isa)
        self.assertEqual(self.told(first), {sub: 1})  # own ones are told too
        self.assertEqual(first["subscribers"], [{"url": v.own_sub_url, "subscriptions": [{"subscription_id": sub, "notification_index": 1}]}])
        seen = self.ask("GET", f"{self.subs}/{sub}", token=self.reader)["subscription"]
        self.assertEqual((seen["version"], seen["notification_index"]), (version, 1))
        updated = self.put_sub(v.sub(place), sub=sub, version=version)
        self.assertEqual(updated["subscription"]["notification_index"], 1)
        self.assertEqual([one["id"] for one in updated["service_areas"]], [isa])
        moved = self.put_isa(v.isa(square(*elsewhere())), isa=isa, version=first["service_area"]["version"])
        self.assertEqual(self.told(moved), {sub: 2})  # it left
        gone = self.ask("DELETE", f"{self.isas}/{isa}/{moved['service_area']['version']}", token=self.writer)
        self.assertEqual(self.told(gone), {})

    def test_subscribers_are_grouped_by_url(self):
        v, place = self.version, square(*elsewhere())
        mine, also_mine, theirs = new_id(), new_id(), new_id()
        self.put_sub(v.sub(place), sub=mine)
        self.put_sub(v.sub(place), sub=also_mine)
        body = v.sub(place)
        if v is V19:
            body["callbacks"]["identification_service_area_url"] = "https://another.example"
        else:
            body["uss_base_url"] = "https://another.example"
        self.put_sub(body, self.other_reader, sub=theirs)
        subscribers = self.put_isa(v.isa(place))["subscribers"]
        self.assertEqual([(one["url"], [s["subscription_id"] for s in one["subscriptions"]]) for one in subscribers],
                         [("https://another.example", [theirs]), (v.own_sub_url, sorted([mine, also_mine]))])

    def test_ten_subscriptions_in_a_place_and_each_may_be_updated(self):
        v, (lat, lng) = self.version, elsewhere()
        place = square(lat, lng)
        reader = self.server.token("busy", [v.read])
        made = {}
        for _ in range(10):
            sub = new_id()
            made[sub] = self.put_sub(v.sub(place), reader, sub=sub)["subscription"]["version"]
        # It is no overload: it is told at once, not after the tenth of a second for which such refusals are held back.
        seconds = []
        for _ in range(5):
            begun = time.monotonic()
            self.put_sub(v.sub(place), reader, 429)
            seconds.append(time.monotonic() - begun)
        self.assertLess(min(seconds), 0.05)
        self.put_sub(v.sub(square(lat - 0.2, lng - 0.2, 0.4), lower=5000, upper=6000, start=4000, end=5000), reader, 429)  # all around
        for sub, version in made.items():
            made[sub] = self.put_sub(v.sub(square(lat, lng, 0.009)), reader, sub=sub, version=version)["subscription"]["version"]
        self.put_sub(v.sub(place))  # another owner
        beside = new_id()
        version = self.put_sub(v.sub(square(lat + 0.1, lng)), reader, sub=beside)["subscription"]["version"]
        self.put_sub(v.sub(place), reader, 429, sub=beside, version=version)  # it cannot move in
        sub, version = made.popitem()
        self.ask("DELETE", f"{self.subs}/{sub}/{version}", token=reader)
        self.put_sub(v.sub(place), reader, sub=beside, version=version and self.ask("GET", f"{self.subs}/{beside}", token=reader)["subscription"]["version"])

    def test_ten_that_share_no_place_leave_room_for_one_that_meets_all(self):
        v, (lat, lng) = self.version, elsewhere()
        reader = self.server.token("spread", [v.read])
        for i in range(10):
            self.put_sub(v.sub(square(lat, lng + i * 0.02)), reader)
        around = square(lat - 0.1, lng - 0.1, 0.4)
        for _ in range(9):
            self.put_sub(v.sub(around), reader)
        self.put_sub(v.sub(around), reader, 429)  # in each of the ten places ten are now
        self.put_sub(v.sub(square(lat - 0.05, lng)), reader)  # between them it is the tenth

    # ---- Geometry.
    def test_touching_and_corners_are_meeting(self):
        v, (lat, lng) = self.version, elsewhere()
        isa, sub = new_id(), new_id()
        self.put_isa(v.isa(square(lat, lng)), isa=isa)
        for beside in (square(lat, lng + 0.01), square(lat + 0.01, lng + 0.01), square(lat - 0.01, lng - 0.01), square(lat + 0.01, lng)):
            self.assertEqual(self.found(beside), [isa])
            self.assertEqual([one["id"] for one in self.put_sub(v.sub(beside))["service_areas"]], [isa])
        self.assertEqual(len(self.told(self.put_isa(v.isa(square(lat, lng))))), 4)
        self.assertEqual(self.found(square(lat, lng + 0.03)), [])
        self.put_sub(v.sub(square(lat, lng + 0.03)), sub=sub)
        self.assertNotIn(sub, self.told(self.put_isa(v.isa(square(lat, lng)))))

    def test_either_direction_the_antimeridian_and_a_pole(self):
        v = self.version
        lat = elsewhere()[0]
        across = [(lat, 179.99), (lat, -179.99), (lat + 0.02, -179.99), (lat + 0.02, 179.99)]
        isa = new_id()
        self.put_isa(v.isa(list(reversed(across))), isa=isa)
        self.assertEqual(self.found(across), [isa])
        self.assertEqual(self.found([(lat, -180), (lat, -179.995), (lat + 0.01, -179.995)]), [isa])
        pole = [(89.95, 0), (89.95, 120), (89.95, -120)]
        isa = new_id()
        self.put_isa(v.isa(pole), isa=isa)
        self.assertEqual(self.found([(89.99, 50), (89.99, 55), (89.995, 52)]), [isa])

    def test_altitudes_do_not_matter(self):
        v, place = self.version, square(*elsewhere())
        sub = new_id()
        self.put_sub(v.sub(place, lower=0, upper=10), sub=sub)
        self.assertEqual(self.told(self.put_isa(v.isa(place, lower=2000, upper=2100))), {sub: 1})
        without = v.isa(place)
        for name in ("altitude_lo", "altitude_hi", "altitude_lower", "altitude_upper"):
            self.volume(without).pop(name, None)
        self.assertEqual(self.told(self.put_isa(without)), {sub: 2})

    def test_what_clients_send_besides(self):
        v, place = self.version, square(*elsewhere())
        body = v.isa(place)
        body["request_id"] = "x"
        body["extents"]["other"] = 1
        if v is V22a:
            self.volume(body)["outline_circle"] = None
        self.put_isa(body)

    # ---- Tokens.
    def test_tokens_and_scopes(self):
        v, place = self.version, square(*elsewhere())
        isa, sub = new_id(), new_id()
        isa_version = self.put_isa(v.isa(place), isa=isa)["service_area"]["version"]
        sub_version = self.put_sub(v.sub(place), sub=sub)["subscription"]["version"]
        other = V19 if v is V22a else V22a
        both_others = self.server.token("uss1", [other.read, other.write])
        no_scope_for = {"write": self.reader, "read": self.writer}
        calls = [("GET", f"{self.isas}?area={area(place)}", None, "read"),
                 ("GET", f"{self.isas}/{isa}", None, "read" if v is V19 else None),
                 ("PUT", f"{self.isas}/{new_id()}", v.isa(place), "write"),
                 ("PUT", f"{self.isas}/{isa}/{isa_version}", v.isa(place), "write"),
                 ("DELETE", f"{self.isas}/{isa}/{isa_version}", None, "write"),
                 ("GET", f"{self.subs}?area={area(place)}", None, "read"), ("GET", f"{self.subs}/{sub}", None, None),
                 ("PUT", f"{self.subs}/{new_id()}", v.sub(place), "read"), ("PUT", f"{self.subs}/{sub}/{sub_version}", v.sub(place), "read"),
                 ("DELETE", f"{self.subs}/{sub}/{sub_version}", None, "read")]
        for method, path, body, needs in calls:
            self.ask(method, path, body, expect=401)
            self.ask(method, path, body, "x.y.z", 401)
            self.ask(method, path, "no body", "x.y.z", 401)  # before the body
            self.ask(method, path, body, both_others, 403)
            if needs:
                self.ask(method, path, body, no_scope_for[needs], 403)
            status, _, headers = self.server.ask(method, path, body)
            self.assertTrue(headers["WWW-Authenticate"].startswith("Bearer"))


class F3411v19(Both, Rid):
    version = V19


class F3411v22a(Both, Rid):
    version = V22a

    def test_circles(self):
        lat, lng = elsewhere()

        def around(radius, **center):
            volume = circle(lat=center.get("lat", lat), lng=center.get("lng", lng), radius=radius, start=0)
            return {"extents": volume, "uss_base_url": "https://uss.example"}

        isa = new_id()
        self.put_isa(around(10_000), isa=isa)
        # Everywhere along the rim, a few metres inside: no corner of an inscribed polygon is cut off.
        for degrees in range(0, 360, 7):
            north = 9_990 * math.cos(math.radians(degrees)) / 110_600
            east = 9_990 * math.sin(math.radians(degrees)) / (111_320 * math.cos(math.radians(lat)))
            small = square(lat + north - 2e-6, lng + east - 2e-6, 4e-6)
            self.assertEqual(self.found(small), [isa], degrees)
        self.assertEqual(self.found(square(lat + 0.15, lng)), [])
        self.put_isa(around(60_000), expect=400)
        self.put_sub(around(60_000), expect=400)
        for change in (lambda c: c.pop("radius"), lambda c: c.pop("center"), lambda c: c.update(radius={"value": 0, "units": "M"}),
                       lambda c: c.update(radius={"value": 10, "units": "FT"}), lambda c: c.update(radius={"value": -1, "units": "M"}),
                       lambda c: c.update(center={"lat": 100, "lng": 0})):
            body = around(300)
            change(body["extents"]["volume"]["outline_circle"])
            self.put_isa(body, expect=400)
        body = around(300)
        body["extents"]["volume"]["outline_polygon"] = {"vertices": [{"lat": a, "lng": b} for a, b in square(lat, lng)]}
        self.put_isa(body, expect=400)

    def test_the_form_of_times_and_altitudes_is_checked(self):
        for change in (lambda e: e["time_end"].update(format="RFC822"), lambda e: e.update(time_end="2040-01-01T00:00:00Z"),
                       lambda e: e["volume"]["altitude_lower"].update(reference="AGL"),
                       lambda e: e["volume"]["altitude_upper"].update(units="FT")):
            body = V22a.isa(square(*elsewhere()))
            change(body["extents"])
            self.put_isa(body, expect=400)


class Operations(EveryOperation, Rid):
    described, program = DESCRIBED, PROGRAM


class OneStore(Rid):
    """What is written through one version is seen through the other."""

    def setUp(self):
        self.tokens = {v: self.server.token("uss1", [v.read, v.write]) for v in (V19, V22a)}

    def call(self, v, method, path, body=None, expect=200):
        return self.ask(method, v.root + path, body, self.tokens[v], expect)

    def test_areas_and_their_urls(self):
        place = square(*elsewhere())
        for writes, reads in ((V19, V22a), (V22a, V19)):
            isa = new_id()
            path = f"/identification_service_areas/{isa}"
            one = self.call(writes, "PUT", path, writes.isa(place))["service_area"]
            seen = self.call(reads, "GET", path)["service_area"]
            self.assertEqual((seen["id"], seen["version"], seen[reads.isa_url]), (isa, one["version"], reads.own_isa_url))
            found = self.call(reads, "GET", f"/identification_service_areas?area={area(place)}")["service_areas"]
            self.assertIn(isa, [other["id"] for other in found])
            # The other may update and delete it, too: then it is as the other wrote it.
            updated = self.call(reads, "PUT", f"{path}/{one['version']}", reads.isa(place))["service_area"]
            self.call(writes, "DELETE", f"{path}/{updated['version']}")
        odd = V19.isa(place)
        odd["flights_url"] = "https://uss.example/flights"
        isa = new_id()
        self.call(V19, "PUT", f"/identification_service_areas/{isa}", odd)
        self.assertEqual(self.call(V22a, "GET", f"/identification_service_areas/{isa}")["service_area"]["uss_base_url"], odd["flights_url"])
        slash = V22a.isa(place)
        slash["uss_base_url"] = "https://uss.example/"
        isa = new_id()
        self.call(V22a, "PUT", f"/identification_service_areas/{isa}", slash)
        self.assertEqual(self.call(V19, "GET", f"/identification_service_areas/{isa}")["service_area"]["flights_url"],
                         "https://uss.example/uss/flights")

    def test_subscriptions_and_notices(self):
        place = square(*elsewhere())
        old, new = new_id(), new_id()
        self.call(V19, "PUT", f"/subscriptions/{old}", V19.sub(place))
        self.call(V22a, "PUT", f"/subscriptions/{new}", V22a.sub(place))
        for v in (V19, V22a):
            made = self.call(v, "PUT", f"/identification_service_areas/{new_id()}", v.isa(place))
            self.assertEqual([one["url"] for one in made["subscribers"]], [v.own_sub_url])  # the same USS: one URL
            self.assertEqual(set(self.told(made)), {old, new})
        seen = self.call(V22a, "GET", f"/subscriptions/{old}")["subscription"]
        self.assertEqual((seen["uss_base_url"], seen["notification_index"]), (V22a.own_sub_url, 2))
        self.assertEqual(V19.url_of_sub(self.call(V19, "GET", f"/subscriptions/{new}")["subscription"]), V19.own_sub_url)

    def test_ten_in_a_place_counts_both(self):
        place = square(*elsewhere())
        for i in range(10):
            v = (V19, V22a)[i % 2]
            self.call(v, "PUT", f"/subscriptions/{new_id()}", v.sub(place))
        for v in (V19, V22a):
            self.call(v, "PUT", f"/subscriptions/{new_id()}", v.sub(place), 429)

    def test_all_of_it_is_there_after_a_restart(self):
        place = square(*elsewhere())
        isa, sub = new_id(), new_id()
        with Server(PROGRAM) as server:
            token = server.token("uss1", [V22a.read, V22a.write])
            root = V22a.root
            server.ask("PUT", f"{root}/subscriptions/{sub}", V22a.sub(place), token)
            status, made, _ = server.ask("PUT", f"{root}/identification_service_areas/{isa}", V22a.isa(place), token)
            self.assertEqual(status, 200)
            before = [server.ask("GET", f"{root}{path}", None, token)[1] for path in
                      (f"/identification_service_areas/{isa}", f"/subscriptions/{sub}", f"/subscriptions?area={area(place)}")]
            self.assertEqual(before[1]["subscription"]["notification_index"], 1)
            self.assertEqual(server.stop(), 0)
            server.start()
            after = [server.ask("GET", f"{root}{path}", None, token)[1] for path in
                     (f"/identification_service_areas/{isa}", f"/subscriptions/{sub}", f"/subscriptions?area={area(place)}")]
            self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
