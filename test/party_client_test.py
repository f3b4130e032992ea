#!/usr/bin/env python3
"""Runs the subcommands of parties as their users do: keygen, token; and declare, listen, receipt against a service of the test's own, which breaks
off, refuses and lies as ours does not.

  party_client_test.py WIDEBERTH
"""
import base64
import hashlib
import http.server
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1])


def run(*arguments, stdin=b"", timeout=60):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def shell(words, *arguments, timeout=60):
    """As a shell does it with what `words` say of the streams: "$@" >&-."""
    done = subprocess.run(["sh", "-c", words, "sh", PROGRAM, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


LOST = ('"$@" >&-', '"$@" >/dev/full', '"$@" <&- >&-')


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def key(self, name="a.key"):
        status, out, err = run("keygen", self.path(name))
        self.assertEqual(status, 0, err)
        return self.path(name), out


class Keygen(InFolder):
    def test_the_private_key_is_its_owners_alone(self):
        key, _ = self.key()
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)

    def test_openssl_reads_the_key_and_finds_the_same_public_one(self):
        key, out = self.key()
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, check=True).stdout
        with open(key + ".pub", "rb") as file:
            self.assertEqual(file.read(), public)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True).stdout
        jwk = json.loads(out.split("JWK")[1].split("\n")[0])
        self.assertEqual((jwk["kty"], jwk["crv"], decoded(jwk["x"])), ("OKP", "Ed25519", der[-32:]))

    def test_no_file_is_overwritten(self):
        for there in ("b.key", "b.key.pub"):
            with open(self.path(there), "w", encoding="utf-8") as file:
                file.write("mine")
            status, _, err = run("keygen", self.path("b.key"))
            self.assertEqual(status, 1)
            self.assertIn(there + ": there is such a file already", err)
            with open(self.path(there), encoding="utf-8") as file:
                self.assertEqual(file.read(), "mine")
            os.remove(self.path(there))
            self.assertFalse(os.path.exists(self.path("b.key")), "a key without its public part stays behind")

    def test_others_who_may_use_a_private_key_are_told_of(self):
        key, _ = self.key()
        arguments = ["token", "--key", key, "--party", "a", "--audience", "s"]
        self.assertEqual(run(*arguments)[2], "")
        os.chmod(key, 0o644)
        status, out, err = run(*arguments)
        self.assertEqual((status, out.count(".")), (0, 2))
        self.assertIn("others may use this private key (mode 0644)", err)

    def test_two_keys_differ(self):
        self.assertNotEqual(self.key("a")[1].split()[-1], self.key("b")[1].split()[-1])


