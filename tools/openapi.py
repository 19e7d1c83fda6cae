#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/openapi.py FOLDER - the replies of a test run against the API document of the same run (KONTOR_API_RECORD).

The document itself: every reference leads somewhere, every schema is one. Each reply: its route is there, its status is
listed, its body fits. Entities that were made and gone within the run are not in the document: theirs are counted apart.
"""
import collections, json, pathlib, re, sys
from jsonschema import Draft202012Validator

sys.dont_write_bytecode = True
import surface

folder = pathlib.Path(sys.argv[1])
doc = json.loads((folder / "openapi.json").read_text())
bad, passed, aside, shown = 0, 0, 0, collections.Counter()


def wrong(what):
    global bad
    bad += 1
    shown[what[:160]] += 1
    if shown[what[:160]] == 1 and bad < 60:
        print(f"openapi: {what[:1000]}")


def at(ref):
    node = doc
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def walk(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            try:
                at(node["$ref"])
            except KeyError:
                wrong(f"{node['$ref']} leads nowhere")
        for v in node.values():
            walk(v)
    elif isinstance(node, list):
        for v in node:
            walk(v)


walk(doc)
for name, schema in doc["components"]["schemas"].items():
    try:
        Draft202012Validator.check_schema(schema)
        passed += 1
    except Exception as e:
        wrong(f"schema {name}: {e}")

for path, item in doc["paths"].items():
    for method, op in item.items():
        names = collections.Counter((p["name"], p["in"]) for p in op.get("parameters", []))
        for (name, where), n in names.items():
            if n > 1:
                wrong(f"{method} {path}: {name} in {where} stands there {n} times")

# a path's text -> its item; the longest literal first, as the server does
table = [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(p)) + "$"), p, item) for p, item in doc["paths"].items()]
table.sort(key=lambda x: x[1].count("{"))
checks = {}


def validator(schema):
    key = json.dumps(schema)
    if key not in checks:
        checks[key] = Draft202012Validator({**schema, "components": doc["components"]})
    return checks[key]


def operation(r):
    for pattern, path, item in table:
        if pattern.match(r["path"]) and r["method"].lower() in item:
            return path, item[r["method"].lower()]
    return None, None


def check(r):
    global passed, aside
    if r["method"] in ("HEAD", "OPTIONS") or not r["route"].startswith(("/api/", "/healthz", "/readyz", "/metrics")):
        return
    path, op = operation(r)
    if not op:
        seen = "{entity}" in r["route"] or r["status"] in (404, 405, 403, 401)
        if not seen:
            wrong(f"{r['method']} {r['route']} is not in the document")
        aside += 1
        return
    status = str(r["status"])
    reply = op["responses"].get(status) or op["responses"].get(status[0] + "XX")
    if not reply:
        return wrong(f"{r['method']} {path}: {status} is not listed")
    content = reply.get("content", {})
    if "body" in r and "*/*" not in content:
        if not r["body"]:
            if content and r["status"] not in (204, 304):
                wrong(f"{r['method']} {path}: {status} has no body")
            passed += 1
            return
        form = content.get(r["type"].split(";")[0])
        if not form:
            return wrong(f"{r['method']} {path}: {status} as {r['type']} is not listed")
        error = next(validator(form["schema"]).iter_errors(json.loads(r["body"])), None)
        if error:
            where = "/".join(map(str, error.absolute_path))
            return wrong(f"{r['method']} {path} {status} at {where}: {error.message[:300]}")
    passed += 1


for file in sorted(folder.glob("replies-*.jsonl")):
    for line in file.read_text().splitlines():
        check(json.loads(line))
if not passed or aside * 4 > passed:
    wrong(f"{aside} of {passed} replies are of entities that the document does not have: too many to mean anything")
try:  # ./dev attack can put something into each parameter
    passed += len(list(surface.reads(doc, collections.defaultdict(lambda: "1"))))
except SystemExit as e:
    wrong(str(e))
print(f"openapi: {aside} replies set aside")
print(f"openapi: {passed} passed, {bad} failed")
sys.exit(bad > 0)
