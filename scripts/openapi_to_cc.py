#!/usr/bin/env python3
"""Makes C++ of the interface's description, so that the program can serve it.

  openapi_to_cc.py FILE.yaml VERSION OUT.cc
"""
import json
import sys

import yaml

LITERAL_CHARACTERS_MAX = 8_000  # compilers need not take longer string literals


def main():
    source, version, out = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        description = yaml.safe_load(file)
    description["info"]["version"] = version
    text = json.dumps(description, separators=(",", ":"))  # ASCII
    parts = [text[i:i + LITERAL_CHARACTERS_MAX] for i in range(0, len(text), LITERAL_CHARACTERS_MAX)]
    literals = "\n".join("    " + json.dumps(part) for part in parts)
    with open(out, "w", encoding="utf-8") as file:
        file.write(f"""#include "api/openapi.h"

namespace wideberth::api {{

const std::string_view kOpenApi =
{literals};

}}  // namespace wideberth::api
""")


main()
