#!/usr/bin/env python3
"""`wideberth serve` in a pool with an OAuth server: the authorization server is Authlib's, over TLS, and the USSs that are told verify its tokens.

  oauth_test.py WIDEBERTH

Run by a Python with requirements.txt.
"""
import json
import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import flask
import werkzeug.serving
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants, list_to_scope, scope_to_list
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from dss_server import SUB, circle, new_id  # noqa: E402
from party_server import CONSTRAINTS, INTENTS, PartyServer, Receiver, declaration, feature  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
COORDINATION, MANAGEMENT = "utm.strategic_coordination", "utm.constraint_management"
SECRET = "s3cret/ +&%=:value"  # every character that an encoding could lose
CLIENT = "sky one"
ISSUER = "https://auth.example"


class Client(ClientMixin):
    method = "client_secret_basic"

    def get_client_id(self):
        return CLIENT

    def get_allowed_scope(self, scope):
        return list_to_scope([one for one in scope_to_list(scope) if one in (COORDINATION, MANAGEMENT)])

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class Tokens(JWTBearerTokenGenerator):
    def __init__(self, server):
        self.server = server
        super().__init__(ISSUER, expires_generator=lambda client, grant_type: server.life_s)

    def get_jwks(self):
        return self.server.key

    def get_audiences(self, client, user, scope):
        return flask.request.form[self.server.audience_parameter]


