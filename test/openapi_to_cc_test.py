#!/usr/bin/env python3
"""That descriptions are united to one, or refused with the reason."""
import copy
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts"))
import openapi_to_cc  # noqa: E402


def to(name):
    return {"$ref": f"#/components/schemas/{name}"}


def description(path, schemas, scopes=None, operation="op"):
    return {"openapi": "3.1.0", "info": {"title": path}, "servers": [{"url": "/"}], "tags": [{"name": path}],
            "paths": {path: {"get": {"operationId": operation, "schema": to("A")}}},
            "components": {"schemas": schemas, "securitySchemes": {
                "oauth2": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "x", "scopes": scopes or {}}}}}}}


class Unite(unittest.TestCase):
    def united(self, one, other):
        one, before = copy.deepcopy(one), copy.deepcopy(other)
        openapi_to_cc.unite(one, before, "Other")
        openapi_to_cc.check(one)
        return one

    def refused(self, one, other, words):
        with self.assertRaises(openapi_to_cc.Wrong) as caught:
            self.united(one, other)
        self.assertIn(words, str(caught.exception))

    def test_what_is_equal_is_one(self):
        one = self.united(description("/a", {"A": {"type": "string"}}, {"r": "read"}),
                          description("/b", {"A": {"type": "string"}}, {"r": "read", "w": "write"}, "op2"))
        self.assertEqual(one["components"]["schemas"], {"A": {"type": "string"}})
        self.assertEqual(one["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"],
                         {"r": "read", "w": "write"})
        self.assertEqual(list(one["paths"]), ["/a", "/b"])
        self.assertEqual(one["tags"], [{"name": "/a"}, {"name": "/b"}])
        self.assertEqual(one["info"], {"title": "/a"})

    def test_what_differs_is_renamed_with_all_that_refers_to_it(self):
        chain = {"A": {"items": to("B")}, "B": {"items": to("C")}, "Same": {"type": "null"}}
        one = self.united(description("/a", {**chain, "C": {"type": "string"}}),
                          description("/b", {**chain, "C": {"type": "number"}, "D": to("B")}, None, "op2"))
        schemas = one["components"]["schemas"]
        self.assertEqual(set(schemas), {"A", "B", "C", "D", "Same", "OtherA", "OtherB", "OtherC"})
        self.assertEqual((schemas["OtherA"], schemas["OtherB"], schemas["OtherC"], schemas["D"]),
                         ({"items": to("OtherB")}, {"items": to("OtherC")}, {"type": "number"}, to("OtherB")))
        self.assertEqual((schemas["A"], schemas["C"]), ({"items": to("B")}, {"type": "string"}))
        self.assertEqual(one["paths"]["/b"]["get"]["schema"], to("OtherA"))
        self.assertEqual(one["paths"]["/a"]["get"]["schema"], to("A"))

    def test_what_cannot_be_united_is_refused(self):
        good, other = description("/a", {"A": {}}, {"r": "read"}), description("/b", {"A": {}}, {}, "op2")
        self.united(good, other)
        self.refused(good, description("/a", {"A": {}}, {}, "op2"), "paths./a")
        self.refused(good, description("/b", {"A": {}}), "operationId")
        self.refused(good, description("/b", {"A": {}}, {"r": "to read"}, "op2"), "the scope r")
        self.refused(good, {**other, "openapi": "3.0.0"}, "openapi")
        self.refused(good, description("/b", {}, {}, "op2") | {"tags": [{"name": "/a", "description": "x"}]}, "tags")
        self.refused(description("/a", {"A": {}, "OtherA": {}}), description("/b", {"A": {"x": 1}}, {}, "op2"), "OtherA is taken")
        self.refused(good, description("/b", {"A": {}, "B": to("C")}, {}, "op2"), "schemas/C: there is none")
        flows = copy.deepcopy(other)
        flows["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["tokenUrl"] = "y"
        self.refused(good, flows, "more than scopes")


if __name__ == "__main__":
    unittest.main()
