#!/usr/bin/env python3
"""Runs `wideberth check` and `wideberth volumes` as their users do: files, pipes, formats, exit statuses, bad and hostile input.

  check_test.py WIDEBERTH [--unlimited]      --unlimited: do not bound memory (sanitizers map terabytes)
"""
import csv
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
UNLIMITED = "--unlimited" in sys.argv
HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "sample", "made-up-flights.csv")
MEMORY_BYTES_MAX = 700 << 20


def limit_memory():
    if not UNLIMITED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def run(*arguments, stdin=b""):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=120,
                          preexec_fn=limit_memory, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def square(west=8.0, south=47.0, size=0.01):
    return {"type": "Polygon", "coordinates": [[[west, south], [west + size, south], [west + size, south + size],
                                                [west, south + size], [west, south]]]}


def feature(party="red", intent="r1", geometry=None, lower=100, upper=200, start="2026-03-01T10:00:00Z",
            end="2026-03-01T10:20:00Z", **others):
    properties = {"party": party, "intent": intent, "altitude_lower_m": lower, "altitude_upper_m": upper,
                  "time_start": start, "time_end": end, **others}
    return {"type": "Feature", "geometry": geometry or square(),
            "properties": {name: value for name, value in properties.items() if value is not Ellipsis}}


def lines(*features):
    return "".join(json.dumps(f) + "\n" for f in features).encode()


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


class Feed(threading.Thread):
    """Writes chunks into a pipe until they end or nobody reads."""

    def __init__(self, pipe, chunks):
        super().__init__(daemon=True)
        self.pipe, self.chunks, self.sent = pipe, chunks, 0
        self.start()

    def run(self):
        try:
            with self.pipe:
                for chunk in self.chunks:
                    self.pipe.write(chunk)
                    self.sent += len(chunk)
        except BrokenPipeError:
            pass


