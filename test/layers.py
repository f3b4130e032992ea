#!/usr/bin/env python3
"""Checks that includes point one way, as src/layers.txt says:  layers.py SRC

layers.txt names each module after the ones it may include. This fails, with a line for each fault, on
  - a folder of src/ that layers.txt does not name, and a name that has no folder;
  - a module that may include itself, an unknown one, or one that does not stand above it; cycles are shown as such;
  - an include of a module that is not allowed, of a file that does not exist, or written in another way than
    #include "module/file.h";
  - files that include each other in a circle.
"""

import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>)', re.MULTILINE)
SOURCE = (".h", ".cc")


def without_comments(text):
    """The text with comments blanked, line ends kept. String literals are kept: an include is one."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|R"([^()\\ ]{0,16})\(.*?\)\1"', re.DOTALL)

    def blank(match):
        found = match.group(0)
        if found.startswith('"'):
            return found
        return re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text)


def read_layers(path, faults):
    """Returns {module: [modules it may include]} in the file's order."""
    layers = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            if ":" not in line:
                faults.append(f"layers.txt:{number}: no colon after the module")
                continue
            module, may = line.split(":", 1)
            module = module.strip()
            if not re.fullmatch(r"[a-z][a-z0-9_]*", module):
                faults.append(f'layers.txt:{number}: "{module}" is not the name of a module')
                continue
            if module in layers:
                faults.append(f"layers.txt:{number}: {module} stands here a second time")
                continue
            layers[module] = may.split()
    return layers


def find_cycle(edges):
    """Returns a circle of nodes, the first repeated at the end, or None. `edges` is {node: [nodes]}."""
    done, path, on_path = set(), [], set()

    def visit(start):
        stack = [(start, iter(edges.get(start, ())))]
        path.append(start)
        on_path.add(start)
        while stack:
            node, following = stack[-1]
            for successor in following:
                if successor in on_path:
                    return path[path.index(successor):] + [successor]
                if successor not in done:
                    path.append(successor)
                    on_path.add(successor)
                    stack.append((successor, iter(edges.get(successor, ()))))
                    break
            else:
                stack.pop()
                path.pop()
                on_path.discard(node)
                done.add(node)
        return None

    for node in edges:
        if node not in done:
            cycle = visit(node)
            if cycle:
                return cycle
    return None


def check(src):
    """Returns the faults of a tree, as lines of text."""
    faults = []
    try:
        layers = read_layers(os.path.join(src, "layers.txt"), faults)
    except OSError as error:
        return [f"layers.txt cannot be read: {error}"]

    above = set()
    for module, may in layers.items():
        for other in may:
            if other == module:
                faults.append(f"layers.txt: {module} names itself")
            elif other not in layers:
                faults.append(f"layers.txt: {module} may include {other}, which is not a module")
            elif other not in above:
                faults.append(f"layers.txt: {module} may include {other}, which does not stand above it")
        above.add(module)
    cycle = find_cycle(layers)
    if cycle:
        faults.append("layers.txt: a cycle: " + " -> ".join(cycle))

    folders = sorted(name for name in os.listdir(src) if os.path.isdir(os.path.join(src, name)))
    for folder in folders:
        if folder not in layers:
            faults.append(f"src/{folder}: layers.txt does not name this module")
    for module in layers:
        if module not in folders:
            faults.append(f"layers.txt: {module} has no folder in src/")
    for name in sorted(os.listdir(src)):
        if name.endswith(SOURCE):
            faults.append(f"src/{name}: a source outside any module")

    files = {}
    for folder in folders:
        for root, _, names in os.walk(os.path.join(src, folder)):
            for name in sorted(names):
                if name.endswith(SOURCE):
                    path = os.path.relpath(os.path.join(root, name), src).replace(os.sep, "/")
                    files[path] = []

    for path in sorted(files):
        module = path.split("/", 1)[0]
        with open(os.path.join(src, path), encoding="utf-8") as file:
            text = without_comments(file.read())
        for match in INCLUDE.finditer(text):
            where = f"src/{path}:{text.count(chr(10), 0, match.start()) + 1}"
            if match[2] is not None:
                if match[2] in files:
                    faults.append(f'{where}: our own <{match[2]}> is included with quotes: "{match[2]}"')
                continue
            target = match[1]
            other = target.split("/", 1)[0]
            if "/" not in target or ".." in target.split("/"):
                faults.append(f'{where}: "{target}" is not written as "module/file.h"')
            elif other not in folders:
                faults.append(f'{where}: "{target}" names no module; a library is included with <>')
            elif target not in files:
                faults.append(f'{where}: "{target}" does not exist')
            else:
                files[path].append(target)
                if other != module and other not in layers.get(module, ()):
                    faults.append(f"{where}: {module} may not include {other}")
    cycle = find_cycle(files)
    if cycle:
        faults.append("files include each other in a circle: " + " -> ".join(cycle))
    return faults


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    faults = check(arguments[0])
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} faults; the rules are in src/layers.txt")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
