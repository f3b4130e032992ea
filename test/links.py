#!/usr/bin/env python3
"""Every relative link in the Markdown pages leads to a file or a heading that exists, and so does every docs/*.md that code names.

  links.py ROOT
"""
import pathlib
import re
import sys

SKIP = {"build", "data", ".git", "node_modules"}


def files(root, suffixes):
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in suffixes and not SKIP & set(path.relative_to(root).parts):
            yield path


def slug(heading):
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(page):
    found = set()
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        heading = re.match(r"#+ (.*)", line)
        if heading and not fenced:
            found.add(slug(heading.group(1)))
    return found


def dead_links(root):
    for page in files(root, {".md"}):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            if not there.exists():
                yield f"{page.relative_to(root)}: {target}: no such file"
            elif anchor and there.suffix == ".md" and anchor not in anchors(there):
                yield f"{page.relative_to(root)}: {target}: no such heading"
    for source in files(root, {".h", ".cc", ".py", ".sh", ".txt", ".cmake", ".proto"}):
        for path in re.findall(r"\bdocs/[\w/.-]+\.md\b", source.read_text(encoding="utf-8")):
            if not (root / path).exists():
                yield f"{source.relative_to(root)}: {path}: no such file"


if __name__ == "__main__":
    found = list(dead_links(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
