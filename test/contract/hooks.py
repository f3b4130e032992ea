"""What Schemathesis is to draw, beyond what a schema can say, so that many requests succeed: times that have not passed and are in order,
polygons that are small enough, entities that exist."""
import collections
import hashlib
import itertools
import os
import random
import re
import uuid

import schemathesis
from hypothesis import strategies as st

from party_server import jws

# Most lie on one day far ahead: in order, and not longer apart than a subscription may last.
DAY = "2099-06-01T"
schemathesis.openapi.format("date-time", st.one_of(
    st.integers(0, 23).map(lambda hour: f"{DAY}{hour:02d}:00:00Z"),
    st.integers(0, 23).map(lambda hour: f"{DAY}{hour:02d}:59:59.999999999999+00:00"),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")))

CHANCE = random.Random(1)
CALLS = itertools.count()
KEPT_MAX = 50
# By the path up to the id: whose ids stand there, the member of an answer that it is, and what its version is called. Both versions of
# remote ID have the same.
ENTITIES = {
    "/dss/v1/operational_intent_references": ("intents", "operational_intent_reference", "ovn"),
    "/dss/v1/constraint_references": ("constraints", "constraint_reference", "ovn"),
    "/dss/v1/subscriptions": ("subscriptions", "subscription", "version"),
    "/v1/dss/identification_service_areas": ("areas", "service_area", "version"),
    "/v1/dss/subscriptions": ("remote ID subscriptions", "subscription", "version"),
    "/rid/v2/dss/identification_service_areas": ("areas", "service_area", "version"),
    "/rid/v2/dss/subscriptions": ("remote ID subscriptions", "subscription", "version"),
    "/api/v1/intents": ("parties' intents", "intent", "ovn"),
    "/api/v1/constraints": ("parties' constraints", "constraint", "ovn"),
    "/api/v1/notices": ("notices", "notice", "text"),
    "/uss/v1/operational_intents": ("parties' intents' references", None, None),
    "/uss/v1/constraints": ("parties' constraints' references", None, None),
}
PARTY_KEY = os.environ["WIDEBERTH_PARTY_KEY"]
THERE = collections.defaultdict(dict)  # the ids that were answered, each with its newest OVN or version


def volumes(body):
    extents = body.get("extents") or body.get("area_of_interest") or []
    return extents if isinstance(extents, list) else [extents]


def write_time(volume, name, text):
    if isinstance(volume[name], dict):
        volume[name]["value"] = text
    else:
        volume[name] = text


def read_time(volume, name):
    time = volume.get(name)
    return time["value"] if isinstance(time, dict) else time


def settle(volume):
    for name, hour in (("time_start", "10"), ("time_end", "11")):
        if volume.get(name) and not read_time(volume, name).startswith(DAY):
            write_time(volume, name, f"{DAY}{hour}:00:00Z")
    start, end = read_time(volume, "time_start"), read_time(volume, "time_end")
    if start and end and start > end:
        volume["time_start"], volume["time_end"] = volume["time_end"], volume["time_start"]
    inside = volume.get("volume") or volume["spatial_volume"]
    for low, high in (("altitude_lower", "altitude_upper"), ("altitude_lo", "altitude_hi")):
        lower, upper = inside.get(low), inside.get(high)
        if lower is not None and upper is not None and (
                lower["value"] > upper["value"] if isinstance(lower, dict) else lower > upper):
            inside[low], inside[high] = upper, lower
    outline = inside.get("outline_polygon") or inside.get("footprint")
    if outline:
        vertices = outline["vertices"]
        del vertices[3:]
        first, *others = vertices
        first.update(lat=max(-89, min(89, first["lat"])), lng=max(-179, min(179, first["lng"])))
        for i, point in enumerate(others):  # drawn ones often are one point, or on one line
            point.update(lat=first["lat"] + 0.01 * i, lng=first["lng"] + 0.01)


def settle_query(query):
    if "area" in query:
        lat, lng = CHANCE.uniform(-89, 89), CHANCE.uniform(-179, 179)
        query["area"] = f"{lat},{lng},{lat},{lng + 0.1},{lat + 0.1},{lng}"
    if query.get("earliest_time") and query.get("latest_time"):
        query["earliest_time"], query["latest_time"] = sorted((query["earliest_time"], query["latest_time"]))
    query.pop("timestamp", None)  # drawn ones lie too far ahead, or before those that came already
    if "owner" in query:
        query["owner"] = "uss1"


def to_this_machine(value):
    """Nothing is to be sent to hosts that were drawn. By its name: a private address is refused at once as a webhook's."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("url", "uss_base_url") and isinstance(inner, str):
                value[name] = re.sub("^https://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])", "https://localhost", inner)
            else:
                to_this_machine(inner)
    elif isinstance(value, list):
        for inner in value:
            to_this_machine(inner)


def settle_feature(feature):
    properties, geometry = feature["properties"], feature["geometry"]
    for name, hour in (("time_start", "10"), ("time_end", "11")):
        if not properties[name].startswith(DAY):
            properties[name] = f"{DAY}{hour}:00:00Z"
    for low, high in (("time_start", "time_end"), ("altitude_lower_m", "altitude_upper_m")):
        if properties[low] > properties[high]:
            properties[low], properties[high] = properties[high], properties[low]
    if geometry["type"] == "Polygon":
        properties.pop("radius_m", None)
        lng, lat = max(-179, min(179, geometry["coordinates"][0][0][0])), max(-89, min(89, geometry["coordinates"][0][0][1]))
        geometry["coordinates"] = [[[lng, lat], [lng + 0.01, lat], [lng + 0.01, lat + 0.01], [lng, lat]]]


def settle_declaration(body):
    for feature in body["features"]:
        settle_feature(feature)
    for name in ("visible_to", "crs"):
        body.pop(name, None)
    body["key"] = [ovn for kind in ("parties' intents", "parties' constraints", "intents", "constraints") for ovn in THERE[kind].values()]


@schemathesis.hook
def before_call(context, case, kwargs):
    to_this_machine(case.body)
    if case.meta is None or not case.meta.generation.mode.is_positive or next(CALLS) % 8 == 0:
        return
    if isinstance(case.query, dict):
        settle_query(case.query)
    if isinstance(case.body, dict):
        for volume in volumes(case.body):
            settle(volume)
        for name in ("subscription_id", "requested_ovn_suffix"):
            case.body.pop(name, None)
        if case.operation.path.startswith("/dss/v1/subscriptions/{") and not case.body.get("notify_for_constraints"):
            case.body["notify_for_operational_intents"] = True
        if case.operation.path.startswith(("/api/v1/intents", "/api/v1/constraints")) and "features" in case.body:
            settle_declaration(case.body)
    root, *arguments = case.operation.path.split("/{")
    if root not in ENTITIES:
        return
    there = THERE[ENTITIES[root][0]]
    if arguments and arguments[-1].endswith("/activate"):
        case.body = {"features": []}
        settle_declaration(case.body)
    if case.method.upper() == "PUT" and len(arguments) == 1:
        for name in case.path_parameters:
            case.path_parameters[name] = str(uuid.UUID(int=CHANCE.getrandbits(128), version=4))
    if "subscription" in root and isinstance(case.body, dict) and not all(
            case.body["extents"].get(name) for name in ("time_start", "time_end")):
        for name in ("time_start", "time_end"):  # one of them alone is too far from now
            case.body["extents"].pop(name, None)
    if there and isinstance(case.body, dict) and "state" in case.body:
        case.body["key"] = list(there.values())
    if there and (len(arguments) == 2 or (len(arguments) == 1 and case.method.upper() == "GET") or root == "/api/v1/notices"):
        entity = CHANCE.choice(list(there))
        for name in case.path_parameters:
            case.path_parameters[name] = there[entity] if name in ("ovn", "version") else entity
        if case.operation.path.endswith("/ack"):
            case.body = {"signature": jws(PARTY_KEY, hashlib.sha256(there[entity].encode()).digest(), detached=True)}


@schemathesis.hook
def after_call(context, case, response):
    root = case.operation.path.split("/{")[0]
    if case.operation.path == "/api/v1/notices" and response.status_code == 200:
        THERE["notices"].update((notice["id"], notice["text"]) for notice in response.json()["notices"])
    declared = case.operation.path in ("/api/v1/intents", "/api/v1/constraints") and response.status_code == 201
    if root not in ENTITIES or (root == case.operation.path and not declared) or not 200 <= response.status_code < 300:
        return
    kind, member, version = ENTITIES[root]
    if member is None or member not in response.json():
        return
    entity = response.json()[member]
    if "uss_reference_id" in entity:
        THERE[kind + "' references"][entity["uss_reference_id"]] = None
    there = THERE[kind]
    there.pop(entity["id"], None)
    if case.method.upper() != "DELETE" and not case.operation.path.endswith("/end") and entity[version] != "Available from USS":
        there[entity["id"]] = entity[version]
    while len(there) > KEPT_MAX:
        there.pop(next(iter(there)))
