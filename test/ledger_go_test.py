"""Ledgers of several sizes as a service serves them, and that of a running service: Go's own implementation of
transparency logs accepts each, and refuses each with any byte changed.

    ledger_go_test.py WRITE_LEDGER CHECKER WIDEBERTH
"""
import functools
import http.server
import pathlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dss_server import Server  # noqa: E402

WRITER, CHECKER, PROGRAM = sys.argv[1:4]
# Around the widths of tiles; the last one has three levels of them.
SIZES = [1, 2, 255, 256, 257, 511, 513, 700, 65_793]
# Every byte of every file of these is changed in turn.
TAMPERED_SIZES = [1, 5, 258]
CHANGED_PROOFS = 60


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)

    def write(self, size):
        folder = self.folder / str(size)
        done = subprocess.run([WRITER, folder, str(size)], capture_output=True, text=True, timeout=60, check=True)
        operator, witness = done.stdout.splitlines()
        return folder, operator, witness

    def check(self, base, operator, witness, *more):
        return subprocess.run([CHECKER, "-base", str(base), "-key", operator, "-witnesses", witness, *more],
                              capture_output=True, text=True, timeout=300, check=False)

    def test_each_size_is_accepted(self):
        for size in SIZES:
            with self.subTest(size=size):
                folder, operator, witness = self.write(size)
                done = self.check(f"file://{folder}", operator, witness, "-made", folder / "proofs")
                self.assertEqual(done.stderr, "")
                proofs = min(size, 100)
                self.assertEqual(done.stdout, f"size {size} entries {size} inclusions {proofs} consistencies {proofs} "
                                              "made 80\n")

    def test_it_is_accepted_over_http(self):
        folder, operator, witness = self.write(700)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                 functools.partial(QuietHandler, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = self.check(f"http://127.0.0.1:{server.server_port}", operator, witness)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        self.assertEqual(done.stdout, "size 700 entries 700 inclusions 100 consistencies 100 made 0\n", done.stderr)

    def test_any_changed_byte_is_refused(self):
        for size in TAMPERED_SIZES:
            with self.subTest(size=size):
                folder, operator, witness = self.write(size)
                done = self.check(f"file://{folder}", operator, witness, "-tamper")
                self.assertEqual(done.returncode, 0, done.stderr)
                count = sum(path.stat().st_size for path in (folder / "ledger").rglob("*") if path.is_file())
                self.assertIn(f"changed bytes refused {count}\n", done.stdout)

    def test_a_changed_proof_is_refused(self):
        folder, operator, witness = self.write(300)
        proofs = (folder / "proofs").read_bytes()
        changed_file = folder / "changed"
        source = random.Random(1)
        # A bit of a hash: of a letter or digit of base64, so that it stays one.
        places = [i for i, byte in enumerate(proofs[:-1]) if chr(byte) in "ABab01" and proofs[i + 1:i + 2].isalnum()]
        for place in source.sample(places, CHANGED_PROOFS):
            changed = bytearray(proofs)
            changed[place] ^= 1
            changed_file.write_bytes(changed)
            done = self.check(f"file://{folder}", operator, witness, "-made", changed_file)
            self.assertEqual(done.returncode, 1, f"byte {place}: {done.stdout}")

    def test_another_key_is_refused(self):
        folder, operator, witness = self.write(5)
        stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        self.assertEqual(self.check(f"file://{folder}", stranger, witness).returncode, 1)
        self.assertEqual(self.check(f"file://{folder}", operator, witness).returncode, 0)


class RunningService(unittest.TestCase):
    def setUp(self):
        self.server = Server(os.path.abspath(PROGRAM))
        self.addCleanup(self.server.close)
        self.version = ""

    def write(self, count):
        token = self.server.token("uss1")
        connection = self.server.connect()
        for number in range(count):
            body = {"old_version": self.version, "availability": "Normal" if number % 2 else "Down"}
            status, answer, _ = self.server.ask("PUT", "/dss/v1/uss_availability/uss1", body, token, connection=connection)
            self.assertEqual(status, 200)
            self.version = answer["version"]
        connection.close()

    def check(self):
        with open(os.path.join(self.server.data, "ledger.pub"), encoding="ascii") as file:
            operator = file.read().strip()
        return subprocess.run([CHECKER, "-base", f"http://127.0.0.1:{self.server.port}", "-key", operator],
                              capture_output=True, text=True, timeout=300, check=False)

    def test_it_is_accepted_as_it_grows_and_after_a_restart(self):
        size = 0
        for count in (1, 254, 1, 1, 300):
            self.write(count)
            size += count
            for _ in range(2):
                done = self.check()
                self.assertTrue(done.stdout.startswith(f"size {size} entries {size} "), (done.stdout, done.stderr))
                self.server.stop()
                self.server.start()

    def test_what_was_changed_in_the_store_is_refused(self):
        self.write(600)
        file = os.path.join(self.server.data, "wideberth.db")
        changes = ["UPDATE ledger SET event = replace(event, 'availability', 'Availability') WHERE number = 100",
                   "UPDATE ledger SET salt = zeroblob(32) WHERE number = 511",
                   "UPDATE ledger SET event = event || ' ' WHERE number = 599",
                   "UPDATE tiles SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE number = 1"]
        self.assertEqual(self.check().returncode, 0)
        for change in changes:
            with self.subTest(change=change):
                self.server.stop()
                with open(file, "rb") as kept:
                    before = kept.read()
                database = sqlite3.connect(file)
                self.assertEqual(database.execute(change).rowcount, 1)
                database.commit()
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.close()
                if "599" in change or "tiles" in change:
                    # A start looks at the end that is in no full tile, and at the last tiles.
                    with self.assertRaisesRegex(RuntimeError, "not what was written"):
                        self.server.start()
                else:
                    self.server.start()
                    done = self.check()
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.server.stop()
                for name in ("-wal", "-shm"):
                    if os.path.exists(file + name):
                        os.remove(file + name)
                with open(file, "wb") as put_back:
                    put_back.write(before)
                self.server.start()
                self.assertEqual(self.check().returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
