"""Holds what a server answers to its description, GET /openapi.json, operation by operation and status by status.

A test file says which of the paths are its own, asks through dss_server.Server, has the class EveryOperation among its tests, and
calls `check` at its end: a status that came and is not described fails, and so does one that is described and never came.
"""
import re
import socket

from dss_server import ALL_SCOPES, PARTY_SCOPES, POOL_SCOPES, RID_SCOPES, Server, new_id

EVERY_SCOPE = ALL_SCOPES + RID_SCOPES + POOL_SCOPES + PARTY_SCOPES
METHODS = ("GET", "PUT", "POST", "DELETE")


class Described:
    def __init__(self, is_own):
        """`is_own` says of a path whether this file tests it."""
        self.is_own = is_own
        self.paths = {}
        self.seen = set()  # (method, path, status) of every answer
        ask = Server.ask

        def ask_and_note(server, method, path, *others, **more):
            answer = ask(server, method, path, *others, **more)
            self.seen.add((method, path.partition("?")[0], answer[0]))
            return answer

        Server.ask = ask_and_note

    def read(self, server):
        status, description, _ = server.ask("GET", "/openapi.json")
        assert status == 200, status
        self.paths = {path: item for path, item in description["paths"].items() if self.is_own(path)}
        assert self.paths

    def operations(self):
        """(method, path, operation) of each, with good arguments in the path."""
        for path, item in self.paths.items():
            for method in METHODS:
                if method.lower() in item:
                    good = re.sub(r"\{(\w+)\}", lambda name: new_id() if name[1].endswith("id") else "x" * 16, path)
                    yield method, good, item[method.lower()]

    def check(self, all_ran):
        described = {(method, path, int(status)) for path, item in self.paths.items() for method in METHODS
                     for status in item.get(method.lower(), {}).get("responses", ())}
        patterns = [(path, re.compile(re.sub(r"\{\w+\}", "[^/]*", path))) for path in sorted(self.paths, key=lambda path: "{" in path)]
        seen = set()
        for method, path, status in self.seen:
            template = next((template for template, pattern in patterns if pattern.fullmatch(path)), None)
            if template and method.lower() in self.paths[template]:
                seen.add((method, template, status))
        assert seen <= described, f"not in the description: {sorted(seen - described)}"
        never = {one for one in described - seen if one[2] != 503}  # src/api/api_test.cc has these
        assert not all_ran or not never, f"in the description, but never answered: {sorted(never)}"


def raw(server, data, seconds=20):
    """What comes back for these bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def refused_if_endless(operation):
    """Headers with which events without an end are refused, for an operation that answers with them."""
    return {"Last-Event-ID": "x"} if "text/event-stream" in operation["responses"].get("200", {}).get("content", ()) else {}


class EveryOperation:
    """Tests of what is the same for all operations. (A mix-in: not run by itself.)"""
    described = None  # the file's Described
    program = None

    def test_every_operation_refuses_what_is_too_large_or_coded_or_no_http(self):
        huge, header = b" " * (4 * 1024 * 1024 + 1), "x" * 20_000
        token = self.server.token("uss1", EVERY_SCOPE)
        for method, path, operation in self.described.operations():
            with self.subTest(method=method, path=path):
                status, answer, _ = self.server.ask(method, path, huge, token)
                self.assertEqual(status, 413, answer)
                self.assertTrue(answer["message"])
                self.assertEqual(self.server.ask(method, path, b"{}", token, {"X": header})[0], 431)
                status, _, headers = self.server.ask(method, path, b"{}", token, {"Content-Encoding": "gzip"})
                self.assertEqual((status, headers.get("Accept-Encoding")), (415, "identity"))
                status = self.server.ask(method, path, b"x", token, {"Content-Encoding": "identity", **refused_if_endless(operation)})[0]
                self.assertIn(status, (200, 400, 404, 409, 501))
                for lines in ("", "Host: a\r\nHost: b\r\n", "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
                              "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Host: a\r\nContent-Length: -1\r\n",
                              "Host: a\r\nTransfer-Encoding: chunked\r\n\r\nzz", "Host: a\r\n folded: b\r\n: c\r\n"):
                    answer = raw(self.server, f"{method} {path} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n".encode())
                    self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (lines, answer[:80]))
                    self.assertIn(b'{"message":"', answer)
                self.described.seen.add((method, path, 400))

    def test_every_operation_with_a_token_refuses_who_asks_too_often_or_may_not(self):
        # Less than one a day: of each caller the first request is taken.
        with Server(self.program, "--party-rate-max", "0.00001") as server:
            for at, (method, path, operation) in enumerate(self.described.operations()):
                with self.subTest(method=method, path=path):
                    token = server.token(f"uss{at}", EVERY_SCOPE)
                    if not operation.get("security"):
                        self.assertEqual([server.ask(method, path, b"{}", token)[0] for _ in range(3)].count(429), 0)
                        continue
                    self.assertNotIn(server.ask(method, path, b"{}", token, refused_if_endless(operation))[0], (401, 403, 429))
                    for _ in range(2):
                        status, answer, headers = server.ask(method, path, b"{}", token)
                        self.assertEqual((status, headers.get("Retry-After")), (429, "1"), answer)
                        self.assertTrue(answer["message"])
                    self.assertEqual(server.ask(method, path, b"{}")[0], 401)
                    status, _, headers = server.ask(method, path, b"{}", server.token(f"nobody{at}", ["no.such.scope"]))
                    self.assertEqual((status, headers.get("WWW-Authenticate")), (403, 'Bearer error="insufficient_scope"'))
