#!/usr/bin/env python3
"""Turns a recording of ADS-B positions into the CSV that `wideberth check` reads.

    tracks_to_csv.py calfire|quickstart|switzerland INPUT.json.gz OUTPUT.csv

Columns: flight,party,time,latitude,longitude,altitude_m. What is kept, left out and assumed: docs/data.md.
"""

import csv
import datetime
import gzip
import json
import os
import re
import statistics
import sys

METRES_PER_FOOT = 0.3048
# A GNSS height this far from the barometric altitude is a fault, not weather: see docs/data.md.
GNSS_FROM_BAROMETRIC_MAX_M = 450.0
FLIGHT_GAP_MS = 30 * 60 * 1000

AIRLINE = re.compile(r"([A-Z]{3})[0-9]")


def airline_party(callsign):
    """The three-letter designator of an airline's call sign; any other call sign is a party of its own."""
    match = AIRLINE.match(callsign)
    return match[1] if match else callsign


class Row:
    __slots__ = ("flight", "party", "time_ms", "latitude", "longitude", "altitude_m")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) < 1e15


def convert(records, kind):
    """Returns (rows in order of flight and time, counts of what was done and left out)."""
    counts = {"records": len(records), "without position": 0, "without altitude": 0, "without time or call sign": 0,
              "GNSS height": 0, "barometric, moved by the flight's offset": 0, "barometric as it is": 0}
    flights = {}
    for record in records:
        callsign = (record.get("callsign") or "").strip()
        if not is_number(record.get("timestamp")) or not callsign:
            counts["without time or call sign"] += 1
            continue
        latitude, longitude = record.get("latitude"), record.get("longitude")
        if not (is_number(latitude) and is_number(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
            counts["without position"] += 1
            continue
        barometric, gnss = record.get("altitude"), record.get("geoaltitude")
        if not is_number(barometric) and not is_number(gnss):
            counts["without altitude"] += 1
            continue
        if kind == "calfire":
            name, party = record["flight_id"], callsign
        else:
            name, party = f"{callsign}-{record.get('icao24')}", airline_party(callsign)
        barometric_m = barometric * METRES_PER_FOOT if is_number(barometric) else None
        gnss_m = gnss * METRES_PER_FOOT if is_number(gnss) else None
        flights.setdefault((name, party), []).append(
            (int(record["timestamp"]), latitude, longitude, barometric_m, gnss_m))

    rows = []
    for (name, party), reports in sorted(flights.items()):
        reports.sort(key=lambda report: report[:3])

        def is_sane(report):
            barometric_m, gnss_m = report[3:]
            return gnss_m is not None and (
                barometric_m is None or abs(gnss_m - barometric_m) <= GNSS_FROM_BAROMETRIC_MAX_M)

        offsets = [r[4] - r[3] for r in reports if r[3] is not None and is_sane(r)]
        offset_m = statistics.median(offsets) if offsets else None
        part, last_ms = 1, None
        for report in reports:
            time_ms, latitude, longitude, barometric_m, gnss_m = report
            if kind != "calfire" and last_ms is not None and time_ms - last_ms > FLIGHT_GAP_MS:
                part += 1
            last_ms = time_ms
            row = Row()
            row.flight = name if part == 1 else f"{name}-{part}"
            row.party, row.time_ms, row.latitude, row.longitude = party, time_ms, latitude, longitude
            if is_sane(report):
                row.altitude_m = gnss_m
                counts["GNSS height"] += 1
            elif offset_m is not None:
                row.altitude_m = barometric_m + offset_m
                counts["barometric, moved by the flight's offset"] += 1
            else:
                row.altitude_m = barometric_m
                counts["barometric as it is"] += 1
            rows.append(row)
    counts["rows"] = len(rows)
    counts["flights"] = len({(row.flight, row.party) for row in rows})
    counts["parties"] = len({row.party for row in rows})
    return rows, counts


def rfc3339(time_ms):
    seconds, ms = divmod(time_ms, 1000)
    instant = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return instant.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms:03d}" if ms else "") + "Z"


def write(rows, path):
    with open(path + ".part", "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["flight", "party", "time", "latitude", "longitude", "altitude_m"])
        for row in rows:
            writer.writerow([row.flight, row.party, rfc3339(row.time_ms), f"{row.latitude:.6f}",
                             f"{row.longitude:.6f}", f"{row.altitude_m:.1f}"])
    os.replace(path + ".part", path)


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("calfire", "quickstart", "switzerland"):
        print(__doc__, file=sys.stderr)
        return 2
    kind, source, target = arguments
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows, counts = convert(json.load(file), kind)
    write(rows, target)
    left_out = [f"{counts[reason]:,} {reason}"
                for reason in ("without position", "without altitude", "without time or call sign") if counts[reason]]
    heights = [f"{counts[source]:,} {source}"
               for source in ("GNSS height", "barometric, moved by the flight's offset", "barometric as it is")
               if counts[source]]
    print(f"data: {target}: {counts['rows']:,} reports, {counts['flights']:,} flights, {counts['parties']:,} parties; "
          f"left out: {', '.join(left_out) or 'none'}; altitudes: {', '.join(heights)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
