#!/usr/bin/env python3
"""Writes made-up-flights.csv: a dozen flights that never happened, over one place, with four conflicts.

    make_sample.py            write it, beside this script
    make_sample.py --check    compare it with what would be written

Between parties, with a buffer of 150 m and 30 m of altitude around each track, these meet and no others:
    HELI-1 and DROP-1       cross at one height at one time
    SURVEY-1 and PRESS-1    share an area for ten minutes
    DROP-3 and PRESS-2      one hovers in the other's way
    DROP-2 and SURVEY-3     their altitude bands touch at 340 m: touching is meeting
The others come near: in place but not in time, above each other, or 400 m beside each other.
"""

import datetime
import math
import os
import sys

LATITUDE, LONGITUDE = 64.5, -18.5
START = datetime.datetime(2026, 3, 1, 10, 0, 0, tzinfo=datetime.timezone.utc)
REPORT_S = 15
METRES_PER_DEGREE = 111_320.0


def line(speed_m_s, *waypoints):
    """Positions (x east, y north, altitude; metres) every REPORT_S along straight legs."""
    times, at = [0.0], 0.0
    for (x0, y0, z0), (x1, y1, z1) in zip(waypoints, waypoints[1:]):
        at += math.dist((x0, y0), (x1, y1)) / speed_m_s
        times.append(at)
    count = int(at // REPORT_S) + 1
    for i in range(count):
        t = i * REPORT_S
        leg = max(k for k in range(len(times) - 1) if times[k] <= t)
        share = (t - times[leg]) / (times[leg + 1] - times[leg])
        yield tuple(a + share * (b - a) for a, b in zip(waypoints[leg], waypoints[leg + 1]))


def mow(speed_m_s, x, y, width, height, altitude, lanes):
    """A survey: up and down in lanes over a rectangle whose south-west corner is (x, y)."""
    corners = []
    for lane in range(lanes):
        lane_x = x + width * lane / (lanes - 1)
        ends = [(lane_x, y, altitude), (lane_x, y + height, altitude)]
        corners += ends if lane % 2 == 0 else ends[::-1]
    return line(speed_m_s, *corners)


def orbit(speed_m_s, x, y, radius, altitude, seconds):
    for i in range(seconds // REPORT_S + 1):
        angle = i * REPORT_S * speed_m_s / radius
        yield (x + radius * math.cos(angle), y + radius * math.sin(angle), altitude)


def hover(x, y, altitude, seconds):
    for _ in range(seconds // REPORT_S + 1):
        yield (x, y, altitude)


# name, party, seconds after START, positions
FLIGHTS = [
    ("HELI-1", "made-up-rescue", 300, line(50, (-9000, 0, 300), (9000, 0, 300))),
    ("HELI-2", "made-up-rescue", 900, line(50, (-9000, 4000, 420), (9000, 4000, 420))),
    ("DROP-1", "made-up-delivery", 330, line(20, (0, -3000, 310), (0, 3000, 310))),
    ("DROP-2", "made-up-delivery", 930, line(20, (0, -3000, 310), (0, 3000, 310))),
    ("DROP-3", "made-up-delivery", 600, line(20, (-4000, -2500, 250), (4000, -2500, 250))),
    ("DROP-4", "made-up-delivery", 1500, line(20, (4000, -2500, 250), (-4000, -2500, 250))),
    ("SURVEY-1", "made-up-survey", 240, mow(12, 2600, -300, 800, 700, 120, 9)),
    ("SURVEY-2", "made-up-survey", 600, mow(12, -4400, 3600, 900, 800, 120, 8)),
    ("SURVEY-3", "made-up-survey", 1095, line(15, (-900, 1500, 370), (900, 1500, 370))),
    ("PRESS-1", "made-up-press", 300, orbit(15, 3000, 100, 250, 130, 600)),
    ("PRESS-2", "made-up-press", 700, hover(0, -2500, 260, 240)),
    ("PRESS-3", "made-up-press", 900, line(50, (-9000, 4400, 420), (9000, 4400, 420))),
]


def render():
    lines = ["flight,party,time,latitude,longitude,altitude_m"]
    for name, party, start_s, positions in FLIGHTS:
        for i, (x, y, altitude) in enumerate(positions):
            time = START + datetime.timedelta(seconds=start_s + i * REPORT_S)
            latitude = LATITUDE + y / METRES_PER_DEGREE
            longitude = LONGITUDE + x / (METRES_PER_DEGREE * math.cos(math.radians(LATITUDE)))
            lines.append(f"{name},{party},{time:%Y-%m-%dT%H:%M:%SZ},{latitude:.6f},{longitude:.6f},{altitude:.1f}")
    return "\n".join(lines) + "\n"


def main(arguments):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "made-up-flights.csv")
    if arguments == ["--check"]:
        with open(path, encoding="utf-8", newline="") as file:
            if file.read() == render():
                return 0
        print("made-up-flights.csv is not what make_sample.py writes")
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(render())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
