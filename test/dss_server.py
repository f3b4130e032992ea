"""A `wideberth serve` of one's own, for tests: on a free port of loopback, with a store in a temporary folder."""
import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

ALL_SCOPES = ["utm.strategic_coordination", "utm.constraint_management", "utm.constraint_processing",
              "utm.conformance_monitoring_sa", "utm.availability_arbitration"]
RID_SCOPES = ["dss.read.identification_service_areas", "dss.write.identification_service_areas", "rid.display_provider",
              "rid.service_provider"]
POOL_SCOPES = ["interuss.pool_status.read", "interuss.pool_status.heartbeat.write", "interuss.versioning.read_system_versions"]
PARTY_SCOPES = ["wideberth.party", "wideberth.operator"]
OIR = "/dss/v1/operational_intent_references"
CR = "/dss/v1/constraint_references"
SUB = "/dss/v1/subscriptions"


class Server:
    def __init__(self, program, *options, folder=None, environment=None):
        self.program = program
        self.folder = folder or tempfile.mkdtemp(prefix="wideberth-dss-")
        self.key = os.path.join(self.folder, "key")
        self.data = os.path.join(self.folder, "data")
        self.options = options
        self.environment = environment
        self.process = None
        self.tokens = {}
        self.token("uss1")  # makes the key pair
        self.start()

    def start(self, seconds=20):
        self.process = subprocess.Popen(
            [self.program, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--public-key", self.key + ".pub.pem",
             "--audience", "localhost", *self.options], stderr=subprocess.PIPE, env=self.environment)
        text = b""
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            text += part
            found = re.search(rb"listening url=\"https?://127\.0\.0\.1:(\d+)\"[^\n]*\n", text)
            if found:
                self.port = int(found.group(1))
                self.log = text.decode()
                return
            if not part:
                self.process.kill()
                raise RuntimeError("the server did not start: " + text.decode(errors="replace"))

    def stop(self, how=signal.SIGTERM):
        """Ends it; returns its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            _, rest = self.process.communicate(timeout=30)
            self.log += rest.decode(errors="replace")
        finally:
            if self.process.poll() is None:
                self.process.kill()
        status = self.process.returncode
        self.process = None
        return status

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def token(self, subject, scopes=None, audience="localhost", life_s=3600):
        scopes = ALL_SCOPES if scopes is None else scopes
        name = (subject, tuple(scopes), audience, life_s)
        if name not in self.tokens:
            arguments = [self.program, "token", "--key", self.key, "--subject", subject, "--audience", audience,
                         "--life-s", str(life_s)]
            for scope in scopes:
                arguments += ["--scope", scope]
            self.tokens[name] = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()
        return self.tokens[name]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, body=None, token=None, headers=None, connection=None):
        """Returns (status, JSON or None, headers)."""
        own = connection is None
        connection = connection or self.connect()
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read()
        if own:
            connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        return response.status, answer, dict(response.getheaders())


def new_id():
    return str(uuid.uuid4())


def at(seconds):
    whole = time.time() + seconds
    return {"value": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(whole % 1 * 1e6):06d}Z",
            "format": "RFC3339"}


def altitude(metres):
    return {"value": metres, "reference": "W84", "units": "M"}


def circle(lat=47.0, lng=8.0, radius=300, lower=500, upper=600, start=60, end=3600):
    return {"volume": {"outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius, "units": "M"}},
                       "altitude_lower": altitude(lower), "altitude_upper": altitude(upper)},
            "time_start": at(start), "time_end": at(end)}


def polygon(*points, lower=500, upper=600, start=60, end=3600):
    volume = circle(lower=lower, upper=upper, start=start, end=end)
    del volume["volume"]["outline_circle"]
    volume["volume"]["outline_polygon"] = {"vertices": [{"lat": lat, "lng": lng} for lat, lng in points]}
    return volume


def intent(*volumes, state="Accepted", key=(), subscribe=True, **others):
    body = {"extents": list(volumes) or [circle()], "state": state, "key": list(key), "uss_base_url": "https://uss.example"}
    if subscribe:
        body["new_subscription"] = {"uss_base_url": "https://uss.example", "notify_for_constraints": False}
    body.update(others)
    return body


def constraint(*volumes, **others):
    return {"extents": list(volumes) or [circle()], "uss_base_url": "https://uss.example", **others}


def subscription(volume=None, intents=True, constraints=False, **others):
    return {"extents": volume or circle(), "uss_base_url": "https://uss.example",
            "notify_for_operational_intents": intents, "notify_for_constraints": constraints, **others}
