#!/usr/bin/env python3
"""What operators of a pool ask of an instance (/aux/v1, /versions): every endpoint and every status, against running servers.

  aux_test.py WIDEBERTH
"""
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from described import Described, EveryOperation  # noqa: E402
from dss_server import Server  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
POOL, BEAT, VERSIONS = "interuss.pool_status.read", "interuss.pool_status.heartbeat.write", "interuss.versioning.read_system_versions"
READ, WRITE = "dss.read.identification_service_areas", "dss.write.identification_service_areas"
HEARTBEAT = "/aux/v1/pool/dss_instances/heartbeat"

DESCRIBED = Described(lambda path: path.startswith(("/aux/", "/versions/")))


def tearDownModule():
    DESCRIBED.check(all_ran=len(sys.argv) == 2)


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class Aux(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(PROGRAM, *cls.options)
        DESCRIBED.read(cls.server)
        cls.all = cls.server.token("operator", [POOL, BEAT, VERSIONS, READ])

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log
        cls.server.close()
        assert status == 0, (status, log)

    def ask(self, method, path, token=None, expect=200):
        status, answer, headers = self.server.ask(method, path, None, token)
        self.assertEqual(status, expect, (method, path, answer))
        self.assertEqual(headers.get("Content-Type"), "application/json")
        if status >= 400:
            self.assertTrue(answer["message"])
        return answer


class OneInstance(Aux):
    def test_version_is_told_to_anybody_and_is_the_programs(self):
        version = self.ask("GET", "/aux/v1/version")["version"]
        printed = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(printed.strip(), "wideberth " + version)
        self.assertRegex(version, r"^\d+\.\d+\.\d+(\+[0-9a-f]{12}(-modified)?)?$")
        self.assertEqual(self.ask("GET", "/aux/v1/version", "nonsense")["version"], version)
        self.ask("PUT", "/aux/v1/version", expect=405)

    def test_system_version(self):
        version = self.ask("GET", "/aux/v1/version")["version"]
        for identity, path in (("gov.eu.uspace.v1.netid", "gov.eu.uspace.v1.netid"), ("dss", "dss"), ("a b", "a%20b")):
            self.assertEqual(self.ask("GET", f"/versions/{path}", self.all), {"system_identity": identity, "system_version": "v" + version})
        self.ask("GET", "/versions/dss", expect=401)
        self.ask("GET", "/versions/dss", self.server.token("operator", [POOL]), 403)
        self.ask("GET", "/versions/", self.all, 404)
        self.ask("GET", "/versions", self.all, 404)
        self.ask("GET", "/versions/%FF", self.all, 400)

    def test_tokens_are_validated(self):
        for scope in (READ, WRITE):
            token = self.server.token("uss1", [scope])
            self.assertEqual(self.ask("GET", "/aux/v1/validate_oauth", token), {})
            self.assertEqual(self.ask("GET", "/aux/v1/validate_oauth?owner=uss1", token), {})
            for owner in ("uss2", "", "uss1%20", "USS1"):
                self.ask("GET", f"/aux/v1/validate_oauth?owner={owner}", token, 403)
            self.ask("GET", "/aux/v1/validate_oauth?owner=uss1&owner=uss1", token, 400)
            self.ask("GET", "/aux/v1/validate_oauth?owner=%", token, 400)
        self.ask("GET", "/aux/v1/validate_oauth", expect=401)
        self.ask("GET", "/aux/v1/validate_oauth", "x.y.z", 401)
        self.ask("GET", "/aux/v1/validate_oauth", self.server.token("uss1", [POOL]), 403)
        spaced = self.server.token("uss 1/ü", [READ])
        self.assertEqual(self.ask("GET", "/aux/v1/validate_oauth?owner=uss+1%2F%C3%BC", spaced), {})

    def test_the_pool(self):
        self.assertEqual(self.ask("GET", "/aux/v1/pool", self.all), {"dar_id": "localhost"})
        options = self.ask("GET", "/aux/v1/configuration/global_options", self.all)
        self.assertEqual(options, {"scd_global_lock": False, "scd_hash_lock": False, "time_based_notification_index": False})
        for path in ("/aux/v1/pool", "/aux/v1/pool/dss_instances", "/aux/v1/configuration/global_options"):
            self.ask("GET", path, expect=401)
            self.ask("GET", path, self.server.token("operator", [BEAT]), 403)

    def test_what_a_pool_of_one_does_not_have(self):
        for path in ("/aux/v1/configuration/ca_certs", "/aux/v1/configuration/accepted_ca_certs"):
            self.ask("GET", path, expect=501)
            self.ask("GET", path, self.all, 501)

    def test_unknown_paths(self):
        for path in ("/aux/v1", "/aux/v1/", "/aux/v1/pool/", "/aux/v2/version", "/aux/v1/version/1"):
            self.ask("GET", path, self.all, 404)

    def test_statuses_of_a_heartbeat(self):
        self.ask("PUT", HEARTBEAT + "?source=x", expect=401)
        self.ask("PUT", HEARTBEAT + "?source=x", self.server.token("operator", [POOL]), 403)
        for query in ("", "?source=", "?timestamp=" + when(0), "?source=x&source=y", "?source=%FF", "?source=%", "?source=" + "x" * 257,
                      "?source=x&timestamp=now", "?source=x&timestamp=" + when(400), "?source=x&next_heartbeat_expected_before=soon",
                      f"?source=x&timestamp={when(0)}&next_heartbeat_expected_before={when(-10)}"):
            self.ask("PUT", HEARTBEAT + query, self.all, 400)
        self.ask("GET", HEARTBEAT + "?source=x", self.all, 405)


class Operations(EveryOperation, Aux):
    described, program = DESCRIBED, PROGRAM


class Heartbeats(Aux):
    options = ("--dar-id", "region-1", "--instance-id", "dss.example", "--public-endpoint", "https://dss.example")

    def instances(self):
        return self.ask("GET", "/aux/v1/pool/dss_instances", self.all)["dss_instances"]

    def beat(self, query):
        answer = self.ask("PUT", f"{HEARTBEAT}?{query}", self.all, 201)["dss_instances"]
        self.assertEqual(answer, self.instances())
        self.assertEqual(len(answer), 1)
        return answer[0]["most_recent_heartbeat"]

    def test_the_most_recent_one_is_told_also_after_a_restart(self):
        self.assertEqual(self.ask("GET", "/aux/v1/pool", self.all), {"dar_id": "region-1"})
        self.assertEqual(self.instances(), [{"id": "dss.example", "public_endpoint": "https://dss.example"}])
        before = time.time()
        first = self.beat("source=Startup")
        self.assertEqual((first["reporter"], first["source"], first["index"]), ("operator", "Startup", 1))
        self.assertNotIn("next_heartbeat_expected_before", first)
        seconds = time.mktime(time.strptime(re.sub(r"\.\d+", "", first["timestamp"]), "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        self.assertLess(abs(seconds - before), 5)
        stamp, expected = when(100), when(400)
        second = self.beat(f"source=cron%20%C3%BC&timestamp={stamp}&next_heartbeat_expected_before={expected}")
        self.assertEqual(second, {"timestamp": stamp, "reporter": "operator", "source": "cron ü", "index": 2,
                                  "next_heartbeat_expected_before": expected})
        self.assertEqual(self.beat("source=late&timestamp=" + when(-9000)), second)
        offset = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3800)) + "%2B01:00"
        self.assertEqual(self.beat("source=offset&timestamp=" + offset)["index"], 4)
        kept = self.instances()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertEqual(self.instances(), kept)
        self.assertEqual(self.beat("source=again&timestamp=" + when(250))["index"], 5)


class NotUtf8(unittest.TestCase):
    def test_what_is_not_utf8_is_refused_and_the_store_stays_readable(self):
        with Server(PROGRAM) as server:
            token = server.token("uss1")
            for identity in ("%FF", "uss%C3", "%ED%A0%80"):
                status, _, _ = server.ask("PUT", f"/dss/v1/uss_availability/{identity}", {"old_version": "", "availability": "Down"}, token)
                self.assertEqual(status, 400)
            status, _, _ = server.ask("PUT", "/dss/v1/uss_availability/%C3%BC", {"old_version": "", "availability": "Down"}, token)
            self.assertEqual(status, 200)
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual(server.ask("GET", "/dss/v1/uss_availability/%C3%BC", None, token)[1]["status"]["availability"], "Down")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