def run_stream(chunks, *arguments, seconds_max=60):
    started = time.monotonic()
    with subprocess.Popen([PROGRAM, "check", "-", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, preexec_fn=limit_memory) as process:
        feed = Feed(process.stdin, chunks)
        process.stdin = None  # the thread's
        output, errors = process.communicate(timeout=seconds_max)
        feed.join(10)
    return process.returncode, output.decode(), errors.decode(), feed.sent, time.monotonic() - started


class ExitStatus(unittest.TestCase):
    def test_three_when_different_parties_meet_and_zero_when_nobody_does(self):
        self.assertEqual(run("check", "-", stdin=lines(feature(), feature("blue", "b1")))[0], 3)
        self.assertEqual(run("check", "-", stdin=lines(feature(), feature("blue", "b1", square(9))))[0], 0)
        self.assertEqual(run("check", "-", stdin=collection())[0], 0)

    def test_one_party_with_itself_only_when_asked(self):
        both = lines(feature(), feature(intent="r2"))
        self.assertEqual(run("check", "-", stdin=both)[0], 0)
        self.assertEqual(run("check", "-", "--within-party", stdin=both)[0], 3)

    def test_volumes_of_one_intent_never_conflict(self):
        self.assertEqual(run("check", "-", "--within-party", stdin=lines(feature(), feature()))[0], 0)

    def test_one_when_the_result_cannot_be_written(self):
        both = lines(feature(), feature("blue", "b1"))
        for name in ("/dev/full", "/no/such/folder/out.json"):
            status, _, errors = run("check", "-", "--format", "json", "-o", name, stdin=both)
            self.assertEqual(status, 1, errors)
            self.assertIn(name, errors)

    def test_two_for_what_is_no_readable_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in (os.path.join(folder, "missing.geojson"), folder):
                status, _, errors = run("check", name)
                self.assertEqual(status, 2)
                self.assertIn(name, errors)
        self.assertEqual(run("check")[0], 2)
        self.assertEqual(run("check", "-", "--separation-m", "-1")[0], 2)
        self.assertEqual(run("check", "-", "--format", "xml")[0], 2)
        self.assertEqual(run("chekc", "-")[0], 2)

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        many = lines(*(feature(f"p{i}", f"i{i}") for i in range(120)))
        with tempfile.NamedTemporaryFile(suffix=".geojsonl") as file:
            file.write(many)
            file.flush()
            with subprocess.Popen([PROGRAM, "check", file.name, "--format", "csv"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as process:
                process.stdout.readline()
                process.stdout.close()
                errors = process.stderr.read().decode()
                process.wait(60)
        self.assertNotIn("Sanitizer", errors)
        self.assertNotIn("terminate", errors)

    def test_help_has_examples(self):
        for arguments in (["check", "--help"], ["volumes", "--help"]):
            status, output, _ = run(*arguments)
            self.assertEqual(status, 0)
            self.assertIn("Examples:", output)


class WhatMeets(unittest.TestCase):
    def meet(self, *features, arguments=()):
        status, _, errors = run("check", "-", *arguments, stdin=lines(*features))
        self.assertIn(status, (0, 3), errors)
        return status == 3

    def test_touching_is_meeting_in_each_dimension(self):
        red = feature()
        self.assertTrue(self.meet(red, feature("blue", lower=200, upper=300)))
        self.assertFalse(self.meet(red, feature("blue", lower=200.001, upper=300)))
        self.assertTrue(self.meet(red, feature("blue", start="2026-03-01T10:20:00Z", end="2026-03-01T11:00:00Z")))
        self.assertFalse(
            self.meet(red, feature("blue", start="2026-03-01T10:20:00.000000001Z", end="2026-03-01T11:00:00Z")))
        self.assertTrue(self.meet(red, feature("blue", geometry=square(8.01))))
        self.assertFalse(self.meet(red, feature("blue", geometry=square(8.010001))))

    def test_separations_are_closed_and_count_together(self):
        red = feature()
        above = feature("blue", lower=250, upper=300)
        self.assertTrue(self.meet(red, above, arguments=["--separation-altitude-m", "50"]))
        self.assertFalse(self.meet(red, above, arguments=["--separation-altitude-m", "49.999"]))
        later = feature("blue", start="2026-03-01T10:21:00Z", end="2026-03-01T10:30:00Z")
        self.assertTrue(self.meet(red, later, arguments=["--separation-s", "60"]))
        self.assertFalse(self.meet(red, later, arguments=["--separation-s", "59.999999"]))
        self.assertFalse(self.meet(red, later, arguments=["--separation-altitude-m", "60"]))
        beside = feature("blue", geometry=square(8.02))  # 759 to 760 m
        self.assertTrue(self.meet(red, beside, arguments=["--separation-m", "761"]))
        self.assertFalse(self.meet(red, beside, arguments=["--separation-m", "758"]))

    def test_all_geometries(self):
        multi = {"type": "MultiPolygon", "coordinates": [square(20)["coordinates"], square(8.005)["coordinates"]]}
        self.assertTrue(self.meet(feature(), feature("blue", geometry=multi)))
        point = {"type": "Point", "coordinates": [8.02, 47.005]}  # 760 m east of the square
        self.assertTrue(self.meet(feature(), feature("blue", geometry=point, radius_m=761)))
        self.assertFalse(self.meet(feature(), feature("blue", geometry=point, radius_m=758)))
        across = {"type": "Polygon", "coordinates": [[[179, 10], [-179, 10], [-179, 11], [179, 11], [179, 10]]]}
        east = {"type": "Polygon", "coordinates": [[[-179.5, 10.2], [-179.4, 10.2], [-179.4, 10.3], [-179.5, 10.2]]]}
        self.assertTrue(self.meet(feature(geometry=across), feature("blue", geometry=east)))


class Input(unittest.TestCase):
    def test_files_pipes_and_layouts_say_the_same(self):
        features = [feature(), feature("blue", "b1", square(8.005)), feature("green", "g", square(30))]
        expected = run("check", "-", "--format", "json", stdin=lines(*features))
        self.assertEqual(expected[0], 3)
        self.assertEqual(run("check", "-", "--format", "json", stdin=collection(*features)), expected)
        pretty = json.dumps({"features": features, "type": "FeatureCollection"}, indent=2).encode()
        self.assertEqual(run("check", "-", "--format", "json", stdin=pretty), expected)
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for number, one in enumerate(features):
                names.append(os.path.join(folder, f"{number}.geojson{'l' if number == 1 else ''}"))
                with open(names[-1], "wb") as file:
                    file.write(lines(one) if number == 1 else collection(one))
            self.assertEqual(run("check", *names, "--format", "json"), expected)

    def test_tracks_and_their_volumes_have_the_same_conflicts(self):
        direct = run("check", SAMPLE, "--format", "json")
        self.assertEqual(direct[0], 3)
        with tempfile.TemporaryDirectory() as folder:
            volumes = os.path.join(folder, "volumes.geojson")
            self.assertEqual(run("volumes", SAMPLE, "-o", volumes)[0], 0)
            with open(volumes, encoding="utf-8") as file:
                self.assertEqual(json.load(file)["type"], "FeatureCollection")
            self.assertEqual(run("check", volumes, "--format", "json"), direct)
        with open(SAMPLE, "rb") as file:
            self.assertEqual(run("check", "-", "--format", "json", stdin=file.read()), direct)

    def test_a_wider_buffer_finds_no_less(self):
        def pairs(buffer_m):
            output = run("check", SAMPLE, "--format", "json", "--buffer-m", buffer_m)[1]
            return {tuple(sorted((i["party"], i["intent"]) for i in c["intents"]))
                    for c in json.loads(output)["conflicts"]}
        self.assertLessEqual(pairs(50), pairs(150))
        self.assertLessEqual(pairs(150), pairs(2000))


class Output(unittest.TestCase):
    def setUp(self):
        strange = 'a "quoted", name\u00e9 <&>; \u98de\u884c'
        self.input = lines(feature(strange, "r,1"), feature("blue", "b1", square(8.005), lower=150, upper=260),
                           feature("green", "g1", square(7.995), start="2026-03-01T10:10:00.5Z"))

    def check(self, how, *arguments):
        status, output, errors = run("check", "-", "--format", how, *arguments, stdin=self.input)
        self.assertEqual(status, 3, errors)
        return output

    def test_the_formats_agree(self):
        report = json.loads(self.check("json"))
        found = []
        for conflict in report["conflicts"]:
            a, b = conflict["intents"]
            for m in conflict["meetings"]:
                found.append((a["party"], a["intent"], b["party"], b["intent"], m["time_start"], m["time_end"],
                              float(m["altitude_lower_m"]), float(m["altitude_upper_m"])))
        self.assertEqual(len(found), report["summary"]["meetings"])
        self.assertEqual(len(report["conflicts"]), 3)
        features = json.loads(self.check("geojson"))["features"]
        self.assertEqual([(p["party_a"], p["intent_a"], p["party_b"], p["intent_b"], p["time_start"], p["time_end"],
                           float(p["altitude_lower_m"]), float(p["altitude_upper_m"]))
                          for p in (f["properties"] for f in features)], found)
        rows = list(csv.DictReader(io.StringIO(self.check("csv"), newline="")))
        self.assertEqual([(r["party_a"], r["intent_a"], r["party_b"], r["intent_b"], r["shared_start"], r["shared_end"],
                           float(r["shared_lower_m"]), float(r["shared_upper_m"])) for r in rows], found)
        table = self.check("table")
        self.assertIn("3 conflicts", table)
        self.assertIn("blue", table)

    def test_the_shared_part_is_what_both_have(self):
        report = json.loads(self.check("json"))
        for conflict in report["conflicts"]:
            if {i["party"] for i in conflict["intents"]} != {"blue", "green"}:
                continue
            meeting = conflict["meetings"][0]
            self.assertEqual((meeting["time_start"], meeting["time_end"]),
                             ("2026-03-01T10:10:00.5Z", "2026-03-01T10:20:00Z"))
            self.assertEqual((meeting["altitude_lower_m"], meeting["altitude_upper_m"]), (150, 200))
            # The squares share an edge at 8.005.
            self.assertEqual(meeting["distance_m"], 0)
            for x, y in positions(meeting["outline"]):
                self.assertAlmostEqual(x, 8.005, delta=1e-6)
                self.assertTrue(46.99999 < y < 47.01001, y)
            return
        self.fail("blue and green share an edge")

    def test_timing_is_json_on_stderr(self):
        status, _, errors = run("check", "-", "--timing", stdin=self.input)
        self.assertEqual(status, 3)
        timing = json.loads(errors)
        for name in ("read_s", "build_s", "join_s"):
            self.assertGreaterEqual(timing[name], 0)
        self.assertEqual(timing["volumes"], 3)

    def test_progress_is_shown_when_asked_for_and_never_on_stdout(self):
        # Work that takes a moment: below a tenth of a second nothing is shown.
        def some(pause_s):
            for i in range(300):
                if i == 299:
                    time.sleep(pause_s)
                yield lines(*(feature(f"p{i % 2}", f"i{i}.{j}", square(i / 10)) for j in range(10)))
        plain = run_stream(some(0), "--format", "csv")
        shown = run_stream(some(0.5), "--format", "csv", "--progress", "always")
        self.assertEqual(shown[0], plain[0])
        self.assertEqual(shown[1], plain[1])
        self.assertEqual(plain[2], "")
        self.assertIn("%", shown[2].replace("MB", "%"))


def positions(geometry):
    def walk(part):
        if isinstance(part[0], (int, float)):
            yield part
        else:
            for inner in part:
                yield from walk(inner)
    return list(walk(geometry["coordinates"]))


class BadInput(unittest.TestCase):
    def refused(self, data, *parts, arguments=()):
        status, output, errors = run("check", "-", *arguments, stdin=data)
        self.assertEqual(status, 2, (data[:200], output, errors))
        self.assertEqual(output, "")
        for part in parts:
            self.assertIn(part, errors)
        self.assertLess(len(errors), 2000)
        return errors

    def test_every_bad_property_is_named_with_file_line_and_reason(self):
        bad = {
            "party": [..., None, "", 5.5, "x" * 257, "a\nb", {"a": 1}, True],
            "intent": [..., None, "", [], "x" * 257, "a\tb"],
            "altitude_lower_m": [..., "100", True, 1e7, -1e6, None],
            "altitude_upper_m": [..., "100", [], 1e7, 99.9],
            "time_start": [..., 5, "", "yesterday", "2026-03-01T10:00:00", "2026-02-30T10:00:00Z",
                           "2026-03-01T24:00:00Z", "2026-03-01T10:20:00.1Z"],
            "time_end": [..., 5, "2026-03-01", "2026-03-01T10:00:60.5.Z"],
        }
        keyword = {"altitude_lower_m": "lower", "altitude_upper_m": "upper", "time_start": "start", "time_end": "end"}
        for name, values in bad.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    data = lines(feature("blue", "b"), feature(**{keyword.get(name, name): value}))
                    errors = self.refused(data, ":2: ")
                    # Which of two bounds in the wrong order is at fault, nobody can know.
                    family = {"altitude_upper_m": "altitude", "time_start": "time"}.get(name, name)
                    self.assertIn(family, errors)

    def test_every_bad_geometry_is_named(self):
        ring = square()["coordinates"][0]
        bad = [
            {"type": "LineString", "coordinates": ring},
            {"type": "Polygon"},
            {"type": "Polygon", "coordinates": []},
            {"type": "Polygon", "coordinates": [ring[:-1]]},
            {"type": "Polygon", "coordinates": [ring[:2] + ring[:1]]},
            {"type": "Polygon", "coordinates": [[ring[0], ring[1], ring[1], ring[2], ring[0]]]},
            {"type": "Polygon", "coordinates": [[ring[0], ring[2], ring[1], ring[3], ring[0]]]},
            {"type": "Polygon", "coordinates": [[ring[0], [8.01, 91], ring[2], ring[0]]]},
            {"type": "Polygon", "coordinates": [[ring[0], [181, 47], ring[2], ring[0]]]},
            {"type": "Polygon", "coordinates": [[ring[0], ["8", 47], ring[2], ring[0]]]},
            {"type": "Polygon", "coordinates": [[ring[0], [8], ring[2], ring[0]]]},
            {"type": "Polygon", "coordinates": [ring, ring]},
            {"type": "MultiPolygon", "coordinates": [[ring], [ring[:-1]]]},
            {"type": "Point", "coordinates": [8, 47]},
        ]
        for geometry in bad:
            with self.subTest(geometry=geometry):
                needs_radius = geometry["type"] == "Point"
                self.refused(lines(feature("blue", "b"), feature(geometry=geometry)), ":2: ",
                             "radius_m" if needs_radius else "geometry")
        for radius in (0, -1, "5", 1e9):
            with self.subTest(radius=radius):
                point = {"type": "Point", "coordinates": [8, 47]}
                self.refused(lines(feature(geometry=point, radius_m=radius)), ":1: ", "radius_m")
        self.refused(lines(feature(radius_m=5)), ":1: ", "radius_m")
        self.refused(lines({**feature(), "geometry": None}), ":1: ", "geometry")
        for word in ("NaN", "Infinity", "1e999"):
            self.refused(lines(feature()).replace(b"8.01", word.encode()), ":1: ")

    def test_every_bad_csv_field_is_named(self):
        header = "flight,party,time,latitude,longitude,altitude_m\n"
        good = ["F1", "red", "2026-03-01T10:00:00Z", "47", "8", "500"]
        names = header.strip().split(",")
        bad = {"flight": [""], "party": ["", "x" * 300], "time": ["", "now", "1772359200"],
               "latitude": ["", "91", "-90.1", "nan", "47N"], "longitude": ["", "180.5", "inf"],
               "altitude_m": ["", "high", "1e9", "NaN"]}
        for name, values in bad.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    row = list(good)
                    row[names.index(name)] = value
                    self.refused((header + ",".join(good) + "\n" + ",".join(row) + "\n").encode(), f":3: {name}: ")
        self.refused((header + "F1,red\n").encode(), ":2: ")
        self.refused(b"flight,party,time,latitude,longitude\n", "altitude_m")

    def test_garbage_is_refused(self):
        for data in (b"{", b"[1,2", b"{}\n", b"null\n", b"\xff\xfe\x00\x01" * 50, bytes(range(256)) * 20,
                     lines(feature())[:-30], b'{"type":"Feature","\xff":1}\n',
                     collection(feature())[:-2], collection(feature()) + b"x"):
            with self.subTest(data=data[:40]):
                self.refused(data)
        self.refused(b"", arguments=("--input-format", "csv"))


class HostileInput(unittest.TestCase):
    def test_a_line_of_two_gigabytes(self):
        for start in (b'{"type":"Feature","x":"', b"flight,party,time,latitude,longitude,altitude_m\n", b"["):
            with self.subTest(start=start):
                block = b"a" * (1 << 20)
                status, _, errors, sent, seconds = run_stream(
                    (start if i == 0 else block for i in range(2049)), "--threads", "2")
                self.assertEqual(status, 2, errors)
                self.assertLess(sent, 200 << 20, "it reads on although the limit is long reached")
                self.assertLess(seconds, 30)

    def test_a_bomb_of_nesting(self):
        for opening in (b"[", b'{"a":', b'{"type":"Feature","properties":{"a":' + b"[" * 1000):
            with self.subTest(opening=opening[:30]):
                status, _, errors, _, seconds = run_stream(opening * 10_000 for _ in range(100))
                self.assertEqual(status, 2, errors)
                self.assertLess(seconds, 30)

    def test_an_endless_stream_of_what_is_bad(self):
        def endless(line):
            while True:
                yield line * 1000
        for line in (b"{}\n", b"x\n", b"\n" + lines(feature(lower=..., x="y" * 1000))):
            status, _, errors, _, _ = run_stream(endless(line))
            self.assertEqual(status, 2, errors)

    def test_an_endless_stream_of_volumes_ends_at_a_limit_that_it_names(self):
        def endless():
            number = 0
            while True:
                yield lines(*(feature(intent=f"i{number + i}") for i in range(1000)))
                number += 1000
        status, _, errors, _, _ = run_stream(endless(), "--volumes-max", "50000")
        self.assertEqual(status, 2)
        self.assertIn("--volumes-max", errors)

    def test_an_endless_stream_of_white_space(self):
        def endless():
            while True:
                yield b" " * 100_000
        status, _, errors, sent, _ = run_stream(endless())
        self.assertEqual(status, 2, errors)
        self.assertLess(sent, 200 << 20)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=1)
