"""Ledgers of several sizes as a service serves them: Go's own implementation of transparency logs accepts each, and
refuses each with any byte changed.

    ledger_go_test.py WRITE_LEDGER CHECKER
"""
import functools
import http.server
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest

WRITER, CHECKER = sys.argv[1:3]
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
