#!/usr/bin/env python3
"""Tests layers.py: it passes a right tree and fails each wrong one, for the right reason."""

import os
import tempfile
import unittest

import layers

LAYERS = "# a comment\nbase:\ngeo: base\ncmd: base geo\n"
FILES = {
    "layers.txt": LAYERS,
    "base/check.h": "#include <cstdio>\n",
    "geo/point.h": '#include "base/check.h"\n// #include "cmd/main.h"\n/* #include "cmd/main.h" */\n',
    "geo/point.cc": '#include "geo/point.h"\n#include <s2/s2point.h>\nconst char* k = "// not a comment";\n',
    "cmd/main.h": '#include "geo/point.h"\n',
    "cmd/main.cc": '#include "cmd/main.h"\n#include "base/check.h"\n',
}


class Layers(unittest.TestCase):
    def faults(self, **changes):
        """The faults of the right tree after `changes`: path (with __ for / and _dot_ for .) to text, None removes."""
        files = dict(FILES)
        for key, text in changes.items():
            path = key.replace("__", "/").replace("_dot_", ".")
            if text is None:
                del files[path]
            else:
                files[path] = text
        with tempfile.TemporaryDirectory() as src:
            for path, text in files.items():
                full = os.path.join(src, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return layers.check(src)

    def expect(self, reason, **changes):
        faults = self.faults(**changes)
        self.assertTrue(any(reason in fault for fault in faults), f"{reason!r} not among {faults}")

    def test_a_right_tree_passes(self):
        self.assertEqual(self.faults(), [])

    def test_an_include_upwards_fails(self):
        self.expect("src/base/check.h:2: base may not include geo", base__check_dot_h='\n#include "geo/point.h"\n')

    def test_an_include_that_is_not_listed_fails(self):
        self.expect("cmd may not include geo", layers_dot_txt="base:\ngeo: base\ncmd: base\n")

    def test_a_module_that_is_not_listed_fails(self):
        self.expect("src/cmd: layers.txt does not name", layers_dot_txt="base:\ngeo: base\n")

    def test_a_listed_module_without_a_folder_fails(self):
        self.expect("ghost has no folder", layers_dot_txt=LAYERS + "ghost: base\n")

    def test_a_module_out_of_order_fails(self):
        self.expect("geo may include base, which does not stand above it", layers_dot_txt="geo: base\nbase:\ncmd: base geo\n")

    def test_an_unknown_module_in_a_list_fails(self):
        self.expect("which is not a module", layers_dot_txt=LAYERS.replace("cmd: base", "cmd: bass base"))

    def test_a_module_that_names_itself_fails(self):
        self.expect("geo names itself", layers_dot_txt=LAYERS.replace("geo: base", "geo: base geo"))

    def test_a_module_listed_twice_fails(self):
        self.expect("a second time", layers_dot_txt=LAYERS + "base:\n")

    def test_a_cycle_of_modules_fails(self):
        self.expect("a cycle: base -> geo -> base", layers_dot_txt="base: geo\ngeo: base\ncmd: base geo\n")

    def test_a_cycle_of_files_fails(self):
        self.expect("in a circle", geo__point_dot_h='#include "geo/line.h"\n', geo__line_dot_h='#include "geo/point.h"\n')

    def test_an_include_without_its_module_fails(self):
        self.expect('is not written as "module/file.h"', geo__point_dot_cc='#include "point.h"\n')
        self.expect('is not written as "module/file.h"', geo__point_dot_cc='#include "geo/../cmd/main.h"\n')

    def test_an_include_of_ours_in_angle_brackets_fails(self):
        self.expect("is included with quotes", base__check_dot_h="#include <cmd/main.h>\n")

    def test_a_library_in_quotes_fails(self):
        self.expect("a library is included with <>", geo__point_dot_cc='#include "s2/s2point.h"\n')

    def test_an_include_of_a_missing_file_fails(self):
        self.expect("does not exist", geo__point_dot_cc='#include "geo/line.h"\n')

    def test_a_conditional_or_indented_include_counts(self):
        self.expect("base may not include cmd", base__check_dot_h='#if 0\n  #  include "cmd/main.h"\n#endif\n')

    def test_a_source_outside_a_module_fails(self):
        self.expect("outside any module", stray_dot_cc="")

    def test_a_missing_list_fails(self):
        self.expect("layers.txt cannot be read", layers_dot_txt=None)


if __name__ == "__main__":
    unittest.main()
