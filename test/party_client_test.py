#!/usr/bin/env python3
"""Runs the subcommands of parties as their users do: keygen, token.

  party_client_test.py WIDEBERTH
"""
import base64
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1])


def run(*arguments, stdin=b"", timeout=60):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


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

    def test_somebody_must_be_named_and_only_once(self):
        self.assertEqual(run("token", "--key", self.path("k"), "--audience", "s")[0], 2)
        self.assertEqual(run("token", "--key", self.path("k"), "--audience", "s", "--party", "a", "--subject", "b")[0], 2)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
