"""What Schemathesis is to draw, beyond what a schema can say, so that many requests succeed: times that have not passed and are in order,
polygons that are small enough, entities that exist."""
import collections
import itertools
import random
import uuid

import schemathesis
from hypothesis import strategies as st

# Most lie on one day far ahead: in order, and not longer apart than a subscription may last.
DAY = "2099-06-01T"
schemathesis.openapi.format("date-time", st.one_of(
    st.integers(0, 23).map(lambda hour: f"{DAY}{hour:02d}:00:00Z"),
    st.integers(0, 23).map(lambda hour: f"{DAY}{hour:02d}:59:59.999999999999+00:00"),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")))

CHANCE = random.Random(1)
CALLS = itertools.count()
KEPT_MAX = 50
# By the first part of the path: the ids that were answered, each with its newest OVN or version.
THERE = collections.defaultdict(dict)
ENTITIES = {"operational_intent_references": ("operational_intent_reference", "ovn"), "constraint_references": ("constraint_reference", "ovn"),
            "subscriptions": ("subscription", "version")}


def volumes(body):
    extents = body.get("extents") or body.get("area_of_interest") or []
    return extents if isinstance(extents, list) else [extents]


def settle(volume):
    for name, hour in (("time_start", "10"), ("time_end", "11")):
        if volume.get(name) and not volume[name]["value"].startswith(DAY):
            volume[name]["value"] = f"{DAY}{hour}:00:00Z"
    start, end = volume.get("time_start"), volume.get("time_end")
    if start and end and start["value"] > end["value"]:
        volume["time_start"], volume["time_end"] = end, start
    inside = volume["volume"]
    lower, upper = inside.get("altitude_lower"), inside.get("altitude_upper")
    if lower and upper and lower["value"] > upper["value"]:
        inside["altitude_lower"], inside["altitude_upper"] = upper, lower
    if inside.get("outline_polygon"):
        vertices = inside["outline_polygon"]["vertices"]
        del vertices[3:]
        first, *others = vertices
        for point in others:
            for name in ("lat", "lng"):
                point[name] = first[name] + (point[name] - first[name]) / 1000


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive or next(CALLS) % 8 == 0:
        return
    if isinstance(case.body, dict):
        for volume in volumes(case.body):
            settle(volume)
        for name in ("subscription_id", "requested_ovn_suffix"):
            case.body.pop(name, None)
        if "/subscriptions/{" in case.operation.path and not case.body.get("notify_for_constraints"):
            case.body["notify_for_operational_intents"] = True
    kind = case.operation.path.split("/")[3:4]
    there = THERE.get(kind[0]) if kind else None
    if case.operation.label.startswith("PUT") and case.operation.label.split("/")[-1] in ("{entityid}", "{subscriptionid}"):
        for name in case.path_parameters:
            case.path_parameters[name] = str(uuid.UUID(int=CHANCE.getrandbits(128), version=4))
    if there and kind == ["operational_intent_references"] and isinstance(case.body, dict) and "extents" in case.body:
        case.body["key"] = list(there.values())
    if there and "{" in case.operation.path and case.operation.label.split("/")[-1] in ("{ovn}", "{version}"):
        entity = CHANCE.choice(list(there))
        for name in case.path_parameters:
            case.path_parameters[name] = there[entity] if name in ("ovn", "version") else entity


@schemathesis.hook
def after_call(context, case, response):
    kind = case.operation.path.split("/")[3:4]
    if not kind or kind[0] not in ENTITIES or not 200 <= response.status_code < 300 or case.operation.path.endswith("/query"):
        return
    member, version = ENTITIES[kind[0]]
    entity = response.json()[member]
    there = THERE[kind[0]]
    there.pop(entity["id"], None)
    if case.method.upper() != "DELETE" and entity[version] != "Available from USS":
        there[entity["id"]] = entity[version]
    while len(there) > KEPT_MAX:
        there.pop(next(iter(there)))
