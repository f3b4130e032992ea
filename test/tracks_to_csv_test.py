#!/usr/bin/env python3
"""Tests scripts/tracks_to_csv.py."""

import csv
import gzip
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))
import tracks_to_csv as tracks  # noqa: E402


def record(time_s=0, **changes):
    values = {"timestamp": time_s * 1000, "callsign": "AFR12", "icao24": "abc123", "flight_id": "AFR12_001",
              "latitude": 48.0, "longitude": 2.0, "altitude": 10000.0, "geoaltitude": 10500.0}
    values.update(changes)
    return values


class Party(unittest.TestCase):
    def test_a_fire_aircraft_is_a_party_by_its_call_sign(self):
        rows, _ = tracks.convert([record(callsign="AA410", flight_id="AA410_040")], "calfire")
        self.assertEqual([(row.party, row.flight) for row in rows], [("AA410", "AA410_040")])

    def test_an_airline_is_known_by_its_designator_and_others_by_themselves(self):
        for callsign, party in {"AFR25UH": "AFR", "EZY3891": "EZY", "FHBTV": "FHBTV", "N10XG": "N10XG", "UPEM007": "UPEM007"}.items():
            self.assertEqual(tracks.airline_party(callsign), party, callsign)


class Altitude(unittest.TestCase):
    def altitudes(self, *records):
        rows, counts = tracks.convert(list(records), "calfire")
        return [round(row.altitude_m, 3) for row in rows], counts

    def test_gnss_height_comes_first(self):
        altitudes, counts = self.altitudes(record())
        self.assertEqual(altitudes, [3200.4])
        self.assertEqual(counts["GNSS height"], 1)

    def test_a_gnss_height_that_cannot_be_is_replaced_by_the_barometric_one_moved_by_the_flights_offset(self):
        altitudes, counts = self.altitudes(record(0), record(1, geoaltitude=100000.0), record(2, geoaltitude=None))
        self.assertEqual(altitudes, [3200.4, 3200.4, 3200.4])
        self.assertEqual(counts["barometric, moved by the flight's offset"], 2)

    def test_without_any_gnss_height_the_barometric_one_stays(self):
        altitudes, counts = self.altitudes(record(0, geoaltitude=None))
        self.assertEqual(altitudes, [3048.0])
        self.assertEqual(counts["barometric as it is"], 1)

    def test_gnss_height_alone_is_enough(self):
        self.assertEqual(self.altitudes(record(0, altitude=None))[0], [3200.4])


class Convert(unittest.TestCase):
    def test_what_is_left_out_is_counted(self):
        rows, counts = tracks.convert(
            [record(), record(latitude=None), record(longitude=float("nan")), record(latitude=91.0),
             record(altitude=None, geoaltitude=None), record(callsign=None), record(timestamp=None)], "quickstart")
        self.assertEqual(len(rows), 1)
        self.assertEqual((counts["without position"], counts["without altitude"], counts["without time or call sign"]), (3, 1, 2))

    def test_a_gap_of_more_than_half_an_hour_starts_another_flight(self):
        rows, counts = tracks.convert([record(0), record(1800), record(3601)], "quickstart")
        self.assertEqual([row.flight for row in rows], ["AFR12-abc123", "AFR12-abc123", "AFR12-abc123-2"])
        self.assertEqual(counts["flights"], 2)

    def test_fire_flights_keep_their_names(self):
        rows, _ = tracks.convert([record(0), record(3601)], "calfire")
        self.assertEqual({row.flight for row in rows}, {"AFR12_001"})

    def test_rows_are_in_order_of_time(self):
        rows, _ = tracks.convert([record(2), record(0), record(1)], "quickstart")
        self.assertEqual([row.time_ms for row in rows], [0, 1000, 2000])

    def test_a_file_is_written_as_the_program_reads_it(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "in.json.gz"), os.path.join(folder, "out.csv")
            with gzip.open(source, "wt", encoding="utf-8") as file:
                json.dump([record(1599702342, callsign="AFR12 "), record(1599702343.25)], file)
            stderr, sys.stderr = sys.stderr, open(os.devnull, "w")
            try:
                self.assertEqual(tracks.main(["quickstart", source, target]), 0)
            finally:
                sys.stderr.close()
                sys.stderr = stderr
            with open(target, newline="", encoding="utf-8") as file:
                lines = list(csv.reader(file))
        self.assertEqual(lines, [
            ["flight", "party", "time", "latitude", "longitude", "altitude_m"],
            ["AFR12-abc123", "AFR", "2020-09-10T01:45:42Z", "48.000000", "2.000000", "3200.4"],
            ["AFR12-abc123", "AFR", "2020-09-10T01:45:43.250Z", "48.000000", "2.000000", "3200.4"]])


if __name__ == "__main__":
    unittest.main()
