#!/usr/bin/env python3
"""Makes C++ of the interfaces' descriptions, so that the program can serve them as one.

  openapi_to_cc.py OUT.cc FUNCTION VERSION FILE.yaml...

FUNCTION, of src/api/openapi.h, returns it. The first file gives the info. Paths, tags and OAuth's scopes are united. What components/ holds under the same name in two files
is one thing if it is equal, with all that it refers to; otherwise the later file's gets the file's name before its own.
"""
import json
import os
import sys

import yaml

LITERAL_CHARACTERS_MAX = 8_000  # compilers need not take longer string literals
METHODS = ("get", "put", "post", "delete", "patch", "options", "head", "trace")
KNOWN = {"openapi", "info", "servers", "tags", "paths", "components"}
ROOT = "#/components/"


class Wrong(Exception):
    pass


def references(value):
    """The components that a value refers to, each as (section, name)."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            if not value["$ref"].startswith(ROOT) or value["$ref"].count("/") != 3:
                raise Wrong(f"{value['$ref']}: is no reference to a component")
            yield tuple(value["$ref"][len(ROOT):].split("/"))
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def rewritten(value, names):
    """A copy that refers to components by their new names."""
    if isinstance(value, dict):
        copy = {key: rewritten(member, names) for key, member in value.items()}
        if "$ref" in copy:
            section, name = copy["$ref"][len(ROOT):].split("/")
            copy["$ref"] = f"{ROOT}{section}/{names.get((section, name), name)}"
        return copy
    if isinstance(value, list):
        return [rewritten(item, names) for item in value]
    return value


def new_names(united, components, prefix):
    """{(section, name): new name} of the components that differ from those of the same name."""
    shared = {(section, name): part for section, parts in components.items() for name, part in parts.items()
              if name in united.get(section, {})}
    names = {}
    while True:
        more = {key: prefix + key[1] for key, part in shared.items()
                if key not in names and (part != united[key[0]][key[1]] or any(other in names for other in references(part)))}
        if not more:
            return names
        names.update(more)


def unite_security(united, schemes):
    for name, scheme in schemes.items():
        if name not in united:
            united[name] = scheme
            continue

        def without_scopes(one):
            flows = {flow: {**of, "scopes": None} for flow, of in one.get("flows", {}).items()}
            return {**one, "flows": flows}

        if without_scopes(united[name]) != without_scopes(scheme):
            raise Wrong(f"components.securitySchemes.{name}: differs in more than scopes")
        for flow, of in scheme.get("flows", {}).items():
            scopes = united[name]["flows"][flow]["scopes"]
            for scope, text in of["scopes"].items():
                if scopes.setdefault(scope, text) != text:
                    raise Wrong(f"components.securitySchemes.{name}: the scope {scope} has two texts")


def unite(united, description, prefix):
    """Adds a description to another."""
    for member in ("openapi", "servers"):
        if united[member] != description[member]:
            raise Wrong(f"{member}: differs")
    components = description.pop("components", {})
    unite_security(united["components"].setdefault("securitySchemes", {}), components.pop("securitySchemes", {}))
    names = new_names(united["components"], components, prefix)
    for section, parts in components.items():
        into = united["components"].setdefault(section, {})
        taken = set(into)
        for name, part in parts.items():
            new = names.get((section, name), name)
            if new != name and (new in taken or new in parts):
                raise Wrong(f"components.{section}.{name}: differs from that of another file, and {new} is taken")
            into[new] = rewritten(part, names)
    for tag in description.get("tags", []):
        same = [one for one in united["tags"] if one["name"] == tag["name"]]
        if same and same[0] != tag:
            raise Wrong(f"tags: {tag['name']} differs")
        if not same:
            united["tags"].append(tag)
    for path, item in description["paths"].items():
        if path in united["paths"]:
            raise Wrong(f"paths.{path}: another file has it, too")
        united["paths"][path] = rewritten(item, names)


def check(description):
    """That each reference leads somewhere and no operation's id comes twice."""
    for section, name in references(description):
        if name not in description["components"].get(section, {}):
            raise Wrong(f"{ROOT}{section}/{name}: there is none")
    ids = set()
    for path, item in description["paths"].items():
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            if operation["operationId"] in ids:
                raise Wrong(f"paths.{path}.{method}.operationId: {operation['operationId']} comes twice")
            ids.add(operation["operationId"])


def read(path):
    with open(path, encoding="utf-8") as file:
        description = yaml.safe_load(file)
    unknown = set(description) - KNOWN
    if unknown:
        raise Wrong(f"{', '.join(sorted(unknown))}: is not known how to unite")
    return description


def main():
    out, function, version, *sources = sys.argv[1:]
    united = None
    for source in sources:
        try:
            if united is None:
                united = read(source)
            else:
                unite(united, read(source), os.path.splitext(os.path.basename(source))[0].capitalize())
            check(united)
        except Wrong as error:
            sys.exit(f"{source}: {error}")
    united["info"]["version"] = version
    text = json.dumps(united, separators=(",", ":"))  # ASCII
    parts = [text[i:i + LITERAL_CHARACTERS_MAX] for i in range(0, len(text), LITERAL_CHARACTERS_MAX)]
    literals = "\n".join("    " + json.dumps(part) + "," for part in parts)
    with open(out, "w", encoding="utf-8") as file:
        file.write(f"""#include "api/openapi.h"

#include <string>

namespace wideberth::api {{

namespace {{

constexpr std::string_view kParts[] = {{
{literals}
}};

}}  // namespace

std::string_view {function}() {{
  static const std::string text = [] {{
    std::string all;
    for (const std::string_view part : kParts) all += part;
    return all;
  }}();
  return text;
}}

}}  // namespace wideberth::api
""")


if __name__ == "__main__":
    main()