class Token(InFolder):
    def test_a_party_signs_its_own(self):
        key, out = self.key()
        status, token, err = run("token", "--key", key, "--party", "alpine", "--audience", "sky.example", "--lifetime", 60)
        self.assertEqual(status, 0, err)
        header, payload, signature = token.strip().split(".")
        self.assertEqual(json.loads(decoded(header)),
                         {"alg": "EdDSA", "typ": "JWT", "kid": out.split("key id")[1].split()[0]})
        claims = json.loads(decoded(payload))
        self.assertEqual((claims["iss"], claims["sub"], claims["aud"]), ("alpine", "alpine", "sky.example"))
        self.assertEqual(claims["exp"] - claims["iat"], 60)
        self.assertLess(abs(claims["iat"] - time.time()), 60)
        self.assertNotIn("scope", claims)
        for name, content in (("signature", decoded(signature)), ("signed", f"{header}.{payload}".encode())):
            with open(self.path(name), "wb") as file:
                file.write(content)
        verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key + ".pub", "-rawin", "-sigfile", self.path("signature")]
        subprocess.run([*verify, "-in", self.path("signed")], capture_output=True, check=True)

    def test_scopes_take_rights_away(self):
        key, _ = self.key()
        _, token, _ = run("token", "--key", key, "--party", "a", "--audience", "s", "--scope", "wideberth.party", "--scope", "x")
        self.assertEqual(json.loads(decoded(token.split(".")[1]))["scope"], "wideberth.party x")

    def test_a_wrong_key_is_named(self):
        run("token", "--key", self.path("rsa"), "--subject", "u", "--audience", "s")
        for name, what in (("rsa.pem", "Ed25519 is expected"), ("none", "cannot read it"), ("rsa.pub.pem", "rsa.pub.pem: ")):
            status, _, err = run("token", "--key", self.path(name), "--party", "a", "--audience", "s")
            self.assertEqual(status, 2)
            self.assertIn(what, err)

    def test_what_no_service_takes_is_refused(self):
        key, _ = self.key()
        for arguments, text in ((["--lifetime", 3601], "not in range 1 to 3600"), (["--lifetime", 0], "not in range 1 to 3600"), (["--lifetime", -5], "not in range 1 to 3600"),
                                (["--audience", ""], "--audience: is empty"), (["--scope", ""], "--scope: is empty")):
            for whose in (["--party", "a"], ["--subject", "a"]):
                status, out, err = run("token", "--key", key, "--audience", "s", *whose, *arguments)
                self.assertEqual((status, out), (2, ""), arguments)
                self.assertIn(text, err)
        done = subprocess.run([PROGRAM.encode(), b"token", b"--key", key.encode(), b"--audience", b"s", b"--party", b"caf\xe9"], capture_output=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"--party: caf? is not UTF-8", done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.key", "a.key.pub"])

    def test_somebody_must_be_named_and_only_once(self):
        self.assertEqual(run("token", "--key", self.path("k"), "--audience", "s")[0], 2)
        self.assertEqual(run("token", "--key", self.path("k"), "--audience", "s", "--party", "a", "--subject", "b")[0], 2)
        self.assertEqual(os.listdir(self.folder), [])


class CommandLine(InFolder):
    def test_a_word_that_is_no_subcommand_is_named(self):
        for arguments, text in ((["verif", "x"], "verif: there is no such subcommand"), (["unknown", "--help"], "unknown: there is no such"),
                                (["data", "chek", "x"], "data chek: there is no such subcommand; `wideberth data --help`"),
                                (["\x1b[2J"], "?[2J: there is no such")):
            status, out, err = run(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn(text, err)
        for arguments in (["--help"], ["verify", "--help"], ["data", "check", "--help"], ["--version"]):
            self.assertEqual(run(*arguments)[0], 0, arguments)

    def test_output_that_is_lost_is_an_error(self):
        key, _ = self.key()
        golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "receipt-1.json")
        for i, words in enumerate(LOST):
            for arguments in (["--version"], ["verify", "--help"], ["keygen", self.path(f"lost{i}")], ["verify", golden],
                              ["token", "--key", key, "--party", "a", "--audience", "s"]):
                status, out, err = shell(words, *arguments)
                self.assertEqual((status, out), (1, ""), (words, arguments, err))
                self.assertIn("standard output: cannot write: ", err)
                self.assertEqual(err.count("\n"), 1, err)

    def test_what_is_not_proven_stays_so_when_the_words_are_lost(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "receipt-1.json"), "rb") as file:
            forged = file.read().replace(b"b200", b"b201")
        with open(self.path("forged"), "wb") as file:
            file.write(forged)
        for words in LOST:
            status, _, err = shell(words, "verify", self.path("forged"))
            self.assertEqual(status, 3)
            self.assertIn("standard output: cannot write: ", err)

    def test_errors_that_nobody_can_be_told_change_nothing(self):
        for words in ('"$@" 2>&-', '"$@" 2>/dev/full', '"$@" <&- >&- 2>&-'):
            self.assertEqual(shell(words, "verify", "/nonexistent")[0], 2)

    def test_no_closed_stream_becomes_a_file_that_is_opened_later(self):
        status, out, err = shell('"$@" <&- >&- 2>&-', "keygen", self.path("k"))
        self.assertEqual((status, out, err), (1, "", ""))
        for name in ("k", "k.pub"):
            with open(self.path(name), encoding="ascii") as file:
                lines = file.read().splitlines()
            self.assertTrue(lines[0].startswith("-----BEGIN") and lines[-1].startswith("-----END"), lines)

    def test_ports_that_are_none_are_refused(self):
        key, _ = self.key()
        verifier = "ledger.example/sky+bc1df4fe+AchtAa2LL7aUsi/2Djydnn7ZDbVgR3K3RFDUCRO5qcuv"
        witness = ["witness", "--name", "w.example/w", "--key", key, "--ledger", verifier, "--state", self.path("state"), "--new-state"]
        serve = ["serve", "--data", self.path("data"), "--party", f"a={key}.pub", "--audience", "localhost"]
        for port in ("99999", "65536", "", "-1", "80a", " 80", "http"):
            for arguments in ([*witness, f"--listen=127.0.0.1:{port}"], [*serve, f"--listen=127.0.0.1:{port}"],
                              [*serve, "--listen=127.0.0.1:0", f"--metrics-listen=127.0.0.1:{port}"]):
                status, _, err = run(*arguments)
                self.assertEqual(status, 2, (port, err))
                if os.path.exists(self.path("state")):
                    os.remove(self.path("state"))
                self.assertIn(f'"127.0.0.1:{port}": the port is to be a number from 0 (one that is free) to 65535', err)


