#!/usr/bin/env python3
"""Runs verify, audit and witness as their users do, against ledgers that grow, shrink, fork and lie.

  ledger_client_test.py WIDEBERTH WRITE_LEDGER
"""
import base64
import fcntl
import hashlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM, WRITE_LEDGER = (os.path.abspath(path) for path in sys.argv[1:3])
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "receipt-1.json")
ORIGIN = "ledger.example/sky"
ROOM = None  # a folder for all tests; setUpModule


def setUpModule():
    global ROOM
    ROOM = tempfile.mkdtemp()
    for size in (1, 300, 1000):
        os.mkdir(os.path.join(ROOM, str(size)))
        done = subprocess.run([WRITE_LEDGER, os.path.join(ROOM, str(size)), str(size)], capture_output=True, check=True)
        KEYS[:] = done.stdout.decode().split()
    # PKCS #8 of the seed that write_ledger has.
    with open(os.path.join(ROOM, "operator.der"), "wb") as file:
        file.write(bytes.fromhex("302e020100300506032b657004220420") + b"o" * 32)


KEYS = []  # the operator's, a witness's


def tearDownModule():
    shutil.rmtree(ROOM)


def run(*arguments, stdin=b""):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def signed(size, root, origin=ORIGIN, more=""):
    """A checkpoint that the operator signs; `more` is further lines of it."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n{more}"
    with tempfile.TemporaryDirectory() as folder:
        write(os.path.join(folder, "text"), text)
        subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", os.path.join(ROOM, "operator.der"), "-keyform", "DER", "-in",
                        os.path.join(folder, "text"), "-out", os.path.join(folder, "signature")], check=True)
        signature = read(os.path.join(folder, "signature"))
    key_id = bytes.fromhex(KEYS[0].split("+")[1])
    return f"{text}\n— {ORIGIN} {base64.b64encode(key_id + signature).decode()}\n"


def checkpoint(size):
    return read(os.path.join(ROOM, str(size), "ledger/checkpoint"))


# ---- RFC 6962, as it stands there.

def leaves(size):
    entries = []
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        bytes_ = read(os.path.join(ROOM, str(size), f"ledger/tile/entries/{index:03}" + ("" if width == 256 else f".p/{width}")))
        entries += [bytes_[i * 34 + 2:i * 34 + 34] for i in range(width)]
    return [hashlib.sha256(b"\0" + entry).digest() for entry in entries]


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root_of(hashes):
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return hashlib.sha256(b"\1" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def consistency(m, hashes, whole=True):
    n = len(hashes)
    if m == n:
        return [] if whole else [root_of(hashes)]
    k = split(n)
    if m <= k:
        return consistency(m, hashes[:k], whole) + [root_of(hashes[k:])]
    return consistency(m - k, hashes[k:], False) + [root_of(hashes[:k])]


class Verify(unittest.TestCase):
    def test_a_receipt_is_explained(self):
        status, out, err = run("verify", GOLDEN)
        self.assertEqual((status, err), (0, ""))
        self.assertIn('party "B" acknowledged notice', out)
        self.assertIn("ONLY THIS FILE says is the operator's", out)
        status, out, _ = run("verify", "--witness", self.witness("w", b"w"), "--operator-key", KEYS[0], GOLDEN)
        self.assertEqual(status, 0)
        self.assertIn("which you gave", out)
        self.assertIn('Witness "witness.example/w" signed it, too', out)

    def test_what_was_changed_is_not_proven(self):
        for old, new in ((b"b200", b"b201"), (b"2026-03-01T10:04:09Z", b"2026-03-01T10:04:08Z")):
            changed = read(GOLDEN).replace(old, new)
            self.assertNotEqual(changed, read(GOLDEN))
            status, out, _ = run("verify", "-", stdin=changed)
            self.assertEqual(status, 3)
            self.assertIn("NOT PROVEN: items[", out)

    def test_another_operators_receipt_is_not_proven(self):
        typed = base64.b64decode(KEYS[0].split("+", 2)[2])
        for name, key in (("other.example", typed), (ORIGIN, typed[:1] + bytes.fromhex("58" + "66" * 31))):
            key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
            other = f"{name}+{key_id}+{base64.b64encode(key).decode()}"
            status, out, err = run("verify", GOLDEN, "--operator-key", other)
            self.assertEqual(status, 3, err)
            self.assertIn("NOT PROVEN: checkpoint", out)
        self.assertEqual(run("verify", GOLDEN, "--operator-key", KEYS[0].replace(ORIGIN, "other.example"))[0], 2)
        self.assertEqual(run("verify", GOLDEN, "--operator-key", KEYS[1])[0], 2)  # a witness's

    def party_key(self, seed):
        """A file with the public key of which `seed` fills the private one."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        write(folder.name + "/der", bytes.fromhex("302e020100300506032b657004220420") + seed * 32)
        subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", folder.name + "/der", "-pubout", "-out", folder.name + "/pub"], check=True)
        return folder.name + "/pub"

    def witness(self, name, seed):
        der = subprocess.run(["openssl", "pkey", "-pubin", "-in", self.party_key(seed), "-outform", "DER"], capture_output=True, check=True).stdout
        name, typed = "witness.example/" + name, b"\x04" + der[-32:]
        return f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + typed).digest()[:4].hex()}+{base64.b64encode(typed).decode()}"

    def test_only_the_keys_that_are_given_acknowledge(self):
        status, out, err = run("verify", GOLDEN, "--operator-key", KEYS[0], "--party-key", "B=" + self.party_key(b"b"))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("is one that you gave for this party", out)
        # The operator registered another key, which signed: as it can, who holds the ledger.
        for given in ("B=" + self.party_key(b"x"), "C=" + self.party_key(b"b")):
            status, out, _ = run("verify", GOLDEN, "--operator-key", KEYS[0], "--party-key", given)
            self.assertEqual(status, 3, given)
            self.assertIn('NOT PROVEN: items[2]: the acknowledgement of party "B": it is signed with the key', out)
            self.assertIn("which is none that you gave for this party", out)
            self.assertIn("This much is proven:\nEntry 100", out)
        # Without any, that of the ledger counts, and whose word that is is said.
        status, out, _ = run("verify", GOLDEN)
        self.assertEqual(status, 0)
        self.assertIn("is the operator's word", out)
        receipt = json.loads(read(GOLDEN))
        status, out, _ = run("verify", "-", stdin=json.dumps({**receipt, "party_keys": []}).encode())
        self.assertEqual(status, 3)
        self.assertIn("its signature is not checked", out)

    def test_a_file_that_names_other_keys_than_those_given_is_not_proven(self):
        receipt = json.loads(read(GOLDEN))
        typed = base64.b64decode(KEYS[0].split("+", 2)[2])
        key_id = hashlib.sha256(b"evil.example\n" + typed).digest()[:4].hex()
        evil = f"evil.example+{key_id}+{base64.b64encode(typed).decode()}"
        for change, text in (({"operator_key": evil}, "NOT PROVEN: operator_key: the file says that it is"),
                             ({"party_keys": [{"party": "B", "key": base64.urlsafe_b64encode(b"X" + b"f" * 31).decode().rstrip("=")}]},
                              "NOT PROVEN: party_keys[0]: the file says that")):
            arguments = ["--operator-key", KEYS[0], "--party-key", "B=" + self.party_key(b"b")]
            status, out, err = run("verify", "-", *arguments, stdin=json.dumps({**receipt, **change}).encode())
            self.assertEqual((status, err), (3, ""), out)
            self.assertIn(text, out)

    def test_each_witness_that_is_named_must_have_signed(self):
        signed, absent = self.witness("w", b"w"), self.witness("v", b"v")
        status, out, _ = run("verify", GOLDEN, "--witness", signed, "--witness", absent)
        self.assertEqual(status, 3)
        self.assertIn("NOT PROVEN: checkpoint: 1 of the witnesses that you named signed it, and 2 are to", out)
        self.assertEqual(run("verify", GOLDEN, "--witness", signed, "--witness", absent, "--witnesses-min", 1)[0], 0)
        # The same key twice is one witness, also under another name.
        status, _, err = run("verify", GOLDEN, "--witness", signed, "--witness", signed, "--witnesses-min", 2)
        self.assertEqual(status, 2)
        self.assertIn("--witnesses-min: is more than there are --witness (1, each key counted once)", err)
        status, _, err = run("verify", GOLDEN, "--witness", signed, "--witness", self.witness("twin", b"w"))
        self.assertEqual(status, 2)
        self.assertIn("have the same key", err)

    def test_what_is_no_receipt_and_bad_arguments(self):
        for arguments, stdin, text in ((["-"], b"{}", "is no receipt"), (["-"], b"\x1b\xff", "is no receipt"),
                                       (["/nonexistent"], b"", "cannot read it"), ([GOLDEN, "--party-key", "B"], b"", "NAME=FILE"),
                                       ([GOLDEN, "--party-key", "B=/nonexistent"], b"", "cannot read it"),
                                       ([GOLDEN, "--witness", "x"], b"", "--witness: ")):
            status, out, err = run("verify", *arguments, stdin=stdin)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn(text, err)
            self.assertNotIn("\x1b", err)


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state")
        self.served = os.path.join(folder.name, "served")
        self.delay_s = 0
        self.refused = {}  # by path, the statuses that it is answered before what is there
        served, test = self.served, self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=served)

            def do_GET(self):
                time.sleep(test.delay_s)
                if test.refused.get(self.path):
                    return self.send_error(test.refused[self.path].pop(0))
                return super().do_GET()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def serve(self, size):
        shutil.rmtree(self.served, ignore_errors=True)
        shutil.copytree(os.path.join(ROOM, str(size)), self.served)

    def change(self, path, byte):
        path = os.path.join(self.served, "ledger", path)
        content = bytearray(read(path))
        content[byte] ^= 1
        write(path, bytes(content))

    def audit(self, *arguments):
        return run("audit", self.url, "--state", self.state, *arguments)

    def good(self, size):
        self.serve(size)
        status, out, err = self.audit("--operator-key", KEYS[0])
        self.assertEqual((status, err), (0, ""), out)
        return out

    def bad(self, *texts, arguments=()):
        before = read(self.state) if os.path.exists(self.state) else None
        status, out, err = self.audit(*arguments)
        self.assertEqual(status, 3, out + err)
        for text in texts:
            self.assertIn(text, out + err)
        self.assertEqual(read(self.state) if os.path.exists(self.state) else None, before)

    def test_a_ledger_that_grows_is_good(self):
        for size, new in ((1, 1), (300, 299), (300, 0), (1000, 700)):
            self.assertIn(f"has {size} entries, {new} of them new", self.good(size))
        self.assertEqual(self.audit()[0], 0, "the key stands in the state")

    def test_progress_is_shown_where_it_is_asked_for(self):
        self.serve(1000)
        status, out, err = self.audit("--operator-key", KEYS[0], "--progress", "never")
        self.assertEqual((status, err), (0, ""))
        os.remove(self.state)
        # Slow enough for the line to be due.
        self.delay_s = 0.1
        status, shown, err = self.audit("--operator-key", KEYS[0], "--progress", "always")
        self.assertEqual((status, shown), (0, out))
        self.assertRegex(err, r"entries +\[[#.]+\] +\d+ %")
        self.assertTrue(err.endswith("\r\033[K"), "and it is taken away")

    def test_a_rollback(self):
        self.good(300)
        self.serve(1)
        self.bad("ROLLED BACK: the ledger had 300 entries, and has 1 now", "What the operator signed before", checkpoint(300).decode())

    def test_evidence_steers_no_terminal_and_is_kept_whole(self):
        self.good(300)
        self.serve(1)
        note = signed(1, root_of(leaves(1)), more="x\u009b2J\u202e\ufeff\n")
        write(self.served + "/ledger/checkpoint", note)
        status, out, err = self.audit()
        self.assertEqual(status, 3)
        for character in "\u009b\u202e\ufeff":
            self.assertNotIn(character, out + err)
        self.assertIn(checkpoint(300).decode(), err)
        self.assertIn(base64.b64encode(note.encode()).decode(), err)

    def test_another_tree_of_the_same_size(self):
        self.good(300)
        write(self.served + "/ledger/checkpoint", signed(300, b"x" * 32))
        self.bad("FORKED", base64.b64encode(b"x" * 32).decode())

    def test_a_root_that_is_not_of_the_entries(self):
        self.good(300)
        self.serve(1000)
        write(self.served + "/ledger/checkpoint", signed(1000, b"x" * 32))
        self.bad("the root of the new checkpoint")

    def test_other_entries_than_before(self):
        self.good(300)
        self.serve(1000)
        self.change("tile/0/000", 5)
        self.bad("no longer has the entries that it had")
        self.serve(1000)
        self.change("tile/entries/001", 40)
        self.bad("no longer has the entries that it had")

    def test_new_entries_and_tiles_that_are_wrong(self):
        for path, byte, text in (("tile/entries/002", 34 * 9 + 3, "tile 2 of level 0"), ("tile/0/002", 5, "tile 2 of level 0"),
                                 ("tile/entries/003.p/232", 3, "the root of the new checkpoint"),
                                 ("tile/entries/003.p/232", 0, "tile/entries/003.p/232: "), ("tile/0/003.p/232", 0, "tile 3 of level 0"),
                                 ("tile/0/003.p/232", -1, "tile 3 of level 0"), ("tile/1/000.p/3", 95, "tile 0 of level 1")):
            self.good(300)
            self.serve(1000)
            self.change(path, byte)
            self.bad(text)

    def test_a_checkpoint_that_is_not_the_operators(self):
        self.good(300)
        for wrong in (checkpoint(300).decode().replace("\n300\n", "\n301\n"), "", "x", signed(300, b"x" * 32, "other.example")):
            write(self.served + "/ledger/checkpoint", wrong)
            self.bad("NOT PROVEN: checkpoint: ")

    def test_witnesses(self):
        self.serve(300)
        self.assertEqual(self.audit("--operator-key", KEYS[0], "--witness", KEYS[1], "--witnesses-min", 1)[0], 0)
        write(self.served + "/ledger/checkpoint", signed(300, root_of(leaves(300))))
        self.bad("has not signed", "0 of the witnesses signed", arguments=("--witness", KEYS[1], "--witnesses-min", 1))
        self.bad("has not signed", "0 of the witnesses signed, and 1 is to", arguments=("--witness", KEYS[1]))
        self.assertEqual(self.audit("--witness", KEYS[1], "--witnesses-min", 0)[0], 0)
        self.assertEqual(self.audit("--witness", KEYS[1], "--witness", KEYS[1], "--witnesses-min", 2)[0], 2, "one key is one witness")
        self.assertEqual(self.audit("--witnesses-min", 1)[0], 2)
        self.serve(300)
        status, _, err = self.audit("--witness", KEYS[1], "--witness", KEYS[1], "--witnesses-min", 2)
        self.assertEqual(status, 2, "a key that is named twice is one")
        self.assertIn("--witnesses-min", err)

    def test_what_cannot_be_fetched_is_no_proof_of_anything(self):
        self.good(300)
        before = read(self.state)
        self.serve(1000)
        for path, status in (("tile/entries/002", 500), ("tile/0/001", 429), ("tile/0/003.p/232", 503), ("checkpoint", 500), ("checkpoint", 404),
                             ("tile/0/001", 302)):
            self.refused = {"/ledger/" + path: [status] * 9}
            ended, _, err = self.audit()
            self.assertEqual((ended, read(self.state)), (1, before), path)
            self.assertIn(f"/ledger/{path}: the service answered {status}", err)
        self.refused = {f"/ledger/{path}": [503, 429] for path in ("checkpoint", "tile/entries/002", "tile/0/003.p/232")}
        self.assertEqual(self.audit()[0], 0, "it is asked again")

    def test_what_was_signed_and_is_not_there_is_evidence(self):
        def lacks(path):
            os.remove(os.path.join(self.served, "ledger", path))

        def has(path, content):
            write(os.path.join(self.served, "ledger", path), content)

        entries, hashes = (read(os.path.join(ROOM, "1000/ledger/tile", path)) for path in ("entries/002", "0/001"))
        cases = [("tile/entries/002", lacks), ("tile/entries/003.p/232", lacks), ("tile/0/001", lacks), ("tile/0/003.p/232", lacks),
                 ("tile/1/000.p/3", lacks)]
        for path, content in (("tile/entries/002", entries[:-1]), ("tile/entries/002", entries + b"x"), ("tile/0/001", hashes[:-1]),
                              ("tile/0/001", hashes + b"x"), ("tile/0/001", b"")):
            cases.append((path, lambda path, content=content: has(path, content)))
        for number, (path, change) in enumerate(cases, 1):
            self.good(300)
            self.serve(1000)
            change(path)
            self.bad("FORKED OR FALSIFIED: /ledger/" + path, "1000 entries that were signed", "What the operator signed before")
            evidence = json.loads(read(f"{self.state}.evidence-{number}"))
            self.assertEqual((evidence["before"], evidence["now"], evidence["asked"]),
                             (checkpoint(300).decode(), checkpoint(1000).decode(), "/ledger/" + path))
            self.assertEqual(evidence["status"], 404 if change is lacks else 200)
            if change is not lacks:
                self.assertEqual(base64.b64decode(evidence["body"]), read(os.path.join(self.served, "ledger", path)))
            os.remove(self.state)
        self.good(300)
        write(self.served + "/ledger/checkpoint", signed(1 << 62, b"x" * 32))
        self.bad("FORKED OR FALSIFIED: /ledger/tile/entries/001", "4611686018427387904 entries that were signed")
        self.serve(1000)
        self.refused = {f"/ledger/{path}": [404] for path in ("tile/entries/002", "tile/0/001", "tile/1/000.p/3")}
        self.assertEqual(self.audit()[0], 0, "a checkpoint may be ahead of its tiles for an instant")

    def test_a_tile_that_is_full_now_stands_for_what_it_was(self):
        self.serve(1000)
        write(self.served + "/ledger/checkpoint", checkpoint(300))
        for path in ("tile/entries/001.p/44", "tile/0/001.p/44"):
            if os.path.exists(os.path.join(self.served, "ledger", path)):
                os.remove(os.path.join(self.served, "ledger", path))
        write(self.served + "/ledger/tile/1/000.p/1", read(os.path.join(ROOM, "300/ledger/tile/1/000.p/1")))
        self.assertEqual(self.audit("--operator-key", KEYS[0])[0], 0)
        self.change("tile/0/001", 5)
        self.bad("tile 1 of level 0 has other hashes")

    def test_one_is_asked_at_a_time(self):
        for arguments in ([self.url, "--data", self.served], ["--url", self.url, "--data", self.served]):
            self.assertEqual(run("audit", *arguments)[0], 2, arguments)
        status, _, err = run("audit", "--url", self.url, "--data", self.served)
        self.assertIn("--data is a store's folder instead of a service", err)
        done = subprocess.run([PROGRAM, "audit", "--data", "/nonexistent"], env={**os.environ, "WIDEBERTH_URL": self.url}, capture_output=True,
                              timeout=60, check=False)
        self.assertNotIn(b"instead of a service", done.stderr)

    def test_a_state_that_cannot_be_written_leaves_nothing_behind(self):
        self.serve(300)
        done = subprocess.run(["sh", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "sh", PROGRAM, "audit", self.url, "--state", self.state, "--operator-key",
                               KEYS[0]], capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"state.partial: cannot write: File too large", done.stderr)
        self.assertFalse(os.path.exists(self.state + ".partial"))

    def test_headers_without_an_end_are_called_so(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer():
                while True:
                    try:
                        connection = server.accept()[0]
                    except OSError:
                        return
                    try:
                        connection.recv(4096)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20))
                    except OSError:
                        pass
                    connection.close()
            threading.Thread(target=answer, daemon=True).start()
            status, _, err = run("audit", f"http://127.0.0.1:{server.getsockname()[1]}", "--state", self.state, "--operator-key", KEYS[0])
        self.assertEqual(status, 1)
        self.assertIn("the answer's headers are too long", err)

    def test_the_state_is_guarded(self):
        self.serve(300)
        self.assertEqual(self.audit()[0], 2, "no key")
        self.good(300)
        other = KEYS[0].split("+")[0]
        self.assertIn("--operator-key", self.audit("--operator-key", other)[2])
        with open(self.state + ".lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, _, err = self.audit()
        self.assertEqual(status, 1)
        self.assertIn("another process uses it", err)
        whole = json.loads(read(self.state))
        for wrong in ("{}", json.dumps({**whole, "checkpoint": ""}), json.dumps({name: whole[name] for name in ("format", "operator_key")})):
            write(self.state, wrong)
            status, _, err = self.audit("--operator-key", KEYS[0])
            self.assertEqual((status, read(self.state)), (2, wrong.encode()))
            self.assertIn("is no state", err)
        os.remove(self.state)
        os.symlink(self.state + "-that-is-not-there", self.state)
        self.assertEqual(self.audit("--operator-key", KEYS[0])[0], 2, "somebody took away what was there")
        self.assertTrue(os.path.islink(self.state))


class Witness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.state = self.folder + "/state"
        self.key_file = self.folder + "/w.key"
        run("keygen", self.key_file)
        self.process = None
        self.addCleanup(self.stop)

    def arguments(self, *more):
        return ["witness", "--name", "w.example/w1", "--key", self.key_file, "--ledger", KEYS[0], "--state", self.state, "--listen",
                "127.0.0.1:0", *more]

    def start(self, *more):
        self.process = subprocess.Popen([PROGRAM, *self.arguments(*more)], stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        self.port = int(line.split("http://127.0.0.1:")[1].split('"')[0])
        self.verifier = line.split('witness_key="')[1].split('"')[0]
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.process.stderr.close()
        self.process = None
        return status

    def ask(self, body, method="POST", path="/add-checkpoint"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content.decode(), answer

    def add(self, old, proof, note):
        lines = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
        note = note if isinstance(note, bytes) else note.encode()
        return self.ask(f"old {old}\n{lines}\n".encode() + note)

    def test_it_cosigns_what_grows(self):
        self.start("--new-state")
        before = int(time.time())
        status, line, _ = self.add(0, [], checkpoint(300))
        self.assertEqual(status, 200)
        dash, name, blob = line.rstrip("\n").split(" ")
        blob = base64.b64decode(blob)
        self.assertEqual((dash, name, blob[:4].hex(), len(blob)), ("—", "w.example/w1", self.verifier.split("+")[1], 76))
        seconds, = struct.unpack(">Q", blob[4:12])
        self.assertTrue(before <= seconds <= time.time())
        text = checkpoint(300).decode().split("\n\n")[0] + "\n"
        write(self.folder + "/signed", f"cosignature/v1\ntime {seconds}\n{text}")
        write(self.folder + "/signature", blob[12:])
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.key_file + ".pub", "-rawin", "-sigfile",
                        self.folder + "/signature", "-in", self.folder + "/signed"], capture_output=True, check=True)
        self.assertEqual(self.add(300, [], checkpoint(300))[0], 200)
        self.assertEqual(self.add(300, consistency(300, leaves(1000)), checkpoint(1000))[0], 200)

    def test_it_never_signs_what_does_not_follow(self):
        self.start("--new-state")
        self.assertEqual(self.add(0, [], checkpoint(300))[0], 200)
        status, size, answer = self.add(0, [], checkpoint(1000))
        self.assertEqual((status, size, answer.getheader("Content-Type")), (409, "300\n", "text/x.tlog.size"))
        self.assertEqual(self.add(300, [], checkpoint(1000))[0], 422)
        self.assertEqual(self.add(300, [b"x" * 32] * 9, checkpoint(1000))[0], 422)
        self.assertEqual(self.add(300, [], signed(300, b"x" * 32))[0], 409)
        self.assertEqual(self.add(300, consistency(300, leaves(1000)), signed(1000, b"x" * 32))[0], 422)
        self.assertEqual(self.add(300, [], checkpoint(1))[0], 400)
        self.assertEqual(self.add(300, [], signed(300, b"x" * 32, "other.example"))[0], 404)
        self.assertEqual(self.add(300, [], checkpoint(300).decode().replace("\n300\n", "\n301\n"))[0], 403)
        for body in (b"", b"old\n\n", b"old 0\n\n", b"\xff" * 100, b"old 0\nx\n\n" + checkpoint(300)):
            self.assertEqual(self.ask(body)[0], 400, body)
        self.assertEqual(self.ask(b"x" * 200_000)[0], 413)
        self.assertEqual(self.ask(b"", "GET")[0], 405)
        self.assertEqual(self.ask(b"", path="/other")[0], 404)
        self.assertEqual(self.add(300, consistency(300, leaves(1000)), checkpoint(1000))[0], 200)

    def test_it_remembers_over_a_restart(self):
        self.start("--new-state")
        self.assertEqual(self.add(0, [], checkpoint(1000))[0], 200)
        self.assertEqual(self.stop(), 0)
        self.start()
        self.assertEqual(self.add(0, [], checkpoint(300))[:2], (409, "1000\n"))

    def test_it_remembers_when_it_is_killed(self):
        self.start("--new-state")
        self.assertEqual(self.add(0, [], checkpoint(1000))[0], 200)
        self.process.kill()
        self.process.wait(20)
        self.process.stderr.close()
        self.start()
        self.assertEqual(self.add(0, [], checkpoint(300))[:2], (409, "1000\n"))

    def test_it_does_not_begin_without_what_it_signed(self):
        status, _, err = run(*self.arguments())
        self.assertEqual(status, 2)
        self.assertIn("would sign a fork", err)
        write(self.state, "{}")
        for arguments, text in ((self.arguments(), "is no state"), (self.arguments("--new-state"), "is there already")):
            status, _, err = run(*arguments)
            self.assertEqual(status, 2)
            self.assertIn(text, err)
        self.assertEqual(read(self.state), b"{}")
        one = {"origin": ORIGIN, "size": "0", "root": base64.b64encode(hashlib.sha256(b"").digest()).decode()}
        for ledgers in ([], [one, one], [one, {**one, "size": "3"}]):
            write(self.state, json.dumps({"format": "wideberth-witness/1", "ledgers": ledgers}))
            status, _, err = run(*self.arguments())
            self.assertEqual(status, 2, ledgers)
            self.assertIn("is no state", err)
        os.remove(self.state)
        self.start("--new-state")
        self.stop()
        self.assertEqual(json.loads(read(self.state))["ledgers"], [one], "what was not signed yet is known, too")

    def test_two_keys_of_one_ledger_are_refused(self):
        typed = base64.b64decode(KEYS[0].split("+", 2)[2])[:1] + bytes.fromhex("58" + "66" * 31)
        key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + typed).digest()[:4].hex()
        other = f"{ORIGIN}+{key_id}+{base64.b64encode(typed).decode()}"
        status, _, err = run(*self.arguments("--new-state", "--ledger", other))
        self.assertEqual(status, 2)
        self.assertIn("is given with two keys", err)
        self.assertFalse(os.path.exists(self.state))
        self.start("--new-state", "--ledger", KEYS[0])

    def test_slow_senders_take_no_place_from_others(self):
        self.start("--new-state")
        idle = []
        self.addCleanup(lambda: [one.close() for one in idle])
        for _ in range(300):
            idle.append(socket.create_connection(("127.0.0.1", self.port), timeout=20))
            idle[-1].sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\nold")
        self.assertEqual(self.add(0, [], checkpoint(300))[0], 200)
        begun = time.monotonic()
        while idle[0].recv(1000):
            pass
        self.assertLess(time.monotonic() - begun, 8, "they are cut off soon")

    def test_only_one_has_a_state(self):
        self.start("--new-state")
        status, _, err = run(*self.arguments())
        self.assertEqual(status, 2)
        self.assertIn("another process uses it", err)

    def test_what_cannot_be_kept_is_not_signed(self):
        self.start("--new-state")
        os.mkdir(self.state + ".partial")
        status, body, _ = self.add(0, [], checkpoint(300))
        self.assertEqual(status, 503)
        self.assertNotIn("—", body)
        os.rmdir(self.state + ".partial")
        self.assertEqual(self.add(0, [], checkpoint(1000))[0], 200)

    def test_many_at_once_get_one_order(self):
        self.start("--new-state")
        answers = []
        ask = lambda size: answers.append(self.add(0, [], checkpoint(size))[0])
        threads = [threading.Thread(target=ask, args=(size,)) for size in (1, 300, 1000) * 8]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(answers), [200] + [409] * 23)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
