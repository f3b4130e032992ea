#!/usr/bin/env python3
"""Checks that code which must not compile does not:  compile_fail.py FILE.cc COMPILER FLAGS...

The file holds numbered cases under `#if WB_CASE == n`. Case 0, where all of them are off, must compile, so that the
others fail for their own sake. Each case n has a line `// case n: REGEX`, and must fail with a message that matches.
"""

import re
import subprocess
import sys


def compile_case(path, command, case):
    run = subprocess.run([*command, "-fsyntax-only", f"-DWB_CASE={case}", path], capture_output=True, text=True)
    return run.returncode, run.stderr


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    path, command = arguments[0], arguments[1:]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    reasons = {int(number): reason.strip() for number, reason in re.findall(r"^// case (\d+): (.*)$", text, re.MULTILINE)}
    cases = {int(number) for number in re.findall(r"^#if WB_CASE == (\d+)$", text, re.MULTILINE)}
    if not cases or cases != set(reasons) or 0 in cases:
        print(f"{path}: its cases {sorted(cases)} and reasons {sorted(reasons)} differ, or there are none")
        return 1

    code, output = compile_case(path, command, 0)
    if code != 0:
        print(f"{path}: does not compile even without its cases:\n{output}")
        return 1
    faults = 0
    for case in sorted(cases):
        code, output = compile_case(path, command, case)
        if code == 0:
            print(f"{path}: case {case} compiles, and must not")
            faults += 1
        elif not re.search(reasons[case], output):
            print(f"{path}: case {case} fails, but not with \"{reasons[case]}\":\n{output}")
            faults += 1
    print(f"{path}: {len(cases) - faults} of {len(cases)} cases fail as they should")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