class TokenServer:
    """Authlib's authorization server at a port of loopback that it keeps when it is stopped and started again."""

    def __init__(self, folder, audience_parameter="audience", method="client_secret_basic"):
        self.key = RSAKey.generate_key(2048)
        self.certificate = os.path.join(folder, "auth.pem")
        self.certificate_key = os.path.join(folder, "auth.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.certificate_key, "-out", self.certificate,
                        "-days", "2", "-subj", "/CN=auth", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.audience_parameter = audience_parameter
        self.life_s = 3600
        self.issued = []  # (audience, scope), in order
        self.may_answer = threading.Event()
        self.may_answer.set()
        client = Client()
        client.method = method
        app = flask.Flask("auth")
        server = AuthorizationServer(app, query_client=lambda client_id: client if client_id == CLIENT else None,
                                     save_token=lambda token, request: self.issued.append((self.get_form(), token["scope"])))
        server.register_grant(type("Grant", (grants.ClientCredentialsGrant,), {"TOKEN_ENDPOINT_AUTH_METHODS": [method]}))
        server.register_token_generator("default", Tokens(self))

        @app.post("/token")
        def token():
            self.may_answer.wait(60)
            return server.create_token_response()

        self.app = app
        self.port = 0
        self.running = None
        self.start()
        self.url = f"https://127.0.0.1:{self.port}/token"

    def get_form(self):
        return flask.request.form[self.audience_parameter]

    def start(self):
        self.running = werkzeug.serving.make_server("127.0.0.1", self.port, self.app, threaded=True,
                                                    ssl_context=(self.certificate, self.certificate_key))
        self.port = self.running.server_port
        threading.Thread(target=self.running.serve_forever, daemon=True).start()

    def stop(self):
        self.may_answer.set()
        if self.running:
            self.running.shutdown()
            self.running.server_close()
        self.running = None


class Uss(Receiver):
    """Another USS: it answers 401 unless the token is the authorization server's, for it, in time and of the right scope."""

    def __init__(self, auth, host="127.0.0.1"):
        self.auth, self.host = auth, host
        self.taken, self.refused = [], []  # (path, body, claims); reasons
        self.revoked = set()  # jti
        super().__init__()
        self.url = self.url.replace("127.0.0.1", host)
        handle = self.server.RequestHandlerClass

        def do_post(request):
            body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            status = self.take(request.path, request.headers.get("Authorization", ""), body)
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.end_headers()
        handle.do_POST = do_post

    def take(self, path, authorization, body):
        with self.came:
            try:
                claims = self.claims_of(authorization, path)
                self.taken.append((path, body, claims))
                return 204
            except (JoseError, ValueError) as error:
                self.refused.append(str(error))
                return 401
            finally:
                self.came.notify_all()

    def claims_of(self, authorization, path):
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer":
            raise ValueError("no bearer token")
        claims = jwt.decode(token, self.auth.key, algorithms=["RS256"]).claims
        scope = COORDINATION if path.endswith("/operational_intents") else MANAGEMENT
        jwt.JWTClaimsRegistry(leeway=0, iss={"essential": True, "value": ISSUER}, sub={"essential": True, "value": CLIENT},
                              aud={"essential": True, "value": self.host}, scope={"essential": True, "value": scope},
                              exp={"essential": True}).validate(claims)
        if claims["jti"] in self.revoked:
            raise ValueError("revoked")
        return claims

    def wait_for(self, number, seconds=30):
        """What was taken, once it is so many."""
        with self.came:
            self.came.wait_for(lambda: len(self.taken) >= number, seconds)
        assert len(self.taken) == number, (len(self.taken), self.refused)
        return self.taken


class Pool(unittest.TestCase):
    audience_parameter, method, options = "audience", "client_secret_basic", ()
    secret = SECRET

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.auth = TokenServer(folder.name, self.audience_parameter, self.method)
        self.addCleanup(self.auth.stop)
        secret_file = os.path.join(folder.name, "secret")
        with open(secret_file, "w", encoding="utf-8") as file:
            file.write(self.secret + "\n")
        self.server = PartyServer(PROGRAM, "--allow-http-uss", "--allow-http-webhooks", "--allow-private-webhooks", "--outbound-ca",
                                  self.auth.certificate, "--uss-token-url", self.auth.url, "--uss-client-id", CLIENT,
                                  "--uss-client-secret-file", secret_file, *self.options, names=("alpine", "city", "rescue"))
        self.addCleanup(self.server.close)
        self.place = 0.0

    def uss(self, host="127.0.0.1"):
        uss = Uss(self.auth, host)
        self.addCleanup(uss.close)
        return uss

    def subscribe(self, uss, place, **kinds):
        body = {"extents": circle(**place, lower=0, upper=3000), "uss_base_url": uss.url, **(kinds or {"notify_for_operational_intents": True})}
        status, answer, _ = self.server.ask("PUT", f"{SUB}/{new_id()}", body, self.server.token("uss2"))
        self.assertEqual(status, 200, answer)

    def elsewhere(self):
        self.place += 0.5
        return {"lat": 10 + self.place, "lng": 20}

    def log(self):
        self.server.stop()
        return self.server.log


class ClientCredentials(Pool):
    def test_tokens_are_for_the_uss_and_the_scope_and_are_used_again(self):
        uss, place = self.uss(), self.elsewhere()
        self.subscribe(uss, place, notify_for_operational_intents=True, notify_for_constraints=True)
        for lower in (500, 700, 900):
            self.server.declare("alpine", feature(**place, lower=lower, upper=lower + 50))
        self.server.declare("rescue", feature(**place, lower=1200, upper=1300), path=CONSTRAINTS)
        taken = uss.wait_for(4)
        self.assertEqual([path for path, _, _ in taken], ["/uss/v1/operational_intents"] * 3 + ["/uss/v1/constraints"])
        self.assertEqual(uss.refused, [])
        self.assertEqual(self.auth.issued, [("127.0.0.1", COORDINATION), ("127.0.0.1", MANAGEMENT)], "one is used again")
        self.assertEqual(len({claims["jti"] for _, _, claims in taken}), 2)
        # Another host is another audience.
        other = self.uss("localhost")
        self.subscribe(other, place)
        self.server.declare("alpine", feature(**place, lower=1500, upper=1600))
        self.assertEqual(other.wait_for(1)[0][2]["aud"], "localhost")
        uss.wait_for(5)
        self.assertEqual(self.auth.issued[2:], [("localhost", COORDINATION)])

    def test_a_token_is_replaced_before_it_ends(self):
        self.auth.life_s = 4
        uss, place = self.uss(), self.elsewhere()
        self.subscribe(uss, place)
        for number in range(6):
            self.server.declare("alpine", feature(**place, lower=500 + 100 * number, upper=550 + 100 * number))
            uss.wait_for(number + 1)
            time.sleep(1)
        self.assertEqual(uss.refused, [], "none came late")
        self.assertIn(len(self.auth.issued), (3, 4))

    def test_a_token_that_is_refused_is_replaced(self):
        uss, place = self.uss(), self.elsewhere()
        self.subscribe(uss, place)
        self.server.declare("alpine", feature(**place))
        uss.revoked.add(uss.wait_for(1)[0][2]["jti"])
        self.server.declare("alpine", feature(**place, lower=700, upper=750))
        self.assertNotIn(uss.wait_for(2)[1][2]["jti"], uss.revoked)
        self.assertEqual(uss.refused, ["revoked"])
        self.assertEqual(len(self.auth.issued), 2)

    def test_an_outage_of_the_authorization_server_delays_and_loses_nothing(self):
        uss, place, webhooks = self.uss(), self.elsewhere(), Receiver()
        self.addCleanup(webhooks.close)
        self.server.by("alpine", "PUT", "/api/v1/webhook", {"url": webhooks.url}, expect=200)
        self.subscribe(uss, place)
        self.auth.stop()
        mine = self.server.declare("alpine", feature(**place))
        self.server.declare("city", feature(**place, lower=580, upper=700), key=[mine["ovn"]])
        webhooks.wait(lambda *_: True, 5)
        self.assertEqual((uss.taken, uss.refused), ([], []), "nothing without a token")
        time.sleep(3)
        self.auth.start()
        taken = uss.wait_for(2)
        self.assertEqual([body["subscriptions"][0]["notification_index"] for _, body, _ in taken], [1, 2])
        log = self.log()
        self.assertEqual(log.count("no token for another USS"), 1, "rate-limited: " + log)
        self.assertRegex(log, rf"no token for 127\.0\.0\.1 with the scope {re.escape(COORDINATION)}: https://127\.0\.0\.1:{self.auth.port}: ")

    def test_a_slow_authorization_server_holds_up_nobody_else(self):
        known, new, place, webhooks = self.uss(), self.uss("localhost"), self.elsewhere(), Receiver()
        self.addCleanup(webhooks.close)
        self.subscribe(known, place)
        mine = self.server.declare("alpine", feature(**place))
        known.wait_for(1)
        self.server.by("alpine", "PUT", "/api/v1/webhook", {"url": webhooks.url}, expect=200)
        self.auth.may_answer.clear()
        self.subscribe(new, place)
        begin = time.monotonic()
        self.server.declare("city", feature(**place, lower=580, upper=700), key=[mine["ovn"]])
        known.wait_for(2)
        webhooks.wait(lambda *_: True)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(new.taken, [])
        self.auth.may_answer.set()
        new.wait_for(1)


class Post(Pool):
    method, options = "client_secret_post", ("--uss-client-authentication", "post", "--uss-token-audience-parameter", "intended_audience")
    audience_parameter = "intended_audience"

    def test_the_client_is_shown_in_the_body_and_the_audience_by_another_name(self):
        uss, place = self.uss(), self.elsewhere()
        self.subscribe(uss, place)
        self.server.declare("alpine", feature(**place))
        uss.wait_for(1)
        self.assertEqual(self.auth.issued, [("127.0.0.1", COORDINATION)])


class WrongSecret(Pool):
    secret = "not-the-secret-1234"

    def test_the_reason_is_logged_and_the_secret_is_not(self):
        uss, place = self.uss(), self.elsewhere()
        self.subscribe(uss, place)
        self.server.declare("alpine", feature(**place))
        time.sleep(2)
        log = self.log()
        self.assertEqual((uss.taken, uss.refused, self.auth.issued), ([], [], []))
        self.assertIn("refused with invalid_client (The client cannot authenticate with methods: ['client_secret_basic']), status 401", log)
        self.assertNotIn(self.secret, log)


class Settings(unittest.TestCase):
    def refused(self, *options, secret="abc"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "secret")
            with open(path, "w", encoding="utf-8") as file:
                file.write(secret)
            done = subprocess.run([PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "data"), "--audience", "a",
                                   *[path if one == "FILE" else one for one in options]],
                                  capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertFalse(os.path.exists(os.path.join(folder, "data")))
            return done.stderr

    def test_what_cannot_work_is_refused_at_the_start(self):
        url, client, file = ("--uss-token-url", "https://auth.example/t"), ("--uss-client-id", "a"), ("--uss-client-secret-file", "FILE")
        self.assertIn("--uss-token-url needs --uss-client-id, --uss-client-secret-file as well", self.refused(*url))
        self.assertIn("--uss-client-secret-file needs --uss-token-url as well", self.refused(*client, *file))
        self.assertIn("--uss-client-authentication needs --uss-token-url", self.refused("--uss-client-authentication", "post"))
        self.assertIn("exclude each other", self.refused(*url, *client, *file, "--uss-token-key", "FILE"))
        self.assertIn("is empty: put the secret", self.refused(*url, *client, *file, secret="\n"))
        self.assertIn("has several lines", self.refused(*url, *client, *file, secret="a\nb\n"))
        self.assertIn("more than 4096 bytes", self.refused(*url, *client, *file, secret="a" * 5000))
        self.assertIn("/nowhere: cannot be read: put the secret", self.refused(*url, *client, "--uss-client-secret-file", "/nowhere"))
        self.assertIn("url is not https; for a test, --allow-http-uss", self.refused("--uss-token-url", "http://auth.example/", *client, *file))
        self.assertIn("--uss-token-url: url is not", self.refused("--uss-token-url", "ftp://auth.example/", *client, *file))
        self.assertIn("{basic,post}", self.refused("--uss-client-authentication", "jwt"))
        self.assertIn("--uss-token-audience-parameter: ", self.refused(*url, *client, *file, "--uss-token-audience-parameter", "scope"))


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    socket.setdefaulttimeout(60)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
