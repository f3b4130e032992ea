#!/usr/bin/env python3
"""Holds a running server to its own description, with Schemathesis: it draws requests, good and bad, from the description, and whatever
is answered must stand in it.

  contract_test.py WIDEBERTH VENV [--examples N] [--seed SEED]
"""
import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from dss_server import ALL_SCOPES, PARTY_SCOPES, POOL_SCOPES, RID_SCOPES  # noqa: E402
from party_server import PartyServer, feature  # noqa: E402

# Manager, owner and party of all that is asked here.
CALLER = "uss1"

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection", "ignored_auth", "unsupported_method", "allow_header_conformance",
    "use_after_free", "ensure_resource_availability",
    # Left out:
    # positive_data_acceptance: a schema cannot say that edges do not cross, that an area is small enough, or that a time has not passed.
    # missing_required_header: no operation demands a header but Authorization, which ignored_auth looks at.
    # object_level_authorization: needs two callers; test/dss_test.py has them.
]


def schemathesis(arguments, folder, server, description, phases, examples, seed, only=()):
    command = [os.path.join(arguments.venv, "bin", "schemathesis"), "--config-file", os.path.join(HERE, "schemathesis.toml"), "run", description, "--url", f"http://127.0.0.1:{server.port}",
               "--header", "Authorization: Bearer " + server.token(CALLER, ALL_SCOPES + RID_SCOPES + POOL_SCOPES + PARTY_SCOPES), "--checks", ",".join(CHECKS), "--phases", phases,
               "--max-examples", str(examples), "--generation-database", "none", "--continue-on-failure", "--no-color",
               "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "10",
               "--exclude-path", "/api/v1/events"]  # its answer has no end; test/parties_test.py has it
    for path in only:
        command += ["--include-path", path]
    if seed is not None:
        command += ["--seed", str(seed)]
    # Without the machine's proxies: the server is on this machine.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment.update(SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=os.pathsep.join((HERE, os.path.dirname(HERE))), PYTHONDONTWRITEBYTECODE="1",
                       WIDEBERTH_PARTY_KEY=server.key_of(CALLER))
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def answered(server):
    """{(method, route): {status: how often}}, as the server counts them."""
    port = int(re.search(r'metrics="http://127\.0\.0\.1:(\d+)/metrics"', server.log).group(1))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    counts = {}
    for method, route, status, count in re.findall(
            r'wideberth_http_requests_total\{method="(\w+)",route="([^"]*)",status="(\d+)"\} (\d+)', text):
        counts.setdefault((method, route), {})[int(status)] = int(count)
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wideberth", type=os.path.abspath)
    parser.add_argument("venv", type=os.path.abspath)
    parser.add_argument("--examples", type=int, default=25)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", action="append", default=[], help="a path; may repeat")
    arguments = parser.parse_args()
    with PartyServer(arguments.wideberth, "--metrics-listen", "127.0.0.1:0", names=(CALLER, "rescue")) as server, tempfile.TemporaryDirectory() as folder:
        status, description, _ = server.ask("GET", "/openapi.json")
        assert status == 200, status
        path = os.path.join(folder, "openapi.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(description, file)

        valid = subprocess.run([os.path.join(arguments.venv, "bin", "openapi-spec-validator"), path], capture_output=True, text=True,
                               check=False)
        if valid.returncode != 0:
            sys.exit(valid.stdout + valid.stderr)
        # Schemathesis looks after authentication by the scheme "http", not by "oauth2". On the wire they are the same.
        description["components"]["securitySchemes"]["oauth2"] = {"type": "http", "scheme": "bearer"}
        # The caller has notices, of one who met it.
        server.declare(CALLER, feature(lat=-80))
        for _ in range(20):
            server.declare("rescue", feature(lat=-80), priority=1, key=[one["ovn"] for one in server.by("rescue", "GET", "/api/v1/intents", expect=200)["intents"]])

        def write():
            with open(path, "w", encoding="utf-8") as file:
                json.dump(description, file)

        write()

        code, text = schemathesis(arguments, folder, server, path, "examples,coverage,fuzzing,stateful", arguments.examples,
                                  arguments.seed, arguments.only)
        print(text)
        if code != 0:
            sys.exit("the server and its description differ: see above")

        # Nothing is shown by requests that are all refused.
        counts = answered(server)
        never = []
        for route, methods in description["paths"].items():
            for method in methods.keys() & {"get", "put", "post", "delete"}:
                # Some succeed never, and those that need no token are not counted by their path.
                if route == "/api/v1/events" or (arguments.only and route not in arguments.only):
                    continue
                if not methods[method].get("security") or methods[method]["tags"] == ["operations"] or not any(status[0] == "2" for status in methods[method]["responses"]):
                    continue
                seen = counts.get((method.upper(), re.sub(r"\{\w+\}", "{}", route)), {})
                print(f"{method.upper():6} {route:60} {dict(sorted(seen.items()))}")
                if not any(200 <= status < 300 for status in seen):
                    never.append(f"{method.upper()} {route}")
        if never:
            sys.exit(f"no request succeeded of: {never}")

        # That this can fail: a description with three faults, each of which is to be found.
        faulty = "/dss/v1/constraint_references/{entityid}", "/aux/v1/pool", "/healthy"
        del description["paths"][faulty[0]]["put"]["responses"]["201"]
        description["components"]["schemas"]["Pool"]["required"].append("since")
        description["paths"][faulty[2]]["get"]["security"] = [{"oauth2": []}]
        write()
        code, text = schemathesis(arguments, folder, server, path, "examples,coverage", 1, arguments.seed, faulty)
        wanted = ("Undocumented status code", "Response violates schema", "GET /healthy")
        missed = [words for words in wanted if words not in text]
        if code == 0 or missed:
            sys.exit(f"{text}\nfaults that were put into the description were not found: {missed}")

        if server.stop() != 0:
            sys.exit("the server did not end well:\n" + server.log)
        server.start()  # what was written can be read again


if __name__ == "__main__":
    main()
