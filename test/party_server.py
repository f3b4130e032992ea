"""Parties of a `wideberth serve` of one's own, for tests: with real keys, and tokens that they sign themselves."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import subprocess
import threading

from dss_server import Server, at

INTENTS = "/api/v1/intents"
CONSTRAINTS = "/api/v1/constraints"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def feature(lat=47.0, lng=8.0, radius=300, lower=500, upper=600, start=60, end=3600):
    """A circle; `start` and `end` are texts, or seconds from now."""
    start, end = (time if isinstance(time, str) else at(time)["value"] for time in (start, end))
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lng, lat]},
            "properties": {"radius_m": radius, "altitude_lower_m": lower, "altitude_upper_m": upper, "time_start": start, "time_end": end}}


def declaration(*features, **members):
    return {"type": "FeatureCollection", "features": list(features) or [feature()], **members}


def sign(key, data):
    """The Ed25519 signature of the bytes, by OpenSSL."""
    path = f"{key}.data-{threading.get_ident()}"
    with open(path, "wb") as file:
        file.write(data)
    done = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", path], check=True, capture_output=True)
    os.remove(path)
    return done.stdout


def public_bytes(public_key):
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", public_key, "-outform", "DER"], check=True, capture_output=True)
    return der.stdout[-32:]


def jwk(public_key):
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public_bytes(public_key))}


def thumbprint(public_key):
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": base64url(public_bytes(public_key))}, separators=(",", ":"))
    return base64url(hashlib.sha256(text.encode()).digest())


def jws(key, payload, detached=False, **header):
    head = {"alg": "EdDSA", "kid": thumbprint(key + ".pub"), **header}
    first = base64url(json.dumps(head).encode())
    middle = base64url(payload)
    signature = base64url(sign(key, f"{first}.{middle}".encode()))
    return f"{first}..{signature}" if detached else f"{first}.{middle}.{signature}"


def acknowledgement(key, notice):
    return jws(key, hashlib.sha256(notice["text"].encode()).digest(), detached=True)


class PartyServer(Server):
    """`names` are registered at the start, and the operator "chief"."""
    operator = "chief"

    def __init__(self, program, *options, names=(), uss_base_url="https://wideberth.example", folder=None):
        import tempfile
        folder = folder or tempfile.mkdtemp(prefix="wideberth-parties-")
        self.party_keys = {}
        self.program, self.folder = program, folder
        arguments = ["--operator", f"{self.operator}={self.key_of(self.operator)}.pub"]
        for name in names:
            arguments += ["--party", f"{name}={self.key_of(name)}.pub"]
        if uss_base_url:
            arguments += ["--uss-base-url", uss_base_url]
        # Nobody is held up by how often a test asks.
        super().__init__(program, *arguments, "--party-rate-max", "0", *options, folder=folder)

    def key_of(self, name):
        """The file of the party's private key, which is made with the first call."""
        if name not in self.party_keys:
            path = os.path.join(self.folder, f"party-{len(self.party_keys)}.key")
            subprocess.run([self.program, "keygen", path], check=True, capture_output=True)
            self.party_keys[name] = path
        return self.party_keys[name]

    def register(self, name, **members):
        self.by(self.operator, "PUT", f"/api/v1/parties/{name}", {"public_keys": [jwk(self.key_of(name) + ".pub")], **members}, expect=200)

    def token_of(self, name, *options):
        if (name, options) not in self.tokens:
            self.tokens[name, options] = subprocess.run(
                [self.program, "token", "--key", self.key_of(name), "--party", name, "--audience", "localhost", *options],
                check=True, capture_output=True, text=True).stdout.strip()
        return self.tokens[name, options]

    def by(self, name, method, path, body=None, expect=None, **others):
        """What the party `name` is answered; with `expect`, the JSON of an answer with that status."""
        status, answer, headers = self.ask(method, path, body, self.token_of(name) if name else None, **others)
        if expect is None:
            return status, answer, headers
        assert status == expect, (method, path, status, answer)
        return answer

    def declare(self, name, *features, expect=201, path=INTENTS, **members):
        """What stands in the answer under "intent" or "constraint"; with another status than 201, the answer."""
        answer = self.by(name, "POST", path, declaration(*features, **members), expect=expect)
        return answer[path[len("/api/v1/"):-1]] if expect == 201 else answer

    def run(self, command, name, *arguments, **others):
        """A subcommand of a party's."""
        return subprocess.run(
            [self.program, command, *arguments, "--url", f"http://127.0.0.1:{self.port}", "--key", self.key_of(name), "--party", name,
             "--audience", "localhost"], capture_output=True, text=True, timeout=60, check=False, **others)


class Events:
    """A listener of Server-Sent Events."""

    def __init__(self, server, name, last=None, seconds=20):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=seconds)
        headers = {"Authorization": "Bearer " + server.token_of(name)}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.connection.request("GET", "/api/v1/events", headers=headers)
        self.response = self.connection.getresponse()

    def next(self):
        """(id, event, data as bytes) of the next event."""
        found = {}
        while True:
            line = self.response.readline()
            if not line:
                raise EOFError("the stream of events ended")
            line = line.rstrip(b"\r\n")
            if not line and found:
                return found[b"id"], found[b"event"], found[b"data"]
            name, _, value = line.partition(b": ")
            if name:
                found[name] = value

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Receiver:
    """An HTTP server on loopback that keeps what is POSTed to it, [(path, headers, body)], and answers what `answers` has next."""

    def __init__(self):
        self.got = []
        self.answers = []
        self.came = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.came:
                    status = receiver.answers.pop(0) if receiver.answers else 204
                    receiver.got.append((self.path, self.headers, body, status))
                    receiver.came.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, wanted, seconds=20):
        """The first of what came for which `wanted` holds."""
        with self.came:
            found = self.came.wait_for(lambda: [one for one in self.got if wanted(*one)], seconds)
        assert found, f"it did not come; what came: {[(path, body[:300]) for path, _, body, _ in self.got]}"
        return found[0]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
