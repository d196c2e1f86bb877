#!/usr/bin/env python3
"""Random schemas, random texts of their grammars: each text must satisfy its schema by the package `jsonschema` (draft 2020-12).

    check_schema.py TEST_SCHEMA [SEED [SCHEMAS [TEXTS]]]        TEST_SCHEMA is the built test program

Schemas come from the supported keywords, joined by allOf, anyOf, oneOf and $ref, with siblings, so that what is wrongly joined shows.
`nullable` is OpenAPI's: here null is allowed where it stands beside `type`. A schema may be refused; the counts are printed. Ends with 1
at the first kinds of mismatch, which are printed.
"""
import decimal
import json
import random
import subprocess
import sys

from jsonschema import Draft202012Validator

NAMES = ["a", "b", "ab", "c\"d", "\u597d"]
PATTERNS = ["^[a-c]{1,3}$", "b", "^a|b$", "^[^\\s]{1,2}$", "^\\D\\S?$", "^[^\\d\\w]+$", "^.$", "^(a|bc)*d?$", "[.]$", "^\\W?x"]
KEY_PATTERNS = ["^a", "^b", "b$", "^c{2,}$", "^[x-z]+$", "^\\d+$", "^.$", "q", "^[^ab]"]
FORMATS = ["date", "date-time", "time", "uuid", "ipv4", "email"]
VALUES = [None, True, False, 0, 1, 1.0, 2.5, -3, "", "a", "\n", [], [1], [1.0], {"a": 1}, {"a": [1e2]}, {"b": None}]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def some(self, chance):
        return self.r.random() < chance

    def bounds(self, out, low, high, least, most):
        a, b = sorted((self.r.randint(least, most), self.r.randint(least, most)))
        if self.some(0.5):
            out[low] = a
        if self.some(0.5):
            out[high] = b

    def number(self, depth):
        out = {}
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if self.some(0.3):
                out[key] = self.r.choice([self.r.randint(-20, 20), round(self.r.uniform(-5, 5), self.r.randint(0, 3))])
        if self.some(0.3):
            out["multipleOf"] = self.r.choice([2, 3, 7, 10, 25, 1000, 0.5, 0.1, 0.05, 0.25, 1.5, 0.003])
        return out

    def string(self, depth):
        out = {}
        kind = self.r.randrange(4)
        if kind == 0:
            out["pattern"] = self.r.choice(PATTERNS)
        elif kind == 1:
            self.bounds(out, "minLength", "maxLength", 0, 4)
        elif kind == 2:
            out["format"] = self.r.choice(FORMATS)
        return out

    def array(self, depth):
        out = {}
        if self.some(0.5):
            out["items"] = self.schema(depth - 1)
        if self.some(0.4):
            out["prefixItems"] = [self.schema(depth - 1) for _ in range(self.r.randint(0, 2))]
        if self.some(0.4):
            self.bounds(out, "minItems", "maxItems", 0, 4)
        if self.some(0.4):
            out["uniqueItems"] = self.some(0.8)
            out["items"] = self.r.choice([{"enum": self.r.sample(VALUES, 4)}, {"enum": VALUES}, {"type": "boolean"},
                                          {"type": ["boolean", "null"]}, {"type": "string"}, {"$ref": "#/$defs/x"}])
        return out

    def object(self, depth):
        out = {}
        if self.some(0.7):
            out["properties"] = {n: self.schema(depth - 1) for n in self.r.sample(NAMES, self.r.randint(0, 3))}
        if self.some(0.5):
            out["required"] = [self.r.choice(NAMES) for _ in range(self.r.randint(0, 2))]
        if self.some(0.4):
            out["additionalProperties"] = self.r.choice([True, False, self.schema(depth - 1)])
        if self.some(0.15):
            self.bounds(out, "minProperties", "maxProperties", 0, 3)
        if self.some(0.4):
            some = self.r.sample(KEY_PATTERNS, self.r.randint(1, 2))
            out["patternProperties"] = {p: self.schema(depth - 1) for p in some}
        return out

    def typed(self, depth):
        kind = self.r.choice([self.number, self.string, self.array, self.object])
        out = kind(depth)
        fitting = {"number": ["integer", "number"], "string": ["string"], "array": ["array"], "object": ["object"]}
        if self.some(0.7):
            out["type"] = self.r.choice(fitting[kind.__name__])
            if self.some(0.2):
                out["type"] = [out["type"], self.r.choice(TYPES)]
            if self.some(0.2):
                out["nullable"] = self.some(0.8)
        return out

    def schema(self, depth):
        if depth <= 0 or self.some(0.15):
            return self.r.choice([True, {"type": self.r.choice(TYPES)}, {"const": self.r.choice(VALUES)},
                                  {"enum": self.r.sample(VALUES, 3)}, {"$ref": "#/$defs/" + self.r.choice("xyz")}])
        out = self.typed(depth) if self.some(0.8) else {}
        if self.some(0.3):
            word = self.r.choice(["allOf", "anyOf", "oneOf"])
            out[word] = [self.schema(depth - 1) for _ in range(self.r.randint(1, 3))]
        return out

    def document(self):
        out = self.schema(3)
        out = dict(out) if isinstance(out, dict) else {}
        out["$defs"] = {n: self.typed(1) if self.some(0.7) else self.schema(1) for n in "xyz"}
        return out


def with_null(node):
    """`nullable` beside `type`, said as JSON Schema says it."""
    if isinstance(node, list):
        return [with_null(x) for x in node]
    if not isinstance(node, dict):
        return node
    out = {k: v if k in ("const", "enum") else with_null(v) for k, v in node.items()}
    if out.pop("nullable", None) is True and "type" in out:
        types = out["type"] if isinstance(out["type"], list) else [out["type"]]
        out["type"] = list(dict.fromkeys(types + ["null"]))
    return out


def main():
    program, seed, count, texts = (sys.argv[1:] + ["1", "2000", "20"][len(sys.argv) - 2:])[:4]
    maker = Maker(int(seed))
    documents = [maker.document() for _ in range(int(count))]
    lines = "\n".join(json.dumps(d) for d in documents) + "\n"
    out = subprocess.run([program, "texts", seed, texts], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    taken = checked = bad = 0
    for document, line in zip(documents, out.decode().rstrip("\n").split("\n"), strict=True):
        answer = json.loads(line)
        taken += "error" not in answer
        # Decimals, as multipleOf means them: 0.3 is a multiple of 0.1.
        exact = json.loads(json.dumps(with_null(document)), parse_float=decimal.Decimal)
        checker = Draft202012Validator(exact, format_checker=Draft202012Validator.FORMAT_CHECKER)
        for text in answer["texts"]:
            checked += 1
            error = next(checker.iter_errors(json.loads(text, parse_float=decimal.Decimal)), None)
            if error is not None:
                bad += 1
                print(json.dumps(document), "is broken by", text, "::", error.message[:200], file=sys.stderr)
                break
    print(f"{len(documents)} schemas, {taken} taken, {checked} texts, {bad} schemas broken")
    return 1 if bad > 0 or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