class Service(http.server.ThreadingHTTPServer):
    """Answers as api/wideberth.yaml says, with what the test puts into it, and keeps what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = []   # (status, headers, body), one for each request
        self.streams = []   # a list of parts for each; None breaks the connection off
        self.asked = []     # (method, path, headers, body)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
        if self.path == "/api/v1/events" and self.server.streams:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            for part in self.server.streams.pop(0):
                if part is None:
                    return
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            return
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (503, {}, {"error_message": "no more"})
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer


def volume(**properties):
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.0, 47.0]},
            "properties": {"radius_m": 300, "altitude_lower_m": 500, "altitude_upper_m": 600, "time_start": "2099-06-01T10:00:00Z",
                           "time_end": "2099-06-01T11:00:00Z", **properties}}


def conflict(ovn="other-ovn-0123456789", **members):
    other = {"type": "intent", "id": "b" * 8, "disclosure": "full", "priority": 1, "party": "city", "state": "accepted",
             "version": 1, "possible": False}
    if ovn:
        other["ovn"] = ovn
    meeting = {"volume": 0, "other_volume": 0, "altitude_lower_m": 500, "altitude_upper_m": 600, "time_start": "2099-06-01T10:00:00Z",
               "time_end": "2099-06-01T11:00:00Z", "bbox_deg": [8.0, 47.0, 8.01, 47.01]}
    return {"other": other, "in_key": False, "needs_key": True, "meets": [meeting], **members}


DECLARED = {"type": "FeatureCollection", "kind": "intent", "id": "a-1", "ovn": "own-ovn-0123456789", "version": 1, "party": "alpine",
            "state": "accepted", "priority": 0, "disclosure": "full", "visible_to": [], "features": [volume()]}


def notice(number, **members):
    identity = f"0000000{number}-0000-4000-8000-000000000000"
    text = json.dumps({"id": identity, "party": "alpine", "made_at": "2099-06-01T09:00:00Z", "kind": "conflict", "because": "declared",
                       "own": {"type": "intent", "id": "a-1", "ovn": "x", "version": 1}, "other": conflict()["other"],
                       "meets": conflict()["meets"]}, ensure_ascii=False)
    return {"id": identity, "number": number, "made_at": "2099-06-01T09:00:00Z", "repeated": 0,
            "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text, **members}


def event(of):
    return f"id: {of['number']}\nevent: notice\ndata: {json.dumps(of)}\n\n".encode()


class WithService(InFolder):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)
        self.key_file, self.key_words = self.key()
        with open(self.path("f.geojson"), "w", encoding="utf-8") as file:
            json.dump({"type": "FeatureCollection", "features": [volume()]}, file)

    def as_party(self, *arguments, **options):
        return run(*arguments, "--url", self.service.url, "--key", self.key_file, "--party", "alpine", **options)

    def declare(self, *arguments, **options):
        return self.as_party("declare", *arguments, **options)


class Declare(WithService):
    def test_an_intent_is_sent_with_a_token_of_its_party(self):
        self.service.answers = [(201, {"Location": "/x"}, {"intent": DECLARED, "conflicts": []})]
        status, out, err = self.declare("--priority", 3, "--disclosure", "volume", "--visible-to", "g", self.path("f.geojson"))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("intent declared\n  id         a-1\n  ovn        own-ovn-0123456789\n", out)
        self.assertIn("no conflict", out)
        (method, path, headers, body), = self.service.asked
        self.assertEqual((method, path), ("POST", "/api/v1/intents"))
        self.assertEqual(body, {"type": "FeatureCollection", "priority": 3, "disclosure": "volume", "visible_to": ["g"], "features": [volume()]})
        claims = json.loads(decoded(headers["Authorization"].removeprefix("Bearer ").split(".")[1]))
        self.assertEqual((claims["iss"], claims["sub"], claims["aud"]), ("alpine", "alpine", "127.0.0.1"))

    def test_what_is_declared_is_told_even_if_it_cannot_be_printed(self):
        arguments = ["declare", self.path("f.geojson"), "--url", self.service.url, "--key", self.key_file, "--party", "alpine"]
        for more in ([], ["--json"]):
            self.service.answers = [(201, {}, {"intent": DECLARED, "conflicts": []})]
            status, _, err = shell('"$@" >/dev/full', *arguments, *more)
            self.assertEqual(status, 1)
            self.assertIn("the service has done it nevertheless: a-1/own-ovn-0123456789", err)
        # Where it is known beforehand nothing is declared.
        self.service.asked.clear()
        status, _, err = shell('"$@" >&-', *arguments)
        self.assertEqual((status, self.service.asked), (1, []))
        self.assertIn("standard output: cannot write: Bad file descriptor", err)

    def test_json_has_nothing_that_steers_a_terminal(self):
        intent = {**DECLARED, "party": "a\u009b31m\u202e\ufeff"}
        self.service.answers = [(201, {}, {"intent": intent, "conflicts": []})]
        _, out, _ = self.declare(self.path("f.geojson"), "--json")
        self.assertTrue(out.isascii())
        self.assertEqual(json.loads(out)["intent"], intent)
        self.service.answers = [(201, {}, {"intent": {**DECLARED, "party": "Höhe"}, "conflicts": []})]
        self.assertIn("Höhe", self.declare(self.path("f.geojson"), "--json")[1])

    def test_a_conflict_is_refused_with_a_table(self):
        possible = conflict(None)
        possible["other"] = {"type": "constraint_reference", "id": "c", "manager": "uss1", "uss_base_url": "https://u.example", "version": 1,
                             "possible": True}
        self.service.answers = [(409, {}, {"message": "it conflicts", "conflicts": [conflict(), possible]})]
        status, out, err = self.declare("-", stdin=json.dumps(volume()).encode())
        self.assertEqual(status, 3)
        self.assertIn("refused: 2 conflicts\nCERTAINTY", out)
        self.assertIn("2099-06-01 10:00:00 to 11:00:00", out)
        self.assertIn("uss1 (https://u.example)", out)
        self.assertIn("--accept-conflicts", err)
        self.assertIn("--ovn OVN", err)
        self.assertEqual(len(self.service.asked), 1)

    def test_conflicts_are_accepted_with_what_was_told_of_them(self):
        lower = conflict("lower-needs-no-key", needs_key=False)
        again = {"message": "it conflicts", "conflicts": [conflict(in_key=True), conflict("third-ovn-0123456789")]}
        self.service.answers = [(409, {}, {"message": "it conflicts", "conflicts": [conflict(), lower]}), (409, {}, again),
                                (200, {}, {"intent": DECLARED, "conflicts": [conflict(in_key=True)]})]
        status, out, _ = self.declare(self.path("f.geojson"), "--update", "a 1/o/n", "--accept-conflicts", "--ovn", "mine")
        self.assertEqual(status, 0)
        self.assertIn("with 1 conflict:\nCERTAINTY", out)
        self.assertEqual([(method, path) for method, path, _, _ in self.service.asked], [("PUT", "/api/v1/intents/a%201/o%2Fn")] * 3)
        self.assertEqual([sorted(body["key"]) for _, _, _, body in self.service.asked],
                         [["mine"], ["mine", "other-ovn-0123456789"], ["mine", "other-ovn-0123456789", "third-ovn-0123456789"]])

    def test_what_is_only_possible_is_not_accepted_without_its_ovn(self):
        self.service.answers = [(409, {}, {"message": "it conflicts", "conflicts": [conflict(None)]})] * 2
        self.assertEqual(self.declare(self.path("f.geojson"), "--accept-conflicts")[0], 3)
        self.assertEqual(len(self.service.asked), 1)

    def test_a_service_that_always_refuses_is_not_asked_for_ever(self):
        self.service.answers = [(409, {}, {"message": "m", "conflicts": [conflict(f"ovn-{i:0>16}")]}) for i in range(20)]
        self.assertEqual(self.declare(self.path("f.geojson"), "--accept-conflicts", timeout=30)[0], 3)
        self.assertEqual(len(self.service.asked), 6)

    def test_changes_go_to_their_paths(self):
        for arguments, method, path, body in (
                (["--withdraw", "a-1/o"], "DELETE", "/api/v1/intents/a-1/o", None),
                (["--withdraw", "a-1/o", "--constraint"], "DELETE", "/api/v1/constraints/a-1/o", None),
                (["--activate", "a-1/o", "--ovn", "k"], "POST", "/api/v1/intents/a-1/o/activate", {"key": ["k"]}),
                (["--end", "a-1/o"], "POST", "/api/v1/intents/a-1/o/end", None)):
            kind = "constraint" if "--constraint" in arguments else "intent"
            self.service.answers = [(200, {}, {kind: DECLARED})]
            self.service.asked.clear()
            status, out, err = self.declare(*arguments)
            self.assertEqual((status, err), (0, ""))
            self.assertIn(kind + " ", out)
            self.assertEqual([(a, b, d) for a, b, _, d in self.service.asked], [(method, path, body)])

    def test_json_is_the_answer_as_it_came(self):
        self.service.answers = [(201, {}, {"intent": DECLARED, "conflicts": []})]
        self.assertEqual(json.loads(self.declare(self.path("f.geojson"), "--json")[1]), {"intent": DECLARED, "conflicts": []})

    def test_refusals_say_why(self):
        for answer, expected, text in (
                ((400, {}, {"message": "features[0].geometry: crosses itself"}), 2, "answered 400: features[0].geometry: crosses itself"),
                ((401, {}, {"message": "no"}), 2, "is the public key registered"),
                ((409, {}, {"message": "ovn: it is not the current one"}), 2, "not the current one"),
                ((429, {"Retry-After": "7"}, {"message": "slow"}), 1, "(try again in 7 s)"),
                ((503, {}, {"error_message": "busy\x1b[2J"}), 1, "busy?[2J"),
                ((200, {}, b"<html>"), 1, "what is no JSON object"),
                ((404, {}, b""), 1, "what is no JSON object"),
                ((409, {}, b"[" * 500_000 + b"]" * 500_000), 1, "what is no JSON object"),
                ((503, {}, b'{"a":' * 500_000 + b"1" + b"}" * 500_000), 1, "answered 503")):
            self.service.answers = [answer]
            status, out, err = self.declare(self.path("f.geojson"))
            self.assertEqual((status, out), (expected, ""), text)
            self.assertIn(text, err)

    def test_bad_arguments_ask_nobody(self):
        good = self.path("f.geojson")
        for arguments, text in (([], "FILE: name the GeoJSON file"), ([self.path("none")], "none: cannot read it"),
                                ([good, "--withdraw", "a/b"], "leave it out"), (["--withdraw", "ab"], "is not ID/OVN"),
                                (["--withdraw", "a/"], "is not ID/OVN"), (["--withdraw", "a/b", "--end", "a/b"], "at a time"),
                                (["--constraint", "--end", "a/b"], "has no state"), (["--withdraw", "a/b", "--priority", "1"], "belong to a FILE"),
                                (["--end", "a/b", "--accept-conflicts"], "conflicts with nothing"), ([good, "--disclosure", "private"], "--disclosure"),
                                ([self.key_file], "is no JSON"), ([good, "--url", "ftp://x"], "--url"), ([good, "--url", "http://a b"], "--url"),
                                ([good, "--url", "http://sky.example"], "--allow-http"), ([good, "--key", good], "f.geojson: ")):
            replaced = [a for a in ("--url", "--key") if a in arguments]
            others = {"--url": self.service.url, "--key": self.key_file, "--party": "alpine"}
            rest = [word for name, value in others.items() if name not in replaced for word in (name, value)]
            status, _, err = run("declare", *arguments, *rest)
            self.assertEqual(status, 2, arguments)
            self.assertIn(text, err)
        self.assertEqual(self.service.asked, [])

    def test_what_is_too_large_is_not_read_to_its_end(self):
        with open(self.path("large"), "wb") as file:
            file.truncate(5 << 20)
        status, _, err = self.declare(self.path("large"))
        self.assertEqual(status, 2)
        self.assertIn("has more than 4194304 bytes", err)

    def test_a_service_that_is_not_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
            status, _, err = run("declare", self.path("f.geojson"), "--url", url, "--key", self.key_file, "--party", "a")
        self.assertEqual(status, 1)
        self.assertIn("is the service running there", err)


class Listen(WithService):
    def verify(self, message, jws):
        header, nothing, signature = jws.split(".")
        self.assertEqual(nothing, "")
        self.assertEqual(json.loads(decoded(header))["alg"], "EdDSA")
        payload = base64.urlsafe_b64encode(message).rstrip(b"=")
        for name, content in (("signature", decoded(signature)), ("signed", header.encode() + b"." + payload)):
            with open(self.path(name), "wb") as file:
                file.write(content)
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.key_file + ".pub", "-rawin", "-sigfile",
                        self.path("signature"), "-in", self.path("signed")], capture_output=True, check=True)

    def test_a_notice_is_printed_in_words_and_acknowledged_signed(self):
        one = notice(1)
        self.service.streams = [[b": \n\n", event(one)[:40], event(one)[40:]]]
        self.service.answers = [(200, {}, {"notice": one})]
        status, out, err = self.as_party("listen", "--ack", "--once")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("CONFLICT: your intent a-1 meets intent bbbbbbbb of city (priority 1, accepted), 2099-06-01 10:00:00 to 11:00:00 UTC", out)
        self.assertIn(one["id"] + "   acknowledged", out)
        method, path, _, body = self.service.asked[1]
        self.assertEqual((method, path), ("POST", f"/api/v1/notices/{one['id']}/ack"))
        self.verify(hashlib.sha256(one["text"].encode()).digest(), body["signature"])

    def test_a_broken_stream_is_taken_up_where_it_was(self):
        self.service.streams = [[event(notice(1)), event(notice(2)), event(notice(3))[:30], None], [event(notice(3))], [b""]]
        status, out, err = self.as_party("listen", "--json", "--for", 4, "--after", 0)
        self.assertEqual(status, 0, err)
        self.assertEqual([json.loads(line)["number"] for line in out.splitlines()], [1, 2, 3])
        ids = [headers.get("Last-Event-ID") for _, _, headers, _ in self.service.asked]
        self.assertEqual(ids[:3], ["0", "2", "3"])
        self.assertIn("connecting again in 1 s", err)

    def test_what_was_not_printed_or_is_not_the_partys_is_not_signed(self):
        text = json.loads(notice(1)["text"])
        strangers = json.dumps({**text, "party": "city"})
        for wrong, why in ((notice(1, sha256="0" * 64), "sha256: "), (notice(1, id="another"), "text: "),
                           (notice(1, text=strangers, sha256=hashlib.sha256(strangers.encode()).hexdigest()), "text: ")):
            self.service.streams = [[event(wrong)]]
            self.service.asked.clear()
            status, _, err = self.as_party("listen", "--ack", "--once")
            self.assertEqual(status, 1)
            self.assertIn("not acknowledged: " + why, err)
            self.assertEqual(len(self.service.asked), 1)

    def test_what_nobody_sees_is_not_signed(self):
        for words in ('"$@" >&-', '"$@" >/dev/full', '"$@" <&- >&-'):
            for more in ([], ["--json"]):
                self.service.streams = [[event(notice(1))]]
                self.service.answers = [(200, {}, {"notice": notice(1)})]
                self.service.asked.clear()
                status, _, err = shell(words, "listen", "--ack", "--once", *more, "--url", self.service.url, "--key", self.key_file, "--party", "alpine")
                self.assertEqual(status, 1)
                self.assertIn("standard output: cannot write: ", err)
                self.assertEqual([asked for asked in self.service.asked if asked[0] != "GET"], [])

    def test_what_can_be_read_in_two_ways_or_is_of_another_form_is_not_signed(self):
        text = notice(1)["text"]
        changed = {**json.loads(text)}
        twice = "has two members of one name"
        for wrong, why in ((text.replace('"party"', '"party": "city", "party"', 1), twice), (text.replace('"kind"', '"kind": "conflict_over", "kind"', 1), twice),
                           (text.replace('"ovn": "x"', '"ovn": "y", "ovn": "x"', 1), twice),
                           (json.dumps({**changed, "more": 1}), "text: has a member that no notice has, more"),
                           (json.dumps({**changed, "kind": "debt"}), "text: kind: is none that a notice has"),
                           (json.dumps({k: v for k, v in changed.items() if k != "meets"}), "text: has no member meets"),
                           (json.dumps({**changed, "own": "I owe you"}), "text: own: is no object"),
                           (json.dumps({**changed, "meets": [{"volume": 0}]}), "text: meets[0]: has no member time_start")):
            self.service.streams = [[event(notice(1, text=wrong, sha256=hashlib.sha256(wrong.encode()).hexdigest()))]]
            self.service.asked.clear()
            status, out, err = self.as_party("listen", "--ack", "--once")
            self.assertEqual(status, 1, wrong)
            self.assertIn(why, err)
            self.assertEqual(len(self.service.asked), 1)
            if why == twice:
                self.assertEqual(out, "")
        around = event(notice(1)).replace(b'"number"', b'"id": "other", "number"', 1)
        self.service.streams = [[around]]
        status, out, err = self.as_party("listen", "--ack", "--once")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("a notice that cannot be read came", err)

    def test_json_has_nothing_that_steers_a_terminal(self):
        strange = notice(1, extra="\u009b2J\u202e")
        data = json.dumps(strange, ensure_ascii=False)
        self.service.streams = [[f"id: 1\nevent: notice\ndata: {data}\n\n".encode()]]
        _, out, _ = self.as_party("listen", "--json", "--once")
        self.assertTrue(out.isascii())
        self.assertEqual(json.loads(out), strange)

    def test_numbers_that_no_notice_has_are_refused_with_the_range(self):
        for number in (-1, 1 << 53, 9999999999999999999, "1x"):
            status, _, err = self.as_party("listen", "--after", number, "--once", "--for", 1)
            self.assertEqual(status, 2, err)
            self.assertLess(len(err), 200)
            if number != "1x":
                self.assertIn("not in range 0 to 9007199254740991", err)
        self.assertEqual(self.service.asked, [])

    def test_a_busy_service_is_asked_to_take_the_signature_again(self):
        self.service.streams = [[event(notice(1))]]
        self.service.answers = [(503, {}, {"error_message": "busy"}), (200, {}, {"notice": notice(1)})]
        status, _, err = self.as_party("listen", "--ack", "--once")
        self.assertEqual(status, 0)
        self.assertIn("acknowledging again in 1 s", err)

    def test_what_is_acknowledged_already_is_not_signed_again(self):
        self.service.streams = [[event(notice(1, acknowledged_at="2099-06-01T09:00:00Z", repeated=2))]]
        status, out, _ = self.as_party("listen", "--ack", "--once")
        self.assertEqual((status, len(self.service.asked)), (0, 1))
        self.assertIn("(told 3 times)", out)

    def test_refusals_end_it_and_silence_is_told(self):
        self.service.answers = [(403, {}, {"message": "no"})]
        self.assertEqual(self.as_party("listen")[0], 2)
        self.service.streams = [[b": \n\n"]]
        status, _, err = self.as_party("listen", "--once", "--for", 1)
        self.assertEqual(status, 1)
        self.assertIn("no notice came in 1 s", err)
        self.service.streams = [[b"id: 1\nevent: notice\ndata: {}\n\n"]]
        self.assertEqual(self.as_party("listen")[0], 1)

    def test_events_of_other_kinds_are_passed_over(self):
        self.service.streams = [[b"id: 1\nevent: hello\ndata: {}\n\n", event(notice(2))]]
        status, out, _ = self.as_party("listen", "--once", "--json")
        self.assertEqual((status, json.loads(out)["number"]), (0, 2))

    def test_a_service_that_only_says_that_it_is_there_is_not_left_and_a_silent_one_is(self):
        silent = Service()
        self.addCleanup(silent.server_close)
        self.addCleanup(silent.shutdown)

        def after(seconds, say, last):
            for _ in range(seconds // 5):
                time.sleep(5)
                if say:
                    yield b": \n\n"
            yield last

        self.service.streams = [after(65, True, event(notice(1)))]
        silent.streams = [after(75, False, b""), [event(notice(2))]]
        outcomes = {}
        threads = [threading.Thread(target=lambda name=name, url=url: outcomes.update({name: run(
            "listen", "--once", "--for", 90, "--url", url, "--key", self.key_file, "--party", "alpine", timeout=120)}))
                   for name, url in (("there", self.service.url), ("silent", silent.url))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((outcomes["there"][0], outcomes["there"][2], len(self.service.asked)), (0, "", 1))
        self.assertEqual((outcomes["silent"][0], len(silent.asked)), (0, 2))
        self.assertIn("nothing came for 60 s; connecting again in 1 s", outcomes["silent"][2])


class TokenFile(WithService):
    """An OAuth server's token, instead of a key."""

    def setUp(self):
        super().setUp()
        self.token = self.path("token")
        self.put("first.token-1")

    def put(self, text):
        with open(self.token + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.token + ".new", self.token)

    def with_token(self, *arguments, **options):
        return run(*arguments, "--url", self.service.url, "--token-file", self.token, **options)

    def tokens(self):
        return [headers.get("Authorization") for _, _, headers, _ in self.service.asked]

    def test_every_command_sends_it_as_it_stands(self):
        self.service.answers = [(201, {}, {"intent": DECLARED, "conflicts": []}), (200, {}, b'{"receipt": 1}')]
        self.service.streams = [[event(notice(1))]]
        self.put("\n first.token-1 \r\n")
        for arguments in (["declare", self.path("f.geojson")], ["receipt", "n"], ["listen", "--once"]):
            status, _, err = self.with_token(*arguments)
            self.assertEqual((status, err), (0, ""), arguments)
        self.assertEqual(self.tokens(), ["Bearer first.token-1"] * 3)

    def test_a_stream_waits_for_a_newer_one_but_not_for_a_first_one(self):
        refused = (401, {}, {"message": "the token is over"})
        self.service.answers = [refused]
        status, _, err = self.with_token("listen", "--for", 20)
        self.assertEqual(status, 2)
        self.assertIn("--token-file", err)
        self.service.asked.clear()
        self.service.streams = [[event(notice(1))]]
        self.service.answers = [refused, refused]

        def renew():
            while len(self.service.asked) < 2:
                time.sleep(0.01)
            self.put("second.token-2")

        def then_serve():
            while self.service.answers:
                time.sleep(0.01)
            self.service.streams = [[event(notice(2))], [b": \n\n"], [b": \n\n"]]

        threads = [threading.Thread(target=work, daemon=True) for work in (renew, then_serve)]
        for thread in threads:
            thread.start()
        status, out, err = self.with_token("listen", "--json", "--for", 8)
        self.assertEqual(status, 0, err)
        self.assertEqual([json.loads(line)["number"] for line in out.splitlines()], [1, 2])
        self.assertEqual((self.tokens()[0], self.tokens()[3]), ("Bearer first.token-1", "Bearer second.token-2"))
        # With a key it is the end: nothing will change.
        self.service.streams = [[b": \n\n"]]
        self.service.answers = [refused]
        self.assertEqual(self.as_party("listen", "--for", 20)[0], 2)

    def test_bad_arguments_ask_nobody(self):
        long = self.path("long")
        with open(long, "w", encoding="utf-8") as file:
            file.write("x" * 20_000)
        empty = self.path("empty")
        with open(empty, "w", encoding="utf-8") as file:
            file.write(" \n")
        more = self.path("more")
        with open(more, "wb") as file:
            file.write(b"a\r\nX-Evil: b")
        for arguments, text in ((["--token-file", self.token, "--key", self.key_file, "--party", "alpine"], "--token-file: is instead of --key"),
                                ([], "--key: give"), (["--key", self.key_file], "--party: "), (["--token-file", "-"], "--token-file: "),
                                (["--token-file", self.path("none")], "none: cannot read it"), (["--token-file", long], "more than"),
                                (["--token-file", empty], "is empty"), (["--token-file", more], "more than a token")):
            for command in (["declare", self.path("f.geojson")], ["listen", "--once", "--for", "5"], ["receipt", "n"]):
                status, out, err = run(*command, "--url", self.service.url, *arguments)
                self.assertEqual((status, out), (2, ""), (command, arguments))
                self.assertIn(text, err)
        status, _, err = self.with_token("listen", "--ack")
        self.assertEqual(status, 2)
        self.assertIn("--ack: is signed with the key that is registered", err)
        self.assertEqual(self.service.asked, [])


class Receipt(WithService):
    def test_it_is_written_as_it_came(self):
        text = b'{"receipt": 1 }'
        self.service.answers = [(200, {}, text)] * 2
        self.assertEqual(self.as_party("receipt", "n/1", "-o", self.path("r")), (0, "", ""))
        with open(self.path("r"), "rb") as file:
            self.assertEqual(file.read(), text)
        self.assertEqual(self.service.asked[0][:2], ("GET", "/api/v1/notices/n%2F1/receipt"))
        self.assertEqual(self.as_party("receipt", "n")[1], text.decode())

    def test_without_one_there_is_no_file(self):
        for answer, expected in (((404, {}, {"message": "there is no such notice"}), 2), ((503, {}, {"error_message": "x"}), 1),
                                 ((200, {}, b"<html>"), 1)):
            self.service.answers = [answer]
            self.assertEqual(self.as_party("receipt", "n", "-o", self.path("r"))[0], expected)
            self.assertFalse(os.path.exists(self.path("r")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
